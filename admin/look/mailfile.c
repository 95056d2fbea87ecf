/*
 * The trap is the line that ends the header without being empty: it is the
 * body's first line already, and getline(3) has only one buffer.
 */
#include "admin/look/mailfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes/buf.h"
#include "common/limits.h"

/* A line without its end. */
static struct span
without_end(const char *line, ssize_t n)
{
	struct span s = span_of(line, n < 0 ? 0 : (size_t)n);

	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

/* Gives the field that was gathered to the message, as a milter gets it. */
static void
end_field(struct message *m, struct buf *field)
{
	struct span all = buf_view(field), name;

	if (all.n == 0)
		return;
	name = span_of(all.p, span_find(all, ':'));
	message_field(m, name, span_skip(all, name.n + 1), false);
	buf_clear(field);
}

/* True if the line goes on or begins a header field. */
static bool
is_header(struct span line, const struct buf *field)
{
	size_t colon = span_find(line, ':'), space = span_find(line, ' ');

	if (line.n == 0)
		return false;
	if (span_is_wsp(line.p[0]))
		return field->n > 0;
	return colon < line.n && (space > colon || space + 1 == colon);
}

/* The header up to the empty line, or what is no header any more; that first
 * line of the body is left in *line. */
static struct span
read_header(FILE *in, struct message *m, char **line, size_t *size)
{
	struct buf field;
	struct span s = span_of(NULL, 0);
	bool first = true;
	ssize_t n;

	buf_init(&field, 2 * MESSAGE_HEADERS_MAX);
	while ((n = getline(line, size, in)) >= 0) {
		s = without_end(*line, n);
		if (first && s.n > 5 && memcmp(s.p, "From ", 5) == 0) {
			first = false; /* of a mailbox file */
			continue;
		}
		first = false;
		if (!is_header(s, &field))
			break;
		if (s.p[0] != ' ' && s.p[0] != '\t')
			end_field(m, &field);
		else
			buf_byte(&field, '\n');
		buf_span(&field, s);
	}
	if (buf_error(&field) != 0) /* more than message.h takes */
		m->trouble = MESSAGE_HEADERS_LARGE;
	end_field(m, &field);
	buf_free(&field);
	return n < 0 ? span_of(NULL, 0) : s;
}

/* A line of the body. */
static void
feed_line(struct message *m, struct span line,
    void (*body)(void *arg, struct span in), void *arg)
{
	const struct span part[] = {line, span_str("\r\n")};

	for (size_t i = 0; i < 2; i++) {
		message_body(m, part[i]);
		body(arg, part[i]);
	}
}

int
mailfile_feed(FILE *in, struct message *m, void (*headers)(void *arg),
    void (*body)(void *arg, struct span in), void *arg)
{
	size_t size = 0;
	char *line = NULL;
	struct span first = read_header(in, m, &line, &size);
	ssize_t n;

	headers(arg);
	if (first.n > 0)
		feed_line(m, first, body, arg);
	while ((n = getline(&line, &size, in)) >= 0)
		feed_line(m, without_end(line, n), body, arg);
	free(line);
	return ferror(in) ? -EIO : 0;
}
