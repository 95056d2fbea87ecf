/*
 * The trick: the command that mends a list is made from the list itself: the
 * verifier with what it needs, and all the rest behind it.
 *
 * The trap: without a verifier nothing here is wrong. Other milters may do its
 * work, and only a note says that ours does not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/checklook.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/invocation.h"
#include "admin/tool/tool.h"
#include "verifier/verifier.h"

#define AREA CHECKLOOK_AREA

static const struct endpoint *
lists_verifier(struct checklook *l, struct span milters, struct buf *name)
{
	return checklook_lists(l, &l->settings->verifier.daemon, milters, name);
}

/* --- its place in the lists ----------------------------------------------- */

/* A finding that is mended by a value of that list. */
static void
add_list(struct checklook *l, enum finding_level level, const char *why,
    const char *list, const struct buf *value, const char *what)
{
	struct buf word;

	buf_init(&word, 2 * POSTCONF_VALUE_MAX);
	buf_fmt(&word, "%s = ", list);
	buf_span(&word, buf_view(value));
	if (buf_text(&word) == NULL)
		l->f->no_memory = true;
	else
		checklook_add(l, level, why, "-e", buf_text(&word), "%s", what);
	buf_free(&word);
}

static bool
is_first(struct span milters, const char *milter)
{
	struct span item;
	bool bad = false;

	return wiring_next(&milters, &item, &bad) &&
	    wiring_has_milter(item, milter);
}

/* What is wrong with it in smtpd_milters, or NULL, and why. */
static const char *
wrong_place(struct checklook *l, struct span milters, const char *milter,
    const char **ret_why)
{
	struct span own = wiring_default_action(milters, milter);
	bool all = own.n == 0;

	if (!is_first(milters, milter)) {
		*ret_why = "it must see mail as it was received, and opendmarc "
		           "and the signer what it writes";
		return "smtpd_milters: other milters stand in front of the "
		       "verifier";
	}
	if (all ? checklook_is(l, "milter_default_action", "accept")
	        : span_ieqs(own, "accept")) {
		*ret_why = "forged Authentication-Results come in while it is "
		           "down";
		return "smtpd_milters: the verifier has default_action = "
		       "accept";
	}
	if (all ? checklook_is(l, "milter_default_action", "reject")
	        : span_ieqs(own, "reject")) {
		*ret_why = "mail is refused for good while it is down";
		return "smtpd_milters: the verifier has default_action = "
		       "reject";
	}
	return NULL;
}

static void
look_at_place(struct checklook *l, struct span milters, const char *milter,
    const struct buf *without)
{
	const char *why = NULL, *what = wrong_place(l, milters, milter, &why);
	struct buf value;

	if (what == NULL) {
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "smtpd_milters have the verifier first");
		return;
	}
	buf_init(&value, POSTCONF_VALUE_MAX);
	buf_fmt(&value, "{ %s, default_action=tempfail }%s", milter,
	    without->n > 0 ? ", " : "");
	buf_span(&value, buf_view(without));
	add_list(l, FINDING_WARNING, why, "smtpd_milters", &value, what);
	buf_free(&value);
}

/* Mail of sendmail(1) and bounces are our own. */
static void
look_at_own_mail(struct checklook *l)
{
	struct buf value, name, rest;

	checklook_get(l, "non_smtpd_milters", &value);
	buf_init(&name, ENDPOINT_TEXT_MAX);
	buf_init(&rest, POSTCONF_VALUE_MAX);
	if (lists_verifier(l, buf_view(&value), &name) != NULL) {
		wiring_without_milter(buf_view(&value), buf_text(&name), &rest);
		add_list(l, FINDING_WARNING,
		    "that mail is of this host, and none of it is to be "
		    "verified; it waits while the verifier is down",
		    "non_smtpd_milters", &rest,
		    "non_smtpd_milters have the verifier");
	}
	buf_free(&value);
	buf_free(&name);
	buf_free(&rest);
}

/* --- what it needs ---------------------------------------------------- */

