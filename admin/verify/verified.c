/*
 * Trap: what a sender has written is cleaned before a terminal or a reader of
 * JSON gets it, but for the canonical bytes, which must be what was hashed.
 */
#include "admin/verify/verified.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "admin/look/spf_json.h"
#include "admin/tool/subcommand.h"
#include "admin/verify/bodycause.h"
#include "admin/verify/dmarcwalk.h"
#include "common/dkim/canon.h"
#include "common/dkim/headerhash.h"
#include "common/log/log.h"

enum {
	CLEAN_MAX = 64 * 1024,
	NAMES_MAX = 1024 * 1024 /* of h=, for one signature */
};

/* Why nothing was verified, or NULL. */
static const char *
left_alone(const struct inspection *l)
{
	switch (l->whose) {
	case WHOSE_USER:
		return "it is mail of a user";
	case WHOSE_TRUSTED:
		return "the client is in verifier.trusted_networks";
	case WHOSE_STRANGER:
	case WHOSE_RELAY:
		break;
	}
	return l->trouble;
}

/* What becomes of the message: a word for programs. */
static const char *
fate(const struct verified *v)
{
	if (v->word == MILTER_QUARANTINE)
		return "held";
	if (v->word != MILTER_REPLY)
		return v->word == MILTER_TEMPFAIL ? "deferred" : "accepted";
	return v->edits.text[0] == '4' ? "deferred" : "rejected";
}

/* The sentence of bodycause.c; empty where the body is as it was signed. */
static int
find_cause(const struct verified *v, const struct result *r, struct buf *ret)
{
	struct field_list fields = message_fields(&v->message);
	int rc;

	if (r->judged.result != DKIM_FAIL)
		return 0;
	rc = bodycause_find(buf_view(&v->body), &fields, &r->candidate->s, ret);
	return rc == -EALREADY ? 0 : rc;
}

/* --- for people ----------------------------------------------------------- */

static void
put_tag(const char *name, struct span value, struct buf *out)
{
	if (value.n == 0)
		return;
	buf_fmt(out, " %s=", name);
	log_clean(value, out);
}

/* ": fail, signature did not verify", and the next line begun. */
static void
put_judged(const struct judged *j, struct buf *out)
{
	buf_fmt(out, ": %s", dkim_result_word(j->result));
	if (j->reason != NULL)
		buf_fmt(out, ", %s", j->reason);
	buf_str(out, "\n ");
}

static void
end_key(const struct judged *j, struct buf *out)
{
	if (j->bits > 0)
		buf_fmt(out, ", %u bits", j->bits);
	if (j->testing)
		buf_str(out, ", in test (t=y)");
	buf_byte(out, '\n');
}

static int
print_result(const struct verified *v, size_t which, struct buf *out)
{
	const struct result *r = &v->letter.result[which];
	const struct signature *s = &r->candidate->s;
	struct buf cause;
	int rc;

	buf_fmt(out, "\nsignature %zu", which + 1);
	put_judged(&r->judged, out);
	put_tag("d", span_str(s->domain_a), out);
	put_tag("s", span_str(s->selector), out);
	put_tag("a", s->algorithm_word, out);
	if (r->candidate->result == DKIM_PASS) {
		buf_fmt(out,
		    " c=%s\n  h=", canon_words(s->header_canon, s->body_canon));
		log_clean(s->headers, out);
		buf_fmt(out, "\n  key at %s", s->name);
	}
	end_key(&r->judged, out);
	buf_init(&cause, CLEAN_MAX);
	rc = find_cause(v, r, &cause);
	if (cause.n > 0)
		buf_fmt(out, "  the body: %s\n", buf_text(&cause));
	buf_free(&cause);
	return rc;
}

/* A signature that was verified: nothing was wrong with it, nor with whose it
 * is. */
static bool
was_verified(const struct dkmessage *d)
{
	return d != NULL && d->hash != NULL;
}

