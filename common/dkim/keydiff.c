/*
 * A record that is nearly right is what people have in hand, so each way in
 * which a web form spoils one is undone and tried: without the quotes, or all
 * records of the name joined, it is the right key. The trap is that order: what
 * was mangled is never also said to be another key.
 */
#include <stdlib.h>

#include "common/dkim/keydiff.h"
#include "common/limits.h"

const char *
keydiff_word(enum keydiff d)
{
	switch (d) {
	case KEYDIFF_OK:
		return "ok";
	case KEYDIFF_TESTING:
		return "testing";
	case KEYDIFF_SPACES:
		return "spaces";
	case KEYDIFF_NODNS:
		return "no-dns";
	case KEYDIFF_MISSING:
		return "missing";
	case KEYDIFF_NOKEY:
		return "no-key-record";
	case KEYDIFF_SEVERAL:
		return "several";
	case KEYDIFF_QUOTES:
		return "quotes";
	case KEYDIFF_SPLIT:
		return "split";
	case KEYDIFF_CUT:
		return "cut";
	case KEYDIFF_SYNTAX:
		return "syntax";
	case KEYDIFF_REVOKED:
		return "revoked";
	case KEYDIFF_TYPE:
		return "wrong-type";
	case KEYDIFF_OTHER:
		return "other-key";
	case KEYDIFF_NARROWED:
		return "narrowed";
	}
	return "";
}

bool
keydiff_good(enum keydiff d)
{
	return d == KEYDIFF_OK || d == KEYDIFF_TESTING || d == KEYDIFF_SPACES;
}

/* --- pieces --------------------------------------------------------------- */

/* True if a without blanks is b, or with prefix: the beginning of b. */
static bool
same_base64(struct span a, struct span b, bool prefix)
{
	size_t at = 0;

	for (size_t i = 0; i < a.n; i++) {
		if (span_is_fws(a.p[i]))
			continue;
		if (at == b.n || a.p[i] != b.p[at])
			return false;
		at++;
	}
	return at == b.n || (prefix && at > 0);
}

static bool
has_blank(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (span_is_fws(s.p[i]))
			return true;
	}
	return false;
}

/* What the form left in, taken out. */
static void
add_unquoted(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '"' && s.p[i] != '\\')
			buf_byte(out, s.p[i]);
	}
}

static bool
has_quotes(struct span s)
{
	return span_find(s, '"') < s.n || span_find(s, '\\') < s.n;
}

/* True if text, read as a key record, has this key. */
static bool
is_record(struct span text, enum key_algorithm algorithm, struct span half)
{
	struct keyrecord k;
	const char *why;

	return keyrecord_parse(text, &k, &why) == PARSE_OK &&
	    k.algorithm == algorithm && same_base64(k.key, half, false);
}

/* True if it begins like a key record, quotes before it or not. */
static bool
looks_like_key(struct span s)
{
	while (s.n > 0 && (span_is_fws(s.p[0]) || s.p[0] == '"'))
		s = span_skip(s, 1);
	return (s.n >= 6 && span_ieqs(span_of(s.p, 6), "v=dkim")) ||
	    (s.n >= 2 &&
	        (span_ieqs(span_of(s.p, 2), "k=") ||
	            span_ieqs(span_of(s.p, 2), "p=")));
}

/* --- several records ------------------------------------------------------ */

/* True if the records, one behind the other from the one that begins like a key
 * record, are ours. The order of records in DNS is no order. */
static bool
joined_is_ours(const struct dns_answer *a, size_t first, bool down,
    enum key_algorithm algorithm, struct span half)
{
	struct buf text;
	bool is;

	buf_init(&text, DNS_TEXT_MAX);
	add_unquoted(a->record[first].txt, &text);
	for (size_t i = 0; i < a->n; i++) {
		size_t at = down ? a->n - 1 - i : i;

		if (at != first)
			add_unquoted(a->record[at].txt, &text);
	}
	is = buf_error(&text) == 0 &&
	    is_record(buf_view(&text), algorithm, half);
	buf_free(&text);
	return is;
}

static enum keydiff
compare_several(const struct dns_answer *a, size_t first,
    enum key_algorithm algorithm, struct span half, struct buf *text)
{
	if (joined_is_ours(a, first, false, algorithm, half) ||
	    joined_is_ours(a, first, true, algorithm, half)) {
		buf_fmt(text,
		    "split wrongly: the key stands in %zu TXT records. Make "
		    "one "
		    "record of them; only the strings within it may be split",
		    a->n);
		return KEYDIFF_SPLIT;
	}
	buf_fmt(text,
	    "there are %zu TXT records of this name; verifiers may take "
	    "either. Keep only the one of this key",
	    a->n);
	return KEYDIFF_SEVERAL;
}

/* --- one record ----------------------------------------------------------- */

static enum keydiff
compare_broken(struct span record, enum key_algorithm algorithm,
    struct span half, const char *why, struct buf *text)
{
	struct buf clean;
	bool ours;

