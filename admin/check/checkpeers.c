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
#include "admin/tool/tool.h"
#include "verifier/verifier.h"

#define AREA CHECKLOOK_AREA

/* The config of a peer; empty where there is none. */
struct peer {
	const char *name; /* "opendkim" */
	char file[256];
	bool read;
	struct buf text;
};

static void
open_peer(struct checklook *l, const char *name, struct peer *p)
{
	*p = (struct peer){.name = name};
	snprintf(p->file, sizeof p->file, "%s/%s.conf", l->etc, name);
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
		if (line.n <= n || !span_ieqs(span_of(line.p, n), name) ||
		    (line.p[n] != ' ' && line.p[n] != '\t'))
			continue;
		*ret = span_trim(span_skip(line, n));
		found = true;
	}
	return found;
}

/* True if the list has it, by its name or by its Socket. */
static bool
is_listed(struct checklook *l, struct span milters, const struct peer *p)
{
	const char *why, *queue = buf_text(&l->queue);
	struct endpoint at;
	struct span socket;
	struct buf name;
	bool has;

	if (mastercf_has(milters, p->name))
		return true;
	if (!peer_value(p, "Socket", &socket) ||
	    endpoint_parse(socket, &at, &why) != 0)
		return false;
	buf_init(&name, ENDPOINT_TEXT_MAX);
	wiring_endpoint(&at, queue == NULL ? "" : queue, &name);
	has = buf_text(&name) != NULL &&
	    wiring_has_milter(milters, buf_text(&name));
	buf_free(&name);
	return has;
}

/* Mode is sv where nothing is said. */
static void
look_at_opendkim(struct checklook *l, struct span milters)
{
	struct span mode;
	struct peer p;

	open_peer(l, "opendkim", &p);
	if (is_listed(l, milters, &p) &&
	    (!peer_value(&p, "Mode", &mode) || mastercf_has(mode, "v")))
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

	open_peer(l, "opendmarc", &p);
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

void
checkpeers_look(struct checklook *l, struct span milters)
{
	look_at_opendkim(l, milters);
	look_at_opendmarc(l, milters);
}
