/*
 * The trick: what is to become of a message is decided while its body is still
 * with the MTA, so that most mail that is not signed costs its header only;
 * what can fail with the keys fails at the end, when all signatures are there
 * or none is.
 *
 * The trap is `fault`: what is ours to answer for (keys, memory, OpenSSL) may
 * put a message off, where on_bad_key says so; what is the message's own never
 * may.
 */
#include "signer/signer.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "common/dkim/sigfield.h"
#include "common/limits.h"
#include "common/log/log.h"
#include "common/milter/macros.h"
#include "common/milter/miltercounters.h"
#include "common/milter/session.h"
#include "signer/limits.h"

static const char no_memory[] = "out of memory";

/* --- the worker's part ---------------------------------------------------- */

int
signer_init(struct signer *s, const struct settings *settings,
    const struct keyring *keys)
{
	int rc;

	*s = (struct signer){.settings = settings, .keys = keys};
	buf_init(&s->macros, CONN_OUT_MAX / 4);
	rc = macros_names(&settings->signer.sign_macros, &s->macros);
	return rc == 0 ? signing_init(&s->signing, &settings->signer) : rc;
}

void
signer_free(struct signer *s)
{
	signing_free(&s->signing);
	own_free(&s->own);
	buf_free(&s->macros);
}

static void __attribute__((format(printf, 2, 3)))
say(const struct signer *s, const char *fmt, ...)
{
	va_list ap;

	if (s->say == NULL)
		return;
	va_start(ap, fmt);
	s->say(s->say_arg, fmt, ap);
	va_end(ap);
}

/* --- before the header ---------------------------------------------------- */

void
signer_macro(const struct signer *s, struct letter *l, unsigned char stage,
    struct span name, struct span value)
{
	const char *entry =
	    macros_find(&s->settings->signer.sign_macros, name, value);

	if (entry == NULL)
		return;
	if (stage == SMFIC_CONNECT || stage == SMFIC_HELO)
		l->client_macro = entry;
	else
		l->macro = entry;
}

void
signer_recipient(const struct signer *s, struct letter *l, struct span address)
{
	if (l->exempt == NULL)
		l->exempt = choose_recipient(&s->settings->signer, address);
}

/* --- the end of the header ------------------------------------------------ */

static void
set(struct outcome *o, enum outcome_kind kind, enum reason cause,
    const char *reason)
{
	o->kind = kind;
	o->cause = cause;
	snprintf(o->reason, sizeof o->reason, "%s", reason);
}

/* For a reason that has one sentence. */
static void
set_unsigned(struct outcome *o, enum reason cause)
{
	set(o, OUTCOME_UNSIGNED, cause, reason_sentence(cause));
}

/* What is wrong with keys, memory or OpenSSL is the house's fault, and the
 * administrator's word decides what it costs. */
static void
set_fault(const struct signer *s, struct outcome *o, enum reason cause,
    const char *reason)
{
	set(o,
	    s->settings->signer.bad_key_tempfail ? OUTCOME_TEMPFAIL
	                                         : OUTCOME_UNSIGNED,
	    cause, reason);
	o->fault = true;
}

/* True, and *o, if the message is not in a state to be signed. */
static bool
troubled(const struct signer *s, const struct message *m, struct outcome *o)
{
	switch (m->trouble) {
	case MESSAGE_FINE:
		return false;
	case MESSAGE_HEADERS_LARGE:
		set_unsigned(o, UNSIGNED_HEADERS_LARGE);
		return true;
	case MESSAGE_FIELDS_MANY:
		set_unsigned(o, UNSIGNED_FIELDS_MANY);
		return true;
	case MESSAGE_NO_MEMORY:
		set_fault(s, o, UNSIGNED_OTHER, no_memory);
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
	const char *reason;
	struct buf text;

	buf_init(&text, 16 * OUTCOME_REASON_MAX);
	choose_explain(&o->choice, in, &text);
	reason = buf_text(&text) == NULL ? "" : text.p;
	if (v == CHOOSE_DOMAIN_BAD_KEY || v == CHOOSE_NO_MEMORY)
		set_fault(s, o, reason_of(v), reason);
	else
		set(o, OUTCOME_UNSIGNED, reason_of(v), reason);
	buf_free(&text);
}

/* Takes out the keys that DNS has not, where they shall be skipped. False, and
 * *o, when none is left. */
static bool
keep_keys_in_dns(
    const struct signer *s, struct outcome *o, const struct choose_input *in)
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
	if (n > 0)
		return true;
	if (c->bad > 0) {
		c->verdict = CHOOSE_DOMAIN_BAD_KEY;
		set_choice(s, o, in);
	} else {
		set_unsigned(o, UNSIGNED_KEY_MISMATCH);
	}
	return false;
}