	buf_init(&clean, DNS_TEXT_MAX);
	add_unquoted(record, &clean);
	ours = is_record(buf_view(&clean), algorithm, half);
	buf_free(&clean);
	if (has_quotes(record)) {
		buf_fmt(text,
		    "quotes or backslashes are part of the record%s. Enter the "
		    "value into the form without them",
		    ours ? "; without them it is the right key" : "");
		return KEYDIFF_QUOTES;
	}
	buf_fmt(text, "not a key record: %s", why);
	return KEYDIFF_SYNTAX;
}

/* What is to be said of a record that could be read. */
static void
say_record(enum keydiff d, const struct keyrecord *k,
    enum key_algorithm algorithm, struct span half, struct buf *text)
{
	static const char *const sentence[] = {[KEYDIFF_OK] = "key OK",
	    [KEYDIFF_TESTING] = "key OK, but t=y is left on: verifiers take "
	                        "its mail as unsigned. Remove t=y",
	    [KEYDIFF_SPACES] = "key OK, but there are spaces in p=: allowed, "
	                       "yet not every verifier likes them",
	    [KEYDIFF_REVOKED] = "revoked: p= is empty. A selector that was "
	                        "revoked is not used again; make a new key",
	    [KEYDIFF_OTHER] = "other key: the record is not the one of this "
	                      "private key. Publish the record that "
	                      "\"postseal genkey\" printed, or use its "
	                      "selector"};

	if (d == KEYDIFF_TYPE)
		buf_fmt(text,
		    "wrong type: the record says k=%s, the private key is %s",
		    key_type_word(k->algorithm), key_type_word(algorithm));
	else if (d == KEYDIFF_CUT)
		buf_fmt(text,
		    "cut: of the key only the first %zu of %zu characters are "
		    "in DNS. Publish it as strings of at most 255 characters",
		    k->key.n, half.n);
	else if (d == KEYDIFF_NARROWED)
		buf_fmt(text,
		    "%s in the record keeps it from signing mail. Remove it",
		    k->no_sha256 ? "h= without sha256" : "s= without email");
	else
		buf_str(text, sentence[d]);
}

enum keydiff
keydiff_record(
    const struct keyrecord *k, enum key_algorithm algorithm, struct span half)
{
	if (k->key.n == 0)
		return KEYDIFF_REVOKED;
	if (k->algorithm != algorithm)
		return KEYDIFF_TYPE;
	if (!same_base64(k->key, half, false))
		return same_base64(k->key, half, true) ? KEYDIFF_CUT
		                                       : KEYDIFF_OTHER;
	if (k->no_sha256 || k->no_email)
		return KEYDIFF_NARROWED;
	if (k->testing)
		return KEYDIFF_TESTING;
	return has_blank(k->key) ? KEYDIFF_SPACES : KEYDIFF_OK;
}

static enum keydiff
compare_one(struct span record, enum key_algorithm algorithm, struct span half,
    struct buf *text)
{
	struct keyrecord k;
	const char *why;
	enum keydiff d;

	if (keyrecord_parse(record, &k, &why) != PARSE_OK)
		return compare_broken(record, algorithm, half, why, text);
	if (has_quotes(k.key))
		return compare_broken(k.key, algorithm, half, "", text);
	d = keydiff_record(&k, algorithm, half);
	say_record(d, &k, algorithm, half, text);
	return d;
}

/* --- the whole ------------------------------------------------------------ */

static enum keydiff
compare_found(const struct dns_answer *a, enum key_algorithm algorithm,
    struct span half, struct buf *text)
{
	size_t first = 0, keys = 0;

	for (size_t i = a->n; i-- > 0;) {
		if (!looks_like_key(a->record[i].txt))
			continue;
		first = i;
		keys++;
	}
	if (keys == 0 && a->n > 1) {
		buf_fmt(
		    text, "no key: none of the %zu TXT records is one", a->n);
		return KEYDIFF_NOKEY;
	}
	if (a->n > 1)
		return compare_several(a, first, algorithm, half, text);
	if (keys == 0) {
		buf_str(text,
		    "no key: there is a TXT record, but it is no key record");
		return KEYDIFF_NOKEY;
	}
	return compare_one(a->record[0].txt, algorithm, half, text);
}

enum keydiff
keydiff_compare(const struct dns_answer *a, enum key_algorithm algorithm,
    struct span half, struct buf *text)
{
	switch (a->status) {
	case DNS_FOUND:
		return compare_found(a, algorithm, half, text);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		buf_str(text, "missing: DNS has no such record (yet)");
		return KEYDIFF_MISSING;
	case DNS_TEMPERROR:
		buf_fmt(
		    text, "DNS gives no answer (%s): nothing is known", a->why);
		return KEYDIFF_NODNS;
	}
	return KEYDIFF_NODNS;
}
