/* `postseal check` as it is called: its exit status. */
#include <stdio.h>

#include "admin/tool/tool.h"
#include "tests/support/command.h"
#include "tests/support/fakepostconf.h"
#include "tests/support/suite.h"

/* A Postfix in which nothing is of interest, so that what is found is the rest.
 */
static const char defaults[] = "myhostname = mx.a.example\n";

/* What is wrong, and what that makes of the exit status. */
static const struct {
	const char *config;
	const char *words; /* beside -n */
	int status;
} rows[] = {
    /* without a Postfix its part is not known; tables are an error */
    {"hostname = mx.a.example\n", "--postfix @/none", TOOL_LATER},
    {"hostname = mx.a.example\nsigner { key_table = \"/none\" }\n",
        "--postfix @/none", TOOL_FAILED},
    /* a key of old, a warning, and the same Postfix */
    {"hostname = mx.a.example\ndns { trust_anchor = \"/none\" }\n",
        "--postfix @/none", TOOL_LATER},
    {"hostname = mx.a.example\n", "what", TOOL_COMMAND_LINE},
};

static void
exit_status(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		static struct command c;

		suite_row(rows[i].config);
		command_begin(&c);
		fakepostconf_make(&c.dir, "", defaults, "");
		command_file(&c, "p.conf", rows[i].config);
		command_run(&c, "check -n --config @/p.conf %s", rows[i].words);
		CHECK(c.status == rows[i].status);
		command_end(&c);
	}
	suite_row(NULL);
}

SUITE("checkcmd", T(exit_status))
