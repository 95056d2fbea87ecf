/*
 * Trick: what looks for the signature is the list of the rules of section
 * 3.7.3, and the first one that keeps them all ends it. Trap: only what stands
 * below a signature is covered by it; so the field with the address must, or
 * anybody could put one above.
 */
#include "verifier/verify/dkmessage.h"

#include <errno.h>

#include "common/bytes/domain.h"
#include "common/dkim/named.h"
#include "common/limits.h"
#include "common/mail/address.h"

enum {
	/* Canonical fields that are hashed together, and one alone: folds and
	 * line ends cannot double it. */
	STAGE = 16 * 1024,
	STAGE_MAX = 2 * MESSAGE_HEADERS_MAX + 64 * 1024,

	/* MESSAGE_FIELDS_MAX fields, of which each may be in a list. */
	NAMED_MEMORY_MAX = 512 * 1024
};

static void
say(struct dkmessage *d, enum dkim_result result, const char *reason)
{
	d->judging = false;
	d->judged.result = result;
	d->judged.reason = reason;
}

/* --- the sender (3.1, 3.7.3 rule 1) --------------------------------------- */

/* The field that has the address, or NULL: one From is needed, one Sender may
 * be. */
static const struct field *
find_source(const struct field_list *fields)
{
	size_t froms, senders;
	const struct field *from = field_find(fields, "From", &froms);
	const struct field *sender = field_find(fields, "Sender", &senders);

	if (froms != 1 || senders > 1)
		return NULL;
	return senders == 1 ? sender : from;
}

/* Of several addresses the first counts, but Sender may have one only. 0, or
 * -ENOMEM; what has no address leaves d->address empty. */
static int
read_address(
    struct dkmessage *d, const struct field *source, struct arena *arena)
{
	char domain[DOMAIN_MAX + 1];
	enum address_found found;
	struct address a;
	const char *why, *copy;
	struct buf text;

	d->is_sender = field_is(source, "Sender");
	found = address_parse(source->value, &a, &why);
	if (found != ADDRESS_ONE && (found != ADDRESS_SEVERAL || d->is_sender))
		return 0;
	if (domain_to_ascii(a.domain, domain) != 0)
		return 0;
	buf_init(&text, ADDRESS_MAX + sizeof domain);
	buf_span(&text, a.local);
	buf_byte(&text, '@');
	buf_str(&text, domain);
	copy = buf_error(&text) == 0 ? arena_dup(arena, buf_view(&text)) : NULL;
	if (copy != NULL)
		d->address = span_of(copy, text.n);
	buf_free(&text);
	if (copy == NULL)
		return -ENOMEM;
	d->domain = span_skip(d->address, a.local.n + 1);
	return 0;
}

/* --- the signature that counts (3.7.3) ------------------------------------ */

/* Why that one does not count, or NULL. */
static const char *
passed_over(const struct dkmessage *d, const struct field *field,
    const struct field *source, struct dksignature *ret)
{
	const char *why = dksignature_read(field->value, ret);

	if (why != NULL)
		return why;
	if (d->address.n == 0)
		return "the sender's address cannot be told";
	if (!domain_within(d->domain, span_str(ret->tags.domain_a)))
		return "d= is not the sender's domain";
	if (ret->tags.headers.n > 0 &&
	    signature_names(&ret->tags, d->is_sender ? "Sender" : "From") == 0)
		return "the sender's field is not in h=";
	if (source < field)
		return "the sender's field is above the signature";
	return NULL;
}

/* The first that counts, else the topmost, of which d says why not. */
static void
choose(struct dkmessage *d, const struct field_list *fields,
    const struct field *source, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < fields->n && !d->judging; i++) {
		const struct field *f = &fields->v[i];
		struct dksignature s;
		const char *why;

		if (!field_is(f, DKSIGNATURE_NAME))
			continue;
		if (n++ == max) {
			d->signature = (struct dksignature){.nofws = false};
			say(d, DKIM_POLICY, "not evaluated");
			break;
		}
		why = passed_over(d, f, source, &s);
		if (why != NULL && d->field != NULL)
			continue;
		d->field = f;
		d->signature = s;
		say(d, DKIM_NEUTRAL, why);
		d->judging = why == NULL;
	}
}

/* --- the hash (3.4.2) ----------------------------------------------------- */

static void
add(void *arg, struct span run)
{
	headerhash_sha1_add(arg, run);
}

static void
append(void *arg, struct span run)
{
	buf_span(arg, run);
}

/* The canonical header, into the sink. 0 or -ENOMEM. */
static int
put_header(const struct dkmessage *d, const struct field_list *fields,
    const struct canon_sink *sink)
{
	struct named_fields named = {NULL, 0};
	struct arena arena;
	struct buf stage;
	int rc;

	arena_init(&arena, NAMED_MEMORY_MAX);
	buf_init(&stage, STAGE_MAX);
	rc = named_pick_below(
	    d->signature.tags.headers, fields, d->field, &arena, &named);
	for (size_t i = 0; i < named.n && rc == 0; i++) {
		rc =
		    dkcanon_field(&stage, d->signature.nofws, named.v[i].field);
		if (rc == 0 && (stage.n >= STAGE || i + 1 == named.n)) {
			sink->run(sink->arg, buf_view(&stage));
			buf_clear(&stage);
		}
	}
	buf_free(&stage);
	arena_free(&arena);
	return rc;
}

