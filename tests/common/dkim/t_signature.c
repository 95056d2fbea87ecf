#include <stdio.h>
#include <stdlib.h>

#include "common/dkim/signature.h"
#include "common/dkim/taglist.h"
#include "tests/support/eml.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

#define BH "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define V "v=1; a=rsa-sha256; "
#define REST "d=a.example; s=x; h=from; " BH "; b=BBBB"

/* --- what each mistake is ------------------------------------------------- */

static const struct {
	const char *value;
	enum dkim_result result;
	const char *reason; /* NULL: none */
} row[] = {
    {V REST, DKIM_PASS, NULL},
    {" " V "\r\n\t" REST " ;\r\n", DKIM_PASS, NULL},
    {V REST "; r=y; z=From:a|=; unknown=~", DKIM_PASS, NULL},
    /* v=: the text 1, and there */
    {"v=2; a=rsa-sha256; " REST, DKIM_PERMERROR, "v= is not 1"},
    {"v=1.0; a=rsa-sha256; " REST, DKIM_PERMERROR, "v= is not 1"},
    {"v=01; a=rsa-sha256; " REST, DKIM_PERMERROR, "v= is not 1"},
    {"v=; a=rsa-sha256; " REST, DKIM_PERMERROR, "v= is not 1"},
    {"a=rsa-sha256; " REST, DKIM_PERMERROR, "no v="},
    {"V=1; a=rsa-sha256; " REST, DKIM_PERMERROR, "no v="},
    /* a= */
    {"v=1; " REST, DKIM_PERMERROR, "no a="},
    {"v=1; a=rsa-sha1; " REST, DKIM_PERMERROR, "rsa-sha1 is not secure"},
    {"v=1; a=RSA-SHA256; " REST, DKIM_PERMERROR, "unknown algorithm in a="},
    {"v=1; a=; " REST, DKIM_PERMERROR, "unknown algorithm in a="},
    /* a tag twice: two readings */
    {"v=1; v=1; a=rsa-sha256; " REST, DKIM_NEUTRAL, "the same tag twice"},
    {V REST "; d=b.example", DKIM_NEUTRAL, "the same tag twice"},
    {V REST "; D=b.example", DKIM_PASS, NULL},
    {"", DKIM_NEUTRAL, "no tags at all"},
    {V ";" REST, DKIM_NEUTRAL, "a tag without \"=\""},
    /* what must be there */
    {V "s=x; h=from; " BH "; b=BBBB", DKIM_PERMERROR, "no d="},
    {V "d=a.example; h=from; " BH "; b=BBBB", DKIM_PERMERROR, "no s="},
    {V "d=a.example; s=x; " BH "; b=BBBB", DKIM_PERMERROR, "no h="},
    {V "d=a.example; s=x; h=from; b=BBBB", DKIM_PERMERROR, "no bh="},
    {V "d=a.example; s=x; h=from; " BH, DKIM_PERMERROR, "no b="},
    /* b=, bh=: base64, '=' at the end or not */
    {V "d=a.example; s=x; h=from; " BH "; b=", DKIM_NEUTRAL,
        "syntax error in b="},
    {V "d=a.example; s=x; h=from; " BH "; b=\r\n BB\r\n A", DKIM_PASS, NULL},
    {V "d=a.example; s=x; h=from; " BH "; b=BBBB-_", DKIM_NEUTRAL,
        "syntax error in b="},
    {V "d=a.example; s=x; h=from; b=BBBB; bh=AAAA", DKIM_NEUTRAL,
        "syntax error in bh="},
    {V "d=a.example; s=x; h=from; b=BBBB; "
       "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        DKIM_PASS, NULL},
    {V "d=a.example; s=x; h=from; b=BBBB; "
       "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        DKIM_NEUTRAL, "syntax error in bh="},
    {V "d=a.example; s=x; h=from; b=BBBB; bh=", DKIM_NEUTRAL,
        "syntax error in bh="},
    /* c= */
    {V "c=relaxed/simple; " REST, DKIM_PASS, NULL},
    {V "c=relaxed; " REST, DKIM_PASS, NULL},
    {V "c=Relaxed; " REST, DKIM_PERMERROR, "unknown canonicalization in c="},
    {V "c=nofws; " REST, DKIM_PERMERROR, "unknown canonicalization in c="},
    {V "c=simple/; " REST, DKIM_PERMERROR, "unknown canonicalization in c="},
    {V "c=; " REST, DKIM_PERMERROR, "unknown canonicalization in c="},
    {V "c=simple/simple/simple; " REST, DKIM_PERMERROR,
        "unknown canonicalization in c="},
    /* d= */
    {V "d=example; s=x; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in d="},
    {V "d=a.example.; s=x; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in d="},
    {V "d=[192.0.2.1]; s=x; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in d="},
    {V "d=192.0.2.1; s=x; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in d="},
    {V "d=a..example; s=x; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in d="},
    {V "d=a.ex\"ample; s=x; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in d="},
    {V "d=\xc3\xa4.example; s=x; h=from; " BH "; b=BBBB", DKIM_PASS, NULL},
    {V "d=\xc3.example; s=x; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in d="},
    /* s= */
    {V "d=a.example; s=x.y_1; h=from; " BH "; b=BBBB", DKIM_PASS, NULL},
    {V "d=a.example; s=; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in s="},
    {V "d=a.example; s=x..y; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in s="},
    {V "d=a.example; s=x.; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in s="},
    {V "d=a.example; s=a b; h=from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in s="},
    /* h= */
    {V "d=a.example; s=x; h=; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in h="},
    {V "d=a.example; s=x; h=from:; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in h="},
    {V "d=a.example; s=x; h=:from; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in h="},
    {V "d=a.example; s=x; h=from::to; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in h="},
    {V "d=a.example; s=x; h=from to; " BH "; b=BBBB", DKIM_NEUTRAL,
        "syntax error in h="},
    {V "d=a.example; s=x; h= to :\r\n\tFROM ; " BH "; b=BBBB", DKIM_PASS, NULL},
    {V "d=a.example; s=x; h=to:date; " BH "; b=BBBB", DKIM_PERMERROR,
        "From is not in h="},
    {V "d=a.example; s=x; h=fromm; " BH "; b=BBBB", DKIM_PERMERROR,
        "From is not in h="},
    /* i=: d=, or below it at a dot */
    {V "i=@a.example; " REST, DKIM_PASS, NULL},
    {V "i=joe@A.EXAMPLE; " REST, DKIM_PASS, NULL},
    {V "i=joe@b.a.example; " REST, DKIM_PASS, NULL},
    {V "i=joe@evila.example; " REST, DKIM_PERMERROR, "i= is not within d="},
    {V "i=joe@example; " REST, DKIM_PERMERROR, "i= is not within d="},
    {V "i=joe@a.example.evil; " REST, DKIM_PERMERROR, "i= is not within d="},
    {V "i=joe@a.example.; " REST, DKIM_PERMERROR, "i= is not within d="},
    {V "i=joe; " REST, DKIM_NEUTRAL, "syntax error in i="},
    {V "i=; " REST, DKIM_NEUTRAL, "syntax error in i="},
    {V "i=a=3Bb=40c@a.example; " REST, DKIM_PASS, NULL},
    {V "i=a=3@a.example; " REST, DKIM_NEUTRAL, "syntax error in i="},
    {V "i=a=3b@a.example; " REST, DKIM_NEUTRAL, "syntax error in i="},
    {V "i=a=00@a.example; " REST, DKIM_NEUTRAL, "syntax error in i="},
    {V "i=a@; " REST, DKIM_NEUTRAL, "syntax error in i="},
    /* l=: 76 digits */
    {V "l=0; " REST, DKIM_PASS, NULL},
    {V "l=7600000000000000000000000000000000000000"
       "000000000000000000000000000000000000; " REST,
        DKIM_PASS, NULL},
    {V "l=77000000000000000000000000000000000000000"
       "000000000000000000000000000000000000; " REST,
        DKIM_NEUTRAL, "syntax error in l="},
    {V "l=; " REST, DKIM_NEUTRAL, "syntax error in l="},
    {V "l=+1; " REST, DKIM_NEUTRAL, "syntax error in l="},
    {V "l=1 0; " REST, DKIM_NEUTRAL, "syntax error in l="},
    /* q= */
    {V "q=dns/txt; " REST, DKIM_PASS, NULL},
    {V "q=http/well-known : dns/txt; " REST, DKIM_PASS, NULL},
    {V "q=dns; " REST, DKIM_PERMERROR, "unknown method in q="},
    {V "q=; " REST, DKIM_PERMERROR, "unknown method in q="},
    /* t=, x=: 12 digits */
    {V "t=999999999999; " REST, DKIM_PASS, NULL},
    {V "t=1000000000000; " REST, DKIM_NEUTRAL, "syntax error in t="},
    {V "t=; " REST, DKIM_NEUTRAL, "syntax error in t="},
    {V "x=999999999999; " REST, DKIM_PASS, NULL},
    {V "x=1000000000000; " REST, DKIM_NEUTRAL, "syntax error in x="},
    {V "x=-1; " REST, DKIM_NEUTRAL, "syntax error in x="},
    {V "x=1 0; " REST, DKIM_NEUTRAL, "syntax error in x="},
    {V "t=5; x=6; " REST, DKIM_PASS, NULL},
    {V "t=5; x=5; " REST, DKIM_PERMERROR, "x= is not after t="},
    {V "t=5; x=4; " REST, DKIM_PERMERROR, "x= is not after t="},
};

static void
mistakes(void)
{
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span in = guard_copy(span_str(row[i].value));
		const char *reason = NULL;
		struct signature s;

		suite_row(row[i].value);
		CHECK(signature_read(in, &s, &reason) == row[i].result);
		CHECK_STR(reason, row[i].reason);
		guard_free(in);
	}
	suite_row(NULL);
}

/* --- what is read --------------------------------------------------------- */

static void
values(void)
{
	const char *reason;
	struct signature s;

	CU_ASSERT_FATAL(
	    signature_read(
	        span_str(
	            " v=1; a=ed25519-sha256; c=relaxed; d=A.Example; s=X.Y; "
	            "h=From : to:FROM; i=j=20o@b.a.example; l=12; t=5; "
	            "x=99; " BH "; b= QUJD\r\n\t"),
	        &s, &reason) == DKIM_PASS);
	CHECK(s.algorithm == KEY_ED25519_SHA256);
	CHECK(span_eq(s.algorithm_word, span_str("ed25519-sha256")));
	CHECK(s.header_canon == CANON_RELAXED && s.body_canon == CANON_SIMPLE);
	CHECK(span_eq(s.domain, span_str("A.Example")));
	CHECK_STR(s.domain_a, "a.example");
	CHECK_STR(s.name, "x.y._domainkey.a.example");
	CHECK_STR(s.identity, "j o@b.a.example");
	CHECK(!s.exact_identity);
	CHECK(s.has_length && s.length == 12 && s.time == 5 && s.expire == 99);
	CHECK(s.signature_n == 3 && memcmp(s.signature, "ABC", 3) == 0);
	CHECK(span_eq(s.b, span_str("QUJD")));
	CHECK(signature_names(&s, "from") == 2);
	CHECK(signature_names(&s, "cc") == 0);

	CHECK(signature_read(span_str(V REST), &s, &reason) == DKIM_PASS);
	CHECK_STR(s.identity, "@a.example");
	CHECK(s.exact_identity && !s.has_length);
	CHECK(s.header_canon == CANON_SIMPLE && s.time == 0);
	CHECK(s.expire == UINT64_MAX);
	CHECK(signature_read(span_str(V "l=99999999999999999999; " REST), &s,
	          &reason) == DKIM_PASS);
	CHECK(s.length == UINT64_MAX);
}

/* A result shows what was right before the mistake, and nothing of what was
 * not. */
static void
what_is_shown(void)
{
	const char *reason;
	struct signature s;

	signature_read(span_str("v=2; a=rsa-sha1; " REST), &s, &reason);
	CHECK(span_eq(s.algorithm_word, span_str("rsa-sha1")));
	CHECK_STR(s.domain_a, "a.example");
	CHECK(strcmp(s.selector, "x") == 0);
	CHECK(span_eq(s.b, span_str("BBBB")));
	signature_read(span_str("v=1; a=a(b; d=x\"; s=(; b=?"), &s, &reason);
	CHECK(s.algorithm_word.n == 0 && s.domain.n == 0 && s.b.n == 0);
	CHECK(s.selector[0] == '\0' && s.name[0] == '\0' &&
	    s.identity[0] == '\0');
	signature_read(span_str(V "x=1; x=2; " REST), &s, &reason);
	CHECK(s.domain.n == 0 && s.name[0] == '\0');
}

/* U-labels and A-labels are one domain (RFC 8616). */
static void
internationalized(void)
{
	const char *reason;
	struct signature s;

	CHECK(signature_read(
	          span_str(V "d=b\xc3\xbc"
	                     "cher.example; i=@xn--bcher-kva.example; s=x; "
	                     "h=from; " BH "; b=BBBB"),
	          &s, &reason) == DKIM_PASS);
	CHECK_STR(s.name, "x._domainkey.xn--bcher-kva.example");
	CHECK(s.exact_identity);
}

/* --- limits --------------------------------------------------------------- */

static enum dkim_result
with(const char *tag, size_t n, char c, const char **ret_reason)
{
	char *text = malloc(n + 1);
	struct signature s;
	struct buf value;
	enum dkim_result got;

	memset(text, c, n);
	text[n] = '\0';
	buf_init(&value, 1 << 20);
	buf_fmt(&value, V "d=a.example; h=from; " BH "; %s%s%s%s", tag, text,
	    tag[0] == 'b' ? "" : "; b=BBBB", tag[0] == 's' ? "" : "; s=x");
	*ret_reason = NULL;
	got = signature_read(buf_view(&value), &s, ret_reason);
	buf_free(&value);
	free(text);
	return got;
}

static void
limits(void)
{
	const char *why;
	struct buf h;
	struct signature s;

	/* base64 of SIGNATURE_BYTES_MAX bytes, and of one more */
	CHECK(with("b=", 1366, 'A', &why) == DKIM_PASS);
	CHECK(with("b=", 1368, 'A', &why) == DKIM_NEUTRAL);
	/* "x._domainkey.a.example" may have 253 octets: labels of 63 */
	CHECK(with("s=", 63, 'x', &why) == DKIM_PASS);
	CHECK(with("s=", 64, 'x', &why) == DKIM_NEUTRAL);
	CHECK_STR(why, "syntax error in s=");
	for (size_t extra = 0; extra < 2; extra++) {
		buf_init(&h, 1 << 20);
		buf_str(&h, V "d=a.example; s=x; " BH "; b=BBBB; h=from");
		for (size_t i = 1; i < SIGNATURE_NAMES_MAX + extra; i++)
			buf_str(&h, ":x");
		CHECK(signature_read(buf_view(&h), &s, &why) ==
		    (extra == 0 ? DKIM_PASS : DKIM_NEUTRAL));
		buf_free(&h);
	}
	for (size_t extra = 0; extra < 2; extra++) {
		buf_init(&h, 1 << 20);
		buf_str(&h, V REST "; i=");
		for (size_t i = 10; i < SIGNATURE_IDENTITY_MAX + extra; i++)
			buf_byte(&h, 'i');
		buf_str(&h, "@a.example");
		CHECK(signature_read(buf_view(&h), &s, &why) ==
		    (extra == 0 ? DKIM_PASS : DKIM_NEUTRAL));
		buf_free(&h);
	}
	for (size_t extra = 0; extra < 2; extra++) {
		buf_init(&h, 1 << 20);
		buf_str(&h, V "h=from; " BH "; b=BBBB; d=a.example; s=");
		/* ._domainkey.a.example */
		for (size_t i = 21; i < DOMAIN_MAX + extra; i++)
			buf_byte(&h, i % 2 == 0 ? '.' : 'x');
		if (h.p[h.n - 1] == '.')
			h.p[h.n - 1] = 'x';
		CHECK(signature_read(buf_view(&h), &s, &why) ==
		    (extra == 0 ? DKIM_PASS : DKIM_NEUTRAL));
		buf_free(&h);
	}
}

static void
words(void)
{
	static const char *const want[] = {"none", "pass", "fail", "policy",
	    "neutral", "temperror", "permerror"};

	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		CHECK_STR(dkim_result_word((enum dkim_result)i), want[i]);
}

static void
published(void)
{
	const char *reason;
	struct signature s;
	struct eml e;

	eml_read("tests/vectors/rfc8463-A.3.eml", &e);
	CHECK(signature_read(e.field[0].value, &s, &reason) == DKIM_PASS);
	CHECK(s.algorithm == KEY_ED25519_SHA256 && s.signature_n == 64);
	CHECK_STR(s.name, "brisbane._domainkey.football.example.com");
	CHECK(signature_read(e.field[1].value, &s, &reason) == DKIM_PASS);
	CHECK(s.algorithm == KEY_RSA_SHA256 && s.signature_n == 128);
	CHECK_STR(s.name, "test._domainkey.football.example.com");
	eml_free(&e);
}

SUITE("signature", T(mistakes), T(values), T(what_is_shown),
    T(internationalized), T(limits), T(words), T(published))
