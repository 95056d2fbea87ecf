#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

/* What one option becomes. */
enum kind {
	TABLE,   /* a file; key_table, signing_table */
	HOSTS,   /* a list, or the file with it */
	WORDS,   /* a list; the file with it is read */
	BOOLEAN, /* yes, no */
	NUMBER,
	SINGLE, /* Domain, KeyFile, Selector, SubDomains: one section */
	OWN,    /* by take_own() */
	LEFT,   /* not carried over; key says why */
	QUIET   /* not needed, and nobody will miss it */
};

#define OF_LDAP "no LDAP server is asked: write the rows into a file"
#define OF_SCRIPT \
	"no program of the user's runs beside private keys; auth_table, " \
	"match_envelope, exempt_recipients and sign_macros do what most did"
#define OF_STATISTICS "see metrics, and postseal status"
#define OF_VBR "no receiver looks at VBR-Info"
#define OF_RESIGN "see list_domains: mail of your mailing lists is signed"
#define OF_REPLACE \
	"Postfix has rewritten addresses before the signer sees them, but " \
	"for " \
	"smtp_generic_maps: see postseal check"
#define OF_IDENTITY \
	"i= may stand in a SigningTable, after the name of the key and a " \
	"colon"
#define OF_DAEMON "postseal-signer has its own user, and systemd starts it"

