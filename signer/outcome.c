#include "signer/outcome.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "common/limits.h"
#include "common/log.h"
#include "signer/command.h"
#include "signer/sigfield.h"

static const char no_memory[] = "out of memory";

/* --- the worker's part ------------------------------------------------------- */

/* The MTA gets one list of names for a stage. */
static void
make_macros(struct signer *s)
{
	const struct text_list *own = &s->settings->signer.sign_macros;

	buf_str(&s->macros, "i {auth_type} {auth_authen}");
	for (size_t i = 0; i < own->n; i++) {
		struct span name = span_str(own->v[i]);
		bool braces;

		name.n = span_find(name, '=');
		braces = name.n > 1 && name.p[0] != '{';
		buf_fmt(&s->macros, " %s%.*s%s", braces ? "{" : "", (int)name.n,
		    name.p, braces ? "}" : "");
	}
}

int
signer_init(struct signer *s, const struct settings *settings,
    const struct keyring *keys)
{
	int rc;

	*s = (struct signer){.settings = settings, .keys = keys};
	buf_init(&s->reply, CONN_OUT_MAX);
	buf_init(&s->macros, CONN_OUT_MAX / 2);
	make_macros(s);
	rc = signing_init(&s->signing, &settings->signer);
	if (rc == 0 && buf_text(&s->macros) == NULL)
		rc = -ENOMEM;
	return rc;
}

void
signer_free(struct signer *s)
{
	signing_free(&s->signing);
	buf_free(&s->reply);
	buf_free(&s->macros);
}

const char *
outcome_macros(const struct signer *s)
{
	return s->macros.p; /* signer_init() has put its NUL */
}

void
outcome_macro(const struct signer *s, struct origin *from, struct message *m,
    unsigned char stage, struct span name, struct span value)
{
	const struct signer_settings *set = &s->settings->signer;
	const char *entry;

	if (set->sign_macros.n == 0)
		return;
	entry = choose_macro(set, name, value);
	if (entry == NULL)
		return;
	if (stage == SMFIC_CONNECT || stage == SMFIC_HELO)
		from->macro = entry;
	else
		m->macro = entry;
}

void
outcome_recipient(
    const struct signer *s, struct message *m, struct span address)
{
	if (m->exempt == NULL)
		m->exempt = choose_recipient(&s->settings->signer, address);
}

/* --- the end of the header --------------------------------------------------- */

static void
set(struct outcome *o, enum outcome_kind kind, enum stats_unsigned cause,
    const char *reason)
{
	o->kind = kind;
	o->cause = cause;
	snprintf(o->reason, sizeof o->reason, "%s", reason);
}

/* What is wrong with a key is the house's fault, and the administrator's word
 * decides what it costs. */
static enum outcome_kind
bad_key_kind(const struct signer *s)
{
	return s->settings->signer.bad_key_tempfail ? OUTCOME_TEMPFAIL
	                                            : OUTCOME_UNSIGNED;
}

/* The counter of a verdict. */
static enum stats_unsigned
cause_of(enum choose_verdict v)
{
	static const enum stats_unsigned cause[CHOOSE_VERDICTS] = {
	    [CHOOSE_SIGN] = UNSIGNED_OTHER,
	    [CHOOSE_FROM_MISSING] = UNSIGNED_FROM_MISSING,
	    [CHOOSE_FROM_REPEATED] = UNSIGNED_FROM_REPEATED,
	    [CHOOSE_FROM_EMPTY] = UNSIGNED_FROM_EMPTY,
	    [CHOOSE_FROM_SEVERAL] = UNSIGNED_FROM_SEVERAL,
	    [CHOOSE_FROM_BAD] = UNSIGNED_FROM_BAD,
	    [CHOOSE_CLIENT_IGNORED] = UNSIGNED_CLIENT_IGNORED,
	    [CHOOSE_DAEMON_NEVER] = UNSIGNED_DAEMON,
	    [CHOOSE_CAME_IN] = UNSIGNED_CAME_IN,
	    [CHOOSE_CLIENT_OUTSIDE] = UNSIGNED_CLIENT_OUTSIDE,
	    [CHOOSE_LOGIN_OTHER] = UNSIGNED_LOGIN,
	    [CHOOSE_ENVELOPE_OTHER] = UNSIGNED_ENVELOPE,
	    [CHOOSE_DOMAIN_EXEMPT] = UNSIGNED_EXEMPT_DOMAIN,
	    [CHOOSE_RECIPIENT_EXEMPT] = UNSIGNED_EXEMPT_RECIPIENT,
	    [CHOOSE_DOMAIN_UNKNOWN] = UNSIGNED_DOMAIN_UNKNOWN,
	    [CHOOSE_DOMAIN_NO_KEY] = UNSIGNED_NO_KEY,
	    [CHOOSE_DOMAIN_BAD_KEY] = UNSIGNED_BAD_KEY,
	    [CHOOSE_SIGNED_ALREADY] = UNSIGNED_SIGNED_ALREADY,
	    [CHOOSE_NO_MEMORY] = UNSIGNED_OTHER,
	};

	return cause[v];
}

