#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/dns/dnsmsg.h"
#include "common/dns/dnsname.h"
#include "common/limits.h"
#include "tests/support/answer.h"
#include "tests/support/cputime.h"
#include "tests/support/guard.h"
#include "tests/support/nomem.h"
#include "tests/support/suite.h"
#include "tests/support/zone.h"

enum {
	ANSWER = 0x8180, /* QR, RD, RA */
	CNAME = 5
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* A message that is put together by hand. */
struct msg {
	unsigned char p[70000];
	size_t n;
};

/* What dnsmsg_read() says of that message as an answer to that name. */
static int
read_of(struct span msg, const char *name, enum dns_type type,
    struct dns_answer **ret)
{
	struct dnsname wire;

	CU_ASSERT_FATAL(dnsname_parse(span_str(name), &wire) == 0);
	return dnsmsg_read(msg, &wire, type, ret);
}

static const char *
read_text(const void *p, size_t n, const char *name, enum dns_type type)
{
	struct span copy = guard_copy(span_of(p, n));
	struct dns_answer *a;
	const char *text;

	CU_ASSERT_EQUAL_FATAL(read_of(copy, name, type, &a), 0);
	guard_free(copy);
	text = answer_text(a, type);
	CU_ASSERT_EQUAL(a->security, DNS_INSECURE);
	CU_ASSERT_EQUAL(a->status == DNS_FOUND, a->n > 0);
	CU_ASSERT_EQUAL(a->status == DNS_TEMPERROR, a->why != NULL);
	dns_answer_free(a);
	return text;
}

/* --- messages by hand ----------------------------------------------------- */

static void
put(struct msg *m, const void *p, size_t n)
{
	CU_ASSERT_FATAL(n <= sizeof m->p - m->n);
	memcpy(m->p + m->n, p, n);
	m->n += n;
}

static void
put16(struct msg *m, unsigned v)
{
	unsigned char b[2] = {(unsigned char)(v >> 8), (unsigned char)v};

	put(m, b, 2);
}

static void
put_name(struct msg *m, const char *name)
{
	unsigned char wire[ZONE_WIRE_MAX];

	put(m, wire, zone_name(span_str(name), wire));
}

static void
begin(struct msg *m, unsigned flags, const char *name, unsigned type)
{
	m->n = 0;
	put16(m, 0);
	put16(m, flags);
	put16(m, 1);
	put(m, "\0\0\0\0\0\0", 6);
	put_name(m, name);
	put16(m, type);
	put16(m, 1);
}

/* Everything of a record between its owner name and its RDATA; counts it. */
static void
put_head(struct msg *m, unsigned type, unsigned class, size_t size)
{
	put16(m, type);
	put16(m, class);
	put(m, "\0\0\1\54", 4);
	put16(m, (unsigned)size);
	if (++m->p[7] == 0)
		m->p[6]++;
}

static void
put_rr(struct msg *m, const char *name, unsigned type, const void *p, size_t n)
{
	put_name(m, name);
	put_head(m, type, 1, n);
	put(m, p, n);
}

static void
put_alias(struct msg *m, const char *name, const char *target)
{
	unsigned char wire[ZONE_WIRE_MAX];
	size_t n = zone_name(span_str(target), wire);

	put_rr(m, name, CNAME, wire, n);
}

static const char *
msg_text(const struct msg *m, enum dns_type type)
{
	return read_text(m->p, m->n, "a.example", type);
}

/* --- what a server sends -------------------------------------------------- */

static const char zone[] =
    "example.com TXT \"v=spf1 \" \"mx -all\"\n"
    "example.com TXT \"another\"\n"
    "example.com TXT \"\"\n"
    "example.com MX 10 Mx.example.com\n"
    "example.com MX 65535 .\n"
    "mx.example.com A 192.0.2.1\n"
    "mx.example.com A 192.0.2.2\n"
    "mx.example.com AAAA 2001:db8::1\n"
    "mx.example.com AAAA ::ffff:192.0.2.3\n"
    "1.2.0.192.in-addr.arpa PTR mx.example.com\n"
    "1.2.0.192.in-addr.arpa PTR w\\.x\\032y\\\\\\255.example.com\n"
    "www.example.com CNAME web.example.com\n"
    "web.example.com CNAME mx.example.com\n"
    "into.example.com CNAME nowhere.example.com\n"
    "half.example.com CNAME example.com\n"
    "back\\\\slash.sp\\032ace.ctl\\007.\\255.example.com A 192.0.2.4\n"
    "odd.example.com TXT \\# 0\n"
    "odd.example.com TXT \\# 3 0261Ff\n"
    "fail.example.com ANY servfail\n"
    "refused.example.com ANY refused\n";

static const struct {
	const char *name;
	enum dns_type type;
	const char *answer;
} answers[] = {
    {"example.com", DNS_TXT, "found 'v=spf1 mx -all' | 'another' | ''"},
    {"Example.COM.", DNS_TXT, "found 'v=spf1 mx -all' | 'another' | ''"},
    {"example.com", DNS_MX, "found 10 mx.example.com | 65535 "},
    {"mx.example.com", DNS_A, "found 192.0.2.1 | 192.0.2.2"},
    {"mx.example.com", DNS_AAAA, "found 2001:db8::1 | ::ffff:192.0.2.3"},
    {"1.2.0.192.in-addr.arpa", DNS_PTR,
        "found 0 mx.example.com | 0 w\\.x\\032y\\\\\\255.example.com"},
    {"www.example.com", DNS_A, "found 192.0.2.1 | 192.0.2.2"},
    {"www.example.com", DNS_TXT, "nodata"},
    {"half.example.com", DNS_A, "nodata"},
    {"into.example.com", DNS_A, "nxdomain"},
    {"into.example.com", DNS_CNAME, "found 0 nowhere.example.com"},
    {"example.com", DNS_CNAME, "nodata"},
    {"nowhere.example.com", DNS_CNAME, "nxdomain"},
    {"back\\slash.sp ace.ctl\a.\377.example.com", DNS_A, "found 192.0.2.4"},
    {"example.com", DNS_A, "nodata"},
    {"odd.example.com", DNS_TXT, "found 'a\377'"},
    {"nowhere.example.com", DNS_TXT, "nxdomain"},
    {"fail.example.com", DNS_TXT, "temperror SERVFAIL"},
    {"refused.example.com", DNS_TXT, "temperror REFUSED"},
};

static size_t
ask_zone(const struct zone *z, const char *name, enum dns_type type,
    unsigned char *reply)
{
	unsigned char query[ZONE_WIRE_MAX + 16];
	struct dnsname wire;
	size_t n;

	CU_ASSERT_EQUAL_FATAL(dnsname_parse(span_str(name), &wire), 0);
	n = zone_query(7, wire.b, (unsigned)type, query);
	return zone_reply(z, query, n, ZONE_MESSAGE_MAX, reply);
}

static void
every_kind_of_answer(void)
{
	static unsigned char reply[ZONE_MESSAGE_MAX];
	struct zone *z = zone_new();
	char why[256];

	CU_ASSERT_EQUAL_FATAL(zone_add(z, zone, why), 0);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		const char *name = answers[i].name;
		enum dns_type type = answers[i].type;
		size_t n = ask_zone(z, name, type, reply);

		suite_row(name);
		CHECK_STR(read_text(reply, n, name, type), answers[i].answer);
	}
	zone_free(z);
}

