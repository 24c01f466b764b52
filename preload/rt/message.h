/* SPDX-License-Identifier: MIT */
/*
 * Messages to the user: one line each, to <dir>/heapcensus.<exe>.<pid>.log (made when there is
 * something to say; no descriptor is kept open), or to standard error where HEAPCENSUS_LOG=stderr
 * asks for it.  Any context, errno kept, never fails loudly.
 */
#ifndef RT_MESSAGE_H
#define RT_MESSAGE_H

/* Formats as rt/format.h; adds time and newline.  Also leaves the text in the status page as its
 * last message. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
