/*
 * The log line of a message, and its counters. Who sent it, and what it claims,
 * comes behind what we say of it: a stranger must not push our words out of the
 * line.
 */
#include <stdio.h>

#include "common/dkim/canon.h"
#include "common/limits.h"
#include "common/log/log.h"
#include "verifier/counters.h"
#include "verifier/limits.h"
#include "verifier/verifier.h"

/* Of a message with a reply: the client was told to come again. */
static bool
is_deferred(const struct inspection *l)
{
	return l->reply[0] == '4';
}

static const char *
event_of(const struct inspection *l, enum milter_word said)
{
	switch (said) {
	case MILTER_REJECT:
		return "rejected";
	case MILTER_TEMPFAIL:
		return "tempfail";
	case MILTER_REPLY:
		return is_deferred(l) ? "deferred" : "rejected";
	case MILTER_QUARANTINE:
		return "held";
	case MILTER_GO_ON:
	case MILTER_ACCEPT:
	case MILTER_WAIT:
		break;
	}
	switch (l->whose) {
	case WHOSE_USER:
		return "own";
	case WHOSE_TRUSTED:
		return "trusted";
	case WHOSE_STRANGER:
	case WHOSE_RELAY:
		break;
	}
	return "verified";
}

/* Nothing, where there is no text. */
static void
put(struct buf *out, const char *before, const char *text, const char *behind)
{
	if (text == NULL || text[0] == '\0')
		return;
	buf_str(out, before);
	buf_str(out, text);
	buf_str(out, behind);
}

/* canon: what c= says; NULL: it cannot be read. */
static void
put_result(const struct judged *j, const struct signature *s, const char *canon,
    struct buf *out)
{
	buf_str(out, dkim_result_word(j->result));
	put(out, " d=", s->domain_a, "");
	put(out, " s=", s->selector, "");
	if (s->algorithm_word.n > 0) {
		buf_str(out, " a=");
		log_clean(s->algorithm_word, out);
	}
	put(out, " c=", canon, "");
	put(out, " (", j->reason, ")");
}

/* "pass d=example.com s=2026a a=rsa-sha256 c=relaxed/simple, permerror
 * d=list.example s=k1 a=rsa-sha1 (rsa-sha1 is not secure)" */
static void
put_results(const struct inspection *l, struct buf *out)
{
	for (size_t i = 0; i < l->nresults; i++) {
		const struct result *r = &l->result[i];
		const struct candidate *c = r->candidate;

		buf_str(out, i == 0 ? "" : ", ");
		put_result(&r->judged, &c->s,
		    c->result == DKIM_PASS
		        ? canon_words(c->s.header_canon, c->s.body_canon)
		        : NULL,
		    out);
	}
	if (l->picked.more > 0)
		buf_fmt(out, ", %zu more not evaluated", l->picked.more);
}

/* "pass example.com" */
static void
log_result(struct log_line *line, const char *key, const struct check_result *r)
{
	char text[16 + DOMAIN_MAX + 1];

	if (r == NULL)
		return;
	snprintf(text, sizeof text, "%s%s%s", spf_result_word(r->result),
	    r->domain[0] == '\0' ? "" : " ", r->domain);
	log_given(line, key, span_str(text));
}

/* What is wrong with a record, with words of it. */
static void
log_problem(
    struct log_line *line, const char *key, const struct check_result *r)
{
	if (r != NULL)
		log_given(line, key, span_str(r->problem));
}

static void
log_spf(struct log_line *line, const struct envelope *e)
{
	char text[80];

	if (e->unchecked != NULL) {
		snprintf(text, sizeof text, "%s (%s)",
		    spf_result_word(SPF_NONE), e->unchecked);
		log_str(line, "spf", text);
	}
	log_result(line, "spf", e->mail_from.result);
	log_result(line, "spf_helo", e->helo.result);
}

/* "fail (p=reject dis=none reason=mailing_list)", "none (there is no policy
 * record)" */
static void
log_dmarc(struct log_line *line, const struct dmarc_message *d)
{
	char text[16 + DISPOSITION_COMMENT_MAX],
	    comment[DISPOSITION_COMMENT_MAX];
	const char *why = d->result.reason;

	if (!d->over)
		return;
	if (why == NULL)
		why = dmarc_message_comment(d, comment);
	snprintf(text, sizeof text, "%s (%s)",
	    dmarc_result_word(d->result.result), why);
	log_str(line, "dmarc", text);
}

static void
count_dmarc(const struct verifier *v, const struct dmarc_message *d)
{
	if (!d->over)
		return;
	stats_add(v->stats, VERIFIER_DMARC + d->result.result, 1);
	stats_add(v->stats, VERIFIER_DISPOSITION + d->disposition.kind, 1);
	if (d->disposition.reason != REASON_NONE)
		stats_add(
		    v->stats, VERIFIER_OVERRIDE + d->disposition.reason, 1);
}

