/*
 * The trick: each server has a resolver of its own, so that it is asked with
 * all that a resolver knows (TCP, without EDNS, again), and all at the same
 * time.
 *
 * The trap: right servers may differ. Of addresses they do where a CDN answers
 * by region; MX and TXT are compared. Of a name that only some know (an
 * internal view) they do, too, and then it is worth to be told: which one is
 * asked is not in our hands when one is silent.
 */
#include "admin/check/checkservers.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/tool/dnswait.h"
#include "admin/tool/probe.h"
#include "common/bytes/domain.h"
#include "common/dns/nameservers.h"
#include "common/limits.h"

#define AREA "dns"

/* One signed for many years, and one signed wrongly on purpose. */
#define SIGNED "iana.org"
#define BOGUS "dnssec-failed.org"

#define MEND_HERE \
	"install unbound on this host, then dns { servers = {\"127.0.0.1\"} }"

enum { OWN_MX, OWN_TXT, SIGNED_MX, COMPARED, BOGUS_A = COMPARED, QUESTIONS };

struct server {
	char text[DNS_SERVER_TEXT_MAX];
	struct resolver *resolver;
	struct dnswait *q; /* QUESTIONS */
	bool local;
};

struct look {
	struct tool *tool;
	struct findings *f;
	const struct nameservers *set;
	const char *named; /* where: a file, or a key */
	const char *own;
	struct server server[NAMESERVERS_MAX];
	struct dnswait q[NAMESERVERS_MAX * QUESTIONS];
};

/* --- the file ------------------------------------------------------------- */

/* The signer's helper asks, as the signer's user. One finding is enough: the
 * fix is the same for all. */
static void
look_at_rights(struct look *l, const char *file)
{
	const struct settings *s = l->tool->settings;
	const struct {
		const char *key, *user;
	} daemon[] = {{"policyd.user", s->policyd.daemon.user},
	    {"signer.user", s->signer.daemon.user},
	    {"verifier.user", s->verifier.daemon.user}};
	char mend[512];

	snprintf(mend, sizeof mend, "chmod a+r %s, and a+x its folders", file);
	for (size_t i = 0; i < sizeof daemon / sizeof daemon[0]; i++) {
		struct probe_user u;

		if (!probe_user_named(daemon[i].user, &u) ||
		    probe_access(&u, file, R_OK) != -EACCES)
			continue;
		findings_add(l->f, FINDING_ERROR, AREA,
		    "its DNS questions go to 127.0.0.1 then", mend,
		    "%s, %s, may not read %s", daemon[i].key, daemon[i].user,
		    file);
		return;
	}
}

/* --- asking --------------------------------------------------------------- */

/* A domain that receives mail, so that each server should know its records.
 * What is no name is not asked for: nobody would answer. */
static const char *
own_name(const struct settings *s, const char *host)
{
	const char *dot = strchr(host, '.');

	if (s->ndomains > 0)
		return s->domain[0].name;
	if (!domain_is_name(span_str(host)))
		return SIGNED;
	return dot != NULL && strchr(dot + 1, '.') != NULL ? dot + 1 : host;
}

/* True if the address is one of this host, as of getifaddrs(3). */
static bool
is_local(const struct ip *ip, const struct ifaddrs *of_host)
{
	if (ip->family == AF_INET && ip->b[0] == 127)
		return true;
	for (; of_host != NULL; of_host = of_host->ifa_next) {
		const struct sockaddr *a = of_host->ifa_addr;
		struct ip one = {0};

		if (a != NULL && a->sa_family == AF_INET)
			one = ip_bytes(
			    &((const struct sockaddr_in *)(const void *)a)
			         ->sin_addr,
			    4);
		else if (a != NULL && a->sa_family == AF_INET6)
			one = ip_bytes(
			    &((const struct sockaddr_in6 *)(const void *)a)
			         ->sin6_addr,
			    16);
		if (ip_equal(&one, ip))
			return true;
	}
	return false;
}

static int
server_open(struct look *l, size_t i, const struct ifaddrs *of_host)
{
	struct server *s = &l->server[i];
	struct dns_server at = l->set->server[i].at;
	const struct dns_settings dns = {.servers = {.v = &at, .n = 1},
	    .timeout = CHECKSERVERS_SECONDS,
	    .trust_ad = true,
	    .tcp = l->set->tcp};

	dns_server_text(&at, s->text);
	s->local = is_local(&at.ip, of_host);
	s->q = &l->q[i * QUESTIONS];
	s->q[OWN_MX] = (struct dnswait){.name = l->own, .type = DNS_MX};
	s->q[OWN_TXT] = (struct dnswait){.name = l->own, .type = DNS_TXT};
	s->q[SIGNED_MX] = (struct dnswait){.name = SIGNED, .type = DNS_MX};
	s->q[BOGUS_A] = (struct dnswait){.name = BOGUS, .type = DNS_A};
	return resolver_new(l->tool->loop, &dns, &s->resolver);
}