static void
print_domainkeys(const struct dkmessage *d, struct buf *out)
{
	const struct signature *s;

	if (d == NULL)
		return;
	s = &d->signature.tags;
	buf_str(out, "\nDomainKeys");
	put_judged(&d->judged, out);
	put_tag("d", span_str(s->domain_a), out);
	put_tag("s", span_str(s->selector), out);
	put_tag(d->is_sender ? "Sender" : "From", d->address, out);
	if (was_verified(d)) {
		buf_fmt(out, " c=%s", d->signature.nofws ? "nofws" : "simple");
		if (s->headers.n > 0)
			buf_str(out, "\n ");
		put_tag("h", s->headers, out);
		buf_fmt(out, "\n  key at %s", s->name);
	}
	end_key(&d->judged, out);
}

/* The fields that are inserted, each above those before it. */
static void
print_inserted(const struct edit *e, struct buf *out)
{
	if (e == NULL)
		return;
	print_inserted(e->next, out);
	if (e->kind != EDIT_INSERT)
		return;
	buf_span(out, e->name);
	buf_byte(out, ':');
	buf_span(out, e->value);
	buf_byte(out, '\n');
}

int
verified_text(const struct verified *v, struct buf *out)
{
	const struct inspection *l = &v->letter;
	const char *alone = left_alone(l);
	int rc = 0;

	print_inserted(v->edits.first, out);
	if (v->word == MILTER_QUARANTINE)
		buf_fmt(out, "into the hold queue: %s\n", v->edits.text);
	if (alone != NULL)
		buf_fmt(out, "not verified: %s\n", alone);
	for (size_t i = 0; i < l->nresults && rc == 0; i++)
		rc = print_result(v, i, out);
	if (l->trouble == NULL)
		print_domainkeys(l->domainkeys, out);
	if (v->spf.n > 0)
		buf_byte(out, '\n');
	buf_span(out, buf_view(&v->spf));
	if (v->spf.n == 0)
		buf_byte(out, '\n');
	if (v->dmarc != NULL)
		dmarcwalk_text(v->dmarc, out);
	if (l->whose != WHOSE_TRUSTED && l->strip.n > 0)
		buf_fmt(out, "\nremoved: %zu forged field%s\n", l->strip.n,
		    buf_plural(l->strip.n));
	if (v->word == MILTER_REPLY)
		buf_fmt(out, "\n%s: %s\n", fate(v), v->edits.text);
	else if (v->word == MILTER_TEMPFAIL)
		buf_str(out, "\ndeferred: out of memory\n");
	return rc;
}

/* --- for programs --------------------------------------------------------- */

static json_t *
result_json(const struct verified *v, const struct result *r)
{
	const struct signature *s = &r->candidate->s;
	const char *word = NULL;
	struct buf cause;
	json_t *o = NULL;

	buf_init(&cause, CLEAN_MAX);
	if (find_cause(v, r, &cause) == 0) {
		if (cause.n > 0)
			word = buf_text(&cause);
		o = json_pack("{s:s, s:s*, s:o, s:o, s:o, s:o, s:i, s:b, s:s*}",
		    "result", dkim_result_word(r->judged.result), "reason",
		    r->judged.reason, "domain",
		    subcommand_clean_json(span_str(s->domain_a)), "selector",
		    subcommand_clean_json(span_str(s->selector)), "algorithm",
		    subcommand_clean_json(s->algorithm_word), "identity",
		    subcommand_clean_json(span_str(s->identity)), "bits",
		    (int)r->judged.bits, "testing", (int)r->judged.testing,
		    "body", word);
	}
	buf_free(&cause);
	return o;
}

static json_t *
domainkeys_json(const struct dkmessage *d)
{
	const struct signature *s = &d->signature.tags;

	return json_pack("{s:s, s:s*, s:o, s:o, s:o, s:i, s:b}", "result",
	    dkim_result_word(d->judged.result), "reason", d->judged.reason,
	    "domain", subcommand_clean_json(span_str(s->domain_a)), "selector",
	    subcommand_clean_json(span_str(s->selector)),
	    d->is_sender ? "sender" : "from", subcommand_clean_json(d->address),
	    "bits", (int)d->judged.bits, "testing", (int)d->judged.testing);
}

/* The results: what is inserted last, and so on top of all. */
static json_t *
field_json(const struct verified *v)
{
	const struct edit *top = NULL;

	for (const struct edit *e = v->edits.first; e != NULL; e = e->next) {
		if (e->kind == EDIT_INSERT)
			top = e;
	}
	return top == NULL ? json_null()
	                   : json_stringn(top->value.p, top->value.n);
}

