#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "common/dkim/bodyhash.h"
#include "common/dkim/canon.h"

/* A call of the hash function costs as much as the hashing of some 100 bytes;
 * runs under SHORT are copied and hashed together. */
enum { STAGE = 1024, SHORT = 256 };

struct bodyhash {
	EVP_MD_CTX *md;
	struct canon_body canon;
	uint64_t left;   /* canonical bytes to be hashed yet */
	uint64_t length; /* that there were */
	int error;
	size_t n; /* bytes in stage */
	char stage[STAGE];
};

int
bodyhash_new(struct bodyhash **ret)
{
	struct bodyhash *b = calloc(1, sizeof *b);

	if (b == NULL)
		return -ENOMEM;
	b->md = EVP_MD_CTX_new();
	if (b->md == NULL ||
	    EVP_DigestInit_ex(b->md, EVP_sha256(), NULL) != 1) {
		bodyhash_free(b);
		return -ENOMEM;
	}
	bodyhash_begin(b, CANON_SIMPLE);
	*ret = b;
	return 0;
}

void
bodyhash_free(struct bodyhash *b)
{
	if (b != NULL)
		EVP_MD_CTX_free(b->md);
	free(b);
}

void
bodyhash_begin(struct bodyhash *b, enum canonicalization canon)
{
	bodyhash_begin_part(b, canon, UINT64_MAX);
}

void
bodyhash_begin_part(
    struct bodyhash *b, enum canonicalization canon, uint64_t length)
{
	canon_body_init(&b->canon, canon);
	b->n = 0;
	b->left = length;
	b->length = 0;
	/* No type: the context keeps SHA-256 and its memory. */
	b->error = EVP_DigestInit_ex(b->md, NULL, NULL) == 1 ? 0 : -EIO;
}

/* Not after an error: a context that could not begin has no function to call. */
static void
hash(struct bodyhash *b, struct span s)
{
	if (s.n > 0 && b->error == 0 && EVP_DigestUpdate(b->md, s.p, s.n) != 1)
		b->error = -EIO;
}

static void
flush(struct bodyhash *b)
{
	hash(b, span_of(b->stage, b->n));
	b->n = 0;
}

static void
run(void *arg, struct span out)
{
	struct bodyhash *b = arg;

	b->length += out.n;
	if (out.n > b->left)
		out.n = (size_t)b->left;
	b->left -= out.n;
	if (out.n > STAGE - b->n)
		flush(b);
	if (out.n > SHORT) {
		flush(b);
		hash(b, out);
		return;
	}
	memcpy(b->stage + b->n, out.p, out.n);
	b->n += out.n;
}

void
bodyhash_feed(struct bodyhash *b, struct span in)
{
	const struct canon_sink sink = {run, b};

	canon_body_feed(&b->canon, in, &sink);
}

uint64_t
bodyhash_length(const struct bodyhash *b)
{
	return b->length;
}

int
bodyhash_end(struct bodyhash *b, unsigned char *ret)
{
	const struct canon_sink sink = {run, b};
	unsigned char md[EVP_MAX_MD_SIZE];

	canon_body_end(&b->canon, &sink);
	flush(b);
	if (b->error == 0 && EVP_DigestFinal_ex(b->md, md, NULL) != 1)
		b->error = -EIO;
	if (b->error == 0)
		memcpy(ret, md, BODYHASH_SIZE);
	return b->error;
}
