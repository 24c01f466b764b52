/* SPDX-License-Identifier: MIT */
/*
 * The functions of the private jemalloc that rt/private.c uses.  scripts/make-private keeps exactly
 * the hc_je_ names of this file visible to the linker; what jemalloc asks of the system comes from
 * rt/jemalloc_os.c (hc_je_os_...).
 */
#ifndef RT_JEMALLOC_H
#define RT_JEMALLOC_H

#include <stddef.h>

/* As jemalloc(3) has them, without the prefix. */
void *hc_je_mallocx(size_t size, int flags);
void *hc_je_rallocx(void *p, size_t size, int flags);
size_t hc_je_sallocx(const void *p, int flags);
void hc_je_dallocx(void *p, int flags);

/* Its settings: ours override the weak null of the library. */
extern const char *hc_je_malloc_conf;

/* MALLOCX_ALIGN(align) and MALLOCX_ZERO of <jemalloc/jemalloc.h>. */
#define JEMALLOC_ALIGN(align) ((int)__builtin_ctzl(align))
#define JEMALLOC_ZERO	      0x40

/* Pages for jemalloc, from regions that private_contains knows.  Called under the lock of
 * rt/private.c. */
void *private_region_map(size_t size);
void private_region_unmap(void *p, size_t size);

/* Jemalloc's end-of-thread work, under the lock. */
void private_thread_end(void (*work)(void *), void *arg);

#endif
