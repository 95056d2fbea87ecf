/*
 * The trick: their own config files say which milter of the list they are, and
 * what they do; a file that is not there leaves the names in the list.
 *
 * The trap: opendmarc compares AuthservID without regard to case, and
 * TrustedAuthservIDs with it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin/check/checklook.h"
#include "admin/postfix/mastercf.h"
#include "admin/postfix/wiring.h"
#include "admin/tool/invocation.h"
#include "admin/tool/tool.h"
#include "verifier/verifier.h"

#define AREA CHECKLOOK_AREA

/* Milters that leave signed fields and the body as they are. */
static const struct kind {
	const char *name; /* in the list */
	const char *file; /* its config, below /etc */
	const char *port; /* that its documents say; or NULL */
	bool verifies;    /* DKIM */
	bool signs;       /* with keys that its config names */
} kinds[] = {
    {"opendkim", "opendkim.conf", ":8891", true, true},
    {"opendmarc", "opendmarc.conf", ":8893", false, false},
    {"rspamd", "rspamd/rspamd.conf", ":11332", true, false},
    {"dkimpy", "dkimpy-milter/dkimpy-milter.conf", NULL, true, true},
};
enum { OPENDKIM, OPENDMARC };

/* The config of a peer; empty where there is none. */
struct peer {
	const char *name; /* "opendkim" */
	char file[256];
	bool read;
	struct buf text;
};

static void
open_peer(struct checklook *l, const struct kind *k, struct peer *p)
{
	*p = (struct peer){.name = k->name};
	snprintf(p->file, sizeof p->file, "%s/%s", l->etc, k->file);
	p->read = tool_read_file(p->file, POSTCONF_VALUE_MAX, &p->text) == 0;
	if (!p->read)
		buf_init(&p->text, 0);
}

/* "Name value"; the last one counts. Borrows from p. False where there is
 * none. */
static bool
peer_value(const struct peer *p, const char *name, struct span *ret)
{
	struct span rest = buf_view(&p->text), line;
	size_t n = strlen(name);
	bool found = false;

	while (mastercf_next(&rest, &line)) {
		line = span_trim(span_of(line.p, span_find(line, '#')));
		if (line.n <= n || !span_ibegins(line, name) ||
		    (line.p[n] != ' ' && line.p[n] != '\t'))
			continue;
		*ret = span_trim(span_skip(line, n));
		found = true;
	}
	return found;
}

/* True if the list has it, by its name or by its Socket; one of ours may listen
 * where it did. */
static bool
is_listed(struct checklook *l, struct span milters, const struct peer *p)
{
	const char *why, *queue = buf_text(&l->queue);
	struct endpoint at;
	struct span socket, item;
	bool bad = false;
	const bool known = peer_value(p, "Socket", &socket) &&
	    endpoint_parse(socket, &at, &why) == 0;

	while (wiring_next(&milters, &item, &bad)) {
		if (checklook_has_signer(l, item) ||
		    checklook_has_verifier(l, item))
			continue;
		if (mastercf_has(item, p->name) ||
		    (known &&
		        wiring_has_endpoint(
		            item, &at, queue == NULL ? "" : queue)))
			return true;
	}
	return false;
}

/* Of opendkim: it signs, "s", or verifies, "v"; both where nothing is said. */
static bool
has_mode(const struct peer *p, const char *letter)
{
	struct span mode;

	return !peer_value(p, "Mode", &mode) || mastercf_has(mode, letter);
}

static void
look_at_opendkim(struct checklook *l, struct span milters)
{
	struct peer p;

	open_peer(l, &kinds[OPENDKIM], &p);
	if (is_listed(l, milters, &p) && has_mode(&p, "v"))
		findings_add(l->f, FINDING_WARNING, AREA,
		    "two results for one signature: readers drop both, if "
		    "both have one name",
		    "say Mode s in opendkim.conf, or take it out of the list",
		    "smtpd_milters have opendkim beside the verifier");
	buf_free(&p.text);
}

