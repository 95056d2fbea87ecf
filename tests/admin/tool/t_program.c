#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/tool/program.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static struct buf out, err;

static int
run(const char *script, int *status)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	buf_init(&out, PROGRAM_OUTPUT_MAX);
	buf_init(&err, 1000);
	return program_run(argv, &out, &err, status);
}

static void
end(void)
{
	buf_free(&out);
	buf_free(&err);
}

static void
listens(void)
{
	static const struct {
		const char *script;
		int status;
		const char *out, *err;
	} rows[] = {/* the last one sleeps, as it does not see that its end of
	             * out was noticed */
	    {"echo a; echo b >&2", 0, "a\n", "b\n"}, {"exit 3", 3, "", ""},
	    {"kill -TERM $$", 143, "", ""}, {"cat; echo $LC_ALL", 0, "C\n", ""},
	    {"echo ${HOME-none}", 0, "none\n", ""},
	    {"exec >&-; sleep 0.1; echo late >&2", 0, "", "late\n"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int status = -1;

		suite_row(rows[i].script);
		CHECK(run(rows[i].script, &status) == 0);
		CHECK(status == rows[i].status);
		CHECK_STR(buf_text(&out), rows[i].out);
		CHECK_STR(buf_text(&err), rows[i].err);
		end();
	}
	suite_row(NULL);
}

/* Root with "." in PATH stands in the folder of somebody else. */
/* As some programs leave it to those that they start. */
static void
children_are_ignored(void)
{
	const char *const argv[] = {"sh", "-c", "exit 3", NULL};
	int status = -1;

	buf_init(&out, 100);
	buf_init(&err, 100);
	signal(SIGCHLD, SIG_IGN);
	CHECK(program_run(argv, &out, &err, &status) == 0);
	CHECK(status == 3);
	signal(SIGCHLD, SIG_DFL);
	end();
}

static void
not_from_here(void)
{
	static const char *const paths[] = {
	    ".", "", ":", "bin", "./bin", "/nowhere:.", ".:/nowhere", "::"};
	const char *const evil[] = {"postseal-test-evil", NULL};
	char path[TMPDIR_PATH_MAX], *old = strdup(getenv("PATH"));
	char *here = getcwd(NULL, 0);
	struct tmpdir d;
	int status = -1;

	tmpdir_make(&d);
	CHECK(mkdir(tmpdir_file(&d, "bin", path), 0755) == 0);
	tmpdir_write(&d, evil[0], "#!/bin/sh\necho evil\n");
	CHECK(chmod(tmpdir_file(&d, evil[0], path), 0755) == 0);
	tmpdir_write(&d, "bin/postseal-test-evil", "#!/bin/sh\necho evil\n");
	CHECK(
	    chmod(tmpdir_file(&d, "bin/postseal-test-evil", path), 0755) == 0);
	CHECK(chdir(d.path) == 0);
	buf_init(&out, 1000);
	buf_init(&err, 1000);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		const char *const inner[] = {
		    "/bin/sh", "-c", "postseal-test-evil", NULL};

		suite_row(paths[i]);
		setenv("PATH", paths[i], 1);
		CHECK(program_run(evil, &out, &err, &status) == -ENOENT);
		/* nor what it runs itself */
		CHECK(program_run(inner, &out, &err, &status) == 0);
		CHECK(status == 127);
	}
	suite_row(NULL);
	end();
	setenv("PATH", old, 1);
	CHECK(chdir(here) == 0);
	free(old);
	free(here);
	tmpdir_remove(&d);
}

static void
finds_it(void)
{
	const char *const nowhere[] = {"no-such-program-here", NULL};
	const char *const dir[] = {"/etc", NULL};
	const char *const mine[] = {"postseal-test-program", NULL};
	char path[TMPDIR_PATH_MAX], *old = strdup(getenv("PATH"));
	struct tmpdir d;
	int status = -1;

	buf_init(&out, 100);
	buf_init(&err, 100);
	CHECK(program_run(nowhere, &out, &err, &status) == -ENOENT);
	if (!suite_under_valgrind()) /* it says so later */
		CHECK(program_run(dir, &out, &err, &status) == -EACCES);
	tmpdir_make(&d);
	tmpdir_write(&d, mine[0], "#!/bin/sh\necho mine\n");
	CHECK(chmod(tmpdir_file(&d, mine[0], path), 0755) == 0);
	setenv("PATH", d.path, 1);
	CHECK(program_run(mine, &out, &err, &status) == 0 && status == 0);
	CHECK_STR(buf_text(&out), "mine\n");
	setenv("PATH", old, 1);
	free(old);
	tmpdir_remove(&d);
	end();
}

/* PROGRAM_OUTPUT_MAX bytes, and one more. */
static void
says_too_much(void)
{
	for (int more = 0; more <= 1; more++) {
		char script[100];
		int status = -1;

		snprintf(script, sizeof script, "head -c %d /dev/zero",
		    PROGRAM_OUTPUT_MAX + more);
		CHECK(run(script, &status) == (more ? -EFBIG : 0));
		CHECK(more || out.n == PROGRAM_OUTPUT_MAX);
		end();
	}
}

/* One that never ends is killed, and is no child of ours any more. */
static void
takes_too_long(void)
{
	const char *const argv[] = {"sleep", "100", NULL};
	struct timespec begin, now;
	int status = -1;

	buf_init(&out, 100);
	buf_init(&err, 100);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	CHECK(program_run_for(argv, 200, &out, &err, &status) == -ETIME);
	clock_gettime(CLOCK_MONOTONIC, &now);
	CHECK(now.tv_sec - begin.tv_sec < 10);
	CHECK(status == -1);
	end();
}

SUITE("program", T(listens), T(children_are_ignored), T(not_from_here),
    T(finds_it), T(says_too_much), T(takes_too_long))
