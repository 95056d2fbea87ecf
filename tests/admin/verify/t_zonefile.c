#include <stdio.h>

#include "admin/verify/zonefile.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static void
put_record(const struct dns_record *r, enum dns_type type, struct buf *ret)
{
	char ip[IP_TEXT_MAX];

	switch (type) {
	case DNS_TXT:
		buf_span(ret, r->txt);
		break;
	case DNS_A:
	case DNS_AAAA:
		buf_str(ret, ip_text(&r->ip, ip));
		break;
	case DNS_MX:
		buf_fmt(ret, "%u %s", r->preference, r->name);
		break;
	case DNS_PTR:
	case DNS_CNAME:
		buf_str(ret, r->name);
		break;
	}
}

/* The records of n.example, each in brackets; or what is wrong. */
static void
read_text(const char *text, enum dns_type type, struct buf *ret)
{
	char path[TMPDIR_PATH_MAX];
	struct dns_answer *a;
	struct zonefile z;
	struct tmpdir d;
	struct buf why;

	tmpdir_make(&d);
	tmpdir_write(&d, "zone", text);
	tmpdir_file(&d, "zone", path);
	buf_init(&why, 4096);
	if (zonefile_read(path, &z, &why) != 0) {
		buf_str(ret, strstr(buf_text(&why), "zone:") + 5);
	} else {
		a = zonefile_answer(&z, span_str("n.example"), type);
		CU_ASSERT_FATAL(a != NULL);
		CHECK((a->status == DNS_FOUND) == (a->n > 0));
		if (a->status == DNS_NODATA)
			buf_str(ret, "no data");
		for (size_t i = 0; i < a->n; i++) {
			buf_byte(ret, '[');
			put_record(&a->record[i], type, ret);
			buf_byte(ret, ']');
		}
		dns_answer_free(a);
		zonefile_free(&z);
	}
	buf_free(&why);
	tmpdir_remove(&d);
}

static void
look(const char *text, enum dns_type type, const char *want)
{
	struct buf got;

	suite_row(text);
	buf_init(&got, 4096);
	read_text(text, type, &got);
	CHECK_STR(buf_text(&got), want);
	buf_free(&got);
	suite_row(NULL);
}

static void
rows(void)
{
	static const struct {
		const char *text, *want;
	} row[] = {
	    {"n.example TXT \"a\"\n", "[a]"},
	    {"n.example. 300 IN TXT \"a\" \"b c\"", "[ab c]"},
	    {"N.Example\tin\t300\ttxt\tword\r\n", "[word]"},
	    {"n.example TXT ( \"a\" ; one\n  \"b\" )\n", "[ab]"},
	    {"n.example TXT \"1\"\n  TXT \"2\"\n\n\tIN TXT \"3\"\n",
	        "[1][2][3]"},
	    {"m.example TXT \"1\"\nn.example A 192.0.2.1\n TXT \"2\"\n", "[2]"},
	    {"n.example TXT \"a\\\"b\\\\c\\100\\;\"\n", "[a\"b\\cd;]"},
	    {"n.example TXT \"\"\n", "[]"},
	    {"$ORIGIN x.\n; n.example TXT \"a\"\n", ""},
	    {"sub.n.example TXT \"a\"\n", ""},
	    {"", ""},
	    {"\n\nn.example TXT \"a\nb\"\n", "3: a quote is left open\n"},
	    {"n.example TXT \"a\\", "1: a quote is left open\n"},
	    {"n.example TXT\n", "1: a TXT record without a text\n"},
	    {"n.example TXT ( \"a\"\n", "2: a parenthesis is left open\n"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
		look(row[i].text, DNS_TXT, row[i].want);
}

static void
types(void)
{
	static const struct {
		const char *text;
		enum dns_type type;
		const char *want;
	} row[] = {
	    {"n.example A 192.0.2.1\nN.EXAMPLE. 3600 IN A 192.0.2.2\n"
	     "n.example AAAA 2001:db8::1\n",
	        DNS_A, "[192.0.2.1][192.0.2.2]"},
	    {"n.example A 192.0.2.1\nn.example AAAA 2001:DB8::1\n", DNS_AAAA,
	        "[2001:db8::1]"},
	    {"n.example MX 10 A.example.\n IN MX ( 65535 b.example )\n", DNS_MX,
	        "[10 a.example][65535 b.example]"},
	    {"n.example PTR A.example.\n", DNS_PTR, "[a.example]"},
	    {"n.example MX 10 a.example.\n", DNS_A, "no data"},
	    {"n.example CNAME a.example.\n", DNS_A, "no data"},
	    {"n.example A 192.0.2\n", DNS_A,
	        "1: not an address of that type\n"},
	    {"n.example A ::1\n", DNS_A, "1: not an address of that type\n"},
	    {"n.example AAAA 192.0.2.1\n", DNS_A,
	        "1: not an address of that type\n"},
	    {"n.example A\n", DNS_A, "1: not an address of that type\n"},
	    {"n.example MX a.example\n", DNS_MX,
	        "1: an MX record without a preference\n"},
	    {"n.example MX 10\n", DNS_A, "1: a record without a name\n"},
	    {"n.example PTR\n", DNS_A, "1: a record without a name\n"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
		look(row[i].text, row[i].type, row[i].want);
}

SUITE("zonefile", T(rows), T(types))
