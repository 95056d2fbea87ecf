/*
 * A name that leads to the address counts only if the address leads back to it,
 * as receivers check it (FCrDNS). Silence of DNS is "not known", never "wrong".
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "admin/check/checkdmarc.h"
#include "admin/check/checkdns.h"
#include "admin/tool/dnswait.h"
#include "admin/tool/invocation.h"
#include "common/bytes/clock.h"
#include "common/bytes/domain.h"
#include "common/spf/check.h"

#define AREA "dns"

enum {
	ADDRESS_TEXT_MAX = DOMAIN_MAX + 80,
	REVERSE_MAX = 80 /* 32 nibbles, their dots, "ip6.arpa" */
};

/* --- this host ------------------------------------------------------------ */

static void
add_address(struct checkdns_host *host, const struct ip *ip)
{
	static const unsigned char none[16];

	if (memcmp(ip->b, none, ip_width(ip) / 8) == 0)
		return;
	for (size_t i = 0; i < host->n; i++) {
		if (ip_equal(&host->ip[i], ip))
			return;
	}
	if (host->n < CHECKDNS_ADDRESSES_MAX)
		host->ip[host->n++] = *ip;
}

void
checkdns_addresses(struct span text, struct checkdns_host *host)
{
	while (text.n > 0) {
		size_t n = 0;
		struct ip ip;

		while (n < text.n && text.p[n] != ' ' && text.p[n] != ',')
			n++;
		if (ip_parse(span_of(text.p, n), &ip) == 0)
			add_address(host, &ip);
		text = span_skip(text, n + 1);
	}
}

/* "192.0.2.1" -> "1.2.0.192.in-addr.arpa", and nibbles for IPv6;
 * ret[REVERSE_MAX].
 */
static void
reverse_name(const struct ip *ip, char *ret)
{
	static const char hex[] = "0123456789abcdef";
	char *p = ret;

	if (ip->family == AF_INET) {
		snprintf(ret, REVERSE_MAX, "%u.%u.%u.%u.in-addr.arpa", ip->b[3],
		    ip->b[2], ip->b[1], ip->b[0]);
		return;
	}
	for (int i = 15; i >= 0; i--) {
		*p++ = hex[ip->b[i] & 15];
		*p++ = '.';
		*p++ = hex[ip->b[i] >> 4];
		*p++ = '.';
	}
	memcpy(p, "ip6.arpa", sizeof "ip6.arpa");
}

static bool
has_address(const struct dns_answer *a, const struct ip *ip)
{
	for (size_t i = 0; a->status == DNS_FOUND && i < a->n; i++) {
		if (ip_equal(&a->record[i].ip, ip))
			return true;
	}
	return false;
}

/* 1: name has the address; 0: not; or -errno. */
static int
leads_to(struct tool *t, const char *name, const struct ip *ip)
{
	struct dnswait q = {
	    .name = name, .type = ip->family == AF_INET ? DNS_A : DNS_AAAA};
	int rc = dnswait_all(t->loop, t->resolver, &q, 1);

	if (rc == 0)
		rc = has_address(q.answer, ip);
	dnswait_free(&q, 1);
	return rc;
}

/* 1: one of the names of the address leads back; 0, or -errno. */
static int
confirm(struct tool *t, const struct ip *ip, struct findings *f)
{
	char reverse[REVERSE_MAX], text[IP_TEXT_MAX];
	struct dnswait q = {.name = reverse, .type = DNS_PTR};
	int rc;

	reverse_name(ip, reverse);
	rc = dnswait_all(t->loop, t->resolver, &q, 1);
	if (rc != 0)
		return rc;
	for (size_t i = 0; q.answer->status == DNS_FOUND && rc == 0 &&
	     i < q.answer->n && i < 10;
	     i++)
		rc = leads_to(t, q.answer->record[i].name, ip);
	ip_text(ip, text);
	if (rc > 0)
		findings_add(f, FINDING_OK, AREA, NULL, NULL,
		    "%s has a name that leads back to it", text);
	else if (rc == 0 && q.answer->status == DNS_TEMPERROR)
		findings_add(f, FINDING_UNKNOWN, AREA, NULL, NULL,
		    "the name of %s: DNS gives no answer (%s)", text,
		    q.answer->why);
	else if (rc == 0)
		findings_add(f, FINDING_WARNING, AREA,
		    "large receivers refuse mail from such addresses",
		    "ask who gives you the address to set its PTR record",
		    q.answer->status == DNS_FOUND
		        ? "no name of %s leads back to it"
		        : "%s has no name in DNS (PTR)",
		    text);
	dnswait_free(&q, 1);
	return rc;
}

