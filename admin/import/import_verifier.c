/*
 * Trap: what OpenDKIM does to mail is said by seven On-* options, one for each
 * kind of failure, and by default some refuse what ours lets go. Only what ours
 * does in the same cases is carried over; all else is told.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "common/bytes/domain.h"
#include "common/bytes/ip.h"
#include "common/settings/settings.h"

enum kind {
	WORDS, /* a list, or the file with it */
	OWN,   /* by take_own() */
	LEFT,  /* not carried over; key says why */
	QUIET  /* not needed, and nobody will miss it */
};

#define HOST_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-_."
#define NO_REPORTS "no reports of failures are sent to strangers"
#define NOT_OURS "a failure of ours never refuses mail: it goes on unverified"
#define ONE_RESULT \
	"a bad signature is as good as none (RFC 6376 section 6.1): with " \
	"verifier { reject = {\"no-pass\"} } mail without a passing one is " \
	"refused, that without any, too"

static const struct row {
	const char *name;
	enum kind kind;
	const char *key; /* of verifier { }, or why not */
} rows[] = {
    {"AuthservID", OWN, ""},
    {"AuthservIDWithJobID", OWN, ""},
    {"AlwaysAddARHeader", QUIET, ""},
    {"RemoveARFrom", OWN, ""},
    {"RemoveARAll", QUIET, ""},
    {"KeepAuthResults", OWN, ""},
    {"NoHeaderB", QUIET, ""},
    {"MaximumSignaturesToVerify", OWN, ""},
    {"TrustSignaturesFrom", LEFT,
        "signatures of the author's domain are verified first, then others"},
    {"MinimumKeyBits", OWN, ""},
    {"Minimum", LEFT,
        "a signature of a part of the body does not count; see partial_body"},
    {"MustBeSigned", WORDS, "required_fields"},
    {"RequiredHeaders", LEFT, "the fields of a message are not counted"},
    {"StrictHeaders", LEFT, "the fields of a message are not counted"},
    {"StrictTestMode", LEFT, "no message is refused for its form"},
    {"WeakSyntaxChecks", LEFT, "no message is refused for its form"},
    {"DNSOverride", LEFT, "see postseal verify --dns"}, /* dkimpy-milter's */
    {"IgnoreMalformedMail", LEFT, "no message is refused for its form"},
    {"ClockDrift", OWN, ""},
    {"DomainKeysCompat", QUIET, ""}, /* such key records are read anyway */
    {"ResolverConfiguration", LEFT, "see the section dns"},
    {"BogusKey", LEFT,
        "a key that DNSSEC refuses is no answer of DNS: temperror"},
    {"UnprotectedKey", LEFT, "DNSSEC does not change a result"},
    {"On-Default", LEFT, "see reject and on_temperror"},
    {"On-BadSignature", OWN, ""},
    {"On-NoSignature", OWN, ""},
    {"On-KeyNotFound", OWN, ""},
    {"On-DNSError", OWN, ""},
    {"On-InternalError", LEFT, NOT_OURS},
    {"On-Security", LEFT, NOT_OURS},
    {"CaptureUnknownErrors", LEFT, NOT_OURS},
    {"AllowSHA1Only", LEFT, "rsa-sha1 is not secure (RFC 8301)"},
    {"RedirectFailuresTo", LEFT, "mail goes to nobody but its recipients"},
    {"Quarantine", LEFT, "no mail is held; see reject"},
    {"SendReports", LEFT, NO_REPORTS},
    {"ReportAddress", LEFT, NO_REPORTS},
    {"ReportBccAddress", LEFT, NO_REPORTS},
    {"MTACommand", LEFT, NO_REPORTS},
    {"SMTPURI", LEFT, NO_REPORTS},
    {"Diagnostics", LEFT, "see postseal verify --canonical"},
    {"DiagnosticDirectory", LEFT, "see postseal verify --canonical"},
    {"TestPublicKeys", LEFT, "see postseal verify --dns"},
    {"TestDNSData", LEFT, "see postseal verify --dns"},
    {"MaximumHeaders", LEFT,
        "the limit is fixed; a larger header goes on unverified"},
    {"DNSConnect", QUIET, ""},
    {"DisableCryptoInit", QUIET, ""},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static bool
is(const struct import_option *o, const char *name)
{
	return strcasecmp(o->name, name) == 0;
}

static void
put_words(struct import *im, const struct import_option *o, const char *key,
    struct buf *words)
{
	if (buf_text(words) != NULL)
		import_put_list(
		    im, o, "verifier", key, buf_text(words), 1, &im->verifier);
	import_whole(words, &im->verifier);
}

static void
take_words(struct import *im, const struct import_option *o, const char *key)
{
	struct buf words;

	buf_init(&words, IMPORT_LIST_MAX + 2);
	if (import_dataset(im, o, &words) && words.n > 0)
		put_words(im, o, key, &words);
	buf_free(&words);
}

/* ".example.jp" is "*.example.jp" here. */
static void
add_id(void *ids, struct span one)
{
	buf_fmt(ids, "%s%.*s ", one.p[0] == '.' ? "*" : "", (int)one.n, one.p);
}

static void
take_ids(struct import *im, const struct import_option *o)
{
	struct buf words, ids;

	buf_init(&words, IMPORT_LIST_MAX + 2);
	buf_init(&ids, 2 * IMPORT_LIST_MAX);
	if (import_dataset(im, o, &words) && buf_text(&words) != NULL)
		import_items(buf_text(&words), add_id, &ids);
	if (ids.n > 0)
		put_words(im, o, "strip_ids", &ids);
	buf_free(&words);
	buf_free(&ids);
}

static void
take_number(struct import *im, const struct import_option *o, const char *key,
    unsigned least, unsigned most, const char *why)
{
	const struct import_range range = {least, most, why};

	import_number(im, o, key, &range, 1, &im->verifier);
}

/* On-*: what to do with which mail. */
static void
take_action(struct import *im, const struct import_option *o)
{
	bool dns = is(o, "On-DNSError");

	if (strcasecmp(o->value, "accept") == 0)
		return;
	if (dns && strcasecmp(o->value, "tempfail") == 0)
		import_string(&im->verifier, 1, "on_temperror", "defer");
	else if (is(o, "On-NoSignature") && strcasecmp(o->value, "reject") == 0)
		import_key(&im->verifier, 1, "reject", "{\"no-pass\"}");
	else if (dns)
		import_left(
		    im, o, "such mail goes on, or waits: see on_temperror");
	else if (is(o, "On-NoSignature"))
		import_left(
		    im, o, "such mail goes on, or is refused: see reject");
	else
		import_left(im, o, ONE_RESULT);
}

/* In opendkim.conf quotes are a part of the value: many have them there by
 * mistake. */
static void
take_id(struct import *im, const struct import_option *o)
{
	struct span name = span_str(o->value);
	char text[DOMAIN_MAX + 1];

	if (name.n > 1 && name.p[0] == '"' && name.p[name.n - 1] == '"') {
		name = span_of(name.p + 1, name.n - 2);
		import_left(im, o,
		    "the quotes were a part of the name; without them it is "
		    "another one, which readers have to be told");
	}
	if (span_ieqs(name, "HOSTNAME"))
		return;
	if (domain_to_ascii(name, text) == 0 &&
	    text[strspn(text, HOST_LETTERS)] == '\0')
		import_string(&im->verifier, 1, "authserv_id", text);
	else
		import_left(im, o, "it is not the name of a host");
}

static void
take_own(struct import *im, const struct import_option *o)
{
	if (is(o, "AuthservID")) {
		take_id(im, o);
	} else if (is(o, "AuthservIDWithJobID")) {
		if (import_is_true(o->value))
			import_left(
			    im, o, "readers need one name that stays the same");
	} else if (is(o, "RemoveARFrom")) {
		take_ids(im, o);
	} else if (is(o, "KeepAuthResults")) {
		if (import_is_true(o->value))
			import_left(im, o, "forged fields are always removed");
	} else if (is(o, "MaximumSignaturesToVerify")) {
		take_number(im, o, "signatures", 1, 11,
		    "1 to 11 signatures, whose results fit into one field");
	} else if (is(o, "MinimumKeyBits")) {
		take_number(im, o, "minimum_bits", 1024, 4096,
		    "1024 to 4096 bits; shorter keys never count (RFC 8301)");
	} else if (is(o, "ClockDrift")) {
		take_number(im, o, "drift", 0, 86400,
		    "clocks may differ by at most a day");
	} else {
		take_action(im, o);
	}
}

static void
take(struct import *im, const struct row *r, const struct import_option *o)
{
	switch (r->kind) {
	case WORDS:
		take_words(im, o, r->key);
		return;
	case OWN:
		take_own(im, o);
		return;
	case LEFT:
		import_left(im, o, r->key);
		return;
	case QUIET:
		import_needless(im, o);
		return;
	}
}

bool
import_verifying(
    struct import *im, const struct import_option *o, bool verifies)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!is(o, rows[i].name))
			continue;
		if (verifies)
			take(im, &rows[i], o);
		else if (rows[i].kind != QUIET)
			import_left(
			    im, o, "Mode has no v: nothing is verified");
		return true;
	}
	return false;
}

