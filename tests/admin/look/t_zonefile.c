#include <stdio.h>

#include "admin/look/zonefile.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* The records of n.example, each in brackets; or what is wrong. */
static void
read_text(const char *text, struct buf *ret)
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
		a = zonefile_answer(&z, "n.example");
		CU_ASSERT_FATAL(a != NULL);
		CHECK(a->status == (a->n > 0 ? DNS_FOUND : DNS_NXDOMAIN));
		for (size_t i = 0; i < a->n; i++) {
			buf_byte(ret, '[');
			buf_span(ret, a->record[i].txt);
			buf_byte(ret, ']');
		}
		dns_answer_free(a);
		zonefile_free(&z);
	}
	buf_free(&why);
	tmpdir_remove(&d);
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

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct buf got;

		suite_row(row[i].text);
		buf_init(&got, 4096);
		read_text(row[i].text, &got);
		CHECK_STR(buf_text(&got), row[i].want);
		buf_free(&got);
	}
	suite_row(NULL);
}

SUITE("zonefile", T(rows))
