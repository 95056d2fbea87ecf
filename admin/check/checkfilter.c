/*
 * The trick: a message that is submitted is followed from service to service:
 * signed where it comes in, or where a filter hands it back, once.
 *
 * The trap: before smtpd_proxy_filter no milter sees a message, before
 * content_filter each does. And a filter of pipe(8) that calls sendmail(1)
 * hands back what strangers sent as mail of this host.
 */
#include <stdio.h>

#include "admin/check/checklook.h"
#include "admin/postfix/mastercf.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/invocation.h"

#define AREA CHECKLOOK_AREA

/* --- smtpds --------------------------------------------------------------- */

/* True if its mail is signed before it goes on. */
static bool
signs(struct checklook *l, struct span line)
{
	return checklook_is_smtpd(line) &&
	    !checklook_is_set(l, line, "smtpd_proxy_filter") &&
	    checklook_reaches(l, line, checklook_has_signer);
}

/* What becomes of mail that goes to a filter. */
struct ways {
	bool before; /* some is signed before it */
	bool behind; /* some is signed when it comes back */
};

static struct ways
look_at_ways(struct checklook *l)
{
	struct span rest = buf_view(&l->services), line;
	struct ways w = {false, false};

	while (mastercf_next(&rest, &line)) {
		if (!signs(l, line))
			continue;
		if (checklook_takes_back(l, line))
			w.behind = true;
		else
			w.before = w.before ||
			    checklook_is_set(l, line, "content_filter");
	}
	return w;
}

static void
look_behind_filter(struct checklook *l, struct span line, bool before)
{
	struct span name = mastercf_word(line, MASTERCF_NAME);
	char mend[300];

	if (!checklook_reaches(l, line, checklook_has_signer) || !before) {
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "master.cf: %.*s takes mail back from a filter, and it is "
		    "signed once",
		    (int)name.n, name.p);
		return;
	}
	snprintf(
	    mend, sizeof mend, "%.*s/inet/smtpd_milters=", (int)name.n, name.p);
	checklook_add(l, FINDING_WARNING,
	    "after a content filter mail is signed twice, and that of "
	    "others, which comes back from 127.0.0.1, looks like ours",
	    "-P", mend, "master.cf: %.*s passes mail to the milters again",
	    (int)name.n, name.p);
}

/* One where mail is submitted, in its own way. */
static void
look_at_way(struct checklook *l, struct span line, const struct ways *w)
{
	struct span name = mastercf_word(line, MASTERCF_NAME), own;
	bool proxied = checklook_is_set(l, line, "smtpd_proxy_filter"),
	     filtered = proxied || checklook_is_set(l, line, "content_filter");

	if (signs(l, line) || (filtered && w->behind))
		return;
	if (proxied)
		findings_add(l->f, FINDING_WARNING, AREA,
		    "before a smtpd_proxy_filter milters see no message: it "
		    "goes out unsigned",
		    "let the smtpd to which the proxy hands mail have the "
		    "signer in its smtpd_milters",
		    "master.cf: mail of %.*s is not signed", (int)name.n,
		    name.p);
	else if (mastercf_option(line, "smtpd_milters", &own))
		findings_add(l->f, FINDING_WARNING, AREA,
		    "mail that is submitted there goes out unsigned", NULL,
		    "master.cf: %.*s has smtpd_milters of its own, "
		    "without the signer",
		    (int)name.n, name.p);
}

/* Each smtpd of master.cf: is its mail signed, and once? */
static void
look_at_services(struct checklook *l)
{
	struct span rest = buf_view(&l->services), line;
	struct ways w = look_at_ways(l);
	bool filter = checklook_has_filter(l);

	while (mastercf_next(&rest, &line)) {
		if (filter && checklook_takes_back(l, line))
			look_behind_filter(l, line, w.before);
		else if (checklook_is_smtpd(line))
			look_at_way(l, line, &w);
	}
}

/* --- smtpd_milter_maps ---------------------------------------------------- */