static void
count_spf(const struct verifier *v, const struct identity_check *i)
{
	if (i->result != NULL)
		identity_count(v->stats, i->identity, i->result);
}

static void
count_result(const struct verifier *v, const struct result *r)
{
	const struct signature *s = &r->candidate->s;
	bool known = span_eq(
	    s->algorithm_word, span_str(key_algorithm_word(s->algorithm)));

	stats_add(v->stats, VERIFIER_DKIM + r->judged.result, 1);
	stats_add(v->stats,
	    VERIFIER_ALGORITHM +
	        (known ? (unsigned)s->algorithm : VERIFIER_ALGORITHMS - 1),
	    1);
	for (unsigned i = 0; i < JUDGE_REASONS; i++) {
		if (r->judged.reason == judge_reason_text(i))
			stats_add(v->stats, VERIFIER_REASON + i, 1);
	}
}

static void
count(
    const struct verifier *v, const struct inspection *l, enum milter_word said)
{
	switch (l->whose) {
	case WHOSE_TRUSTED:
	case WHOSE_USER:
		stats_add(v->stats, VERIFIER_OWN, 1);
		break;
	case WHOSE_STRANGER:
	case WHOSE_RELAY:
		for (size_t i = 0; i < l->nresults; i++)
			count_result(v, &l->result[i]);
		if (l->nresults == 0 && l->trouble == NULL)
			stats_add(v->stats, VERIFIER_DKIM + DKIM_NONE, 1);
		stats_add(v->stats, VERIFIER_NOT_EVALUATED, l->picked.more);
		count_spf(v, &l->envelope.mail_from);
		count_spf(v, &l->envelope.helo);
		count_dmarc(v, &l->dmarc);
		if (l->domainkeys != NULL && l->trouble == NULL)
			stats_add(v->stats,
			    VERIFIER_DOMAINKEYS + l->domainkeys->judged.result,
			    1);
		break;
	}
	if (l->whose != WHOSE_TRUSTED)
		stats_add(v->stats, VERIFIER_STRIPPED, l->strip.n);
	if (said == MILTER_REPLY)
		stats_add(v->stats,
		    is_deferred(l) ? VERIFIER_DEFERRED : VERIFIER_REFUSED, 1);
	else if (said == MILTER_QUARANTINE)
		stats_add(v->stats, VERIFIER_HELD, 1);
	else if (said == MILTER_TEMPFAIL)
		stats_add(v->stats, MILTER_COUNT_TEMPFAIL, 1);
}

void
verifier_log(const struct verifier *v, const struct inspection *l,
    const struct message *m, const struct origin *from, enum milter_word said,
    const char *why)
{
	char client[IP_TEXT_MAX];
	struct log_line line;
	struct buf results, domainkeys;
	bool judged = (l->whose == WHOSE_STRANGER || l->whose == WHOSE_RELAY) &&
	    l->trouble == NULL;

	count(v, l, said);
	/* more than a line has room for: it must show that it is cut */
	buf_init(&results, RESULTS_FIELD_MAX);
	buf_init(&domainkeys, RESULTS_FIELD_MAX);
	put_results(l, &results);
	if (judged && l->domainkeys != NULL)
		put_result(&l->domainkeys->judged,
		    &l->domainkeys->signature.tags, NULL, &domainkeys);
	log_begin(&line, said == MILTER_TEMPFAIL ? LOG_ERR : LOG_INFO,
	    event_of(l, said));
	log_given(&line, "queue_id", m->queue_id);
	log_str(&line, "client", origin_text(from, client));
	log_given(&line, "user", m->auth_authen);
	log_str(&line, "macro",
	    l->own_message != NULL ? l->own_message : l->own_client);
	log_str(&line, "from", l->author);
	if (l->strip.n > 0 && l->whose != WHOSE_TRUSTED)
		log_num(&line, "removed", (long long)l->strip.n);
	log_str(&line, "reason", why != NULL ? why : l->trouble);
	if (said != MILTER_TEMPFAIL) /* that is the engine's own */
		log_str(&line, "reply", l->reply);
	log_spf(&line, &l->envelope);
	log_dmarc(&line, &l->dmarc);
	if (judged)
		log_str(
		    &line, "dkim", results.n > 0 ? buf_text(&results) : "none");
	if (domainkeys.n > 0)
		log_str(&line, "domainkeys", buf_text(&domainkeys));
	if (l->keys.n > 0 || l->waited_ms > 0)
		log_num(&line, "waited_ms", (long long)l->waited_ms);
	log_str(&line, "daemon", from->daemon);
	log_problem(&line, "problem", l->envelope.mail_from.result);
	log_problem(&line, "helo_problem", l->envelope.helo.result);
	log_end(&line);
	buf_free(&results);
	buf_free(&domainkeys);
}
