#include <string.h>

#include "tests/support/found.h"

const struct finding *
found_first(const struct findings *f, const char *what)
{
	for (const struct finding *i = f->first; i != NULL; i = i->next) {
		if (strstr(i->what, what) != NULL)
			return i;
	}
	return NULL;
}
