/*
 * The trick: names are put into the verifier's own table and asked, walk by
 * walk; what receivers will make of it is then a question to that table.
 *
 * The trap: receivers pass over what is wrong with a record, and go on to the
 * name above. So each name that they may stop at is looked at, and what they
 * pass over there is told as well.
 */
#include <errno.h>
#include <stdio.h>

#include "admin/check/checkdmarc.h"
#include "admin/check/dmarc.h"
#include "admin/tool/invocation.h"
#include "admin/tool/walkask.h"

#define AREA "dns"

enum { TEXT_MAX = 2 * DOMAIN_MAX + 80 };

/* The questions of one walk. */
struct walked {
	size_t first; /* of its names in the table, those that were new */
	struct dnswait q[WALK_LABELS_MAX];
	walkask_name name[WALK_LABELS_MAX];
	size_t n;
};

struct look {
	struct tool *t;
	const char *domain;
	struct findings *f;
	struct walk_names names;
	struct walk_name name[WALK_NAMES_MAX]; /* those */
	struct walked own; /* of domain: the texts of the records */
	char helo[DOMAIN_MAX + 1];
	char host[CHECKDMARC_REPORTS_MAX][DOMAIN_MAX + 1];
	size_t nhosts;

	/* What applies. */
	const struct walk_name *at;
	const struct dmarc_record *record; /* of at */
	struct span text;                  /* likewise, in own */
};

/* --- asking --------------------------------------------------------------- */

/* Asks the names of a walk that are not known yet. 0 or -errno. */
static int
ask(struct look *l, const char *start, struct walked *w)
{
	w->first = l->names.n;
	if (!walk_add(&l->names, span_str(start), span_of("", 0)))
		return -ENOMEM;
	w->n = l->names.n - w->first;
	return walkask(
	    l->t->loop, l->t->resolver, &l->names, w->first, w->name, w->q);
}

/* Asks, where only the names count. */
static int
ask_other(struct look *l, const char *start)
{
	struct walked w;
	int rc = ask(l, start, &w);

	if (rc == 0)
		dnswait_free(w.q, w.n);
	return rc;
}

/* 1: both have one organizational domain; 0: not; -1: DNS does not tell. */
static int
same_organization(struct look *l, struct span a, struct span b)
{
	struct span of_a, of_b;

	if (span_eq(a, b))
		return 1;
	if (walk_organization(&l->names, a, &of_a) != WALK_KNOWN ||
	    walk_organization(&l->names, b, &of_b) != WALK_KNOWN)
		return -1;
	return span_eq(of_a, of_b);
}

/* --- what is wrong with records ------------------------------------------- */

/* What a name has. Returns 1 if it says that it has a record and receivers see
 * none, or not the one that was meant. */
static bool
look_at_name(struct look *l, size_t i)
{
	const struct dns_answer *a = l->own.q[i].answer;
	const char *name = l->own.name[i], *why = NULL;
	struct dmarc_record r;
	struct span text = {NULL, 0};
	size_t n = 0;

	for (size_t j = 0; a->status == DNS_FOUND && j < a->n; j++) {
		if (!dmarc_claims(a->record[j].txt))
			continue;
		text = a->record[j].txt;
		n++;
	}
	l->text = (struct span){NULL, 0};
	if (n > 1)
		findings_add(l->f, FINDING_ERROR, AREA,
		    "receivers take none of them", "leave one of them",
		    "DMARC of %s: there are %zu records at %s", l->domain, n,
		    name);
	else if (n == 1 && dmarc_parse(text, &r, &why) != PARSE_OK)
		findings_add(l->f, FINDING_ERROR, AREA,
		    "receivers take it as if there were none", NULL,
		    "DMARC of %s: %s: %s", l->domain, name, why);
	else if (n == 1)
		l->text = text;
	return n > 1 || why != NULL;
}

/* Each name from that of the domain up to the one whose record applies. Those
 * of registries are not ours to correct. Returns how many are wrong. */
static size_t
look_at_names(struct look *l)
{
	size_t wrong = 0;

	for (size_t i = 0; i < l->own.n; i++) {
		const struct walk_name *at = &l->names.v[l->own.first + i];

		if (walk_labels(at->name) < 2 && at != l->at)
			break;
		wrong += look_at_name(l, i);
		if (at == l->at)
			break;
		if (at->found == WALK_RECORD)
			findings_add(l->f, FINDING_NOTE, AREA,
			    "receivers of today apply the one of the "
			    "organizational domain (RFC 9989)",
			    NULL,
			    "DMARC of %s: the record at %s does not count for "
			    "it",
			    l->domain, l->own.name[i]);
	}
	return wrong;
}

