#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/key/domainfile.h"
#include "admin/key/domainkey.h"
#include "admin/key/follow.h"
#include "admin/setup/setupdns.h"
#include "admin/tool/dnswait.h"
#include "admin/tool/tool.h"
#include "common/bytes/domain.h"

struct asked {
	const char *domain;
	bool apply, activated;
	struct setupdns said;
	struct buf *out, *why;
};

static int
fail(struct asked *r, int rc)
{
	buf_fmt(r->why, "DNS: %s\n", strerror(-rc));
	return rc;
}

static bool
has_record(const struct dns_answer *a, const char *begin)
{
	for (size_t i = 0; a->status == DNS_FOUND && i < a->n; i++) {
		if (span_ibegins(a->record[i].txt, begin))
			return true;
	}
	return a->status == DNS_TEMPERROR;
}

/* SPF and DMARC, where the domain has none. */
static int
advise_policies(struct asked *r, struct tool *t)
{
	char name[DOMAIN_MAX + sizeof "_dmarc."];
	struct dnswait q[] = {
	    {.name = r->domain, .type = DNS_TXT},
	    {.name = name, .type = DNS_TXT},
	};
	int rc;

	snprintf(name, sizeof name, "_dmarc.%s", r->domain);
	rc = dnswait_all(t->loop, t->resolver, q, 2);
	if (rc != 0)
		return fail(r, rc);
	if (!has_record(q[0].answer, "v=spf1"))
		buf_fmt(r->out,
		    "There is no SPF record. If mail of the domain comes from "
		    "its MX hosts and this one:\n\n" PUBLISH_SPF "\n\n",
		    r->domain, t->settings->hostname);
	if (!has_record(q[1].answer, "v=DMARC1"))
		buf_fmt(r->out,
		    "There is no DMARC record. To begin with:\n\n"
		    "%s. IN TXT \"v=DMARC1; p=none;\"\n\n",
		    name);
	dnswait_free(q, 2);
	return 0;
}

/* Activates, or asks for the record. */
static int
tell_key(struct asked *r, const struct domainkey *k)
{
	if (k->problem != NULL) {
		buf_fmt(r->why, "%s: %s\n", k->settings->file, k->problem);
		return -EINVAL;
	}
	if (!domainkey_good(k)) {
		buf_fmt(
		    r->out, "%s: %.*s.\n", k->name, (int)k->text.n, k->text.p);
		if (domainkey_lacks(k))
			domainkey_record(k, r->out);
		r->said.publish = true;
		return 0;
	}
	if (k->settings->active)
		return 0;
	if (!r->apply) {
		buf_fmt(r->out,
		    "%s is in DNS: --apply, or postseal testkey %s --activate, "
		    "lets the key sign\n",
		    k->name, k->domain->name);
		return 0;
	}
	buf_fmt(r->out, "%s is in DNS: the key is active now\n", k->name);
	r->activated = true;
	return domainfile_activate(k->settings, k->domain->name, r->why);
}

/* Text about all keys, and the policies. 0 or -errno, told in r->why. */
static int
look(struct asked *r, struct tool *t, struct domainkeys *k)
{
	int rc = domainkeys_look(t, r->domain, NULL, k, r->why);

	if (rc != 0)
		return fail(r, rc);
	for (size_t i = 0; i < k->n && rc == 0; i++)
		rc = tell_key(r, &k->key[i]);
	return rc == 0 ? advise_policies(r, t) : rc;
}

int
setupdns_look(const char *config, const char *domain, bool apply,
    struct setupdns *ret, struct buf *out, struct buf *why)
{
	struct asked r = {
	    .domain = domain, .apply = apply, .out = out, .why = why};
	struct domainkeys k = {.n = 0};
	struct tool t;
	int rc;

	*ret = r.said;
	if (access(config, F_OK) != 0)
		return 0; /* nothing was applied yet */
	rc = tool_open(&t, "setup", config, SETTINGS_ALL);
	if (rc != 0)
		return rc;
	rc = look(&r, &t, &k);
	r.said.observes = t.settings->policyd.observe;
	if (r.activated)
		r.said.untold = follow_signer(config, time(NULL), why) != 0;
	*ret = r.said;
	domainkeys_free(&k);
	tool_close(&t);
	return rc;
}

int
setupdns_has_key(
    const char *config, const char *domain, bool *ret, struct buf *why)
{
	struct domainkeys k = {.n = 0};
	struct tool t;
	int rc = tool_open(&t, "setup", config, SETTINGS_SIGNER);

	if (rc != 0)
		return rc;
	rc = domainkeys_look(&t, domain, NULL, &k, why);
	if (rc == 0)
		*ret = k.n > 0;
	else
		buf_fmt(why, "DNS: %s\n", strerror(-rc));
	domainkeys_free(&k);
	tool_close(&t);
	return rc;
}