/* The addresses that the host's name has, where Postfix names none. */
static int
ask_own(struct tool *t, struct findings *f, struct checkdns_host *host)
{
	struct dnswait q[] = {{.name = host->name, .type = DNS_A},
	    {.name = host->name, .type = DNS_AAAA}};
	bool asked = host->n == 0;
	int rc = dnswait_all(t->loop, t->resolver, q, 2);

	if (rc != 0)
		return rc;
	for (size_t j = 0; j < 2; j++) {
		const struct dns_answer *a = q[j].answer;

		for (size_t i = 0; asked && a->status == DNS_FOUND && i < a->n;
		     i++)
			add_address(host, &a->record[i].ip);
	}
	if (q[0].answer->status == DNS_TEMPERROR)
		findings_add(f, FINDING_UNKNOWN, AREA, NULL, NULL,
		    "%s: DNS gives no answer (%s)", host->name,
		    q[0].answer->why);
	else if (q[0].answer->status != DNS_FOUND &&
	    q[1].answer->status != DNS_FOUND)
		findings_add(f, FINDING_WARNING, AREA,
		    "receivers look whether the HELO name exists", NULL,
		    "the HELO name %s has no address in DNS", host->name);
	else
		findings_add(f, FINDING_OK, AREA, NULL, NULL,
		    "the HELO name %s has an address", host->name);
	dnswait_free(q, 2);
	return 0;
}

/* What was found, where there were so many findings of what is unknown before.
 */
static enum guidelines_fact
fact(bool yes, const struct findings *f, size_t unknown)
{
	if (yes)
		return GUIDELINES_YES;
	return f->count[FINDING_UNKNOWN] > unknown ? GUIDELINES_UNKNOWN
	                                           : GUIDELINES_NO;
}

int
checkdns_host(struct tool *t, struct findings *f, struct checkdns_host *host)
{
	int rc = ask_own(t, f, host);

	host->ptr = host->n > 0 ? GUIDELINES_YES : GUIDELINES_UNKNOWN;
	for (size_t i = 0; i < host->n && rc == 0; i++) {
		size_t unknown = f->count[FINDING_UNKNOWN];

		rc = confirm(t, &host->ip[i], f);
		host->ptr =
		    guidelines_both(host->ptr, fact(rc > 0, f, unknown));
		rc = rc > 0 ? 0 : rc;
	}
	if (rc == 0 && host->n == 0)
		findings_add(f, FINDING_UNKNOWN, AREA, NULL,
		    invocation("check --ip ADDRESS"),
		    "from which address mail leaves is not known");
	return rc;
}

/* --- SPF ------------------------------------------------------------------ */

struct spf {
	struct loop *loop;
	struct findings *f;
	const char *domain, *host;
	const struct ip *ip;
	bool pass;
};

/* Told at more than eight lookups already: the next include that somebody adds
 * may be the eleventh. */
