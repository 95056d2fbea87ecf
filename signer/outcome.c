#include "signer/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "common/limits.h"
#include "common/log.h"
#include "signer/command.h"
#include "signer/sigfield.h"

static const char no_memory[] = "out of memory";

int
signer_init(struct signer *s, const struct settings *settings,
    const struct keyring *keys)
{
	*s = (struct signer){.settings = settings, .keys = keys};
	buf_init(&s->reply, CONN_OUT_MAX);
	return signing_init(&s->signing, &settings->signer);
}

void
signer_free(struct signer *s)
{
	signing_free(&s->signing);
	buf_free(&s->reply);
}

static void
set(struct outcome *o, enum outcome_kind kind, const char *reason)
{
	o->kind = kind;
	o->reason = reason;
}

/* What is wrong with a key is the house's fault, and the administrator's word
 * decides what it costs. */
static void
set_bad_key(const struct signer *s, struct outcome *o)
{
	o->choice.verdict = CHOOSE_DOMAIN_BAD_KEY;
	set(o,
	    s->settings->signer.bad_key_tempfail ? OUTCOME_TEMPFAIL
	                                         : OUTCOME_UNSIGNED,
	    choose_reason(CHOOSE_DOMAIN_BAD_KEY));
}

/* True, and *o, if the message is not in a state to be signed. */
static bool
troubled(const struct message *m, struct outcome *o)
{
	switch (m->trouble) {
	case MESSAGE_FINE:
		return false;
	case MESSAGE_HEADERS_LARGE:
		set(o, OUTCOME_UNSIGNED, "the header is too large");
		return true;
	case MESSAGE_FIELDS_MANY:
		set(o, OUTCOME_UNSIGNED, "too many header fields");
		return true;
	case MESSAGE_NO_MEMORY:
		set(o, OUTCOME_TEMPFAIL, no_memory);
		return true;
	}
	return true;
}

void
outcome_headers(const struct signer *s, struct message *m,
    const struct origin *from, bool may_insert, struct outcome *ret)
{
	const struct choose_input in = {
	    .client = from->known ? &from->client : NULL,
	    .authenticated = m->auth_type.n > 0 || m->auth_authen.n > 0,
	    .fields = message_fields(m)};

	ret->ns = 0;
	ret->bad_key = NULL;
	choose_message(s->keys, &in, &ret->choice);
	set(ret, OUTCOME_UNSIGNED, choose_reason(ret->choice.verdict));
	if (troubled(m, ret))
		return;
	if (ret->choice.verdict == CHOOSE_DOMAIN_BAD_KEY)
		set_bad_key(s, ret);
	if (ret->choice.verdict != CHOOSE_SIGN)
		return;
	if (!may_insert)
		set(ret, OUTCOME_UNSIGNED,
		    "the MTA does not let us add header fields");
	else if (message_hash(m, s->settings->signer.body_canon) != 0)
		set(ret, OUTCOME_TEMPFAIL, no_memory);
	else
		set(ret, OUTCOME_SIGN, NULL);
}

/* Makes the signature of one key, and its packet into s->reply. 0 or -errno as
 * of signing_make(). */
static int
sign_with(struct signer *s, const struct outcome *o,
    const struct keyring_key *key, bool one_space)
{
	const struct signing_as as = {.key = key->key,
	    .domain = span_str(o->choice.domain->settings->name),
	    .selector = span_str(key->settings->selector)};
	struct span value;
	int rc = signing_make(&s->signing, &as, &value);

	if (rc != 0)
		return rc;
	value = span_skip(value, one_space ? 1 : 0);
	command_reply_insheader(&s->reply, 0, span_str(SIGFIELD_NAME), value);
	return buf_error(&s->reply);
}

