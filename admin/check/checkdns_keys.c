/* The part of checkdns.h that compares keys with their records. */
#include <stdio.h>
#include <unistd.h>

#include "admin/check/checkdns.h"
#include "common/bytes/domain.h"

#define AREA "dns"

/* Of the keys that sign the shortest RSA key counts for the guidelines. One
 * that is in DNS and not active was most likely forgotten after genkey. */
static void
judge_key(const struct domainkey *k, struct findings *f,
    struct guidelines_facts *facts)
{
	enum finding_level level = FINDING_ERROR;
	char mend[DOMAIN_MAX + 80];

	if (k->problem != NULL) { /* told with the config */
		if (facts->dkim == GUIDELINES_NO && geteuid() != 0)
			facts->dkim = GUIDELINES_UNKNOWN;
		return;
	}
	snprintf(mend, sizeof mend, "postseal testkey %s", k->domain->name);
	if (k->settings->active && domainkey_good(k) &&
	    k->diff != KEYDIFF_TESTING) {
		facts->dkim = GUIDELINES_YES;
		if (k->facts.algorithm == KEY_RSA_SHA256 &&
		    (facts->bits == 0 || k->facts.bits < facts->bits))
			facts->bits = k->facts.bits;
	}
	if (k->settings->active && k->diff == KEYDIFF_NODNS &&
	    facts->dkim == GUIDELINES_NO)
		facts->dkim = GUIDELINES_UNKNOWN;
	if (k->diff == KEYDIFF_OK)
		level = FINDING_OK;
	else if (k->diff == KEYDIFF_NODNS)
		level = FINDING_UNKNOWN;
	else if (keydiff_good(k->diff) || !k->settings->active)
		level = FINDING_WARNING;
	findings_add(f, level, AREA,
	    level == FINDING_ERROR ? "every signature of this key fails" : NULL,
	    level > FINDING_NOTE ? mend : NULL, "%s: %.*s", k->name,
	    (int)k->text.n, k->text.p);
	if (!k->settings->active && domainkey_good(k)) {
		snprintf(mend, sizeof mend, "postseal testkey %s --activate",
		    k->domain->name);
		findings_add(f, FINDING_WARNING, AREA,
		    "mail is not signed with it", mend,
		    "%s is in DNS, but the key is not active", k->name);
	}
}

/* The section that the key is in; a row of a table is in none. */
static bool
in_section(const struct settings *s, const struct domain_settings *d)
{
	return s->ndomains > 0 && d >= s->domain && d < s->domain + s->ndomains;
}

int
checkdns_keys(
    struct tool *t, struct findings *f, struct guidelines_facts *facts)
{
	const struct settings *s = t->settings;
	struct domainkeys k = {.n = 0};
	struct buf why;
	int rc;

	buf_init(&why, TOOL_MESSAGES_MAX);
	rc = domainkeys_look(t, NULL, NULL, &k, &why);
	for (size_t i = 0; i < k.n && rc == 0; i++) {
		const struct domain_settings *d = k.key[i].domain;
		struct guidelines_facts none = {.bits = 0};

		judge_key(&k.key[i], f,
		    in_section(s, d) ? &facts[d - s->domain] : &none);
	}
	domainkeys_free(&k);
	buf_free(&why); /* look_at_signer() has told it with the config */
	return rc;
}
