/*
 * Trick: tags are read in an order in which a later one may lean on the earlier
 * (i= on d=, the key's name on s= and d=), and each reader returns a static
 * reason or NULL, so that signature_read() is the list of the rules. Trap: a
 * value that is wrong ends the reading, but not what was read before it: a
 * result without d= and b= could not be told from another one.
 */
#include <stdio.h>

#include "common/dkim/base64.h"
#include "common/dkim/signature.h"
#include "common/dkim/taglist.h"

enum {
	TIME_DIGITS = 12,  /* of t= and x=, RFC 6376 section 3.5 */
	LENGTH_DIGITS = 76 /* of l= */
};

const char *
dkim_result_word(enum dkim_result r)
{
	switch (r) {
	case DKIM_NONE:
		return "none";
	case DKIM_PASS:
		return "pass";
	case DKIM_FAIL:
		return "fail";
	case DKIM_POLICY:
		return "policy";
	case DKIM_NEUTRAL:
		return "neutral";
	case DKIM_TEMPERROR:
		return "temperror";
	case DKIM_PERMERROR:
		return "permerror";
	}
	return "";
}

/* --- the tags, each with its mistakes ------------------------------------- */

/* What is wrong with a tag, and how much that matters. */
struct fault {
	enum dkim_result result;
	const char *reason;
};

static const struct fault fine = {DKIM_PASS, NULL};

static struct fault
neutral(const char *reason)
{
	return (struct fault){DKIM_NEUTRAL, reason};
}

static struct fault
never(const char *reason)
{
	return (struct fault){DKIM_PERMERROR, reason};
}

/* Of a reader that returns a reason, or NULL. */
static struct fault
neutral_if(const char *reason)
{
	return reason == NULL ? fine : neutral(reason);
}

static struct fault
read_algorithm(const struct tag *a, struct signature *s)
{
	static const enum key_algorithm all[] = {
	    KEY_RSA_SHA256, KEY_ED25519_SHA256};

	s->algorithm_word = a->value;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (span_eq(a->value, span_str(key_algorithm_word(all[i])))) {
			s->algorithm = all[i];
			return fine;
		}
	}
	if (span_eq(a->value, span_str("rsa-sha1")))
		return never("rsa-sha1 is not secure"); /* RFC 8301 3.1 */
	s->algorithm_word = span_of(NULL, 0);
	return never("unknown algorithm in a=");
}

static bool
read_canon(struct span word, enum canonicalization *ret)
{
	if (span_eq(word, span_str("simple")))
		*ret = CANON_SIMPLE;
	else if (span_eq(word, span_str("relaxed")))
		*ret = CANON_RELAXED;
	else
		return false;
	return true;
}

/* simple/simple without it, and simple for what is left out. */
static struct fault
read_canons(const struct tag *c, struct signature *s)
{
	size_t slash;

	s->header_canon = s->body_canon = CANON_SIMPLE;
	if (c == NULL)
		return fine;
	slash = span_find(c->value, '/');
	if (!read_canon(span_of(c->value.p, slash), &s->header_canon) ||
	    (slash < c->value.n &&
	        !read_canon(span_skip(c->value, slash + 1), &s->body_canon)))
		return never("unknown canonicalization in c=");
	return fine;
}

/* A domain of one label signs for nobody (6376 section 6.1.1 lets us say
 * so). */
const char *
signature_read_domain(struct span value, struct signature *ret)
{
	if (value.n == 0 || value.p[value.n - 1] == '.' ||
	    span_find(value, '.') == value.n ||
	    domain_to_ascii(value, ret->domain_a) != 0 ||
	    !domain_is_mail(span_str(ret->domain_a))) {
		ret->domain_a[0] = '\0';
		return "syntax error in d=";
	}
	ret->domain = value;
	return NULL;
}

/* Labels of letters, digits, '-' and '_': what can be asked, and shown. */
static bool
is_selector(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] ==
	    '\0';
}

