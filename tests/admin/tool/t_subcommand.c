/* What all subcommands have in common, as they are called. */
#include <stdio.h>
#include <string.h>

#include "common/settings/settings.h"
#include "tests/support/command.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static struct command c;

/* Of each kind of row: with an argument, without, with two lines of text, with
 * a letter and without one. */
static void
help_from_the_rows(void)
{
	command_begin(&c);
	command_run(&c, "genkey --help");
	CHECK(c.status == 0);
	CHECK_STR(c.err, "");
	CHECK_STR(c.out,
	    "postseal genkey DOMAIN - make a DKIM key, say what to do with it\n"
	    "\n"
	    "  -s, --selector NAME   not the date\n"
	    "  -t, --type TYPE       rsa (default), ed25519, or both: two "
	    "keys, "
	    "the second\n"
	    "                        with an e after its NAME\n"
	    "  -b, --bits N          of an RSA key, 1024 to 4096 (default "
	    "2048)\n"
	    "  -d, --domain DOMAIN   the DOMAIN, as opendkim-genkey is called\n"
	    "  -D, --directory DIR   not " POSTSEAL_SYSCONFDIR
	    "/postseal/keys\n"
	    "  -a, --add             put it into the config, not active yet\n"
	    "  -j, --json            for machines\n"
	    "  -c, --config FILE     instead of " SETTINGS_FILE "\n"
	    "  -h, --help            print this\n"
	    "\n"
	    "Writes DIR/DOMAIN/NAME.private and prints the DNS record and the "
	    "section for\n"
	    "the config.\n"
	    "Exit status: 0; 1 when it failed, 2 when the command line is "
	    "wrong,\n"
	    "4 when the running signer does not know it yet: the last line "
	    "says what to do.\n");
	command_run(&c, "why -h");
	CHECK(strstr(c.out, "\n      --client-name N   its name as ") != NULL);
	command_run(&c, "check -h");
	CHECK(strstr(c.out,
	          "  -p, --postfix DIR     another Postfix: as in postconf -c "
	          "DIR\n"
	          "  -c, --config FILE     instead of ") != NULL);
	command_run(&c, "genkey --help >/dev/full");
	CHECK(c.status == 1);
	CHECK(strstr(c.err, "No space left on device") != NULL);
	command_end(&c);
}

/* Each has --help, refuses an option that it does not have, a wrong number of
 * words, and a config that is not there. */
