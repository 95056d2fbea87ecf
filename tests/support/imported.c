#include "tests/support/imported.h"

#include <stdio.h>
#include <stdlib.h>

const char *
imported_notes(const struct import *im, enum import_kind kind)
{
	static char text[4][64 * 1024];
	static unsigned at;
	char *to = text[at++ % 4];
	struct buf all;

	buf_init(&all, sizeof text[0]);
	import_notes_print(im, kind, &all);
	snprintf(to, sizeof text[0], "%s", buf_text(&all));
	buf_free(&all);
	return to;
}