void
signer_headers(const struct signer *s, struct letter *l, struct message *m,
    const struct origin *from, uint32_t may)
{
	const struct choose_input in = {
	    .client = from->known ? &from->client : NULL,
	    .own = origin_is_own(from, &s->own),
	    .client_name = from->name,
	    .daemon = from->daemon,
	    .host = from->host,
	    .macro = l->macro != NULL ? l->macro : l->client_macro,
	    .authenticated = m->auth_type.n > 0 || m->auth_authen.n > 0,
	    .login = m->auth_authen,
	    .sender = m->sender,
	    .exempt = l->exempt,
	    .fields = message_fields(m),
	    .arena = &m->arena,
	    .say = s->say,
	    .arg = s->say_arg};
	struct outcome *o = &l->outcome;

	o->ns = 0;
	o->fault = false;
	o->bad_key = NULL;
	choose_message(s->keys, &in, &o->choice);
	if (troubled(s, m, o))
		return;
	if (o->choice.verdict != CHOOSE_SIGN)
		set_choice(s, o, &in);
	else if (!keep_keys_in_dns(s, o, &in))
		return;
	else if ((may & SMFIF_ADDHDRS) == 0)
		set_unsigned(o, UNSIGNED_MTA);
	else if (letter_hash(l, m, s->settings->signer.body_canon,
	             &s->signing.rules) != 0)
		set_fault(s, o, UNSIGNED_OTHER, no_memory);
	else
		set(o, OUTCOME_SIGN, UNSIGNED_OTHER, "");
}

/* --- the end of the message ----------------------------------------------- */

static struct signing_as
as_of(const struct choose_signature *choice, bool guessed)
{
	return (struct signing_as){.key = choice->key->key,
	    .domain = span_str(choice->domain),
	    .selector = span_str(choice->key->settings->selector),
	    .identity = span_str(choice->identity),
	    /* simple would be over a space that may not be there. */
	    .relaxed = guessed};
}

/* Takes out the signatures that are there already, as when a content filter
 * hands the message in again. How many they are. */
static size_t
keep_unsigned(struct signer *s, struct outcome *o)
{
	struct choose *c = &o->choice;
	size_t n = 0, there;

	for (size_t i = 0; i < c->nsign; i++) {
		struct signing_as as = as_of(&c->sign[i], false);

		if (signing_present(&s->signing, &as))
			say(s, "header: signed already with d=%s s=%s",
			    c->sign[i].domain, as.selector.p);
		else
			c->sign[n++] = c->sign[i];
	}
	there = c->nsign - n;
	c->nsign = n;
	return there;
}

/* Makes one signature. 0 or -errno as of signing_make(). */
static int
sign_with(struct signer *s, const struct choose_signature *choice,
    const struct message *m, struct edits *e)
{
	const struct signing_as as = as_of(choice, m->guessed);
	struct span value;
	int rc = signing_make(&s->signing, &as, &value);

	if (rc == 0 && edits_insert(e, 0, span_str(SIGFIELD_NAME), value) != 0)
		rc = -ENOMEM;
	return rc;
}

/* Key i does not sign; the others do. */
static void
leave_out(struct outcome *o, size_t i)
{
	struct choose *c = &o->choice;
	const struct key_settings *k = c->sign[i].key->settings;

	o->bad_key = k->file;
	if (c->bad++ == 0) {
		c->file = k->origin;
		c->line = k->line;
	}
	c->nsign--;
	memmove(
	    &c->sign[i], &c->sign[i + 1], (c->nsign - i) * sizeof c->sign[0]);
}

/*
 * Makes all signatures. 0, or -errno if it is the message's, or if no key
 * works.
 *
 * From the last to the first, as each is inserted on top of those before it.
 * Which keys sign is told by what is left in o->choice:
 *
 *     two keys, one does not work    one left: signed, and bad_key in the log
 *     none works                     none left, failed is why: the message's
 *                                    fate
 *     all have signed before         none left, but there > 0: unsigned, no
 *                                    fault
 *     some have, the other fails     likewise: it bears a good one
 *     the message cannot be signed   rc is why, whatever was made until then
 */
static int
sign_all(struct signer *s, struct letter *l, struct message *m, struct edits *e)
{
	unsigned char hash[BODYHASH_SIZE];
	struct outcome *o = &l->outcome;
	int rc = letter_hash_end(l, hash);
	int failed = 0;
	size_t there = 0;

	if (rc == 0)
		rc = signing_begin(&s->signing, m, hash, time(NULL));
	if (rc == 0)
		there = keep_unsigned(s, o);
	for (size_t i = o->choice.nsign; rc == 0 && i-- > 0;) {
		rc = sign_with(s, &o->choice.sign[i], m, e);
		if (rc == -EINVAL || rc == -EKEYREJECTED || rc == -EIO) {
			leave_out(o, i);
			failed = rc;
			rc = 0;
		}
	}
	if (rc != 0 || o->choice.nsign > 0)
		return rc;
	if (there > 0)
		set_unsigned(o, UNSIGNED_SIGNED_ALREADY);
	return there > 0 ? 0 : failed;
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
		set_fault(s, o, UNSIGNED_BAD_KEY, text);
	} else if (rc == -EBADMSG) {
		set_unsigned(o, UNSIGNED_FIELD_BROKEN);
	} else if (rc == -E2BIG || rc == -EMSGSIZE) {
		set(o, OUTCOME_UNSIGNED, UNSIGNED_FIELDS_MANY,
		    "too many header fields to sign");
	} else if (rc == -EKEYREJECTED) {
		set_fault(s, o, UNSIGNED_OTHER,
		    "the signature just made does not verify");
	} else {
		set_fault(s, o, UNSIGNED_OTHER,
		    rc == -ENOMEM ? no_memory : "OpenSSL failed");
	}
}

