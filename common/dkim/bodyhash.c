/*
 * Trick: the parts that are hashed (l=) are kept by length, so that one running
 * hash serves them all: where a part ends a copy of it is finished, and the
 * last part takes the hash itself. Trap: a run may end several parts, and one
 * of 0 bytes is complete before its first.
 */
#include <errno.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "common/dkim/bodyhash.h"
#include "common/dkim/canon.h"

/* A call of the hash function costs as much as the hashing of some 100 bytes;
 * runs under SHORT are copied and hashed together. What is staged lies on the
 * stack of one call: thousands of bodies are under way at a time. */
enum { STAGE = 8192, SHORT = 2048 };

struct part {
	uint64_t length; /* canonical bytes of it */
	unsigned char digest[BODYHASH_SIZE];
};

struct bodyhash {
	EVP_MD_CTX *md;
	EVP_MD_CTX *copy; /* of it; NULL before there are two parts */
	struct canon_body canon;
	uint64_t length; /* canonical bytes that there were */
	struct part part[BODYHASH_PARTS_MAX]; /* the shortest first */
	size_t nparts, next;                  /* next: to be completed */
	uint64_t asked;                       /* length of bodyhash_end()'s */
	int error;
	struct stage *stage; /* of the call under way */
};

struct stage {
	size_t n;
	char bytes[STAGE];
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
	if (b == NULL)
		return;
	EVP_MD_CTX_free(b->md);
	EVP_MD_CTX_free(b->copy);
	free(b);
}

void
bodyhash_begin(struct bodyhash *b, enum canonicalization canon)
{
	bodyhash_begin_part(b, canon, BODYHASH_ALL);
}

void
bodyhash_begin_part(
    struct bodyhash *b, enum canonicalization canon, uint64_t length)
{
	canon_body_init(&b->canon, canon);
	b->length = 0;
	b->part[0].length = b->asked = length;
	b->nparts = 1;
	b->next = 0;
	/* No type: the context keeps SHA-256 and its memory. */
	b->error = EVP_DigestInit_ex(b->md, NULL, NULL) == 1 ? 0 : -EIO;
}

int
bodyhash_also(struct bodyhash *b, uint64_t length)
{
	size_t at = b->nparts;

	while (at > 0 && b->part[at - 1].length > length)
		at--;
	if (at > 0 && b->part[at - 1].length == length)
		return 0;
	if (b->nparts == BODYHASH_PARTS_MAX)
		return -E2BIG;
	if (b->copy == NULL)
		b->copy = EVP_MD_CTX_new();
	if (b->copy == NULL)
		return -ENOMEM;
	memmove(&b->part[at + 1], &b->part[at],
	    (b->nparts - at) * sizeof b->part[0]);
	b->part[at].length = length;
	b->nparts++;
	return 0;
}

/* Not after an error: a context that could not begin has no function to
 * call. */
static void
hash(struct bodyhash *b, struct span s)
{
	if (s.n > 0 && b->error == 0 && EVP_DigestUpdate(b->md, s.p, s.n) != 1)
		b->error = -EIO;
}

static void
flush(struct bodyhash *b)
{
	hash(b, span_of(b->stage->bytes, b->stage->n));
	b->stage->n = 0;
}

static void
add(struct bodyhash *b, struct span out)
{
	struct stage *s = b->stage;

	b->length += out.n;
	if (out.n > SHORT || out.n > STAGE - s->n)
		flush(b);
	if (out.n > SHORT) {
		hash(b, out);
		return;
	}
	memcpy(s->bytes + s->n, out.p, out.n);
	s->n += out.n;
}

/* The next part is complete. */
static void
complete(struct bodyhash *b)
{
	unsigned char *digest = b->part[b->next++].digest;
	unsigned char md[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *c = b->next < b->nparts ? b->copy : b->md;

	flush(b);
	if (b->error == 0 &&
	    ((c == b->copy && EVP_MD_CTX_copy_ex(c, b->md) != 1) ||
	        EVP_DigestFinal_ex(c, md, NULL) != 1))
		b->error = -EIO;
	if (b->error == 0)
		memcpy(digest, md, BODYHASH_SIZE);
}

static void
run(void *arg, struct span out)
{
	struct bodyhash *b = arg;

	while (b->next < b->nparts &&
	    out.n >= b->part[b->next].length - b->length) {
		size_t n = (size_t)(b->part[b->next].length - b->length);

		add(b, span_of(out.p, n));
		out = span_skip(out, n);
		complete(b);
	}
	if (b->next < b->nparts)
		add(b, out);
	else
		b->length += out.n;
}

void
bodyhash_feed(struct bodyhash *b, struct span in)
{
	const struct canon_sink sink = {run, b};
	struct stage stage;

	stage.n = 0;
	b->stage = &stage;
	canon_body_feed(&b->canon, in, &sink);
	flush(b);
	b->stage = NULL;
}

uint64_t
bodyhash_length(const struct bodyhash *b)
{
	return b->length;
}

const unsigned char *
bodyhash_digest(const struct bodyhash *b, uint64_t length)
{
	size_t i = 0;

	while (i < b->nparts && b->part[i].length != length)
		i++;
	return i < b->nparts ? b->part[i].digest : NULL;
}

int
bodyhash_end(struct bodyhash *b, unsigned char *ret)
{
	const struct canon_sink sink = {run, b};
	struct stage stage;

	stage.n = 0;
	b->stage = &stage;
	canon_body_end(&b->canon, &sink);
	while (b->next < b->nparts) /* longer than the body */
		complete(b);
	b->stage = NULL;
	if (b->error == 0 && ret != NULL)
		memcpy(ret, bodyhash_digest(b, b->asked), BODYHASH_SIZE);
	return b->error;
}