static const struct row {
	const char *name;
	enum kind kind;
	const char *key; /* of signer { }, or why not */
} rows[] = {
    {"KeyTable", TABLE, "key_table"},
    {"SigningTable", TABLE, "signing_table"},
    {"InternalHosts", HOSTS, "internal_hosts"},
    {"ExternalIgnoreList", HOSTS, "external_ignore"},
    {"PeerList", HOSTS, "ignore_hosts"},
    {"ExemptDomains", WORDS, "exempt_domains"},
    {"DontSignMailTo", WORDS, "exempt_recipients"},
    {"MTA", WORDS, "sign_daemons"},
    {"MacroList", OWN, ""},
    {"Socket", OWN, ""},
    {"MultipleSignatures", BOOLEAN, "sign_all"},
    {"SignatureTTL", NUMBER, "signature_ttl"},
    {"Canonicalization", OWN, ""},
    {"OversignHeaders", OWN, ""},
    {"SignHeaders", OWN, ""},
    {"RequireSafeKeys", OWN, ""},
    {"Mode", OWN, ""},
    {"Domain", SINGLE, ""},
    {"KeyFile", SINGLE, ""},
    {"Selector", SINGLE, ""},
    {"SubDomains", SINGLE, ""},
    {"OmitHeaders", OWN, ""},
    {"KeyFileEd25519", SINGLE, ""}, /* of dkimpy-milter */
    {"SelectorEd25519", SINGLE, ""},
    {"KeyTableEd25519", LEFT,
        "there is one key_table: append its rows, under other names, and rows "
        "for them to the SigningTable, and set sign_all"},
    {"SigningTableEd25519", LEFT,
        "there is one signing_table: append its rows, and set sign_all"},
    {"MacroListVerify", LEFT,
        "see own_daemons of verifier, never_sign_daemons of signer"},
    {"SignatureAlgorithm", LEFT, "the algorithm is that of each key"},
    {"SenderHeaders", LEFT, "From alone says whose mail it is"},
    {"BodyLengthDB", LEFT, "l= lets others add to signed mail"},
    {"MaximumSignedBytes", LEFT, "l= lets others add to signed mail"},
    {"RemoveOldSignatures", LEFT, "signatures of others are left alone"},
    {"SelectCanonicalizationHeader", LEFT,
        "a header of the message does not choose how it is signed"},
    {"FixCRLF", LEFT, "Postfix hands on CRLF alone"},
    {"UserID", LEFT, OF_DAEMON},
    {"UMask", LEFT, "see socket_mode and socket_group"},
    {"AutoRestart", LEFT, "a worker that ends is replaced at once"},
    {"AutoRestartRate", LEFT, "a worker that ends is replaced at once"},
    {"AutoRestartCount", LEFT, "a worker that ends is replaced at once"},
    {"ChangeRootDirectory", LEFT, "systemd keeps the daemon in its place"},
    {"BaseDirectory", QUIET, ""}, /* stands in each path */
    {"Nameservers", OWN, ""},
    {"DNSTimeout", OWN, ""},
    {"TrustAnchorFile", LEFT, "see the section dns of postseal.conf(5)"},
    {"SoftwareHeader", QUIET, ""},
    {"Background", QUIET, ""},
    {"PidFile", QUIET, ""},
    {"Syslog", QUIET, ""},
    {"SyslogSuccess", QUIET, ""},
    {"SyslogFacility", QUIET, ""},
    {"LogWhy", QUIET, ""},
    {"LogResults", QUIET, ""},
    {"QueryCache", QUIET, ""},
    {"SyslogName", QUIET, ""},
    {"MilterDebug", QUIET, ""},
    {"KeepTemporaryFiles", QUIET, ""},
    {"TemporaryDirectory", QUIET, ""},
    {"ResolverTracing", QUIET, ""},
    {"SoftStart", QUIET, ""},
    {"LDAPAuthMechanism", LEFT, OF_LDAP},
    {"LDAPAuthName", LEFT, OF_LDAP},
    {"LDAPAuthRealm", LEFT, OF_LDAP},
    {"LDAPAuthUser", LEFT, OF_LDAP},
    {"LDAPBindPassword", LEFT, OF_LDAP},
    {"LDAPBindUser", LEFT, OF_LDAP},
    {"LDAPDisableCache", LEFT, OF_LDAP},
    {"LDAPKeepaliveIdle", LEFT, OF_LDAP},
    {"LDAPKeepaliveInterval", LEFT, OF_LDAP},
    {"LDAPKeepaliveProbes", LEFT, OF_LDAP},
    {"LDAPTimeout", LEFT, OF_LDAP},
    {"LDAPUseTLS", LEFT, OF_LDAP},
    {"SetupPolicyScript", LEFT, OF_SCRIPT},
    {"ScreenPolicyScript", LEFT, OF_SCRIPT},
    {"FinalPolicyScript", LEFT, OF_SCRIPT},
    {"StatisticsPolicyScript", LEFT, OF_STATISTICS},
    {"Statistics", LEFT, OF_STATISTICS},
    {"StatisticsName", LEFT, OF_STATISTICS},
    {"StatisticsPrefix", LEFT, OF_STATISTICS},
    {"AnonymousStatistics", LEFT, OF_STATISTICS},
    {"VBR-Certifiers", LEFT, OF_VBR},
    {"VBR-PurgeFields", LEFT, OF_VBR},
    {"VBR-TrustedCertifiers", LEFT, OF_VBR},
    {"VBR-TrustedCertifiersOnly", LEFT, OF_VBR},
    {"VBR-Type", LEFT, OF_VBR},
    {"ResignAll", LEFT, OF_RESIGN},
    {"ResignMailTo", LEFT, OF_RESIGN},
    {"ReplaceHeaders", LEFT, OF_REPLACE},
    {"ReplaceRules", LEFT, OF_REPLACE},
    {"IdentityHeader", LEFT, OF_IDENTITY},
    {"IdentityHeaderRemove", LEFT, OF_IDENTITY},
    {"SenderMacro", LEFT, "From alone says whose mail it is"},
    {"POPDBFile", LEFT, "clients log in, by SASL, and need no POP before"},
    {"RequestReports", LEFT, "nobody sends the reports that r= asks for"},
    {"EnableCoredumps", LEFT,
        "see LimitCORE of the unit; workers hold private keys and write none"},
    {"On-SignatureError", LEFT,
        "mail that cannot be signed is never rejected; see on_bad_key"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct opendkim {
	struct import *im;
	struct import_single single;
	const struct import_option *sign, *omit, *oversign; /* ...Headers */
	const char *canonicalization;
	bool tables;
	bool signs, verifies; /* of Mode */
	struct buf networks;  /* for verifier.trusted_networks */
};

static bool
is(const struct import_option *o, const char *name)
{
	return strcasecmp(o->name, name) == 0;
}

/* --- data sets ------------------------------------------------------------ */

/* A KeyTable is looked up by whole names, also where it is said to have
 * patterns. */
static void
take_table(struct opendkim *d, const struct import_option *o, const char *key)
{
	const char *file = import_dataset_file(d->im, o);
	bool keys = strcmp(key, "key_table") == 0;

	if (file == NULL)
		return;
	if (keys && strncmp(file, "refile:", 7) == 0)
		file += 2; /* "file:" */
	import_string(&d->im->signer, 1, key, file);
	d->tables = d->tables || keys;
}

static void
put_list(struct opendkim *d, const struct import_option *o, const char *key,
    const char *items)
{
	import_put_list(d->im, o, "signer", key, items, 1, &d->im->signer);
}

static void
find_domain(void *arg, struct span one)
{
	bool *found = arg;

	*found = *found || span_find(one, '@') == one.n;
}

/* opendkim compares whole addresses: a domain there never did anything. */
static void
tell_domains(
    struct opendkim *d, const struct import_option *o, const char *items)
{
	bool found = false;

	import_items(items, find_domain, &found);
	if (found)
		import_left(d->im, o,
		    "a domain without \"@\" does nothing in opendkim, "
		    "and in exempt_recipients it stands for all its "
		    "mail: take it out if that is not meant");
}

static void
take_words(struct opendkim *d, const struct import_option *o, const char *key)
{
	struct buf words;

	buf_init(&words, IMPORT_LIST_MAX + 2); /* a blank, a NUL */
	if (import_dataset(d->im, o, &words) && buf_text(&words) != NULL) {
		put_list(d, o, key, buf_text(&words));
		if (strcmp(key, "exempt_recipients") == 0)
			tell_domains(d, o, buf_text(&words));
	}
	import_whole(&words, &d->im->signer);
	buf_free(&words);
}

static void
take_hosts(struct opendkim *d, const struct import_option *o, const char *key)
{
	const char *file;

	if (import_dataset_kind(o->value) == DATASET_LIST) {
		take_words(d, o, key);
		return;
	}
	file = import_dataset_file(d->im, o);
	if (file == NULL)
		return;
	buf_fmt(&d->im->signer, "\t%s = {", key);
	tool_config_string(file, &d->im->signer);
	buf_str(&d->im->signer, "}\n");
}

/* --- options of their own ------------------------------------------------- */

/* "name=value|value"; dkimpy-milter writes "name|value|value". */
static void
add_macro(void *arg, struct span one)
{
	struct buf *out = arg;
	size_t bar = span_find(one, '|');

	if (span_find(one, '=') < one.n || bar == one.n) {
		buf_span(out, one);
	} else {
		buf_add(out, one.p, bar);
		buf_byte(out, '=');
		buf_span(out, span_skip(one, bar + 1));
	}
	buf_byte(out, ' ');
}

static void
take_macros(struct opendkim *d, const struct import_option *o)
{
	struct buf words, macros;

	buf_init(&words, IMPORT_LIST_MAX + 2);
	buf_init(&macros, 2 * IMPORT_LIST_MAX);
	if (import_dataset(d->im, o, &words) && buf_text(&words) != NULL)
		import_items(buf_text(&words), add_macro, &macros);
	if (buf_text(&macros) != NULL)
		put_list(d, o, "sign_macros", buf_text(&macros));
	import_whole(&words, &d->im->signer);
	import_whole(&macros, &d->im->signer);
	buf_free(&words);
	buf_free(&macros);
}

/* The unit of systemd lets the signer write to its own folders alone. */
static void
tell_folder(struct opendkim *d, const struct import_option *o, const char *path)
{
	static const char *const ours[] = {
	    "/var/spool/postfix/postseal/", "/run/postseal/"};
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		if (strncmp(path, ours[i], strlen(ours[i])) == 0)
			return;
	}
	import_note(d->im, IMPORT_LEFT, o,
	    "systemd lets the signer write to its own folders "
	    "alone: "
	    "\"systemctl edit postseal-signer\", \"[Service]\", "
	    "\"ReadWritePaths=%.*s\"; or take the default of listen, and "
	    "unix:postseal/signer.sock in main.cf",
	    (int)(slash - path), path);
}

/* "local:path" and "unix:path" are paths, "inet:port@host" is none. */
static void
take_socket(struct opendkim *d, const struct import_option *o)
{
	const char *path = strncasecmp(o->value, "local:", 6) == 0
	    ? o->value + 6
	    : strncasecmp(o->value, "unix:", 5) == 0 ? o->value + 5
	    : strchr(o->value, ':') == NULL          ? o->value
	                                             : NULL;
	struct buf text;

	if (d->im->sign_only) {
		import_left(d->im, o,
		    "opendkim keeps it; the signer listens on the default of "
		    "listen: put unix:postseal/signer.sock into smtpd_milters "
		    "and non_smtpd_milters");
		return;
	}
	if (path == NULL) {
		put_list(d, o, "listen", o->value);
		return;
	}
	path = import_path(d->im, o, path);
	if (path == NULL)
		return;
	buf_init(&text, CONFIG_FILE_MAX);
	buf_fmt(&text, "unix:%s", path);
	if (buf_text(&text) != NULL)
		put_list(d, o, "listen", buf_text(&text));
	buf_free(&text);
	tell_folder(d, o, path);
}

static void
take_canonicalization(struct opendkim *d, const struct import_option *o)
{
	struct buf line;

	buf_init(&line, CONFIG_FILE_MAX);
	import_string(&line, 1, "canonicalization", o->value);
	if (import_judge(d->im, o, "signer {\n", buf_view(&line), "}\n"))
		d->canonicalization = o->value;
	buf_free(&line);
}

static void
take_own(struct opendkim *d, const struct import_option *o)
{
	if (is(o, "Canonicalization"))
		take_canonicalization(d, o);
	else if (is(o, "OversignHeaders"))
		d->oversign = o;
	else if (is(o, "SignHeaders"))
		d->sign = o;
	else if (is(o, "OmitHeaders"))
		d->omit = o;
	else if (is(o, "MacroList"))
		take_macros(d, o);
	else if (is(o, "Socket"))
		take_socket(d, o);
	else if (is(o, "RequireSafeKeys") && import_is_true(o->value))
		import_needless(d->im, o);
	else if (is(o, "RequireSafeKeys"))
		import_string(&d->im->signer, 1, "key_permissions", "warn");
	else if (is(o, "Nameservers"))
		import_put_list(d->im, o, "dns", "servers",
		    o->value + (strncmp(o->value, "csl:", 4) == 0 ? 4 : 0), 1,
		    &d->im->dns);
	else if (is(o, "DNSTimeout"))
		import_key(&d->im->dns, 1, "timeout", o->value);
}

static void
take_single(struct opendkim *d, const struct import_option *o)
{
	if (is(o, "Domain"))
		d->single.domain = o;
	else if (is(o, "KeyFile"))
		d->single.keyfile = o;
	else if (is(o, "Selector"))
		d->single.selector = o;
	else if (is(o, "KeyFileEd25519"))
		d->single.keyfile2 = o;
	else if (is(o, "SelectorEd25519"))
		d->single.selector2 = o;
	else
		d->single.subdomains = o;
}

/* --- all ------------------------------------------------------------------ */

static void
take(struct opendkim *d, const struct row *r, const struct import_option *o)
{
	switch (r->kind) {
	case TABLE:
		take_table(d, o, r->key);
		return;
	case HOSTS:
		take_hosts(d, o, r->key);
		return;
	case WORDS:
		take_words(d, o, r->key);
		return;
	case BOOLEAN:
		import_key(&d->im->signer, 1, r->key,
		    import_is_true(o->value) ? "true" : "false");
		return;
	case NUMBER:
		if (import_is_number(o->value))
			import_key(&d->im->signer, 1, r->key, o->value);
		else
			import_wrong(d->im, o, "not a number");
		return;
	case SINGLE:
		take_single(d, o);
		return;
	case OWN:
		take_own(d, o);
		return;
	case LEFT:
		import_left(d->im, o, r->key);
		return;
	case QUIET:
		import_needless(d->im, o);
		return;
	}
}

/* What says whose mail is ours, of which none is verified. */
static bool
is_ours(const struct import_option *o)
{
	return is(o, "InternalHosts") || is(o, "PeerList");
}

/* Where the config is read its lists may be missing. */
static void
take_ours(struct opendkim *d, const struct import_option *o)
{
	const char *file = NULL;

	if (import_dataset_kind(o->value) == DATASET_FILE) {
		file = import_dataset_file(d->im, o);
		if (file == NULL)
			return;
		file = strchr(file, '/');
	}
	if (file == NULL || access(file, R_OK) == 0)
		import_trusted(d->im, o, &d->networks);
	else
		import_left(d->im, o,
		    "it cannot be read here; its addresses belong into "
		    "verifier.trusted_networks, too");
}

/* True if it says how mail is signed. */
static bool
is_signing(const struct row *r)
{
	switch (r->kind) {
	case TABLE:
	case HOSTS:
	case WORDS:
	case BOOLEAN:
	case NUMBER:
	case SINGLE:
		return true;
	case OWN:
		return strstr(r->name, "Headers") != NULL ||
		    strcasecmp(r->name, "Canonicalization") == 0 ||
		    strcasecmp(r->name, "MacroList") == 0;
	case LEFT:
	case QUIET:
		break;
	}
	return false;
}

static const struct row *
find_row(const struct import_option *o)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (is(o, rows[i].name))
			return &rows[i];
	}
	return NULL;
}

