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
#include "admin/postfix/mastercf.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/tool.h"
#include "verifier/verifier.h"

#define AREA CHECKLOOK_AREA

static bool
lists_verifier(struct checklook *l, struct span milters, struct buf *name)
{
	return checklook_lists(
	    l, &l->settings->verifier.daemon.listen, milters, name);
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
look_at_place(struct checklook *l, struct span milters, const char *milter)
{
	const char *why = NULL, *what = wrong_place(l, milters, milter, &why);
	struct buf value, rest;

	if (what == NULL) {
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "smtpd_milters have the verifier first");
		return;
	}
	buf_init(&value, POSTCONF_VALUE_MAX);
	buf_init(&rest, POSTCONF_VALUE_MAX);
	wiring_without_milter(milters, milter, &rest);
	buf_fmt(&value, "{ %s, default_action=tempfail }%s", milter,
	    rest.n > 0 ? ", " : "");
	buf_span(&value, buf_view(&rest));
	add_list(l, FINDING_WARNING, why, "smtpd_milters", &value, what);
	buf_free(&value);
	buf_free(&rest);
}

/* Mail of sendmail(1) and bounces are our own. */
static void
look_at_own_mail(struct checklook *l)
{
	struct buf value, name, rest;

	checklook_get(l, "non_smtpd_milters", &value);
	buf_init(&name, ENDPOINT_TEXT_MAX);
	buf_init(&rest, POSTCONF_VALUE_MAX);
	if (lists_verifier(l, buf_view(&value), &name)) {
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

/* --- what spoils its work ------------------------------------------------- */

/* True if the table, "pcre:/etc/postfix/x" or "pcre:{...}", names the field. */
static bool
names_field(struct span table)
{
	static const char field[] = "Authentication-Results";
	char *item = strndup(table.p, table.n);
	const char *path = item == NULL ? NULL : strchr(item, ':');
	bool names = item != NULL && strcasestr(item, field) != NULL;
	struct buf text;

	if (!names && path != NULL &&
	    tool_read_file(path + 1, POSTCONF_VALUE_MAX, &text) == 0) {
		names = buf_text(&text) != NULL &&
		    strcasestr(buf_text(&text), field) != NULL;
		buf_free(&text);
	}
	free(item);
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

/* cleanup(8) changes mail before a milter gets the body. */
static void
look_at_conversion(struct checklook *l)
{
	static const char name[] = "force_mime_input_conversion";
	static const char why[] =
	    "8-bit mail is changed before it is verified, and its signatures "
	    "fail; what is submitted can have a cleanup(8) of its own, see "
	    "troubleshooting.md";
	struct span rest = buf_view(&l->services), line, value;

	if (checklook_is(l, name, "yes"))
		checklook_add(l, FINDING_WARNING, why, "-e",
		    "force_mime_input_conversion = no",
		    "force_mime_input_conversion = yes");
	while (mastercf_next(&rest, &line)) {
		if (span_eq(mastercf_word(line, MASTERCF_NAME),
		        span_str("cleanup")) &&
		    mastercf_option(line, name, &value) &&
		    span_ieqs(value, "yes"))
			checklook_add(l, FINDING_WARNING, why, "-P",
			    "cleanup/unix/force_mime_input_conversion=no",
			    "master.cf: cleanup has "
			    "force_mime_input_conversion=yes");
	}
}

static void
look_at_rewriting(struct checklook *l)
{
	if (!checklook_is_empty(l, "remote_header_rewrite_domain"))
		checklook_add(l, FINDING_WARNING,
		    "addresses in the header of strangers are changed before "
		    "it is verified, and signatures fail",
		    "-e", "remote_header_rewrite_domain =",
		    "remote_header_rewrite_domain is set");
}

/* --- who else writes or reads the field ----------------------------------- */

static void
look_at_others(struct checklook *l, struct span milters)
{
	const char *id = verifier_id(l->settings);
	char mend[2 * DOMAIN_MAX];

	if (mastercf_has(milters, "opendkim"))
		findings_add(l->f, FINDING_WARNING, AREA,
		    "two results for one signature: readers drop both, if "
		    "both have one name",
		    "say Mode s in opendkim.conf, or take it out of the list",
		    "smtpd_milters have opendkim beside the verifier");
	if (!mastercf_has(milters, "opendmarc") &&
	    !mastercf_has(milters, ":8893"))
		return;
	snprintf(
	    mend, sizeof mend, "TrustedAuthservIDs %s in opendmarc.conf", id);
	findings_add(l->f, FINDING_NOTE, AREA,
	    "it reads only fields with a name that it trusts", mend,
	    "opendmarc is to read what the verifier writes as %s", id);
}

/* The policy service's own field, which a verifier cannot tell from a forged
 * one. */
static void
look_at_policyd(struct checklook *l, bool strips)
{
	if (l->settings->policyd.header != HEADER_AUTH_RESULTS)
		return;
	if (strips)
		findings_add(l->f, FINDING_WARNING, AREA,
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

void
checkverifier_look(struct checklook *l)
{
	struct buf milters, name;
	bool has;

	look_at_own_mail(l);
	checklook_get(l, "smtpd_milters", &milters);
	buf_init(&name, ENDPOINT_TEXT_MAX);
	has = lists_verifier(l, buf_view(&milters), &name);
	look_at_policyd(l, has);
	if (has) {
		look_at_place(l, buf_view(&milters), buf_text(&name));
		look_at_header_checks(l);
		look_at_conversion(l);
		look_at_rewriting(l);
		look_at_others(l, buf_view(&milters));
	} else if (l->settings->verifier.daemon.listen.n > 0) {
		findings_add(l->f, FINDING_NOTE, AREA, NULL,
		    "postseal setup --verify",
		    "smtpd_milters do not have the verifier: DKIM of inbound "
		    "mail is not looked at");
	}
	buf_free(&milters);
	buf_free(&name);
}