/* True if the table names the field. */
static bool
names_field(struct span table)
{
	struct buf text;
	bool names;

	checklook_table(table, &text);
	names = buf_text(&text) != NULL &&
	    strcasestr(buf_text(&text), "Authentication-Results") != NULL;
	buf_free(&text);
	return names;
}

static void
look_at_header_checks(struct checklook *l)
{
	struct buf value;
	struct span rest, item;
	bool bad = false;

	checklook_get(l, "milter_header_checks", &value);
	rest = buf_view(&value);
	while (wiring_next(&rest, &item, &bad)) {
		if (names_field(item))
			findings_add(l->f, FINDING_WARNING, AREA,
			    "it looks at the fields that milters add: the "
			    "verifier's may be dropped",
			    "take Authentication-Results out of that table: "
			    "the verifier removes forged ones",
			    "milter_header_checks: %.*s names "
			    "Authentication-Results",
			    (int)item.n, item.p);
	}
	buf_free(&value);
}

/* Without version 6 Postfix does not show the white space behind the colon. */
static void
look_at_protocol(struct checklook *l, bool has)
{
	if (checklook_is(l, "milter_protocol", "6"))
		return;
	checklook_add(l, has ? FINDING_WARNING : FINDING_NOTE,
	    has ? "older versions do not show a header as it was received: "
	          "signatures with c=simple fail"
	        : "older versions cannot do all that saves time",
	    "-e", "milter_protocol = 6", "milter_protocol is not 6");
}

/* --- policyd -------------------------------------------------------------- */

/* The policy service's own field, which a verifier cannot tell from a forged
 * one. */
static void
look_at_policyd(struct checklook *l, bool strips)
{
	if (l->settings->policyd.header != HEADER_AUTH_RESULTS)
		return;
	if (strips)
		findings_add(l->f, FINDING_ERROR, AREA,
		    "it has a name of ours, so the verifier takes it for a "
		    "forged one and removes it",
		    "say policyd { header = \"received-spf\" }",
		    "policyd.header is authentication-results, beside the "
		    "verifier");
	else
		findings_add(l->f, FINDING_NOTE, AREA,
		    "a policy service cannot remove headers, and header_checks "
		    "would remove ours, too; who trusts the header needs a "
		    "milter that removes forged ones",
		    NULL,
		    "an Authentication-Results that a sender forged with our "
		    "name stays in the mail");
}

/* --- who refuses what ------------------------------------------------- */

/* True if policyd is asked, and refuses where MAIL FROM fails. */
static bool
policyd_refuses(struct checklook *l)
{
	const struct policyd_settings *p = &l->settings->policyd;
	const char *target = buf_text(&l->target);
	struct buf value;
	bool asked;

	if (p->observe || !p->mail_from.check ||
	    p->mail_from.action[SPF_FAIL].kind != ACTION_REJECT)
		return false;
	checklook_get(l, "smtpd_recipient_restrictions", &value);
	asked = target != NULL &&
	    wiring_place(buf_view(&value), target) != WIRING_ABSENT;
	buf_free(&value);
	return asked;
}

static bool
verifier_refuses(const struct verifier_settings *v)
{
	return v->reject.n > 0 ||
	    (v->dmarc.check && v->dmarc.action == DMARC_ENFORCE);
}

/* RFC 9989 section 7.1: what is refused at RCPT has no signature yet that could
 * pass. */
static void
look_at_refusals(struct checklook *l)
{
	const struct verifier_settings *v = &l->settings->verifier;
	bool both = verifier_refuses(v);

	if (!v->dmarc.check || !policyd_refuses(l))
		return;
	findings_add(l->f, both ? FINDING_WARNING : FINDING_NOTE, AREA,
	    "its signatures are not looked at then: forwarded mail whose DKIM, "
	    "and so DMARC, would pass is lost",
	    invocation("setup --enforce"),
	    both ? "policyd refuses mail for SPF before the verifier, which "
	           "refuses, too, has seen it"
	         : "policyd refuses mail for SPF before the verifier has seen "
	           "it");
}

