/*
 * A row an option, and what becomes of it. The trap is what OpenDKIM leaves
 * unsaid: without Mode it signs and verifies, with a KeyTable it does not look
 * at Domain, KeyFile and Selector, and a name in its lists may mean less than
 * it seems to.
 */
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
	STRING,  /* the value as it is */
	BOOLEAN, /* yes, no */
	NUMBER,
	SINGLE, /* Domain, KeyFile, Selector, SubDomains: one section */
	OWN,    /* by opendkim() itself */
	LEFT,   /* not carried over; key says why */
	QUIET   /* not needed, and nobody will miss it */
};

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
    {"MacroList", WORDS, "sign_macros"},
    {"Socket", STRING, "listen"},
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
    {"OmitHeaders", LEFT,
        "what is signed is listed in sign_headers; Received, Return-Path and "
        "the like never are"},
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
    {"BaseDirectory", LEFT, "paths are absolute"},
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
    {"On-SignatureError", LEFT,
        "mail that cannot be signed is never rejected; see on_bad_key"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct opendkim {
	struct import *im;
	const char *domain, *keyfile, *selector, *canonicalization;
	struct import_option at; /* of Domain */
	bool subdomains, tables;
	bool signs, verifies; /* of Mode */
	struct buf networks;  /* for verifier.trusted_networks */
};

/* --- data sets ------------------------------------------------------------ */

/*
 * opendkim.conf(5): "/path", "file:/path" and "refile:/path" are files,
 * "csl:a,b" and "a,b" are lists; its databases are not read here, nor paths
 * that are not absolute. The tables themselves are read by the signer
 * (table.h).
 */
enum dataset { DATASET_FILE, DATASET_LIST, DATASET_OTHER };

/* Why one of the last kind is not carried over. */
#define DATASET_UNREAD \
	"only absolute paths, file:, refile: and lists are read; write the " \
	"rows into a file"

static enum dataset
dataset_kind(const char *value)
{
	static const char *const others[] = {"./", "../",
	    "db:", "mdb:", "dsn:", "ldap:", "ldaps:", "lua:", "memcache:",
	    "erlang:", "socket:", "repute:"};

	if (value[0] == '/' || strncmp(value, "file:", 5) == 0 ||
	    strncmp(value, "refile:", 7) == 0)
		return DATASET_FILE;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (strncasecmp(value, others[i], strlen(others[i])) == 0)
			return DATASET_OTHER;
	}
	return DATASET_LIST;
}

/* A file with its type in front; from the arena, NULL when memory is out. */
static char *
dataset_file(struct arena *a, const char *value)
{
	size_t size = strlen(value) + sizeof "file:";
	char *text = arena_alloc(a, size);

	if (text != NULL)
		snprintf(
		    text, size, "%s%s", value[0] == '/' ? "file:" : "", value);
	return text;
}

/* The items of a list. Borrows from value. */
static const char *
dataset_list(const char *value)
{
	return strncmp(value, "csl:", 4) == 0 ? value + 4 : value;
}

/* Appends the first word of each row of the file, with a blank behind. 0 or
 * -errno; -EFBIG over IMPORT_LIST_MAX bytes. */
static int
dataset_words(const char *path, struct buf *out)
{
	struct span rest;
	struct buf text;
	int rc = tool_read_file(path, IMPORT_LIST_MAX, &text);

	if (rc != 0)
		return rc;
	for (rest = buf_view(&text); rest.n > 0;) {
		size_t n = span_find(rest, '\n');
		struct span line = span_of(rest.p, n);

		line = span_trim(span_of(line.p, span_find(line, '#')));
		line.n = span_find(line, ' ');
		rest = span_skip(rest, n + 1);
		if (line.n > 0) {
			buf_span(out, line);
			buf_byte(out, ' ');
		}
	}
	buf_free(&text);
	return buf_error(out);
}

