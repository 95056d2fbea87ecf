#include "tests/support/dksign.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "common/dkim/base64.h"
#include "common/dkim/taglist.h"
#include "tests/support/eml.h"
#include "tests/support/must.h"

enum { TEXT_MAX = 8 << 20, NAMES_MAX = 64 };

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- lines ---------------------------------------------------------------- */

/* One line without its end; nofws takes its white space. */
static void
put_line(bool nofws, struct span line, struct buf *out)
{
	for (size_t i = 0; i < line.n; i++) {
		if (!nofws || !is_white(line.p[i]))
			buf_byte(out, line.p[i]);
	}
	buf_str(out, "\r\n");
}

static size_t
find_end(struct span s)
{
	for (size_t i = 0; i + 1 < s.n; i++) {
		if (s.p[i] == '\r' && s.p[i + 1] == '\n')
			return i;
	}
	return s.n;
}

void
dksign_body(bool nofws, struct span body, struct buf *out)
{
	size_t start = out->n;

	buf_str(out, "\r\n");
	while (body.n > 0) {
		size_t n = find_end(body);

		put_line(nofws, span_of(body.p, n), out);
		body = span_skip(body, n + 2);
	}
	while (out->n - start >= 4 &&
	    memcmp(out->p + out->n - 4, "\r\n\r\n", 4) == 0)
		out->n -= 2;
	if (out->n - start == 2)
		out->n = start;
}

/* --- fields --------------------------------------------------------------- */

static void
put_field(bool nofws, const struct field *f, struct buf *out)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_span(&text, f->name);
	buf_byte(&text, ':');
	for (size_t i = 0; i < f->value.n; i++) {
		if (f->value.p[i] == '\n')
			buf_byte(&text, '\r');
		buf_byte(&text, f->value.p[i]);
	}
	put_line(nofws, buf_view(&text), out);
	buf_free(&text);
}

/* Those that a name has, but `later` of them at the end; each is taken once. */
static void
put_named(bool nofws, struct span name, size_t later, struct eml *e,
    bool *taken, struct buf *out)
{
	size_t left = 0;

	for (size_t i = 0; i < e->fields.n; i++)
		left += !taken[i] && span_ieq(e->field[i].name, name);
	for (size_t i = 0; i < e->fields.n && left > later; i++) {
		if (taken[i] || !span_ieq(e->field[i].name, name))
			continue;
		put_field(nofws, &e->field[i], out);
		taken[i] = true;
		left--;
	}
}

/* How many of the names from at on are that one. */
static size_t
mentions(const struct span *names, size_t at, size_t n, struct span name)
{
	size_t k = 0;

	for (; at < n; at++)
		k += span_ieq(names[at], name);
	return k;
}

/* The first mention takes all but one for each later one; where there are
 * fewer, the later ones have theirs first. */
static void
put_header(bool nofws, struct span h, struct eml *e, struct buf *out)
{
	struct span names[NAMES_MAX];
	bool taken[100] = {false};
	size_t n = 0;

	while (h.n > 0 && n < NAMES_MAX)
		names[n++] = taglist_item(&h);
	for (size_t i = 0; i < n; i++)
		put_named(nofws, names[i], mentions(names, i + 1, n, names[i]),
		    e, taken, out);
	for (size_t i = 0; i < e->fields.n && n == 0; i++)
		put_field(nofws, &e->field[i], out);
}

void
dksign_text(bool nofws, struct span names, struct span message, struct buf *out)
{
	struct eml e;

	eml_parse(message, &e);
	put_header(nofws, names, &e, out);
	dksign_body(nofws, e.body, out);
	eml_free(&e);
}

/* --- the signature -------------------------------------------------------- */

static void
put_signature(const char *pem, struct span text, struct buf *out)
{
	BIO *in = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	unsigned char signature[1024];
	size_t n = sizeof signature;

	must(key != NULL &&
	    EVP_DigestSignInit(c, NULL, EVP_sha1(), NULL, key) == 1 &&
	    EVP_DigestSign(
	        c, signature, &n, (const unsigned char *)text.p, text.n) == 1);
	base64_add(out, signature, n);
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(key);
	BIO_free(in);
}

static struct span
tag(const struct taglist *tags, const char *name)
{
	const struct tag *t = taglist_find(tags, name);

	return t == NULL ? span_of(NULL, 0) : t->value;
}

void
dksign(const char *tags, const char *pem, struct span text, struct buf *out)
{
	const char *at = strstr(tags, " b=@");
	struct taglist list = {.n = 0};
	struct buf hashed;
	const char *why;

	buf_fmt(out, "DomainKey-Signature: %.*s",
	    at == NULL ? (int)strlen(tags) : (int)(at - tags), tags);
	if (at != NULL) {
		(void)taglist_parse(span_str(tags), &list, &why);
		buf_init(&hashed, TEXT_MAX);
		dksign_text(span_eq(tag(&list, "c"), span_str("nofws")),
		    tag(&list, "h"), text, &hashed);
		buf_str(out, " b=");
		put_signature(pem, buf_view(&hashed), out);
		buf_str(out, at + strlen(" b=@"));
		buf_free(&hashed);
	}
	buf_str(out, "\r\n");
}