/* 0 or -ENOMEM. That there is no SHA-1 is a result. */
static int
begin_hash(struct dkmessage *d, const struct field_list *fields)
{
	int rc = headerhash_sha1_new(&d->hash);

	if (rc == -ENOTSUP) {
		say(d, DKIM_NEUTRAL, "there is no SHA-1 here");
		return 0;
	}
	if (rc != 0)
		return rc;
	dkcanon_init(&d->canon, d->signature.nofws);
	return put_header(d, fields, &(struct canon_sink){add, d->hash});
}

int
dkmessage_begin(const struct field_list *fields, size_t max,
    struct arena *arena, struct dkmessage **ret)
{
	const struct field *source;
	struct dkmessage *d;
	size_t n;
	int rc = 0;

	if (field_find(fields, DKSIGNATURE_NAME, &n) == NULL)
		return 0;
	source = find_source(fields);
	d = arena_alloc(arena, sizeof *d);
	if (d == NULL)
		return -ENOMEM;
	if (source != NULL)
		rc = read_address(d, source, arena);
	if (rc == 0)
		choose(d, fields, source, max);
	if (d->judging)
		rc = begin_hash(d, fields);
	if (rc == 0)
		*ret = d;
	else
		dkmessage_free(d);
	return rc;
}

const char *
dkmessage_name(const struct dkmessage *d)
{
	return d->signature.tags.name;
}

void
dkmessage_feed(struct dkmessage *d, struct span body)
{
	if (d != NULL && d->judging)
		dkcanon_feed(
		    &d->canon, body, &(struct canon_sink){add, d->hash});
}

void
dkmessage_free(struct dkmessage *d)
{
	if (d == NULL)
		return;
	headerhash_sha1_free(d->hash);
	d->hash = NULL;
}

int
dkmessage_text(const struct dkmessage *d, const struct field_list *fields,
    struct span body, struct buf *out)
{
	const struct canon_sink sink = {append, out};
	struct dkcanon c;
	int rc = put_header(d, fields, &sink);

	dkcanon_init(&c, d->signature.nofws);
	dkcanon_feed(&c, body, &sink);
	dkcanon_end(&c, &sink);
	return rc != 0 ? rc : buf_error(out);
}

/* --- the key (3.2.3, 3.7.4) ----------------------------------------------- */

/* A record, for the signature. */
struct record_input {
	struct dkmessage *d;
	unsigned bits_least;
	struct pubkeys *pubkeys;
	unsigned char digest[SHA1_SIZE];
};

/* The local part is that of g=, in which one '*' stands for anything (RFC
 * 4871). */
static bool
fits(struct span g, struct span local)
{
	size_t star = span_find(g, '*');
	struct span tail = span_skip(g, star + 1);

	if (star == g.n)
		return span_eq(g, local);
	return local.n >= star + tail.n &&
	    span_eq(span_of(g.p, star), span_of(local.p, star)) &&
	    span_eq(tail, span_skip(local, local.n - tail.n));
}

static const char *
refused_by(const struct keyrecord *r)
{
	if (r->key.n == 0)
		return "key revoked";
	if (r->no_sha1)
		return "the key is not for sha1";
	if (r->no_email)
		return "the key is not for mail";
	if (r->algorithm != KEY_RSA_SHA256)
		return "the key is not of the kind in a=";
	return NULL;
}

static void
judge_key(const struct record_input *in, struct pubkey *key, struct judged *j)
{
	const struct signature *s = &in->d->signature.tags;
	int rc;

	j->bits = pubkey_bits(key);
	if (j->bits < in->bits_least) {
		j->result = DKIM_POLICY;
		j->reason = "key too short";
		return;
	}
	rc = pubkey_verify_sha1(
	    key, in->digest, span_of(s->signature, s->signature_n));
	j->verified = rc == 0;
	j->result = rc == 0       ? DKIM_PASS
	    : rc == -EKEYREJECTED ? DKIM_FAIL
	                          : DKIM_TEMPERROR;
	if (rc != 0)
		j->reason = rc == -EKEYREJECTED ? "signature did not verify"
		                                : "out of memory";
}

static void
judge_record(void *arg, const struct keyrecord *r, struct judged *j)
{
	struct record_input *in = arg;
	struct dkmessage *d = in->d;
	struct span local =
	    span_of(d->address.p, d->address.n - d->domain.n - 1);
	bool any =
	    r->granularity.n == 0 || span_eq(r->granularity, span_str("*"));
	struct pubkey *key;
	int rc;

	j->reason = refused_by(r);
	if (j->reason != NULL)
		return;
	if (!any && !fits(r->granularity, local)) {
		j->result = DKIM_NEUTRAL;
		j->reason = "g= of the key is not the sender";
		return;
	}
	rc = pubkeys_get(in->pubkeys, r->algorithm, r->key, &key, &j->reason);
	if (rc == 0) {
		judge_key(in, key, j);
	} else if (rc == -ENOMEM) {
		j->result = DKIM_TEMPERROR;
		j->reason = "out of memory";
	}
	d->local_counts = j->result == DKIM_PASS && !any;
}

void
dkmessage_judge(struct dkmessage *d, const struct dns_answer *key,
    bool too_long, unsigned bits_least, struct pubkeys *pubkeys)
{
	struct record_input in = {
	    .d = d, .bits_least = bits_least, .pubkeys = pubkeys};
	const struct judge_reader reader = {judge_record, &in};

	if (d == NULL || !d->judging)
		return;
	dkcanon_end(&d->canon, &(struct canon_sink){add, d->hash});
	d->judging = false;
	if (headerhash_sha1_end(d->hash, in.digest) != 0)
		say(d, DKIM_TEMPERROR, "out of memory");
	else
		judge_answer(key, too_long, &reader, &d->judged);
}
