#include <errno.h>
#include <stdlib.h>

#include "admin/checkpostfix.h"
#include "admin/wiring.h"

enum { VALUE_MAX = 4 * 1024 * 1024, PIECE_MAX = 256 };

#define AREA "postfix"

struct look {
	const struct postconf *postfix;
	const struct settings *settings;
	struct findings *f;
	struct buf services; /* master.cf, a line each */
	struct buf queue;    /* queue_directory */
	struct buf target;   /* of check_policy_service: ours */
	bool failed;
};

/* --- asking --------------------------------------------------------------- */

/* The value with its $names resolved, "" where there is none. Borrowed until
 * buf_free(ret), which is buf_init()ed here. */
static const char *
get(struct look *l, const char *name, struct buf *ret)
{
	const char *text;
	struct buf why;

	buf_init(ret, VALUE_MAX);
	buf_init(&why, VALUE_MAX);
	if (postconf_get(l->postfix, name, true, ret, &why) != 0)
		buf_clear(ret);
	if (why.n > 0 && !l->failed) {
		l->failed = true;
		findings_lines(l->f, FINDING_UNKNOWN, AREA, &why);
	}
	buf_free(&why);
	text = buf_text(ret);
	return text == NULL ? "" : text;
}

static bool
is_value(struct look *l, const char *name, const char *value)
{
	struct buf b;
	bool is = strcasecmp(get(l, name, &b), value) == 0;

	buf_free(&b);
	return is;
}

static bool
is_empty(struct look *l, const char *name)
{
	return is_value(l, name, "");
}

/* "postconf -e 'NAME = VALUE'", as setup shows it. */
static void
add_mend(struct look *l, enum finding_level level, const char *why,
    const char *name, const char *value, const char *what)
{
	char mend[PIECE_MAX * 2];

	snprintf(mend, sizeof mend, "postconf -e '%s = %s'", name, value);
	findings_add(l->f, level, AREA, why, mend, "%s", what);
}

/* --- the policy service --------------------------------------------------- */

/* The next line of master.cf. */
static bool
next_line(struct span *rest, struct span *ret)
{
	size_t n;

	if (rest->n == 0)
		return false;
	n = span_find(*rest, '\n');
	*ret = span_of(rest->p, n);
	*rest = span_skip(*rest, n + 1);
	return true;
}

static bool
has(struct span line, const char *text)
{
	return memmem(line.p, line.n, text, strlen(text)) != NULL;
}

/* The number-th word of a line of master.cf, from 0. */
static struct span
word_of(struct span line, unsigned number)
{
	struct span word = {NULL, 0};
	bool bad = false;

	for (unsigned i = 0; i <= number; i++) {
		if (!wiring_next(&line, &word, &bad))
			return span_of(NULL, 0);
	}
	return word;
}

static void
look_at_time_limit(struct look *l, const char *service)
{
	char name[PIECE_MAX + sizeof "_time_limit"];
	struct buf why;
	bool set = false;

	snprintf(name, sizeof name, "%s_time_limit", service);
	buf_init(&why, VALUE_MAX);
	if (postconf_is_set(l->postfix, name, &set, &why) != 0)
		l->failed = true;
	buf_free(&why);
	if (set) {
		findings_add(
		    l->f, FINDING_OK, AREA, NULL, NULL, "%s is set", name);
		return;
	}
	add_mend(l, FINDING_WARNING,
	    "spawn(8) ends the daemon after command_time_limit, in the middle "
	    "of a connection. The parameter must carry the very name of the "
	    "service",
	    name, "3600", "the service's time limit is not set");
}

static void
look_at_spawn(struct look *l, struct span line)
{
	char name[PIECE_MAX];
	struct span service = word_of(line, 0);

	snprintf(name, sizeof name, "%.*s", (int)service.n, service.p);
	findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
	    "master.cf: %s starts postseal-policyd", name);
	if (!span_eq(word_of(line, 6), span_str("0")))
		findings_add(l->f, FINDING_ERROR, AREA,
		    "each busy smtpd needs one; with fewer, mail is deferred",
		    NULL, "master.cf: maxproc of %s is not 0", name);
	if (has(line, "user=root") || has(line, "user=postfix"))
		findings_add(l->f, FINDING_ERROR, AREA,
		    "it reads what strangers send; spawn(8) refuses these "
		    "users, too",
		    NULL, "master.cf: %s runs as root or postfix", name);
	buf_clear(&l->target);
	buf_fmt(&l->target, "unix:private/%s", name);
	look_at_time_limit(l, name);
}

