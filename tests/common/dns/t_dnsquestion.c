#include "common/dns/dnsquestion.h"

#include <stdlib.h>

#include "tests/support/guard.h"
#include "tests/support/suite.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static void
write_question(struct dns_question *q, const char *name, unsigned flags)
{
	struct dnsname wire;

	CU_ASSERT_EQUAL_FATAL(dnsname_parse(span_str(name), &wire), 0);
	dns_question_write(q, &wire, 16, 0x1234, flags);
}

static void
bytes(void)
{
	static const struct {
		unsigned flags;
		const char *p;
		size_t n;
	} rows[] = {
	    {0, BYTES("\x12\x34\0\0\0\1\0\0\0\0\0\0\1a\2bc\0\0\20\0\1")},
	    {DNS_ASK_RECURSION,
	        BYTES("\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\2bc\0\0\20\0\1")},
	    {DNS_ASK_RECURSION | DNS_ASK_AD,
	        BYTES("\x12\x34\1\x20\0\1\0\0\0\0\0\0\1a\2bc\0\0\20\0\1")},
	    {DNS_ASK_RECURSION | DNS_ASK_EDNS,
	        BYTES("\x12\x34\1\0\0\1\0\0\0\0\0\1\1a\2bc\0\0\20\0\1"
	              "\0\0\x29\4\xd0\0\0\0\0\0\0")},
	};
	struct dns_question q;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		write_question(&q, "A.bc", rows[i].flags);
		CHECK(q.n == rows[i].n && memcmp(q.p, rows[i].p, q.n) == 0);
	}
	dns_question_plain(&q);
	CHECK(q.n == rows[1].n && memcmp(q.p, rows[1].p, q.n) == 0);
	dns_question_plain(&q);
	CHECK(q.n == rows[1].n);
}

/* The longest name fits. */
static void
longest(void)
{
	struct dns_question q;
	struct dnsname name = {.n = DNSNAME_MAX};

	memset(name.b, 1, sizeof name.b);
	dns_question_write(&q, &name, 1, 0xffff, DNS_ASK_EDNS);
	CHECK(q.n == DNS_QUESTION_SIZE);
}

static const struct {
	const char *p;
	size_t n;
	bool answers;
} messages[] = {
    {BYTES("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\1a\2bc\0\0\20\0\1"), true},
    {BYTES("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\1A\2bC\0\0\20\0\1 more"), true},
    {BYTES("\x12\x35\x81\x80\0\1\0\0\0\0\0\0\1a\2bc\0\0\20\0\1"), false},
    {BYTES("\x13\x34\x81\x80\0\1\0\0\0\0\0\0\1a\2bc\0\0\20\0\1"), false},
    /* a question; another opcode */
    {BYTES("\x12\x34\x01\x80\0\1\0\0\0\0\0\0\1a\2bc\0\0\20\0\1"), false},
    {BYTES("\x12\x34\x89\x80\0\1\0\0\0\0\0\0\1a\2bc\0\0\20\0\1"), false},
    /* another name, type, class; two questions */
    {BYTES("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\1a\2bd\0\0\20\0\1"), false},
    {BYTES("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\1a\2bc\0\0\1\0\1"), false},
    {BYTES("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\1a\2bc\0\0\20\0\3"), false},
    {BYTES("\x12\x34\x81\x80\0\2\0\0\0\0\0\0\1a\2bc\0\0\20\0\1"), false},
    /* no question: only with an RCODE of a failure */
    {BYTES("\x12\x34\x81\x81\0\0\0\0\0\0\0\0"), true},
    {BYTES("\x12\x34\x81\x85\0\0\0\0\0\0\0\0"), true},
    {BYTES("\x12\x34\x81\x80\0\0\0\0\0\0\0\0"), false},
    {BYTES("\x12\x34\x81\x83\0\0\0\0\0\0\0\0"), false},
};

/* With EDNS in the question or without, and cut anywhere. */
static void
answers(void)
{
	struct dns_question q;

	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		size_t need = messages[i].p[5] == 0 ? 12 : 22;

		for (size_t n = 0; n <= messages[i].n; n++) {
			struct span msg = guard_copy(span_of(messages[i].p, n));
			bool want = messages[i].answers && n >= need;

			write_question(&q, "a.bc", DNS_ASK_EDNS);
			CHECK(dns_question_answered(&q, msg) == want);
			dns_question_plain(&q);
			CHECK(dns_question_answered(&q, msg) == want);
			guard_free(msg);
		}
	}
}

static void
heads(void)
{
	struct dns_head h =
	    dns_question_head(span_of("\0\0\x83\xa3\0\0\0\0\0\0\0\0", 12));

	CHECK(h.rcode == 3 && h.tc && h.ad);
	h = dns_question_head(span_of("\0\0\x81\x80\0\0\0\0\0\0\0\0", 12));
	CHECK(h.rcode == 0 && !h.tc && !h.ad && !h.lame);
	h = dns_question_head(span_of("\0\0\x81\0\0\0\0\0\0\0\0\0", 12));
	CHECK(h.lame);
	h = dns_question_head(span_of("\0\0\x85\0\0\0\0\0\0\0\0\0", 12));
	CHECK(!h.lame); /* AA */
	h = dns_question_head(span_of("\0\0\x81\0\0\0\0\1\0\0\0\0", 12));
	CHECK(!h.lame); /* a record */
}

SUITE("dnsquestion", T(bytes), T(longest), T(answers), T(heads))
