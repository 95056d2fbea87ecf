#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/tool/dnswait.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"

static struct loop *loop;
static struct resolver *resolver;

static void
begin(enum zone_order order)
{
	const struct dns_settings dns = {.timeout = 5};

	CU_ASSERT_FATAL(loop_new(&loop) == 0);
	CU_ASSERT_FATAL(resolver_new(loop, &dns, &resolver) == 0);
	resolver_zone_load(resolver,
	    "a.example TXT \"one\"\n"
	    "b.example TXT \"two\"\n"
	    "bad.example TXT servfail\n"
	    "out.example TXT nomem\n");
	resolver_zone_order(resolver, order, 1);
}

static void
end(void)
{
	resolver_free(resolver);
	loop_free(loop);
}

static void
all_answers(void)
{
	static const enum zone_order orders[] = {ZONE_READY, ZONE_TOGETHER,
	    ZONE_ONE_BY_ONE, ZONE_REVERSED, ZONE_SHUFFLED};

	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		struct dnswait q[] = {{.name = "a.example", .type = DNS_TXT},
		    {.name = "none.example", .type = DNS_TXT},
		    {.name = "b.example", .type = DNS_TXT},
		    {.name = "bad.example", .type = DNS_TXT},
		    {.name = "a..example", .type = DNS_TXT}};

		begin(orders[i]);
		CHECK(dnswait_all(loop, resolver, q, 5) == 0);
		CHECK(q[0].answer->status == DNS_FOUND &&
		    span_eq(q[0].answer->record[0].txt, span_str("one")));
		CHECK(q[1].answer->status == DNS_NXDOMAIN);
		CHECK(q[2].answer->status == DNS_FOUND &&
		    span_eq(q[2].answer->record[0].txt, span_str("two")));
		CHECK(q[3].answer->status == DNS_TEMPERROR);
		CHECK(q[4].answer->status == DNS_NXDOMAIN);
		dnswait_free(q, 5);
		CHECK(q[0].answer == NULL);
		end();
	}
}

/* DNSWAIT_TOGETHER questions are out at one time, and one more waits. */
static void
not_all_at_once(void)
{
	enum { N = DNSWAIT_TOGETHER + 1 };
	static struct dnswait q[N];
	static char name[N][32];

	begin(ZONE_HELD);
	for (int i = 0; i < N; i++) {
		snprintf(name[i], sizeof name[i], "n%d.example", i);
		q[i] = (struct dnswait){.name = name[i], .type = DNS_TXT};
	}
	/* nobody answers: the loop of the tests does not wait for that */
	CHECK(dnswait_all(loop, resolver, q, N) == -EIO);
	CHECK(resolver_zone_sent_all(resolver) == DNSWAIT_TOGETHER);
	for (int i = 0; i < N; i++)
		CHECK(q[i].answer == NULL);
	end();
	begin(ZONE_ONE_BY_ONE);
	CHECK(dnswait_all(loop, resolver, q, N) == 0);
	CHECK(resolver_zone_sent_all(resolver) == N);
	CHECK(q[N - 1].answer->status == DNS_NXDOMAIN);
	dnswait_free(q, N);
	end();
}

static void
no_memory(void)
{
	static const enum zone_order orders[] = {ZONE_READY, ZONE_TOGETHER};

	for (int i = 0; i < 2; i++) {
		struct dnswait q[] = {{.name = "a.example", .type = DNS_TXT},
		    {.name = "out.example", .type = DNS_TXT},
		    {.name = "b.example", .type = DNS_TXT}};

		begin(orders[i]);
		CHECK(dnswait_all(loop, resolver, q, 3) == -ENOMEM);
		CHECK(q[0].answer == NULL && q[2].answer == NULL);
		end();
	}
}

SUITE("dnswait", T(all_answers), T(not_all_at_once), T(no_memory))
