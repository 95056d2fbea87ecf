#include <stdio.h>

#include "admin/tool/walkask.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"

/* Each of four names: what is said of it is told apart. */
static void
each_answer(void)
{
	static const enum walk_found found[] = {
	    WALK_NOTHING, WALK_RECORD, WALK_ERROR, WALK_NOTHING};
	const struct dns_settings dns = {.timeout = 5};
	struct walk_name known[8];
	struct walk_names names = {known, 0, 8};
	struct resolver *resolver;
	struct dnswait q[4];
	walkask_name name[4];
	struct loop *loop;

	CU_ASSERT_FATAL(loop_new(&loop) == 0);
	CU_ASSERT_FATAL(resolver_new(loop, &dns, &resolver) == 0);
	resolver_zone_load(resolver,
	    "_dmarc.b.c.example TXT \"v=DMARC1; p=reject\"\n"
	    "_dmarc.c.example TXT servfail\n");
	CHECK(walk_add(&names, span_str("a.b.c.example"), span_of("", 0)));
	CHECK(walkask(loop, resolver, &names, 0, name, q) == 0);
	CHECK(names.n == 4);
	for (size_t i = 0; i < 4; i++)
		CHECK(names.v[i].found == found[i]);
	CHECK(names.v[1].record.p == DMARC_REJECT);
	CHECK_STR(name[1], "_dmarc.b.c.example");
	CHECK(q[1].answer->n == 1);
	dnswait_free(q, 4);

	/* those that are known are not asked again */
	CHECK(walk_add(&names, span_str("x.c.example"), span_of("", 0)));
	CHECK(walkask(loop, resolver, &names, 4, name, q) == 0);
	CHECK_STR(name[0], "_dmarc.x.c.example");
	CHECK(names.v[4].found == WALK_NOTHING);
	CHECK(resolver_zone_asked_all(resolver) == 5);
	dnswait_free(q, 1);
	resolver_free(resolver);
	loop_free(loop);
}

/* With "_dmarc." it is longer than a name may be: nothing of it is cut off, and
 * a record at what would be left is no answer. */
static void
longest_name(void)
{
	const struct dns_settings dns = {.timeout = 5};
	char domain[DOMAIN_MAX + 1], zone[DOMAIN_MAX + 60];
	struct walk_name known[8];
	struct walk_names names = {known, 0, 8};
	struct resolver *resolver;
	struct dnswait q[8];
	walkask_name name[8];
	struct loop *loop;

	for (size_t i = 0; i < DOMAIN_MAX; i++)
		domain[i] = i % 50 == 49 ? '.' : 'a';
	domain[DOMAIN_MAX] = '\0';
	snprintf(zone, sizeof zone, "_dmarc.%.*s TXT \"v=DMARC1; p=none\"\n",
	    (int)(DOMAIN_MAX - strlen("_dmarc.")), domain);
	CU_ASSERT_FATAL(loop_new(&loop) == 0);
	CU_ASSERT_FATAL(resolver_new(loop, &dns, &resolver) == 0);
	resolver_zone_load(resolver, zone);
	CHECK(walk_add(&names, span_str(domain), span_of("", 0)));
	CHECK(walkask(loop, resolver, &names, 0, name, q) == 0);
	CHECK(names.v[0].found == WALK_NOTHING);
	CHECK(strlen(name[0]) == DOMAIN_MAX + strlen("_dmarc."));
	dnswait_free(q, names.n);
	resolver_free(resolver);
	loop_free(loop);
}

SUITE("walkask", T(each_answer), T(longest_name))