static void
each(void)
{
	static const struct {
		const char *name, *words, *problem;
		const char *config; /* words that get as far as the config */
	} row[] = {
	    {"setup", "", "which domain?", NULL},
	    {"setup", "a.example b.example", "what is: \"b.example\"", NULL},
	    {"setup", "-e a.example", "what is: \"a.example\"", NULL},
	    {"setup", "-a -u", "one thing at a time", NULL},
	    {"setup", "a", "not a domain: \"a\"", NULL},
	    {"setup", "-c here a.example",
	        "the config needs its whole path: \"here\"", NULL},
	    {"rotate", "", "which domain?", NULL},
	    {"rotate", "a.example b.example", "one domain at a time", NULL},
	    {"rotate", "-k 0 a.example", "not a number for that: \"0\"", NULL},
	    {"rotate", "-e 3651 a.example", "not a number for that: \"3651\"",
	        NULL},
	    {"rotate", "-w x a.example", "not a number for that: \"x\"", NULL},
	    {"check", "a.example", "what is: \"a.example\"", ""},
	    {"check", "-i here", "not an address: \"here\"", NULL},
	    {"genkey", "", "which domain?", NULL},
	    {"genkey", "a.example b.example", "one domain at a time", NULL},
	    {"genkey", "-d a.example b.example", "one domain at a time", NULL},
	    {"genkey", "-t dsa", "the type is rsa, ed25519 or both: \"dsa\"",
	        NULL},
	    {"testkey", "a.example b.example", "one domain at a time", ""},
	    {"testkey", "-s s", "which domain?", NULL},
	    {"record", "", "which domain?", NULL},
	    {"record", "a.example b.example", "one domain at a time",
	        "a.example"},
	    {"record", "example", "not a domain: \"example\"", NULL},
	    {"record", "-s a..b a.example", "not a selector: \"a..b\"", NULL},
	    {"record", "-zV a.example",
	        "--zone, --value and --json: one of them", NULL},
	    {"testkey", "-s a..b a.example", "not a selector: \"a..b\"", NULL},
	    {"import", "", "one file to five", NULL},
	    {"import", "a b c d e f", "one file to five", NULL},
	    {"import", "-q a",
	        "--query writes files beside -o FILE, which is missing", NULL},
	    {"spf", "x", "what is: \"x\"", "-i 192.0.2.1 -H h"},
	    {"spf", "-H h", "--ip is missing", NULL},
	    {"spf", "-i here -H h", "not an address: \"here\"", NULL},
	    {"spf", "-i 192.0.2.1", "--helo or --from is missing", NULL},
	    {"status", "here", "there is no daemon: \"here\"", ""},
	    {"status", "signer policyd", "what is: \"policyd\"", NULL},
	};
	char want[300];

	command_begin(&c);
	for (size_t i = 0; i < LENGTH(row); i++) {
		const char *name = row[i].name;

		suite_row(row[i].problem);
		command_run(&c, "%s %s", name, row[i].words);
		CHECK(c.status == 2);
		CHECK_STR(c.out, "");
		snprintf(want, sizeof want,
		    "postseal %s: %s\nTry \"postseal %s --help\".\n", name,
		    row[i].problem, name);
		CHECK_STR(c.err, want);

		command_run(&c, "%s --nothing", name);
		CHECK(c.status == 2);
		snprintf(want, sizeof want,
		    "%s: unrecognized option '--nothing'\n"
		    "postseal %s: wrong usage\n"
		    "Try \"postseal %s --help\".\n",
		    name, name, name);
		CHECK_STR(c.err, want);

		command_run(&c, "%s --help", name);
		CHECK(c.status == 0);
		CHECK(strstr(c.out, "  -h, --help ") != NULL);

		if (row[i].config == NULL)
			continue;
		command_run(&c, "%s -c /nonexistent %s", name, row[i].config);
		CHECK(c.status == 1);
		CHECK_STR(c.out, "");
		CHECK(strstr(c.err,
		          "/nonexistent: cannot be read: No such file or "
		          "directory\n") != NULL);
	}
	suite_row(NULL);
	command_end(&c);
}

/* Those that name the option themselves. */
static void
unknown_options(void)
{
	static const struct {
		const char *words, *says;
	} row[] = {
	    {"sign --nothing",
	        "postseal sign: unknown option: \"--nothing\"\n"
	        "Try \"postseal sign --help\".\n"},
	    {"sign --client",
	        "postseal sign: a value is missing for: "
	        "\"--client\"\nTry "},
	    {"why --nothing",
	        "postseal why: unknown option --nothing\n"
	        "usage: postseal why [options] FILE\n"},
	    {"why -c", "postseal why: a value is missing for -c\nusage: "},
	};

	command_begin(&c);
	for (size_t i = 0; i < LENGTH(row); i++) {
		suite_row(row[i].words);
		command_run(&c, "%s", row[i].words);
		CHECK(c.status == 2);
		CHECK_STR(c.out, "");
		CHECK(strncmp(c.err, row[i].says, strlen(row[i].says)) == 0);
	}
	suite_row(NULL);
	command_end(&c);
}

/* -p is of Postfix, -c of us, wherever they stand. */
static void
another_postfix(void)
{
	static const char *const row[] = {"--postfix @/dir --config @/p.conf",
	    "-p @/dir -c @/p.conf", "-c @/p.conf -p @/dir/"};

	command_begin(&c);
	tmpdir_sub(&c.dir, "dir");
	command_file(&c, "p.conf", "nonsense = 1\n"); /* read no further */
	for (size_t i = 0; i < LENGTH(row); i++) {
		suite_row(row[i]);
		command_run(&c, "check -n %s", row[i]);
		CHECK(c.status == 1);
		CHECK(strstr(c.err, tmpdir_placed(&c.dir, "@/p.conf:1: ")) !=
		    NULL);
	}
	suite_row(NULL);
	command_run(&c, "check -n -c @/dir");
	CHECK(c.status == 2);
	CHECK(strstr(c.err,
	          "-c is our config, a file; another Postfix is -p: ") != NULL);
	command_end(&c);
}

