/* SPDX-License-Identifier: MIT */
/*
 * What the commands oldest and iter have in common: DUMP TYPE, and a list of objects.
 */
#ifndef CMD_OBJECTS_OF_TYPE_H
#define CMD_OBJECTS_OF_TYPE_H

#include "cmd/cmd.h"

/* Prints at most `most` objects of the type, the oldest first.  It is an error where there is none.
 */
struct error *cmd_objects_of_type(int argc, char **argv, const char *doc, uint32_t most)
	__attribute__((warn_unused_result));

#endif