/* A message cut anywhere before the end of its answer section is malformed. */
static void
every_cut_of_an_answer(void)
{
	static unsigned char reply[ZONE_MESSAGE_MAX];
	struct zone *z = zone_new();
	char why[256];

	CU_ASSERT_EQUAL_FATAL(zone_add(z, zone, why), 0);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		const char *name = answers[i].name;
		enum dns_type type = answers[i].type;
		size_t n = ask_zone(z, name, type, reply);

		suite_row(name);
		if (strncmp(answers[i].answer, "found", 5) != 0)
			continue;
		for (size_t cut = 0; cut < n; cut++)
			CHECK_STR(read_text(reply, cut, name, type),
			    "temperror malformed answer");
	}
	zone_free(z);
}

/* --- header and question -------------------------------------------------- */

static const struct {
	unsigned flags;
	const char *answer;
} headers[] = {
    {0x8180, "found 192.0.2.1"},
    {0x8580, "found 192.0.2.1"}, /* AA */
    {0x81b0, "found 192.0.2.1"}, /* AD and CD */
    {0x0180, "temperror malformed answer"},
    {0x8380, "temperror truncated answer"},
    {0x8181, "temperror FORMERR"},
    {0x8182, "temperror SERVFAIL"},
    {0x8183, "nxdomain"},
    {0x8184, "temperror NOTIMP"},
    {0x8185, "temperror REFUSED"},
    {0x8186, "temperror unusual RCODE"},
    {0x818f, "temperror unusual RCODE"},
    {0x8383, "temperror truncated answer"},
    {0x8382, "temperror SERVFAIL"},
};