/* Parted by commas; HOSTNAME is this host. */
static bool
trusts(struct span list, const char *id, const char *host)
{
	while (list.n > 0) {
		size_t n = span_find(list, ',');
		struct span item = span_trim(span_of(list.p, n));

		if (span_eq(item, span_str("HOSTNAME"))
		        ? strcmp(host, id) == 0
		        : span_eq(item, span_str(id)))
			return true;
		list = span_skip(list, n + 1);
	}
	return false;
}

/* True if opendmarc reads fields of that name; its own is Postfix's where its
 * config has none. */
static bool
reads(struct checklook *l, const struct peer *p, const char *id)
{
	struct span own, more;
	struct buf host;
	const char *name = checklook_get(l, "myhostname", &host);
	bool yes;

	if (!peer_value(p, "AuthservID", &own) ||
	    span_eq(own, span_str("HOSTNAME")))
		own = span_str(name);
	yes = span_ieqs(own, id) ||
	    (peer_value(p, "TrustedAuthservIDs", &more) &&
	        trusts(more, id, name));
	buf_free(&host);
	return yes;
}

static void
look_at_opendmarc(struct checklook *l, struct span milters)
{
	const char *id = verifier_id(l->settings);
	char mend[2 * DOMAIN_MAX];
	struct peer p;
	bool known;

	open_peer(l, &kinds[OPENDMARC], &p);
	known = p.read && reads(l, &p, id);
	snprintf(
	    mend, sizeof mend, "TrustedAuthservIDs %s in opendmarc.conf", id);
	if (is_listed(l, milters, &p) || mastercf_has(milters, ":8893"))
		findings_add(l->f,
		    known        ? FINDING_OK
		        : p.read ? FINDING_WARNING
		                 : FINDING_NOTE,
		    AREA,
		    known ? NULL
		          : "it reads only fields with a name that it trusts: "
		            "with none of them DKIM never passes",
		    known ? NULL : mend,
		    "opendmarc %s what the verifier writes as %s",
		    known        ? "reads"
		        : p.read ? "does not read"
		                 : "is to read",
		    id);
	buf_free(&p.text);
}

/* --- who is who ----------------------------------------------------------- */

/* What the item of a list is; NULL: nobody knows. */
static const struct kind *
kind_of(struct checklook *l, struct span item)
{
	const struct kind *found = NULL;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && found == NULL;
	     i++) {
		struct peer p;

		open_peer(l, &kinds[i], &p);
		if (is_listed(l, item, &p) ||
		    (kinds[i].port != NULL && !p.read &&
		        mastercf_has(item, kinds[i].port)))
			found = &kinds[i];
		buf_free(&p.text);
	}
	return found;
}

bool
checkpeers_keeps(struct checklook *l, struct span item)
{
	return checklook_has_verifier(l, item) || kind_of(l, item) != NULL;
}

static bool
verifies(struct checklook *l, const struct kind *k)
{
	struct peer p;
	bool yes;

	open_peer(l, k, &p);
	yes = k->verifies && has_mode(&p, "v");
	buf_free(&p.text);
	return yes;
}

/* Looks who stands in front of opendmarc. One that nobody knows may be a
 * verifier. */
static void
look_in_front(struct checklook *l, const char *where, struct span milters)
{
	struct span item;
	bool verified = false, bad = false;

	while (wiring_next(&milters, &item, &bad)) {
		const struct kind *k;

		if (checklook_has_signer(l, item))
			continue;
		k = kind_of(l, item);
		if (k == &kinds[OPENDMARC]) {
			if (!verified)
				findings_add(l->f, FINDING_WARNING, AREA,
				    "it knows of DKIM only what a milter in "
				    "front of it has written: forwarded mail "
				    "fails DMARC; setup puts our verifier in "
				    "front of it",
				    invocation("setup --verify"),
				    "%s: opendmarc has no DKIM verifier in "
				    "front of it",
				    where);
			return;
		}
		verified = verified || k == NULL || verifies(l, k);
	}
}

