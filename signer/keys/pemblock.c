/*
 * The first private block counts, or else the first block at all, so that the
 * message can say what is there instead: "CERTIFICATE". What was decoded is
 * wiped, also where it turns out to be no base64 in the middle.
 */
#include "signer/keys/pemblock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/dkim/base64.h"

/* The next line of *rest, without its end and white space there. */
static struct span
next_line(struct span *rest)
{
	struct span line = span_of(rest->p, span_find(*rest, '\n'));

	*rest = span_skip(*rest, line.n + 1);
	while (line.n > 0 && strchr(" \t\r", line.p[line.n - 1]) != NULL)
		line.n--;
	return line;
}

/* "-----BEGIN X-----" -> "X", and "-----END X-----" with the other word. */
static bool
is_boundary(struct span line, const char *word, struct span *ret)
{
	size_t n = strlen(word);

	if (line.n < n + 5 || memcmp(line.p, word, n) != 0 ||
	    memcmp(line.p + line.n - 5, "-----", 5) != 0)
		return false;
	*ret = span_of(line.p + n, line.n - n - 5);
	return true;
}

/* Takes the header and its empty line off *body. */
static struct span
take_header(struct span *body)
{
	struct span rest = *body, header = span_of(body->p, 0), line;

	line = span_of(rest.p, span_find(rest, '\n'));
	if (span_find(line, ':') == line.n)
		return header;
	while (rest.n > 0) {
		line = next_line(&rest);
		if (line.n == 0)
			break;
		header.n = (size_t)(line.p - header.p) + line.n;
	}
	*body = rest;
	return header;
}

/* The base64 between the boundaries into ret->data. */
static int
decode(struct span body, struct pemblock *ret)
{
	size_t max = body.n / 4 * 3 + 3;
	int rc;

	ret->data = malloc(max);
	ret->n = max;
	if (ret->data == NULL)
		return -ENOMEM;
	rc = base64_read(body, ret->data, max, &ret->n);
	if (rc == 0 && ret->n == 0)
		rc = -EINVAL;
	if (rc != 0) {
		ret->n = max; /* all that may have been written */
		pemblock_free(ret);
	}
	return rc;
}

/* Takes the next block off *text; *ret_body is its base64. */
static bool
next_block(struct span *text, struct pemblock *ret, struct span *ret_body)
{
	struct span line, body, end;

	do {
		if (text->n == 0)
			return false;
		line = next_line(text);
	} while (!is_boundary(line, "-----BEGIN ", &ret->label));
	ret->header = take_header(text);
	body = span_of(text->p, 0);
	do {
		if (text->n == 0)
			return false;
		body.n = (size_t)(text->p - body.p);
		line = next_line(text);
	} while (!is_boundary(line, "-----END ", &end));
	*ret_body = body;
	return span_eq(end, ret->label);
}

static bool
is_private(struct span label)
{
	static const char end[] = "PRIVATE KEY";
	size_t n = sizeof end - 1;

	return label.n >= n && memcmp(label.p + label.n - n, end, n) == 0;
}

int
pemblock_read(struct span text, struct pemblock *ret)
{
	struct pemblock b = {.data = NULL}, first = b;
	struct span body, first_body = {NULL, 0};
	int rc;

	while (next_block(&text, &b, &body)) {
		if (first_body.p == NULL || is_private(b.label)) {
			first = b;
			first_body = body;
		}
		if (is_private(b.label))
			break;
	}
	if (first_body.p == NULL)
		return -EINVAL;
	rc = decode(first_body, &first);
	if (rc == 0)
		*ret = first;
	return rc;
}

void
pemblock_free(struct pemblock *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->n);
	free(b->data);
	b->data = NULL;
}