static void
tell_none(struct look *l)
{
	char mend[TEXT_MAX];

	snprintf(mend, sizeof mend, "_dmarc.%s. IN TXT \"" PUBLISH_DMARC "\"",
	    l->domain);
	findings_add(l->f, FINDING_WARNING, AREA,
	    "Google, Yahoo and Microsoft want one of who sends much", mend,
	    "DMARC of %s: there is no record", l->domain);
}

static void
tell_policy(struct look *l)
{
	const struct dmarc_record *r = l->record;
	bool own = span_eq(l->at->name, span_str(l->domain));
	const char *reports = dmarc_record_has(r, DMARC_TAG_RUA)
	    ? ""
	    : ", without reports (rua=)";

	if (own)
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "DMARC of %s: p=%s%s", l->domain, dmarc_policy_word(r->p),
		    reports);
	else
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "DMARC of %s: %s=%s of %.*s%s", l->domain,
		    dmarc_record_has(r, DMARC_TAG_SP) ? "sp" : "p",
		    dmarc_policy_word(r->sp), (int)l->at->name.n, l->at->name.p,
		    reports);
}

/* --- tags ----------------------------------------------------------------- */

static void
tell_tag(struct look *l, enum finding_level level, enum dmarc_tag tag,
    const char *what, const char *why, const char *mend)
{
	struct span value = dmarc_record_value(l->text, tag);

	findings_add(l->f, level, AREA, why, mend, "DMARC of %s: %s=%.*s %s",
	    l->domain, dmarc_tag_word(tag), (int)value.n, value.p, what);
}

/* RFC 7489 let a share of the mail go by a weaker policy. Who used it for a
 * start now has the whole policy. */
static void
look_at_pct(struct look *l)
{
	struct span pct = dmarc_record_value(l->text, DMARC_TAG_PCT);
	bool asks = l->record->p > DMARC_NONE || l->record->sp > DMARC_NONE;

	if (!dmarc_record_has(l->record, DMARC_TAG_PCT))
		return;
	if (span_eq(pct, span_str("100")) || !asks)
		tell_tag(l, FINDING_NOTE, DMARC_TAG_PCT,
		    "is historic: it means nothing",
		    "receivers ignore it (RFC 9989)", "take pct= out");
	else
		tell_tag(l, FINDING_WARNING, DMARC_TAG_PCT,
		    "is historic: the policy counts for all mail",
		    "receivers ignore it (RFC 9989)",
		    span_eq(pct, span_str("0"))
		        ? "write t=y in its place"
		        : "take it out; t=y makes the policy one step weaker");
}

static void
look_at_historic(struct look *l)
{
	look_at_pct(l);
	if (dmarc_record_has(l->record, DMARC_TAG_RF))
		tell_tag(l, FINDING_NOTE, DMARC_TAG_RF,
		    "is historic: it means nothing",
		    "reports of failures have one form (RFC 9991)",
		    "take rf= out");
	if (dmarc_record_has(l->record, DMARC_TAG_RI))
		tell_tag(l, FINDING_NOTE, DMARC_TAG_RI,
		    "is historic: it means nothing",
		    "reports come once a day or more often (RFC 9990)",
		    "take ri= out");
}

static void
look_at_values(struct look *l)
{
	static const enum dmarc_tag tags[] = {DMARC_TAG_ADKIM, DMARC_TAG_ASPF,
	    DMARC_TAG_PSD, DMARC_TAG_T, DMARC_TAG_FO};

	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		if ((l->record->wrong & 1U << tags[i]) != 0)
			tell_tag(l, FINDING_WARNING, tags[i],
			    "is no value that receivers know",
			    "they take it as if it were not there", NULL);
	}
}

static void
look_at_scope(struct look *l)
{
	const struct dmarc_record *r = l->record;
	bool own = span_eq(l->at->name, span_str(l->domain));

	if (r->testing && (r->p > DMARC_NONE || r->sp > DMARC_NONE))
		tell_tag(l, FINDING_NOTE, DMARC_TAG_T,
		    "is for tests: reject counts as quarantine, quarantine as "
		    "none",
		    NULL,
		    "take t=y out when the reports are as they should be");
	if (r->psd == DMARC_PSD_YES && own)
		tell_tag(l, FINDING_WARNING, DMARC_TAG_PSD, "is for registries",
		    "it says that names below belong to others: mail of one is "
		    "not aligned with another",
		    "take psd= out");
	else if (r->psd == DMARC_PSD_YES)
		tell_tag(l, FINDING_WARNING, DMARC_TAG_PSD,
		    "is a registry's record, and the domain has none of its "
		    "own",
		    "what counts for its mail is decided by the registry",
		    "publish one");
	else if (r->psd == DMARC_PSD_NO && own)
		tell_tag(l, FINDING_NOTE, DMARC_TAG_PSD,
		    "parts it from the names above",
		    "neither is aligned with "
		    "the other",
		    NULL);
	if (own && r->np < r->p)
		findings_add(l->f, FINDING_NOTE, AREA,
		    "nobody sends mail from them but forgers",
		    dmarc_policy_word(r->p)[0] == 'r' ? "add np=reject"
		                                      : "add np=quarantine",
		    "DMARC of %s: p=%s, and for names below it that do not "
		    "exist %s",
		    l->domain, dmarc_policy_word(r->p),
		    dmarc_policy_word(r->np));
}

