/* SPDX-License-Identifier: MIT */
/* Keeps 200,000 blocks of 32 bytes and 10,000 of 1,920, and ends. */
#include <stdlib.h>

__attribute__((noinline)) static void *keep(size_t size)
{
	void *volatile p = malloc(size);

	return p;
}

int main(void)
{
	for (int i = 0; i < 200000; i++) {
		if (!keep(32) || (i % 20 == 0 && !keep(1920)))
			return 1;
	}
	return 0;
}
