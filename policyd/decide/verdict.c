/*
 * The trick: each identity is judged alone by its table, and verdict_choose()
 * picks one of the two.
 *
 * The trap: what "ends the matter" is said by the action in the config, not by
 * the one that observe makes of it: so observe is asked for in both places.
 */
#include "common/bytes/domain.h"
#include "common/settings/action.h"
#include "policyd/decide/reply.h"
#include "policyd/decide/verdict.h"

/* True if text begins with word, in any case, and the word ends there. */
static bool
is_word(const char *text, const char *word)
{
	size_t n = strcspn(text, " \t");

	return span_ieqs(span_of(text, n), word);
}

static bool
action_ends(const struct action *a)
{
	switch (a->kind) {
	case ACTION_REJECT:
	case ACTION_DEFER:
		return true;
	case ACTION_ACCESS:
		return !settings_action_goes_on(a);
	case ACTION_HEADER:
	case ACTION_DUNNO:
		break;
	}
	return false;
}

/* What one table says. */
static struct action
action_in(const struct identity_settings *table, const struct check_result *r)
{
	if (r->result == SPF_FAIL && table->no_mail_only && !r->no_mail)
		return (struct action){.kind = ACTION_HEADER};
	return table->action[r->result];
}

/* What is said of one identity; of the null sender it may be said by a table of
 * its own. */
static struct action
action_of(const struct policyd_settings *p, enum identity identity,
    const struct check_result *r, bool null_sender)
{
	if (null_sender &&
	    settings_action_is_set(&p->null_sender.action[r->result]))
		return action_in(&p->null_sender, r);
	return action_in(
	    identity == IDENTITY_HELO ? &p->helo : &p->mail_from, r);
}

bool
verdict_helo_ends(const struct policyd_settings *p,
    const struct check_result *result, bool null_sender)
{
	struct action a = action_of(p, IDENTITY_HELO, result, null_sender);

	return action_ends(&a);
}

/* Nothing is harder: it must not become a refusal for now. */
static bool
refuses_for_good(const struct action *a)
{
	return a->kind == ACTION_REJECT ||
	    (a->kind == ACTION_ACCESS &&
	        (is_word(a->access, "REJECT") || *a->access == '5'));
}

/* pass_required: what did not pass is refused, for now if that may change. */
static struct action
action_required(const struct policyd_settings *p, const struct check_result *r,
    struct action otherwise)
{
	if (r->result == SPF_PASS || refuses_for_good(&otherwise))
		return otherwise;
	if (settings_find_domain(&p->pass_required, span_str(r->domain)) ==
	    NULL)
		return otherwise;
	return (struct action){
	    r->result == SPF_TEMPERROR ? ACTION_DEFER : ACTION_REJECT, NULL};
}

/* The verdict of one identity; dunno if it was not checked. */
static struct verdict
verdict_of(const struct policyd_settings *p, enum identity identity,
    const struct verdict_results *r, bool observe)
{
	bool helo = identity == IDENTITY_HELO;
	struct verdict v = {.kind = ACTION_DUNNO,
	    .identity = identity,
	    .result = helo ? r->helo : r->mail_from};
	struct action a;

	if (v.result == NULL)
		return v;
	a = action_of(p, identity, v.result, r->null_sender);
	if (!helo && !r->null_sender)
		a = action_required(p, v.result, a);
	v.kind = a.kind;
	v.access = a.access;
	if (v.kind == ACTION_ACCESS && is_word(v.access, "DUNNO"))
		v.kind = ACTION_DUNNO;
	if (observe && v.kind != ACTION_DUNNO)
		v.kind = ACTION_HEADER;
	if (v.kind != ACTION_ACCESS)
		v.access = NULL;
	if (v.kind == ACTION_HEADER && p->header == HEADER_NONE)
		v.kind = ACTION_DUNNO;
	return v;
}

struct verdict
verdict_skip(const struct policyd_settings *p, enum skip skip)
{
	bool header =
	    p->header != HEADER_NONE && (p->skip_header || !skip_is_own(skip));

	return (struct verdict){
	    .kind = header ? ACTION_HEADER : ACTION_DUNNO, .skip = skip};
}

struct verdict
verdict_choose(const struct policyd_settings *p,
    const struct verdict_results *r, bool observe)
{
	struct verdict helo = verdict_of(p, IDENTITY_HELO, r, observe);
	struct verdict mail_from =
	    verdict_of(p, IDENTITY_MAIL_FROM, r, observe);

	if (r->helo != NULL && !observe &&
	    verdict_helo_ends(p, r->helo, r->null_sender))
		return helo;
	if (helo.kind == ACTION_ACCESS &&
	    (mail_from.kind == ACTION_HEADER || mail_from.kind == ACTION_DUNNO))
		return helo;
	if (r->mail_from == NULL && r->null_sender)
		return helo;
	return mail_from;
}

static void
put_header(const struct policyd_settings *p, const struct verdict *v,
    const struct subject *subject, struct buf *out)
{
	bool auth_results = p->header == HEADER_AUTH_RESULTS;
	struct subject shown = *subject;
	const struct subject *s = &shown;

	if (p->hide_receiver && !auth_results)
		shown.receiver = NULL;
	buf_str(out, "PREPEND ");
	if (v->skip != SKIP_NO)
		received_skipped(s, auth_results, skip_is_own(v->skip),
		    skip_phrase(v->skip), out);
	else if (auth_results)
		received_auth_results(s, v->identity, v->result, out);
	else
		received_spf(s, v->identity, v->result, out);
}

void
verdict_action(const struct policyd_settings *p, const struct verdict *v,
    const struct subject *s, struct buf *out)
{
	const struct reply reply = {
	    .template = p->reply_text,
	    .defer = v->kind == ACTION_DEFER,
	    .identity = v->identity,
	    .result = v->result,
	    .subject = s,
	};

	switch (v->kind) {
	case ACTION_HEADER:
		put_header(p, v, s, out);
		return;
	case ACTION_DUNNO:
		buf_str(out, "dunno");
		return;
	case ACTION_REJECT:
	case ACTION_DEFER:
		reply_make(&reply, out);
		return;
	case ACTION_ACCESS: /* printable and short: the config is judged */
		buf_str(out, v->access);
		return;
	}
}

const char *
verdict_once(const struct verdict *v)
{
	const struct action a = {v->kind, v->access};

	if (v->kind == ACTION_HEADER)
		return "header";
	if (v->kind != ACTION_ACCESS || !settings_action_adds(&a))
		return NULL;
	return is_word(v->access, "PREPEND") ? "header" : v->access;
}

const char *
verdict_word(enum action_kind kind)
{
	switch (kind) {
	case ACTION_HEADER:
		return "header";
	case ACTION_REJECT:
		return "reject";
	case ACTION_DEFER:
		return "defer";
	case ACTION_DUNNO:
		return "dunno";
	case ACTION_ACCESS:
		return "access";
	}
	return NULL;
}
