/* SPDX-License-Identifier: MIT */
/*
 * The C half of programs/tags.cc: the header is C as well.
 */
#include <heapcensus/tag.h>

#include <stdlib.h>

int tags_from_c(void);

int tags_from_c(void)
{
	char *p = malloc(10);
	int wrong = 0;

	wrong += heapcensus_tag(p, "from C") != heapcensus_is_present();
	p = realloc(p, 100000);	/* moves, and keeps its tag */
	wrong += heapcensus_get_oldest("from C", NULL) != (heapcensus_is_present() ? p : NULL);
	wrong += heapcensus_tag(p, NULL) != heapcensus_is_present();
	wrong += heapcensus_get_oldest("from C", NULL) != NULL;
	free(p);
	return wrong;
}