static int
got_option(void *arg, const struct import_option *o)
{
	struct opendkim *d = arg;
	const struct row *r = find_row(o);

	if (import_verifying(d->im, o, d->verifies))
		return 0;
	if (d->verifies && is_ours(o))
		take_ours(d, o);
	if (d->verifies && is(o, "ExemptDomains"))
		import_left(d->im, o,
		    "the verifier looks at all mail: anybody can write such a "
		    "domain into From");
	if (r == NULL)
		import_left(d->im, o, "there is nothing like it");
	else if (d->signs || (!is_signing(r) && !is(o, "Socket")))
		take(d, r, o);
	else if (!is_ours(o))
		import_left(d->im, o, "Mode has no s: nothing is signed");
	return 0;
}

/* --- Mode ----------------------------------------------------------------- */

#define TWO_DAEMONS \
	"two daemons do it: postseal-verifier verifies now, on a socket of " \
	"its " \
	"own: start it, and see postseal setup --verify; or leave that to " \
	"opendkim, with import --sign-only"

/* The last Mode counts; "sv" without one. */
static void
read_mode(struct opendkim *d, const struct import_options *all)
{
	d->signs = d->verifies = true;
	for (const struct import_option *o = all->first; o != NULL;
	     o = o->next) {
		bool signs = strchr(o->value, 's') != NULL;
		bool verifies = strchr(o->value, 'v') != NULL;

		if (is(o, "BaseDirectory"))
			d->im->base = o->value;
		if (!is(o, "Mode"))
			continue;
		if (signs || verifies) {
			d->signs = signs;
			d->verifies = verifies;
		} else {
			import_wrong(d->im, o, "neither s nor v");
		}
	}
}

