#include <inttypes.h>

#include "common/limits.h"
#include "common/stats/metrics.h"

struct writer {
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
put_counter(struct writer *w, const struct stats_name *n, uint64_t value)
{
	begin(w, n->family, n->help, n->gauge ? "gauge" : "counter");
	buf_fmt(w->out, "%s%s", w->prefix, n->family);
	for (size_t i = 0; i < 2 && n->label[i] != NULL; i++)
		put_label(n->label[i], n->value[i], i == 0, w->out);
	if (n->label[0] != NULL)
		buf_byte(w->out, '}');
	buf_fmt(w->out, " %" PRIu64 "\n", value);
}

static void
put_latency(struct writer *w, const struct stats *s)
{
	static const char family[] = "dns_latency_seconds";
	uint64_t count = 0;

	begin(w, family, "How long DNS servers took to answer.", "histogram");
	for (unsigned i = 0; i < STATS_BUCKETS; i++) {
		uint64_t le = stats_bucket_ms(i);

		count += stats_sum(s, STATS_DNS_BUCKET + i);
		buf_fmt(w->out, "%s%s_bucket{le=\"", w->prefix, family);
		if (le == UINT64_MAX)
			buf_str(w->out, "+Inf");
		else
			buf_fmt(w->out, "%g", (double)le / 1000);
		buf_fmt(w->out, "\"} %" PRIu64 "\n", count);
	}
	buf_fmt(w->out, "%s%s_sum %g\n%s%s_count %" PRIu64 "\n", w->prefix,
	    family, (double)stats_sum(s, STATS_DNS_MS) / 1000, w->prefix,
	    family, count);
}

static void
put_signatures(struct writer *w, const struct stats_domain *d,
    const char *algorithm, uint64_t value)
{
	static const char family[] = "signatures_total";

	if (value == 0)
		return;
	begin(w, family,
	    "Signatures by domain; an empty domain: all that are too many to "
	    "be counted one by one.",
	    "counter");
	buf_fmt(w->out, "%s%s", w->prefix, family);
	put_label("domain", d->name, true, w->out);
	put_label("algorithm", algorithm, false, w->out);
	buf_fmt(w->out, "} %" PRIu64 "\n", value);
}

int
metrics_text(const struct stats *s, enum stats_owner daemon, struct buf *out)
{
	static const char *const prefix[] = {
	    [STATS_POLICYD] = "postseal_policyd_",
	    [STATS_SIGNER] = "postseal_signer_",
	    [STATS_VERIFIER] = "postseal_verifier_"};
	struct writer w = {.out = out, .prefix = prefix[daemon]};
	struct stats_domain d;

	for (unsigned c = 0; c < STATS_COUNTERS; c++) {
		struct stats_name n = stats_name(c);

		if (n.family != NULL && stats_is_shown(n.owner, daemon))
			put_counter(&w, &n, stats_sum(s, c));
	}
	put_latency(&w, s);
	for (size_t i = 0; i <= STATS_DOMAINS_MAX; i++) {
		if (!stats_domain(s, i, &d))
			continue;
		put_signatures(&w, &d, "rsa-sha256", d.rsa);
		put_signatures(&w, &d, "ed25519-sha256", d.ed25519);
	}
	return buf_error(out);
}
