#include "common/dns/nameservers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "tests/support/descriptors.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

struct rig {
	struct tmpdir d;
	char file[TMPDIR_PATH_MAX], log[TMPDIR_PATH_MAX];
	struct nameservers_source *source;
	bool worker; /* it looks as another user, if root runs this */
};

enum { WORKER = 65534 };

static void
rig_open(struct rig *r, const char *text)
{
	struct dns_settings dns = {.timeout = 5};

	r->worker = false;
	tmpdir_make(&r->d);
	tmpdir_file(&r->d, "log", r->log);
	tmpdir_file(&r->d, "resolv.conf", r->file);
	CU_ASSERT_EQUAL_FATAL(log_open(r->log, "t"), 0);
	if (text != NULL)
		tmpdir_write(&r->d, "resolv.conf", text);
	CU_ASSERT_EQUAL_FATAL(
	    nameservers_source_new(&dns, r->file, &r->source), 0);
}

static void
rig_close(struct rig *r)
{
	nameservers_source_free(r->source);
	log_open(NULL, "t");
	tmpdir_remove(&r->d);
}

/* Who is asked at that time: "192.0.2.1 192.0.2.2". */
static const char *
servers(struct rig *r, uint64_t now)
{
	static char text[400];
	char server[DNS_SERVER_TEXT_MAX];
	const uid_t me = geteuid();
	struct nameservers *set;
	int n = 0;

	CU_ASSERT_FATAL(!r->worker || me != 0 || seteuid(WORKER) == 0);
	set = nameservers_now(r->source, now);
	CU_ASSERT_FATAL(geteuid() == me || seteuid(me) == 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	for (size_t i = 0; i < set->n; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s%s",
		    i == 0 ? "" : " ",
		    dns_server_text(&set->server[i].at, server));
	nameservers_drop(set);
	return text;
}

static void
replace_by_rename(struct rig *r, const char *text)
{
	char other[TMPDIR_PATH_MAX];

	tmpdir_write(&r->d, "new", text);
	CU_ASSERT_EQUAL_FATAL(
	    rename(tmpdir_file(&r->d, "new", other), r->file), 0);
}

/* However it is changed, it is seen at the next look; between looks it is not
 * looked at. */
static void
a_changed_file(void)
{
	char one[TMPDIR_PATH_MAX], two[TMPDIR_PATH_MAX];
	struct rig r;
	FILE *f;

	rig_open(&r, "nameserver 192.0.2.1\n");
	CHECK_STR(servers(&r, 10000), "192.0.2.1");
	replace_by_rename(&r, "nameserver 192.0.2.2\n");
	CHECK_STR(servers(&r, 10000 + NAMESERVERS_LOOK_MS - 1), "192.0.2.1");
	CHECK_STR(servers(&r, 10000 + NAMESERVERS_LOOK_MS), "192.0.2.2");
	f = fopen(r.file, "a"); /* edited in its place */
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CHECK(fputs("nameserver 192.0.2.3\n", f) >= 0 && fclose(f) == 0);
	CHECK_STR(servers(&r, 12000), "192.0.2.2 192.0.2.3");
	tmpdir_write(&r.d, "one", "nameserver 192.0.2.4\n");
	tmpdir_write(&r.d, "two", "nameserver 192.0.2.5\n");
	tmpdir_file(&r.d, "one", one);
	tmpdir_file(&r.d, "two", two);
	CHECK(unlink(r.file) == 0 && symlink(one, r.file) == 0);
	CHECK_STR(servers(&r, 13000), "192.0.2.4");
	CHECK(unlink(r.file) == 0 && symlink(two, r.file) == 0);
	CHECK_STR(servers(&r, 14000), "192.0.2.5");
	CHECK_STR(tmpdir_read(r.log), "");
	rig_close(&r);
}

/* A DHCP client writes it again, with the same text: who is silent is known
 * still. */
static void
the_same_again(void)
{
	static const char text[] =
	    "nameserver 192.0.2.1\nnameserver 192.0.2.2\noptions timeout:3\n";
	static const char *const other[] = {
	    "nameserver 192.0.2.1\nnameserver 192.0.2.3\noptions timeout:3\n",
	    "nameserver 192.0.2.1\noptions timeout:3\n",
	    "nameserver 192.0.2.1\nnameserver 192.0.2.2\noptions timeout:1\n",
	    "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
	    "options timeout:3 attempts:1\n",
	    "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
	    "options timeout:3 rotate\n",
	    "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
	    "options timeout:3 use-vc\n",
	    "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"
	    "options timeout:3 trust-ad\n"};
	struct nameservers *before, *now;
	struct rig r;
	uint64_t ms = 10000;

	rig_open(&r, text);
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
		suite_row(other[i]);
		before = nameservers_now(r.source, ms += NAMESERVERS_LOOK_MS);
		replace_by_rename(&r, text);
		now = nameservers_now(r.source, ms += NAMESERVERS_LOOK_MS);
		CHECK(now == before);
		nameservers_drop(now);
		replace_by_rename(&r, other[i]);
		now = nameservers_now(r.source, ms += NAMESERVERS_LOOK_MS);
		CHECK(now != before);
		nameservers_drop(now);
		nameservers_drop(before);
		replace_by_rename(&r, text);
	}
	suite_row(NULL);
	rig_close(&r);
}

