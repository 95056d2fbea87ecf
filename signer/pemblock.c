#include "signer/pemblock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base64.h"

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

int
pemblock_read(struct span text, struct pemblock *ret)
{
	struct pemblock b = {.data = NULL};
	struct span line, body, end;
	int rc;

	do {
		if (text.n == 0)
			return -EINVAL;
		line = next_line(&text);
	} while (!is_boundary(line, "-----BEGIN ", &b.label));
	b.header = take_header(&text);
	body = span_of(text.p, 0);
	do {
		if (text.n == 0)
			return -EINVAL;
		body.n = (size_t)(text.p - body.p);
		line = next_line(&text);
	} while (!is_boundary(line, "-----END ", &end));
	if (!span_eq(end, b.label))
		return -EINVAL;
	rc = decode(body, &b);
	if (rc == 0)
		*ret = b;
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
