#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes/domain.h"
#include "common/dns/dnsname.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

enum {
	FIRST = 12, /* where a message's first name is: "A.example" */
	NAME = 41   /* where the name that is tested begins */
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* The name of these bytes at offset NAME of a message, and what is read behind
 * it: "b.example +3". */
static const char *
read_text(const char *bytes, size_t n)
{
	static char text[DNSNAME_TEXT_MAX + 20];
	char msg[1000] = {0};
	struct dnsname name;
	struct span copy;
	size_t next, len;
	bool good;

	memcpy(msg + FIRST, BYTES("\1A\7example"));
	msg[27] = '\300';
	msg[28] = FIRST;
	memcpy(msg + NAME, bytes, n);
	copy = guard_copy(span_of(msg, NAME + n));
	good = dnsname_read(copy, NAME, &name, &next);
	guard_free(copy);
	if (!good)
		return "malformed";
	len = dnsname_text(&name, text);
	CU_ASSERT_EQUAL(len, strlen(text));
	sprintf(text + len, " +%zu", next - NAME);
	return text;
}

static const struct {
	const char *bytes;
	size_t n;
	const char *text;
} names[] = {
    {BYTES("\1b\0"), "b +3"},
    {BYTES("\1b\0more"), "b +3"},
    {BYTES("\0"), " +1"},
    {BYTES("\1b\300\14"), "b.a.example +4"},
    {BYTES("\300\14more"), "a.example +2"},
    {BYTES("\300\16"), "example +2"},
    {BYTES("\300\26"), " +2"},
    {BYTES("\1B\2cD\0"), "b.cd +6"},
    {BYTES("\3a b\1\\\1.\1\177\1\0\1~\0"),
        "a\\032b.\\\\.\\..\\127.\\000.~ +15"},
    /* A pointer to the pointer at 27, which leads to 12. */
    {BYTES("\1b\300\33"), "b.a.example +4"},
    {BYTES(""), "malformed"},
    {BYTES("\1"), "malformed"},
    {BYTES("\1b"), "malformed"},
    {BYTES("\2b\0"), "malformed"},
    {BYTES("\300"), "malformed"},
    {BYTES("\300\51"), "malformed"},      /* to itself */
    {BYTES("\1b\300\51"), "malformed"},   /* to its own start */
    {BYTES("\1b\300\53"), "malformed"},   /* to the pointer */
    {BYTES("\300\53\1b\0"), "malformed"}, /* forwards */
    {BYTES("\377\377"), "malformed"},
    {BYTES("\300\0"), "malformed"},  /* into the header */
    {BYTES("\300\13"), "malformed"}, /* its last byte */
    {BYTES("\100b\0"), "malformed"}, /* unknown label types */
    {BYTES("\200b\0"), "malformed"},
    {BYTES("\277b\0"), "malformed"},
};

static void
names_in_messages(void)
{
	static char row[16];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(row, sizeof row, "name %zu", i);
		suite_row(row);
		CHECK_STR(read_text(names[i].bytes, names[i].n), names[i].text);
	}
}

/* Three labels of 63 octets c, then one of n, then the root label. */
static size_t
long_name(char *wire, char c, size_t n)
{
	size_t at = 0;

	for (int i = 0; i < 4; i++) {
		size_t len = i < 3 ? 63 : n;

		wire[at++] = (char)len;
		memset(wire + at, c, len);
		at += len;
	}
	wire[at++] = 0;
	return at;
}

static void
longest_names_in_messages(void)
{
	char wire[300];
	size_t n = long_name(wire, 'a', 61);

	CU_ASSERT_EQUAL(n, DNSNAME_MAX);
	CU_ASSERT_EQUAL(strlen(read_text(wire, n)), 253 + strlen(" +255"));
	n = long_name(wire, 'a', 62);
	CHECK_STR(read_text(wire, n), "malformed");
	/* As long as it gets, written out. */
	n = long_name(wire, '\1', 61);
	CU_ASSERT_EQUAL(
	    strlen(read_text(wire, n)), DNSNAME_TEXT_MAX - 1 + strlen(" +255"));
	/* A pointer makes a name longer than its bytes. */
	n = long_name(wire, 'a', 50);
	memcpy(wire + n - 1, "\300\16", 2); /* 8 octets and the root label */
	CU_ASSERT_EQUAL(strlen(read_text(wire, n + 1)), 250 + strlen(" +245"));
	n = long_name(wire, 'a', 54);
	memcpy(wire + n - 1, "\300\16", 2);
	CHECK_STR(read_text(wire, n + 1), "malformed");
}

