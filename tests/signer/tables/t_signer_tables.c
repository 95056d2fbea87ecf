/*
 * The real postseal-signer with tables that are wrong: at the start, with -T,
 * and at a reload, which must leave what is in force.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/built.h"
#include "tests/support/pem.h"
#include "tests/support/signerd.h"
#include "tests/support/suite.h"

/* The text with the test's directory in it, as the log has it: with a backslash
 * before each quote. */
static const char *
in_log(const char *text)
{
	static char out[4000];
	size_t n = 0;

	for (text = tmpdir_placed(&signerd.dir, text); *text != '\0'; text++) {
		if (*text == '"')
			out[n++] = '\\';
		out[n++] = *text;
	}
	out[n] = '\0';
	return out;
}

static void
put(const char *name, const char *text)
{
	tmpdir_write(&signerd.dir, name, tmpdir_placed(&signerd.dir, text));
}

/* Good tables: a.example signs by them, own.example by its section. */
static void
configure(const char *more)
{
	char text[1000];

	put("KeyTable", "# keys\nk a.example:s:@/good.pem\n");
	put("SigningTable", "*@a.example k\n");
	put("Logins", "bob *@a.example\n");
	put("Hosts", "127.0.0.1\n");
	snprintf(text, sizeof text, "%s\n",
	    tmpdir_placed(&signerd.dir,
	        "key_table = \"@/KeyTable\"\n"
	        "signing_table = \"refile:@/SigningTable\"\n"
	        "auth_table = \"@/Logins\"\n"
	        "internal_hosts = {\"refile:@/Hosts\"}\n"));
	strncat(text, more, sizeof text - strlen(text) - 1);
	signerd_configure(
	    text, signerd_domain("own.example", "o", signerd.good));
}

/* The end of a message from a@FROM: 'i' and its signature, then 'a'; or 'y'. */
static void
mail(const char *from, const char *want, const char *signature)
{
	int fd = signerd_dial();

	signerd_greet(fd);
	signerd_begin_message(fd, from);
	CHECK(suite_has(signerd_end_message(fd, want), signature));
	close(fd);
}

static const struct {
	const char *file, *text; /* what is changed; NULL: the file is gone */
	const char *says;
	bool only_row; /* costs only what the row signs */
} row[] = {
    {"SigningTable", "*@a.example k\n\n*@b.example missing\n",
        "@/SigningTable:3: *@b.example names the key \"missing\", which "
        "@/KeyTable does not have",
        true},
    {"SigningTable", "*@a.example k\n*@b.example k2\n",
        "@/SigningTable:2: *@b.example names the key \"k2\", which @/KeyTable "
        "does not have",
        true},
    {"SigningTable", "*@a.example k\n*@b.example\n",
        "@/SigningTable:2: after the pattern must come the name of a key",
        true},
    {"SigningTable", "*@a.example k\n*@b.example k @b.example\n",
        "@/SigningTable:2: no white space may stand in \"k @b.example\": an "
        "identity is written name:identity, as in k:@example.com",
        true},
    {"KeyTable", "k a.example:s:@/good.pem\nb b.example:s\n",
        "@/KeyTable:2: after the name must come domain:selector:path", true},
    {"KeyTable", "k a.example:s:@/good.pem\nb b.example:t:@/none.pem\n",
        "@/KeyTable:2: domain b.example: key @/none.pem: No such file or "
        "directory",
        true},
    {"KeyTable", "k a.example:s:@/good.pem\nb b.example:t:@/KeyTable\n",
        "@/KeyTable:2: domain b.example: key @/KeyTable: there is no key in "
        "PEM form in it",
        true},
    {"KeyTable", "k a.example:s:@/good.pem\nb b.example:t:MIIB\n",
        "@/KeyTable:2: domain b.example: key @/KeyTable: the key is damaged",
        true},
    {"KeyTable", "k a.example:s:@/good.pem\nb\001 b.example:t:@/good.pem\n",
        "@/KeyTable:2: there is a control character in it", true},
    {"KeyTable", NULL, "@/KeyTable: No such file or directory", false},
    {"SigningTable", NULL, "@/SigningTable: No such file or directory", false},
    {"Logins", "bob *@a.example\nal\n",
        "@/Logins:2: after the login must come the addresses it may use",
        false},
    {"Hosts", "127.0.0.1\n10.0.0.0/33\n",
        "@/Hosts:2: \"10.0.0.0/33\" is neither an address, nor a network, nor "
        "a name",
        false},
};

