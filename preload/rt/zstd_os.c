/* SPDX-License-Identifier: MIT */
/*
 * The heap of the private zstd: none.  It works in the static workspaces that it is given
 * (rt/zstd.h), and learns so where it asks for more. Nor does anybody trace it.
 */
#include "rt/zstd.h"

#include "rt/ban.h"

void *hc_zs_os_malloc(size_t size);
void *hc_zs_os_calloc(size_t nr, size_t size);
void hc_zs_os_free(void *p);
unsigned long long hc_zs_os_ZSTD_trace_compress_begin(const ZSTD_CCtx *compressor);
void hc_zs_os_ZSTD_trace_compress_end(unsigned long long trace, const void *facts);

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

/* 0: no trace, so the end is not called either. */
unsigned long long hc_zs_os_ZSTD_trace_compress_begin(const ZSTD_CCtx *compressor)
{
	(void)compressor;
	return 0;
}

void hc_zs_os_ZSTD_trace_compress_end(unsigned long long trace, const void *facts)
{
	(void)trace, (void)facts;
}
