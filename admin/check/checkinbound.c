/*
 * The trick: what spoils the verifier's work is a row: the parameter, which
 * service it belongs to, and what it does. Each is looked at where strangers'
 * mail comes in: as the service's own -o of master.cf, else in main.cf.
 *
 * The trap: the same is right where users hand mail in. A service for users is
 * one of own_daemons, and is not looked at.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/checklook.h"
#include "admin/postfix/mastercf.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/tool.h"

#define AREA CHECKLOOK_AREA

static bool
is_for_users(struct checklook *l, struct span line)
{
	const struct text_list *own = &l->settings->verifier.own_daemons;
	struct span name;

	if (!mastercf_option(line, "milter_macro_daemon_name", &name))
		return false;
	for (size_t i = 0; i < own->n; i++) {
		if (span_eq(name, span_str(own->v[i])))
			return true;
	}
	return false;
}

/* An smtpd whose mail comes to the verifier and is verified. */
static bool
is_inbound(struct checklook *l, struct span line)
{
	return checklook_is_smtpd(line) && !is_for_users(l, line) &&
	    checklook_reaches(l, line, checklook_has_verifier);
}

/* --- parameters ----------------------------------------------------------- */

static bool
is_yes(struct span value)
{
	return span_ieqs(value, "yes");
}

static bool
is_set(struct span value)
{
	return value.n > 0;
}

static const struct spoiler {
	const char *name;
	bool cleanup; /* a parameter of cleanup(8), not of smtpd(8) */
	bool (*bad)(struct span value);
	const char *good; /* NULL: no value mends it, but */
	const char *mend;
	const char *why;
} spoilers[] = {
    {"force_mime_input_conversion", true, is_yes, "no", NULL,
        "8-bit mail is changed before it is verified, and its signatures fail; "
        "what is submitted can have a cleanup(8) of its own, see "
        "troubleshooting.md"},
    {"remote_header_rewrite_domain", false, is_set, "", NULL,
        "addresses in the header of strangers are changed before it is "
        "verified, and signatures fail"},
    {"smtpd_milter_maps", false, is_set, "", NULL,
        "for the clients in it other milters are called, or none (DISABLE): "
        "their forged fields stay. Who is to be left alone belongs into "
        "verifier.trusted_networks"},
    {"smtpd_proxy_filter", false, is_set, NULL,
        "let the smtpd to which the proxy hands mail have the milters, and say "
        "verifier { relays = {\"127.0.0.1/32\"} }, the proxy's address",
        "milters see no message there: nothing is verified, and forged fields "
        "stay"},
};

/* cleanup_service_name of an smtpd. */
static bool
uses_cleanup(struct checklook *l, struct span line, struct span name)
{
	struct span own;
	struct buf all;
	bool uses;

	if (mastercf_option(line, "cleanup_service_name", &own))
		return span_eq(own, name);
	uses = span_eq(
	    span_str(checklook_get(l, "cleanup_service_name", &all)), name);
	buf_free(&all);
	return uses;
}

/* A service with that parameter, on the way of mail that is verified. */
static bool
is_concerned(struct checklook *l, const struct spoiler *s, struct span line)
{
	struct span rest = buf_view(&l->services), smtpd;

	if (!s->cleanup)
		return is_inbound(l, line) && !checklook_takes_back(l, line);
	if (!span_eq(
	        mastercf_word(line, MASTERCF_COMMAND), span_str("cleanup")))
		return false;
	while (mastercf_next(&rest, &smtpd)) {
		if (is_inbound(l, smtpd) &&
		    uses_cleanup(l, smtpd, mastercf_word(line, MASTERCF_NAME)))
			return true;
	}
	return false;
}

/* value: what it is in main.cf; or that of a service, which line is. */
static void
tell(struct checklook *l, const struct spoiler *s, struct span line,
    struct span value)
{
	struct span name = mastercf_word(line, MASTERCF_NAME),
	            type = mastercf_word(line, MASTERCF_TYPE);
	char what[2 * 256], word[256];

	if (line.n == 0)
		snprintf(what, sizeof what, "%s = %.*s", s->name, (int)value.n,
		    value.p);
	else
		snprintf(what, sizeof what, "master.cf: %.*s has %s=%.*s",
		    (int)name.n, name.p, s->name, (int)value.n, value.p);
	if (s->good == NULL) {
		findings_add(
		    l->f, FINDING_WARNING, AREA, s->why, s->mend, "%s", what);
		return;
	}
	if (line.n == 0)
		snprintf(word, sizeof word, "%s =%s%s", s->name,
		    *s->good == '\0' ? "" : " ", s->good);
	else
		snprintf(word, sizeof word, "%.*s/%.*s/%s=%s", (int)name.n,
		    name.p, (int)type.n, type.p, s->name, s->good);
	checklook_add(l, FINDING_WARNING, s->why, line.n == 0 ? "-e" : "-P",
	    word, "%s", what);
}