/* The log has so many lines, and the last one ends in that. */
static void
logged(struct rig *r, unsigned lines, const char *what)
{
	const char *text = tmpdir_read(r->log);
	size_t end = strlen(text), n = strlen(what);
	unsigned count = 0;

	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		count++;
	CHECK(count == lines);
	CHECK(end >= n + 2 && memcmp(text + end - 2 - n, what, n) == 0);
}

#define NAMES_NONE "/resolv.conf names no server: 127.0.0.1 is asked"
#define CANNOT(why) "/resolv.conf cannot be read: " why "; 127.0.0.1 is asked"

/* The servers of before go on, then 127.0.0.1 is asked, which is logged once
 * however often the file is looked at. */
static void
lost(struct rig *r, uint64_t now, unsigned lines, const char *what)
{
	size_t before = strlen(tmpdir_read(r->log));

	CHECK_STR(servers(r, now), "192.0.2.1");
	CHECK_STR(servers(r, now + 4000), "192.0.2.1");
	CHECK(strlen(tmpdir_read(r->log)) == before);
	for (uint64_t ms = NAMESERVERS_GRACE_MS; ms < 60000; ms += 1000) {
		CHECK_STR(servers(r, now + ms), "127.0.0.1");
		logged(r, lines, what);
	}
}

/* Emptied, gone, or what cannot be read: the servers of before have some
 * seconds. */
static void
a_file_that_names_none(void)
{
	static const char *const what[] = {NAMES_NONE, NAMES_NONE,
	    CANNOT("No such file or directory"), CANNOT("not a regular file"),
	    CANNOT("not a regular file")};
	struct rig r;

	for (int how = 0; how < 5; how++) {
		rig_open(&r, "nameserver 192.0.2.1\n");
		CHECK_STR(servers(&r, 10000), "192.0.2.1");
		if (how == 0)
			tmpdir_write(&r.d, "resolv.conf", "");
		else if (how == 1)
			replace_by_rename(&r, "# none\n");
		else
			CHECK(unlink(r.file) == 0);
		if (how == 3)
			CHECK(mkfifo(r.file, 0600) == 0);
		if (how == 4)
			CHECK(mkdir(r.file, 0700) == 0);
		lost(&r, 20000, 1, what[how]);
		CHECK(how != 4 || rmdir(r.file) == 0);
		replace_by_rename(&r, "nameserver 192.0.2.9\n");
		CHECK_STR(servers(&r, 90000), "192.0.2.9");
		rig_close(&r);
	}
}

/* Another file in its place that the worker may read, or not. */
static void
replace(struct rig *r, const char *text, mode_t mode)
{
	replace_by_rename(r, text);
	CHECK(chmod(r->file, geteuid() == 0 ? mode : mode & 0444) == 0);
}

/* Logged again when it had been well, and when something else is wrong. */
static void
each_state_is_logged_once(void)
{
	struct rig r;

	rig_open(&r, "nameserver 192.0.2.1\n");
	r.worker = true;
	CHECK(chmod(r.file, 0644) == 0);
	CHECK_STR(servers(&r, 10000), "192.0.2.1");
	replace(&r, "nameserver 192.0.2.1\n", 0200);
	lost(&r, 20000, 1, CANNOT("Permission denied"));
	replace(&r, "nameserver 192.0.2.2\n", 0200); /* no better */
	CHECK_STR(servers(&r, 100000), "127.0.0.1");
	CHECK_STR(servers(&r, 110000), "127.0.0.1");
	logged(&r, 1, CANNOT("Permission denied"));
	replace(&r, "", 0644); /* otherwise wrong */
	CHECK_STR(servers(&r, 120000), "127.0.0.1");
	logged(&r, 1, CANNOT("Permission denied"));
	CHECK_STR(servers(&r, 130000), "127.0.0.1");
	logged(&r, 2, NAMES_NONE);
	replace(&r, "options timeout:1\n", 0644); /* not otherwise */
	CHECK_STR(servers(&r, 140000), "127.0.0.1");
	CHECK_STR(servers(&r, 150000), "127.0.0.1");
	logged(&r, 2, NAMES_NONE);
	replace(&r, "nameserver 192.0.2.1\n", 0644);
	CHECK_STR(servers(&r, 160000), "192.0.2.1");
	replace(&r, "", 0644);
	lost(&r, 170000, 3, NAMES_NONE);
	rig_close(&r);
}