static void
header_flags(void)
{
	static struct msg m;
	static char row[16];

	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		begin(&m, headers[i].flags, "a.example", DNS_A);
		put_rr(&m, "a.example", DNS_A, "\300\0\2\1", 4);
		snprintf(row, sizeof row, "%04x", headers[i].flags);
		suite_row(row);
		CHECK_STR(msg_text(&m, DNS_A), headers[i].answer);
	}
}

static void
other_questions(void)
{
	static struct msg m;

	begin(&m, ANSWER, "A.EXAMPLE", DNS_A);
	CHECK_STR(msg_text(&m, DNS_A), "nodata");
	CHECK_STR(
	    msg_text(&m, DNS_TXT), "temperror answer to another question");
	begin(&m, ANSWER, "b.example", DNS_A);
	CHECK_STR(msg_text(&m, DNS_A), "temperror answer to another question");
	begin(&m, ANSWER | 3, "b.example", DNS_A);
	CHECK_STR(msg_text(&m, DNS_A), "temperror answer to another question");
	begin(&m, ANSWER, "a.example", DNS_A);
	m.p[m.n - 1] = 3; /* class CH */
	CHECK_STR(msg_text(&m, DNS_A), "temperror answer to another question");
	begin(&m, ANSWER, "a.example", DNS_A);
	m.p[5] = 0;
	CHECK_STR(msg_text(&m, DNS_A), "temperror malformed answer");
	m.p[5] = 2;
	CHECK_STR(msg_text(&m, DNS_A), "temperror malformed answer");
}

/* n records with the same data; the owner is a pointer to offset `owner`. */
static void
put_many(struct msg *m, unsigned owner, unsigned type, size_t n,
    const char *data, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		put16(m, 0xc000 | owner);
		put_head(m, type, 1, size);
		put(m, data, size);
	}
}

/* n records, whose three dashes become a number. */
static void
put_counted(
    struct msg *m, unsigned type, size_t n, const char *data, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char *at;

		put_many(m, 12, type, 1, data, size);
		at = memchr(m->p + m->n - size, '-', size);
		if (at == NULL)
			continue;
		at[0] = (unsigned char)('a' + i / 26 / 26);
		at[1] = (unsigned char)('a' + i / 26 % 26);
		at[2] = (unsigned char)('a' + i % 26);
	}
}

/* --- CNAMEs --------------------------------------------------------------- */

static void
aliases_in_any_order(void)
{
	static struct msg m;

	begin(&m, ANSWER, "a.example", DNS_A);
	put_rr(&m, "c.example", DNS_A, "\300\0\2\1", 4);
	put_alias(&m, "B.example", "C.example");
	put_rr(&m, "other.example", DNS_A, "\300\0\2\2", 4);
	put_alias(&m, "A.example", "b.EXAMPLE");
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	/* Two at one name: the first. */
	put_alias(&m, "a.example", "other.example");
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	/* A name that has both, which none may: what stands first. */
	put_rr(&m, "a.example", DNS_A, "\300\0\2\3", 4);
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	begin(&m, ANSWER, "a.example", DNS_A);
	put_rr(&m, "a.example", DNS_A, "\300\0\2\3", 4);
	put_alias(&m, "a.example", "b.example");
	put_rr(&m, "b.example", DNS_A, "\300\0\2\1", 4);
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.3");
}