static void
tell_mode(
    struct opendkim *d, const struct import_options *all, const char *file)
{
	const struct import_option none = {.file = file, .name = "Mode"};
	const struct import_option *last = &none;

	for (const struct import_option *o = all->first; o != NULL; o = o->next)
		last = is(o, "Mode") ? o : last;
	if (!d->signs || !d->verifies)
		return;
	if (d->im->sign_only)
		import_left(d->im, last,
		    "opendkim goes on verifying, with the opendkim.conf that "
		    "is printed here");
	else if (last != &none)
		import_left(d->im, last, TWO_DAEMONS);
	else
		import_left(d->im, &none,
		    "it is not set, so opendkim signs and verifies "
		    "(sv); " TWO_DAEMONS);
}

/* What of opendkim.conf is for verifying, for who keeps it for that. */
static void
keep_verifying(struct opendkim *d, const struct import_options *all)
{
	struct buf *out = &d->im->keep;

	buf_str(out,
	    "# opendkim.conf that only verifies; made by postseal import\n"
	    "Mode v\n");
	for (const struct import_option *o = all->first; o != NULL;
	     o = o->next) {
		const struct row *r = find_row(o);

		if (is(o, "Mode") || is(o, "Include") ||
		    (r != NULL && is_signing(r) && !is_ours(o) &&
		        !is(o, "ExemptDomains")))
			continue;
		if (import_dataset_kind(o->value) == DATASET_DATABASE)
			buf_fmt(out,
			    "# %s: a database, perhaps with a password: copy "
			    "this line yourself\n",
			    o->name);
		else
			buf_fmt(out, "%s %s\n", o->name, o->value);
	}
}