static void
on_result(void *arg, const struct check_result *r)
{
	struct spf *s = arg;
	char ip[IP_TEXT_MAX], mend[ADDRESS_TEXT_MAX];

	ip_text(s->ip, ip);
	snprintf(mend, sizeof mend, PUBLISH_SPF, s->domain, s->host);
	s->pass = r->result == SPF_PASS;
	if (r->result == SPF_PASS)
		findings_add(s->f, r->lookups > 8 ? FINDING_NOTE : FINDING_OK,
		    AREA, "over ten, receivers take the record for broken",
		    NULL, "SPF of %s: pass for %s, %u lookup%s of 10",
		    s->domain, ip, r->lookups, buf_plural(r->lookups));
	else if (r->result == SPF_TEMPERROR)
		findings_add(s->f, FINDING_UNKNOWN, AREA, NULL, NULL,
		    "SPF of %s for %s: %s", s->domain, ip,
		    r->problem == NULL ? "temperror" : r->problem);
	else if (r->result == SPF_NONE)
		findings_add(s->f, FINDING_WARNING, AREA,
		    "receivers cannot tell your mail from forged mail", mend,
		    "SPF of %s: there is no record", s->domain);
	else
		findings_add(s->f, FINDING_ERROR, AREA,
		    "mail from this host is not authorised by the domain",
		    "put the address into the record",
		    "SPF of %s for %s: %s%s%s, %u lookup%s of 10", s->domain,
		    ip, spf_result_word(r->result),
		    r->problem == NULL ? "" : ": ",
		    r->problem == NULL ? "" : r->problem, r->lookups,
		    buf_plural(r->lookups));
	loop_stop(s->loop);
}

/* 1: pass; 0: not; or -errno. */
static int
ask_spf(struct tool *t, const char *domain, const struct ip *ip,
    const char *helo, struct findings *f)
{
	char sender[ADDRESS_TEXT_MAX];
	struct spf s = {
	    .loop = t->loop, .f = f, .domain = domain, .host = helo, .ip = ip};
	struct check_input in = {.subject = {.client = *ip,
	                             .helo = span_str(helo),
	                             .receiver = t->settings->hostname},
	    .identity = IDENTITY_MAIL_FROM,
	    .now = clock_seconds(time(NULL)),
	    .void_max = t->settings->policyd.void_lookups,
	    .prefetch = t->settings->dns.prefetch};
	struct check *c;
	int rc;

	snprintf(sender, sizeof sender, "postmaster@%s", domain);
	in.subject.sender = span_str(sender);
	rc = check_start(t->loop, t->resolver, &in, on_result, &s, &c);
	if (rc == 0)
		rc = loop_run(t->loop);
	return rc == 0 ? s.pass : rc;
}

/* --- MX, and all of it ---------------------------------------------------- */

/* RFC 5321 section 5.1: without an MX mail goes to the address. A domain with
 * neither can send mail, but nobody can answer. */
static int
look_at_mx(struct tool *t, const char *domain, struct findings *f)
{
	struct dnswait q[] = {{.name = domain, .type = DNS_MX},
	    {.name = domain, .type = DNS_A},
	    {.name = domain, .type = DNS_AAAA}};
	int rc = dnswait_all(t->loop, t->resolver, q, 3);

	if (rc != 0)
		return rc;
	if (q[0].answer->status == DNS_FOUND)
		findings_add(f, FINDING_OK, AREA, NULL, NULL, "MX of %s: %s",
		    domain,
		    *q[0].answer->record[0].name == '\0'
		        ? "takes no mail"
		        : q[0].answer->record[0].name);
	else if (q[0].answer->status == DNS_TEMPERROR)
		findings_add(f, FINDING_UNKNOWN, AREA, NULL, NULL,
		    "MX of %s: DNS gives no answer (%s)", domain,
		    q[0].answer->why);
	else if (q[1].answer->status == DNS_FOUND ||
	    q[2].answer->status == DNS_FOUND)
		findings_add(f, FINDING_NOTE, AREA, NULL, NULL,
		    "MX of %s: none, mail goes to its address", domain);
	else
		findings_add(f, FINDING_WARNING, AREA,
		    "nobody can answer to its mail; some receivers refuse such "
		    "senders",
		    NULL, "%s has neither MX nor address", domain);
	dnswait_free(q, 3);
	return 0;
}