static int
take_table(struct opendkim *d, const struct import_option *o, const char *key)
{
	char *file;

	if (dataset_kind(o->value) != DATASET_FILE)
		return import_bad(d->im, o, DATASET_UNREAD);
	file = dataset_file(&d->im->arena, o->value);
	if (file == NULL)
		return -ENOMEM;
	import_string(&d->im->signer, 1, key, file);
	d->tables = d->tables || strcmp(key, "key_table") == 0;
	return 0;
}

static void
put_list(struct buf *out, const char *key, const char *items)
{
	buf_fmt(out, "\t%s = ", key);
	import_list(items, out);
	buf_byte(out, '\n');
}

/* opendkim compares whole addresses: a domain there never did anything. */
static void
tell_domains(
    struct opendkim *d, const struct import_option *o, const char *items)
{
	size_t n;

	for (; *items != '\0'; items += n + (items[n] != '\0')) {
		n = strcspn(items, ", \t\n");
		if (n > 0 && memchr(items, '@', n) == NULL) {
			import_left(d->im, o,
			    "a domain without \"@\" does nothing in opendkim, "
			    "and in exempt_recipients it stands for all its "
			    "mail: take it out if that is not meant");
			return;
		}
	}
}

int
import_dataset(
    struct import *im, const struct import_option *o, struct buf *ret)
{
	const char *path = strchr(o->value, '/');
	int rc;

	if (dataset_kind(o->value) == DATASET_LIST)
		return buf_str(ret, dataset_list(o->value));
	if (dataset_kind(o->value) == DATASET_OTHER || path == NULL)
		return import_bad(im, o, DATASET_UNREAD);
	rc = dataset_words(path, ret);
	return rc == 0 ? 0 : import_bad(im, o, strerror(-rc));
}

static int
take_words(struct opendkim *d, const struct import_option *o, const char *key)
{
	struct buf words;
	int rc;

	buf_init(&words, IMPORT_LIST_MAX + 2); /* a blank, a NUL */
	rc = import_dataset(d->im, o, &words);
	if (rc == 0 && buf_text(&words) != NULL) {
		put_list(&d->im->signer, key, buf_text(&words));
		if (strcmp(key, "exempt_recipients") == 0)
			tell_domains(d, o, buf_text(&words));
	}
	import_whole(&words, &d->im->signer);
	buf_free(&words);
	return rc;
}

/* A list stands in the config, a file is named in it. */
static int
take_hosts(struct opendkim *d, const struct import_option *o, const char *key)
{
	char *file;

	switch (dataset_kind(o->value)) {
	case DATASET_LIST:
		put_list(&d->im->signer, key, dataset_list(o->value));
		return 0;
	case DATASET_OTHER:
		return import_bad(d->im, o, DATASET_UNREAD);
	case DATASET_FILE:
		break;
	}
	file = dataset_file(&d->im->arena, o->value);
	if (file == NULL)
		return -ENOMEM;
	buf_fmt(&d->im->signer, "\t%s = {", key);
	tool_config_string(file, &d->im->signer);
	buf_str(&d->im->signer, "}\n");
	return 0;
}

/* --- options of their own ------------------------------------------------- */

/* Each name gets a '!' behind; From has one in "*". */
static void
take_oversigned(struct opendkim *d, const struct import_option *o)
{
	const char *items = dataset_list(o->value);
	struct buf list;

	buf_init(&list, CONFIG_FILE_MAX);
	while (*items != '\0') {
		size_t n = strcspn(items, ", \t");

		if (n > 0 && !span_ieqs(span_of(items, n), "From"))
			buf_fmt(&list, "%.*s! ", (int)n, items);
		items += n + (items[n] != '\0');
	}
	if (list.n > 0 && buf_text(&list) != NULL) {
		buf_str(&d->im->signer, "\tsign_headers = {\"*\", ");
		for (char *p = list.p, *end; *p != '\0'; p = end + 1) {
			end = strchr(p, ' ');
			*end = '\0';
			tool_config_string(p, &d->im->signer);
			buf_str(&d->im->signer, end[1] == '\0' ? "}\n" : ", ");
		}
	}
	import_whole(&list, &d->im->signer);
	buf_free(&list);
}