enum { ROWS = sizeof row / sizeof row[0] };

static void
spoil(size_t i)
{
	char path[TMPDIR_PATH_MAX];

	suite_row(row[i].says);
	if (row[i].text != NULL)
		put(row[i].file, row[i].text);
	else
		CHECK(
		    unlink(tmpdir_file(&signerd.dir, row[i].file, path)) == 0);
}

/* At a reload: the old settings stay, the line names file and line, and mail
 * goes on being signed. */
static void
reloads(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		pid_t pid;

		signerd_begin();
		configure("");
		pid = signerd_start_serving();
		spoil(i);
		kill(pid, SIGHUP);
		CHECK(signerd_logged("reload_failed"));
		CHECK(signerd_logged(in_log(row[i].says)));
		CHECK(strstr(tmpdir_read(signerd.log), " reloaded ") == NULL);
		mail("a.example", "ia", "d=a.example; s=s;");
		mail("own.example", "ia", "d=own.example; s=o;");
		kill(pid, SIGTERM);
		CHECK(built_end_of(pid) == 0);
		signerd_finish();
	}
	suite_row(NULL);
}

/* -T says the same and exits 1. */
static void
told_by_option(void)
{
	signerd_begin();
	configure("");
	CHECK(built_end_of(signerd_start("-T")) == 0);
	signerd_finish();
	for (size_t i = 0; i < ROWS; i++) {
		signerd_begin();
		configure("");
		spoil(i);
		CHECK(built_end_of(signerd_start("-T")) == 1);
		CHECK(suite_has(signerd_printed(),
		    tmpdir_placed(&signerd.dir, row[i].says)));
		CHECK_STR(tmpdir_read(signerd.log), "");
		signerd_finish();
	}
	suite_row(NULL);
}

/* At the start a wrong row costs its own domains; a list of which half cannot
 * be read, everything. */
static void
starts(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		bool names_b;
		pid_t pid;

		signerd_begin();
		configure("");
		spoil(i);
		if (!row[i].only_row) {
			CHECK(built_end_of(signerd_start(NULL)) == 1);
			CHECK(
			    suite_has(signerd_printed(), in_log(row[i].says)));
			signerd_finish();
			continue;
		}
		names_b = strcmp(row[i].file, "SigningTable") == 0;
		if (!names_b)
			put("SigningTable", "*@a.example k\n*@b.example b\n");
		pid = signerd_start_serving();
		CHECK(suite_has(tmpdir_read(signerd.log), in_log(row[i].says)));
		mail("a.example", "ia", "d=a.example; s=s;");
		mail("own.example", "ia", "d=own.example; s=o;");
		mail("b.example", "y", "");
		CHECK(signerd_logged("from=b.example reason=\"a key for "
		                     "b.example cannot be used ("));
		kill(pid, SIGTERM);
		CHECK(built_end_of(pid) == 0);
		signerd_finish();
		/* unless all must be good */
		signerd_begin();
		configure("strict_start = true\n");
		spoil(i);
		CHECK(built_end_of(signerd_start(NULL)) == 1);
		CHECK(suite_has(signerd_printed(), in_log(row[i].says)));
		signerd_finish();
	}
	suite_row(NULL);
}

/* Mended, the next reload takes it. */
static void
mended(void)
{
	pid_t pid;

	signerd_begin();
	configure("");
	pid = signerd_start_serving();
	put("SigningTable", "*@a.example k\n*@b.example b\n");
	put("KeyTable",
	    "k a.example:new:@/good.pem\nb b.example:t:@/good.pem\n");
	kill(pid, SIGHUP);
	CHECK(signerd_logged(" reloaded generation="));
	mail("a.example", "ia", "d=a.example; s=new;");
	mail("b.example", "ia", "d=b.example; s=t;");
	kill(pid, SIGTERM);
	CHECK(built_end_of(pid) == 0);
	signerd_finish();
}

SUITE("signer_tables", T(reloads), T(told_by_option), T(starts), T(mended))