/* True, and the outcome, when Postfix may have to change the message and
 * at_risk says not to sign it. */
static bool
too_risky(const struct signer *s, struct letter *l)
{
	risk_end(&l->risk);
	if (!s->settings->signer.at_risk_8bit)
		l->risk.eight_bit = false;
	if (!s->settings->signer.at_risk_skip || risk_word(&l->risk) == NULL)
		return false;
	set_unsigned(&l->outcome, UNSIGNED_AT_RISK);
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
signer_end(
    struct signer *s, struct letter *l, struct message *m, struct edits *e)
{
	struct outcome *o = &l->outcome;
	uint64_t began = now_ns();
	int rc;

	if (o->kind != OUTCOME_SIGN || troubled(s, m, o) || too_risky(s, l))
		return;
	rc = sign_all(s, l, m, e);
	o->ns = now_ns() - began;
	if (rc == 0)
		return;
	edits_clear(e);
	set_failure(s, o, rc);
}

/* --- as the engine has it ------------------------------------------------- */

static const char *
ops_macros(const void *wing, enum milter_stage stage)
{
	const struct signer *s = wing;

	/* signer_init() has put its NUL */
	return stage == SMFIM_MAIL && s->macros.n > 0 ? s->macros.p : NULL;
}

static void
ops_close(void *wing, void *letter)
{
	letter_free(letter);
}

static void
ops_macro(void *wing, void *letter, unsigned char stage, struct span name,
    struct span value)
{
	signer_macro(wing, letter, stage, name, value);
}

static void
ops_recipient(void *wing, void *letter, struct message *m,
    const struct origin *from, struct span address)
{
	signer_recipient(wing, letter, address);
}

static enum milter_word
word_of(enum outcome_kind kind)
{
	return kind == OUTCOME_TEMPFAIL ? MILTER_TEMPFAIL : MILTER_ACCEPT;
}

static enum milter_word
ops_headers(void *wing, void *letter, struct message *m,
    const struct origin *from, uint32_t may, struct edits *e)
{
	struct letter *l = letter;

	signer_headers(wing, l, m, from, may);
	return l->outcome.kind == OUTCOME_SIGN ? MILTER_GO_ON
	                                       : word_of(l->outcome.kind);
}

static void
ops_body(void *wing, void *letter, struct span in)
{
	letter_body(letter, in);
}

static enum milter_word
ops_end(void *wing, void *letter, struct message *m, const struct origin *from,
    bool late, struct edits *e)
{
	struct letter *l = letter;

	signer_end(wing, l, m, e);
	return word_of(l->outcome.kind);
}

/* The engine puts off what it cannot say, whatever was said. */
static void
ops_through(void *wing, void *letter, const struct message *m,
    const struct origin *from, enum milter_word said, const char *why)
{
	struct letter *l = letter;
	struct outcome *o = &l->outcome;

	if (why != NULL && o->kind != OUTCOME_TEMPFAIL) {
		set(o, OUTCOME_TEMPFAIL, UNSIGNED_OTHER, why);
		o->fault = true;
	}
	signer_log(wing, l, m, from);
}

static void
ops_reset(void *wing, void *letter)
{
	letter_reset(letter);
}

static size_t
ops_held(const void *letter)
{
	const struct letter *l = letter;

	return mimewalk_held(&l->risk.mime);
}

static void
ops_error(void *wing)
{
	const struct signer *s = wing;

	stats_add(s->stats, MILTER_COUNT_ERROR, 1);
}

const struct milter_ops signer_ops = {
    .actions = SMFIF_ADDHDRS,

    /* NR_EOH is not asked for: in the answer to the end of the header fields
     * the MTA hears that a message will not be signed, and we are spared its
     * body. */
    .steps = SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_SKIP |
        SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT |
        SMFIP_NR_DATA | SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_BODY,
    .macros = ops_macros,
    .letter_size = sizeof(struct letter),
    .close = ops_close,
    .macro = ops_macro,
    .recipient = ops_recipient,
    .headers = ops_headers,
    .body = ops_body,
    .end = ops_end,
    .through = ops_through,
    .reset = ops_reset,
    .held = ops_held,
    .error = ops_error,
};
