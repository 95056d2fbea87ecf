/*
 * Trick: header.b of a result is as long as it must be to differ from all
 * others (RFC 6008), because equal beginnings with unequal results make readers
 * drop both.
 */
#include <stdio.h>

#include "common/dkim/keyrecord.h"
#include "common/limits.h"
#include "common/mail/authres.h"
#include "verifier/results.h"

/* RFC 6008 section 3; and what a reader may be given as one word: equal
 * signatures cannot be told by more of it either. */
enum { B_LEAST = 8, B_MOST = 64 };

/* --- order ---------------------------------------------------------------- */

static unsigned
place_of(const struct result *r)
{
	static const unsigned char place[] = {[DKIM_FAIL] = 3,
	    [DKIM_POLICY] = 4,
	    [DKIM_NEUTRAL] = 5,
	    [DKIM_PERMERROR] = 6,
	    [DKIM_TEMPERROR] = 7};

	if (r->judged.result != DKIM_PASS)
		return place[r->judged.result];
	if (r->candidate->rank == PICK_AUTHOR)
		return 0;
	return r->aligned ? 1 : 2;
}

/* The beginning of b=, as much as can be told of it, without the white space in
 * it, of which a header may be full. */
static struct span
bare_b(struct inspection *l, struct span b)
{
	char *text = arena_alloc(l->arena, B_MOST);
	size_t n = 0;

	for (size_t i = 0; text != NULL && i < b.n && n < B_MOST; i++) {
		if (!span_is_fws(b.p[i]))
			text[n++] = b.p[i];
	}
	return span_of(text, n);
}

static bool
same_signature(const struct signature *a, const struct signature *b)
{
	return a->signature_n > 0 && a->signature_n == b->signature_n &&
	    memcmp(a->signature, b->signature, a->signature_n) == 0 &&
	    strcmp(a->name, b->name) == 0;
}

/* r, or what takes its place, is there. */
static bool
merge(struct result *v, size_t n, const struct result *r)
{
	for (size_t i = 0; i < n; i++) {
		if (!same_signature(&v[i].candidate->s, &r->candidate->s))
			continue;
		if (place_of(r) < place_of(&v[i]))
			v[i] = *r;
		return true;
	}
	return false;
}

void
results_merge(struct inspection *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->nresults; i++) {
		struct result r = l->result[i];

		r.b = bare_b(l, r.candidate->s.b);
		r.aligned = dmarc_message_aligned(&l->dmarc, r.number);
		if (!merge(l->result, n, &r))
			l->result[n++] = r;
	}
	l->nresults = n;
}

/* Insertion: they are few, and equal ones keep their order. */
void
results_sort(struct inspection *l)
{
	for (size_t i = 1; i < l->nresults; i++) {
		struct result r = l->result[i];
		size_t k = i;

		for (; k > 0 && place_of(&l->result[k - 1]) > place_of(&r); k--)
			l->result[k] = l->result[k - 1];
		l->result[k] = r;
	}
}

/* --- the field ------------------------------------------------------------ */

