#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/settings.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* What `postseal ARGUMENTS` did. */
struct run {
	int status;
	char out[32 * 1024], err[4096];
};

static void
slurp(const char *path, char *text, size_t max)
{
	FILE *f = fopen(path, "r");

	CU_ASSERT_FATAL(f != NULL);
	text[fread(text, 1, max - 1, f)] = '\0';
	fclose(f);
}

/* The command that was just built; $BUILD is set by tests/run. */
static void
run(struct run *r, const char *arguments)
{
	const char *build = getenv("BUILD");
	char command[1000], out[TMPDIR_PATH_MAX], err[TMPDIR_PATH_MAX];
	struct tmpdir d;

	tmpdir_make(&d);
	snprintf(command, sizeof command, "%s/postseal %s >%s 2>%s",
	    build == NULL ? ".build/release" : build, arguments,
	    tmpdir_file(&d, "out", out), tmpdir_file(&d, "err", err));
	r->status = system(command);
	r->status = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : -1;
	slurp(out, r->out, sizeof r->out);
	slurp(err, r->err, sizeof r->err);
	tmpdir_remove(&d);
}

/* Runs -T on a file of that text. */
static void
run_test(struct run *r, const char *option, const char *text)
{
	char path[TMPDIR_PATH_MAX], arguments[200];
	struct tmpdir d;
	FILE *f;

	tmpdir_make(&d);
	f = fopen(tmpdir_file(&d, "p.conf", path), "w");
	CU_ASSERT_FATAL(f != NULL);
	fputs(text, f);
	fclose(f);
	snprintf(arguments, sizeof arguments, "%s %s", option, path);
	run(r, arguments);
	tmpdir_remove(&d);
}

static void
prints_what_is_in_force(void)
{
	static const char *const spellings[] = {
	    "-T -c", "-Tc", "--test --config"};
	static struct run r;

	for (int i = 0; i < 3; i++) {
		suite_row(spellings[i]);
		run_test(&r, spellings[i],
		    "dns { timeout = 3 }\npolicyd { helo { pass = OK } }\n"
		    "domain a.example { key s { file = /k } }\n");
		CHECK(r.status == 0);
		CHECK(strstr(r.out, "dns {\n\tservers = {}\n\ttimeout = 3\n") !=
		    NULL);
		CHECK(strstr(r.out, "signer {\n") != NULL);
		CHECK(strstr(r.out, "domain \"a.example\" {\n") != NULL);
		CHECK(strstr(r.err, "p.conf:2: policyd.helo.pass: ") != NULL);
	}
	suite_row(NULL);
}

static void
tells_what_is_wrong(void)
{
	static struct run r;

	run_test(&r, "-Tc", "dns { timeout = 0 }\nsigner { workers = 65 }\n");
	CHECK(r.status == 1);
	CHECK_STR(r.out, "");
	CHECK(strstr(r.err, "/p.conf:1: dns.timeout: ") != NULL);
	CHECK(strstr(r.err, "/p.conf:2: signer.workers: ") != NULL);
	run(&r, "-T -c /nonexistent");
	CHECK(r.status == 1);
	CHECK_STR(
	    r.err, "/nonexistent: cannot be read: No such file or directory\n");
}

static void
prints_the_sample(void)
{
	static struct run r;
	static char file[32 * 1024];

	run(&r, "--sample-config");
	CHECK(r.status == 0);
	slurp("conf/postseal.conf", file, sizeof file);
	CHECK_STR(r.out, file);
	run(&r, "--sample-config >/dev/full; (exit $?)");
	CHECK(r.status == 1);
}

static void
tells_about_itself(void)
{
	static struct run r;

	run(&r, "--version");
	CHECK(r.status == 0);
	CHECK_STR(r.out, "postseal " POSTSEAL_VERSION "\n");
	run(&r, "--help");
	CHECK(r.status == 0);
	CHECK(strstr(r.out, "-T, --test ") != NULL);
	CHECK(strstr(r.out, "-c, --config FILE") != NULL);
	CHECK(strstr(r.out, SETTINGS_FILE) != NULL);
	CHECK(strstr(r.out, "--sample-config ") != NULL);
	CHECK(strstr(r.out, "Exit status") != NULL);
}

static void
refuses_a_wrong_command_line(void)
{
	static const char *const rows[] = {"", "-x", "--nothing", "frobnicate",
	    "-c", "-c /x", "-T extra", "-T --version", "--help=now"};
	static struct run r;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i]);
		run(&r, rows[i]);
		CHECK(r.status == 2);
		CHECK_STR(r.out, "");
		CHECK(strstr(r.err, "Try \"postseal --help\".\n") != NULL);
	}
	suite_row(NULL);
}

SUITE("main", T(prints_what_is_in_force), T(tells_what_is_wrong),
    T(prints_the_sample), T(tells_about_itself),
    T(refuses_a_wrong_command_line))
