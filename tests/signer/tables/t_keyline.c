#include "signer/tables/keyline.h"

#include <string.h>

#include "signer/keys/keyfile.h"
#include "tests/support/guard.h"
#include "tests/support/nomem.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

static const struct {
	const char *line, *pem;
} row[] = {
    {"-----BEGIN A-----\\nQUJD\\n-----END A-----\\n",
        "-----BEGIN A-----\nQUJD\n-----END A-----\n"},
    {"-----BEGIN A B-----QUJD-----END A B-----",
        "-----BEGIN A B-----\nQUJD\n-----END A B-----\n"},
    {"-----BEGIN A----- QU JD\t-----END A-----",
        "-----BEGIN A-----\nQUJD\n-----END A-----\n"},
    {"-----BEGIN A-----" X64 X64 "y-----END A-----",
        "-----BEGIN A-----\n" X64 "\n" X64 "\ny\n-----END A-----\n"},
    {"-----BEGIN A-----" X64 "-----END A-----",
        "-----BEGIN A-----\n" X64 "\n-----END A-----\n"},
    /* torn ones are for keyfile.c to refuse */
    {"-----BEGIN A-----QUJD", "-----BEGIN A-----\nQUJD\n\n"},
    {"-----BEGIN",
        "-----BEGIN PRIVATE KEY-----\n-----BEGIN\n"
        "-----END PRIVATE KEY-----\n"},
    {"QUJD", "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n"},
    /* PKCS#1: a SEQUENCE, version 0, an INTEGER */
    {"MAkCAQACAQECAQE=QUJD",
        "-----BEGIN RSA PRIVATE KEY-----\nMAkCAQACAQECAQE=QUJD\n"
        "-----END RSA PRIVATE KEY-----\n"},
    {"", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"},
};

static void
lines(void)
{
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span in = guard_copy(span_str(row[i].line));
		struct arena arena;

		suite_row(row[i].line);
		arena_init(&arena, 1 << 16);
		CHECK_STR(keyline_pem(in, &arena), row[i].pem);
		arena_wipe(&arena);
		guard_free(in);
	}
	suite_row(NULL);
}

/* A key of the usual size, cut anywhere: no byte more than there is room
 * for. */
static void
every_cut(void)
{
	char line[4096];
	size_t n = 0;

	for (const char *p = pem_rsa2048; *p != '\0'; p++) {
		if (*p == '\n')
			line[n++] = '\\';
		line[n++] = *p == '\n' ? 'n' : *p;
	}
	for (size_t from = 0; from < n; from += n / 2 - 1) {
		for (size_t len = 0; from + len <= n; len++) {
			struct arena arena;

			arena_init(&arena, 1 << 16);
			CHECK(keyline_pem(span_of(line + from, len), &arena) !=
			    NULL);
			arena_wipe(&arena);
		}
	}
}

static void
no_memory(void)
{
	struct arena arena;
	char *pem;

	for (long n = 0; nomem_round(n); n++) {
		arena_init(&arena, 1 << 16);
		pem = keyline_pem(span_str(row[0].line), &arena);
		CHECK((pem == NULL) == nomem_end());
		arena_free(&arena);
	}
}

SUITE("keyline", T(lines), T(every_cut), T(no_memory))