const char *
signature_read_selector(struct span value, struct signature *ret)
{
	int n;

	if (value.n == 0 || value.p[value.n - 1] == '.' ||
	    domain_to_ascii(value, ret->selector) != 0 ||
	    !is_selector(ret->selector)) {
		ret->selector[0] = '\0';
		return "syntax error in s=";
	}
	if (ret->domain_a[0] == '\0')
		return NULL;
	n = snprintf(ret->name, sizeof ret->name, "%s._domainkey.%s",
	    ret->selector, ret->domain_a);
	if (n < 0 || (size_t)n >= sizeof ret->name) {
		ret->name[0] = '\0';
		return "s= and d= are too long for a name";
	}
	return NULL;
}

static bool
is_field_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~')
			return false;
	}
	return name.n > 0;
}

const char *
signature_read_names(struct span value, struct signature *ret)
{
	struct span rest = value;
	size_t n = 0;

	/* "from:" ends with an element that is empty */
	if (rest.n == 0 || rest.p[rest.n - 1] == ':')
		return "syntax error in h=";
	while (rest.n > 0) {
		if (!is_field_name(taglist_item(&rest)))
			return "syntax error in h=";
		if (++n > SIGNATURE_NAMES_MAX)
			return "too many names in h=";
	}
	ret->headers = value;
	return NULL;
}

static struct fault
read_headers(const struct tag *h, struct signature *s)
{
	const char *why = signature_read_names(h->value, s);

	if (why != NULL)
		return neutral(why);
	return signature_names(s, "From") > 0 ? fine
	                                      : never("From is not in h=");
}

static struct fault
read_bodyhash(const struct tag *bh, struct signature *s)
{
	size_t n;

	if (base64_read_tag(bh->value, s->bodyhash, BODYHASH_SIZE, &n) != 0 ||
	    n != BODYHASH_SIZE)
		return neutral("syntax error in bh=");
	return fine;
}

const char *
signature_read_b(struct span value, struct signature *ret)
{
	size_t n;

	if (base64_read_tag(value, ret->signature, SIGNATURE_BYTES_MAX, &n) !=
	        0 ||
	    n == 0)
		return "syntax error in b=";
	ret->b = value;
	ret->signature_n = n;
	return NULL;
}

/* Up to max digits, and nothing else; more than fits becomes UINT64_MAX. */
static bool
read_number(struct span text, size_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (text.n == 0 || text.n > max)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned char)text.p[i] - (unsigned)'0';

		if (digit > 9)
			return false;
		if (n > (UINT64_MAX - digit) / 10)
			n = UINT64_MAX;
		else
			n = 10 * n + digit;
	}
	*ret = n;
	return true;
}

static struct fault
read_length(const struct tag *l, struct signature *s)
{
	if (l == NULL)
		return fine;
	s->has_length = true;
	return read_number(l->value, LENGTH_DIGITS, &s->length)
	    ? fine
	    : neutral("syntax error in l=");
}

static struct fault
read_times(const struct tag *t, const struct tag *x, struct signature *s)
{
	s->expire = UINT64_MAX;
	if (t != NULL && !read_number(t->value, TIME_DIGITS, &s->time))
		return neutral("syntax error in t=");
	if (x != NULL && !read_number(x->value, TIME_DIGITS, &s->expire))
		return neutral("syntax error in x=");
	if (t != NULL && x != NULL && s->expire <= s->time)
		return never("x= is not after t=");
	return fine;
}

/* Methods that we do not know are skipped; one of them must be ours. */
static struct fault
read_query(const struct tag *q)
{
	struct span rest;

	if (q == NULL)
		return fine;
	for (rest = q->value; rest.n > 0;) {
		if (span_eq(taglist_item(&rest), span_str("dns/txt")))
			return fine;
	}
	return never("unknown method in q=");
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* dkim-quoted-printable (2.11): white space is not part of it, "=2C" is a byte.
 * False if it is none, or longer than an identity is. */
static bool
unquote(struct span text, char *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (span_is_fws(c))
			continue;
		if (c == '=') {
			int high = i + 2 < text.n ? hex(text.p[i + 1]) : -1;
			int low = high >= 0 ? hex(text.p[i + 2]) : -1;

			if (low < 0)
				return false;
			c = (char)(16 * high + low);
			i += 2;
		}
		if (c == '\0' || n == SIGNATURE_IDENTITY_MAX)
			return false;
		ret[n++] = c;
	}
	ret[n] = '\0';
	return true;
}

