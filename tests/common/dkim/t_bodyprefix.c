#include <errno.h>

#include "common/dkim/bodyhash.h"
#include "common/dkim/bodyprefix.h"
#include "tests/support/suite.h"

static void
rows(void)
{
	static const struct {
		enum canonicalization canon;
		const char *was, *is;
		int want; /* lines, or -errno */
	} row[] = {
	    {CANON_SIMPLE, "a\r\n", "a\r\nb\r\n", 1},
	    {CANON_SIMPLE, "a\r\n", "a\r\n", 1},
	    {CANON_SIMPLE, "a", "a\r\nb", 1},
	    {CANON_SIMPLE, "a\r\n\r\n\r\n", "a\r\n\r\nb\r\n", 1},
	    {CANON_SIMPLE, "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n\r\nc\r\n", 3},
	    {CANON_SIMPLE, "a b\r\n", "a  b\r\nc\r\n", -ENOENT},
	    {CANON_RELAXED, "a b\r\n", "a  b \r\n\r\nc\r\n", 1},
	    {CANON_RELAXED, "a\r\n", "b\r\na\r\n", -ENOENT},
	    {CANON_SIMPLE, "a\r\nb", "a\r\nbc\r\n", -ENOENT},
	    {CANON_RELAXED, "x", "", -ENOENT},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		unsigned char want[BODYHASH_SIZE];
		struct bodyhash *b;
		size_t lines = 0;
		int rc;

		suite_row(row[i].is);
		CU_ASSERT_FATAL(bodyhash_new(&b) == 0);
		bodyhash_begin(b, row[i].canon);
		bodyhash_feed(b, span_str(row[i].was));
		CU_ASSERT_FATAL(bodyhash_end(b, want) == 0);
		bodyhash_free(b);
		rc = bodyprefix_find(
		    span_str(row[i].is), row[i].canon, want, &lines);
		CHECK((rc == 0 ? (int)lines : rc) == row[i].want);
	}
	suite_row(NULL);
}

SUITE("bodyprefix", T(rows))
