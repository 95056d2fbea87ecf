#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/stats/control.h"
#include "signer/counters.h"
#include "tests/support/asker.h"
#include "tests/support/descriptors.h"
#include "tests/support/loop_fake.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* The daemon's side. */
struct world {
	struct asker asker;
	struct stats *stats;
	struct control_view view;
	struct control *control;
};

static bool
one_key(void *arg, size_t i, struct control_key *ret)
{
	*ret = (struct control_key){"a.example", "s", "mismatch", "other key"};
	return i == 0;
}

static void
start(struct world *w)
{
	asker_begin(&w->asker);
	CU_ASSERT_FATAL(stats_new(3, &w->stats) == 0);
	w->view = (struct control_view){.daemon = "postseal-signer",
	    .config = "/etc/p.conf",
	    .report = &signer_counters,
	    .stats = w->stats,
	    .workers = 2,
	    .key = one_key};
	CU_ASSERT_FATAL(control_new(w->asker.loop, w->asker.fd, &w->view,
	                    &w->control) == 0);
}

static void
stop(struct world *w)
{
	control_free(w->control);
	asker_end(&w->asker);
	stats_free(w->stats);
}

static long long
number(const json_t *o, const char *a, const char *b)
{
	return json_integer_value(json_object_get(json_object_get(o, a), b));
}

static void
status(void)
{
	static struct world w;
	json_t *o, *worker;
	int fd;

	start(&w);
	stats_set(stats_slot(w.stats, 1), STATS_WORKER_PID, 77);
	stats_set(stats_slot(w.stats, 1), STATS_WORKER_NUMBER, 3);
	stats_set(stats_slot(w.stats, 2), STATS_LOADED, 1800000000);
	stats_add(stats_slot(w.stats, 1), STATS_ACCEPTED, 5);
	stats_add(stats_slot(w.stats, 1), STATS_CLOSED, 2);
	stats_add(stats_slot(w.stats, 0), SIGNER_SIGNED, 9);
	stats_add_time(stats_slot(w.stats, 2), DNS_COUNT_TIME, 30);
	stats_add_domain(
	    stats_slot(w.stats, 1), span_str("b.example"), SIGNER_ED25519);
	fd = asker_dial(&w.asker);
	o = json_loads(asker_say(&w.asker, fd, "status\n"), 0, NULL);
	CU_ASSERT_FATAL(o != NULL);
	close(fd);
	CHECK_STR(
	    json_string_value(json_object_get(o, "daemon")), "postseal-signer");
	CHECK_STR(
	    json_string_value(json_object_get(o, "version")), POSTSEAL_VERSION);
	CHECK_STR(
	    json_string_value(json_object_get(o, "config")), "/etc/p.conf");
	CHECK(json_array_size(json_object_get(o, "workers")) == 1);
	worker = json_array_get(json_object_get(o, "workers"), 0);
	CHECK(json_integer_value(json_object_get(worker, "pid")) == 77);
	CHECK(json_integer_value(json_object_get(worker, "connections")) == 3);
	CHECK(number(o, "counters", "signed_messages_total") == 9);
	CHECK(json_is_object(json_object_get(
	    json_object_get(o, "counters"), "unsigned_messages_total")));
	CHECK(json_object_get(
	          json_object_get(o, "counters"), "spf_results_total") == NULL);
	CHECK(json_integer_value(json_object_get(o, "config_time")) ==
	    1800000000);
	CHECK(number(o, "dns_latency", "count") == 1);
	CHECK(number(o, "dns_latency", "ms") == 30);
	CHECK(json_array_size(json_object_get(o, "signatures")) == 1);
	CHECK(json_array_size(json_object_get(o, "keys")) == 1);
	json_decref(o);
	stop(&w);
}

