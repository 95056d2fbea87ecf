#include "tests/support/dkimsign.h"

#include <stdlib.h>

#include "common/dkim/base64.h"
#include "common/dkim/bodyhash.h"
#include "common/dkim/headerhash.h"
#include "common/dkim/keyrecord.h"
#include "common/dkim/taglist.h"
#include "tests/support/eml.h"
#include "tests/support/must.h"
#include "tests/support/suite.h"

static struct span
tag(const struct taglist *tags, const char *name)
{
	const struct tag *t = taglist_find(tags, name);

	return t == NULL ? span_of(NULL, 0) : t->value;
}

static enum canonicalization
canon_of(struct span word)
{
	return span_eq(word, span_str("relaxed")) ? CANON_RELAXED
	                                          : CANON_SIMPLE;
}

static void
put_bodyhash(struct span c, struct span l, struct span body, struct buf *out)
{
	unsigned char hash[BODYHASH_SIZE];
	struct bodyhash *b;

	must(bodyhash_new(&b) == 0);
	bodyhash_begin_part(b, canon_of(span_skip(c, span_find(c, '/') + 1)),
	    l.n > 0 ? strtoull(l.p, NULL, 10) : UINT64_MAX);
	bodyhash_feed(b, body);
	must(bodyhash_end(b, hash) == 0);
	bodyhash_free(b);
	base64_add(out, hash, sizeof hash);
}

static void
put_signature(struct span c, struct span h, struct span value, struct key *key,
    const struct field_list *fields, struct buf *out)
{
	unsigned char digest[DIGEST_SIZE], signature[KEY_SIGNATURE_MAX];
	struct named_fields named;
	struct headerhash *hash;
	struct arena arena;
	size_t n;

	arena_init(&arena, 1 << 20);
	must(headerhash_new(&hash) == 0);
	must(named_pick(h, fields, NULL, &arena, &named) == 0);
	headerhash_begin(hash, canon_of(span_of(c.p, span_find(c, '/'))));
	headerhash_add(hash, &named);
	must(headerhash_end(hash,
	         &(struct field){span_str("DKIM-Signature"), value},
	         span_of(NULL, 0), digest) == 0);
	must(key_sign(key, digest, signature, &n) == 0);
	base64_add(out, signature, n);
	headerhash_free(hash);
	arena_free(&arena);
}

/* The template up to the '@' behind `what`, and where it goes on. */
static const char *
copy_to(const char *from, const char *what, struct buf *out)
{
	const char *at = strstr(from, what);

	if (at == NULL) {
		buf_str(out, from);
		return from + strlen(from);
	}
	at += strlen(what) - 1;
	buf_add(out, from, (size_t)(at - from));
	return at + 1;
}

/* bh=@ stands before b=@, and nothing behind b=@ but ';' and what follows
 * it. */
void
dkimsign(const char *tags, struct key *key, struct span text, struct buf *out)
{
	struct taglist list = {.n = 0}; /* of a template that is none */
	struct buf value, bare;
	const char *why, *rest;
	struct eml e;

	eml_parse(text, &e);
	buf_init(&value, 1 << 20);
	buf_init(&bare, 1 << 20);
	(void)taglist_parse(span_str(tags), &list, &why);
	rest = tags;
	if (strstr(tags, "bh=@") != NULL) {
		rest = copy_to(tags, "bh=@", &value);
		put_bodyhash(tag(&list, "c"), tag(&list, "l"), e.body, &value);
	}
	rest = copy_to(rest, " b=@", &value);
	/* what is hashed: the value with nothing behind b= */
	buf_byte(&bare, ' ');
	buf_span(&bare, buf_view(&value));
	buf_str(&bare, rest);
	if (strstr(tags, " b=@") != NULL)
		put_signature(tag(&list, "c"), tag(&list, "h"), buf_view(&bare),
		    key, &e.fields, &value);
	buf_str(out, "DKIM-Signature: ");
	buf_span(out, buf_view(&value));
	buf_str(out, rest);
	buf_str(out, "\r\n");
	buf_free(&value);
	buf_free(&bare);
	eml_free(&e);
}

void
dkimsign_record(struct key *key, struct buf *out)
{
	buf_fmt(
	    out, "v=DKIM1; k=%s; p=", key_type_word(key_facts(key)->algorithm));
	must(key_public(key, out) == 0);
}
