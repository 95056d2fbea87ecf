/*
 * postseal sign: exit status, what is printed where. That the signatures are
 * right is seen in tests/corpus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/support/pem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

#define MAIL "From: a@x.example\nSubject: t\n\nbody\n"

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

static void
put(const struct tmpdir *d, const char *name, const char *text)
{
	char path[TMPDIR_PATH_MAX];
	FILE *f = fopen(tmpdir_file(d, name, path), "w");

	CU_ASSERT_FATAL(f != NULL);
	CU_ASSERT_FATAL(fputs(text, f) >= 0 && fclose(f) == 0);
	CU_ASSERT_FATAL(chmod(path, 0600) == 0);
}

/* `postseal sign` with a config of two domains, one of them with a bad key. */
static void
run(struct run *r, const char *options, const char *message)
{
	const char *build = getenv("BUILD");
	char path[TMPDIR_PATH_MAX], text[2000];
	struct tmpdir d;

	tmpdir_make(&d);
	put(&d, "key", pem_ed25519);
	put(&d, "message", message);
	snprintf(text, sizeof text,
	    "domain x.example { key s { file = \"%s/key\" } }\n"
	    "domain bad.example { key s { file = \"%s/none\" } }\n",
	    d.path, d.path);
	put(&d, "p.conf", text);
	snprintf(text, sizeof text,
	    "%s/postseal sign -c %s/p.conf %s <%s/message >%s/out 2>%s/err",
	    build == NULL ? ".build/release" : build, d.path, options, d.path,
	    d.path, d.path);
	r->status = system(text);
	r->status = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : -1;
	slurp(tmpdir_file(&d, "out", path), r->out, sizeof r->out);
	slurp(tmpdir_file(&d, "err", path), r->err, sizeof r->err);
	tmpdir_remove(&d);
}

static void
verdicts(void)
{
	static const struct {
		const char *options, *message;
		int status;
		const char *out; /* how it begins; "": nothing is printed */
		const char *err; /* what is in it */
	} row[] = {
	    {"", MAIL, 0, "DKIM-Signature: v=1;", ""},
	    {"", "From x Sun Nov 22\n" MAIL, 0,
	        "From x Sun Nov 22\nDKIM-Signature: v=1;", ""},
	    {"", "From: a@y.example\n\nb\n", 3, "From: a@y.example\n\nb\n",
	        "not signed: "},
	    {"", "no header\n", 3, "no header\n", "not signed: "},
	    {"", "From: a@bad.example\n\nb\n", 4, "", "put off: "},
	    {"--client 192.0.2.1", MAIL, 3, MAIL, "not signed: "},
	    {"--client 192.0.2.1 --auth bob", MAIL, 0, "DKIM-Signature:", ""},
	    {"--client here", MAIL, 2, "", "no address"},
	    {"--client", MAIL, 2, "", "a value is missing"},
	    {"--nothing", MAIL, 2, "", "unknown option"},
	    {"file", MAIL, 2, "", "standard input"},
	    {"-c /nonexistent", MAIL, 1, "", "/nonexistent"},
	    {"", "", 1, "", "it is empty"},
	    {"--help", "", 0, "usage: postseal sign", ""},
	};
	static struct run r;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].options);
		run(&r, row[i].options, row[i].message);
		CHECK(r.status == row[i].status);
		CHECK(strncmp(r.out, row[i].out, strlen(row[i].out)) == 0);
		CHECK((r.out[0] == '\0') == (row[i].out[0] == '\0'));
		CHECK(strstr(r.err, row[i].err) != NULL);
	}
}

/* The message follows unchanged, with the line ends that it had. */
static void
line_ends(void)
{
	static struct run r;
	const char *at;

	run(&r, "", MAIL);
	at = strstr(r.out, "From: ");
	CHECK_STR(at, MAIL);
	CHECK(strchr(r.out, '\r') == NULL);
	run(&r, "", "From: a@x.example\r\n\r\nbody\r\n");
	at = strstr(r.out, "From: ");
	CHECK_STR(at, "From: a@x.example\r\n\r\nbody\r\n");
	for (at = r.out; (at = strchr(at, '\n')) != NULL; at++)
		CHECK(at[-1] == '\r');
}

SUITE("signcmd", T(verdicts), T(line_ends))