/* Clients of ours that policyd is never asked about: printers. */
static void
look_at_mynetworks(struct checklook *l)
{
	const struct verifier_settings *v = &l->settings->verifier;
	struct buf value, missing;

	if (!verifier_refuses(v))
		return;
	checklook_get(l, "mynetworks", &value);
	buf_init(&missing, POSTCONF_VALUE_MAX);
	wiring_missing(
	    buf_view(&value), &v->trusted_networks, &v->relays, &missing);
	if (missing.n > 0)
		findings_add(l->f, FINDING_WARNING, AREA,
		    "the verifier takes their mail for a stranger's, and may "
		    "refuse it: that of printers, as a rule",
		    "add them to verifier.trusted_networks",
		    "verifier.trusted_networks does not have, of "
		    "mynetworks:%.*s",
		    (int)missing.n, missing.p);
	buf_free(&missing);
	buf_free(&value);
}

/* --- whose mail is ours --------------------------------------------------- */

/* The first word of the one list that the other has not, or NULL. */
static const char *
missing(const struct text_list *of, const struct text_list *in)
{
	for (size_t i = 0; i < of->n; i++) {
		size_t k = 0;

		while (k < in->n && strcmp(of->v[i], in->v[k]) != 0)
			k++;
		if (k == in->n)
			return of->v[i];
	}
	return NULL;
}

static void
tell_of_own(
    struct checklook *l, const char *from, const char *to, struct span what)
{
	char mend[80];

	snprintf(mend, sizeof mend, "add it to %s", to);
	findings_add(l->f, FINDING_WARNING, AREA,
	    "the verifier takes their mail for a stranger's and gives it a "
	    "field, by which the signer knows mail from outside: it is not "
	    "signed",
	    mend, "%s does not have, of %s: %.*s", to, from, (int)what.n,
	    what.p);
}

/* Whose mail is signed without a login must not be verified. */
static void
look_at_signed(struct checklook *l)
{
	const struct signer_settings *s = &l->settings->signer;
	const struct verifier_settings *v = &l->settings->verifier;
	const char *daemon = missing(&s->sign_daemons, &v->own_daemons),
	           *macro = missing(&s->sign_macros, &v->own_macros);
	struct buf unknown;

	buf_init(&unknown, POSTCONF_VALUE_MAX);
	checknetworks_unknown(
	    l, &v->trusted_networks, span_of(NULL, 0), &unknown);
	if (unknown.n > 0)
		tell_of_own(l, "signer.internal_hosts",
		    "verifier.trusted_networks", span_trim(buf_view(&unknown)));
	if (daemon != NULL)
		tell_of_own(l, "signer.sign_daemons", "verifier.own_daemons",
		    span_str(daemon));
	if (macro != NULL)
		tell_of_own(l, "signer.sign_macros", "verifier.own_macros",
		    span_str(macro));
	buf_free(&unknown);
}

/* It is in smtpd_milters. */
static void
look_at_verifier(struct checklook *l, struct span milters, const char *milter)
{
	struct buf without;

	buf_init(&without, POSTCONF_VALUE_MAX);
	wiring_without_milter(milters, milter, &without);
	look_at_place(l, milters, milter, &without);
	look_at_header_checks(l);
	checkinbound_look(l, &without);
	checkpeers_look(l, milters);
	look_at_refusals(l);
	look_at_mynetworks(l);
	look_at_signed(l);
	buf_free(&without);
}

void
checkverifier_look(struct checklook *l)
{
	const struct endpoint *at;
	struct buf milters, name;

	look_at_own_mail(l);
	checklook_get(l, "smtpd_milters", &milters);
	buf_init(&name, ENDPOINT_TEXT_MAX);
	at = lists_verifier(l, buf_view(&milters), &name);
	look_at_protocol(l, at != NULL);
	look_at_policyd(l, at != NULL);
	if (at != NULL) {
		look_at_verifier(l, buf_view(&milters), buf_text(&name));
	} else if (l->settings->verifier.daemon.listen.n > 0) {
		findings_add(l->f, FINDING_NOTE, AREA, NULL,
		    invocation("setup --verify"),
		    "smtpd_milters do not have the verifier: DKIM of inbound "
		    "mail is not looked at");
	}
	buf_free(&milters);
	buf_free(&name);
}
