/*
 * Whole policy sessions from policy.sessions, with the real checks on a zone:
 * in several orders of DNS answers, each request in one piece and byte by byte.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log/log.h"
#include "policyd/policy.h"
#include "tests/support/loop_fake.h"
#include "tests/support/nomem.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"

static const char sessions[] = "tests/replay/policy.sessions";

struct way {
	enum zone_order order;
	bool bytewise;
};

static const struct way ways[] = {
    {ZONE_READY, false},
    {ZONE_READY, true},
    {ZONE_TOGETHER, false},
    {ZONE_ONE_BY_ONE, false},
    {ZONE_REVERSED, false},
    {ZONE_SHUFFLED, false},
};

/* One session; the connection is made when the first request comes. */
struct session {
	struct policy_env env;
	struct settings *settings;
	struct policy *policy;
	struct way way;
	char config[4096];
	char name[200];
	int fd;
	unsigned lines, steps;
	char got[8192];
	size_t ngot;
};

static void
on_closed(void *arg)
{
	((struct session *)arg)->policy = NULL;
}

static void
session_begin(struct session *s, const struct way *way, const char *name)
{
	struct dns_settings dns = {.timeout = 10};

	memset(s, 0, sizeof *s);
	s->fd = -1;
	s->way = *way;
	snprintf(s->name, sizeof s->name, "%.150s (way %d)", name,
	    (int)(way - ways));
	suite_row(s->name);
	strcpy(s->config, "hostname = \"mx.example.org\"\n");
	CU_ASSERT_FATAL(loop_new(&s->env.request.loop) == 0);
	CU_ASSERT_FATAL(resolver_new(s->env.request.loop, &dns,
	                    &s->env.request.resolver) == 0);
	resolver_zone_order(s->env.request.resolver, way->order, 7);
}

static void
session_connect(struct session *s)
{
	struct buf why, warn;
	int pair[2];

	if (s->fd >= 0)
		return;
	buf_init(&why, 4096);
	buf_init(&warn, 4096);
	if (settings_parse("test.conf", span_str(s->config), SETTINGS_POLICYD,
	        &s->settings, &why, &warn) != 0)
		CHECK_STR(buf_text(&why), "");
	CU_ASSERT_FATAL(s->settings != NULL);
	buf_free(&why);
	buf_free(&warn);
	s->env.request.settings = s->settings;
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	s->fd = pair[0];
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	CU_ASSERT_FATAL(policy_new(&s->env, pair[1], pair[1], on_closed, s,
	                    &s->policy) == 0);
}

/* Until nothing moves any more; no time passes. */
static void
session_turn(struct session *s)
{
	ssize_t n;

	for (int i = 0; i < 8; i++)
		loop_run(s->env.request.loop);
	while ((n = read(
	            s->fd, s->got + s->ngot, sizeof s->got - 1 - s->ngot)) > 0)
		s->ngot += (size_t)n;
	s->got[s->ngot] = '\0';
}

static void
session_say(struct session *s, const char *text)
{
	size_t n = strlen(text), step = s->way.bytewise ? 1 : n;

	session_connect(s);
	for (size_t at = 0; at < n; at += step) {
		CHECK(write(s->fd, text + at, step) == (ssize_t)step);
		if (s->way.bytewise)
			session_turn(s);
	}
	CHECK(write(s->fd, "\n", 1) == 1);
}

/* The next reply is `want` and nothing more; whole: not only its beginning. */
static void
session_expect(struct session *s, const char *want, bool whole)
{
	session_turn(s);
	if (s->ngot >= 2 && strcmp(s->got + s->ngot - 2, "\n\n") == 0)
		s->got[s->ngot - 2] = '\0';
	if (!whole && strlen(s->got) > strlen(want))
		s->got[strlen(want)] = '\0';
	CHECK_STR(s->got, want);
	s->ngot = 0;
	s->steps++;
}

static bool
session_is_closed(struct session *s)
{
	char c;

	session_turn(s);
	return s->ngot == 0 && recv(s->fd, &c, 1, 0) == 0 && s->policy == NULL;
}

static void
session_end(struct session *s)
{
	CHECK(s->steps > 0);
	if (s->policy != NULL)
		policy_free(s->policy);
	close(s->fd);
	CHECK(resolver_zone_waiting(s->env.request.resolver) == 0);
	resolver_free(s->env.request.resolver);
	loop_free(s->env.request.loop);
	settings_free(s->settings);
}