/* True, and *o, if the message is not in a state to be signed. */
static bool
troubled(const struct message *m, struct outcome *o)
{
	switch (m->trouble) {
	case MESSAGE_FINE:
		return false;
	case MESSAGE_HEADERS_LARGE:
		set(o, OUTCOME_UNSIGNED, UNSIGNED_HEADERS_LARGE,
		    "the header is too large");
		return true;
	case MESSAGE_FIELDS_MANY:
		set(o, OUTCOME_UNSIGNED, UNSIGNED_FIELDS_MANY,
		    "too many header fields");
		return true;
	case MESSAGE_NO_MEMORY:
		set(o, OUTCOME_TEMPFAIL, UNSIGNED_OTHER, no_memory);
		return true;
	}
	return true;
}

/* Says why not, in words that have the message's own names in them. */
static void
set_choice(
    const struct signer *s, struct outcome *o, const struct choose_input *in)
{
	enum choose_verdict v = o->choice.verdict;
	enum outcome_kind kind = OUTCOME_UNSIGNED;
	struct buf text;

	if (v == CHOOSE_DOMAIN_BAD_KEY)
		kind = bad_key_kind(s);
	else if (v == CHOOSE_NO_MEMORY)
		kind = OUTCOME_TEMPFAIL;
	buf_init(&text, 16 * OUTCOME_REASON_MAX);
	choose_explain(&o->choice, in, &text);
	set(o, kind, cause_of(v), buf_text(&text) == NULL ? "" : text.p);
	buf_free(&text);
}

/* Takes out the keys that DNS has not, where they shall be skipped. False, and *o,
 * when none is left. */
static bool
keep_keys_in_dns(const struct signer *s, struct outcome *o)
{
	struct choose *c = &o->choice;
	size_t n = 0;

	if (!s->settings->signer.key_mismatch_skip)
		return true;
	for (size_t i = 0; i < c->nsign; i++) {
		if (!keyring_mismatch(s->keys, c->sign[i].key))
			c->sign[n++] = c->sign[i];
	}
	c->nsign = n;
	if (n == 0)
		set(o, OUTCOME_UNSIGNED, UNSIGNED_KEY_MISMATCH,
		    "DNS has no or other keys, and on_key_mismatch is skip");
	return n > 0;
}

void
outcome_headers(const struct signer *s, struct message *m,
    const struct origin *from, bool may_insert, struct outcome *ret)
{
	const struct choose_input in = {
	    .client = from->known ? &from->client : NULL,
	    .client_name = from->name,
	    .daemon = from->daemon,
	    .host = from->host,
	    .macro = m->macro != NULL ? m->macro : from->macro,
	    .authenticated = m->auth_type.n > 0 || m->auth_authen.n > 0,
	    .login = m->auth_authen,
	    .sender = m->sender,
	    .exempt = m->exempt,
	    .fields = message_fields(m),
	    .arena = &m->arena,
	    .say = s->say,
	    .arg = s->say_arg};

	ret->ns = 0;
	ret->bad_key = NULL;
	choose_message(s->keys, &in, &ret->choice);
	if (troubled(m, ret))
		return;
	if (ret->choice.verdict != CHOOSE_SIGN)
		set_choice(s, ret, &in);
	else if (!keep_keys_in_dns(s, ret))
		return;
	else if (!may_insert)
		set(ret, OUTCOME_UNSIGNED, UNSIGNED_MTA,
		    "the MTA does not let us add header fields");
	else if (message_hash(m, s->settings->signer.body_canon) != 0)
		set(ret, OUTCOME_TEMPFAIL, UNSIGNED_OTHER, no_memory);
	else
		set(ret, OUTCOME_SIGN, UNSIGNED_OTHER, "");
}

/* --- the end of the message --------------------------------------------------- */

/* Makes one signature, and its packet into s->reply. 0 or -errno as of
 * signing_make(). */
static int
sign_with(
    struct signer *s, const struct choose_signature *choice, bool one_space)
{
	const struct signing_as as = {.key = choice->key->key,
	    .domain = span_str(choice->domain),
	    .selector = span_str(choice->key->settings->selector),
	    .identity = span_str(choice->identity),
	    /* Without LEADSPC "Name:value" and "Name: value" look the same. */
	    .relaxed = one_space};
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
	int rc = signing_begin(&s->signing, m, (uint64_t)time(NULL));

	buf_clear(&s->reply);
	for (size_t i = o->choice.nsign; rc == 0 && i-- > 0;) {
		rc = sign_with(s, &o->choice.sign[i], one_space);
		if (rc == -EINVAL || rc == -EKEYREJECTED)
			o->bad_key = o->choice.sign[i].key->settings->file;
	}
	return rc;
}

