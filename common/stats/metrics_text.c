#include <inttypes.h>

#include "common/limits.h"
#include "common/stats/metrics.h"

struct writer {
	const struct stats *stats;
	struct buf *out;
	const char *prefix; /* of every family */
	const char *family; /* the last one; NULL: none yet */
};

/* HELP and TYPE, once a family. */
static void
begin(struct writer *w, const char *family, const char *help, const char *type)
{
	if (w->family != NULL && strcmp(w->family, family) == 0)
		return;
	w->family = family;
	buf_fmt(w->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", w->prefix, family,
	    help, w->prefix, family, type);
}

/* The value of a label, escaped as the format wants. */
static void
put_value(const char *value, struct buf *out)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			buf_str(out, "\\n");
			continue;
		}
		if (*value == '"' || *value == '\\')
			buf_byte(out, '\\');
		buf_byte(out, *value);
	}
}

static void
put_label(const char *label, const char *value, bool first, struct buf *out)
{
	buf_fmt(out, "%s%s=\"", first ? "{" : ",", label);
	put_value(value, out);
	buf_byte(out, '"');
}

static void
put_counter(void *arg, const struct stats_row *c)
{
	struct writer *w = arg;

	begin(w, c->family, c->help, c->gauge ? "gauge" : "counter");
	buf_fmt(w->out, "%s%s", w->prefix, c->family);
	for (size_t i = 0; i < 2 && c->label[i] != NULL; i++)
		put_label(c->label[i], c->value[i], i == 0, w->out);
	if (c->label[0] != NULL)
		buf_byte(w->out, '}');
	buf_fmt(w->out, " %" PRIu64 "\n", stats_sum(w->stats, c->first));
}

static void
put_times(struct writer *w, const struct stats_times *t)
{
	uint64_t count = 0;

	begin(w, t->family, t->help, "histogram");
	for (unsigned i = 0; i < STATS_BUCKETS; i++) {
		uint64_t le = stats_bucket_ms(i);

		count += stats_sum(w->stats, t->first + i);
		buf_fmt(w->out, "%s%s_bucket{le=\"", w->prefix, t->family);
		if (le == UINT64_MAX)
			buf_str(w->out, "+Inf");
		else
			buf_fmt(w->out, "%g", (double)le / 1000);
		buf_fmt(w->out, "\"} %" PRIu64 "\n", count);
	}
	buf_fmt(w->out, "%s%s_sum %g\n%s%s_count %" PRIu64 "\n", w->prefix,
	    t->family,
	    (double)stats_sum(w->stats, t->first + STATS_BUCKETS) / 1000,
	    w->prefix, t->family, count);
}

static void
put_domain(struct writer *w, const struct stats_domains *all,
    const struct stats_domain *d)
{
	for (size_t k = 0; k < STATS_KINDS; k++) {
		if (d->n[k] == 0)
			continue;
		begin(w, all->family, all->help, "counter");
		buf_fmt(w->out, "%s%s", w->prefix, all->family);
		put_label("domain", d->name, true, w->out);
		put_label(all->label, all->value[k], false, w->out);
		buf_fmt(w->out, "} %" PRIu64 "\n", d->n[k]);
	}
}

int
metrics_text(
    const struct stats *s, const struct stats_report *report, struct buf *out)
{
	struct writer w = {.stats = s, .out = out, .prefix = report->prefix};
	struct stats_domain d;

	stats_walk(report->rows, put_counter, &w);
	if (report->times != NULL)
		put_times(&w, report->times);
	for (size_t i = 0; report->domains != NULL && i <= STATS_DOMAINS_MAX;
	     i++) {
		if (stats_domain(s, i, &d))
			put_domain(&w, report->domains, &d);
	}
	return buf_error(out);
}