static bool
names_one(struct checklook *l, const struct endpoint_list *e, struct span text)
{
	struct buf name;
	bool has = false;

	buf_init(&name, ENDPOINT_TEXT_MAX);
	for (size_t i = 0; i < e->n && !has; i++) {
		const char *milter = checklook_spell(l, &e->v[i], &name);

		has = milter != NULL && mastercf_has(text, milter);
	}
	buf_free(&name);
	return has;
}

/* True if the table has the signer. */
static bool
map_signs(struct checklook *l, struct span map)
{
	const struct daemon_settings *d = &l->settings->signer.daemon;
	struct buf text;
	bool has;

	checklook_table(map, &text);
	has = names_one(l, &d->listen, buf_view(&text)) ||
	    names_one(l, &d->legacy, buf_view(&text));
	buf_free(&text);
	return has;
}

/* For the clients in it other milters are called than those of the list, or
 * none. */
static void
look_at_maps(struct checklook *l)
{
	struct span rest = buf_view(&l->services), line, own;
	struct buf all;

	checklook_get(l, "smtpd_milter_maps", &all);
	while (mastercf_next(&rest, &line)) {
		struct span name = mastercf_word(line, MASTERCF_NAME),
		            map =
		                mastercf_option(line, "smtpd_milter_maps", &own)
		    ? own
		    : buf_view(&all);

		if (map.n == 0 || !signs(l, line) || map_signs(l, map))
			continue;
		findings_add(l->f, FINDING_WARNING, AREA,
		    "for the clients in that table other milters are called, "
		    "or none: their mail goes out unsigned",
		    "give them the signer in the table; who is not to be "
		    "signed belongs into signer.ignore_hosts",
		    "master.cf: %.*s has smtpd_milter_maps without the signer",
		    (int)name.n, name.p);
	}
	buf_free(&all);
}

/* --- filters of pipe(8) --------------------------------------------------- */

/* The line of a pipe(8) service that calls sendmail(1), as content_filter names
 * it: "name" or "name:nexthop". */
static bool
is_sendmail_filter(struct checklook *l, struct span filter)
{
	struct span rest = buf_view(&l->services), line,
	            name = span_of(filter.p, span_find(filter, ':'));

	while (mastercf_next(&rest, &line)) {
		if (span_eq(mastercf_word(line, MASTERCF_NAME), name) &&
		    span_eq(mastercf_word(line, MASTERCF_COMMAND),
		        span_str("pipe")))
			return mastercf_has(line, "sendmail");
	}
	return false;
}

/* Of an smtpd whose mail comes back by sendmail(1): the verifier marks it, so
 * that the signer knows where it came from, or not. */
static void
look_at_pipes(struct checklook *l)
{
	struct span rest = buf_view(&l->services), line, own;
	struct buf all, local;

	checklook_get(l, "content_filter", &all);
	checklook_get(l, "non_smtpd_milters", &local);
	while (checklook_has_signer(l, buf_view(&local)) &&
	    mastercf_next(&rest, &line)) {
		struct span name = mastercf_word(line, MASTERCF_NAME),
		            filter =
		                mastercf_option(line, "content_filter", &own)
		    ? own
		    : buf_view(&all);

		if (!checklook_is_smtpd(line) ||
		    !is_sendmail_filter(l, filter) ||
		    checklook_reaches(l, line, checklook_has_verifier))
			continue;
		findings_add(l->f, FINDING_WARNING, AREA,
		    "what it hands back by sendmail(1) looks like mail of this "
		    "host: a stranger's, with our From, can be signed. What "
		    "our verifier has seen is never signed (see also "
		    "never_sign_daemons in postseal-signer(8))",
		    invocation("setup --verify"),
		    "master.cf: the content_filter of %.*s is a pipe(8) to "
		    "sendmail(1)",
		    (int)name.n, name.p);
	}
	buf_free(&local);
	buf_free(&all);
}

void
checkfilter_look(struct checklook *l)
{
	look_at_services(l);
	look_at_maps(l);
	look_at_pipes(l);
}