static void
session_line(struct session *s, const char *line)
{
	char *end = s->config + strlen(s->config);

	s->lines++;
	if (strncmp(line, "zone ", 5) == 0) {
		resolver_zone_load(s->env.request.resolver, line + 5);
	} else if (strncmp(line, "config ", 7) == 0) {
		snprintf(end, sizeof s->config - strlen(s->config), "%s\n",
		    line + 7);
	} else if (line[0] == '>') {
		session_say(s, line[1] == ' ' ? line + 2 : "");
	} else if (strncmp(line, "< ", 2) == 0) {
		session_expect(s, line + 2, true);
	} else if (strncmp(line, "<~ ", 3) == 0) {
		session_expect(s, line + 3, false);
	} else if (strcmp(line, "eof") == 0) {
		shutdown(s->fd, SHUT_WR);
		CHECK(session_is_closed(s));
	} else if (strcmp(line, "closed") == 0) {
		s->steps++;
		CHECK(session_is_closed(s));
	} else {
		CHECK_STR(line, "a line that we know");
	}
}

/* Every session of the file; how many there were. */
static unsigned
run_all(const struct way *way)
{
	char line[4096];
	struct session s;
	unsigned n = 0;
	FILE *f = fopen(sessions, "r");

	CU_ASSERT_FATAL(f != NULL);
	while (fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (strncmp(line, "== ", 3) != 0) {
			CU_ASSERT_FATAL(n > 0);
			session_line(&s, line);
			continue;
		}
		if (n++ > 0)
			session_end(&s);
		session_begin(&s, way, line + 3);
	}
	if (n > 0)
		session_end(&s);
	fclose(f);
	suite_row(NULL);
	return n;
}

static void
every_way(void)
{
	log_open(NULL, "t_policy_replay");
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		CHECK(run_all(&ways[i]) == 11);
}

/* --- memory is out -------------------------------------------------------- */

enum { FINE, FALSE_ANSWER, NO_ANSWER };

struct short_run {
	struct session s;
	const char *client;
	const char *right; /* the answer with memory */
};

/* The request is answered rightly or put off, or its connection is closed. */
static int
ask_short(void *arg)
{
	struct short_run *t = arg;
	struct session *s = &t->s;
	char text[500];
	int n = snprintf(text, sizeof text,
	    "request=smtpd_access_policy\nprotocol_state=RCPT\n"
	    "client_address=%s\nhelo_name=mail.b\xc3\xbc"
	    "cher.example\nsender=u@a.example\nrecipient=r@example.org\n"
	    "instance=1\n\n",
	    t->client);

	if (write(s->fd, text, (size_t)n) != n)
		return NO_ANSWER;
	session_turn(s);
	if (s->ngot == 0)
		return s->policy == NULL ? FINE : NO_ANSWER;
	return strncmp(s->got, t->right, strlen(t->right)) == 0 ||
	        strncmp(s->got, "action=DEFER_IF_PERMIT 4.", 25) == 0 ||
	        strncmp(s->got, "action=PREPEND Received-SPF: temperror", 38) ==
	            0
	    ? FINE
	    : FALSE_ANSWER;
}

static void
memory_is_out(void)
{
	static const char *const clients[][2] = {
	    {"192.0.2.1", "action=PREPEND Received-SPF: pass"},
	    {"192.0.2.2", "action=PREPEND Received-SPF: pass"},
	    {"192.0.2.9", "action=550 5.7.23 "}};
	static struct short_run t;

	for (unsigned seed = 0; seed <= 300; seed++) {
		const struct way *way =
		    &ways[seed % (sizeof ways / sizeof ways[0])];
		struct session *s = &t.s;
		char row[200];
		int rc;

		t.client = clients[seed % 3][0];
		t.right = clients[seed % 3][1];
		session_begin(s, way, "memory is out");
		session_line(s,
		    "zone a.example TXT \"v=spf1 include:b.example mx -all\"");
		session_line(s, "zone b.example TXT \"v=spf1 a:c.example\"");
		session_line(s, "zone c.example A 192.0.2.1");
		session_line(s, "zone a.example MX 1 m.a.example");
		session_line(s, "zone m.a.example A 192.0.2.2");
		session_connect(s);
		nomem.keeps = seed % 2 == 1;
		/* the first has memory */
		rc = nomem_child(seed, seed == 0 ? 0 : 30, ask_short, &t);
		snprintf(
		    row, sizeof row, "%s, seed %u: %d", t.client, seed, rc);
		suite_row(row);
		CHECK(rc == FINE);
		s->steps = 1;
		session_end(s);
	}
	suite_row(NULL);
}

SUITE("policy_replay", T(every_way), T(memory_is_out))
