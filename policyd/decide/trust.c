/*
 * The trick: state is kept for each that is asked, and what is the answer is
 * read off them (trust_look), so that the order in which they come does not
 * matter.
 *
 * The trap: the first yes frees all of it, from inside of the callback of one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/bytes/domain.h"
#include "common/limits.h"
#include "common/spf/questions.h"
#include "policyd/decide/trust.h"

/* One forwarder. */
struct forwarder {
	struct trust *trust;
	const char *domain;
	struct check *check; /* under way */
	enum trust_state state;
};

struct trust {
	void (*changed)(void *arg);
	void *arg;
	bool told;
	struct ip client;
	const char *helo; /* as the config has it; NULL: not listed */
	struct dns_query *query;
	enum trust_state helo_state;
	size_t n;
	struct forwarder forwarder[];
};

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	if (t->query != NULL)
		resolver_cancel(t->query);
	for (size_t i = 0; i < t->n; i++) {
		if (t->forwarder[i].check != NULL)
			check_cancel(t->forwarder[i].check);
	}
	free(t);
}

enum trust_state
trust_look(const struct trust *t, enum skip *ret_skip, const char **ret_by)
{
	bool open;

	if (t == NULL)
		return TRUST_NO;
	if (t->helo_state == TRUST_YES) {
		*ret_skip = SKIP_HELO;
		*ret_by = t->helo;
		return TRUST_YES;
	}
	open = t->helo_state == TRUST_OPEN;
	for (size_t i = 0; i < t->n; i++) {
		const struct forwarder *f = &t->forwarder[i];

		if (f->state == TRUST_YES) {
			*ret_skip = SKIP_FORWARDER;
			*ret_by = f->domain;
			return TRUST_YES;
		}
		open |= f->state == TRUST_OPEN;
	}
	return open ? TRUST_OPEN : TRUST_NO;
}

/* Tells if there is something to tell; t may be gone then. */
static void
tell(struct trust *t)
{
	const char *by;
	enum skip skip;

	if (t->told || trust_look(t, &skip, &by) == TRUST_OPEN)
		return;
	t->told = true;
	t->changed(t->arg);
}

/* --- HELO ----------------------------------------------------------------- */

static void
take_addresses(struct trust *t, struct dns_answer *answer)
{
	bool has = answer->status == DNS_FOUND &&
	    questions_answer_has(answer, &t->client, ip_width(&t->client));

	t->helo_state = has ? TRUST_YES : TRUST_NO;
	dns_answer_free(answer);
}

static void
got_addresses(void *arg, struct dns_answer *answer)
{
	struct trust *t = arg;

	t->query = NULL;
	take_addresses(t, answer);
	tell(t);
}

static void
ask_helo(struct trust *t, struct resolver *resolver)
{
	enum dns_type type = t->client.family == AF_INET ? DNS_A : DNS_AAAA;
	struct dns_answer *answer;

	switch (resolver_ask(resolver, resolver_turn(resolver),
	    span_str(t->helo), type, got_addresses, t, &t->query, &answer)) {
	case ASK_READY:
		take_addresses(t, answer);
		return;
	case ASK_PENDING:
		t->helo_state = TRUST_OPEN;
		return;
	case ASK_BADNAME:
	case ASK_NOMEM:
		return;
	}
}

/* --- forwarders ----------------------------------------------------------- */

static void
got_result(void *arg, const struct check_result *result)
{
	struct forwarder *f = arg;

	f->check = NULL;
	f->state = result->result == SPF_PASS ? TRUST_YES : TRUST_NO;
	tell(f->trust);
}

/* A check that cannot start is a no. */
static void
ask_forwarder(struct trust *t, struct loop *loop, struct resolver *resolver,
    const char *domain, const struct check_input *in)
{
	struct forwarder *f = &t->forwarder[t->n++];
	char sender[sizeof "postmaster@" + DOMAIN_MAX];
	struct check_input own = *in;

	snprintf(sender, sizeof sender, "postmaster@%s", domain);
	own.subject.sender = span_str(sender);
	own.identity = IDENTITY_MAIL_FROM;
	own.arena = NULL; /* only whether it passes counts */
	*f = (struct forwarder){.trust = t, .domain = domain};
	f->state = TRUST_NO;
	if (check_start(loop, resolver, &own, got_result, f, &f->check) == 0)
		f->state = TRUST_OPEN;
	else
		f->check = NULL;
}

int
trust_start(struct loop *loop, struct resolver *resolver,
    const struct policyd_settings *p, const struct check_input *in,
    void (*changed)(void *arg), void *arg, struct trust **ret)
{
	const char *helo =
	    settings_find_domain(&p->trusted_helo, in->subject.helo);
	struct trust *t;

	*ret = NULL;
	if (helo == NULL && p->trusted_forwarders.n == 0)
		return 0;
	t = calloc(
	    1, sizeof *t + p->trusted_forwarders.n * sizeof t->forwarder[0]);
	if (t == NULL)
		return -ENOMEM;
	t->changed = changed;
	t->arg = arg;
	t->client = in->subject.client;
	t->helo = helo;
	t->helo_state = TRUST_NO;
	if (helo != NULL)
		ask_helo(t, resolver);
	for (size_t i = 0;
	     t->helo_state != TRUST_YES && i < p->trusted_forwarders.n; i++)
		ask_forwarder(
		    t, loop, resolver, p->trusted_forwarders.v[i], in);
	*ret = t;
	return 0;
}
