/*
 * The JSON comes over a socket from a daemon that may be of another version, so
 * nothing in it is believed: what lacks counts as 0, and what is too large as
 * the most.
 */
#include "admin/look/status_text.h"

/* A count that can be added up and made a percentage of: what is more than any
 * daemon can have counted is told as the most. */
static long long
number(const json_t *o, const char *key)
{
	static const long long most = 1000 * 1000 * 1000LL * 1000 * 1000;
	long long n = json_integer_value(json_object_get(o, key));

	return n < 0 ? 0 : n > most ? most : n;
}

static const char *
text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "?" : s;
}

/* "3 d 4 h", "12 min", "5 s". */
static void
put_time(long long s, struct buf *out)
{
	if (s >= 86400)
		buf_fmt(out, "%lld d %lld h", s / 86400, s % 86400 / 3600);
	else if (s >= 3600)
		buf_fmt(out, "%lld h %lld min", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		buf_fmt(out, "%lld min", s / 60);
	else
		buf_fmt(out, "%lld s", s);
}

static void
put_title(const char *title, struct buf *out)
{
	buf_fmt(out, "  %-16s", title);
}

static void
put_head(const json_t *s, struct buf *out)
{
	buf_fmt(out, "%s %s, pid %lld, up ", text(s, "daemon"),
	    text(s, "version"), number(s, "pid"));
	put_time(number(s, "uptime"), out);
	buf_fmt(out, "; settings %lld, read ", number(s, "generation"));
	put_time(number(s, "config_age"), out);
	buf_str(out, " ago\n");
}

static void
put_workers(const json_t *s, struct buf *out)
{
	const json_t *list = json_object_get(s, "workers"), *w;
	size_t i;

	put_title("workers", out);
	buf_fmt(out, "%zu", json_array_size(list));
	json_array_foreach(list, i, w)
	{
		buf_fmt(out, "%s %lld (pid %lld, settings %lld, %lld open)",
		    i == 0 ? ":" : ",", number(w, "worker"), number(w, "pid"),
		    number(w, "generation"), number(w, "connections"));
	}
	buf_byte(out, '\n');
}

/* "fail 3, pass 20": what is not 0. True if there was any. */
static bool
put_words(json_t *o, struct buf *out)
{
	const char *key;
	const json_t *value;
	bool any = false;

	json_object_foreach(o, key, value)
	{
		if (json_integer_value(value) == 0)
			continue;
		buf_fmt(out, "%s%s %lld", any ? ", " : "", key,
		    (long long)json_integer_value(value));
		any = true;
	}
	return any;
}

/* The lines between workers and DNS. */
static const struct line {
	const char *family; /* of the counter */
	const char *word;   /* of its first label; NULL: all */
	const char *title;
} lines[] = {
    {"connections_total", NULL, "connections"},
    {"policy_requests_total", NULL, "requests"},
    {"policy_repeated_total", NULL, "repeated"},
    {"spf_unchecked_total", NULL, "not checked"},
    {"spf_results_total", "helo", "HELO"},
    {"spf_results_total", "mail_from", "MAIL FROM"},
    {"policy_actions_total", NULL, "actions"},
    {"policy_errors_total", NULL, "errors"},
    {"signed_messages_total", NULL, "signed"},
    {"unsigned_messages_total", NULL, "unsigned"},
    {"dkim_results_total", NULL, "DKIM"},
    {"dkim_reasons_total", NULL, "reasons"},
    {"dkim_algorithms_total", NULL, "algorithms"},
    {"dkim_not_evaluated_total", NULL, "not evaluated"},
    {"domainkeys_results_total", NULL, "DomainKeys"},
    {"dmarc_results_total", NULL, "DMARC"},
    {"dmarc_dispositions_total", NULL, "DMARC done"},
    {"dmarc_overrides_total", NULL, "not done for"},
    {"dmarc_lines_lost_total", NULL, "lines lost"},
    {"stripped_fields_total", NULL, "removed"},
    {"own_messages_total", NULL, "own mail"},
    {"held_messages_total", NULL, "held"},
    {"deferred_messages_total", NULL, "deferred"},
    {"refused_messages_total", NULL, "refused"},
    {"tempfailed_messages_total", NULL, "put off"},
    {"at_risk_messages_total", NULL, "at risk"},
    {"milter_errors_total", NULL, "errors"},
    {"reloads_total", NULL, "reloads"},
    {"reload_failures_total", NULL, "refused reloads"},
    {"workers_died_total", NULL, "workers died"},
};

static void
put_line(const json_t *counters, const struct line *l, struct buf *out)
{
	json_t *value = json_object_get(counters, l->family);
	size_t before = out->n;

	if (l->word != NULL)
		value = json_object_get(value, l->word);
	if (value == NULL ||
	    (json_is_integer(value) && json_integer_value(value) == 0))
		return;
	put_title(l->title, out);
	if (json_is_integer(value)) {
		buf_fmt(out, "%lld\n", (long long)json_integer_value(value));
	} else if (put_words(value, out)) {
		buf_byte(out, '\n');
	} else {
		out->n = before;
	}
}

static void
put_signatures(const json_t *s, struct buf *out)
{
	const json_t *list = json_object_get(s, "signatures"), *d;
	size_t i;

	json_array_foreach(list, i, d)
	{
		const char *domain = text(d, "domain");

		put_title(i == 0 ? "signatures" : "", out);
		buf_fmt(out, "%s: rsa %lld, ed25519 %lld\n",
		    domain[0] == '\0' ? "other domains" : domain,
		    number(d, "rsa-sha256"), number(d, "ed25519-sha256"));
	}
}

/* The bucket in which the share of all answers lies: "95 % within 20 ms". */
static void
put_share(const json_t *latency, int percent, struct buf *out)
{
	const json_t *list = json_object_get(latency, "buckets"), *b;
	long long count = number(latency, "count"), n = 0;
	size_t i;

	json_array_foreach(list, i, b)
	{
		n += number(b, "n");
		if (n * 100 < count * percent)
			continue;
		if (json_is_integer(json_object_get(b, "le")))
			buf_fmt(out, ", %d %% within %lld ms", percent,
			    number(b, "le"));
		return;
	}
}

static void
put_dns(const json_t *s, const json_t *counters, struct buf *out)
{
	const json_t *latency = json_object_get(s, "dns_latency");
	long long count = number(latency, "count");

	if (count <= 0)
		return;
	put_title("DNS", out);
	buf_fmt(out, "%lld question%s; ", count,
	    buf_plural((unsigned long long)count));
	if (put_words(json_object_get(counters, "dns_answers_total"), out))
		buf_str(out, "; ");
	buf_fmt(out, "mean %lld ms", number(latency, "ms") / count);
	put_share(latency, 95, out);
	buf_byte(out, '\n');
}

static void
put_keys(const json_t *s, const json_t *counters, struct buf *out)
{
	const json_t *list = json_object_get(s, "keys"), *k;
	size_t i;

	if (list == NULL)
		return;
	put_title("keys", out);
	if (number(counters, "keys_checked_time_seconds") == 0)
		buf_str(out, "not compared with DNS yet\n");
	else
		buf_fmt(out,
		    "%lld in DNS, %lld missing or another, %lld unknown\n",
		    number(counters, "keys_ok"),
		    number(counters, "keys_mismatch"),
		    number(counters, "keys_unknown"));
	json_array_foreach(list, i, k)
	{
		put_title("", out);
		buf_fmt(out, "%s._domainkey.%s: %s %s\n", text(k, "selector"),
		    text(k, "domain"), text(k, "state"), text(k, "detail"));
	}
}

void
status_text(const json_t *s, struct buf *out)
{
	const json_t *counters = json_object_get(s, "counters");

	put_head(s, out);
	put_workers(s, out);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		put_line(counters, &lines[i], out);
	put_signatures(s, out);
	put_dns(s, counters, out);
	put_keys(s, counters, out);
}
