/*
 * Trick: a null sender has no HELO check of its own, as it is one already, so
 * whatever stands in helo is for the log.
 *
 * Trap: an empty sender is a null sender, and HELO's result its own. So a
 * sender that could not be kept must not look empty: that is a temperror of
 * nobody.
 */
#include "verifier/verify/envelope.h"

#include <errno.h>

#include "common/limits.h"

/* --- the sender ----------------------------------------------------------- */

/* What stands between "<" and ">", behind the source route of RFC 5321, which
 * means nothing (appendix C). */
static struct span
bare_path(struct span path)
{
	size_t colon;

	path = span_trim(path);
	if (path.n > 0 && path.p[0] == '<')
		path = span_skip(path, 1);
	if (path.n > 0 && path.p[path.n - 1] == '>')
		path.n--;
	colon = span_find(path, ':');
	if (path.n > 0 && path.p[0] == '@' && colon < path.n)
		path = span_skip(path, colon + 1);
	return path;
}

/* MAIL has "<@relay.example:\"joe b\"@a.example>": the address in it, its
 * quotes undone, which is what macros are made of. 0, or -ENOMEM. */
static int
take_sender(struct span path, struct arena *a, struct span *ret)
{
	struct span in = bare_path(path);
	size_t n = 0;
	char *text = arena_dup(a, in);

	if (text == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '"')
			continue;
		if (in.p[i] == '\\' && i + 1 < in.n)
			i++;
		text[n++] = in.p[i];
	}
	*ret = span_of(text, n);
	return 0;
}

/* --- the checks ----------------------------------------------------------- */

static void
start(struct identity_check *i, enum identity identity,
    const struct envelope_input *in, const struct subject *subject)
{
	const struct check_input check = {.subject = *subject,
	    .identity = identity,
	    .now = in->now,
	    .void_max = in->settings->verifier.void_lookups,
	    .prefetch = in->settings->dns.prefetch,
	    .unexplained = true, /* no field of ours has room for it */
	    .arena = in->arena};

	*i = (struct identity_check){.identity = identity,
	    .witness = in->witness,
	    .done = in->done,
	    .arg = in->arg};
	identity_start(i, in->loop, in->resolver, &check);
}

void
envelope_begin(struct envelope *e, const struct envelope_input *in)
{
	struct subject s = {.client = in->from->client,
	    .helo = span_str(in->from->helo),
	    .receiver = in->settings->hostname};

	e->begun = true;
	if (!in->from->known) {
		e->unchecked = "the client's address is not known";
		return;
	}
	if (in->m->trouble == MESSAGE_NO_MEMORY ||
	    take_sender(in->m->sender, in->arena, &s.sender) != 0) {
		e->mail_from = (struct identity_check){
		    .identity = IDENTITY_MAIL_FROM, .result = &check_no_memory};
		return;
	}
	e->null_sender = s.sender.n == 0;
	start(&e->mail_from, IDENTITY_MAIL_FROM, in, &s);
	if (!e->null_sender && identity_is_helo(s.helo) &&
	    !resolver_busy(in->resolver))
		start(&e->helo, IDENTITY_HELO, in, &s);
}

void
envelope_skip(struct envelope *e, const char *why)
{
	e->begun = true;
	e->unchecked = why;
}

const char *
envelope_domain(const struct envelope *e)
{
	const struct identity_check *i = &e->mail_from;

	if (i->check != NULL)
		return check_domain(i->check);
	return i->result == NULL ? NULL : i->result->domain;
}

bool
envelope_waits(const struct envelope *e)
{
	return e->mail_from.check != NULL;
}

void
envelope_end(struct envelope *e)
{
	identity_expire(&e->mail_from);
	identity_cancel(&e->helo);
}

void
envelope_reset(struct envelope *e)
{
	identity_cancel(&e->mail_from);
	identity_cancel(&e->helo);
	*e = (struct envelope){.begun = false};
}

size_t
envelope_held(const struct envelope *e)
{
	return identity_held(&e->mail_from) + identity_held(&e->helo);
}

/* --- the field ------------------------------------------------------------ */

/* A problem has text of the sender's zone in it: that is for the log. */
void
envelope_write(const struct envelope *e, struct authres *a)
{
	const struct check_result *r = e->mail_from.result;

	if (r == NULL) {
		authres_result(a, "spf", "none", e->unchecked);
		return;
	}
	authres_result(a, "spf", spf_result_word(r->result), NULL);
	authres_domain(a, e->null_sender ? "smtp.helo" : "smtp.mailfrom",
	    span_str(r->domain));
}
