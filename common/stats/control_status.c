#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "common/limits.h"
#include "common/stats/control.h"

enum { KEYS_MAX = 200 }; /* more would be no answer that anybody reads */

/* json_object_set_new() takes the value in any case, and what it could not do is
 * remembered: a whole answer or none. */
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

/* Labels become objects in objects; with *rc set, o may be NULL, which jansson
 * takes for an error. */
static void
add_counter(
    json_t *counters, const struct stats_name *name, uint64_t n, int *rc)
{
	json_t *o = counters;
	const char *key = name->family;

	for (size_t i = 0; i < 2 && name->label[i] != NULL; i++) {
		o = inner(o, key, rc);
		key = name->value[i];
	}
	set_number(o, key, n, rc);
}

static json_t *
counters(const struct control_view *v, int *rc)
{
	json_t *o = json_object();

	for (unsigned c = 0; c < STATS_COUNTERS; c++) {
		struct stats_name name = stats_name(c);

		if (name.family != NULL && stats_is_shown(name.owner, v->owner))
			add_counter(o, &name, stats_sum(v->stats, c), rc);
	}
	return o;
}

static json_t *
workers(const struct control_view *v, int *rc)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->workers; i++) {
		const struct stats_slot *s = stats_look(v->stats, i);
		uint64_t pid = stats_get(s, STATS_WORKER_PID);
		json_t *w;

		if (pid == 0)
			continue;
		w = json_object();
		set_number(w, "worker", stats_get(s, STATS_WORKER_NUMBER), rc);
		set_number(w, "pid", pid, rc);
		set_number(
		    w, "generation", stats_get(s, STATS_WORKER_GENERATION), rc);
		set_number(w, "connections",
		    stats_get(s, STATS_ACCEPTED) - stats_get(s, STATS_CLOSED),
		    rc);
		append(list, w, rc);
	}
	return list;
}

static json_t *
latency(const struct control_view *v, int *rc)
{
	json_t *o = json_object(), *list = json_array();
	uint64_t count = 0;

	for (unsigned i = 0; i < STATS_BUCKETS; i++) {
		uint64_t n = stats_sum(v->stats, STATS_DNS_BUCKET + i);
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
	set_number(o, "ms", stats_sum(v->stats, STATS_DNS_MS), rc);
	set(o, "buckets", list, rc);
	return o;
}

static json_t *
signatures(const struct control_view *v, int *rc)
{
	json_t *list = json_array();
	struct stats_domain d;

	for (size_t i = 0; i <= STATS_DOMAINS_MAX; i++) {
		json_t *o;

		if (!stats_domain(v->stats, i, &d) || d.rsa + d.ed25519 == 0)
			continue;
		o = json_object();
		set(o, "domain", json_string(d.name), rc);
		set_number(o, "rsa-sha256", d.rsa, rc);
		set_number(o, "ed25519-sha256", d.ed25519, rc);
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
age(const struct control_view *v, enum stats_counter since)
{
	uint64_t now = (uint64_t)time(NULL), then = stats_sum(v->stats, since);

	return now > then ? now - then : 0; /* clocks are set, too */
}

int
control_status(const struct control_view *v, struct buf *out)
{
	json_t *o = json_object();
	int rc = 0;
	char *text;

	set(o, "daemon", json_string(v->daemon), &rc);
	set(o, "version", json_string(POSTSEAL_VERSION), &rc);
	set_number(o, "pid", (uint64_t)getppid(), &rc);
	set_number(o, "uptime", age(v, STATS_STARTED), &rc);
	set_number(o, "generation", stats_sum(v->stats, STATS_GENERATION), &rc);
	set_number(o, "config_age", age(v, STATS_LOADED), &rc);
	set(o, "workers", workers(v, &rc), &rc);
	set(o, "counters", counters(v, &rc), &rc);
	set(o, "dns_latency", latency(v, &rc), &rc);
	if (v->owner == STATS_SIGNER)
		set(o, "signatures", signatures(v, &rc), &rc);
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
