/*
 * The trap is what may be left out: no v=, no k=, no h= and no s= mean the
 * usual, and empty is not absent. An empty p= is a key that was revoked (RFC
 * 6376 section 3.6.1).
 */
#include "common/dkim/keyrecord.h"
#include "common/dkim/taglist.h"

enum { TXT_STRING_MAX = 255 }; /* octets of one string, RFC 1035 section 3.3 */

const char *
key_algorithm_word(enum key_algorithm a)
{
	switch (a) {
	case KEY_RSA_SHA256:
		return "rsa-sha256";
	case KEY_ED25519_SHA256:
		return "ed25519-sha256";
	}
	return "";
}

const char *
key_type_word(enum key_algorithm a)
{
	switch (a) {
	case KEY_RSA_SHA256:
		return "rsa";
	case KEY_ED25519_SHA256:
		return "ed25519";
	}
	return "";
}

/* True if one of the items, parted by ':', is the word. */
static bool
lists(const struct tag *tag, const char *word)
{
	struct span list;

	if (tag == NULL)
		return false;
	for (list = tag->value; list.n > 0;) {
		if (span_eq(taglist_item(&list), span_str(word)))
			return true;
	}
	return false;
}

static const char *
read_version(const struct taglist *tags)
{
	const struct tag *v = taglist_find(tags, "v");

	if (v == NULL)
		return NULL;
	if (v != tags->v)
		return "v= is not the first tag";
	if (!span_eq(v->value, span_str("DKIM1")))
		return "v= is not DKIM1";
	return NULL;
}

static const char *
read_type(const struct taglist *tags, enum key_algorithm *ret)
{
	const struct tag *k = taglist_find(tags, "k");

	*ret = KEY_RSA_SHA256;
	if (k == NULL || span_eq(k->value, span_str("rsa")))
		return NULL;
	if (!span_eq(k->value, span_str("ed25519")))
		return "k= is neither rsa nor ed25519";
	*ret = KEY_ED25519_SHA256;
	return NULL;
}

static const char *
read_tags(const struct taglist *tags, struct keyrecord *k)
{
	const struct tag *p = taglist_find(tags, "p");
	const struct tag *n = taglist_find(tags, "n");
	const struct tag *g = taglist_find(tags, "g");
	const struct tag *h = taglist_find(tags, "h");
	const struct tag *s = taglist_find(tags, "s");
	const struct tag *t = taglist_find(tags, "t");
	const char *why = read_version(tags);

	if (why == NULL)
		why = read_type(tags, &k->algorithm);
	if (why == NULL && p == NULL)
		why = "no p= with the key";
	if (why != NULL)
		return why;
	k->key = p->value;
	k->notes = n == NULL ? span_of(NULL, 0) : n->value;
	k->granularity = g == NULL ? span_of(NULL, 0) : g->value;
	k->testing = lists(t, "y");
	k->exact_domain = lists(t, "s");
	k->no_sha256 = h != NULL && !lists(h, "sha256");
	k->no_sha1 = h != NULL && !lists(h, "sha1");
	k->no_email = s != NULL && !lists(s, "*") && !lists(s, "email");
	return NULL;
}

enum parse
keyrecord_parse(struct span text, struct keyrecord *ret, const char **ret_why)
{
	struct taglist tags;
	struct keyrecord k;
	const char *why;

	if (taglist_parse(text, &tags, ret_why) != PARSE_OK)
		return PARSE_BAD;
	why = read_tags(&tags, &k);
	if (why != NULL) {
		*ret_why = why;
		return PARSE_BAD;
	}
	*ret = k;
	return PARSE_OK;
}

/* All tags in front of p=. */
static void
print_head(const struct keyrecord *k, struct buf *out)
{
	buf_fmt(out, "v=DKIM1; k=%s; ", key_type_word(k->algorithm));
	if (k->testing || k->exact_domain) {
		buf_fmt(out, "t=%s%s%s; ", k->testing ? "y" : "",
		    k->testing && k->exact_domain ? ":" : "",
		    k->exact_domain ? "s" : "");
	}
	if (k->notes.n > 0) {
		buf_str(out, "n=");
		buf_span(out, k->notes);
		buf_str(out, "; ");
	}
}

void
keyrecord_print(const struct keyrecord *k, struct buf *out)
{
	print_head(k, out);
	buf_str(out, "p=");
	buf_span(out, k->key);
}

/* The text as strings, each on a line of its own. */
static void
print_strings(struct span text, struct buf *out)
{
	while (text.n > 0) {
		size_t n = text.n < TXT_STRING_MAX ? text.n : TXT_STRING_MAX;

		buf_str(out, "\n\t");
		buf_quoted(out, span_of(text.p, n));
		text = span_skip(text, n);
	}
}

void
keyrecord_zone(const struct keyrecord *k, struct span selector,
    struct span domain, struct buf *out)
{
	struct buf text;
	struct span all;
	size_t head;

	buf_init(&text, out->max);
	print_head(k, &text);
	head = text.n;
	buf_str(&text, "p=");
	buf_span(&text, k->key);
	all = buf_view(&text);

	buf_span(out, selector);
	buf_str(out, "._domainkey.");
	buf_span(out, domain);
	buf_str(out, ". IN TXT ");
	if (all.n <= TXT_STRING_MAX) {
		buf_quoted(out, all);
	} else {
		buf_byte(out, '(');
		print_strings(span_of(all.p, head), out);
		print_strings(span_skip(all, head), out);
		buf_str(out, " )");
	}
	buf_byte(out, '\n');
	if (buf_error(&text) != 0 && out->error == 0)
		out->error = buf_error(&text);
	buf_free(&text);
}