/* --- reports -------------------------------------------------------------- */

/* The host of "mailto:d@host!10m", in A-labels. False: it is none. */
static bool
report_host(struct span uri, char *ret)
{
	static const char scheme[] = "mailto:";

	if (!span_ibegins(uri, scheme))
		return false;
	uri = span_skip(uri, sizeof scheme - 1);
	uri = span_of(uri.p, span_find(uri, '!'));
	uri = span_of(uri.p, span_find(uri, '?'));
	if (span_find(uri, '@') == uri.n)
		return false;
	uri = span_skip(uri, span_find(uri, '@') + 1);
	return domain_is_mail(uri) && domain_to_ascii(uri, ret) == 0;
}

/* RFC 9990 section 4: who is to get reports of another's mail says that he
 * takes them. */
static int
ask_consent(struct look *l, enum dmarc_tag tag, const char *host)
{
	char name[TEXT_MAX], mend[TEXT_MAX + 40];
	struct dnswait q = {.name = name, .type = DNS_TXT};
	bool agrees = false;
	int rc;

	snprintf(name, sizeof name, "%.*s._report._dmarc.%s",
	    (int)l->at->name.n, l->at->name.p, host);
	snprintf(mend, sizeof mend, "%s. IN TXT \"v=DMARC1;\"", name);
	rc = dnswait_all(l->t->loop, l->t->resolver, &q, 1);
	if (rc != 0)
		return rc;
	for (size_t i = 0; q.answer->status == DNS_FOUND && i < q.answer->n;
	     i++)
		agrees = agrees || dmarc_record_counts(q.answer->record[i].txt);
	if (agrees)
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "DMARC of %s: %s takes its reports (%s=)", l->domain, host,
		    dmarc_tag_word(tag));
	else if (q.answer->status == DNS_TEMPERROR)
		findings_add(l->f, FINDING_UNKNOWN, AREA, NULL, NULL,
		    "DMARC of %s: whether %s takes its reports: DNS gives no "
		    "answer (%s)",
		    l->domain, host, q.answer->why);
	else
		findings_add(l->f, FINDING_WARNING, AREA,
		    "reports go to another domain only if that agrees", mend,
		    "DMARC of %s: %s does not say that it takes its reports "
		    "(%s=)",
		    l->domain, host, dmarc_tag_word(tag));
	dnswait_free(&q, 1);
	return 0;
}

static int
look_at_report(struct look *l, enum dmarc_tag tag, struct span uri)
{
	char *host = l->host[l->nhosts];
	int rc, same;

	if (!report_host(uri, host)) {
		findings_add(l->f, FINDING_WARNING, AREA,
		    "reports are sent by mail alone: mailto:NAME@DOMAIN", NULL,
		    "DMARC of %s: %s= has %.*s", l->domain, dmarc_tag_word(tag),
		    (int)uri.n, uri.p);
		return 0;
	}
	l->nhosts++;
	rc = ask_other(l, host);
	if (rc != 0)
		return rc;
	same = same_organization(l, l->at->name, span_str(host));
	if (same < 0)
		findings_add(l->f, FINDING_UNKNOWN, AREA, NULL, NULL,
		    "DMARC of %s: whether %s is of another domain: DNS gives "
		    "no answer",
		    l->domain, host);
	return same == 0 ? ask_consent(l, tag, host) : 0;
}

static int
look_at_reports(struct look *l, enum dmarc_tag tag)
{
	struct span list = dmarc_record_value(l->text, tag);
	int rc = 0;

	if (span_find(list, '!') < list.n)
		tell_tag(l, FINDING_NOTE, tag, "has a size",
		    "receivers ignore it (RFC 9990)",
		    "take it out, from the ! on");
	while (list.n > 0 && rc == 0 && l->nhosts < CHECKDMARC_REPORTS_MAX) {
		struct span uri = span_of(list.p, span_find(list, ','));

		list = span_skip(list, uri.n + 1);
		rc = look_at_report(l, tag, span_trim(uri));
	}
	return rc;
}