static void
aliases_that_end_nowhere(void)
{
	static struct msg m;

	begin(&m, ANSWER, "a.example", DNS_A);
	put_alias(&m, "a.example", "b.example");
	CHECK_STR(msg_text(&m, DNS_A), "nodata");
	put_alias(&m, "b.example", "a.example");
	CHECK_STR(msg_text(&m, DNS_A), "temperror CNAME loop");
	begin(&m, ANSWER, "a.example", DNS_A);
	put_alias(&m, "a.example", "a.example");
	CHECK_STR(msg_text(&m, DNS_A), "temperror CNAME loop");
	begin(&m, ANSWER, "a.example", DNS_A);
	put_rr(&m, "a.example", CNAME, "\1b", 2);
	CHECK_STR(msg_text(&m, DNS_A), "temperror malformed answer");
}

static void
chain_of(struct msg *m, unsigned aliases)
{
	char from[40], to[40];

	begin(m, ANSWER, "a.example", DNS_A);
	for (unsigned i = 0; i < aliases; i++) {
		snprintf(
		    from, sizeof from, i == 0 ? "a.example" : "n%u.example", i);
		snprintf(to, sizeof to, "n%u.example", i + 1);
		put_alias(m, from, to);
	}
	put_rr(m, to, DNS_A, "\300\0\2\1", 4);
}

/* The same in reverse. */
static void
backward_chain_of(struct msg *m, unsigned aliases)
{
	char from[40], to[40];

	begin(m, ANSWER, "a.example", DNS_A);
	snprintf(to, sizeof to, "n%u.example", aliases);
	put_rr(m, to, DNS_A, "\300\0\2\1", 4);
	for (unsigned i = aliases; i-- > 0;) {
		snprintf(
		    from, sizeof from, i == 0 ? "a.example" : "n%u.example", i);
		snprintf(to, sizeof to, "n%u.example", i + 1);
		put_alias(m, from, to);
	}
}

static void
longest_chain_of_aliases(void)
{
	static struct msg m;

	chain_of(&m, DNS_CNAME_MAX + 1);
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	chain_of(&m, 1500);
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	put_many(&m, 12, CNAME, 1, "\300\14", 2); /* beside the chain */
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	backward_chain_of(&m, DNS_CNAME_MAX);
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	backward_chain_of(&m, DNS_CNAME_MAX + 1);
	CHECK_STR(msg_text(&m, DNS_A), "temperror CNAME loop");
}

/* One that cannot be read, alone and beside one that can. */
static void
odd_alias(void)
{
	static struct msg m;

	begin(&m, ANSWER, "a.example", DNS_A);
	put_rr(&m, "a.example", CNAME, "", 0);
	put_rr(&m, "b.example", DNS_A, "\300\0\2\1", 4);
	CHECK_STR(msg_text(&m, DNS_A), "temperror malformed answer");
	put_alias(&m, "a.example", "b.example");
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	put_rr(&m, "a.example", CNAME, "\1b\0x", 4);
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	begin(&m, ANSWER, "a.example", DNS_A);
	put_rr(&m, "a.example", CNAME, "\1b", 2);
	put_rr(&m, "a.example", DNS_A, "\300\0\2\1", 4);
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
}

/* --- records -------------------------------------------------------------- */