static size_t
same_beginning(struct span a, struct span b)
{
	size_t n = 0;

	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

/* As much of b= as tells it from all others. */
static struct span
short_b(const struct inspection *l, size_t which)
{
	struct span b = l->result[which].b;
	size_t n = B_LEAST;

	for (size_t i = 0; i < l->nresults; i++) {
		size_t same;

		if (i == which)
			continue;
		same = same_beginning(b, l->result[i].b);
		/* a fake with the text of a good one: two results for
		 * it would make readers believe neither */
		if (same >= B_MOST && l->result[i].judged.result == DKIM_PASS &&
		    l->result[which].judged.result != DKIM_PASS)
			return span_of(NULL, 0);

		if (same >= n)
			n = same + 1;
	}
	if (n > B_MOST)
		n = B_MOST;
	return span_of(b.p, n < b.n ? n : b.n);
}

/* What the key was, behind the result. */
static void
write_key(struct authres *a, const struct judged *j)
{
	char bits[32];

	if (j->bits > 0) {
		snprintf(bits, sizeof bits, "%u-bit key", j->bits);
		authres_comment(a, bits);
	}
	if (j->testing)
		authres_comment(a, "testing");
}

static void
write_result(struct authres *a, const struct inspection *l, size_t which)
{
	const struct result *r = &l->result[which];
	const struct signature *s = &r->candidate->s;

	authres_result(
	    a, "dkim", dkim_result_word(r->judged.result), r->judged.reason);
	write_key(a, &r->judged);
	authres_domain(a, "header.d", span_str(s->domain_a));
	authres_address(a, "header.i", span_str(s->identity));
	authres_domain(a, "header.a", s->algorithm_word);
	authres_domain(a, "header.s", span_str(s->selector));
	authres_base64(a, "header.b", short_b(l, which));
}

/* Its properties are those of RFC 7601 section 6.3; the local part only where
 * the key is for it. */
static void
write_domainkeys(struct authres *a, const struct dkmessage *d)
{
	const char *source = d->is_sender ? "header.sender" : "header.from";

	authres_result(a, "domainkeys", dkim_result_word(d->judged.result),
	    d->judged.reason);
	write_key(a, &d->judged);
	authres_domain(a, "header.d", span_str(d->signature.tags.domain_a));
	if (d->local_counts)
		authres_address(a, source, d->address);
	else
		authres_domain(a, source, d->domain);
}

void
results_write(struct inspection *l, const char *id, struct buf *out)
{
	struct authres a;

	authres_begin(&a, id, out);
	if (l->trouble != NULL)
		authres_result(&a, "dkim",
		    dkim_result_word(l->undone ? DKIM_TEMPERROR : DKIM_NEUTRAL),
		    l->trouble);
	else if (l->nresults == 0 && l->picked.more == 0)
		authres_result(&a, "dkim", "none", NULL);
	for (size_t i = 0; i < l->nresults; i++)
		write_result(&a, l, i);
	if (l->picked.more > 0) {
		char more[40];

		snprintf(more, sizeof more, "%zu more", l->picked.more);
		authres_result(&a, "dkim", "policy", "not evaluated");
		authres_comment(&a, more);
	}
	if (l->domainkeys != NULL && l->trouble == NULL)
		write_domainkeys(&a, l->domainkeys);
	envelope_write(&l->envelope, &a);
	dmarc_message_write(&l->dmarc, l->author, &a);
}

/* --- what becomes of it --------------------------------------------------- */

struct tally {
	size_t pass, verified, temperror, aligned;
	bool author_temperror; /* of a signature of the author's domain */
	bool testing;
	bool undecided;     /* one passes, and may be aligned */
	const char *reason; /* of the first that is no pass */
};

static struct tally
count(const struct inspection *l)
{
	struct tally t = {.reason = "there is no signature"};

	for (size_t i = l->nresults; i-- > 0;) {
		const struct result *r = &l->result[i];

		t.pass += r->judged.result == DKIM_PASS;
		t.verified += r->judged.verified;
		t.aligned += r->judged.result == DKIM_PASS &&
		    (r->aligned || r->candidate->rank == PICK_AUTHOR);
		t.testing = t.testing || r->judged.testing;
		t.undecided = t.undecided ||
		    dmarc_message_undecided(&l->dmarc, r->number);
		if (r->judged.result == DKIM_TEMPERROR) {
			t.temperror++;
			t.author_temperror = t.author_temperror ||
			    r->candidate->rank == PICK_AUTHOR;
		}
		if (r->judged.reason != NULL)
			t.reason = r->judged.reason;
	}
	return t;
}

bool
results_refuse(const struct verifier_settings *s, const char *word)
{
	for (size_t i = 0; i < s->reject.n; i++) {
		if (strcmp(s->reject.v[i], word) == 0)
			return true;
	}
	return false;
}

/* MAIL has "<>"; without smtpd, Postfix sends nothing. */
static bool
is_bounce(struct span sender)
{
	return sender.n == 0 || span_eq(sender, span_str("<>"));
}

static enum milter_word
refuse(
    struct edits *e, const char *status, const char *what, const char *reason)
{
	char text[EDITS_TEXT_MAX];

	snprintf(text, sizeof text, "%s: %s", what, reason);
	return edits_reply(e, 550, status, span_str(text));
}

/* What its signatures lead to. */
static enum milter_word
signatures_word(const struct inspection *l, const struct verifier_settings *s,
    const struct tally *t, struct edits *e)
{
	if (t->testing || t->temperror > 0 || l->picked.more > 0)
		return MILTER_GO_ON;
	if (t->pass == 0 && t->verified == 0 && results_refuse(s, "no-pass"))
		return refuse(
		    e, "5.7.20", "No passing DKIM signature", t->reason);
	if (t->pass == 0 && t->verified > 0 &&
	    results_refuse(s, "not-acceptable"))
		return refuse(
		    e, "5.7.21", "No acceptable DKIM signature", t->reason);
	/* of whom else could it be? */
	if (t->aligned == 0 && !t->undecided && l->author[0] != '\0' &&
	    l->dmarc.result.result != DMARC_RESULT_TEMPERROR &&
	    results_refuse(s, RESULTS_NOT_ALIGNED))
		return refuse(
		    e, "5.7.22", "No author-matched DKIM signature", l->author);
	return MILTER_GO_ON;
}

/* What its envelope does, if DMARC says nothing better. */
static enum milter_word
envelope_word(const struct inspection *l, const struct verifier_settings *s,
    struct edits *e)
{
	const struct check_result *spf = l->envelope.mail_from.result;

	if (spf == NULL || spf->result != SPF_FAIL ||
	    (l->dmarc.over &&
	        (l->dmarc.result.result == DMARC_RESULT_PASS ||
	            l->dmarc.result.result == DMARC_RESULT_TEMPERROR)) ||
	    !results_refuse(s, "spf-fail"))
		return MILTER_GO_ON;
	return refuse(e, "5.7.23", "SPF validation failed", spf->domain);
}

/* What the words of `reject` and on_temperror lead to. */
static enum milter_word
own_word(const struct inspection *l, const struct verifier_settings *s,
    struct span sender, struct edits *e)
{
	struct tally t = count(l);
	enum milter_word word = MILTER_GO_ON;

	if (l->trouble != NULL)
		return MILTER_GO_ON;
	if (t.pass == 0 && t.author_temperror && s->temperror_defer)
		return edits_reply(e, 451, "4.7.5",
		    span_str(
		        "DKIM: no answer for the author's key, try again"));
	if (is_bounce(sender) || l->dmarc.disposition.trusted)
		return MILTER_GO_ON;
	if (!l->list) /* it may have changed what was signed */
		word = signatures_word(l, s, &t, e);
	return word == MILTER_GO_ON ? envelope_word(l, s, e) : word;
}

static enum milter_word
dmarc_word(const struct inspection *l, struct edits *e)
{
	const struct disposition *d = &l->dmarc.disposition;
	char text[EDITS_TEXT_MAX];

	return edits_reply(e, d->code, d->status,
	    span_str(dmarc_message_reply(&l->dmarc, l->author, text)));
}

enum milter_word
results_word(const struct inspection *l, const struct verifier_settings *s,
    struct span sender, struct edits *e)
{
	const struct disposition *d = &l->dmarc.disposition;
	enum milter_word word = MILTER_GO_ON;

	if (d->code >= 500)
		return dmarc_word(l, e);
	if (l->whose == WHOSE_STRANGER)
		word = own_word(l, s, sender, e);
	if (word != MILTER_GO_ON)
		return word;
	if (d->code != 0)
		return dmarc_word(l, e);
	if (d->hold && l->may_hold)
		return edits_quarantine(
		    e, span_str("the DMARC policy of its author's domain"));
	return MILTER_GO_ON;
}