/* The target of check_policy_service: spawned, or the standing daemon's. */
static void
look_for_service(struct look *l)
{
	struct span rest = buf_view(&l->services), line;
	const struct endpoint_list *listen =
	    &l->settings->policyd.daemon.listen;
	const char *queue = buf_text(&l->queue);

	while (next_line(&rest, &line)) {
		if (has(line, "postseal-policyd") && has(line, " spawn ")) {
			look_at_spawn(l, line);
			return;
		}
	}
	if (listen->n > 0)
		wiring_endpoint(
		    &listen->v[0], queue == NULL ? "" : queue, &l->target);
	findings_add(l->f, FINDING_NOTE, AREA,
	    "right with the standing daemon (--listen); else see "
	    "master.cf.snippet",
	    NULL, "master.cf starts no postseal-policyd");
}

static void
look_at_restrictions(struct look *l)
{
	const char *target = buf_text(&l->target);
	struct buf value, relay;
	enum wiring_place place;
	bool guarded;

	get(l, "smtpd_recipient_restrictions", &value);
	get(l, "smtpd_relay_restrictions", &relay);
	place = wiring_place(buf_view(&value), target == NULL ? "" : target);
	guarded = wiring_guards_relay(buf_view(&relay)) ||
	    has(buf_view(&relay), "_unauth_destination");
	if (place == WIRING_GOOD || (place == WIRING_UNSAFE && guarded))
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "check_policy_service %s stands behind what refuses "
		    "relaying",
		    target);
	else if (place == WIRING_UNSAFE)
		findings_add(l->f, FINDING_ERROR, AREA,
		    "an action that permits, before it, makes an open relay",
		    "put reject_unauth_destination before check_policy_service "
		    "in smtpd_recipient_restrictions",
		    "check_policy_service %s has no reject_unauth_destination "
		    "before it",
		    target);
	else if (place == WIRING_ABSENT)
		findings_add(l->f, FINDING_WARNING, AREA,
		    "without it, SPF of incoming mail is not checked",
		    "postseal setup DOMAIN",
		    "smtpd_recipient_restrictions have no check_policy_service "
		    "%s",
		    target);
	else
		findings_add(l->f, FINDING_UNKNOWN, AREA, NULL, NULL,
		    "smtpd_recipient_restrictions cannot be read: a brace is "
		    "left open");
	buf_free(&value);
	buf_free(&relay);
}

static void
look_at_timeouts(struct look *l)
{
	if (l->settings->policyd.time_limit >= 100)
		findings_add(l->f, FINDING_WARNING, AREA,
		    "smtpd waits for 100 s (smtpd_policy_service_timeout), "
		    "then it answers 451",
		    NULL, "policyd.time_limit is %u s",
		    l->settings->policyd.time_limit);
	if (l->settings->policyd.observe)
		findings_add(l->f, FINDING_NOTE, AREA, NULL,
		    "postseal setup --enforce",
		    "SPF refuses nothing: policyd.observe = true");
	if (l->settings->policyd.header == HEADER_AUTH_RESULTS)
		findings_add(l->f, FINDING_NOTE, AREA,
		    "a policy service cannot remove headers, and header_checks "
		    "would remove ours, too; who trusts the header needs a "
		    "milter that removes forged ones",
		    NULL,
		    "an Authentication-Results that a sender forged with our "
		    "name stays in the mail");
}

/* --- the signer ----------------------------------------------------------- */

/* The listener that is in the list; NULL: none is. name gets its spelling. */
static bool
lists_signer(struct look *l, struct span milters, struct buf *name)
{
	const struct endpoint_list *e = &l->settings->signer.daemon.listen;
	const char *queue = buf_text(&l->queue);

	for (size_t i = 0; i < e->n; i++) {
		buf_clear(name);
		wiring_endpoint(&e->v[i], queue == NULL ? "" : queue, name);
		if (buf_text(name) != NULL &&
		    wiring_has_milter(milters, buf_text(name)))
			return true;
	}
	return false;
}

