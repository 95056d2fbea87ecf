/*
 * The trick: jansson's setters take a value in any case, also one that could
 * not be made, and what failed is remembered in *rc: so nothing is asked on the
 * way, and there is a whole answer or none.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/io/askers.h"
#include "common/limits.h"
#include "common/stats/control.h"

enum { KEYS_MAX = 200 }; /* more would be no answer that anybody reads */

/* --- the answer ----------------------------------------------------------- */

static void
set(json_t *to, const char *key, json_t *value, int *rc)
{
	if (json_object_set_new(to, key, value) != 0)
		*rc = -ENOMEM;
}

static void
set_number(json_t *to, const char *key, uint64_t n, int *rc)
{
	set(to, key, json_integer((json_int_t)n), rc);
}

static void
append(json_t *to, json_t *value, int *rc)
{
	if (json_array_append_new(to, value) != 0)
		*rc = -ENOMEM;
}

/* The object of that name in `in`; made if there is none. */
static json_t *
inner(json_t *in, const char *key, int *rc)
{
	json_t *o = json_object_get(in, key);

	if (o != NULL)
		return o;
	set(in, key, json_object(), rc);
	return json_object_get(in, key);
}

struct counters {
	const struct stats *stats;
	json_t *o;
	int *rc;
};

/* Labels become objects in objects; with *rc set, o may be NULL, which jansson
 * takes for an error. */
static void
add_counter(void *arg, const struct stats_row *c)
{
	struct counters *all = arg;
	json_t *o = all->o;
	const char *key = c->family;

	for (size_t i = 0; i < 2 && c->label[i] != NULL; i++) {
		o = inner(o, key, all->rc);
		key = c->value[i];
	}
	set_number(o, key, stats_sum(all->stats, c->first), all->rc);
}

static json_t *
counters(const struct control_view *v, int *rc)
{
	struct counters all = {v->stats, json_object(), rc};

	stats_walk(v->report->rows, add_counter, &all);
	return all.o;
}

static json_t *
workers(const struct control_view *v, int *rc)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->workers; i++) {
		const struct stats_slot *s = stats_look(v->stats, i);
		uint64_t pid = stats_get(s, STATS_WORKER_PID);
		/* first: what is closed meanwhile was accepted before */
		uint64_t closed = stats_get(s, STATS_CLOSED);
		json_t *w;

		if (pid == 0)
			continue;
		w = json_object();
		set_number(w, "worker", stats_get(s, STATS_WORKER_NUMBER), rc);
		set_number(w, "pid", pid, rc);
		set_number(
		    w, "generation", stats_get(s, STATS_WORKER_GENERATION), rc);
		set_number(w, "connections",
		    stats_get(s, STATS_ACCEPTED) - closed, rc);
		append(list, w, rc);
	}
	return list;
}

static json_t *
times(const struct control_view *v, const struct stats_times *t, int *rc)
{
	json_t *o = json_object(), *list = json_array();
	uint64_t count = 0;

	for (unsigned i = 0; i < STATS_BUCKETS; i++) {
		uint64_t n = stats_sum(v->stats, t->first + i);
		uint64_t le = stats_bucket_ms(i);
		json_t *b = json_object();

		count += n;
		set(b, "le",
		    le == UINT64_MAX ? json_null()
		                     : json_integer((json_int_t)le),
		    rc);
		set_number(b, "n", n, rc);
		append(list, b, rc);
	}
	set_number(o, "count", count, rc);
	set_number(o, "ms", stats_sum(v->stats, t->first + STATS_BUCKETS), rc);
	set(o, "buckets", list, rc);
	return o;
}

static json_t *
domains(const struct control_view *v, const struct stats_domains *all, int *rc)
{
	json_t *list = json_array();
	struct stats_domain d;

	for (size_t i = 0; i <= STATS_DOMAINS_MAX; i++) {
		json_t *o;

		if (!stats_domain(v->stats, i, &d) || d.n[0] + d.n[1] == 0)
			continue;
		o = json_object();
		set(o, "domain", json_string(d.name), rc);
		for (size_t k = 0; k < STATS_KINDS; k++)
			set_number(o, all->value[k], d.n[k], rc);
		append(list, o, rc);
	}
	return list;
}

static json_t *
keys(const struct control_view *v, int *rc)
{
	json_t *list = json_array();
	struct control_key k;

	for (size_t i = 0; i < KEYS_MAX && v->key(v->arg, i, &k); i++) {
		json_t *o = json_object();

		set(o, "domain", json_string(k.domain), rc);
		set(o, "selector", json_string(k.selector), rc);
		set(o, "state", json_string(k.state), rc);
		set(o, "detail", json_string(k.detail), rc);
		append(list, o, rc);
	}
	return list;
}

static uint64_t
age(const struct control_view *v, unsigned since)
{
	uint64_t now = (uint64_t)time(NULL), then = stats_sum(v->stats, since);

	return now > then ? now - then : 0; /* clocks are set, too */
}

int
control_status(const struct control_view *v, struct buf *out)
{
	const struct stats_report *r = v->report;
	json_t *o = json_object();
	int rc = 0;
	char *text;

	set(o, "daemon", json_string(v->daemon), &rc);
	set(o, "version", json_string(POSTSEAL_VERSION), &rc);
	set_number(o, "pid", (uint64_t)getppid(), &rc);
	set_number(o, "uptime", age(v, STATS_STARTED), &rc);
	set_number(o, "generation", stats_sum(v->stats, STATS_GENERATION), &rc);
	set(o, "config", json_string(v->config == NULL ? "" : v->config), &rc);
	set_number(o, "config_age", age(v, STATS_LOADED), &rc);
	set_number(o, "config_time", stats_sum(v->stats, STATS_LOADED), &rc);
	set(o, "workers", workers(v, &rc), &rc);
	set(o, "counters", counters(v, &rc), &rc);
	if (r->times != NULL)
		set(o, r->times->key, times(v, r->times, &rc), &rc);
	if (r->domains != NULL)
		set(o, r->domains->key, domains(v, r->domains, &rc), &rc);
	if (v->key != NULL)
		set(o, "keys", keys(v, &rc), &rc);
	text = rc == 0 ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (text == NULL)
		return -ENOMEM;
	buf_str(out, text);
	buf_byte(out, '\n');
	free(text);
	return buf_error(out);
}

/* --- the socket ----------------------------------------------------------- */

struct control {
	const struct control_view *view;
	struct askers *askers;
};

static bool
answer(void *arg, struct span question, struct buf *out)
{
	static const char unknown[] = "{\"error\": \"unknown command\"}\n";
	static const char failed[] = "{\"error\": \"out of memory\"}\n";
	const struct control *c = arg;
	size_t n = span_find(question, '\n');

	if (n == question.n)
		return false;
	if (!span_eq(span_of(question.p, n), span_str("status"))) {
		buf_str(out, unknown);
	} else if (control_status(c->view, out) != 0) {
		buf_clear(out);
		buf_str(out, failed);
	}
	return true;
}

int
control_new(
    struct loop *l, int fd, const struct control_view *v, struct control **ret)
{
	static const struct askers_kind kind = {
	    "control", CONTROL_LINE_MAX, answer};
	struct control *c = calloc(1, sizeof *c);
	int rc;

	if (c == NULL)
		return -ENOMEM;
	c->view = v;
	rc = askers_new(l, fd, &kind, c, &c->askers);
	if (rc == 0)
		*ret = c;
	else
		free(c);
	return rc;
}

void
control_free(struct control *c)
{
	if (c != NULL)
		askers_free(c->askers);
	free(c);
}
