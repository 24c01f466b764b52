/* SPDX-License-Identifier: MIT */
/*
 * An object to be loaded and unloaded by test_unwind: calls back from the end of some frames of
 * FRAME bytes.
 */
void unload_call(void (*f)(void), int depth);

void unload_call(void (*f)(void), int depth)
{
	volatile char frame[FRAME];

	frame[0] = (char)depth;
	if (depth)
		unload_call(f, depth - 1);
	else
		f();
	frame[1] = frame[0];
}