/* Makes all signatures, into s->reply. 0 or -errno. */
static int
sign_all(struct signer *s, struct message *m, struct outcome *o, bool one_space)
{
	const struct keyring_domain *d = o->choice.domain;
	int rc = signing_begin(&s->signing, m, (uint64_t)time(NULL));

	buf_clear(&s->reply);
	for (size_t i = d->nkeys; rc == 0 && i-- > 0;) {
		rc = sign_with(s, o, &d->key[i], one_space);
		if (rc == -EINVAL || rc == -EKEYREJECTED)
			o->bad_key = d->key[i].settings->file;
	}
	return rc;
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void
outcome_end(struct signer *s, struct message *m, bool one_space,
    struct outcome *o, struct buf *out)
{
	uint64_t began = now_ns();
	int rc;

	if (o->kind != OUTCOME_SIGN || troubled(m, o))
		return;
	rc = sign_all(s, m, o, one_space);
	if (rc == 0)
		rc = buf_span(out, buf_view(&s->reply));
	o->ns = now_ns() - began;
	if (rc == 0)
		return;
	if (rc == -EINVAL)
		set_bad_key(s, o);
	else if (rc == -EBADMSG)
		set(o, OUTCOME_UNSIGNED,
		    "a header field cannot arrive as it is");
	else if (rc == -E2BIG || rc == -EMSGSIZE)
		set(o, OUTCOME_UNSIGNED, "too many header fields to sign");
	else if (rc == -EKEYREJECTED)
		set(o, OUTCOME_TEMPFAIL,
		    "the signature just made does not verify");
	else
		set(o, OUTCOME_TEMPFAIL,
		    rc == -ENOMEM ? no_memory : "OpenSSL failed");
}

/* selectors=a,b algorithms=rsa-sha256,ed25519-sha256 */
static void
log_keys(struct log_line *l, const struct keyring_domain *d)
{
	char selectors[256], algorithms[128];
	size_t s = 0, a = 0;

	for (size_t i = 0; i < d->nkeys && s < sizeof selectors; i++) {
		const struct keyring_key *k = &d->key[i];
		const char *comma = i == 0 ? "" : ",";

		s += (size_t)snprintf(selectors + s, sizeof selectors - s,
		    "%s%s", comma, k->settings->selector);
		if (a < sizeof algorithms)
			a += (size_t)snprintf(algorithms + a,
			    sizeof algorithms - a, "%s%s", comma,
			    key_algorithm_word(key_facts(k->key)->algorithm));
	}
	log_str(l, "selectors", selectors);
	log_str(l, "algorithms", algorithms);
}

static void
log_signed(struct log_line *l, const struct outcome *o, const struct message *m)
{
	char ms[32];

	log_str(l, "domain", o->choice.domain->settings->name);
	log_keys(l, o->choice.domain);
	log_num(l, "bytes", (long long)(m->header_bytes + m->body_bytes));
	snprintf(ms, sizeof ms, "%.2f", (double)o->ns / 1e6);
	log_str(l, "ms", ms);
}

void
outcome_log(
    const struct outcome *o, const struct message *m, const struct origin *from)
{
	static const struct {
		int level;
		const char *event;
	} word[] = {
	    [OUTCOME_SIGN] = {LOG_INFO, "signed"},
	    [OUTCOME_UNSIGNED] = {LOG_INFO, "unsigned"},
	    [OUTCOME_TEMPFAIL] = {LOG_ERR, "tempfail"},
	};
	char client[IP_TEXT_MAX];
	bool key = o->choice.verdict == CHOOSE_DOMAIN_BAD_KEY;
	struct log_line l;

	log_begin(&l, key ? LOG_ERR : word[o->kind].level, word[o->kind].event);
	log_span(&l, "queue_id", m->queue_id);
	if (o->kind == OUTCOME_SIGN) {
		log_signed(&l, o, m);
	} else {
		log_str(&l, "reason", o->reason);
		log_str(&l, "from", o->choice.from);
		log_str(&l, "key", o->bad_key);
	}
	log_str(&l, "client", origin_text(from, client));
	log_span(&l, "user", m->auth_authen);
	log_str(&l, "daemon", from->daemon);
	log_end(&l);
}
