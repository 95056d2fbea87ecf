#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io/wholefile.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { MAX = 100 };

static void
sizes(void)
{
	static const size_t size[] = {0, 1, MAX - 1, MAX, MAX + 1, 5000};
	char path[TMPDIR_PATH_MAX], text[5001];
	struct wholefile f;
	struct tmpdir d;

	tmpdir_make(&d);
	for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
		memset(text, 'x', size[i]);
		text[size[i]] = '\0';
		tmpdir_write(&d, "f", text);
		tmpdir_file(&d, "f", path);
		f.n = 77;
		if (size[i] > MAX) {
			CHECK(wholefile_read(path, MAX, &f) == -EFBIG);
			CHECK(f.n == 77);
			continue;
		}
		CHECK(wholefile_read(path, MAX, &f) == 0);
		CHECK(span_eq(wholefile_view(&f), span_str(text)));
		CHECK(f.mode == 0600);
		wholefile_free(&f);
		CHECK(f.p == NULL && f.n == 0);
	}
	tmpdir_remove(&d);
}

/* A file of /proc says that it is empty, and has more bytes than that. */
static void
larger_than_it_says(void)
{
	struct wholefile f;

	CHECK(wholefile_read("/proc/self/status", 1 << 20, &f) == 0);
	CHECK(f.n > 200 && memcmp(f.p, "Name:", 5) == 0);
	wholefile_free(&f);
	CHECK(wholefile_read("/proc/self/status", MAX, &f) == -EFBIG);
}

static void
other_kinds(void)
{
	char path[TMPDIR_PATH_MAX];
	struct wholefile f;
	struct tmpdir d;

	tmpdir_make(&d);
	CHECK(wholefile_read(d.path, MAX, &f) == -EMEDIUMTYPE);
	CHECK(wholefile_read("/dev/zero", MAX, &f) == -EMEDIUMTYPE);
	tmpdir_file(&d, "pipe", path);
	CHECK(mkfifo(path, 0600) == 0); /* must not be waited for */
	CHECK(wholefile_read(path, MAX, &f) == -EMEDIUMTYPE);
	tmpdir_file(&d, "none", path);
	CHECK(wholefile_read(path, MAX, &f) == -ENOENT);
	tmpdir_remove(&d);
}

static void
problems(void)
{
	CHECK_STR(wholefile_problem(-ENOENT, "x"), "No such file or directory");
	CHECK_STR(wholefile_problem(-EFBIG, "is large"), "is large");
	CHECK_STR(
	    wholefile_problem(-EMEDIUMTYPE, "x"), "is not a regular file");
	CHECK(strncmp(wholefile_problem(-EACCES, "x"), "Permission denied; ",
	          19) == 0);
}

static void
no_memory(void)
{
	struct wholefile f = {.p = NULL};
	bool failed;
	int rc;

	for (long n = 0; nomem_round(n); n++) {
		rc = wholefile_read("/proc/self/status", 1 << 20, &f);
		failed = nomem_end();
		CHECK(rc == (failed ? -ENOMEM : 0));
		if (rc == 0)
			wholefile_free(&f);
	}
}

SUITE("wholefile", T(sizes), T(larger_than_it_says), T(other_kinds),
    T(problems), T(no_memory))
