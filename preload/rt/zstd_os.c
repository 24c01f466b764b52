/* SPDX-License-Identifier: MIT */
/*
 * The heap of the private zstd: none.  It works in the static workspaces that it is given (rt/zstd.h), and learns so where it asks for more.
 */
#include "rt/zstd.h"

#include "rt/ban.h"

void *hc_zs_os_malloc(size_t size);
void *hc_zs_os_calloc(size_t nr, size_t size);
void hc_zs_os_free(void *p);

void *hc_zs_os_malloc(size_t size)
{
	(void)size;
	return NULL;
}

void *hc_zs_os_calloc(size_t nr, size_t size)
{
	(void)nr, (void)size;
	return NULL;
}

void hc_zs_os_free(void *p)
{
	(void)p;
}