/* What a failure of sign_all() makes of the message. */
static void
set_failure(const struct signer *s, struct outcome *o, int rc)
{
	char text[OUTCOME_REASON_MAX];

	if (rc == -EINVAL) {
		snprintf(text, sizeof text, "a key for %s cannot be used",
		    o->choice.from);
		o->choice.verdict = CHOOSE_DOMAIN_BAD_KEY;
		set(o, bad_key_kind(s), UNSIGNED_BAD_KEY, text);
	} else if (rc == -EBADMSG) {
		set(o, OUTCOME_UNSIGNED, UNSIGNED_FIELD_BROKEN,
		    "a header field cannot arrive as it is");
	} else if (rc == -E2BIG || rc == -EMSGSIZE) {
		set(o, OUTCOME_UNSIGNED, UNSIGNED_FIELDS_MANY,
		    "too many header fields to sign");
	} else if (rc == -EKEYREJECTED) {
		set(o, OUTCOME_TEMPFAIL, UNSIGNED_OTHER,
		    "the signature just made does not verify");
	} else {
		set(o, OUTCOME_TEMPFAIL, UNSIGNED_OTHER,
		    rc == -ENOMEM ? no_memory : "OpenSSL failed");
	}
}

/* True, and *o, when Postfix may have to change the message and at_risk says not
 * to sign it. */
static bool
too_risky(const struct signer *s, struct message *m, struct outcome *o)
{
	risk_end(&m->risk);
	if (!s->settings->signer.at_risk_skip || risk_word(&m->risk) == NULL)
		return false;
	set(o, OUTCOME_UNSIGNED, UNSIGNED_AT_RISK,
	    "Postfix may have to change it, and at_risk is skip");
	return true;
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

	if (o->kind != OUTCOME_SIGN || troubled(m, o) || too_risky(s, m, o))
		return;
	rc = sign_all(s, m, o, one_space);
	if (rc == 0)
		rc = buf_span(out, buf_view(&s->reply));
	o->ns = now_ns() - began;
	if (rc != 0)
		set_failure(s, o, rc);
}

/* --- the log and the counters ------------------------------------------------- */

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
	if (o->choice.missing > 0) {
		snprintf(
		    text, sizeof text, "%s:%u", o->choice.file, o->choice.line);
		log_str(l, "missing_key", text);
	}
	log_num(l, "bytes", (long long)(m->header_bytes + m->body_bytes));
	snprintf(ms, sizeof ms, "%.2f", (double)o->ns / 1e6);
	log_str(l, "ms", ms);
}

static void
count(const struct signer *s, const struct outcome *o, const struct message *m)
{
	switch (o->kind) {
	case OUTCOME_SIGN:
		stats_add(s->stats, STATS_SIGNED, 1);
		stats_add(s->stats, STATS_MISSING, o->choice.missing);
		stats_add(s->stats, STATS_SIGN_NS, o->ns);
		for (size_t i = 0; i < o->choice.nsign; i++) {
			const struct choose_signature *c = &o->choice.sign[i];

			stats_signed(s->stats, span_str(c->domain),
			    key_facts(c->key->key)->algorithm ==
			        KEY_ED25519_SHA256);
		}
		break;
	case OUTCOME_UNSIGNED:
		stats_add(s->stats, STATS_UNSIGNED + o->cause, 1);
		break;
	case OUTCOME_TEMPFAIL:
		stats_add(s->stats, STATS_TEMPFAIL, 1);
		break;
	}
	stats_add(s->stats, STATS_RISK_8BIT, m->risk.eight_bit);
	stats_add(s->stats, STATS_RISK_LONG_LINE, m->risk.long_line);
}

/* A bad key is an error, whatever it costs; a signature that is missing is worth a
 * warning, a stranger in our name a notice. */
static int
level_of(const struct outcome *o)
{
	if (o->choice.verdict == CHOOSE_DOMAIN_BAD_KEY ||
	    o->kind == OUTCOME_TEMPFAIL)
		return LOG_ERR;
	if (o->kind == OUTCOME_SIGN && o->choice.missing > 0)
		return LOG_WARNING;
	return o->kind == OUTCOME_UNSIGNED && o->choice.outside ? LOG_NOTICE
	                                                        : LOG_INFO;
}

void
outcome_log(const struct signer *s, const struct outcome *o,
    const struct message *m, const struct origin *from)
{
	static const char *const event[] = {[OUTCOME_SIGN] = "signed",
	    [OUTCOME_UNSIGNED] = "unsigned",
	    [OUTCOME_TEMPFAIL] = "tempfail"};
	char client[IP_TEXT_MAX];
	struct log_line l;

	count(s, o, m);
	log_begin(&l, level_of(o), event[o->kind]);
	log_span(&l, "queue_id", m->queue_id);
	if (o->kind == OUTCOME_SIGN) {
		log_signed(&l, o, m);
	} else {
		log_str(&l, "reason", o->reason);
		log_str(&l, "from", o->choice.from);
		log_str(&l, "key", o->bad_key);
	}
	log_str(&l, "at_risk", risk_word(&m->risk));
	log_str(&l, "client", origin_text(from, client));
	log_span(&l, "user", m->auth_authen);
	log_str(&l, "daemon", from->daemon);
	log_end(&l);
}