/* Options that mean something else here, or two things. */
static int
take_own(struct opendkim *d, const struct import_option *o)
{
	if (strcasecmp(o->name, "Canonicalization") == 0) {
		d->canonicalization = o->value;
	} else if (strcasecmp(o->name, "OversignHeaders") == 0) {
		take_oversigned(d, o);
	} else if (strcasecmp(o->name, "SignHeaders") == 0) {
		import_left(d->im, o,
		    "see sign_headers: its \"*\" has all that RFC 6376 "
		    "section 5.4.1 names, and MIME and List- fields");
	} else if (strcasecmp(o->name, "RequireSafeKeys") == 0) {
		if (!import_is_true(o->value))
			import_string(
			    &d->im->signer, 1, "key_permissions", "warn");
	} else if (strcasecmp(o->name, "Mode") == 0) {
		if (d->signs && d->verifies)
			import_left(d->im, o,
			    "two daemons do it: the verifier has a socket of "
			    "its own, see postseal setup");
	} else if (strcasecmp(o->name, "Nameservers") == 0) {
		put_list(&d->im->dns, "servers", dataset_list(o->value));
	} else if (strcasecmp(o->name, "DNSTimeout") == 0) {
		if (!import_is_number(o->value))
			return import_bad(d->im, o, "not a number");
		import_key(&d->im->dns, 1, "timeout", o->value);
	}
	return 0;
}

static void
take_single(struct opendkim *d, const struct import_option *o)
{
	if (strcasecmp(o->name, "Domain") == 0) {
		d->domain = o->value;
		d->at = *o;
	} else if (strcasecmp(o->name, "KeyFile") == 0) {
		d->keyfile = o->value;
	} else if (strcasecmp(o->name, "Selector") == 0) {
		d->selector = o->value;
	} else {
		d->subdomains = import_is_true(o->value);
	}
}

/* --- all ------------------------------------------------------------------ */

static int
take(struct opendkim *d, const struct row *r, const struct import_option *o)
{
	switch (r->kind) {
	case TABLE:
		return take_table(d, o, r->key);
	case HOSTS:
		return take_hosts(d, o, r->key);
	case WORDS:
		return take_words(d, o, r->key);
	case STRING:
		put_list(&d->im->signer, r->key, o->value);
		return 0;
	case BOOLEAN:
		import_key(&d->im->signer, 1, r->key,
		    import_is_true(o->value) ? "true" : "false");
		return 0;
	case NUMBER:
		if (!import_is_number(o->value))
			return import_bad(d->im, o, "not a number");
		import_key(&d->im->signer, 1, r->key, o->value);
		return 0;
	case SINGLE:
		take_single(d, o);
		return 0;
	case OWN:
		return take_own(d, o);
	case LEFT:
		import_left(d->im, o, r->key);
		return 0;
	case QUIET:
		return 0;
	}
	return 0;
}

/* What says whose mail is ours, of which none is verified. */
static bool
is_ours(const struct import_option *o)
{
	return strcasecmp(o->name, "InternalHosts") == 0 ||
	    strcasecmp(o->name, "PeerList") == 0;
}

/* Where the config is read its lists may be missing. */
static int
take_ours(struct opendkim *d, const struct import_option *o)
{
	const char *path = strchr(o->value, '/');

	if (dataset_kind(o->value) != DATASET_FILE || path == NULL ||
	    access(path, R_OK) == 0)
		return import_trusted(d->im, o, &d->networks);
	import_left(d->im, o,
	    "it cannot be read here; its addresses belong into "
	    "verifier.trusted_networks, too");
	return 0;
}

/* True if it says how mail is signed, and none is. */
static bool
is_idle(const struct opendkim *d, const struct row *r)
{
	switch (r->kind) {
	case TABLE:
	case HOSTS:
	case WORDS:
	case STRING:
	case BOOLEAN:
	case NUMBER:
	case SINGLE:
		return !d->signs;
	case OWN:
	case LEFT:
	case QUIET:
		break;
	}
	return false;
}

