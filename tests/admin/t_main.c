#include <stdio.h>
#include <sys/stat.h>

#include "common/settings/settings.h"
#include "tests/support/command.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

/* Runs -T on a file of that text and a domain whose key has that mode. */
static void
run_test(struct command *r, const char *option, const char *text, mode_t mode)
{
	char all[1000], key[TMPDIR_PATH_MAX];

	command_begin(r);
	command_file(r, "key", pem_ed25519);
	CU_ASSERT_FATAL(chmod(tmpdir_file(&r->dir, "key", key), mode) == 0);
	snprintf(all, sizeof all,
	    "%sdomain a.example { key s { file = \"@/key\" } }\n", text);
	command_file(r, "p.conf", all);
	command_run(r, "%s @/p.conf", option);
	command_end(r);
}

/* `postseal ARGUMENTS` */
static void
run(struct command *r, const char *arguments)
{
	command_begin(r);
	command_run(r, "%s", arguments);
	command_end(r);
}

static void
prints_what_is_in_force(void)
{
	static const char *const spellings[] = {
	    "-T -c", "-Tc", "--test --config"};
	static struct command r;

	for (int i = 0; i < 3; i++) {
		suite_row(spellings[i]);
		run_test(&r, spellings[i],
		    "dns { timeout = 3 }\npolicyd { helo { pass = OK } }\n",
		    0600);
		CHECK(r.status == 0);
		CHECK(strstr(r.out, "dns {\n\tservers = {}\n\ttimeout = 3\n") !=
		    NULL);
		CHECK(strstr(r.out, "signer {\n") != NULL);
		CHECK(strstr(r.out, "domain \"a.example\" {\n") != NULL);
		CHECK_STR(r.out + strcspn(r.out, "#"), "# OK\n");
		CHECK(strstr(r.err, "p.conf:2: policyd.helo.pass: ") != NULL);
	}
	suite_row(NULL);
}

/* A config of its own again; -n what is set and not the default, and whole
 * sections of titles. */
static void
prints_what_is_not_the_default(void)
{
	static const char *const spellings[] = {
	    "-n -c", "--changed -c", "-T -n -c", "-nTc"};
	static const char want[] =
	    "hostname = \"mx.example.com\"\n\ndns {\n\ttimeout = 3\n}\n"
	    "\npolicyd {\n\n\thelo {\n\t\tnone = \"dunno\"\n\t\tpass = "
	    "\"dunno\"\n\t}\n"
	    "\n\trecipient \"b@b.example\" {\n"
	    "\n\t\thelo {\n\t\t\tnone = \"header\"\n\t\t}\n\t}\n}\n"
	    "\ndomain \"a.example\" {\n\tkey \"s\" {\n\t\tfile = \"/";
	static struct command r;

	for (int i = 0; i < 4; i++) {
		suite_row(spellings[i]);
		run_test(&r, spellings[i],
		    "hostname = mx.example.com\n"
		    "dns { timeout = 3 servers = {} }\n"
		    "policyd { time_limit = 20 helo { pass = dunno none = "
		    "dunno }\nrecipient b@b.example { helo { pass = dunno "
		    "none = header } }\n}\n",
		    0600);
		CHECK(r.status == 0);
		CHECK(strncmp(r.out, want, strlen(want)) == 0);
		CHECK_STR(strstr(r.out, "/key"), "/key\"\n\t}\n}\n\n# OK\n");
	}
	suite_row(NULL);
}

static void
tells_what_is_wrong(void)
{
	static struct command r;

	run_test(
	    &r, "-Tc", "dns { timeout = 0 }\nsigner { workers = 65 }\n", 0600);
	CHECK(r.status == 1);
	CHECK_STR(r.out, ""); /* and no OK */
	CHECK(strstr(r.err, "/p.conf:1: dns.timeout: ") != NULL);
	CHECK(strstr(r.err, "/p.conf:2: signer.workers: ") != NULL);
	run(&r, "-T -c /nonexistent");
	CHECK(r.status == 1);
	CHECK_STR(
	    r.err, "/nonexistent: cannot be read: No such file or directory\n");
}

/* As the daemons' own -T. */
static void
tells_what_needs_more_than_a_value(void)
{
	static struct command r;

	run_test(&r, "-Tc",
	    "dns {\ntrust_anchor = \"/none/of.key\" }\n"
	    "signer { sign_headers = {\"From\", \"Received\"} }\n",
	    0600);
	CHECK(r.status == 1);
	/* a key from before only warns */
	CHECK(
	    strstr(r.err,
	        "/p.conf:2: dns.trust_anchor: is not used any more: ") != NULL);
	CHECK(strstr(r.err,
	          "/p.conf:3: signer.sign_headers: Received changes on the way "
	          "and is never signed\n") != NULL);
	run_test(
	    &r, "-Tc", "signer {\nkey_table = \"/none/KeyTable\" }\n", 0600);
	CHECK(r.status == 1);
	CHECK(strstr(r.err, "/none/KeyTable: No such file or directory\n") !=
	    NULL);
	CHECK(strstr(r.err,
	          "/p.conf:2: signer.key_table: this table cannot be used\n") !=
	    NULL);
}

static void
looks_at_the_keys(void)
{
	static struct command r;

	run_test(&r, "-Tc", "", 0644);
	CHECK(r.status == 1);
	CHECK(strstr(r.out, "domain \"a.example\" {\n") != NULL);
	CHECK(strstr(r.err, "/p.conf:1: domain a.example: key ") != NULL);
	run_test(&r, "-Tc", "signer { key_permissions = warn }\n", 0644);
	CHECK(r.status == 0);
	CHECK(strstr(r.err, "/p.conf:2: domain a.example: key ") != NULL);
}

static void
prints_the_sample(void)
{
	static struct command r;

	run(&r, "--sample-config");
	CHECK(r.status == 0);
	CHECK_STR(r.out, tmpdir_read("conf/postseal.conf"));
	run(&r, "--sample-config >/dev/full; (exit $?)");
	CHECK(r.status == 1);
}

static void
tells_about_itself(void)
{
	static struct command r;

	run(&r, "--version");
	CHECK(r.status == 0);
	CHECK_STR(r.out, "postseal " POSTSEAL_VERSION "\n");
	run(&r, "--help");
	CHECK(r.status == 0);
	CHECK(strstr(r.out, "-T, --test ") != NULL);
	CHECK(strstr(r.out, "-c, --config FILE") != NULL);
	CHECK(strstr(r.out, SETTINGS_FILE) != NULL);
	CHECK(strstr(r.out, "--sample-config ") != NULL);
	CHECK(strstr(r.out, "Exit status") != NULL);
}

static void
refuses_a_wrong_command_line(void)
{
	static const char *const rows[] = {"", "-x", "--nothing", "frobnicate",
	    "-c", "-c /x", "-T extra", "-T --version", "--help=now"};
	static struct command r;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i]);
		run(&r, rows[i]);
		CHECK(r.status == 2);
		CHECK_STR(r.out, "");
		CHECK(strstr(r.err, "Try \"postseal --help\".\n") != NULL);
	}
	suite_row(NULL);
}

SUITE("main", T(prints_what_is_in_force), T(prints_what_is_not_the_default),
    T(tells_what_is_wrong), T(tells_what_needs_more_than_a_value),
    T(looks_at_the_keys), T(prints_the_sample), T(tells_about_itself),
    T(refuses_a_wrong_command_line))
