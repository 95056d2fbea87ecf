#include <string.h>

#include "tests/support/found.h"
#include "tests/support/suite.h"

const struct finding *
found_first(const struct findings *f, const char *what)
{
	for (const struct finding *i = f->first; i != NULL; i = i->next) {
		if (strstr(i->what, what) != NULL)
			return i;
	}
	return NULL;
}

const struct finding *
found_check(const struct findings *f, const char *what,
    enum finding_level level, const char *mend)
{
	const struct finding *found = found_first(f, what);

	CHECK(found != NULL);
	if (found != NULL) {
		CHECK(found->level == level);
		CHECK((found->mend != NULL) == (mend != NULL));
		CHECK(mend == NULL || found->mend == NULL ||
		    strstr(found->mend, mend) != NULL);
	}
	return found;
}

void
found_open(struct found *w, const char *config)
{
	char path[TMPDIR_PATH_MAX];

	tmpdir_make(&w->dir);
	tmpdir_write(&w->dir, "p.conf", config);
	tmpdir_file(&w->dir, "p.conf", path);
	CU_ASSERT_FATAL(tool_open(&w->tool, "check", path, SETTINGS_ALL) == 0);
	findings_init(&w->f);
}

void
found_close(struct found *w)
{
	findings_free(&w->f);
	tool_close(&w->tool);
	tmpdir_remove(&w->dir);
}
