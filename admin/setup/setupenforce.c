/*
 * The trap: permit_mynetworks keeps clients of ours away from policyd, and
 * policyd has lists of its own. The verifier knows neither; whom it does not
 * know it would refuse. So nothing is changed until it knows them.
 */
#include <errno.h>

#include "admin/limits.h"
#include "admin/postfix/wiring.h"
#include "admin/setup/setupenforce.h"
#include "admin/tool/tool.h"

/* A parameter's value; "" when Postfix does not know it. */
static int
get(const struct postconf *p, const char *name, struct buf *ret,
    struct buf *why)
{
	int rc;

	buf_init(ret, POSTCONF_VALUE_MAX);
	rc = postconf_get(p, name, true, ret, why);
	return rc == -ENOENT ? 0 : rc;
}

/* True if smtpd_milters have the verifier. */
static int
has_verifier(const struct postconf *p, struct setupconfig *c, bool *ret)
{
	const struct endpoint_list *e = &c->settings->verifier.daemon.listen;
	struct buf milters, queue;
	int rc = get(p, "smtpd_milters", &milters, c->why);

	buf_init(&queue, 0);
	if (rc == 0)
		rc = get(p, "queue_directory", &queue, c->why);
	*ret = false;
	for (size_t i = 0; rc == 0 && i < e->n && !*ret; i++)
		*ret = wiring_has_endpoint(buf_view(&milters), &e->v[i],
		    queue.n == 0 ? "" : buf_text(&queue));
	buf_free(&queue);
	buf_free(&milters);
	return rc;
}

/* Says what a list has that the verifier does not know. */
static bool
tell_missing(struct setupconfig *c, const char *list, const struct buf *missing)
{
	if (missing->n == 0)
		return false;
	buf_fmt(c->why, "verifier.trusted_networks does not have, of %s:%.*s\n",
	    list, (int)missing->n, missing->p);
	return true;
}

/* The networks of a list of policyd's that the verifier does not know. */
static bool
tell_networks(struct setupconfig *c, const char *name,
    const struct cidr_list *list, const struct cidr_list *known)
{
	const struct verifier_settings *v = &c->settings->verifier;
	char text[IP_TEXT_MAX];
	struct buf missing;
	bool told;

	buf_init(&missing, POSTCONF_VALUE_MAX);
	for (size_t i = 0; i < list->n; i++) {
		const struct cidr *net = &list->v[i];

		if (wiring_is_in(known, net) || wiring_is_in(&v->relays, net))
			continue;
		if (settings_is_this_host(net))
			buf_str(&missing, " " SETTINGS_THIS_HOST);
		else
			buf_fmt(&missing, " %s/%u", ip_text(&net->ip, text),
			    net->bits);
	}
	told = tell_missing(c, name, &missing);
	buf_free(&missing);
	return told;
}

/* 0; -EINVAL after saying whom of ours the verifier would refuse. */
static int
look_at_clients(const struct postconf *p, struct setupconfig *c)
{
	const struct verifier_settings *v = &c->settings->verifier;
	const struct policyd_settings *d = &c->settings->policyd;
	struct buf value, missing;
	int rc = get(p, "mynetworks", &value, c->why);
	bool told;

	buf_init(&missing, POSTCONF_VALUE_MAX);
	if (rc == 0)
		wiring_missing(buf_view(&value), &v->trusted_networks,
		    &v->relays, &missing);
	told = tell_missing(c, "mynetworks", &missing);
	told |= tell_networks(c, "policyd.trusted_networks",
	    &d->trusted_networks, &v->trusted_networks);
	told |= tell_networks(
	    c, "policyd.trusted_relays", &d->trusted_relays, &v->relays);
	if (rc == 0 && told) {
		buf_str(c->why,
		    "The verifier would refuse mail of such clients, printers "
		    "for example. Put users and\nprinters into "
		    "verifier.trusted_networks, relays into verifier.relays, "
		    "and run this again.\n");
		rc = -EINVAL;
	}
	buf_free(&missing);
	buf_free(&value);
	return rc;
}

/* What policyd leaves alone by a name, which the verifier knows no list of. */
static void
advise(const struct setupconfig *c, struct buf *out)
{
	const struct policyd_settings *d = &c->settings->policyd;

	if (d->trusted_clients.n + d->trusted_helo.n + d->trusted_forwarders.n +
	        d->trusted_certificates.n >
	    0)
		buf_str(out,
		    "policyd leaves clients alone by trusted_clients, "
		    "trusted_helo, trusted_forwarders or\n"
		    "trusted_certificates. The verifier does not know these "
		    "lists: put their addresses into\nverifier.relays.\n");
}

int
setupenforce(const struct postconf *p, struct setupconfig *c, struct buf *out,
    bool *ret_verifies)
{
	bool verifies = false;
	int rc = has_verifier(p, c, &verifies);

	verifies = verifies && c->settings->verifier.dmarc.check;
	if (rc == 0 && verifies)
		rc = look_at_clients(p, c);
	if (rc == 0)
		rc = setupconfig_enforce(c, verifies);
	if (rc != 0)
		return rc;
	*ret_verifies = verifies;
	if (c->changes.n == 0)
		return 0;
	if (verifies)
		buf_str(out,
		    "policyd marks, and the verifier refuses mail whose SPF "
		    "fails and whose DMARC does not\npass.\n");
	if (verifies)
		advise(c, out);
	return 0;
}