/* Milters that stand behind ours. */
static bool
is_last(struct span milters, const char *milter)
{
	struct span item, last = {NULL, 0};
	bool bad = false;

	while (wiring_next(&milters, &item, &bad))
		last = wiring_word(item);
	return span_ieqs(last, milter);
}

static void
look_at_milters(struct look *l, const char *name, const char *why)
{
	struct buf value, milter;

	get(l, name, &value);
	buf_init(&milter, PIECE_MAX);
	if (!lists_signer(l, buf_view(&value), &milter)) {
		findings_add(l->f, FINDING_WARNING, AREA, why,
		    "postseal setup DOMAIN", "%s do not have the signer", name);
	} else if (!is_last(buf_view(&value), buf_text(&milter))) {
		findings_add(l->f, FINDING_WARNING, AREA,
		    "what a milter behind it changes breaks the signature",
		    NULL, "%s: other milters stand behind the signer", name);
	} else {
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "%s have the signer", name);
	}
	buf_free(&value);
	buf_free(&milter);
}

static void
look_at_signer(struct look *l)
{
	struct buf classes;

	look_at_milters(
	    l, "smtpd_milters", "mail that comes by SMTP goes out unsigned");
	look_at_milters(l, "non_smtpd_milters",
	    "mail of cron and sendmail(1), and bounces, go out unsigned");
	if (is_value(l, "milter_default_action", "accept"))
		findings_add(l->f, FINDING_NOTE, AREA,
		    "with tempfail it waits instead", NULL,
		    "milter_default_action = accept: mail goes out unsigned "
		    "while the signer is down");
	else if (is_value(l, "milter_default_action", "reject"))
		add_mend(l, FINDING_WARNING,
		    "mail is refused for good while the signer is down",
		    "milter_default_action", "tempfail",
		    "milter_default_action = reject");
	if (strstr(get(l, "internal_mail_filter_classes", &classes),
	        "bounce") == NULL)
		add_mend(l, FINDING_WARNING,
		    "bounces, which Postfix itself makes, are not signed",
		    "internal_mail_filter_classes", "bounce",
		    "internal_mail_filter_classes has no bounce");
	buf_free(&classes);
	if (!is_value(l, "milter_protocol", "6"))
		add_mend(l, FINDING_NOTE,
		    "older versions cannot do all that saves time",
		    "milter_protocol", "6", "milter_protocol is not 6");
}

/* --- what breaks signatures ----------------------------------------------- */

static void
look_for_breakers(struct look *l)
{
	static const char *const rewriters[] = {"smtp_generic_maps",
	    "smtp_header_checks", "smtp_mime_header_checks",
	    "smtp_nested_header_checks", "smtp_body_checks"};
	struct buf value;
	long n;

	for (size_t i = 0; i < sizeof rewriters / sizeof rewriters[0]; i++) {
		if (!is_empty(l, rewriters[i]))
			findings_add(l->f, FINDING_WARNING, AREA,
			    "it changes mail after it was signed, which breaks "
			    "the signature",
			    NULL, "%s is set", rewriters[i]);
	}
	n = atol(get(l, "smtp_line_length_limit", &value));
	if (value.n > 0 && n > 0 && n < 998)
		add_mend(l, FINDING_WARNING,
		    "smtp(8) breaks longer lines after they were signed",
		    "smtp_line_length_limit", "998",
		    "smtp_line_length_limit is under 998");
	buf_free(&value);
	if (!is_value(l, "disable_mime_output_conversion", "yes") &&
	    !is_value(l, "force_mime_input_conversion", "yes"))
		findings_add(l->f, FINDING_NOTE, AREA,
		    "such a body is rewritten after it was signed",
		    "postconf -e 'force_mime_input_conversion = yes' (Postfix "
		    "3.9), or 'disable_mime_output_conversion = yes'",
		    "8-bit mail to a next hop without 8BITMIME loses its "
		    "signature");
	if (!is_empty(l, "milter_header_checks"))
		findings_add(l->f, FINDING_NOTE, AREA,
		    "it can drop or change the headers that milters add", NULL,
		    "milter_header_checks is set");
}

