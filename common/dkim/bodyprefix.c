/*
 * Trick: a copy of the hash's state is ended at each line end, so that the body
 * is hashed once. Empty lines wait in canon.c until something follows them:
 * whatever stands before a line end that comes out of it is the canonical form
 * of a shorter body.
 */
#include <errno.h>

#include <openssl/evp.h>

#include "common/dkim/bodyhash.h"
#include "common/dkim/bodyprefix.h"
#include "common/dkim/canon.h"

struct search {
	EVP_MD_CTX *md, *copy;
	const unsigned char *want;
	size_t lines;
	bool found;
	int error;
};

static void
look(struct search *s)
{
	unsigned char md[EVP_MAX_MD_SIZE];

	s->lines++;
	if (EVP_MD_CTX_copy_ex(s->copy, s->md) != 1 ||
	    EVP_DigestFinal_ex(s->copy, md, NULL) != 1)
		s->error = -EIO;
	else
		s->found = memcmp(md, s->want, BODYHASH_SIZE) == 0;
}

static void
run(void *arg, struct span out)
{
	struct search *s = arg;

	while (out.n > 0 && !s->found && s->error == 0) {
		size_t n = span_find(out, '\n');
		bool ends = n < out.n;

		n += ends;
		if (EVP_DigestUpdate(s->md, out.p, n) != 1)
			s->error = -EIO;
		else if (ends)
			look(s);
		out = span_skip(out, n);
	}
}

static void
go_over(struct search *s, struct span body, enum canonicalization canon)
{
	const struct canon_sink sink = {run, s};
	struct canon_body c;

	canon_body_init(&c, canon);
	canon_body_feed(&c, body, &sink);
	canon_body_end(&c, &sink);
}

int
bodyprefix_find(struct span body, enum canonicalization canon,
    const unsigned char *want, size_t *ret_lines)
{
	struct search s = {
	    .md = EVP_MD_CTX_new(), .copy = EVP_MD_CTX_new(), .want = want};

	if (s.md == NULL || s.copy == NULL)
		s.error = -ENOMEM;
	else if (EVP_DigestInit_ex(s.md, EVP_sha256(), NULL) != 1)
		s.error = -EIO;
	else
		go_over(&s, body, canon);
	EVP_MD_CTX_free(s.md);
	EVP_MD_CTX_free(s.copy);
	if (s.error != 0)
		return s.error;
	if (!s.found)
		return -ENOENT;
	*ret_lines = s.lines;
	return 0;
}
