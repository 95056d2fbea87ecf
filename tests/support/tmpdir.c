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

static FILE *
open_file(const struct tmpdir *d, const char *name, const char *mode)
{
	char path[TMPDIR_PATH_MAX];
	FILE *f = fopen(tmpdir_file(d, name, path), mode);

	if (f == NULL || fchmod(fileno(f), 0600) != 0) {
		perror(path);
		abort();
	}
	return f;
}

void
tmpdir_sub(const struct tmpdir *d, const char *name)
{
	char path[TMPDIR_PATH_MAX];

	if (mkdir(tmpdir_file(d, name, path), 0755) != 0) {
		perror(path);
		abort();
	}
}

void
tmpdir_write(const struct tmpdir *d, const char *name, const char *text)
{
	FILE *f = open_file(d, name, "w");

	if (fputs(text, f) < 0 || fclose(f) != 0) {
		perror(name);
		abort();
	}
}

void
tmpdir_copy(const struct tmpdir *d, const char *from, const char *to)
{
	FILE *in = open_file(d, from, "r"), *out = open_file(d, to, "w");
	int c;

	while ((c = getc(in)) != EOF)
		putc(c, out);
	if (ferror(in) || fclose(in) != 0 || fclose(out) != 0) {
		perror(to);
		abort();
	}
}

const char *
tmpdir_read(const char *path)
{
	static char text[64 * 1024];
	FILE *f = fopen(path, "r");
	size_t n = f == NULL ? 0 : fread(text, 1, sizeof text - 1, f);

	if (f != NULL)
		fclose(f);
	text[n] = '\0';
	return text;
}

const char *
tmpdir_placed(const struct tmpdir *d, const char *text)
{
	static char out[4][4000];
	static unsigned i;
	char *to = out[i++ % 4];
	size_t n = 0;

	for (; *text != '\0' && n < sizeof out[0] - 100; text++) {
		if (*text == '@' && text[1] == '/')
			n += (size_t)snprintf(
			    to + n, sizeof out[0] - n, "%s", d->path);
		else
			to[n++] = *text;
	}
	to[n] = '\0';
	return to;
}