static const struct {
	enum dns_type type;
	const char *bytes;
	size_t n;
	const char *answer;
} records[] = {
    {DNS_A, BYTES("\300\0\2\1"), "found 192.0.2.1"},
    {DNS_A, BYTES("\300\0\2"), "nodata"},
    {DNS_A, BYTES("\300\0\2\1\1"), "nodata"},
    {DNS_A, BYTES(""), "nodata"},
    {DNS_AAAA, BYTES("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"),
        "found 2001:db8::1"},
    {DNS_AAAA, BYTES("\300\0\2\1"), "nodata"},
    {DNS_MX, BYTES("\0\12\1m\0"), "found 10 m"},
    {DNS_MX, BYTES("\0\12\1m\300\14"), "found 10 m.a.example"},
    {DNS_MX, BYTES("\0\12\1m\0x"), "nodata"},
    {DNS_MX, BYTES("\0\12\300\14x"), "nodata"},
    {DNS_MX, BYTES("\0\12"), "nodata"},
    {DNS_MX, BYTES("\0"), "nodata"},
    {DNS_MX, BYTES("\0\12\1m"), "nodata"},
    {DNS_MX, BYTES("\0\12\2m\0"), "nodata"},
    {DNS_MX, BYTES("\0\12\377\377"), "nodata"}, /* leads ahead */
    {DNS_MX, BYTES("\0\12\300"), "nodata"},
    {DNS_MX, BYTES("\0\12\100\0"), "nodata"}, /* a label type of none */
    {DNS_PTR, BYTES("\1p\0"), "found 0 p"},
    {DNS_PTR, BYTES("\1p\0\0"), "nodata"},
    {DNS_PTR, BYTES(""), "nodata"},
    {DNS_TXT, BYTES("\3abc"), "found 'abc'"},
    {DNS_TXT, BYTES("\1a\0\2bc"), "found 'abc'"},
    {DNS_TXT, BYTES("\0"), "found ''"},
    {DNS_TXT, BYTES(""), "nodata"},
    {DNS_TXT, BYTES("\4abc"), "nodata"},
    {DNS_TXT, BYTES("\3abc\1"), "nodata"},
};

/* Each of them alone, and between two that are right: those are found. */
static void
record_data(void)
{
	static const struct {
		enum dns_type type;
		const char *bytes[2];
		size_t n;
		const char *text[2];
	} good[] = {
	    {DNS_A, {"\1\1\1\1", "\2\2\2\2"}, 4, {"1.1.1.1", "2.2.2.2"}},
	    {DNS_AAAA, {"AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB"}, 16,
	        {"4141:4141:4141:4141:4141:4141:4141:4141",
	            "4242:4242:4242:4242:4242:4242:4242:4242"}},
	    {DNS_MX, {"\0\1\1x\0", "\0\2\1y\0"}, 5, {"1 x", "2 y"}},
	    {DNS_PTR, {"\1x\0", "\1y\0"}, 3, {"0 x", "0 y"}},
	    {DNS_TXT, {"\1x", "\1y"}, 2, {"'x'", "'y'"}},
	};
	static struct msg m;
	char row[16], want[200];

	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		unsigned type = (unsigned)records[i].type;
		bool found = records[i].answer[0] == 'f';
		size_t g = 0;

		while (good[g].type != records[i].type)
			g++;
		snprintf(row, sizeof row, "record %zu", i);
		suite_row(row);
		begin(&m, ANSWER, "a.example", type);
		put_rr(&m, "a.example", type, records[i].bytes, records[i].n);
		CHECK_STR(msg_text(&m, records[i].type), records[i].answer);
		begin(&m, ANSWER, "a.example", type);
		put_rr(&m, "a.example", type, good[g].bytes[0], good[g].n);
		put_rr(&m, "a.example", type, records[i].bytes, records[i].n);
		put_rr(&m, "a.example", type, good[g].bytes[1], good[g].n);
		snprintf(want, sizeof want, "found %s%s%s | %s",
		    good[g].text[0], found ? " | " : "",
		    found ? records[i].answer + 6 : "", good[g].text[1]);
		CHECK_STR(msg_text(&m, records[i].type), want);
	}
	suite_row(NULL);
}

/* RFC 2181 section 5: the same record twice is one. */
static void
record_twice(void)
{
	static struct msg m;

	begin(&m, ANSWER, "a.example", DNS_TXT);
	put_rr(&m, "a.example", DNS_TXT, "\2xy", 3);
	put_rr(&m, "a.example", DNS_TXT, "\1z", 2);
	put_rr(&m, "A.example", DNS_TXT, "\2xy", 3);
	CHECK_STR(msg_text(&m, DNS_TXT), "found 'xy' | 'z'");
	/* Other case, other strings: other records. */
	put_rr(&m, "a.example", DNS_TXT, "\2xY", 3);
	put_rr(&m, "a.example", DNS_TXT, "\1x\1y", 4);
	CHECK_STR(msg_text(&m, DNS_TXT), "found 'xy' | 'z' | 'xY' | 'xy'");
	begin(&m, ANSWER, "a.example", DNS_MX);
	put_rr(&m, "a.example", DNS_MX, "\0\1\1m\300\14", 6);
	put_rr(&m, "a.example", DNS_MX, "\0\1\1M\1a\7exampLE", 15);
	put_rr(&m, "a.example", DNS_MX, "\0\2\1m\300\14", 6);
	CHECK_STR(msg_text(&m, DNS_MX), "found 1 m.a.example | 2 m.a.example");
	begin(&m, ANSWER, "a.example", DNS_PTR);
	put_rr(&m, "a.example", DNS_PTR, "\1m\300\14", 4);
	put_rr(&m, "a.example", DNS_PTR, "\1m\300\14", 4);
	CHECK_STR(msg_text(&m, DNS_PTR), "found 0 m.a.example");
}

