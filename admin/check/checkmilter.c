/*
 * Mail may come by several smtpds, and once more from a content filter: signed
 * by none it goes out bare, signed before the filter it may be broken by it,
 * signed twice it costs twice. So each smtpd of master.cf is asked by what it
 * takes back.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/checklook.h"
#include "admin/postfix/mastercf.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/invocation.h"

#define AREA CHECKLOOK_AREA
#define SES ".amazonaws.com"

/* --- the two lists -------------------------------------------------------- */

/* The items without the signer, which comes behind the last one that may change
 * mail. */
static void
reorder(struct checklook *l, struct span milters, struct buf *ret)
{
	struct span rest = milters, item, signer = {NULL, 0}, last = {NULL, 0};
	bool bad = false, first = true;

	while (wiring_next(&rest, &item, &bad)) {
		if (signer.p == NULL && checklook_has_signer(l, item))
			signer = item;
		else if (!checkpeers_keeps(l, item))
			last = item;
	}
	while (wiring_next(&milters, &item, &bad)) {
		if (item.p == signer.p)
			continue;
		buf_fmt(ret, "%s%.*s", first ? "" : ", ", (int)item.n, item.p);
		first = false;
		if (item.p == last.p)
			buf_fmt(ret, ", %.*s", (int)signer.n, signer.p);
	}
}

/* True if one behind the signer may change what it has signed. */
static bool
is_changed_behind(struct checklook *l, struct span milters)
{
	struct span item;
	bool signer = false, bad = false;

	while (wiring_next(&milters, &item, &bad)) {
		if (!signer)
			signer = checklook_has_signer(l, item);
		else if (!checkpeers_keeps(l, item))
			return true;
	}
	return false;
}

/* A list that has the signer. option and prefix: of the postconf(1) command
 * that sets it, "-e" and "smtpd_milters = ". */
static void
look_at_order(struct checklook *l, const char *where, const char *option,
    const char *prefix, struct span milters)
{
	struct buf word;

	if (!is_changed_behind(l, milters)) {
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "%s have the signer", where);
		return;
	}
	buf_init(&word, 2 * POSTCONF_VALUE_MAX);
	buf_str(&word, prefix);
	reorder(l, milters, &word);
	if (buf_text(&word) == NULL)
		l->f->no_memory = true;
	else
		checklook_add(l, FINDING_WARNING,
		    "what a milter after it changes breaks the signature",
		    option, buf_text(&word),
		    "%s: other milters stand after the signer", where);
	buf_free(&word);
}

/* What the cleanup(8) of sendmail(1)'s mail has of its own, which is told then.
 */
static bool
has_own(struct checklook *l, const char *name, const char *why)
{
	struct span rest = buf_view(&l->services), line, own;

	while (mastercf_next(&rest, &line)) {
		if (!span_eq(mastercf_word(line, MASTERCF_NAME),
		        span_str("cleanup")) ||
		    !mastercf_option(line, name, &own))
			continue;
		if (!checklook_has_signer(l, own))
			findings_add(l->f, FINDING_WARNING, AREA, why, NULL,
			    "master.cf: cleanup has %s of its own, without "
			    "the signer",
			    name);
		return true;
	}
	return false;
}

/* name: a parameter with milters; why: what it means if we are not in it. */
static void
look_at_list(struct checklook *l, const char *name, const char *why)
{
	char prefix[40];
	struct buf value;

	if (has_own(l, name, why))
		return;
	checklook_get(l, name, &value);
	snprintf(prefix, sizeof prefix, "%s = ", name);
	checkpeers_order(l, name, buf_view(&value));
	if (!checklook_has_signer(l, buf_view(&value)))
		findings_add(l->f, FINDING_WARNING, AREA, why,
		    invocation("setup DOMAIN"), "%s do not have the signer",
		    name);
	else
		look_at_order(l, name, "-e", prefix, buf_view(&value));
	buf_free(&value);
}

/* The lists that a service has of its own. */
static void
look_at_own_lists(struct checklook *l)
{
	static const char *const lists[] = {
	    "smtpd_milters", "non_smtpd_milters"};
	struct span rest = buf_view(&l->services), line, value;

	while (mastercf_next(&rest, &line)) {
		struct span name = mastercf_word(line, MASTERCF_NAME),
		            type = mastercf_word(line, MASTERCF_TYPE);
		char where[400], prefix[400];

		for (size_t i = 0; i < 2; i++) {
			if (!mastercf_option(line, lists[i], &value) ||
			    !checklook_has_signer(l, value))
				continue;
			snprintf(where, sizeof where, "master.cf: %s of %.*s",
			    lists[i], (int)name.n, name.p);
			snprintf(prefix, sizeof prefix,
			    "%.*s/%.*s/%s=", (int)name.n, name.p, (int)type.n,
			    type.p, lists[i]);
			checkpeers_order(l, where, value);
			look_at_order(l, where, "-P", prefix, value);
		}
	}
}