static int
ask(struct look *l)
{
	struct ifaddrs *of_host = NULL;
	int rc = 0;

	if (getifaddrs(&of_host) != 0)
		of_host = NULL;
	for (size_t i = 0; i < l->set->n && rc == 0; i++)
		rc = server_open(l, i, of_host);
	freeifaddrs(of_host);
	for (size_t i = 0; i < l->set->n * QUESTIONS; i++)
		l->q[i].resolver = l->server[i / QUESTIONS].resolver;
	return rc != 0 ? rc
	               : dnswait_all(l->tool->loop, l->tool->resolver, l->q,
	                     l->set->n * QUESTIONS);
}

/* What it has answered, or NULL. */
static const struct dnswait *
first_answered(const struct server *s)
{
	for (size_t k = 0; k < QUESTIONS; k++) {
		if (s->q[k].answer->status != DNS_TEMPERROR)
			return &s->q[k];
	}
	return NULL;
}

/* --- silence -------------------------------------------------------------- */

static void
tell_silent(struct look *l, size_t answering)
{
	char mend[512];

	snprintf(
	    mend, sizeof mend, "start it, or name another one in %s", l->named);
	for (size_t i = 0; i < l->set->n; i++) {
		const struct server *s = &l->server[i];

		if (first_answered(s) != NULL)
			continue;
		findings_add(l->f,
		    answering > 0 ? FINDING_WARNING : FINDING_ERROR, AREA,
		    answering > 0
		        ? "what is asked there comes late, or not at all"
		        : "no DNS server answers: SPF is temperror for all "
		          "mail",
		    mend, "the DNS server %s gives no answer (%s)", s->text,
		    s->q[OWN_MX].answer->why);
	}
}

/* --- do they agree? ------------------------------------------------------- */

static bool
same_record(
    const struct dns_record *a, const struct dns_record *b, enum dns_type type)
{
	if (type == DNS_TXT)
		return span_eq(a->txt, b->txt);
	return a->preference == b->preference && strcmp(a->name, b->name) == 0;
}

/* In any order; none stands twice in an answer. */
static bool
same_answer(const struct dnswait *a, const struct dnswait *b)
{
	const struct dns_answer *x = a->answer, *y = b->answer;
	size_t same = 0;

	if (x->status != y->status || x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n * y->n; i++)
		same += same_record(
		    &x->record[i / y->n], &y->record[i % y->n], a->type);
	return same >= x->n;
}

static const char *
answer_words(const struct dns_answer *a, bool both)
{
	static const char *const words[] = {[DNS_FOUND] = "has it",
	    [DNS_NODATA] = "has none",
	    [DNS_NXDOMAIN] = "knows no such name"};

	return both ? "has other records" : words[a->status];
}

/* The first that has answered question k, or NULL. */
static const struct server *
first_with(const struct look *l, size_t k)
{
	for (size_t i = 0; i < l->set->n; i++) {
		if (l->server[i].q[k].answer->status != DNS_TEMPERROR)
			return &l->server[i];
	}
	return NULL;
}

/* False if there is something to tell of it. */
static bool
agrees(struct look *l, const struct server *s, const struct server *first,
    size_t k)
{
	const struct dnswait *q = &s->q[k], *other = &first->q[k];
	const char *word = q->type == DNS_MX ? "MX" : "TXT";
	char mend[512];

	if (q->answer->status == DNS_TEMPERROR) {
		/* far servers may need longer, the first time */
		if (k == SIGNED_MX && strcmp(q->answer->why, "timeout") == 0)
			return true;
		snprintf(mend, sizeof mend,
		    "if it is not meant for this host, take it out of %s",
		    l->named);
		findings_add(l->f, FINDING_WARNING, AREA,
		    "such questions wait for the next server, or fail", mend,
		    "the DNS server %s gives no answer (%s) for the %s of %s, "
		    "but %s does",
		    s->text, q->answer->why, word, q->name, first->text);
		return false;
	}
	if (same_answer(q, other))
		return true;
	snprintf(mend, sizeof mend,
	    "take the wrong one out of %s; if the record is new, wait for its "
	    "TTL",
	    l->named);
	findings_add(l->f, FINDING_WARNING, AREA,
	    "an answer of the wrong one has good mail refused, or forged mail "
	    "let in",
	    mend, "the DNS servers do not agree on the %s of %s: %s %s, %s %s",
	    word, q->name, first->text, answer_words(other->answer, false),
	    s->text,
	    answer_words(
	        q->answer, q->answer->status == other->answer->status));
	return false;
}

/* One finding for each server is enough. */
static void
compare(struct look *l)
{
	size_t agreeing = 0;

	for (size_t i = 0; i < l->set->n; i++) {
		const struct server *s = &l->server[i];
		bool same = true;

		if (first_answered(s) == NULL)
			continue;
		for (size_t k = 0; k < COMPARED && same; k++) {
			const struct server *first = first_with(l, k);

			same = first == NULL || agrees(l, s, first, k);
		}
		agreeing += same;
	}
	if (agreeing > 1)
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "%zu DNS servers agree on MX and TXT of %s", agreeing,
		    l->own);
}

