/* SPDX-License-Identifier: MIT */
/*
 * Sizes, durations and times for people.
 */
#include "base/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

const char *human_bytes(struct human *h, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes;
	int unit = 0;

	while (value >= 1024) {
		value /= 1024;
		unit++;
	}
	snprintf(h->text, sizeof(h->text), unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return h->text;
}

const char *human_duration(struct human *h, uint64_t ns)
{
	const uint64_t s = ns / 1000000000u;

	if (s >= 86400)
		snprintf(h->text, sizeof(h->text), "%" PRIu64 "d %02" PRIu64 "h", s / 86400,
			 s / 3600 % 24);
	else if (s >= 3600)
		snprintf(h->text, sizeof(h->text), "%" PRIu64 "h %02" PRIu64 "m %02" PRIu64 "s",
			 s / 3600, s / 60 % 60, s % 60);
	else if (s >= 60)
		snprintf(h->text, sizeof(h->text), "%" PRIu64 "m %02" PRIu64 "s", s / 60, s % 60);
	else if (s)
		snprintf(h->text, sizeof(h->text), "%.1f s", (double)ns / 1e9);
	else
		snprintf(h->text, sizeof(h->text), "%.1f ms", (double)ns / 1e6);
	return h->text;
}

const char *human_time(struct human *h, uint64_t realtime_ns)
{
	const time_t seconds = (time_t)(realtime_ns / 1000000000u);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    !strftime(h->text, sizeof(h->text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(h->text, sizeof(h->text), "%" PRIu64 " ns since 1970", realtime_ns);
	return h->text;
}
