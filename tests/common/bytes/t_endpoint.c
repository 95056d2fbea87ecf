#include <errno.h>

#include "common/bytes/endpoint.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* 107 bytes, the longest path that a socket can have. */
#define P100 \
	"/0123456789012345678901234567890123456789012345678901234567890123456" \
	"78901234567890123456789012345678"
#define P107 P100 "abcdefg"

/* Text and our spelling of it; NULL: refused, and why has this word in it. */
static const struct {
	const char *text, *want, *why;
} rows[] = {
    {"unix:/run/postseal/signer.sock", "unix:/run/postseal/signer.sock", NULL},
    {"local:/var/run/opendkim.sock", "unix:/var/run/opendkim.sock", NULL},
    {"/var/run/opendkim.sock", "unix:/var/run/opendkim.sock", NULL},
    {"unix:/with space:and@signs", "unix:/with space:and@signs", NULL},
    {"unix:" P107, "unix:" P107, NULL},
    {"inet:127.0.0.1:8891", "inet:127.0.0.1:8891", NULL},
    {"inet:0.0.0.0:1", "inet:0.0.0.0:1", NULL},
    {"inet:[::1]:65535", "inet:[::1]:65535", NULL},
    {"inet:[::ffff:192.0.2.1]:25", NULL, "address"},
    {"inet:localhost:8891", "inet:127.0.0.1:8891", NULL},
    {"inet:LocalHost:8891", "inet:127.0.0.1:8891", NULL},
    {"inet:8891", "inet:0.0.0.0:8891", NULL},
    {"inet:8891@127.0.0.1", "inet:127.0.0.1:8891", NULL},
    {"inet:8891@localhost", "inet:127.0.0.1:8891", NULL},
    {"inet:8891@::1", "inet:[::1]:8891", NULL},
    {"inet6:8891", "inet:[::]:8891", NULL},
    {"inet6:8891@::1", "inet:[::1]:8891", NULL},
    {"inet6:8891@[2001:DB8::1]", "inet:[2001:db8::1]:8891", NULL},
    {"inet6:8891@localhost", "inet:[::1]:8891", NULL},
    {"inet6:[::1]:8891", "inet:[::1]:8891", NULL},
    {"", NULL, "unix:/path or inet:"},
    {"127.0.0.1:8891", "inet:127.0.0.1:8891", NULL},
    {"[::1]:8891", "inet:[::1]:8891", NULL},
    {"8891", NULL, "unix:/path or inet:"},
    {"127.0.0.1", NULL, "unix:/path or inet:"},
    {"::1:8891", NULL, "unix:/path or inet:"},
    {"8891", NULL, "unix:/path or inet:"},
    {"INET:127.0.0.1:8891", NULL, "unix:/path or inet:"},
    {"tcp:127.0.0.1:8891", NULL, "unix:/path or inet:"},
    {"unix:", NULL, "begin with /"},
    {"unix:private/signer", NULL, "begin with /"},
    {"local:x", NULL, "begin with /"},
    {"unix:" P107 "h", NULL, "107"},
    {P107 "h", NULL, "107"},
    {"inet:", NULL, "port"},
    {"inet:0", NULL, "port"},
    {"inet:127.0.0.1:0", NULL, "port"},
    {"inet:127.0.0.1:65536", NULL, "port"},
    {"inet:127.0.0.1:08891", NULL, "port"},
    {"inet:127.0.0.1:+1", NULL, "port"},
    {"inet:127.0.0.1:88 91", NULL, "port"},
    {"inet:127.0.0.1:", NULL, "port"},
    {"inet:127.0.0.1", NULL, "port"},
    {"inet:99999999999999999999@127.0.0.1", NULL, "port"},
    {"inet:127.0.0.1@8891", NULL, "port"},
    {"inet:[::1]", NULL, "port"},
    {"inet:@127.0.0.1", NULL, "port"},
    {"inet::8891", NULL, "address is missing"},
    {"inet:8891@", NULL, "address is missing"},
    {"inet:::1:8891", NULL, "brackets"},
    {"inet:mail.example.com:8891", NULL, "not looked up"},
    {"inet:8891@mail.example.com", NULL, "not looked up"},
    {"inet:*:8891", NULL, "not looked up"},
    {"inet:127.0.0.1.1:8891", NULL, "not looked up"},
    {"inet:[127.0.0.1]:8891", NULL, "address"},
    {"inet:[]:8891", NULL, "address"},
    {"inet:[::1:8891", NULL, "address"},
    {"inet6:8891@127.0.0.1", NULL, "IPv6"},
    {"inet6:8891@::ffff:127.0.0.1", NULL, "IPv6"},
};

static void
parses(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span in = guard_copy(span_str(rows[i].text));
		struct endpoint e, before;
		const char *why = NULL;
		char text[ENDPOINT_TEXT_MAX];
		int rc;

		memset(&e, 0x55, sizeof e);
		before = e;
		rc = endpoint_parse(in, &e, &why);
		guard_free(in);
		suite_row(rows[i].text);
		if (rows[i].want != NULL) {
			CHECK(rc == 0);
			CHECK_STR(endpoint_text(&e, text), rows[i].want);
			continue;
		}
		CHECK(rc == -EINVAL);
		CHECK(memcmp(&e, &before, sizeof e) == 0);
		CHECK(why != NULL && strstr(why, rows[i].why) != NULL);
	}
	suite_row(NULL);
}

static void
refuses_a_nul(void)
{
	struct endpoint e;
	const char *why = NULL;

	CHECK(endpoint_parse(span_of("unix:/a\0b", 9), &e, &why) == -EINVAL);
	CHECK(endpoint_parse(span_of("inet:127.0.0.1\0:1", 17), &e, &why) ==
	    -EINVAL);
}

/* Our own spelling is read as the same endpoint; no two rows are confused. */
static void
comes_back_and_compares(void)
{
	static const char *const distinct[] = {"unix:/a", "unix:/ab", "unix:/b",
	    "inet:127.0.0.1:1", "inet:127.0.0.1:2", "inet:127.0.0.2:1",
	    "inet:[::1]:1", "inet:[::1]:2", "inet:[::2]:1"};
	enum { N = sizeof distinct / sizeof distinct[0] };
	struct endpoint e[N], again;
	const char *why;
	char text[ENDPOINT_TEXT_MAX];

	for (int i = 0; i < N; i++) {
		CHECK(endpoint_parse(span_str(distinct[i]), &e[i], &why) == 0);
		memset(&again, 0xff, sizeof again);
		CHECK(endpoint_parse(span_str(endpoint_text(&e[i], text)),
		          &again, &why) == 0);
		CHECK(endpoint_equal(&e[i], &again));
		for (int j = 0; j < i; j++)
			CHECK(!endpoint_equal(&e[i], &e[j]));
	}
}

SUITE("endpoint", T(parses), T(refuses_a_nul), T(comes_back_and_compares))
