#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "admin/limits.h"
#include "admin/postfix/postconf.h"
#include "tests/support/fakepostconf.h"
#include "tests/support/suite.h"

static struct tmpdir d;
static struct postconf p;
static struct buf out, why;

static void
begin(void)
{
	tmpdir_make(&d);
	fakepostconf_make(&d, "a = one\nb = $a\nempty = \n", "c = three\n",
	    "smtp inet n - y - - smtpd\nspf unix - n n - 0 spawn\n");
	p.dir = d.path;
	buf_init(&out, POSTCONF_VALUE_MAX);
	buf_init(&why, 1000);
}

static void
end(void)
{
	buf_free(&out);
	buf_free(&why);
	tmpdir_remove(&d);
}

static void
values(void)
{
	static const struct {
		const char *name;
		bool expand;
		int rc;
		const char *want;
	} rows[] = {{"a", false, 0, "one"}, {"b", false, 0, "$a"},
	    {"b", true, 0, "one"}, {"c", true, 0, "three"},
	    {"empty", true, 0, ""}, {"nothing", true, -ENOENT, ""}};

	begin();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].name);
		buf_clear(&out);
		CHECK(postconf_get(&p, rows[i].name, rows[i].expand, &out,
		          &why) == rows[i].rc);
		CHECK_STR(buf_text(&out), rows[i].want);
	}
	suite_row(NULL);
	CHECK(why.n == 0);
	end();
}

/* Postfix 3.10 says its own folder whatever -c names, as this one does. */
static void
directory(void)
{
	const struct postconf own = {.dir = NULL};

	begin();
	tmpdir_write(
	    &d, "main.cf.default", "config_directory = /etc/postfix\n");
	CHECK(postconf_directory(&p, &out, &why) == 0);
	CHECK_STR(buf_text(&out), d.path);
	buf_clear(&out);
	CHECK(postconf_directory(&own, &out, &why) == 0);
	CHECK_STR(buf_text(&out), "/etc/postfix");
	CHECK(why.n == 0);
	end();
}

/* And so it does where the name stands in a value. */
static void
directory_in_a_value(void)
{
	const struct postconf own = {.dir = NULL};
	char want[TMPDIR_PATH_MAX + 20];

	begin();
	tmpdir_write(&d, "main.cf", "a = hash:$config_directory/users\n");
	tmpdir_write(
	    &d, "main.cf.default", "config_directory = /etc/postfix\n");
	snprintf(want, sizeof want, "hash:%s/users", d.path);
	CHECK(postconf_get(&p, "a", true, &out, &why) == 0);
	CHECK_STR(buf_text(&out), want);
	buf_clear(&out);
	CHECK(postconf_get(&p, "a", false, &out, &why) == 0);
	CHECK_STR(buf_text(&out), "hash:$config_directory/users");
	buf_clear(&out);
	CHECK(postconf_get(&own, "a", true, &out, &why) == 0);
	CHECK_STR(buf_text(&out), "hash:/etc/postfix/users");
	CHECK(why.n == 0);
	end();
}

static void
what_is_set(void)
{
	bool set = false;

	begin();
	CHECK(postconf_is_set(&p, "a", &set, &why) == 0 && set);
	CHECK(postconf_is_set(&p, "c", &set, &why) == 0 && !set);
	CHECK(postconf_is_set(&p, "empty", &set, &why) == 0 && set);
	end();
}

static void
services(void)
{
	begin();
	CHECK(postconf_service(&p, "spf/unix", &out, &why) == 0);
	CHECK_STR(buf_text(&out), "spf unix - n n - 0 spawn");
	buf_clear(&out);
	CHECK(postconf_service(&p, "spf/inet", &out, &why) == -ENOENT);
	CHECK(postconf_services(&p, &out, &why) == 0);
	CHECK_STR(buf_text(&out),
	    "smtp inet n - y - - smtpd\nspf unix - n n - 0 spawn\n");
	end();
}

static void
commands(void)
{
	static const struct {
		const char *word, *want;
	} rows[] = {{"plain", "plain"}, {"a = b", "'a = b'"}, {"", "''"},
	    {"$x", "'$x'"}, {"it's", "'it'\\''s'"}};
	const struct postconf none = {.dir = NULL};
	struct postconf_command c;

	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char want[100];

		suite_row(rows[i].word);
		buf_clear(&out);
		CU_ASSERT_FATAL(postconf_command(&none, &c, "postconf", "-e",
		                    rows[i].word, NULL) == 0);
		postconf_command_print(&c, &out);
		snprintf(want, sizeof want, "postconf -e %s\n", rows[i].want);
		CHECK_STR(buf_text(&out), want);
		postconf_command_free(&c);
	}
	suite_row(NULL);
	buf_free(&out);
	begin();
	CU_ASSERT_FATAL(
	    postconf_command(&p, &c, "postconf", "-e", "a = 2", NULL) == 0);
	CHECK_STR(c.word[1], "-c");
	CHECK_STR(c.word[2], d.path);
	CHECK(postconf_command_run(&c, &why) == 0);
	postconf_command_free(&c);
	CHECK(postconf_get(&p, "a", false, &out, &why) == 0);
	CHECK_STR(buf_text(&out), "2");
	end();
}

static void
failures(void)
{
	struct postconf_command c;

	begin();
	CU_ASSERT_FATAL(postconf_command(&p, &c, "postconf", "-z", NULL) == 0);
	CHECK(postconf_command_run(&c, &why) == -EIO);
	CHECK_STR(buf_text(&why),
	    "postconf ends with status 1: fakepostconf: what is -z?\n");
	postconf_command_free(&c);
	end();
}

/* POSTCONF_VALUE_MAX bytes of a value, and one more. */
static void
long_values(void)
{
	for (int more = 0; more <= 1; more++) {
		char script[100], path[TMPDIR_PATH_MAX];

		begin();
		snprintf(script, sizeof script,
		    "#!/bin/sh\nhead -c %d /dev/zero\n",
		    POSTCONF_VALUE_MAX + more);
		tmpdir_write(&d, "postconf", script);
		CHECK(chmod(tmpdir_file(&d, "postconf", path), 0755) == 0);
		CHECK(postconf_get(&p, "a", false, &out, &why) ==
		    (more ? -EMSGSIZE : 0));
		CHECK_STR(buf_text(&why),
		    more ? "postconf says too much of a: Message too long\n"
		         : "");
		end();
	}
}

static void
no_postfix(void)
{
	const struct postconf none = {.dir = NULL};
	struct postconf_command c;
	bool set = true;

	buf_init(&out, 1000);
	buf_init(&why, 1000);
	CU_ASSERT_FATAL(
	    postconf_command(&none, &c, "no-postfix-here", "check", NULL) == 0);
	CHECK(postconf_command_run(&c, &why) == -ENOEXEC);
	CHECK_STR(buf_text(&why),
	    "there is no no-postfix-here(1): is Postfix installed?\n");
	CHECK(set);
	postconf_command_free(&c);
	buf_free(&out);
	buf_free(&why);
}

SUITE("postconf", T(values), T(directory), T(directory_in_a_value),
    T(what_is_set), T(services), T(commands), T(failures), T(long_values),
    T(no_postfix))
