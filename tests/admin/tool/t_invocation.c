/* A command in a message has the options that this call was given. */
#include <string.h>

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
#include "admin/tool/again.h"
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
	    {"p.conf", NULL, NULL, "check", "postseal check -c p.conf"},
	    {"p.conf", "/etc/p 2", NULL, "check",
	        "postseal check -c p.conf -p '/etc/p 2'"},
	    {"it's", NULL, NULL, "testkey a.example --activate",
	        "postseal testkey a.example --activate -c 'it'\\''s'"},
	    {"p.conf", "/etc/p", "/k", "testkey a.example",
	        "postseal testkey a.example -c p.conf"},
	    {SETTINGS_FILE, "/etc/p", "/k", "testkey a.example",
	        "postseal testkey a.example"},
	    {"p.conf", "/etc/p", "/k", "setup --enforce",
	        "postseal setup --enforce -c p.conf -p /etc/p -D /k"},
	    {SETTINGS_FILE, NULL, "/k", "genkey a.example --add",
	        "postseal genkey a.example --add -D /k"},
	};

	for (size_t i = 0; i < LENGTH(row); i++) {
		suite_row(row[i].want);
		again_begin(row[i].config);
		again_given("selector", "s");
		if (row[i].postfix != NULL)
			again_given("postfix", row[i].postfix);
		if (row[i].directory != NULL)
			again_given("directory", row[i].directory);
		CHECK_STR(again("%s", row[i].words), row[i].want);
	}
	suite_row(NULL);
}

/* A call forgets what the one before was given; the last of two counts. */
static void
anew(void)
{
	again_begin("a");
	again_given("postfix", "b");
	again_begin("c");
	CHECK_STR(again("check"), "postseal check -c c");
	again_given("config", "d");
	CHECK_STR(again("check"), "postseal check -c d");
	again_given("config", SETTINGS_FILE);
	CHECK_STR(again("check"), "postseal check");
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
	static const char *const option[][2] = {
	    {"config", " -c x"}, {"postfix", " -p x"}, {"directory", " -D x"}};

	again_begin(SETTINGS_FILE);
	for (size_t o = 0; o < LENGTH(option); o++)
		again_given(option[o][0], "x");
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
			    (strstr(again("%s", all[i]->name), option[o][1]) !=
			        NULL));
		}
	}
	suite_row(NULL);
}

SUITE("again", T(words), T(anew), T(as_the_rows))
