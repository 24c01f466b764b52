/* SPDX-License-Identifier: MIT */
/*
 * What preload code must not call: whatever allocates, locks, buffers, ends the host or depends on
 * its environment.  Included last. Files that define or forward to one of these (preload/hook)
 * leave it out and say so.
 */
#ifndef RT_BAN_H
#define RT_BAN_H

#pragma GCC poison malloc calloc realloc reallocarray free strdup strndup asprintf vasprintf
#pragma GCC poison posix_memalign aligned_alloc memalign valloc pvalloc
#pragma GCC poison printf fprintf sprintf snprintf vsnprintf puts fputs fopen fclose perror
#pragma GCC poison exit abort atexit system getenv secure_getenv setenv putenv unsetenv
#pragma GCC poison strerror localtime syslog qsort opendir readdir closedir

#endif
