/* SPDX-License-Identifier: MIT */
/*
 * The private zstd (compression only): <zstd.h> with the names that the .so carries.
 * scripts/make-private keeps exactly the hc_zs_ names of this file.  It never allocates: use the
 * static-workspace calls.
 */
#ifndef RT_ZSTD_H
#define RT_ZSTD_H

#define ZSTD_CCtx_reset hc_zs_ZSTD_CCtx_reset
#define ZSTD_CCtx_setParameter hc_zs_ZSTD_CCtx_setParameter
#define ZSTD_CCtx_setPledgedSrcSize hc_zs_ZSTD_CCtx_setPledgedSrcSize
#define ZSTD_compress2 hc_zs_ZSTD_compress2
#define ZSTD_compressBound hc_zs_ZSTD_compressBound
#define ZSTD_compressCCtx hc_zs_ZSTD_compressCCtx
#define ZSTD_compressStream2 hc_zs_ZSTD_compressStream2
#define ZSTD_estimateCCtxSize hc_zs_ZSTD_estimateCCtxSize
#define ZSTD_estimateCStreamSize hc_zs_ZSTD_estimateCStreamSize
#define ZSTD_getErrorName hc_zs_ZSTD_getErrorName
#define ZSTD_initStaticCCtx hc_zs_ZSTD_initStaticCCtx
#define ZSTD_initStaticCStream hc_zs_ZSTD_initStaticCStream
#define ZSTD_isError hc_zs_ZSTD_isError
#define ZSTD_versionString hc_zs_ZSTD_versionString

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#endif