/* A socket of OpenDKIM's is that of the signer; a verifier has one of its
 * own, or none. */
static void
end_verifier(struct opendkim *d)
{
	struct buf *out = &d->im->verifier;

	if (!d->verifies) {
		import_key(out, 1, "listen", "{}");
	} else if (d->networks.n > 0) {
		struct buf all;

		buf_init(&all, IMPORT_LIST_MAX + 200);
		buf_str(&all, "127.0.0.0/8 ::1/128 " SETTINGS_THIS_HOST " ");
		buf_span(&all, buf_view(&d->networks));
		import_key_words(out, 1, "trusted_networks", &all);
		buf_free(&all);
	}
	import_whole(&d->networks, out);
}

static void
end_signer(struct opendkim *d)
{
	struct import *im = d->im;

	if (!d->signs) {
		buf_clear(&im->signer);
		return;
	}
	import_fields(im, d->sign, d->oversign, d->omit);
	import_string(&im->signer, 1, "canonicalization",
	    d->canonicalization == NULL ? "simple/simple"
	                                : d->canonicalization);
}

int
import_opendkim(struct import *im, const char *file)
{
	struct opendkim d = {.im = im};
	struct import_options all;
	int rc = import_read(im, file, false, &all);

	buf_init(&d.networks, IMPORT_LIST_MAX + 100);
	if (rc == 0) {
		read_mode(&d, &all);
		tell_mode(&d, &all, file);
		if (im->sign_only && d.verifies)
			keep_verifying(&d, &all);
		d.verifies = d.verifies && !im->sign_only;
		rc = import_each(im, &all, got_option, &d);
	}
	if (rc == 0) {
		import_domains(im, &d.single, d.tables);
		end_signer(&d);
		end_verifier(&d);
	}
	buf_free(&d.networks);
	return rc;
}