/* n pointers, each to the one before, the first to the first name. */
static bool
chain_read(unsigned n)
{
	char msg[600] = {0};
	struct dnsname name;
	size_t next, at = 100;

	memcpy(msg + FIRST, BYTES("\1A\7example"));
	msg[at] = '\300';
	msg[at + 1] = FIRST;
	for (unsigned i = 1; i < n; i++, at += 2) {
		msg[at + 2] = (char)(0xc0 | at >> 8);
		msg[at + 3] = (char)at;
	}
	return dnsname_read(span_of(msg, at + 2), at, &name, &next) &&
	    next == at + 2;
}

static void
longest_chain_of_pointers(void)
{
	CU_ASSERT_TRUE(chain_read(1));
	CU_ASSERT_TRUE(chain_read(127));
	CU_ASSERT_FALSE(chain_read(128));
}

static const struct {
	const char *text;
	const char *escaped; /* NULL: not a name */
} texts[] = {
    {"example.com", "example.com"},
    {"Example.COM.", "example.com"},
    {"a", "a"},
    {"_x.-y.1", "_x.-y.1"},
    {"a\\b.c d", "a\\\\b.c\\032d"},
    {"\1\177\377.\"$@();", "\\001\\127\\255.\"$@();"},
    {"", NULL},
    {".", NULL},
    {".a", NULL},
    {"a..b", NULL},
    {"a..", NULL},
};

static void
names_as_text(void)
{
	char text[DNSNAME_TEXT_MAX];
	struct dnsname name;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct span in = span_str(texts[i].text);
		bool good = texts[i].escaped != NULL;

		suite_row(texts[i].text);
		CHECK(dnsname_parse(in, &name) == (good ? 0 : -EINVAL));
		CHECK(domain_is_name(in) == good);
		if (!good)
			continue;
		dnsname_text(&name, text);
		CHECK_STR(text, texts[i].escaped);
	}
}

static void
longest_names_as_text(void)
{
	char text[300], escaped[DNSNAME_TEXT_MAX];
	struct dnsname name;

	memset(text, '\1', sizeof text);
	for (size_t at = 63; at < sizeof text; at += 64)
		text[at] = '.';
	CU_ASSERT_EQUAL(dnsname_parse(span_of(text, 253), &name), 0);
	CU_ASSERT_EQUAL(name.n, DNSNAME_MAX);
	CU_ASSERT_EQUAL(dnsname_text(&name, escaped), DNSNAME_TEXT_MAX - 1);
	CU_ASSERT_EQUAL(dnsname_parse(span_of(text, 254), &name), -EINVAL);
	memset(text, 'x', 64);
	CU_ASSERT_EQUAL(dnsname_parse(span_of(text, 63), &name), 0);
	CU_ASSERT_EQUAL(dnsname_parse(span_of(text, 64), &name), -EINVAL);
}

static void
equal_names(void)
{
	struct dnsname a, b, c;

	CU_ASSERT_EQUAL(dnsname_parse(span_str("A.example"), &a), 0);
	CU_ASSERT_EQUAL(dnsname_parse(span_str("a.EXAMPLE."), &b), 0);
	CU_ASSERT_EQUAL(dnsname_parse(span_str("b.example"), &c), 0);
	CU_ASSERT_TRUE(dnsname_equal(&a, &b));
	CU_ASSERT_FALSE(dnsname_equal(&a, &c));
	CU_ASSERT_EQUAL(dnsname_parse(span_str("a.example.x"), &c), 0);
	CU_ASSERT_FALSE(dnsname_equal(&a, &c));
}

SUITE("dnsname", T(names_in_messages), T(longest_names_in_messages),
    T(longest_chain_of_pointers), T(names_as_text), T(longest_names_as_text),
    T(equal_names))
