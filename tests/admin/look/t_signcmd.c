/*
 * postseal sign: exit status, what is printed where. That the signatures are
 * right is seen in tests/corpus.
 */
#include <string.h>

#include "tests/support/command.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

#define MAIL "From: a@x.example\nSubject: t\n\nbody\n"

/* `postseal sign` with a config of two domains, one of them with a bad key. */
static void
run(struct command *r, const char *options, const char *message)
{
	command_begin(r);
	command_file(r, "key", pem_ed25519);
	tmpdir_write(&r->dir, "message", message);
	command_file(r, "p.conf",
	    "domain x.example { key s { file = \"@/key\" } }\n"
	    "domain bad.example { key s { file = \"@/none\" } }\n");
	command_run(r, "sign -c @/p.conf %s <@/message", options);
	command_end(r);
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
	static struct command r;

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
	static struct command r;
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