static void
records_beside_the_point(void)
{
	static struct msg m;

	begin(&m, ANSWER, "a.example", DNS_A);
	put_rr(&m, "a.example", DNS_TXT, "\3abc", 4);
	put_rr(&m, "b.example", DNS_A, "?", 1);
	put_rr(&m, "a.example", 46, "RRSIG", 5);
	put_name(&m, "a.example");
	put_head(&m, DNS_A, 3, 4); /* class CH */
	put(&m, "\300\0\2\2", 4);
	CHECK_STR(msg_text(&m, DNS_A), "nodata");
	put_rr(&m, "a.example", DNS_A, "\300\0\2\1", 4);
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
	/* More records promised than there are. */
	m.p[7]++;
	CHECK_STR(msg_text(&m, DNS_A), "temperror malformed answer");
	/* What comes behind the answer section is not looked at. */
	m.p[7]--;
	m.p[9] = 1;
	put(&m, "\377", 1);
	CHECK_STR(msg_text(&m, DNS_A), "found 192.0.2.1");
}

/* Octets of every value, strings joined, a NUL not the end. */
static void
text_is_octets(void)
{
	static struct msg m;
	struct dns_answer *a;
	unsigned char data[258];

	data[0] = 255;
	for (int i = 0; i < 255; i++)
		data[1 + i] = (unsigned char)i;
	data[256] = 1;
	data[257] = 255;
	begin(&m, ANSWER, "a.example", DNS_TXT);
	put_rr(&m, "a.example", DNS_TXT, data, sizeof data);
	CU_ASSERT_EQUAL_FATAL(
	    read_of(span_of(m.p, m.n), "a.example", DNS_TXT, &a), 0);
	CU_ASSERT_EQUAL_FATAL(a->n, 1);
	CU_ASSERT_EQUAL_FATAL(a->record[0].txt.n, 256);
	for (int i = 0; i < 256; i++)
		CU_ASSERT_EQUAL((unsigned char)a->record[0].txt.p[i], i);
	dns_answer_free(a);
}

/* --- limits --------------------------------------------------------------- */

/* A message of 64 KiB in one TXT record. */
static void
largest_text(void)
{
	static struct msg m;
	static unsigned char data[65000];
	struct dns_answer *a;

	for (size_t at = 0; at < sizeof data; at += 250)
		data[at] = 249;
	begin(&m, ANSWER, "a.example", DNS_TXT);
	put_rr(&m, "a.example", DNS_TXT, data, sizeof data);
	CU_ASSERT_EQUAL_FATAL(
	    read_of(span_of(m.p, m.n), "a.example", DNS_TXT, &a), 0);
	CU_ASSERT_EQUAL_FATAL(a->n, 1);
	CU_ASSERT_EQUAL(a->record[0].txt.n, sizeof data / 250 * 249);
	dns_answer_free(a);
}

static struct dns_answer *
read_msg(const struct msg *m, enum dns_type type)
{
	struct dns_answer *a;

	CU_ASSERT_EQUAL_FATAL(
	    read_of(span_of(m->p, m->n), "a.example", type, &a), 0);
	return a;
}

