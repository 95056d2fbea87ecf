#include <string.h>

#include <jansson.h>

#include "tests/support/command.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

#define HALF_BEGIN "v=DKIM1; k=ed25519; p="

static struct command c;

/* Two keys in the config, one of them not active; one in a table; one that is
 * none. */
static void
begin(void)
{
	command_begin(&c);
	command_file(&c, "e.pem", pem_ed25519);
	command_file(&c, "bad.pem", "garbage\n");
	command_file(&c, "table", "k t.example:tab:@/e.pem\n");
	command_file(&c, "signing", "t.example k\n");
	command_file(&c, "p.conf",
	    "dns { servers = {\"192.0.2.1\"} }\n"
	    "signer { key_table = \"@/table\" signing_table = \"@/signing\" }\n"
	    "domain a.example {\n"
	    " key one { file = \"@/e.pem\" }\n"
	    " key two { file = \"@/e.pem\" active = false }\n"
	    "}\n"
	    "domain bad.example { key b { file = \"@/bad.pem\" } }\n");
}

/* The value of the line in out that begins so, up to its end. */
static const char *
value(void)
{
	static char line[400];
	const char *at = strstr(c.out, HALF_BEGIN);

	CU_ASSERT_FATAL(at != NULL);
	snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\"\n"), at);
	return line;
}

static void
prints_them(void)
{
	char both[900], want[400];

	begin();
	command_run(&c, "record -c @/p.conf a.example");
	CHECK(c.status == 0);
	CHECK_STR(c.err, "");
	CHECK(strstr(c.out, "one._domainkey.a.example. IN TXT \"v=DKIM1; ") !=
	    NULL);
	CHECK(strstr(c.out, "name two._domainkey, and this as one value") !=
	    NULL);
	CHECK(suite_has(c.out,
	    tmpdir_placed(&c.dir,
	        "\n\nWhen DNS has the record: postseal testkey a.example "
	        "--activate -c @/p.conf\n")));
	snprintf(want, sizeof want, "%s", strstr(c.out, "\n" HALF_BEGIN) + 1);
	want[strcspn(want, "\n")] = '\0';

	command_run(&c, "record -c @/p.conf -s two --value A.example");
	CHECK(c.status == 0);
	CHECK_STR(value(), want);
	CHECK(strlen(c.out) == strlen(want) + 1);
	command_run(&c, "record -c @/p.conf --value a.example");
	snprintf(both, sizeof both, "%s\n%s\n", want, want);
	CHECK_STR(c.out, both);
	command_run(&c, "record -c @/p.conf --zone t.example");
	CHECK(c.status == 0);
	snprintf(both, sizeof both, "tab._domainkey.t.example. IN TXT \"%s\"\n",
	    want);
	CHECK_STR(c.out, both);
	command_end(&c);
}

static void
for_machines(void)
{
	json_t *all, *two;

	begin();
	command_run(&c, "record -j -c @/p.conf a.example");
	CHECK(c.status == 0);
	all = json_loads(c.out, 0, NULL);
	CHECK(json_array_size(all) == 2);
	two = json_array_get(all, 1);
	CHECK_STR(json_string_value(json_object_get(two, "name")),
	    "two._domainkey.a.example");
	CHECK_STR(json_string_value(json_object_get(two, "type")), "TXT");
	CHECK_STR(json_string_value(json_object_get(two, "value")), value());
	CHECK(json_is_false(json_object_get(two, "active")));
	CHECK(json_is_true(json_object_get(json_array_get(all, 0), "active")));
	json_decref(all);
	command_end(&c);
}

static void
what_is_not_there(void)
{
	begin();
	command_run(&c, "record -c @/p.conf none.example");
	CHECK(c.status == 1);
	CHECK_STR(c.out, "");
	CHECK(strstr(c.err,
	          "to make one: postseal genkey none.example --add") != NULL);
	command_run(&c, "record -c @/p.conf -s three a.example");
	CHECK(c.status == 1);
	command_run(&c, "record -c @/p.conf bad.example");
	CHECK(c.status == 1);
	CHECK(suite_has(c.err, "/bad.pem: "));
	CHECK(suite_has(c.err,
	    tmpdir_placed(&c.dir,
	        "Fix this, or take it out of @/p.conf and make another key: "
	        "postseal genkey bad.example --add -c @/p.conf\n")));
	CHECK_STR(c.out, "");
	command_end(&c);
}

SUITE("recordcmd", T(prints_them), T(for_machines), T(what_is_not_there))