/* What is wrong in turn, a kind at each look, has no new time each. */
static void
one_grace(void)
{
	struct rig r;

	rig_open(&r, "nameserver 192.0.2.1\n");
	servers(&r, 10000);
	tmpdir_write(&r.d, "resolv.conf", "");
	CHECK_STR(servers(&r, 20000), "192.0.2.1");
	CHECK(unlink(r.file) == 0);
	CHECK_STR(servers(&r, 24000), "192.0.2.1");
	CHECK_STR(servers(&r, 25000), "127.0.0.1");
	logged(&r, 1, CANNOT("No such file or directory"));
	rig_close(&r);
}

/* No file, or none named: that is how it is there, as resolv.conf(5) says, and
 * nothing to log for each process. What cannot be read is no such wish. */
static void
at_the_start(void)
{
	struct rig r;

	for (int empty = 0; empty < 2; empty++) {
		rig_open(&r, empty ? "search example.com\n" : NULL);
		r.worker = true;
		CHECK(!empty || chmod(r.file, 0644) == 0);
		CHECK_STR(servers(&r, 10000), "127.0.0.1");
		CHECK_STR(servers(&r, 20000), "127.0.0.1");
		CHECK_STR(tmpdir_read(r.log), "");
		replace(&r, "nameserver 192.0.2.1\n", 0644);
		CHECK_STR(servers(&r, 21000), "192.0.2.1");
		replace(&r, "", 0200);
		lost(&r, 30000, 1, CANNOT("Permission denied"));
		rig_close(&r);
	}
	rig_open(&r, "nameserver 192.0.2.1\n");
	r.worker = true;
	replace(&r, "nameserver 192.0.2.1\n", 0200);
	for (uint64_t now = 10000; now < 30000; now += 1000) {
		CHECK_STR(servers(&r, now), "127.0.0.1");
		logged(&r, 1, CANNOT("Permission denied"));
	}
	rig_close(&r);
}

/* No descriptor at the first look: no set, rather than a wrong one. */
static void
no_descriptor(void)
{
	struct rlimit old;
	struct rig r;

	rig_open(&r, "nameserver 192.0.2.1\n");
	old = descriptors_limit(0);
	CHECK(nameservers_now(r.source, 10000) == NULL);
	descriptors_back(&old);
	CHECK_STR(servers(&r, 10000), "192.0.2.1");
	rig_close(&r);
}

/* What could not be read, for whatever reason, is tried again: rights do not
 * change what a file is known by. */
static void
a_file_that_may_be_read_later(void)
{
	struct rig r;

	rig_open(&r, "nameserver 192.0.2.1\n");
	r.worker = true;
	CHECK(chmod(r.file, 0) == 0);
	CHECK_STR(servers(&r, 10000), "127.0.0.1");
	CHECK(chmod(r.file, 0644) == 0);
	CHECK_STR(servers(&r, 11000), "192.0.2.1");
	rig_close(&r);
}

/* Back within the grace: nothing has happened. */
static void
a_file_that_is_being_written(void)
{
	struct rig r;

	rig_open(&r, "nameserver 192.0.2.1\n");
	servers(&r, 10000);
	tmpdir_write(&r.d, "resolv.conf", "");
	CHECK_STR(servers(&r, 11000), "192.0.2.1");
	tmpdir_write(&r.d, "resolv.conf", "nameserver 192.0.2.2\n");
	CHECK_STR(servers(&r, 12000), "192.0.2.2");
	CHECK_STR(tmpdir_read(r.log), "");
	rig_close(&r);
}