static void
most_records(void)
{
	static const struct {
		enum dns_type type;
		size_t n;
		const char *data;
		size_t size;
		size_t want; /* 0: too many */
	} rows[] = {
	    {DNS_A, DNS_RECORDS_MAX, BYTES("\300\0\2\1"), DNS_RECORDS_MAX},
	    {DNS_A, DNS_RECORDS_MAX + 1, BYTES("\300\0\2\1"), 0},
	    {DNS_A, 4000, BYTES("\300\0\2\1"), 0},
	    {DNS_AAAA, DNS_RECORDS_MAX, BYTES("0123456789abcdef"),
	        DNS_RECORDS_MAX},
	    {DNS_AAAA, DNS_RECORDS_MAX + 1, BYTES("0123456789abcdef"), 0},
	    {DNS_TXT, DNS_RECORDS_MAX, BYTES("\3---"), DNS_RECORDS_MAX},
	    {DNS_TXT, DNS_RECORDS_MAX + 1, BYTES("\3---"), 0},
	    {DNS_MX, DNS_NAMES_MAX, BYTES("\0\1\3---\0"), DNS_NAMES_MAX},
	    {DNS_MX, 3000, BYTES("\0\1\3---\0"), DNS_NAMES_MAX},
	    {DNS_PTR, DNS_NAMES_MAX, BYTES("\3---\0"), DNS_NAMES_MAX},
	    {DNS_PTR, DNS_NAMES_MAX + 1, BYTES("\3---\0"), DNS_NAMES_MAX},
	};
	static struct msg m;
	static char row[32];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dns_answer *a;

		snprintf(row, sizeof row, "%d: %zu", rows[i].type, rows[i].n);
		suite_row(row);
		begin(&m, ANSWER, "a.example", (unsigned)rows[i].type);
		put_counted(&m, (unsigned)rows[i].type, rows[i].n, rows[i].data,
		    rows[i].size);
		/* Records of others do not count. */
		put_many(&m, 14, DNS_TXT, 10, "\1b", 2);
		a = read_msg(&m, rows[i].type);
		CU_ASSERT_EQUAL(a->n, rows[i].want);
		if (rows[i].want == 0)
			CHECK_STR(answer_text(a, rows[i].type),
			    "temperror too many records");
		/* What a record takes must not grow unnoticed. */
		CHECK(a->size <= sizeof *a + rows[i].want * (24 + 10));
		dns_answer_free(a);
	}
}

/* Pointers to one name and another, in turns and one after the other. */
static void
owners_that_are_pointers(void)
{
	static struct msg m;
	size_t at;

	begin(&m, ANSWER, "a.example", DNS_A);
	put_many(&m, 14, DNS_A, 2, "\1\1\1\1", 4); /* of "example" */
	put_many(&m, 12, DNS_A, 2, "\2\2\2\2", 4);
	put_many(&m, 14, DNS_A, 1, "\1\1\1\1", 4);
	at = m.n;
	put_rr(&m, "A.example", DNS_A, "\3\3\3\3", 4);
	put_many(&m, (unsigned)at, DNS_A, 2, "\4\4\4\4", 4);
	put_many(&m, 12, DNS_A, 1, "\5\5\5\5", 4);
	CHECK_STR(msg_text(&m, DNS_A),
	    "found 2.2.2.2 | 2.2.2.2 | 3.3.3.3 | 4.4.4.4 | 4.4.4.4 | 5.5.5.5");
	/* A pointer that leads to no name before it. */
	put_many(&m, (unsigned)m.n, DNS_A, 1, "\1\1\1\1", 4);
	CHECK_STR(msg_text(&m, DNS_A), "temperror malformed answer");
	/* The target of a CNAME, where it stands there. */
	begin(&m, ANSWER, "a.example", DNS_A);
	put_many(&m, 12, CNAME, 1, "\1x\300\16", 4);
	put_many(&m, (unsigned)m.n - 4, DNS_A, 2, "\1\1\1\1", 4);
	CHECK_STR(msg_text(&m, DNS_A), "found 1.1.1.1 | 1.1.1.1");
}

/* CPU time that reading m takes, in us. */
static double
reading_us(const struct msg *m, const char *name, enum dns_type type,
    enum dns_status want)
{
	enum { ROUNDS = 50 };
	double begun = cputime_us();

	for (int i = 0; i < ROUNDS; i++) {
		struct dns_answer *a;

		CU_ASSERT_EQUAL_FATAL(
		    read_of(span_of(m->p, m->n), name, type, &a), 0);
		CHECK(a->status == want);
		dns_answer_free(a);
	}
	return (cputime_us() - begun) / ROUNDS;
}