/* --- what Postfix does with milters --------------------------------------- */

/* Without a listen key the signer is where it was before, too. */
static void
look_at_listen(struct checklook *l)
{
	if (l->settings->signer.daemon.legacy.n > 0)
		findings_add(l->f, FINDING_WARNING, AREA,
		    "every local user can have mail signed there, as any "
		    "domain; with the key it listens on a socket that only "
		    "Postfix can open",
		    invocation("setup DOMAIN --apply"),
		    "signer.listen is not set: the signer also answers on "
		    "%s, as before",
		    SETTINGS_LEGACY_SIGNER);
}

/* What happens to mail while the signer is away: its own default_action in the
 * list, or that for all milters. */
static bool
does(struct checklook *l, const char *what)
{
	struct buf milters, name;
	struct span own = {NULL, 0};
	bool has;

	checklook_get(l, "smtpd_milters", &milters);
	buf_init(&name, ENDPOINT_TEXT_MAX);
	if (checklook_lists(l, &l->settings->signer.daemon, buf_view(&milters),
	        &name) != NULL)
		own =
		    wiring_default_action(buf_view(&milters), buf_text(&name));
	has = own.n > 0 ? span_ieqs(own, what)
	                : checklook_is(l, "milter_default_action", what);
	buf_free(&name);
	buf_free(&milters);
	return has;
}

static void
look_at_default(struct checklook *l)
{
	if (does(l, "accept"))
		findings_add(l->f, FINDING_NOTE, AREA,
		    "with { ..., default_action=tempfail } it waits instead",
		    NULL,
		    "milter_default_action = accept: mail goes out unsigned "
		    "while the signer is down");
	else if (does(l, "reject"))
		checklook_add(l, FINDING_WARNING,
		    "mail is refused for good while the signer is down", "-e",
		    "milter_default_action = tempfail",
		    "milter_default_action = reject");
}

/* What is no list: bounces, the version of the protocol, and checks of the
 * headers that milters add. */
static void
look_at_rest(struct checklook *l)
{
	struct buf classes;

	if (!wiring_has(span_str(checklook_get(
	                    l, "internal_mail_filter_classes", &classes)),
	        span_str("bounce")))
		checklook_add(l, FINDING_WARNING,
		    "bounces, which Postfix itself makes, are not signed", "-e",
		    "internal_mail_filter_classes = bounce",
		    "internal_mail_filter_classes has no bounce");
	buf_free(&classes);
	if (!checklook_is_empty(l, "milter_header_checks"))
		findings_add(l->f, FINDING_NOTE, AREA,
		    "it can drop or change the headers that milters add", NULL,
		    "milter_header_checks is set");
}

/* --- what breaks signatures ----------------------------------------------- */

/* The parameter of each smtp(8), by which mail leaves: tells of those that are
 * set. */
static void
look_at_rewriter(struct checklook *l, const char *name)
{
	static const char why[] = "it changes mail after it was signed, which "
	                          "breaks the signature";
	static const char mend[] =
	    "let cleanup(8) do it (canonical_maps, header_checks), which comes "
	    "before the signer";
	struct span rest = buf_view(&l->services), line, own;
	size_t n = 0, overridden = 0;

	while (mastercf_next(&rest, &line)) {
		struct span service = mastercf_word(line, MASTERCF_NAME);

		if (!span_eq(mastercf_word(line, MASTERCF_COMMAND),
		        span_str("smtp")))
			continue;
		n++;
		if (!mastercf_option(line, name, &own))
			continue;
		overridden++;
		if (own.n > 0)
			findings_add(l->f, FINDING_WARNING, AREA, why, mend,
			    "master.cf: %.*s has %s=%.*s", (int)service.n,
			    service.p, name, (int)own.n, own.p);
	}
	if ((n == 0 || overridden < n) && !checklook_is_empty(l, name))
		findings_add(
		    l->f, FINDING_WARNING, AREA, why, mend, "%s is set", name);
}