/* Its domain is d= or lies below it, at a dot, both in A-labels (RFC 8616). */
static struct fault
read_identity(const struct tag *i, struct signature *s)
{
	char text[SIGNATURE_IDENTITY_MAX + 1], domain[DOMAIN_MAX + 1];
	const char *at;

	snprintf(s->identity, sizeof s->identity, "@%s", s->domain_a);
	s->exact_identity = true;
	if (i == NULL)
		return fine;
	if (!unquote(i->value, text))
		return neutral("syntax error in i=");
	at = strrchr(text, '@');
	if (at == NULL || domain_to_ascii(span_str(at + 1), domain) != 0)
		return neutral("syntax error in i=");
	if (at[strlen(at) - 1] == '.' ||
	    !domain_within(span_str(domain), span_str(s->domain_a)))
		return never("i= is not within d=");
	snprintf(s->identity, sizeof s->identity, "%.*s@%s", (int)(at - text),
	    text, domain);
	s->exact_identity =
	    domain_equal(span_str(domain), span_str(s->domain_a));
	return fine;
}

/* --- all of them ---------------------------------------------------------- */

static struct fault
read_version(const struct tag *v)
{
	return span_eq(v->value, span_str("1")) ? fine : never("v= is not 1");
}

/* Of d=, s= and b= as much as is right: what a result shows. */
static struct fault
read_shown(const struct taglist *tags, struct signature *s)
{
	const struct tag *d = taglist_find(tags, "d");
	const struct tag *k = taglist_find(tags, "s");
	const struct tag *b = taglist_find(tags, "b");
	const struct tag *a = taglist_find(tags, "a");
	struct fault f[] = {a == NULL ? never("no a=") : read_algorithm(a, s),
	    d == NULL ? never("no d=")
	              : neutral_if(signature_read_domain(d->value, s)),
	    k == NULL ? never("no s=")
	              : neutral_if(signature_read_selector(k->value, s)),
	    b == NULL ? never("no b=")
	              : neutral_if(signature_read_b(b->value, s))};

	for (size_t i = 0; i < sizeof f / sizeof f[0]; i++) {
		if (f[i].result != DKIM_PASS)
			return f[i];
	}
	return fine;
}

static struct fault
read_rest(const struct taglist *tags, struct signature *s)
{
	const struct tag *v = taglist_find(tags, "v");
	const struct tag *h = taglist_find(tags, "h");
	const struct tag *bh = taglist_find(tags, "bh");
	struct fault f[] = {v == NULL ? never("no v=") : read_version(v),
	    h == NULL ? never("no h=") : read_headers(h, s),
	    bh == NULL ? never("no bh=") : read_bodyhash(bh, s),
	    read_canons(taglist_find(tags, "c"), s),
	    read_query(taglist_find(tags, "q")),
	    read_length(taglist_find(tags, "l"), s),
	    read_times(taglist_find(tags, "t"), taglist_find(tags, "x"), s)};

	for (size_t i = 0; i < sizeof f / sizeof f[0]; i++) {
		if (f[i].result != DKIM_PASS)
			return f[i];
	}
	return read_identity(taglist_find(tags, "i"), s);
}

enum dkim_result
signature_read(
    struct span value, struct signature *ret, const char **ret_reason)
{
	struct taglist tags;
	struct fault f, rest;

	memset(ret, 0, sizeof *ret);
	ret->expire = UINT64_MAX;
	if (taglist_parse(value, &tags, ret_reason) != PARSE_OK)
		return DKIM_NEUTRAL;
	f = read_shown(&tags, ret);
	rest = ret->domain_a[0] != '\0' ? read_rest(&tags, ret) : fine;
	if (f.result == DKIM_PASS)
		f = rest;
	if (f.result != DKIM_PASS)
		*ret_reason = f.reason;
	return f.result;
}

size_t
signature_names(const struct signature *s, const char *name)
{
	struct span rest;
	size_t n = 0;

	for (rest = s->headers; rest.n > 0;)
		n += span_ieqs(taglist_item(&rest), name);
	return n;
}
