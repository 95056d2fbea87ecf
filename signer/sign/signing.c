/*
 * What is the same for all signatures of a message is done once: its fields are
 * picked, its time is taken. The trap is a clock that cannot be right: t= and
 * x= would make good mail expire, so then there are none.
 */
#include "signer/sign/signing.h"

#include <errno.h>

#include "common/bytes/clock.h"
#include "common/bytes/domain.h"
#include "common/dkim/sigfield.h"
#include "common/dkim/signature.h"
#include "signer/limits.h"

enum {
	/* The rules and the names of SIGN_HEADERS_MAX entries, aligned, and the
	 * default's. */
	ARENA_MAX = 64 * 1024
};

int
signing_init(struct signing *g, const struct signer_settings *s)
{
	const char *why;
	int rc;

	*g = (struct signing){.settings = s};
	arena_init(&g->arena, ARENA_MAX);
	buf_init(&g->value, SIGFIELD_MAX);
	rc = hdrsel_read(&s->sign_headers, &g->arena, &g->rules, &why);
	if (rc == 0)
		rc = sign_new(&g->sign);
	if (rc != 0)
		signing_free(g);
	return rc == -EPERM ? -EINVAL : rc;
}

void
signing_free(struct signing *g)
{
	sign_free(g->sign);
	g->sign = NULL;
	arena_free(&g->arena);
	buf_free(&g->value);
}

int
signing_begin(
    struct signing *g, struct message *m, const unsigned char *hash, time_t now)
{
	int rc;

	memcpy(g->hash, hash, sizeof g->hash);
	g->now = clock_seconds(now);
	g->all = message_fields(m);
	rc = hdrsel_pick(&g->rules, &g->all, &m->arena, &g->fields);
	/* "From :", which is no From to a verifier */
	return rc == -EINVAL ? -EBADMSG : rc;
}

static bool
is_over(const struct signing *g, uint64_t expire)
{
	if (expire == UINT64_MAX) /* never */
		return false;
	return g->now == 0 || expire <= g->now;
}

/* True if the value says that it is the signature of as, and still good. What
 * is longer than any of ours is none. */
static bool
is_claimed(
    const struct signing *g, struct span value, const struct signing_as *as)
{
	struct signature r;
	const char *why;

	return value.n <= SIGFIELD_MAX &&
	    signature_read(value, &r, &why) == DKIM_PASS && !r.has_length &&
	    r.body_canon == g->settings->body_canon && !is_over(g, r.expire) &&
	    domain_equal(r.domain, as->domain) &&
	    domain_equal(span_str(r.selector), as->selector);
}

bool
signing_present(struct signing *g, const struct signing_as *as)
{
	size_t tried = 0;

	for (size_t i = 0; i < g->all.n && tried < SIGNED_TRIED_MAX; i++) {
		const struct field *f = &g->all.v[i];

		if (!span_ieqs(f->name, SIGFIELD_NAME) ||
		    !is_claimed(g, f->value, as))
			continue;
		if (sign_verify(g->sign, as->key, f->value, &g->all, g->hash) ==
		    0)
			return true;
		tried++;
	}
	return false;
}

int
signing_make(
    struct signing *g, const struct signing_as *as, struct span *ret_value)
{
	unsigned ttl = g->settings->signature_ttl;
	const struct sign_params p = {.header_canon = as->relaxed
	        ? CANON_RELAXED
	        : g->settings->header_canon,
	    .body_canon = g->settings->body_canon,
	    .domain = as->domain,
	    .selector = as->selector,
	    .identity = as->identity,
	    .now = g->now,
	    .expire = ttl == 0 || g->now == 0 ? 0 : g->now + ttl};
	int rc;

	buf_clear(&g->value);
	rc = sign_field(g->sign, as->key, &p, &g->fields, g->hash, &g->value);
	if (rc == 0 && g->settings->verify_own) {
		rc = sign_verify(
		    g->sign, as->key, buf_view(&g->value), &g->all, g->hash);
		if (rc == -EINVAL) /* what cannot be read is none of ours */
			rc = -EKEYREJECTED;
	}
	if (rc == 0)
		*ret_value = buf_view(&g->value);
	return rc;
}