static void
look_for_rewriters(struct checklook *l)
{
	static const char *const rewriters[] = {"smtp_generic_maps",
	    "smtp_header_checks", "smtp_mime_header_checks",
	    "smtp_nested_header_checks", "smtp_body_checks"};

	for (size_t i = 0; i < sizeof rewriters / sizeof rewriters[0]; i++)
		look_at_rewriter(l, rewriters[i]);
}

/* What Postfix changes on the way out, behind all milters: long lines, and
 * 8-bit bodies for a next hop without 8BITMIME. */
static void
look_for_conversions(struct checklook *l)
{
	struct buf value;
	long n = strtol(
	    checklook_get(l, "smtp_line_length_limit", &value), NULL, 10);

	if (value.n > 0 && n > 0 && n < 998)
		checklook_add(l, FINDING_WARNING,
		    "smtp(8) breaks longer lines after they were signed", "-e",
		    "smtp_line_length_limit = 998",
		    "smtp_line_length_limit is under 998");
	buf_free(&value);
	if (checklook_is(l, "disable_mime_output_conversion", "yes"))
		findings_add(l->f, FINDING_OK, AREA, NULL,
		    "signer { at_risk_8bit = false } keeps it from being "
		    "marked "
		    "as at risk",
		    "8-bit mail is not rewritten after it was signed");
	else if (checklook_is(l, "force_mime_input_conversion", "yes"))
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "8-bit mail is not rewritten after it was signed");
	else
		findings_add(l->f, FINDING_NOTE, AREA,
		    "such a body is rewritten after it was signed",
		    "postconf -e 'disable_mime_output_conversion = yes'; or "
		    "force_mime_input_conversion (Postfix 3.9) for a "
		    "cleanup(8) that submission alone has",
		    "8-bit mail to a next hop without 8BITMIME loses its "
		    "signature");
}

/* --- Amazon SES ----------------------------------------------------------- */

/* The parameter, of main.cf or of a service, or a table in it, names a host of
 * SES. */
static bool
names_ses(struct checklook *l, const char *name)
{
	struct span rest = buf_view(&l->services), line, own, list, item;
	struct buf value, text;
	bool has, bad = false;

	checklook_get(l, name, &value);
	list = buf_view(&value);
	has = mastercf_has(list, SES);
	while (!has && wiring_next(&list, &item, &bad)) {
		checklook_table(item, &text);
		has = mastercf_has(buf_view(&text), SES);
		buf_free(&text);
	}
	while (!has && mastercf_next(&rest, &line))
		has =
		    mastercf_option(line, name, &own) && mastercf_has(own, SES);
	buf_free(&value);
	return has;
}

/* A domain whose mail gets several signatures, or NULL. */
static const char *
signs_twice(const struct settings *s)
{
	for (size_t i = 0; i < s->ndomains; i++) {
		size_t active = 0;

		for (size_t k = 0; k < s->domain[i].nkeys; k++)
			active += s->domain[i].key[k].active;
		if (active > 1)
			return s->domain[i].name;
	}
	return s->signer.signing_table != NULL && s->signer.sign_all
	    ? "a row of the signing_table"
	    : NULL;
}

static void
look_for_ses(struct checklook *l)
{
	static const char *const ways[] = {"relayhost", "default_transport",
	    "relay_transport", "transport_maps",
	    "sender_dependent_relayhost_maps",
	    "sender_dependent_default_transport_maps", "smtp_fallback_relay"};
	const char *who = signs_twice(l->settings);

	for (size_t i = 0; who != NULL && i < sizeof ways / sizeof ways[0];
	     i++) {
		if (!names_ses(l, ways[i]))
			continue;
		findings_add(l->f, FINDING_WARNING, AREA,
		    "Amazon SES refuses mail with two DKIM-Signature fields",
		    "let the RSA key alone sign: active = false for the other; "
		    "of tables sign_all = false",
		    "%s leads to Amazon SES, and %s signs with more than one "
		    "key",
		    ways[i], who);
		return;
	}
}

void
checkmilter_look(struct checklook *l)
{
	look_at_list(
	    l, "smtpd_milters", "mail that comes by SMTP goes out unsigned");
	look_at_list(l, "non_smtpd_milters",
	    "mail of cron and sendmail(1), and bounces, go out unsigned");
	look_at_own_lists(l);
	checkfilter_look(l);
	checknetworks_unsigned(l);
	look_at_listen(l);
	look_at_default(l);
	look_at_rest(l);
	look_for_rewriters(l);
	look_for_conversions(l);
	look_for_ses(l);
}
