/*
 * Trick: a text has one place, by the FNV hash of its middle, which is the key
 * itself (all RSA keys of one size begin and end alike); the whole text is
 * compared. A sender who looks for texts of one place slows nobody but those
 * two.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/dkim/base64.h"
#include "verifier/limits.h"
#include "verifier/verify/pubkeys.h"

enum { KEY_BYTES_MAX = 3 * KEY_TEXT_MAX / 4 };

struct place {
	struct pubkey *key; /* owned; NULL: nothing is here */
	enum key_algorithm algorithm;
	char *text; /* owned */
	size_t n;
};

struct pubkeys {
	struct place place[PUBKEYS_MAX];
};

int
pubkeys_new(struct pubkeys **ret)
{
	struct pubkeys *c = calloc(1, sizeof *c);

	if (c == NULL)
		return -ENOMEM;
	*ret = c;
	return 0;
}

static void
clear(struct place *p)
{
	pubkey_free(p->key);
	free(p->text);
	*p = (struct place){.key = NULL};
}

void
pubkeys_free(struct pubkeys *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < PUBKEYS_MAX; i++)
		clear(&c->place[i]);
	free(c);
}

static struct place *
place_of(struct pubkeys *c, struct span text)
{
	struct span middle = span_of(text.p + text.n / 2, text.n / 4);

	return &c->place[span_hash(middle) % PUBKEYS_MAX];
}

static int
fill(struct place *p, enum key_algorithm a, struct span text,
    const char **ret_why)
{
	unsigned char bytes[KEY_BYTES_MAX];
	size_t n;
	int rc;

	if (base64_read_tag(text, bytes, sizeof bytes, &n) != 0) {
		*ret_why = "p= is no base64";
		return -EINVAL;
	}
	rc = pubkey_new(a, span_of(bytes, n), &p->key, ret_why);
	if (rc != 0)
		return rc;
	p->text = malloc(text.n + 1);
	if (p->text == NULL) {
		clear(p);
		return -ENOMEM;
	}
	memcpy(p->text, text.p, text.n);
	p->n = text.n;
	p->algorithm = a;
	return 0;
}

int
pubkeys_get(struct pubkeys *c, enum key_algorithm a, struct span p,
    struct pubkey **ret, const char **ret_why)
{
	struct place *at = place_of(c, p);
	int rc = 0;

	if (at->key == NULL || at->algorithm != a ||
	    !span_eq(span_of(at->text, at->n), p)) {
		clear(at);
		rc = fill(at, a, p, ret_why);
	}
	if (rc == 0)
		*ret = at->key;
	return rc;
}