int
checkdns_domain(struct tool *t, const char *domain,
    const struct checkdns_host *host, struct findings *f,
    struct guidelines_facts *facts)
{
	int rc = 0;

	facts->spf = host->n > 0 ? GUIDELINES_YES : GUIDELINES_UNKNOWN;
	facts->ptr = host->ptr;
	for (size_t i = 0; i < host->n && rc >= 0; i++) {
		size_t unknown = f->count[FINDING_UNKNOWN];

		rc = ask_spf(t, domain, &host->ip[i], host->name, f);
		facts->spf =
		    guidelines_both(facts->spf, fact(rc > 0, f, unknown));
	}
	if (rc >= 0)
		rc = checkdmarc_look(t, domain, host->name, f, facts);
	return rc < 0 ? rc : look_at_mx(t, domain, f);
}

/* --- keys and their records ----------------------------------------------- */

/* Of the keys that sign the shortest RSA key counts for the guidelines. One
 * that is in DNS and not active was most likely forgotten after genkey. */
static void
judge_key(const struct domainkey *k, struct findings *f,
    struct guidelines_facts *facts)
{
	enum finding_level level = FINDING_ERROR;

	if (k->problem != NULL) { /* told with the config */
		if (facts->dkim == GUIDELINES_NO && geteuid() != 0)
			facts->dkim = GUIDELINES_UNKNOWN;
		return;
	}
	if (k->settings->active && domainkey_good(k) &&
	    k->diff != KEYDIFF_TESTING) {
		facts->dkim = GUIDELINES_YES;
		if (k->facts.algorithm == KEY_RSA_SHA256 &&
		    (facts->bits == 0 || k->facts.bits < facts->bits))
			facts->bits = k->facts.bits;
	}
	if (k->settings->active && k->diff == KEYDIFF_NODNS &&
	    facts->dkim == GUIDELINES_NO)
		facts->dkim = GUIDELINES_UNKNOWN;
	if (k->diff == KEYDIFF_OK)
		level = FINDING_OK;
	else if (k->diff == KEYDIFF_NODNS)
		level = FINDING_UNKNOWN;
	else if (keydiff_good(k->diff) || !k->settings->active)
		level = FINDING_WARNING;
	findings_add(f, level, AREA,
	    level == FINDING_ERROR ? "every signature of this key fails" : NULL,
	    level > FINDING_NOTE ? invocation("testkey %s", k->domain->name)
	                         : NULL,
	    "%s: %.*s", k->name, (int)k->text.n, k->text.p);
	if (!k->settings->active && domainkey_good(k))
		findings_add(f, FINDING_WARNING, AREA,
		    "mail is not signed with it",
		    invocation("testkey %s --activate", k->domain->name),
		    "%s is in DNS, but the key is not active", k->name);
}

/* The section that the key is in; a row of a table is in none. */
static bool
in_section(const struct settings *s, const struct domain_settings *d)
{
	return s->ndomains > 0 && d >= s->domain && d < s->domain + s->ndomains;
}

int
checkdns_keys(
    struct tool *t, struct findings *f, struct guidelines_facts *facts)
{
	const struct settings *s = t->settings;
	struct domainkeys k = {.n = 0};
	struct buf why;
	int rc;

	buf_init(&why, TOOL_MESSAGES_MAX);
	rc = domainkeys_look(t, NULL, NULL, &k, &why);
	for (size_t i = 0; i < k.n && rc == 0; i++) {
		const struct domain_settings *d = k.key[i].domain;
		struct guidelines_facts none = {.bits = 0};

		judge_key(&k.key[i], f,
		    in_section(s, d) ? &facts[d - s->domain] : &none);
	}
	domainkeys_free(&k);
	buf_free(&why); /* look_at_signer() has told it with the config */
	return rc;
}
