/*
 * What OpenDMARC 1.4 is told in opendmarc.conf(5), as our verifier's.
 *
 * The trap: two options together are one of ours. RejectFailures says what is
 * refused, HoldQuarantinedMessages what is held, with that or without it; and
 * what From fields are refused for does not depend on either there. So all are
 * read first, and the section is written at the end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "common/bytes/domain.h"

enum kind {
	OWN,  /* by take_own() */
	LEFT, /* not carried over; why says why */
	WISH, /* likewise, where it is switched on */
	QUIET /* not needed, and nobody will miss it */
};

#define NO_REPORTS "no reports of failures are sent to strangers"
#define OWN_SPF \
	"the verifier evaluates SPF itself and believes no header of others"
#define OF_SYSTEMD "systemd starts the daemon, and keeps it in its place"

static const struct row {
	const char *name;
	enum kind kind;
	const char *why;
} rows[] = {
    {"AuthservID", OWN, ""},
    {"AuthservIDWithJobID", WISH, "readers need one name that stays the same"},
    {"AutoRestart", WISH, "a worker that ends is replaced at once"},
    {"AutoRestartCount", LEFT, "a worker that ends is replaced at once"},
    {"AutoRestartRate", LEFT, "a worker that ends is replaced at once"},
    {"Background", QUIET, ""},
    {"BaseDirectory", LEFT, OF_SYSTEMD},
    {"ChangeRootDirectory", LEFT, OF_SYSTEMD},
    {"CopyFailuresTo", LEFT, "mail goes to nobody but its recipients"},
    {"DomainWhitelist", OWN, ""},
    {"DomainWhitelistFile", OWN, ""},
    {"DomainWhitelistSize", QUIET, ""},
    {"DNSTimeout", OWN, ""},
    {"EnableCoredumps", WISH, "it is for systemd: LimitCORE="},
    {"FailureReports", WISH, NO_REPORTS},
    {"FailureReportsBcc", LEFT, NO_REPORTS},
    {"FailureReportsOnNone", WISH, NO_REPORTS},
    {"FailureReportsSentBy", LEFT, NO_REPORTS},
    {"HistoryFile", LEFT,
        "verifier.dmarc.results names a folder for files of another form"},
    {"HoldQuarantinedMessages", OWN, ""},
    {"IgnoreAuthenticatedClients", OWN, ""},
    {"IgnoreHosts", OWN, ""},
    {"IgnoreMailFrom", OWN, ""},
    {"IgnoreMailTo", LEFT,
        "verifier.dmarc.results has all messages; who makes reports of them "
        "leaves some out"},
    {"MilterDebug", QUIET, ""},
    {"PidFile", QUIET, ""},
    {"PublicSuffixList", LEFT,
        "DNS says what an organizational domain is (RFC 9989)"},
    {"RecordAllMessages", WISH, "verifier.dmarc.results has all messages"},
    {"RejectFailures", OWN, ""},
    {"RejectMultiValueFrom", OWN, ""},
    {"RejectString", LEFT, "the text of the reply is fixed"},
    {"ReportCommand", LEFT, NO_REPORTS},
    {"RequiredHeaders", OWN, ""},
    {"Socket", LEFT,
        "the verifier does its work: take opendmarc out of smtpd_milters"},
    {"SoftwareHeader", QUIET, ""},
    {"SPFIgnoreResults", QUIET, ""}, /* so it is */
    {"SPFSelfValidate", OWN, ""},
    {"Syslog", QUIET, ""},
    {"SyslogFacility", QUIET, ""},
    {"TrustedAuthservIDs", OWN, ""},
    {"UMask", LEFT, "see socket_mode and socket_group"},
    {"UserID", LEFT, "postseal-verifier has its own user"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct opendmarc {
	struct import *im;
	bool rejects;
	const struct import_option *holds, *refuses_from; /* NULL: not */
	const struct import_option *hosts, *trusted_ids;

	/* Words parted by blanks. */
	struct buf networks, ids, forwarders, exempt;
};

static bool
is(const struct import_option *o, const char *name)
{
	return strcasecmp(o->name, name) == 0;
}

/* Its first byte alone counts there. */
static bool
is_on(const struct import_option *o)
{
	return o->value[0] != '\0' && strchr("TtYy1", o->value[0]) != NULL;
}

/* --- lists ---------------------------------------------------------------- */

/* Takes the next word off *list, which is parted by commas or blanks. */
static bool
next_word(const char **list, struct span *ret)
{
	*list += strspn(*list, ", \t");
	*ret = span_of(*list, strcspn(*list, ", \t"));
	*list += ret->n;
	return ret->n > 0;
}

/* Appends the domains of a list, with that in front of each. */
static void
add_domains(struct opendmarc *d, const struct import_option *o,
    const char *list, const char *front, struct buf *out)
{
	char name[DOMAIN_MAX + 1];
	struct span word;
	bool bad = false;

	while (next_word(&list, &word)) {
		if (span_ieqs(word, "HOSTNAME"))
			continue; /* always counts */
		if (domain_is_mail(word) && domain_to_ascii(word, name) == 0)
			buf_fmt(out, "%s%s ", front, name);
		else
			bad = true;
	}
	if (bad)
		import_left(d->im, o, "some of it are no domains");
}

/* Where the config is read its lists may be missing. */
static bool
is_readable(struct opendmarc *d, const struct import_option *o, const char *key)
{
	char why[200];

	if (access(o->value, R_OK) == 0)
		return true;
	snprintf(why, sizeof why,
	    "the file cannot be read here; what is in it belongs into %s", key);
	import_left(d->im, o, why);
	return false;
}

static void
take_domains_file(struct opendmarc *d, const struct import_option *o)
{
	struct buf words;

	if (!is_readable(d, o, "verifier.dmarc.trusted_forwarders"))
		return;
	buf_init(&words, IMPORT_LIST_MAX + 2);
	if (import_dataset(d->im, o, &words) && buf_text(&words) != NULL)
		add_domains(d, o, buf_text(&words), "dkim:", &d->forwarders);
	import_whole(&words, &d->forwarders);
	buf_free(&words);
}

/* --- options of their own ------------------------------------------------- */

/* True if the section has the key already, of the file before. */
static bool
has_key(const struct buf *section, const char *key)
{
	char text[40];

	snprintf(text, sizeof text, "\t%s = ", key);
	return section->n > 0 &&
	    memmem(section->p, section->n, text, strlen(text)) != NULL;
}

static void
take_id(struct opendmarc *d, const struct import_option *o)
{
	if (strcasecmp(o->value, "HOSTNAME") == 0)
		return;
	if (has_key(&d->im->verifier, "authserv_id"))
		import_note(d->im, IMPORT_LEFT, o,
		    "one field has all results, and %s says its name",
		    d->im->verifying);
	else if (domain_is_name(span_str(o->value)))
		import_string(&d->im->verifier, 1, "authserv_id", o->value);
	else
		import_left(d->im, o, "not the name of a host");
}

static void
take_timeout(struct opendmarc *d, const struct import_option *o)
{
	unsigned long n = strtoul(o->value, NULL, 10);

	if (has_key(&d->im->dns, "timeout"))
		import_note(
		    d->im, IMPORT_LEFT, o, "%s has it, too", d->im->verifying);
	else if (!import_is_number(o->value) || n < 1 || n > 60)
		import_left(d->im, o, "1 to 60 seconds");
	else
		import_key(&d->im->dns, 1, "timeout", o->value);
}

static void
take_switch(struct opendmarc *d, const struct import_option *o)
{
	bool on = is_on(o);

	if (is(o, "RejectFailures")) {
		d->rejects = on;
	} else if (is(o, "HoldQuarantinedMessages")) {
		d->holds = on ? o : NULL;
	} else if (is(o, "RejectMultiValueFrom")) {
		d->refuses_from = on ? o : d->refuses_from;
	} else if (is(o, "RequiredHeaders")) {
		d->refuses_from = on ? o : d->refuses_from;
		if (on)
			import_left(d->im, o,
			    "of the fields of a message From alone is counted: "
			    "see verifier.dmarc.unusable_from");
	} else if (is(o, "IgnoreAuthenticatedClients")) {
		if (!on)
			import_left(d->im, o,
			    "mail of users that log in is never verified");
	} else if (!on) {
		import_left(d->im, o, OWN_SPF);
	}
}

static void
take_own(struct opendmarc *d, const struct import_option *o)
{
	if (is(o, "IgnoreHosts"))
		d->hosts = o;
	if (is(o, "TrustedAuthservIDs"))
		d->trusted_ids = o;
	if (is(o, "AuthservID"))
		take_id(d, o);
	else if (is(o, "TrustedAuthservIDs"))
		add_domains(d, o, o->value, "", &d->ids);
	else if (is(o, "DomainWhitelist"))
		add_domains(d, o, o->value, "dkim:", &d->forwarders);
	else if (is(o, "IgnoreMailFrom"))
		add_domains(d, o, o->value, "", &d->exempt);
	else if (is(o, "DNSTimeout"))
		take_timeout(d, o);
	else if (is(o, "DomainWhitelistFile"))
		take_domains_file(d, o);
	else if (!is(o, "IgnoreHosts"))
		take_switch(d, o);
	else if (is_readable(d, o, "verifier.trusted_networks"))
		import_trusted(d->im, o, &d->networks);
}

static int
got(void *arg, const struct import_option *o)
{
	struct opendmarc *d = arg;

	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];

		if (!is(o, r->name))
			continue;
		if (r->kind == OWN)
			take_own(d, o);
		else if (r->kind == QUIET)
			import_needless(d->im, o);
		else if (r->kind == LEFT || (r->kind == WISH && is_on(o)))
			import_left(d->im, o, r->why);
		return 0;
	}
	import_left(d->im, o, "not an option of opendmarc.conf(5)");
	return 0;
}

