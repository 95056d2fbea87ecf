#include <string.h>

#include "tests/support/command.h"
#include "tests/support/suite.h"

/* What is asked for and is not there: which command makes it. */
static void
no_such_key(void)
{
	static const struct {
		const char *words, *says;
	} row[] = {
	    {"none.example", "postseal genkey none.example --add\n"},
	    {"none.example -s s", "postseal genkey none.example --add\n"},
	    {"--activate none.example", "postseal genkey none.example --add\n"},
	    {"--json", "postseal genkey DOMAIN --add\n"},
	};
	static struct command c;

	command_begin(&c);
	command_file(&c, "p.conf", "dns { servers = {\"127.0.0.1:9\"} }\n");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].words);
		command_run(&c, "testkey -c @/p.conf %s", row[i].words);
		CHECK(c.status == 1);
		CHECK(suite_has(c.err, "/p.conf has no such key; to make one"));
		CHECK(suite_has(c.err, row[i].says));
	}
	suite_row(NULL);
	command_end(&c);
}

SUITE("testkey", T(no_such_key))
