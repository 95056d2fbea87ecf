#include <errno.h>
#include <stdlib.h>

#include "signer/keys/pemblock.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

static const struct {
	const char *text, *label, *header, *data; /* label NULL: none */
} row[] = {
    {"-----BEGIN A B-----\nQUJD\n-----END A B-----\n", "A B", "", "ABC"},
    {"-----BEGIN A-----\r\nQU\r\nJD\r\n-----END A-----\r\n", "A", "", "ABC"},
    {"x\n\n-----BEGIN A----- \t\nQUI=\n-----END A-----", "A", "", "AB"},
    {"-----BEGIN A-----\nProc-Type: 4,X\nDEK: y\n\nQUJD\n-----END A-----", "A",
        "Proc-Type: 4,X\nDEK: y", "ABC"},
    {"-----BEGIN A-----\nQUJD\n-----END A-----\n-----BEGIN B-----\n", "A", "",
        "ABC"},
    {"-----BEGIN -----\nQUJD\n-----END -----\n", "", "", "ABC"},
    {"", NULL, NULL, NULL},
    /* what stands in front of the key, damaged or not */
    {"-----BEGIN CERTIFICATE-----\nQUJE\n-----END CERTIFICATE-----\n"
     "-----BEGIN PUBLIC KEY-----\nQU?D\n-----END PUBLIC KEY-----\n"
     "-----BEGIN RSA PRIVATE KEY-----\nQUJD\n-----END RSA PRIVATE KEY-----\n"
     "-----BEGIN PRIVATE KEY-----\nQUJE\n-----END PRIVATE KEY-----\n",
        "RSA PRIVATE KEY", "", "ABC"},
    {"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
     "-----BEGIN PUBLIC KEY-----\nQUJE\n-----END PUBLIC KEY-----\n",
        "CERTIFICATE", "", "ABC"},
    {"QUJD\n", NULL, NULL, NULL},
    {"-----BEGIN A-----", NULL, NULL, NULL},
    {"-----BEGIN A-----\n", NULL, NULL, NULL},
    {"-----BEGIN A-----\nQUJD\n", NULL, NULL, NULL},
    {"-----BEGIN A-----\nQUJD\n-----END A----", NULL, NULL, NULL},
    {"-----BEGIN A-----\nQUJD\n-----END B-----\n", NULL, NULL, NULL},
    {"-----BEGIN A-----\n-----END A-----\n", NULL, NULL, NULL},
    {"-----BEGIN A-----\nQUJ\n-----END A-----\n", NULL, NULL, NULL},
    {"-----BEGIN A-----\nQU?D\n-----END A-----\n", NULL, NULL, NULL},
    {"-----BEGIN A-----\nX: y\nQUJD\n-----END A-----\n", NULL, NULL, NULL},
    {" -----BEGIN A-----\nQUJD\n-----END A-----\n", NULL, NULL, NULL},
};

static void
blocks(void)
{
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span in = guard_copy(span_str(row[i].text));
		struct pemblock b = {.n = 77};
		int rc = pemblock_read(in, &b);

		suite_row(row[i].text);
		CHECK(rc == (row[i].label == NULL ? -EINVAL : 0));
		if (rc == 0) {
			CHECK(span_eq(b.label, span_str(row[i].label)));
			CHECK(span_eq(b.header, span_str(row[i].header)));
			CHECK(span_eq(
			    span_of(b.data, b.n), span_str(row[i].data)));
			pemblock_free(&b);
		} else {
			CHECK(b.n == 77);
		}
		guard_free(in);
	}
	suite_row(NULL);
}

/* Cut anywhere, a block is none. */
static void
every_cut(void)
{
	const char *text = row[3].text;

	for (size_t n = 0; n < strlen(text); n++) {
		struct span in = guard_copy(span_of(text, n));
		struct pemblock b;

		CHECK(pemblock_read(in, &b) == -EINVAL);
		guard_free(in);
	}
}

SUITE("pemblock", T(blocks), T(every_cut))