/* --- whose mail is not verified ------------------------------------------- */

static bool
is_this_host(const struct cidr *net)
{
	struct cidr four, six;

	return cidr_parse(span_str("127.0.0.0/8"), &four) == 0 &&
	    cidr_parse(span_str("::1/128"), &six) == 0 &&
	    (cidr_contains(&four, &net->ip) || cidr_contains(&six, &net->ip));
}

/* What import_trusted() has found. */
struct trusted {
	struct buf *networks;
	bool names;
};

static void
add_network(void *arg, struct span one)
{
	struct trusted *t = arg;
	struct cidr net;

	if (cidr_parse(one, &net) != 0) {
		t->names = true;
	} else if (!is_this_host(&net)) {
		buf_span(t->networks, one);
		buf_byte(t->networks, ' ');
	}
}

void
import_trusted(
    struct import *im, const struct import_option *o, struct buf *networks)
{
	struct trusted t = {networks, false};
	struct buf words;

	buf_init(&words, IMPORT_LIST_MAX + 2);
	if (import_dataset(im, o, &words) && buf_text(&words) != NULL)
		import_items(buf_text(&words), add_network, &t);
	if (t.names)
		import_left(im, o,
		    "verifier.trusted_networks has the addresses of it; names "
		    "and exceptions are not for it");
	import_whole(&words, networks);
	buf_free(&words);
}