/* --- beside the signer ---------------------------------------------------- */

/* Others than this host have mail signed without a login. */
static bool
signs_for_others(const struct signer_settings *s)
{
	if (s->sign_daemons.n > 0 || s->sign_macros.n > 0)
		return true;
	for (size_t i = 0; i < s->internal_hosts.n; i++) {
		const char *host = s->internal_hosts.v[i];

		if (strncmp(host, "127.", 4) != 0 && strcmp(host, "::1") != 0 &&
		    strcmp(host, "localhost") != 0 &&
		    strcmp(host, SETTINGS_THIS_HOST) != 0)
			return true;
	}
	return false;
}

/* What it writes for mail of clients without a login marks that as come from
 * outside. */
static void
look_at_marks(struct checklook *l, const char *where)
{
	struct span hosts;
	struct peer p;

	open_peer(l, &kinds[OPENDMARC], &p);
	if (signs_for_others(&l->settings->signer) &&
	    !peer_value(&p, "IgnoreHosts", &hosts))
		findings_add(l->f, FINDING_WARNING, AREA,
		    "its field says that the mail came from outside: that of "
		    "signer.internal_hosts and sign_daemons goes out unsigned",
		    "put opendmarc after the signer; or IgnoreHosts with "
		    "these "
		    "hosts into opendmarc.conf",
		    "%s: opendmarc stands in front of the signer", where);
	buf_free(&p.text);
}

/* One that has keys, or may have some. */
static void
look_at_second_signer(
    struct checklook *l, const char *where, const struct kind *k)
{
	static const char *const keys[] = {
	    "KeyFile", "KeyTable", "SigningTable"};
	struct span value;
	struct peer p;
	bool signs;

	open_peer(l, k, &p);
	signs = !p.read;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		signs = signs || peer_value(&p, keys[i], &value);
	if (signs && has_mode(&p, "s"))
		findings_add(l->f, p.read ? FINDING_WARNING : FINDING_NOTE,
		    AREA,
		    "mail gets a signature of each, with two keys to look "
		    "after",
		    "take it out of the list; or let it verify alone, Mode v",
		    "%s: %s %s mail beside the signer", where, k->name,
		    p.read ? "signs" : "may sign");
	buf_free(&p.text);
}

/* A milter that checks SPF, by its name: pyspf-milter, smf-spf. */
static void
look_for_spf(struct checklook *l, const char *where, struct span milters)
{
	struct span item;
	bool bad = false;

	while (l->asks && wiring_next(&milters, &item, &bad)) {
		if (mastercf_has(item, "spf"))
			findings_add(l->f, FINDING_WARNING, AREA,
			    "SPF is checked twice, and mail gets two fields "
			    "of it",
			    "take it out of the list",
			    "%s: %.*s checks SPF beside the policy service",
			    where, (int)item.n, item.p);
	}
}

void
checkpeers_order(struct checklook *l, const char *where, struct span milters)
{
	const bool has = checklook_has_signer(l, milters);
	struct span rest = milters, item;
	bool bad = false;
	unsigned signer = 0;

	while (has && wiring_next(&rest, &item, &bad)) {
		const struct kind *k;

		if (checklook_has_signer(l, item)) {
			signer++;
			continue;
		}
		k = kind_of(l, item);
		if (k != NULL && k->signs)
			look_at_second_signer(l, where, k);
		if (k == &kinds[OPENDMARC] && signer == 0)
			look_at_marks(l, where);
	}
	if (signer > 1)
		findings_add(l->f, FINDING_WARNING, AREA,
		    "each message goes through it twice, for nothing",
		    "leave one of its sockets in the list",
		    "%s have the signer %u times", where, signer);
	look_in_front(l, where, milters);
	look_for_spf(l, where, milters);
}

void
checkpeers_look(struct checklook *l, struct span milters)
{
	look_at_opendkim(l, milters);
	look_at_opendmarc(l, milters);
}