static void
look_at(struct checklook *l, const struct spoiler *s)
{
	struct span rest = buf_view(&l->services), line, own;
	bool of_main = false;
	struct buf all;

	while (mastercf_next(&rest, &line)) {
		if (!is_concerned(l, s, line))
			continue;
		if (!mastercf_option(line, s->name, &own))
			of_main = true;
		else if (s->bad(own))
			tell(l, s, line, own);
	}
	checklook_get(l, s->name, &all);
	if (of_main && s->bad(buf_view(&all)))
		tell(l, s, span_of(NULL, 0), buf_view(&all));
	buf_free(&all);
}

/* --- mail that comes back from a filter ----------------------------------- */

/* In the list, as 127.0.0.1. */
static bool
has_loopback(const struct cidr_list *list)
{
	struct ip here;

	return ip_parse(span_str("127.0.0.1"), &here) == 0 &&
	    settings_in_networks(list, &here, true);
}

/* What a proxy hands on was not verified yet, and comes from the proxy's
 * address. */
static void
look_behind_proxy(struct checklook *l, struct span name)
{
	if (!has_loopback(&l->settings->verifier.relays))
		findings_add(l->f, FINDING_WARNING, AREA,
		    "it comes from 127.0.0.1, which is trusted: it is not "
		    "verified, and forged fields stay",
		    "verifier { relays = {\"127.0.0.1/32\"} }; a program that "
		    "sends by SMTP to 127.0.0.1 is a stranger then, too, and "
		    "needs a service of own_daemons",
		    "master.cf: %.*s takes strangers' mail from "
		    "smtpd_proxy_filter",
		    (int)name.n, name.p);
}

/* What a filter hands back was verified, and has our field. */
static void
look_behind_filter(struct checklook *l, struct span line, struct span name)
{
	const struct verifier_settings *v = &l->settings->verifier;
	bool again =
	    has_loopback(&v->relays) || !has_loopback(&v->trusted_networks);
	struct span old = {NULL, 0};
	char mend[400];

	(void)mastercf_option(line, "receive_override_options", &old);
	snprintf(mend, sizeof mend,
	    "%.*s/inet/receive_override_options=%.*s%sno_milters", (int)name.n,
	    name.p, (int)old.n, old.n > 0 ? old.p : "", old.n > 0 ? "," : "");
	checklook_add(l, again ? FINDING_WARNING : FINDING_NOTE,
	    again ? "what the filter changed fails the second time, and our "
	            "field of the first time is removed"
	          : "its address is trusted, so that nothing is done: without "
	            "milters that is certain (and let the signer sign before "
	            "the filter, or there: see Signed twice in "
	            "troubleshooting.md)",
	    "-P", mend,
	    "master.cf: %.*s shows mail from a filter to the verifier again",
	    (int)name.n, name.p);
}

static void
look_at_way_back(struct checklook *l)
{
	struct span rest = buf_view(&l->services), line;
	bool proxied = checklook_any_has(l, "smtpd_proxy_filter"),
	     filtered = checklook_has_filter(l);

	while (mastercf_next(&rest, &line)) {
		struct span name = mastercf_word(line, MASTERCF_NAME);

		if (!checklook_takes_back(l, line) || !is_inbound(l, line))
			continue;
		if (proxied)
			look_behind_proxy(l, name);
		else if (filtered)
			look_behind_filter(l, line, name);
	}
}

/* --- services for users --------------------------------------------------- */

/* They need no verifier, and wait for it all the same. */
static void
look_at_users(struct checklook *l, const struct buf *without)
{
	struct span rest = buf_view(&l->services), line;
	struct buf mend;

	buf_init(&mend, 2 * POSTCONF_VALUE_MAX);
	while (mastercf_next(&rest, &line)) {
		struct span name = mastercf_word(line, MASTERCF_NAME);

		if (!checklook_is_smtpd(line) || !is_for_users(l, line) ||
		    !checklook_reaches(l, line, checklook_has_verifier))
			continue;
		buf_clear(&mend);
		buf_fmt(&mend, "%.*s/inet/smtpd_milters=", (int)name.n, name.p);
		buf_span(&mend, buf_view(without));
		if (buf_text(&mend) == NULL)
			l->f->no_memory = true;
		else
			checklook_add(l, FINDING_NOTE,
			    "only to remove fields that they forged; and their "
			    "mail waits while the verifier is down",
			    "-P", buf_text(&mend),
			    "master.cf: %.*s, which is for users, asks the "
			    "verifier, too",
			    (int)name.n, name.p);
	}
	buf_free(&mend);
}

void
checkinbound_look(struct checklook *l, const struct buf *without)
{
	for (size_t i = 0; i < sizeof spoilers / sizeof spoilers[0]; i++)
		look_at(l, &spoilers[i]);
	look_at_way_back(l);
	look_at_users(l, without);
}
