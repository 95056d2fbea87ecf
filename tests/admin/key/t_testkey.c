#include <stdio.h>
#include <string.h>

#include "tests/support/command.h"
#include "tests/support/dnsd.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

/* What is asked for and is not there: which command makes it. */
static void
no_such_key(void)
{
	static const struct {
		const char *words, *says;
	} row[] = {
	    {"none.example",
	        "postseal genkey none.example --add -c @/p.conf\n"},
	    {"none.example -s s",
	        "postseal genkey none.example --add -c @/p.conf\n"},
	    {"--activate none.example",
	        "postseal genkey none.example --add -c @/p.conf\n"},
	    {"--json", "postseal genkey DOMAIN --add -c @/p.conf\n"},
	};
	static struct command c;

	command_begin(&c);
	command_file(&c, "p.conf", "dns { servers = {\"127.0.0.1:9\"} }\n");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].words);
		command_run(&c, "testkey -c @/p.conf %s", row[i].words);
		CHECK(c.status == 1);
		CHECK(suite_has(c.err, "/p.conf has no such key; to make one"));
		CHECK(suite_has(c.err, tmpdir_placed(&c.dir, row[i].says)));
	}
	suite_row(NULL);
	command_end(&c);
}

/* What is wrong with a key that is there: what comes next, also of one that
 * signs already. */
static void
what_comes_next(void)
{
	static const struct {
		const char *words, *ends;
	} row[] = {
	    {"bad.example",
	        ": there is no key in PEM form in it\n"
	        "Fix this, or take it out of @/p.conf and make another key: "
	        "postseal genkey bad.example --add -c @/p.conf\n"},
	    {"a.example",
	        "When DNS has the record: postseal testkey a.example -c "
	        "@/p.conf\n"},
	    {"b.example",
	        "When DNS has the record: postseal testkey b.example "
	        "--activate -c @/p.conf\n"},
	};
	struct dnsd *dns = dnsd_start("x.example TXT \"x\"\n");
	static struct command c;
	char text[500];

	command_begin(&c);
	command_file(&c, "e.pem", pem_ed25519);
	command_file(&c, "bad.pem", "garbage\n");
	snprintf(text, sizeof text,
	    "dns { servers = {\"127.0.0.1:%u\"} }\n"
	    "domain a.example { key s { file = \"@/e.pem\" } }\n"
	    "domain b.example { key s { file = \"@/e.pem\" active = false } "
	    "}\n"
	    "domain bad.example { key s { file = \"@/bad.pem\" } }\n",
	    dnsd_port(dns));
	command_file(&c, "p.conf", text);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].words);
		command_run(&c, "testkey -c @/p.conf %s", row[i].words);
		CHECK(c.status == 1);
		CHECK_STR(c.err, "");
		CHECK(suite_has(c.out, tmpdir_placed(&c.dir, row[i].ends)));
	}
	suite_row(NULL);
	command_end(&c);
	dnsd_stop(dns);
}

SUITE("testkey", T(no_such_key), T(what_comes_next))
