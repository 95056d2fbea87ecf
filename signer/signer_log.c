/*
 * The log line of a message, and its counters. The trap is what goes into it:
 * names, logins and reasons come from the message, and only log_str() and its
 * like clean them.
 */
#include <limits.h>
#include <stdio.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "signer/counters.h"
#include "signer/signer.h"

/* "a,b" of what word() says of each signature, into text[size]. */
static void
join(const struct choose *c, char *text, size_t size,
    const char *(*word)(const struct choose_signature *s))
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < c->nsign && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%s",
		    i == 0 ? "" : ",", word(&c->sign[i]));
}

static const char *
domain_word(const struct choose_signature *s)
{
	return s->domain;
}

static const char *
selector_word(const struct choose_signature *s)
{
	return s->key->settings->selector;
}

static const char *
algorithm_word(const struct choose_signature *s)
{
	return key_algorithm_word(key_facts(s->key->key)->algorithm);
}

/* domain=d selectors=a,b algorithms=rsa-sha256,ed25519-sha256; the domain once
 * where it is the same for all. */
static void
log_keys(struct log_line *l, const struct choose *c)
{
	char text[256];
	bool same = true;

	for (size_t i = 1; i < c->nsign; i++)
		same =
		    same && strcmp(c->sign[i].domain, c->sign[0].domain) == 0;
	join(c, text, sizeof text, domain_word);
	log_str(l, "domain", same ? c->sign[0].domain : text);
	join(c, text, sizeof text, selector_word);
	log_str(l, "selectors", text);
	join(c, text, sizeof text, algorithm_word);
	log_str(l, "algorithms", text);
}

static void
log_signed(struct log_line *l, const struct outcome *o, const struct message *m)
{
	char text[PATH_MAX + 16], ms[32];

	log_keys(l, &o->choice);
	if (o->choice.bad + o->choice.missing > 0) {
		snprintf(
		    text, sizeof text, "%s:%u", o->choice.file, o->choice.line);
		log_str(l, o->choice.bad > 0 ? "bad_key" : "missing_key", text);
	}
	log_num(l, "bytes", (long long)(m->header_bytes + m->body_bytes));
	snprintf(ms, sizeof ms, "%.2f", (double)o->ns / 1e6);
	log_str(l, "ms", ms);
}

static unsigned
kind_of(const struct key *k)
{
	switch (key_facts(k)->algorithm) {
	case KEY_RSA_SHA256:
		return SIGNER_RSA;
	case KEY_ED25519_SHA256:
		break;
	}
	return SIGNER_ED25519;
}

static void
count(const struct signer *s, const struct letter *l)
{
	const struct outcome *o = &l->outcome;

	switch (o->kind) {
	case OUTCOME_SIGN:
		stats_add(s->stats, SIGNER_SIGNED, 1);
		stats_add(s->stats, SIGNER_MISSING,
		    o->choice.bad + o->choice.missing);
		stats_add(s->stats, SIGNER_NS, o->ns);
		for (size_t i = 0; i < o->choice.nsign; i++) {
			const struct choose_signature *c = &o->choice.sign[i];

			stats_add_domain(s->stats, span_str(c->domain),
			    kind_of(c->key->key));
		}
		break;
	case OUTCOME_UNSIGNED:
		stats_add(s->stats, SIGNER_UNSIGNED + o->cause, 1);
		break;
	case OUTCOME_TEMPFAIL:
		stats_add(s->stats, MILTER_COUNT_TEMPFAIL, 1);
		break;
	}
	stats_add(s->stats, SIGNER_RISK_8BIT, l->risk.eight_bit);
	stats_add(s->stats, SIGNER_RISK_LONG_LINE, l->risk.long_line);
}

static bool
needs_quotes(const char *text)
{
	return text[strspn(text,
	           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	           "0123456789.:-_")] != '\0';
}

/* For a stranger in our name who may be none: what would make its mail signed,
 * as a line to be copied. Entries are written without quotes, which the log
 * doubles. */
static void
log_mend(struct log_line *l, const struct signer *s, const char *client)
{
	const struct text_list *list = &s->settings->signer.internal_hosts;
	struct buf text;

	buf_init(&text, LOG_TEXT_MAX);
	settings_where(s->settings, "signer.internal_hosts", &text);
	buf_str(&text, ": if the client is yours: internal_hosts = {");
	for (size_t i = 0; i < list->n; i++) {
		const char *quote = needs_quotes(list->v[i]) ? "\"" : "";

		buf_fmt(&text, "%s%s%s, ", quote, list->v[i], quote);
	}
	buf_fmt(&text, "%s}", client);
	if (buf_text(&text) != NULL)
		log_str(l, "fix", text.p);
	buf_free(&text);
}

/* A fault of ours is an error, whatever it costs; a key that does not exist is
 * worth a warning, a stranger in our name a notice. */
static int
level_of(const struct outcome *o)
{
	if (o->fault || o->choice.bad > 0)
		return LOG_ERR;
	if (o->kind == OUTCOME_SIGN && o->choice.missing > 0)
		return LOG_WARNING;
	return o->kind == OUTCOME_UNSIGNED && o->choice.outside ? LOG_NOTICE
	                                                        : LOG_INFO;
}

void
signer_log(const struct signer *s, const struct letter *letter,
    const struct message *m, const struct origin *from)
{
	const struct outcome *o = &letter->outcome;
	static const char *const event[] = {[OUTCOME_SIGN] = "signed",
	    [OUTCOME_UNSIGNED] = "unsigned",
	    [OUTCOME_TEMPFAIL] = "tempfail"};
	char client[IP_TEXT_MAX];
	struct log_line l;

	count(s, letter);
	log_begin(&l, level_of(o), event[o->kind]);
	log_given(&l, "queue_id", m->queue_id);
	log_str(&l, "client", origin_text(from, client));
	log_given(&l, "user", m->auth_authen);
	if (o->kind == OUTCOME_SIGN) {
		log_signed(&l, o, m);
	} else {
		log_given(&l, "from", span_str(o->choice.from));
		log_str(&l, "reason", o->reason);
		log_str(&l, "key", o->bad_key);
	}
	log_str(&l, "at_risk", risk_word(&letter->risk));
	log_str(&l, "daemon", from->daemon);
	if (o->kind == OUTCOME_UNSIGNED && o->choice.outside && from->known)
		log_mend(&l, s, client);
	log_end(&l);
}
