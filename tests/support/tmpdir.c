#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/tmpdir.h"

void
tmpdir_make(struct tmpdir *d)
{
	const char *top = getenv("TMPDIR");

	if (top == NULL || strlen(top) > 40)
		top = "/tmp";
	snprintf(d->path, sizeof d->path, "%s/ps-test.XXXXXX", top);
	if (mkdtemp(d->path) == NULL || chmod(d->path, 0711) != 0) {
		perror(d->path);
		abort();
	}
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

void
tmpdir_remove(struct tmpdir *d)
{
	if (nftw(d->path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		perror(d->path);
}

char *
tmpdir_file(const struct tmpdir *d, const char *name, char *path)
{
	snprintf(path, TMPDIR_PATH_MAX, "%s/%s", d->path, name);
	return path;
}