/* An smtpd that takes mail back from a filter on this host. */
static bool
takes_back(struct span line)
{
	struct span name = word_of(line, 0);
	struct span program = word_of(line, 7);

	return span_eq(program, span_str("smtpd")) &&
	    (has(name, "127.0.0.1:") || has(name, "localhost:") ||
	        has(name, "[::1]:"));
}

static void
look_for_filters(struct look *l)
{
	struct span rest = buf_view(&l->services), line;
	bool filter = !is_empty(l, "content_filter") ||
	    has(rest, "content_filter=") || !is_empty(l, "smtpd_proxy_filter");

	while (filter && next_line(&rest, &line)) {
		struct span name = word_of(line, 0);
		char mend[PIECE_MAX * 2];

		if (!takes_back(line))
			continue;
		if (has(line, "smtpd_milters=") || has(line, "no_milters")) {
			findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
			    "master.cf: %.*s takes mail back from a filter, "
			    "without milters",
			    (int)name.n, name.p);
			continue;
		}
		snprintf(mend, sizeof mend,
		    "postconf -P '%.*s/inet/smtpd_milters='", (int)name.n,
		    name.p);
		findings_add(l->f, FINDING_WARNING, AREA,
		    "behind a content filter mail is signed twice, and that of "
		    "others, which comes back from 127.0.0.1, looks like ours",
		    mend, "master.cf: %.*s passes mail to the milters again",
		    (int)name.n, name.p);
	}
}

static bool
look_at_tls(struct look *l)
{
	bool off = is_value(l, "smtp_tls_security_level", "none") ||
	    (is_empty(l, "smtp_tls_security_level") &&
	        !is_value(l, "smtp_use_tls", "yes") &&
	        !is_value(l, "smtp_enforce_tls", "yes"));

	if (off)
		add_mend(l, FINDING_WARNING,
		    "mail goes out unencrypted; Google wants TLS of all "
		    "senders",
		    "smtp_tls_security_level", "may",
		    "smtp_tls_security_level is none");
	else
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "outgoing mail is encrypted where the other side can");
	return !off;
}

/* --- the whole ------------------------------------------------------------ */

static void
add_address(struct look *l, const char *name, struct buf *ret)
{
	struct buf value;

	get(l, name, &value);
	if (value.n > 0) {
		buf_span(ret, buf_view(&value));
		buf_byte(ret, ' ');
	}
	buf_free(&value);
}

void
checkpostfix_look(const struct postconf *p, const struct settings *s,
    struct findings *f, struct checkpostfix *ret)
{
	struct look l = {.postfix = p, .settings = s, .f = f};
	struct buf why;

	*ret = (struct checkpostfix){.there = false};
	buf_init(&ret->addresses, VALUE_MAX);
	buf_init(&l.services, VALUE_MAX);
	buf_init(&l.target, PIECE_MAX * 2);
	buf_init(&why, VALUE_MAX);
	get(&l, "smtp_helo_name", &ret->hostname);
	get(&l, "queue_directory", &l.queue);
	if (!l.failed && postconf_services(p, &l.services, &why) != 0)
		findings_lines(f, FINDING_UNKNOWN, AREA, &why);
	if (!l.failed && l.services.n > 0) {
		ret->there = true;
		add_address(&l, "smtp_bind_address", &ret->addresses);
		add_address(&l, "smtp_bind_address6", &ret->addresses);
		look_for_service(&l);
		look_at_restrictions(&l);
		look_at_timeouts(&l);
		look_at_signer(&l);
		look_for_breakers(&l);
		look_for_filters(&l);
		ret->tls = look_at_tls(&l);
	}
	buf_free(&why);
	buf_free(&l.services);
	buf_free(&l.target);
	buf_free(&l.queue);
}

void
checkpostfix_free(struct checkpostfix *c)
{
	buf_free(&c->hostname);
	buf_free(&c->addresses);
}