/* As it is with git(1): what is meant for all stands in front. */
static void
config_before_or_after(void)
{
	static const char *const row[] = {"-c @/p.conf check -n",
	    "check -n -c @/p.conf", "-c @/none check -n -c @/p.conf",
	    "--config=@/p.conf check -n"};

	command_begin(&c);
	command_file(&c, "p.conf", "nonsense = 1\n"); /* read no further */
	for (size_t i = 0; i < LENGTH(row); i++) {
		suite_row(row[i]);
		command_run(&c, "%s", row[i]);
		CHECK(c.status == 1);
		CHECK(strstr(c.err, tmpdir_placed(&c.dir, "@/p.conf:1: ")) !=
		    NULL);
	}
	suite_row(NULL);
	command_run(&c, "-c @/p.conf check -x");
	CHECK(c.status == 2);
	CHECK(strncmp(c.err, "check: invalid option -- 'x'\n", 29) == 0);
	command_run(&c, "-c @/p.conf import @/p.conf");
	CHECK(c.status == 2);
	CHECK_STR(c.err,
	    "postseal import: it reads no config: leave out -c\n"
	    "Try \"postseal import --help\".\n");
	command_run(&c, "-T -c @/p.conf check");
	CHECK(c.status == 2);
	CHECK(
	    strncmp(c.err, "postseal: --test and check: one thing at a time\n",
	        47) == 0);
	command_end(&c);
}

/* `help CMD` is `CMD --help`; `help` alone that of postseal. */
static void
help_of(void)
{
	static const char *const row[] = {"", "setup", "rotate", "check",
	    "genkey", "testkey", "record", "import", "spf", "sign", "status",
	    "why", "help", "version"};
	static char want[sizeof c.out];

	command_begin(&c);
	for (size_t i = 0; i < LENGTH(row); i++) {
		suite_row(row[i]);
		command_run(&c, "%s --help", row[i]);
		CHECK(c.status == 0);
		snprintf(want, sizeof want, "%s", c.out);
		command_run(&c, "help %s", row[i]);
		CHECK(c.status == 0);
		CHECK_STR(c.out, want);
		CHECK_STR(c.err, "");
	}
	suite_row(NULL);
	command_run(&c, "version");
	CHECK(c.status == 0);
	CHECK_STR(c.out, "postseal " POSTSEAL_VERSION "\n");
	command_end(&c);
}

/* One of something. */
static void
plain_words(void)
{
	command_begin(&c);
	command_file(
	    &c, "p.conf", "domain a.example { key k { file = \"@/none\" } }\n");
	command_run(&c, "check -n -c @/p.conf -p @/none");
	CHECK(strstr(c.out, "\n1 error, 0 warnings, ") != NULL);
	command_end(&c);
}

/* Two letters off, and not further; of a short word half of it. */
static void
did_you_mean(void)
{
	static const struct {
		const char *words, *says;
	} row[] = {
	    {"chekc", "postseal: what is \"chekc\"? Did you mean check?\n"},
	    {"gen-key a.example",
	        "postseal: what is \"gen-key\"? Did you mean genkey?\n"},
	    {"stat", "postseal: what is \"stat\"? Did you mean status?\n"},
	    {"sta", "postseal: what is \"sta\"?\n"},
	    {"wh", "postseal: what is \"wh\"? Did you mean why?\n"},
	    {"x", "postseal: what is \"x\"?\n"},
	    {"''", "postseal: what is \"\"?\n"},
	    {"frobnicate-all-that-there-is-in-this-house-and-more",
	        "postseal: what is "
	        "\"frobnicate-all-that-there-is-in-this-house-"
	        "and-more\"?\n"},
	    {"-c x Check",
	        "postseal: what is \"Check\"? Did you mean check?\n"},
	    {"help rotat",
	        "postseal help: what is \"rotat\"? Did you mean rotate?\n"},
	    {"help a b", "postseal help: what is: \"b\"\n"},
	    {"version now", "postseal version: what is: \"now\"\n"},
	};

	command_begin(&c);
	for (size_t i = 0; i < LENGTH(row); i++) {
		suite_row(row[i].words);
		command_run(&c, "%s", row[i].words);
		CHECK(c.status == 2);
		CHECK_STR(c.out, "");
		CHECK(strncmp(c.err, row[i].says, strlen(row[i].says)) == 0);
		CHECK(strstr(c.err, "\nTry \"postseal") != NULL);
	}
	suite_row(NULL);
	command_end(&c);
}

SUITE("subcommand", T(help_from_the_rows), T(each), T(unknown_options),
    T(another_postfix), T(config_before_or_after), T(help_of), T(plain_words),
    T(did_you_mean))