/* --- what we send --------------------------------------------------------- */

/* The signer writes d= of the section, for the names below it, too, where that
 * says subdomains. */
static void
look_at_signer(struct look *l, const struct guidelines_facts *facts)
{
	const struct domain_settings *d =
	    settings_domain(l->t->settings, span_str(l->domain));

	if (d == NULL)
		return;
	if (facts->dkim == GUIDELINES_NO && l->record->p > DMARC_NONE) {
		findings_add(l->f, FINDING_WARNING, AREA,
		    "what is forwarded or comes through a list fails then",
		    invocation("testkey %s", l->domain),
		    "DMARC of %s: its mail passes by SPF alone, no key of it "
		    "signs",
		    l->domain);
		return;
	}
	if (d->subdomains && l->record->strict_dkim)
		findings_add(l->f, FINDING_WARNING, AREA,
		    "adkim=s wants d= to be the very domain of From",
		    "take adkim=s out, or make a domain section for each of "
		    "them",
		    "DMARC of %s: mail of names below it is signed with d=%s, "
		    "which is not aligned",
		    l->domain, l->domain);
	else if (facts->dkim == GUIDELINES_YES)
		findings_add(l->f, FINDING_OK, AREA, NULL, NULL,
		    "DMARC of %s: what is signed with d=%s is aligned",
		    l->domain, l->domain);
}

/* Mail without an envelope sender has SPF of the HELO name; an envelope sender
 * below the domain (bounces of newsletters) is not aligned with aspf=s. */
static void
look_at_senders(struct look *l)
{
	struct span helo = span_str(l->helo);
	int same =
	    helo.n == 0 ? -1 : same_organization(l, span_str(l->domain), helo);

	if (l->record->strict_spf && same > 0)
		same = span_eq(helo, span_str(l->domain));
	if (l->record->strict_spf)
		tell_tag(l, FINDING_NOTE, DMARC_TAG_ASPF,
		    "wants the envelope sender to be of the very domain",
		    "mail with an envelope sender of a name below it passes by "
		    "DKIM alone",
		    NULL);
	if (same == 0)
		findings_add(l->f, FINDING_NOTE, AREA,
		    "SPF of mail with an empty envelope sender is that of the "
		    "HELO name",
		    NULL,
		    "DMARC of %s: the HELO name %s is not aligned: automatic "
		    "answers pass by DKIM alone",
		    l->domain, l->helo);
}

/* --- the whole ------------------------------------------------------------ */

/* What the record that applies says, and what becomes of it. */
static int
look_at_record(struct look *l, struct guidelines_facts *facts)
{
	int rc;

	facts->dmarc = GUIDELINES_YES;
	tell_policy(l);
	look_at_historic(l);
	look_at_values(l);
	look_at_scope(l);
	rc = look_at_reports(l, DMARC_TAG_RUA);
	if (rc == 0)
		rc = look_at_reports(l, DMARC_TAG_RUF);
	if (rc == 0)
		rc = ask_other(l, l->helo);
	if (rc == 0) {
		look_at_signer(l, facts);
		look_at_senders(l);
	}
	return rc;
}

static const char *
reason(const struct walked *w)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->q[i].answer->status == DNS_TEMPERROR)
			return w->q[i].answer->why;
	}
	return "";
}

static int
look(struct look *l, struct guidelines_facts *facts)
{
	size_t wrong;

	if (walk_policy(&l->names, span_str(l->domain), &l->at) != WALK_KNOWN) {
		facts->dmarc = GUIDELINES_UNKNOWN;
		findings_add(l->f, FINDING_UNKNOWN, AREA, NULL, NULL,
		    "DMARC of %s: DNS gives no answer (%s)", l->domain,
		    reason(&l->own));
		return 0;
	}
	wrong = look_at_names(l);
	if (l->at == NULL && wrong == 0)
		tell_none(l);
	if (l->at == NULL || l->text.n == 0)
		return 0;
	l->record = &l->at->record;
	return look_at_record(l, facts);
}

int
checkdmarc_look(struct tool *t, const char *domain, const char *helo,
    struct findings *f, struct guidelines_facts *facts)
{
	struct look l = {.t = t, .domain = domain, .f = f};
	int rc;

	l.names = (struct walk_names){l.name, 0, WALK_NAMES_MAX};
	if (domain_to_ascii(span_str(helo), l.helo) != 0)
		l.helo[0] = '\0';
	rc = ask(&l, domain, &l.own);
	if (rc != 0)
		return rc;
	facts->dmarc = GUIDELINES_NO;
	rc = look(&l, facts);
	dnswait_free(l.own.q, l.own.n);
	return rc;
}
