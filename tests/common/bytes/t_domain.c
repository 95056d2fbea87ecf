#include <errno.h>

#include "common/bytes/domain.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789a"
#define L61 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz012345678"
#define N253 L63 "." L63 "." L63 "." L61

static const struct {
	const char *name;
	bool is_name, is_mail;
} names[] = {
    {"example.com", true, true},
    {"example.com.", true, true},
    {"EXAMPLE.Com", true, true},
    {"_spf.example.com", true, true},
    {"-a.b-", true, true},
    {"1.example", true, true},
    {"example.1a", true, true},
    {"com", true, false},
    {"com.", true, false},
    {"192.0.2.1", true, false},
    {"example.123", true, false},
    {"example.123.", true, false},
    {"a b.example", true, false},
    {"a@b.example", true, false},
    {"b\303\274cher.example", true, false},
    {"a\\.b.example", true, false},
    {"", false, false},
    {".", false, false},
    {"..", false, false},
    {".example", false, false},
    {"a..b", false, false},
    {"a.b..", false, false},
    {L63 ".example", true, true},
    {L63 "x.example", false, false},
    {N253, true, true},
    {N253 ".", true, true},
    {N253 "x", false, false},
    {N253 "x.", false, false},
};

static void
judges_names(void)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct span in = guard_copy(span_str(names[i].name));

		suite_row(names[i].name);
		CHECK(domain_is_name(in) == names[i].is_name);
		CHECK(domain_is_mail(in) == names[i].is_mail);
		guard_free(in);
	}
	suite_row(NULL);
}

/* NULL: refused. */
static const struct {
	const char *name, *want;
} ascii[] = {
    {"Example.COM", "example.com"},
    {"example.com.", "example.com"},
    {"com", "com"},
    {"a b!.Example", "a b!.example"},
    {"_DMARC.example", "_dmarc.example"},
    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
    {"xn--not-punycode-.example", "xn--not-punycode-.example"},
    {"b\303\274cher.example", "xn--bcher-kva.example"},
    {"B\303\234CHER.Example", "xn--bcher-kva.example"},
    {"bu\314\210cher.example", "xn--bcher-kva.example"},
    {"stra\303\237e.example", "xn--strae-oqa.example"},
    {"_x.b\303\274cher.example", "_x.xn--bcher-kva.example"},
    {"\346\227\245\346\234\254.jp", "xn--wgv71a.jp"},
    {"\346\227\245\346\234\254\343\200\202jp", "xn--wgv71a.jp"},
    {"\343\201\202.b\303\274.example", "xn--l8j.xn--b-eha.example"},
    {N253, N253},
    {N253 ".", N253},
    {"", NULL},
    {".", NULL},
    {"a..b", NULL},
    {"a.b..", NULL},
    {".a", NULL},
    {L63 "x.example", NULL},
    {N253 "x", NULL},
    {"\303.example", NULL},
    {"\377\376.example", NULL},
    {"\300\200.example", NULL},
    {"\355\240\200.example", NULL},
    {"\303\274" L61 ".example", NULL},
    {"\346\227\245\343\200\202\343\200\202jp", NULL},
    {"\314\201a.example", NULL},
};

static void
makes_a_labels(void)
{
	for (size_t i = 0; i < sizeof ascii / sizeof ascii[0]; i++) {
		struct span in = guard_copy(span_str(ascii[i].name));
		char out[DOMAIN_MAX + 1] = "untouched";
		int rc = domain_to_ascii(in, out);

		suite_row(ascii[i].name);
		CHECK(rc == (ascii[i].want == NULL ? -EINVAL : 0));
		CHECK_STR(
		    out, ascii[i].want == NULL ? "untouched" : ascii[i].want);
		guard_free(in);
	}
	suite_row(NULL);
}

static void
refuses_a_nul(void)
{
	char out[DOMAIN_MAX + 1];

	CHECK(domain_to_ascii(span_of("a\0.example", 10), out) == -EINVAL);
	CHECK(
	    domain_to_ascii(span_of("\303\274\0.example", 11), out) == -EINVAL);
}

/* Far longer than any name, of U-labels that shrink or grow. */
static void
bears_long_names(void)
{
	char in[5000], out[DOMAIN_MAX + 1];

	for (size_t n = 0; n + 3 < sizeof in; n += 3)
		memcpy(
		    in + n, n % 30 == 27 ? "\343\200\202" : "\346\227\245", 3);
	for (size_t n = 3; n + 3 < sizeof in; n += 3) {
		int rc = domain_to_ascii(span_of(in, n), out);

		CHECK(rc == -EINVAL || strlen(out) <= DOMAIN_MAX);
	}
}

static const struct {
	const char *child, *parent;
	bool within, equal;
} pairs[] = {
    {"example.com", "example.com", true, true},
    {"EXAMPLE.com", "example.COM.", true, true},
    {"mail.example.com", "example.com", true, false},
    {"a.b.Example.com.", "example.com", true, false},
    {"notexample.com", "example.com", false, false},
    {"example.com", "mail.example.com", false, false},
    {"xample.com", "example.com", false, false},
    {".example.com", "example.com", true, false},
    {"example.com", "com", true, false},
    {"example.com", "", false, false},
    {"example.com", ".", false, false},
    {"", "", false, true},
    {"com", "com", true, true},
    {"example.org", "example.com", false, false},
};

static void
compares(void)
{
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct span a = guard_copy(span_str(pairs[i].child));
		struct span b = guard_copy(span_str(pairs[i].parent));

		suite_row(pairs[i].child);
		CHECK(domain_within(a, b) == pairs[i].within);
		CHECK(domain_equal(a, b) == pairs[i].equal);
		CHECK(domain_equal(b, a) == pairs[i].equal);
		guard_free(a);
		guard_free(b);
	}
	suite_row(NULL);
}

SUITE("domain", T(judges_names), T(makes_a_labels), T(refuses_a_nul),
    T(bears_long_names), T(compares))