static void
what_is_no_command(void)
{
	static struct world w;
	char line[CONTROL_LINE_MAX + 2];
	int fd, part;

	start(&w);
	fd = asker_dial(&w.asker);
	CHECK_STR(asker_say(&w.asker, fd, "stop\n"),
	    "{\"error\": \"unknown command\"}\n");
	close(fd);
	/* at the limit, with its newline, and one over it */
	memset(line, 'x', sizeof line);
	line[CONTROL_LINE_MAX - 1] = '\n';
	line[CONTROL_LINE_MAX] = '\0';
	fd = asker_dial(&w.asker);
	CHECK_STR(asker_say(&w.asker, fd, line),
	    "{\"error\": \"unknown command\"}\n");
	close(fd);
	memset(line, 'x', sizeof line);
	line[CONTROL_LINE_MAX + 1] = '\0';
	fd = asker_dial(&w.asker);
	CHECK_STR(asker_say(&w.asker, fd, line), "");
	close(fd);
	/* in two pieces, and one that says no more */
	fd = asker_dial(&w.asker);
	part = asker_dial(&w.asker);
	CHECK(asker_say(&w.asker, fd, "sta") == NULL);
	CHECK(asker_say(&w.asker, part, "sta") == NULL);
	CHECK(asker_say(&w.asker, fd, "tus\n") != NULL &&
	    w.asker.answer[0] == '{');
	loop_fake_advance(w.asker.loop, ASKERS_MS + 1);
	CHECK_STR(asker_say(&w.asker, part, ""), "");
	close(fd);
	close(part);
	stop(&w);
}

/* Those who say nothing hold no place: the oldest goes for the one too many. */
static void
one_too_many(void)
{
	static struct world w;
	int fd[ASKERS_MAX + 1];

	start(&w);
	for (int i = 0; i < ASKERS_MAX; i++) {
		fd[i] = asker_dial(&w.asker);
		CHECK(asker_say(&w.asker, fd[i], "s") == NULL);
	}
	CHECK(asker_say(&w.asker, fd[0], "") == NULL);
	fd[ASKERS_MAX] = asker_dial(&w.asker);
	CHECK(asker_say(&w.asker, fd[ASKERS_MAX], "status\n") != NULL);
	CHECK(w.asker.answer[0] == '{');
	CHECK_STR(asker_say(&w.asker, fd[0], ""), "");
	CHECK(asker_say(&w.asker, fd[1], "tatus\n") != NULL &&
	    w.asker.answer[0] == '{');
	for (int i = 0; i <= ASKERS_MAX; i++)
		close(fd[i]);
	stop(&w);
}

/* A byte now and then is no way to stay. */
static void
trickle(void)
{
	static struct world w;
	int fd;

	start(&w);
	fd = asker_dial(&w.asker);
	for (int i = 0; i < 10; i++) {
		CHECK(asker_say(&w.asker, fd, "s") == NULL);
		loop_fake_advance(w.asker.loop, ASKERS_MS / 10 - (i < 9));
	}
	CHECK(asker_say(&w.asker, fd, "") == NULL);
	loop_fake_advance(w.asker.loop, 10);
	CHECK_STR(asker_say(&w.asker, fd, ""), "");
	close(fd);
	stop(&w);
}

/* Without descriptors it rests, and says so once; then it goes on. */
static void
out_of_descriptors(void)
{
	static struct world w;
	struct rlimit was;
	struct tmpdir d;
	char log[TMPDIR_PATH_MAX];
	int fd;

	if (suite_skip_valgrind())
		return; /* it has no limit of its own for them */
	tmpdir_make(&d);
	CU_ASSERT_FATAL(
	    log_open(tmpdir_file(&d, "log", log), "t_control") == 0);
	start(&w);
	fd = asker_dial(&w.asker);
	was = descriptors_limit((rlim_t)fd + 1);
	CHECK(asker_say(&w.asker, fd, "status\n") == NULL);
	descriptors_back(&was);
	CHECK(asker_say(&w.asker, fd, "") == NULL);
	CHECK_STR(strstr(tmpdir_read(log), "accept_paused"),
	    "accept_paused reason=\"control: Too many open files\"\n");
	loop_fake_advance(w.asker.loop, ASKERS_PAUSE_MS);
	CHECK(asker_say(&w.asker, fd, "") != NULL && w.asker.answer[0] == '{');
	close(fd);
	stop(&w);
	log_open(NULL, "t_control");
	tmpdir_remove(&d);
}

SUITE("control", T(status), T(what_is_no_command), T(one_too_many), T(trickle),
    T(out_of_descriptors))
