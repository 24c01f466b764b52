/* SPDX-License-Identifier: MIT */
/*
 * A function that allocates and frees until its process ends, for a thread of an interpreter that
 * is about to end.
 */
#include <stdlib.h>

#define NR_BLOCKS 16

void allocate_for_ever(void);

void allocate_for_ever(void)
{
	void *volatile blocks[NR_BLOCKS];

	for (;;) {
		for (size_t i = 0; i < NR_BLOCKS; i++)
			blocks[i] = malloc(100 + i);
		for (size_t i = 0; i < NR_BLOCKS; i++)
			free(blocks[i]);
	}
}
