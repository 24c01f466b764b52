/* SPDX-License-Identifier: MIT */
/*
 * The table of provenances.
 */
#include "heap/provenance.h"

const struct provenance_info provenances[NR_PROVENANCES] = {
#define PROVENANCE_ROW(name, text, traits, summary) { text, summary, traits },
	PROVENANCES(PROVENANCE_ROW)
#undef PROVENANCE_ROW
};
