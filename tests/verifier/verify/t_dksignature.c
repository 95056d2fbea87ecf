#include <stdio.h>
#include <string.h>

#include "tests/support/guard.h"
#include "tests/support/suite.h"
#include "verifier/verify/dksignature.h"

#define REST "d=a.example; s=k; c=nofws; q=dns; b=AAAA"

static const struct {
	const char *value;
	const char *why; /* NULL: it can be verified */
	const char *got; /* d= s= h=, c= */
} rows[] = {
    {" a=rsa-sha1; " REST, NULL, "a.example k  nofws"},
    {" " REST, NULL, "a.example k  nofws"},
    {REST ";", NULL, "a.example k  nofws"},
    {"b=AA AA\n\tAA==; d=A.Example;\n s=K.2005; c=simple; h=from\n\t: TO", NULL,
        "a.example k.2005 from\n\t: TO simple"},
    {"b=AAAA; q=dns; c=simple; s=_x-1; d=b.a.example", NULL,
        "b.a.example _x-1  simple"},
    {"d=a.example; s=k; c=nofws; b=AAAA", NULL, "a.example k  nofws"},
    {REST "; n=two words, = and :; z=", NULL, "a.example k  nofws"},
    /* those of DKIM mean nothing */
    {REST "; x=1; t=junk; i=@elsewhere; l=0; v=9", NULL, "a.example k  nofws"},

    /* appendix A */
    {"", "no tags at all", "   simple"},
    {";", "a tag without \"=\"", "   simple"},
    {REST ";;", "a tag without \"=\"", "   simple"},
    {REST "; d=a.example", "the same tag twice", "   simple"},
    {REST "; n=1; n=1", "the same tag twice", "   simple"},
    {REST "; bh=AAAA", "a tag's name is not one small letter", "   simple"},
    {REST "; A=rsa-sha1", "a tag's name is not one small letter", "   simple"},
    {REST "; n=\xc3\xa9", "a tag's value is not of ASCII", "   simple"},
    {"d=\xc3\xa9.example; s=k; c=simple; b=AAAA",
        "a tag's value is not of ASCII", "   simple"},
    {REST "; n=\x01", "a control character in a tag's value", "   simple"},

    /* 3.3 */
    {"a=rsa-sha256; " REST, "unknown algorithm in a=", "a.example k  nofws"},
    {"a=RSA-SHA1; " REST, "unknown algorithm in a=", "a.example k  nofws"},
    {"a=; " REST, "unknown algorithm in a=", "a.example k  nofws"},
    {"d=a.example; s=k; c=nofws", "no b=", "a.example k  nofws"},
    {"d=a.example; s=k; c=nofws; b=", "syntax error in b=",
        "a.example k  nofws"},
    {"d=a.example; s=k; c=nofws; b=A*AA",
        "syntax error in b=", "a.example k  nofws"},
    {"d=a.example; s=k; b=AAAA", "no c=", "a.example k  simple"},
    {"d=a.example; s=k; c=; b=AAAA",
        "unknown canonicalization in c=", "a.example k  simple"},
    {"d=a.example; s=k; c=NoFWS; b=AAAA",
        "unknown canonicalization in c=", "a.example k  simple"},
    {"d=a.example; s=k; c=relaxed; b=AAAA",
        "unknown canonicalization in c=", "a.example k  simple"},
    {"d=a.example; s=k; c=simple/nofws; b=AAAA",
        "unknown canonicalization in c=", "a.example k  simple"},
    {"s=k; c=nofws; b=AAAA", "no d=", " k  nofws"},
    {"d=; s=k; c=nofws; b=AAAA", "syntax error in d=", " k  nofws"},
    {"d=example; s=k; c=nofws; b=AAAA", "syntax error in d=", " k  nofws"},
    {"d=a.example.; s=k; c=nofws; b=AAAA", "syntax error in d=", " k  nofws"},
    {"d=a b.example; s=k; c=nofws; b=AAAA", "syntax error in d=", " k  nofws"},
    {"d=a.\n\texample; s=k; c=nofws; b=AAAA",
        "syntax error in d=", " k  nofws"},
    {REST "; h=", "syntax error in h=", "a.example k  nofws"},
    {REST "; h=from:", "syntax error in h=", "a.example k  nofws"},
    {REST "; h=from::to", "syntax error in h=", "a.example k  nofws"},
    {"d=a.example; s=k; c=nofws; q=; b=AAAA",
        "unknown method in q=", "a.example k  nofws"},
    {"d=a.example; s=k; c=nofws; q=bogus; b=AAAA",
        "unknown method in q=", "a.example k  nofws"},
    {"d=a.example; s=k; c=nofws; q=dns/txt; b=AAAA",
        "unknown method in q=", "a.example k  nofws"},
    {"d=a.example; c=nofws; b=AAAA", "no s=", "a.example   nofws"},
    {"d=a.example; s=; c=nofws; b=AAAA",
        "syntax error in s=", "a.example   nofws"},
    {"d=a.example; s=k(x); c=nofws; b=AAAA",
        "syntax error in s=", "a.example   nofws"},
};

static void
each_row(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span in = guard_copy(span_str(rows[i].value));
		struct dksignature s;
		char got[3 * DOMAIN_MAX];

		suite_row(rows[i].value);
		memset(&s, 0xff, sizeof s);
		CHECK_STR(dksignature_read(in, &s), rows[i].why);
		snprintf(got, sizeof got, "%s %s %.*s %s", s.tags.domain_a,
		    s.tags.selector, (int)s.tags.headers.n,
		    s.tags.headers.n == 0 ? "" : s.tags.headers.p,
		    s.nofws ? "nofws" : "simple");
		CHECK_STR(got, rows[i].got);
		guard_free(in);
	}
	suite_row(NULL);
}

static void
name_and_signature(void)
{
	static struct dksignature s;
	static char many[3 * SIGNATURE_NAMES_MAX + 100];
	size_t n = (size_t)snprintf(many, sizeof many, REST "; h=x");

	CHECK_STR(dksignature_read(
	              span_str("b=AQ ID; d=A.example; s=x.Y; c=simple"), &s),
	    NULL);
	CHECK_STR(s.tags.name, "x.y._domainkey.a.example");
	CHECK(s.tags.signature_n == 3 &&
	    memcmp(s.tags.signature, "\1\2\3", 3) == 0);
	for (size_t i = 1; i < SIGNATURE_NAMES_MAX; i++, n += 2)
		memcpy(many + n, ":x", 2);
	CHECK_STR(dksignature_read(span_of(many, n), &s), NULL);
	memcpy(many + n, ":x", 2);
	CHECK_STR(
	    dksignature_read(span_of(many, n + 2), &s), "too many names in h=");
}

SUITE("dksignature", T(each_row), T(name_and_signature))