/* --- where they are, how fast, what they validate ------------------------- */

/* It gives out what is signed wrongly. */
static bool
believes(const struct server *s)
{
	return s->q[SIGNED_MX].answer->status == DNS_FOUND &&
	    s->q[BOGUS_A].answer->status == DNS_FOUND;
}

/* "" where it cannot be seen. */
static const char *
validation_words(const struct server *s)
{
	const struct dns_answer *good = s->q[SIGNED_MX].answer,
	                        *bogus = s->q[BOGUS_A].answer;

	if (believes(s))
		return ", does not validate (DNSSEC)";
	if (good->status != DNS_FOUND || bogus->status != DNS_TEMPERROR ||
	    strcmp(bogus->why, "SERVFAIL") != 0)
		return "";
	return good->security == DNS_SECURE
	    ? ", validates (DNSSEC)"
	    : ", validates (DNSSEC) but does not say so (AD)";
}

/* main: it is the one that most questions go to. */
static void
tell_answering(struct look *l, const struct server *s, uint64_t us, bool main)
{
	bool slow = !s->local || us > CHECKSERVERS_SLOW_US,
	     note = main && (slow || believes(s));

	findings_add(l->f, note ? FINDING_NOTE : FINDING_OK, AREA,
	    slow ? "a busy mail server wants a resolver on the host: the "
	           "daemons keep no answers, and it answers in less than 1 ms"
	         : "a resolver that validates refuses forged answers",
	    note ? MEND_HERE : NULL,
	    "the DNS server %s answers in %.1f ms, is %son this host%s",
	    s->text, (double)us / 1000, s->local ? "" : "not ",
	    validation_words(s));
}

/* Asks each again what it has answered: now it has that in its cache. */
static int
look_at_answering(struct look *l, const struct server *const *s, size_t n)
{
	struct dnswait q[NAMESERVERS_MAX];
	int rc;

	for (size_t i = 0; i < n; i++)
		q[i] = *first_answered(s[i]);
	rc = dnswait_all(l->tool->loop, l->tool->resolver, q, n);
	for (size_t i = 0; i < n && rc == 0; i++)
		tell_answering(l, s[i], q[i].us, i == 0);
	if (rc == 0)
		dnswait_free(q, n);
	return rc;
}

/* --- trust_ad ------------------------------------------------------------- */

/* The AD bit is believed only on a way that nobody else can write to: this
 * host. And of a server that has just been seen to believe a wrong signature
 * not even there. */
static void
look_at_trust(struct look *l)
{
	for (size_t i = 0; i < l->set->n && l->set->trust_ad; i++) {
		const struct server *s = &l->server[i];
		bool lies = believes(s) &&
		    s->q[SIGNED_MX].answer->security == DNS_SECURE;

		if (s->local && !lies)
			continue;
		findings_add(l->f, FINDING_WARNING, AREA,
		    "what is not secure can be taken for secure (DNSSEC)",
		    MEND_HERE
		    "; or dns { trust_ad = false }, and no \"trust-ad\" in "
		    "/etc/resolv.conf",
		    s->local ? "trust_ad is set, but the DNS server %s "
		               "believes the wrong signatures of " BOGUS
		             : "trust_ad is set, but the DNS server %s is not "
		               "on this host",
		    s->text);
	}
}

int
checkservers_look(struct tool *t, const char *resolv_conf, const char *host,
    struct findings *f, bool *ret_answers)
{
	const struct dns_settings *dns = &t->settings->dns;
	struct look l = {.tool = t,
	    .f = f,
	    .named = dns->servers.n > 0 ? "dns.servers" : resolv_conf,
	    .own = own_name(t->settings, host)};
	const struct server *answering[NAMESERVERS_MAX];
	struct nameservers_source *source;
	struct nameservers *set = NULL;
	size_t n = 0;
	int rc = nameservers_source_new(dns, resolv_conf, &source);

	if (rc != 0)
		return rc;
	if (dns->servers.n == 0)
		look_at_rights(&l, resolv_conf);
	l.set = set = nameservers_now(source, loop_now(t->loop));
	nameservers_source_free(source);
	rc = set == NULL ? -ENOMEM : ask(&l);
	for (size_t i = 0; rc == 0 && i < set->n; i++) {
		if (first_answered(&l.server[i]) != NULL)
			answering[n++] = &l.server[i];
	}
	if (rc == 0) {
		tell_silent(&l, n);
		compare(&l);
		look_at_trust(&l);
		rc = n > 0 ? look_at_answering(&l, answering, n) : 0;
	}
	dnswait_free(l.q, sizeof l.q / sizeof l.q[0]);
	for (size_t i = 0; i < NAMESERVERS_MAX; i++)
		resolver_free(l.server[i].resolver);
	nameservers_drop(set);
	if (rc == 0)
		*ret_answers = n > 0;
	return rc;
}
