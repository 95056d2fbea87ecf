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

SUITE("policy_replay", T(every_way))
