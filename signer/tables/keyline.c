/*
 * A key on one line becomes PEM again, in room that is made once for the
 * longest that it can be: growing would leave copies of the key behind. Without
 * BEGIN the first bytes of the base64 tell PKCS#1 from PKCS#8.
 */
#include "signer/tables/keyline.h"

#include "common/dkim/base64.h"

enum {
	PEM_LINE = 64,
	BOUNDARY_MAX = 40 /* "-----BEGIN RSA PRIVATE KEY-----\n" */
};

/* What is written, in room that was made for all of it. */
struct writer {
	char *p;
	size_t n;
};

static void
put(struct writer *w, struct span s)
{
	if (s.n > 0)
		memcpy(w->p + w->n, s.p, s.n);
	w->n += s.n;
}

static void
put_str(struct writer *w, const char *s)
{
	put(w, span_str(s));
}

/* "\n" in front of rest, as two letters, or white space: what stands for a line
 * end of a PEM file on one line. How many bytes. */
static size_t
line_end(struct span rest)
{
	if (rest.n > 1 && rest.p[0] == '\\' && rest.p[1] == 'n')
		return 2;
	return rest.n > 0 && span_is_wsp(rest.p[0]);
}

/* Base64, in lines. */
static void
put_lines(struct writer *w, struct span text)
{
	size_t column = 0;

	while (text.n > 0) {
		size_t skip = line_end(text);

		if (skip == 0) {
			put(w, span_of(text.p, 1));
			if (++column % PEM_LINE == 0)
				put_str(w, "\n");
		}
		text = span_skip(text, skip == 0 ? 1 : skip);
	}
	if (column % PEM_LINE != 0)
		put_str(w, "\n");
}

/* The length of "-----BEGIN X-----" at the front of s, or 0. */
static size_t
dashes(struct span s)
{
	static const char mark[] = "-----";
	const char *end;

	if (s.n < 10 || memcmp(s.p, mark, 5) != 0)
		return 0;
	end = memmem(s.p + 5, s.n - 5, mark, 5);
	return end == NULL ? 0 : (size_t)(end - s.p) + 5;
}

/* PKCS#8 has the algorithm behind its version, PKCS#1 the modulus: a SEQUENCE
 * of some length, INTEGER 0 or 1, and then a SEQUENCE or an INTEGER. */
static bool
is_pkcs1(struct span base64)
{
	unsigned char der[12];
	size_t n, at;

	if (base64.n < 16 ||
	    base64_read(span_of(base64.p, 16), der, sizeof der, &n) != 0)
		return false;
	at = der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7fU);
	return at + 3 < n && der[at] == 2 && der[at + 1] == 1 &&
	    der[at + 3] == 2;
}

/* The block as it was, with its lines. */
static void
put_block(struct writer *w, struct span key, size_t begin)
{
	const char *end = memmem(key.p + begin, key.n - begin, "-----END", 8);
	size_t n = end == NULL ? key.n : (size_t)(end - key.p);

	put(w, span_of(key.p, begin));
	put_str(w, "\n");
	put_lines(w, span_of(key.p + begin, n - begin));
	key = span_skip(key, n);
	put(w, span_of(key.p, dashes(key)));
	put_str(w, "\n");
}

/* Base64 without a block gets one. */
static void
put_bare(struct writer *w, struct span key)
{
	const char *label =
	    is_pkcs1(key) ? "RSA PRIVATE KEY-----\n" : "PRIVATE KEY-----\n";

	put_str(w, "-----BEGIN ");
	put_str(w, label);
	put_lines(w, key);
	put_str(w, "-----END ");
	put_str(w, label);
}

char *
keyline_pem(struct span key, struct arena *arena)
{
	size_t begin = dashes(key);
	struct writer w = {.n = 0};

	w.p =
	    arena_alloc(arena, key.n + key.n / PEM_LINE + 2 * BOUNDARY_MAX + 1);
	if (w.p == NULL)
		return NULL;
	if (begin > 0)
		put_block(&w, key, begin);
	else
		put_bare(&w, key);
	return w.p;
}
