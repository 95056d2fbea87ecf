/*
 * Trap: names come from strangers. Those that are written were found to be
 * names, but each string is escaped all the same.
 */
#include "verifier/aggregate.h"

#include "common/bytes/domain.h"

void
aggregate_recipient(struct inspection *l, struct span address)
{
	char name[DOMAIN_MAX + 1];
	struct span domain;

	address = span_trim(address);
	if (address.n > 0 && address.p[address.n - 1] == '>')
		address.n--;
	domain = span_skip(address, span_behind_last(address, '@'));
	if (l->nrecipients == RECIPIENT_DOMAINS_MAX ||
	    domain_to_ascii(domain, name) != 0 ||
	    !domain_is_mail(span_str(name)))
		return;
	for (size_t i = 0; i < l->nrecipients; i++) {
		if (strcmp(l->recipient[i], name) == 0)
			return;
	}
	l->recipient[l->nrecipients] = arena_dup(l->arena, span_str(name));
	if (l->recipient[l->nrecipients] != NULL)
		l->nrecipients++;
}

bool
aggregate_counts(const struct inspection *l, enum milter_word said)
{
	if (!l->dmarc.over || l->dmarc.result.at == NULL)
		return false;
	switch (said) {
	case MILTER_GO_ON:
	case MILTER_ACCEPT:
	case MILTER_QUARANTINE:
		return true;
	case MILTER_REPLY:
		return l->dmarc.disposition.kind == DISPOSITION_REJECT;
	case MILTER_REJECT:
	case MILTER_TEMPFAIL:
	case MILTER_WAIT:
		break;
	}
	return false;
}

/* "name":"value" behind a comma, unless it is the first of its object. */
static void
put(struct buf *out, const char *name, struct span value)
{
	if (out->n > 0 && out->p[out->n - 1] != '{')
		buf_byte(out, ',');
	buf_fmt(out, "\"%s\":\"", name);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (!span_is_shown(c) || c == '"' || c == '\\')
			buf_fmt(out, "\\u%04x", (unsigned char)c);
		else
			buf_byte(out, c);
	}
	buf_byte(out, '"');
}

static void
put_str(struct buf *out, const char *name, const char *value)
{
	put(out, name, span_str(value));
}

static void
put_policy(const struct walk_name *at, struct buf *out)
{
	const struct dmarc_record *r = &at->record;
	char fo[8] = "";
	size_t n = 0;

	buf_str(out, ",\"policy_published\":{");
	put(out, "domain", at->name);
	put_str(out, "discovery_method", "treewalk");
	put_str(out, "p", dmarc_policy_word(r->p));
	if (dmarc_record_has(r, DMARC_TAG_SP))
		put_str(out, "sp", dmarc_policy_word(r->sp));
	if (dmarc_record_has(r, DMARC_TAG_NP))
		put_str(out, "np", dmarc_policy_word(r->np));
	for (unsigned i = 0; i < 4; i++) {
		if ((r->fo & 1U << i) == 0)
			continue;
		if (n > 0)
			fo[n++] = ':';
		fo[n++] = "01ds"[i];
	}
	put_str(out, "fo", fo);
	put_str(out, "adkim", r->strict_dkim ? "s" : "r");
	put_str(out, "aspf", r->strict_spf ? "s" : "r");
	put_str(out, "testing", r->testing ? "y" : "n");
	buf_byte(out, '}');
}

static void
put_evaluated(const struct dmarc_message *d, struct buf *out)
{
	buf_str(out, ",\"policy_evaluated\":{");
	put_str(out, "disposition", disposition_word(d->disposition.kind));
	put_str(out, "dkim", d->result.dkim ? "pass" : "fail");
	put_str(out, "spf", d->result.spf ? "pass" : "fail");
	if (d->disposition.reason != REASON_NONE)
		put_str(out, "reason",
		    disposition_reason_word(d->disposition.reason));
	buf_byte(out, '}');
}

static void
put_identifiers(const struct inspection *l, struct buf *out)
{
	const struct check_result *spf = l->envelope.mail_from.result;

	buf_str(out, ",\"identifiers\":{");
	put_str(out, "header_from", l->author);
	if (spf != NULL)
		put_str(out, "envelope_from",
		    l->envelope.null_sender ? "" : spf->domain);
	buf_str(out, ",\"envelope_to\":[");
	for (size_t i = 0; i < l->nrecipients; i++)
		buf_fmt(out, "%s\"%s\"", i == 0 ? "" : ",", l->recipient[i]);
	buf_str(out, "]}");
}

static void
put_results(const struct inspection *l, struct buf *out)
{
	const struct check_result *spf = l->envelope.mail_from.result;
	bool any = false;

	buf_str(out, ",\"auth_results\":{\"dkim\":[");
	for (size_t i = 0; i < l->nresults; i++) {
		const struct result *r = &l->result[i];

		if (r->candidate->s.domain_a[0] == '\0')
			continue;
		buf_str(out, any ? ",{" : "{");
		put_str(out, "domain", r->candidate->s.domain_a);
		put_str(out, "selector", r->candidate->s.selector);
		put_str(out, "result", dkim_result_word(r->judged.result));
		buf_byte(out, '}');
		any = true;
	}
	buf_byte(out, ']');
	if (spf != NULL) {
		buf_str(out, ",\"spf\":{");
		put_str(out, "domain", spf->domain);
		put_str(out, "scope", "mfrom");
		put_str(out, "result", spf_result_word(spf->result));
		buf_byte(out, '}');
	}
	buf_byte(out, '}');
}

void
aggregate_write(const struct inspection *l, const struct message *m,
    const struct origin *from, struct buf *out)
{
	char client[IP_TEXT_MAX];

	buf_fmt(out, "{\"time\":%llu", (unsigned long long)l->now);
	put(out, "queue_id", m->queue_id);
	put_str(out, "source_ip", origin_text(from, client));
	put_str(out, "result", dmarc_result_word(l->dmarc.result.result));
	put_policy(l->dmarc.result.at, out);
	put_evaluated(&l->dmarc, out);
	put_identifiers(l, out);
	put_results(l, out);
	buf_byte(out, '}');
}
