/*
 * eml.h - a message from a file or from text, as a milter would get it.
 */
#ifndef POSTSEAL_TESTS_EML_H
#define POSTSEAL_TESTS_EML_H

#include "common/bytes/span.h"
#include "common/mail/field.h"

struct eml {
	char *text; /* owned: what the rest points into */
	struct field field[100];
	struct field_list fields;
	struct span body; /* as it stands, with CRLF */
};

/* The bytes of a file with a NUL behind them, owned (free). Ends the test
 * program with a message when the file cannot be read. */
char *eml_file(const char *path, size_t *ret_n);

/* Cuts a message with CRLF line ends into fields, their folds as LF, and body.
 * Copies. Freed by eml_free(). */
void eml_parse(struct span text, struct eml *ret);
void eml_read(const char *path, struct eml *ret);
void eml_free(struct eml *e);

#endif