/* Who holds a set keeps it. */
static void
a_set_that_is_held(void)
{
	struct nameservers *held;
	struct rig r;

	rig_open(&r, "nameserver 192.0.2.1\n");
	held = nameservers_now(r.source, 10000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(held);
	replace_by_rename(&r, "nameserver 192.0.2.2\n");
	CHECK_STR(servers(&r, 11000), "192.0.2.2");
	rig_close(&r);
	CHECK(held->n == 1 && held->server[0].at.ip.b[3] == 1);
	nameservers_drop(held);
}

/* A file of RESOLVCONF_MAX bytes, and one more. */
static void
a_large_file(void)
{
	static char text[RESOLVCONF_MAX + 2];
	struct rig r;

	memset(text, '#', RESOLVCONF_MAX);
	memcpy(text, "nameserver 192.0.2.1\n", 21);
	rig_open(&r, text);
	CHECK_STR(servers(&r, 10000), "192.0.2.1");
	rig_close(&r);
	text[RESOLVCONF_MAX] = '#';
	rig_open(&r, text);
	CHECK_STR(servers(&r, 10000), "127.0.0.1");
	rig_close(&r);
}

/* dns.timeout, servers and options timeout: -> the time of a try. */
static void
times(void)
{
	static const struct {
		unsigned timeout;
		const char *conf;
		uint64_t ms;
		unsigned rounds;
	} rows[] = {
	    {5, "nameserver 192.0.2.1\n", 2500, 2},
	    {60, "nameserver 192.0.2.1\n", 5000, 2},
	    {60, "nameserver 192.0.2.1\noptions timeout:3 attempts:4\n", 3000,
	        4},
	    {5, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n", 1250, 2},
	    {1, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n", 500, 2},
	    {5, "nameserver 192.0.2.1\noptions timeout:1\n", 1000, 2},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dns_settings dns = {.timeout = rows[i].timeout};
		struct nameservers_source *s;
		struct nameservers *set;
		char file[TMPDIR_PATH_MAX];
		struct tmpdir d;

		suite_row(rows[i].conf);
		tmpdir_make(&d);
		tmpdir_write(&d, "c", rows[i].conf);
		CU_ASSERT_EQUAL_FATAL(nameservers_source_new(
		                          &dns, tmpdir_file(&d, "c", file), &s),
		    0);
		set = nameservers_now(s, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(set);
		CHECK(set->try_ms == rows[i].ms);
		CHECK(set->rounds == rows[i].rounds);
		nameservers_drop(set);
		nameservers_source_free(s);
		tmpdir_remove(&d);
	}
	suite_row(NULL);
}

/* Those of the config: no file is read, and no more than are allowed are
 * asked. */
static void
servers_of_the_config(void)
{
	struct dns_server at[NAMESERVERS_MAX + 1] = {{.port = 53}};
	struct dns_settings dns = {
	    .servers = {.v = at}, .timeout = 5, .trust_ad = true};
	struct nameservers_source *s;
	struct nameservers *set;

	for (size_t n = 1; n <= NAMESERVERS_MAX + 1; n++) {
		dns.servers.n = n;
		CU_ASSERT_EQUAL_FATAL(
		    nameservers_source_new(&dns, "/none", &s), 0);
		set = nameservers_now(s, 1);
		CU_ASSERT_PTR_NOT_NULL_FATAL(set);
		CHECK(set->n == (n > NAMESERVERS_MAX ? NAMESERVERS_MAX : n));
		CHECK(set->trust_ad && !set->rotate && !set->tcp);
		nameservers_drop(set);
		nameservers_source_free(s);
	}
}

/* "012": the order at a turn, with the servers whose bit is set silent until
 * 100. */
static const char *
order(struct nameservers *set, unsigned turn, unsigned silent, uint64_t now)
{
	static char text[NAMESERVERS_MAX + 1];
	unsigned char index[NAMESERVERS_MAX];

	for (size_t i = 0; i < set->n; i++)
		set->server[i].silent = (silent >> i & 1) != 0 ? 100 : 0;
	nameservers_order(set, turn, now, index);
	for (size_t i = 0; i < set->n; i++)
		text[i] = (char)('0' + index[i]);
	text[set->n] = '\0';
	return text;
}

static void
orders(void)
{
	struct nameservers *set;
	struct rig r;

	rig_open(&r, "nameserver ::1\nnameserver ::2\nnameserver ::3\n");
	set = nameservers_now(r.source, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	CHECK_STR(order(set, 0, 0, 50), "012");
	CHECK_STR(order(set, 7, 0, 50), "012");
	CHECK_STR(order(set, 0, 1, 50), "120");
	CHECK_STR(order(set, 0, 5, 99), "102");
	CHECK_STR(order(set, 0, 5, 100), "012"); /* the minute is over */
	CHECK_STR(order(set, 0, 7, 50), "012");
	set->rotate = true;
	CHECK_STR(order(set, 1, 0, 50), "120");
	CHECK_STR(order(set, 5, 0, 50), "201");
	CHECK_STR(order(set, 1, 2, 50), "201");
	nameservers_drop(set);
	rig_close(&r);
}

/* Without memory there is none, or the one of before. */
static void
no_memory(void)
{
	struct nameservers *set;
	struct rig r;
	unsigned none = 0;

	rig_open(&r, "nameserver 192.0.2.1\n");
	for (long n = 0; nomem_round(n); n++) {
		set = nameservers_now(r.source, 1);
		none += set == NULL;
		CHECK(nomem_end() || set != NULL);
		nameservers_drop(set);
	}
	CHECK(none > 0 || suite_under_valgrind());
	rig_close(&r);
}

SUITE("nameservers", T(a_changed_file), T(the_same_again),
    T(a_file_that_names_none), T(each_state_is_logged_once), T(one_grace),
    T(at_the_start), T(a_file_that_is_being_written), T(no_descriptor),
    T(a_file_that_may_be_read_later), T(a_set_that_is_held), T(a_large_file),
    T(times), T(servers_of_the_config), T(orders), T(no_memory))
