/* The script that completes postseal's command line, in bash(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/command.h"
#include "tests/support/suite.h"

static struct command c;

/* What is offered where the words of a line end: each in brackets. A word of ""
 * begins a new one. */
static const char *
offered(const char *words)
{
	static char got[4000];
	char line[600];
	size_t n;
	FILE *p;

	snprintf(line, sizeof line,
	    "cd %s && bash -c '. ./script; COMP_WORDS=(postseal %s); "
	    "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _postseal; "
	    "[ ${#COMPREPLY[@]} = 0 ] || printf \"[%%s]\" \"${COMPREPLY[@]}\"' "
	    "2>&1",
	    c.dir.path, words);
	p = popen(line, "r");
	CU_ASSERT_FATAL(p != NULL);
	n = fread(got, 1, sizeof got - 1, p);
	got[n] = '\0';
	CHECK(pclose(p) == 0);
	return got;
}

static void
rows(void)
{
	static const struct {
		const char *words, *offered;
	} row[] = {
	    /* subcommands, also behind options and for help */
	    {"\"\"",
	        "[setup][rotate][check][genkey][testkey][record][import][spf]["
	        "sign]"
	        "[verify][status][why][help][version]"},
	    {"s", "[setup][spf][sign][status]"},
	    {"-c \"a b.conf\" ch", "[check]"},
	    {"--config = x ch", "[check]"},
	    {"help gen", "[genkey]"},
	    /* options, those that --help tells */
	    {"--ver", "[--version]"},
	    {"setup --",
	        "[--apply][--verify][--enforce][--undo][--both][--json]"
	        "[--postfix][--config][--directory][--help]"},
	    {"check \"\"",
	        "[--all][--ip][--no-dns][--json][--postfix]"
	        "[--config][--help]"},
	    {"spf --tr", "[--trace]"},
	    /* a value by its kind */
	    {"-c a", "[a b.conf]"},
	    {"check -c a", "[a b.conf]"},
	    {"check --postfix d", "[d.d]"},
	    {"check --postfix = d", "[d.d]"},
	    {"check --postfix =", "[d.d]"},
	    {"check --postfix a", ""},
	    {"genkey -D d", "[d.d]"},
	    {"genkey --selector \"\"", ""},
	    {"import a", "[a b.conf]"},
	    {"spf \"\"", ""},
	    {"sign a", ""},
	    /* nothing is run of what is typed */
	    {"\"\\$(echo\"", ""},
	    {"nothing \"\"", ""},
	};

	command_begin(&c);
	command_run(&c, "--completion >@/script");
	CHECK(c.status == 0);
	command_file(&c, "a b.conf", "");
	tmpdir_sub(&c.dir, "d.d");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].words);
		CHECK_STR(offered(row[i].words), row[i].offered);
	}
	suite_row(NULL);
	command_end(&c);
}

/* Of the files that name domains the names. */
static void
domains(void)
{
	command_begin(&c);
	command_run(&c,
	    "--completion >@/all; sed 's|" POSTSEAL_SYSCONFDIR
	    "/postseal/domains.d|domains.d|' @/all >@/script");
	tmpdir_sub(&c.dir, "domains.d");
	CHECK_STR(offered("rotate \"\""), "");
	command_file(&c, "domains.d/a.example.conf", "");
	command_file(&c, "domains.d/b.example.conf", "");
	command_file(&c, "domains.d/b.example.conf~", "");
	CHECK_STR(offered("rotate \"\""), "[a.example][b.example]");
	CHECK_STR(offered("genkey --add b"), "[b.example]");
	CHECK_STR(offered("genkey c"), "");
	CHECK_STR(offered("genkey --"),
	    "[--selector][--type][--bits][--domain][--directory][--add][--json]"
	    "[--config][--help]");
	command_end(&c);
}

SUITE("completion", T(rows), T(domains))
