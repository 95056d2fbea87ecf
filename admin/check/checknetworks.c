#include <errno.h>

#include "admin/check/checklook.h"
#include "admin/postfix/signednets.h"
#include "admin/postfix/wiring.h"
#include "common/bytes/arena.h"
#include "signer/limits.h"
#include "signer/tables/hosts.h"

/* What Postfix knows as ours. */
struct known {
	struct span mynetworks; /* empty: the restrictions do not ask */
	const struct cidr_list *trusted;
};

/* True also if it may be: of what a table has nothing is known here. */
static bool
is_in_mynetworks(const struct cidr *net, struct span list)
{
	bool bad = false;
	struct span item;

	while (wiring_next(&list, &item, &bad)) {
		struct cidr wider;

		if (!wiring_network(item, &wider) || cidr_within(net, &wider))
			return true;
	}
	return false;
}

static bool
is_known(const struct known *k, const struct cidr *net)
{
	return wiring_is_in(k->trusted, net) ||
	    is_in_mynetworks(net, k->mynetworks);
}

/* The networks that an entry stands for. Where mynetworks count they have this
 * host, as a rule. */
static bool
is_told(const struct known *k, const struct hosts_entry *e)
{
	if (e->not || (e->kind != HOSTS_NET && e->kind != HOSTS_OWN))
		return false;
	return !is_known(k, &e->net) &&
	    (e->kind == HOSTS_NET || k->mynetworks.n == 0);
}

void
checknetworks_unknown(struct checklook *l, const struct cidr_list *trusted,
    struct span mynetworks, struct buf *out)
{
	const struct known k = {mynetworks, trusted};
	struct buf why, warn;
	struct arena arena;
	struct hosts hosts;
	size_t told = 0;

	arena_init(&arena, TABLE_FILE_MAX);
	buf_init(&why, POSTCONF_VALUE_MAX);
	buf_init(&warn, POSTCONF_VALUE_MAX);
	/* What is wrong with the list is told by the part that reads the
	 * tables. */
	if (hosts_open(&l->settings->signer.internal_hosts, &arena, &hosts,
	        &why, &warn) == 0) {
		for (size_t i = 0; i < hosts.n && told < CHECK_NETWORKS_MAX;
		     i++) {
			const struct hosts_entry *e = &hosts.v[i];

			if (!is_told(&k, e))
				continue;
			signednets_put(&e->net, out);
			told++;
		}
	}
	buf_free(&warn);
	buf_free(&why);
	arena_free(&arena);
}

/* The advice keeps what mynetworks says now, "$name" included, and adds to it.
 * */
static void
tell(struct checklook *l, const struct buf *unknown)
{
	static const char what[] =
	    "neither mynetworks nor policyd.trusted_networks have, of "
	    "signer.internal_hosts:%.*s";
	static const char why[] =
	    "SPF of their mail is checked, and what has our Received-SPF is "
	    "not signed; policyd.trusted_networks would do as well, which "
	    "lets nobody relay";
	struct buf mend, none;
	int rc;

	buf_init(&mend, POSTCONF_VALUE_MAX);
	buf_init(&none, POSTCONF_VALUE_MAX);
	buf_str(&mend, "mynetworks = ");
	rc = postconf_get(l->postfix, "mynetworks", false, &mend, &none);
	buf_span(&mend, buf_view(unknown));
	if (rc == 0 && buf_text(&mend) != NULL)
		checklook_add(l, FINDING_WARNING, why, "-e", buf_text(&mend),
		    what, (int)unknown->n, unknown->p);
	else
		l->f->no_memory = l->f->no_memory || rc == -ENOMEM;
	buf_free(&none);
	buf_free(&mend);
}

/* mynetworks changes nothing there. */
static void
tell_trusted(struct checklook *l, const struct buf *unknown)
{
	findings_add(l->f, FINDING_WARNING, CHECKLOOK_AREA,
	    "SPF of their mail is checked, as no permit_mynetworks stands in "
	    "smtpd_recipient_restrictions, and what has our Received-SPF is "
	    "not signed",
	    "add them to policyd.trusted_networks",
	    "policyd.trusted_networks does not have, of "
	    "signer.internal_hosts:%.*s",
	    (int)unknown->n, unknown->p);
}

void
checknetworks_look(struct checklook *l, struct span restrictions)
{
	struct span none = {NULL, 0};
	bool asks = wiring_has(restrictions, span_str("permit_mynetworks"));
	struct buf mynetworks, unknown;

	if (l->settings->policyd.header == HEADER_NONE)
		return;
	checklook_get(l, "mynetworks", &mynetworks);
	buf_init(&unknown, POSTCONF_VALUE_MAX);
	checknetworks_unknown(l, &l->settings->policyd.trusted_networks,
	    asks ? buf_view(&mynetworks) : none, &unknown);
	if (unknown.n > 0 && asks)
		tell(l, &unknown);
	else if (unknown.n > 0)
		tell_trusted(l, &unknown);
	buf_free(&unknown);
	buf_free(&mynetworks);
}

/* --- the other direction -------------------------------------------------- */

static void
tell_unsigned(
    struct checklook *l, const struct buf *networks, const struct buf *value)
{
	struct buf mend;

	buf_init(&mend, POSTCONF_VALUE_MAX);
	buf_str(&mend, "signer { internal_hosts = ");
	buf_span(&mend, buf_view(value));
	buf_str(&mend, " }; or ignore_hosts, if that is as it should be");
	findings_add(l->f, FINDING_WARNING, CHECKLOOK_AREA,
	    "they may send without a login, and what they send is not signed",
	    buf_text(&mend),
	    "signer.internal_hosts does not have, of mynetworks:%.*s",
	    (int)networks->n, networks->p);
	buf_free(&mend);
}

void
checknetworks_unsigned(struct checklook *l)
{
	const struct settings *s = l->settings;
	struct buf mynetworks, networks, value;

	if (s->ndomains == 0 && s->signer.signing_table == NULL)
		return;
	checklook_get(l, "mynetworks", &mynetworks);
	buf_init(&networks, POSTCONF_VALUE_MAX);
	buf_init(&value, POSTCONF_VALUE_MAX);
	signednets_missing(s, buf_view(&mynetworks), &networks, &value);
	if (networks.n > 0)
		tell_unsigned(l, &networks, &value);
	buf_free(&value);
	buf_free(&networks);
	buf_free(&mynetworks);
}