struct json_t *
verified_json(const struct verified *v)
{
	const struct inspection *l = &v->letter;
	json_t *all = json_array(), *o;

	for (size_t i = 0; i < l->nresults; i++) {
		if (json_array_append_new(all, result_json(v, &l->result[i])) !=
		    0) {
			json_decref(all);
			return NULL;
		}
	}
	o = json_pack("{s:s, s:s*, s:s*, s:i, s:i, s:o, s:o, s:o}", "verdict",
	    fate(v), "reply", v->word == MILTER_REPLY ? v->edits.text : NULL,
	    "not_verified", left_alone(l), "removed",
	    l->whose == WHOSE_TRUSTED ? 0 : (int)l->strip.n, "not_evaluated",
	    (int)l->picked.more, "field", field_json(v), "signatures", all,
	    "spf", spf_json_checks(v->spf_json));
	if ((l->domainkeys != NULL && l->trouble == NULL &&
	        json_object_set_new(
	            o, "domainkeys", domainkeys_json(l->domainkeys)) != 0) ||
	    (v->dmarc != NULL &&
	        json_object_set_new(o, "dmarc", dmarcwalk_json(v->dmarc)) !=
	            0)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* --- the bytes that are hashed -------------------------------------------- */

struct part {
	struct buf *out;
	uint64_t left;
};

static void
put_part(void *arg, struct span run)
{
	struct part *p = arg;

	if (run.n > p->left)
		run.n = (size_t)p->left;
	buf_span(p->out, run);
	p->left -= run.n;
}

static void
put_body(const struct verified *v, const struct signature *s, struct buf *out)
{
	struct part part = {out, s->has_length ? s->length : UINT64_MAX};
	const struct canon_sink sink = {put_part, &part};
	struct canon_body c;

	canon_body_init(&c, s->body_canon);
	canon_body_feed(&c, buf_view(&v->body), &sink);
	canon_body_end(&c, &sink);
}

static int
put_header(const struct verified *v, const struct candidate *c, struct buf *out)
{
	struct field_list fields = message_fields(&v->message);
	struct named_fields named;
	struct arena arena;
	int rc;

	arena_init(&arena, NAMES_MAX);
	rc = named_pick(c->s.headers, &fields, c->field, &arena, &named);
	if (rc == 0)
		rc = headerhash_text(
		    c->s.header_canon, &named, c->field, c->s.b, out);
	arena_free(&arena);
	return rc;
}

/* A line that says how many bytes follow, and the bytes. */
static void
print_bytes(const char *what, const struct buf *b, struct buf *out)
{
	buf_fmt(out, "%s: %zu byte%s\n", what, b->n, buf_plural(b->n));
	buf_span(out, buf_view(b));
	buf_byte(out, '\n');
}

static int
print_signature(
    const struct verified *v, size_t which, struct buf *b, struct buf *out)
{
	const struct candidate *c = v->letter.result[which].candidate;
	char what[40];
	int rc;

	if (c->result != DKIM_PASS)
		return 0;
	buf_clear(b);
	rc = put_header(v, c, b);
	snprintf(what, sizeof what, "signature %zu, header", which + 1);
	print_bytes(what, b, out);
	buf_clear(b);
	put_body(v, &c->s, b);
	snprintf(what, sizeof what, "signature %zu, body", which + 1);
	print_bytes(what, b, out);
	return rc != 0 ? rc : buf_error(b);
}

int
verified_canonical(const struct verified *v, struct buf *out)
{
	const struct inspection *l = &v->letter;
	struct field_list fields = message_fields(&v->message);
	struct buf b;
	int rc = 0;

	buf_init(&b, VERIFIED_BODY_MAX);
	for (size_t i = 0; i < l->nresults && rc == 0; i++)
		rc = print_signature(v, i, &b, out);
	if (rc == 0 && was_verified(l->domainkeys)) {
		buf_clear(&b);
		rc = dkmessage_text(
		    l->domainkeys, &fields, buf_view(&v->body), &b);
		print_bytes("DomainKeys, header and body", &b, out);
	}
	buf_free(&b);
	return rc;
}
