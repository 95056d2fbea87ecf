#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/key/domainfile.h"
#include "admin/key/domainkey.h"
#include "admin/key/follow.h"
#include "admin/setup/setupdns.h"
#include "admin/tool/dnswait.h"
#include "admin/tool/invocation.h"
#include "common/bytes/domain.h"

static int
fail(int rc, struct buf *why)
{
	buf_fmt(why, "DNS: %s\n", strerror(-rc));
	return rc;
}

/* Whether no record begins so, as far as DNS says. */
static bool
lacks(const struct dns_answer *a, const char *begin)
{
	for (size_t i = 0; a->status == DNS_FOUND && i < a->n; i++) {
		if (span_ibegins(a->record[i].txt, begin))
			return false;
	}
	return a->status != DNS_TEMPERROR;
}

/* SPF and DMARC of the domain. */
static int
look_at_policies(struct setupdns *s, struct buf *why)
{
	char name[DOMAIN_MAX + sizeof "_dmarc."];
	struct dnswait q[] = {
	    {.name = s->domain, .type = DNS_TXT},
	    {.name = name, .type = DNS_TXT},
	};
	int rc;

	snprintf(name, sizeof name, "_dmarc.%s", s->domain);
	rc = dnswait_all(s->tool.loop, s->tool.resolver, q, 2);
	if (rc != 0)
		return fail(rc, why);
	s->no_spf = lacks(q[0].answer, "v=spf1");
	s->no_dmarc = lacks(q[1].answer, "v=DMARC1");
	dnswait_free(q, 2);
	return 0;
}

/* One that was activated here. */
static bool
begins_to_sign(const struct setupdns *s, const struct domainkey *k)
{
	return s->apply && domainkey_good(k) && !k->settings->active;
}

/* Activates it, or remembers that its record is to be published. */
static int
take_key(struct setupdns *s, const struct domainkey *k, struct buf *why)
{
	if (k->problem != NULL) {
		domainkey_tell_unusable(k, why);
		s->unusable = true;
		return 0;
	}
	if (!domainkey_good(k))
		s->publish = true;
	return begins_to_sign(s, k)
	    ? domainfile_activate(k->settings, k->domain->name, why)
	    : 0;
}

/* All keys, and the policies. 0 or -errno, told in why. */
static int
look(struct setupdns *s, bool *activated, struct buf *why)
{
	int rc = domainkeys_look(&s->tool, s->domain, NULL, &s->keys, why);

	if (rc != 0)
		return fail(rc, why);
	while (s->n < s->keys.n && rc == 0) {
		const struct domainkey *k = &s->keys.key[s->n];

		rc = take_key(s, k, why);
		if (rc == 0)
			s->n++;
		*activated |= rc == 0 && begins_to_sign(s, k);
	}
	if (rc == 0)
		rc = look_at_policies(s, why);
	return rc == 0 && s->unusable ? -EINVAL : rc;
}

int
setupdns_look(const char *config, const char *domain, bool apply,
    struct setupdns *ret, struct buf *why)
{
	bool activated = false;
	int rc;

	*ret = (struct setupdns){.domain = domain, .apply = apply};
	if (access(config, F_OK) != 0)
		return 0; /* nothing was applied yet */
	rc = tool_open(&ret->tool, "setup", config, SETTINGS_ALL);
	if (rc != 0)
		return rc;
	rc = look(ret, &activated, why);
	ret->observes = ret->tool.settings->policyd.observe;
	if (activated)
		ret->untold = follow_signer(config, time(NULL), why) != 0;
	return rc;
}

void
setupdns_free(struct setupdns *s)
{
	domainkeys_free(&s->keys);
	tool_close(&s->tool);
}

/* --- for people ----------------------------------------------------------- */

static void
print_key(const struct setupdns *s, const struct domainkey *k, struct buf *out)
{
	if (k->problem != NULL)
		return; /* told */
	if (!domainkey_good(k)) {
		buf_fmt(out, "%s: %.*s.\n", k->name, (int)k->text.n, k->text.p);
		if (domainkey_lacks(k))
			domainkey_record(k, out);
	} else if (begins_to_sign(s, k)) {
		buf_fmt(out, "%s is in DNS: the key is active now\n", k->name);
	} else if (!k->settings->active) {
		buf_fmt(out,
		    "%s is in DNS; to let the key sign: --apply, or %s\n",
		    k->name,
		    invocation("testkey %s --activate", k->domain->name));
	}
}

void
setupdns_print(const struct setupdns *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++)
		print_key(s, &s->keys.key[i], out);
	if (s->no_spf)
		buf_fmt(out,
		    "There is no SPF record. If mail of the domain comes from "
		    "its MX hosts and this one:\n\n" PUBLISH_SPF "\n\n",
		    s->domain, s->tool.settings->hostname);
	if (s->no_dmarc)
		buf_fmt(out,
		    "There is no DMARC record. To begin with:\n\n"
		    "_dmarc.%s. IN TXT \"" PUBLISH_DMARC "\"\n\n",
		    s->domain);
}

/* --- for machines --------------------------------------------------------- */

static json_t *
key_json(const struct setupdns *s, const struct domainkey *k)
{
	json_t *o = domainkey_looked_json(k);

	if (!begins_to_sign(s, k) ||
	    json_object_set_new(o, "active", json_true()) == 0)
		return o;
	json_decref(o);
	return NULL;
}

json_t *
setupdns_records_json(const struct setupdns *s)
{
	json_t *all = json_array();
	int rc = 0;

	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = json_array_append_new(all, key_json(s, &s->keys.key[i]));
	if (rc == 0)
		return all;
	json_decref(all);
	return NULL;
}

static int
add_missing(json_t *all, json_t *name, json_t *value)
{
	return json_array_append_new(all,
	    json_pack("{s:o, s:s, s:o}", "name", name, "type", "TXT", "value",
	        value));
}

json_t *
setupdns_missing_json(const struct setupdns *s)
{
	json_t *all = json_array();
	int rc = 0;

	if (s->no_spf)
		rc |= add_missing(all, json_string(s->domain),
		    json_sprintf(
		        PUBLISH_SPF_VALUE, s->tool.settings->hostname));
	if (s->no_dmarc)
		rc |= add_missing(all, json_sprintf("_dmarc.%s", s->domain),
		    json_string(PUBLISH_DMARC));
	if (rc == 0)
		return all;
	json_decref(all);
	return NULL;
}

/* --- a key in the tables -------------------------------------------------- */

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
		(void)fail(rc, why);
	domainkeys_free(&k);
	tool_close(&t);
	return rc;
}
