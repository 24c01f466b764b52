/* SPDX-License-Identifier: MIT */
/*
 * heapcensus iter: trackref's iter_all.
 */
#include "cmd/objects_of_type.h"

struct error *cmd_iter(int argc, char **argv)
{
	return cmd_objects_of_type(argc, argv,
				   "Print all objects of TYPE in DUMP, the oldest first: address, "
				   "size, age, type, site, and a glance at "
				   "their text.\v"
				   "TYPE is the whole name or its last part: HtmlResponse stands "
				   "for scrapy.http.HtmlResponse.\n\n"
				   "Example: heapcensus iter x.hc HtmlResponse --csv",
				   UINT32_MAX);
}
