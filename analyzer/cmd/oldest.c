/* SPDX-License-Identifier: MIT */
/*
 * heapcensus oldest: trackref's get_oldest.
 */
#include "cmd/objects_of_type.h"

struct error *cmd_oldest(int argc, char **argv)
{
	return cmd_objects_of_type(argc, argv,
				   "Print the oldest object of TYPE in DUMP: address, size, age, "
				   "type, site, and a glance at its text.\v"
				   "TYPE is the whole name or its last part: HtmlResponse stands "
				   "for scrapy.http.HtmlResponse.\n\n"
				   "Example: heapcensus oldest x.hc HtmlResponse",
				   1);
}