/* The verifier's half is asked first, and says whether it knows the option. */
static int
got_option(void *arg, const struct import_option *o)
{
	struct opendkim *d = arg;
	bool known;
	int rc = import_verifying(d->im, o, d->verifies, &known);

	if (rc == 0 && d->verifies && is_ours(o))
		rc = take_ours(d, o);
	if (rc != 0 || known)
		return rc;
	if (d->verifies && strcasecmp(o->name, "ExemptDomains") == 0)
		import_left(d->im, o,
		    "the verifier looks at all mail: anybody can write such a "
		    "domain into From");
	for (size_t i = 0; i < ROWS; i++) {
		if (strcasecmp(rows[i].name, o->name) != 0)
			continue;
		if (!is_idle(d, &rows[i]))
			return take(d, &rows[i], o);
		if (!is_ours(o))
			import_left(
			    d->im, o, "Mode has no s: nothing is signed");
		return 0;
	}
	import_left(d->im, o, "there is nothing like it");
	return 0;
}

/* "Domain", "KeyFile" and "Selector": a section for each domain. */
static int
add_domains(struct opendkim *d)
{
	const char *p = dataset_list(d->domain);
	struct buf *out = &d->im->domains;

	if (d->keyfile == NULL || d->selector == NULL)
		return import_bad(
		    d->im, &d->at, "KeyFile or Selector is missing beside it");
	if (dataset_kind(d->domain) != DATASET_LIST)
		return import_bad(d->im, &d->at, DATASET_UNREAD);
	while (*p != '\0') {
		size_t n = strcspn(p, ", \t");

		if (n > 0) {
			buf_str(out, "domain ");
			buf_quoted(out, span_of(p, n));
			buf_str(out, " {\n");
			if (d->subdomains)
				import_key(out, 1, "subdomains", "true");
			buf_str(out, "\tkey ");
			tool_config_string(d->selector, out);
			buf_str(out, " {\n");
			import_string(out, 2, "file", d->keyfile);
			buf_str(out, "\t}\n}\n");
		}
		p += n + (p[n] != '\0');
	}
	return 0;
}

/* The last Mode counts; "sv" without one. */
static int
read_mode(struct opendkim *d, const struct import_options *all)
{
	d->signs = d->verifies = true;
	for (const struct import_option *o = all->first; o != NULL;
	     o = o->next) {
		if (strcasecmp(o->name, "Mode") != 0)
			continue;
		d->signs = strchr(o->value, 's') != NULL;
		d->verifies = strchr(o->value, 'v') != NULL;
		if (!d->signs && !d->verifies)
			return import_bad(d->im, o, "neither s nor v");
	}
	return 0;
}

/* A socket of OpenDKIM's is that of the signer; a verifier has one of its own,
 * or none. */
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
		if (buf_text(&all) != NULL)
			put_list(out, "trusted_networks", buf_text(&all));
		import_whole(&all, out);
		buf_free(&all);
	}
	import_whole(&d->networks, out);
}

static void
end_signer(struct opendkim *d)
{
	struct import *im = d->im;

	if (d->signs)
		import_string(&im->signer, 1, "canonicalization",
		    d->canonicalization == NULL ? "simple/simple"
		                                : d->canonicalization);
	else
		buf_clear(&im->signer);
}

int
import_opendkim(struct import *im, const char *file)
{
	struct opendkim d = {.im = im};
	struct import_options all;
	int rc = import_read(im, file, false, &all);

	buf_init(&d.networks, IMPORT_LIST_MAX + 100);
	if (rc == 0)
		rc = read_mode(&d, &all);
	if (rc == 0)
		rc = import_each(im, &all, got_option, &d);
	if (rc == 0) {
		/* with a KeyTable, OpenDKIM does not look at these */
		if (d.domain != NULL && !d.tables)
			rc = add_domains(&d);
		end_signer(&d);
		end_verifier(&d);
	}
	buf_free(&d.networks);
	return rc;
}
