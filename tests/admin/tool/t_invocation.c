/* A command in a message has the options that this call was given. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/check/checkcmd.h"
#include "admin/key/genkey.h"
#include "admin/key/recordcmd.h"
#include "admin/key/rotatecmd.h"
#include "admin/key/testkey.h"
#include "admin/look/signcmd.h"
#include "admin/look/spf.h"
#include "admin/look/status.h"
#include "admin/look/why.h"
#include "admin/setup/setupcmd.h"
#include "admin/tool/invocation.h"
#include "admin/verify/verifycmd.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static void
words(void)
{
	static const struct {
		const char *config, *postfix, *directory, *words, *want;
	} row[] = {
	    {SETTINGS_FILE, NULL, NULL, "check", "postseal check"},
	    {"/p.conf", NULL, NULL, "check", "postseal check -c /p.conf"},
	    {"/p.conf", "/etc/p 2", NULL, "check",
	        "postseal check -c /p.conf -p '/etc/p 2'"},
	    {"/it's", NULL, NULL, "testkey a.example --activate",
	        "postseal testkey a.example --activate -c '/it'\\''s'"},
	    {"/p.conf", "/etc/p", "/k", "testkey a.example",
	        "postseal testkey a.example -c /p.conf"},
	    {SETTINGS_FILE, "/etc/p", "/k", "testkey a.example",
	        "postseal testkey a.example"},
	    {"/p.conf", "/etc/p", "/k", "setup --enforce",
	        "postseal setup --enforce -c /p.conf -p /etc/p -D /k"},
	    {SETTINGS_FILE, NULL, "/k", "genkey a.example --add",
	        "postseal genkey a.example --add -D /k"},
	};

	for (size_t i = 0; i < LENGTH(row); i++) {
		suite_row(row[i].want);
		invocation_begin(row[i].config);
		invocation_given("selector", "s");
		if (row[i].postfix != NULL)
			invocation_given("postfix", row[i].postfix);
		if (row[i].directory != NULL)
			invocation_given("directory", row[i].directory);
		CHECK_STR(invocation("%s", row[i].words), row[i].want);
	}
	suite_row(NULL);
}

/* From another folder it is the same one. */
static void
relative(void)
{
	char here[PATH_MAX], want[2 * PATH_MAX + 40];

	CU_ASSERT_FATAL(getcwd(here, sizeof here) != NULL);
	snprintf(want, sizeof want, "postseal check -c %s/p.conf -p %s/.", here,
	    here);
	invocation_begin("p.conf");
	invocation_given("postfix", ".");
	CHECK_STR(invocation("check"), want);
}

/* A call forgets what the one before was given; the last of two counts. */
static void
anew(void)
{
	invocation_begin("/a");
	invocation_given("postfix", "/b");
	invocation_begin("/c");
	CHECK_STR(invocation("check"), "postseal check -c /c");
	invocation_given("config", "/d");
	CHECK_STR(invocation("check"), "postseal check -c /d");
	invocation_given("config", SETTINGS_FILE);
	CHECK_STR(invocation("check"), "postseal check");
}

/* Each takes what its rows say. */
static void
as_the_rows(void)
{
	static const struct subcommand *const all[] = {&check_subcommand,
	    &genkey_subcommand, &record_subcommand, &rotate_subcommand,
	    &setup_subcommand, &sign_subcommand, &spf_subcommand,
	    &status_subcommand, &testkey_subcommand, &verify_subcommand,
	    &why_subcommand};
	static const char *const option[][2] = {{"config", " -c /x"},
	    {"postfix", " -p /x"}, {"directory", " -D /x"}};

	invocation_begin(SETTINGS_FILE);
	for (size_t o = 0; o < LENGTH(option); o++)
		invocation_given(option[o][0], "/x");
	for (size_t i = 0; i < LENGTH(all); i++) {
		suite_row(all[i]->name);
		for (size_t o = 0; o < LENGTH(option); o++) {
			const struct subcommand_option *r = all[i]->option;

			while (r->letter != 0 || r->name != NULL) {
				if (r->name != NULL &&
				    strcmp(r->name, option[o][0]) == 0)
					break;
				r++;
			}
			CHECK((r->name != NULL) ==
			    (strstr(invocation("%s", all[i]->name),
			         option[o][1]) != NULL));
		}
	}
	suite_row(NULL);
}

SUITE("invocation", T(words), T(relative), T(anew), T(as_the_rows))
