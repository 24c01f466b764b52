/* SPDX-License-Identifier: MIT */
/* Keeps 200,000 blocks of 32 bytes and 10,000 of 1,920, and ends.  With an argument: reserves that
 * many bytes of address space instead. */
#include <stdlib.h>
#include <sys/mman.h>

__attribute__((noinline)) static void *keep(size_t size)
{
	void *volatile p = malloc(size);

	return p;
}

static int reserve(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return reserve(strtoull(argv[1], NULL, 0));
	for (int i = 0; i < 200000; i++) {
		if (!keep(32) || (i % 20 == 0 && !keep(1920)))
			return 1;
	}
	return 0;
}