/* A whole message of addresses, which a sender may have in each of 100 answers:
 * to see what they are must not take the time to spell out each owner. */
static void
owners_are_read_once(void)
{
	enum { LABELS = 120 };
	static struct msg m;
	char name[2 * LABELS] = "";

	for (int i = 0; i < LABELS; i++)
		memcpy(name + 2 * i, "a.", 2);
	name[2 * LABELS - 1] = '\0';
	begin(&m, ANSWER, name, DNS_A);
	put_many(&m, 14, DNS_A, 3900, "\1\1\1\1", 4); /* others' */
	/* 0.03 ms; 2 ms when each is read. Sanitizers take ten times as
	 * long. */
	CHECK(reading_us(&m, name, DNS_A, DNS_NODATA) < 1000 ||
	    suite_under_valgrind());
}

/* The answers that take longest: of most records that only differ at their end,
 * of most names, and of CNAMEs in reverse. Sanitizers take up to 30 times as
 * long. */
static void
dearest_answers(void)
{
	static struct msg m;

	begin(&m, ANSWER, "a.example", DNS_TXT);
	put_counted(&m, DNS_TXT, DNS_RECORDS_MAX,
	    BYTES("\60xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx---"));
	CHECK(reading_us(&m, "a.example", DNS_TXT, DNS_FOUND) < 100000 ||
	    suite_under_valgrind()); /* 2 ms */
	begin(&m, ANSWER, "a.example", DNS_PTR);
	put_counted(&m, DNS_PTR, DNS_NAMES_MAX,
	    BYTES("\3---\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\1a\0"));
	CHECK(reading_us(&m, "a.example", DNS_PTR, DNS_FOUND) < 100000 ||
	    suite_under_valgrind()); /* 1 ms */
	backward_chain_of(&m, 1500);
	CHECK(reading_us(&m, "a.example", DNS_A, DNS_TEMPERROR) < 100000 ||
	    suite_under_valgrind()); /* 1 ms */
}

/* It is there until the last who has it frees it. */
static void
held_by_two(void)
{
	static struct msg m;
	struct dns_answer *a;

	begin(&m, ANSWER, "a.example", DNS_A);
	put_many(&m, 12, DNS_A, 1, "\1\1\1\1", 4);
	a = read_msg(&m, DNS_A);
	CHECK(dns_answer_hold(a) == a);
	dns_answer_free(a);
	CHECK_STR(answer_text(a, DNS_A), "found 1.1.1.1");
	dns_answer_free(a);
}

/* --- trouble of our own -------------------------------------------------- */

static void
no_memory(void)
{
	static struct msg m;
	struct dns_answer *a;
	int err;

	begin(&m, ANSWER, "a.example", DNS_A);
	put_rr(&m, "a.example", DNS_A, "\300\0\2\1", 4);
	for (long n = 0; nomem_round(n); n++) {
		a = NULL;
		err = read_of(span_of(m.p, m.n), "a.example", DNS_A, &a);
		if (nomem_end()) {
			CU_ASSERT_EQUAL(err, -ENOMEM);
			CU_ASSERT_PTR_NULL(a);
		} else {
			CU_ASSERT_EQUAL(err, 0);
		}
		dns_answer_free(a);
	}
	for (long n = 0; nomem_round(n); n++) {
		a = NULL;
		err = dnsmsg_error("why", &a);
		CU_ASSERT_EQUAL(err, nomem_end() ? -ENOMEM : 0);
		CU_ASSERT_EQUAL(a == NULL, err != 0);
		dns_answer_free(a);
	}
}

SUITE("dnsmsg", T(every_kind_of_answer), T(every_cut_of_an_answer),
    T(header_flags), T(other_questions), T(aliases_in_any_order),
    T(aliases_that_end_nowhere), T(longest_chain_of_aliases), T(odd_alias),
    T(record_data), T(record_twice), T(records_beside_the_point),
    T(text_is_octets), T(largest_text), T(most_records),
    T(owners_that_are_pointers), T(owners_are_read_once), T(dearest_answers),
    T(held_by_two), T(no_memory))