/* --- the sections --------------------------------------------------------- */

/* o: where the words come from. */
static void
put_unless_there(struct opendmarc *d, const struct import_option *o,
    const char *key, const char *first, struct buf *words)
{
	struct buf all;

	if (words->n > 0 && has_key(&d->im->verifier, key)) {
		struct span left = span_trim(buf_view(words));

		import_note(d->im, IMPORT_LEFT, o,
		    "%s gives verifier.%s, which stays so; left out: %.*s",
		    d->im->verifying, key, (int)left.n, left.p);
		return;
	}
	buf_init(&all, IMPORT_LIST_MAX + 200);
	if (words->n > 0) {
		buf_str(&all, first);
		buf_span(&all, buf_view(words));
	}
	import_key_words(&d->im->verifier, 1, key, &all);
	import_whole(words, &d->im->verifier);
	buf_free(&all);
}

static void
put_dmarc(struct opendmarc *d)
{
	struct buf dmarc;

	buf_init(&dmarc, IMPORT_LIST_MAX);
	if (d->rejects) { /* which deferred there what DNS did not tell */
		import_string(&dmarc, 2, "action", "enforce");
		import_string(&dmarc, 2, "on_temperror", "defer");
	} else if (d->holds != NULL) {
		import_string(&dmarc, 2, "action", "mark");
		import_left(d->im, d->holds,
		    "mail whose policy is reject is held, too, as none is "
		    "refused");
	}
	if (d->holds != NULL)
		import_string(&dmarc, 2, "quarantine", "hold");
	if (d->refuses_from != NULL && d->rejects)
		import_string(&dmarc, 2, "unusable_from", "reject");
	else if (d->refuses_from != NULL)
		import_left(d->im, d->refuses_from,
		    "nothing is refused for its From without action "
		    "\"enforce\"");
	import_key_words(&dmarc, 2, "exempt", &d->exempt);
	import_key_words(&dmarc, 2, "trusted_forwarders", &d->forwarders);
	if (dmarc.n > 0) {
		buf_str(&d->im->verifier, "\tdmarc {\n");
		buf_span(&d->im->verifier, buf_view(&dmarc));
		buf_str(&d->im->verifier, "\t}\n");
	}
	import_whole(&dmarc, &d->im->verifier);
	buf_free(&dmarc);
}

bool
import_is_opendmarc(const char *file)
{
	return strstr(import_name(file), "opendmarc") != NULL;
}

int
import_opendmarc(struct import *im, const char *file)
{
	struct opendmarc d = {.im = im};
	struct buf *lists[] = {&d.networks, &d.ids, &d.forwarders, &d.exempt};
	struct import_options all;
	int rc;

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		buf_init(lists[i], IMPORT_LIST_MAX);
	rc = import_read(im, file, false, &all);
	if (rc == 0)
		rc = import_each(im, &all, got, &d);
	if (rc == 0) {
		put_unless_there(&d, d.trusted_ids, "strip_ids", "", &d.ids);
		put_unless_there(&d, d.hosts, "trusted_networks",
		    "127.0.0.0/8 ::1/128 ", &d.networks);
		put_dmarc(&d);
	}
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		buf_free(lists[i]);
	return rc;
}
