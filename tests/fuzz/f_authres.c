/*
 * The first byte says how many bytes are an Authentication-Results field that
 * came in; what is behind goes into one of ours.
 *
 * A field may be kept only if no reader takes it for ours. Two readers are here
 * that do it in another way than authres.c: one that takes the first word, as
 * simple scripts do, and one that drops comments, blanks and quotes and puts
 * the rest together, as OpenDMARC does. And what we write must be a field of
 * ours.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mail/authres.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "mx.example.jp"

static const char *const names[] = {ID};
static const struct authres_ids ids = {names, 1};

static bool
is_id(struct span s)
{
	while (s.n > 0 && s.p[s.n - 1] == '.')
		s.n--;
	return span_ieqs(s, ID);
}

/* Behind white space, up to white space, ';' or '/'. */
static bool
first_word(struct span s)
{
	size_t n = 0;

	while (s.n > 0 && strchr(" \t\r\n", s.p[0]) != NULL && s.p[0] != '\0')
		s = span_skip(s, 1);
	while (n < s.n && memchr(" \t\r\n;/(", s.p[n], 7) == NULL)
		n++;
	return is_id(span_of(s.p, n));
}

/* All up to the first '/', or ';' that is not quoted, without comments, blanks
 * and quotes. */
static bool
put_together(struct span s)
{
	char text[64];
	bool quoted = false;
	size_t n = 0, depth = 0;

	for (size_t i = 0; i < s.n && n < sizeof text; i++) {
		char c = s.p[i];

		if (c == '\\' && (quoted || depth > 0)) {
			if (++i < s.n && depth == 0)
				text[n++] = s.p[i];
		} else if (c == '"' && depth == 0) {
			quoted = !quoted;
		} else if (!quoted && c == '(') {
			depth++;
		} else if (!quoted && c == ')' && depth > 0) {
			depth--;
		} else if (depth == 0 && (c == '/' || (c == ';' && !quoted))) {
			break;
		} else if (depth == 0 && memchr(" \t\r\n", c, 4) == NULL) {
			text[n++] = c;
		}
	}
	return is_id(span_of(text, n));
}

static void
judge(struct span in)
{
	enum authres_owner o = authres_owner(in, &ids);

	must(
	    o == AUTHRES_OTHER || o == AUTHRES_OURS || o == AUTHRES_UNREADABLE);
	must(o != AUTHRES_OTHER || (!first_word(in) && !put_together(in)));
	must(o == AUTHRES_UNREADABLE || in.n <= AUTHRES_MAX);
}

/* No line is too long, folds are LF and TAB, and quotes and comments have
 * ends. */
static void
check_written(struct span out)
{
	size_t column = sizeof AUTHRES_NAME;
	bool quoted = false;

	must(authres_owner(out, &ids) == AUTHRES_OURS);
	for (size_t i = 0; i < out.n; i++) {
		unsigned char c = (unsigned char)out.p[i];

		must((c >= ' ' && c < 0x7f) || c == '\n' || c == '\t');
		must(c != '\n' || (i + 1 < out.n && out.p[i + 1] == '\t'));
		must(c != '\\' && (!quoted || c != '\n'));
		quoted = quoted != (c == '"');
		column = c == '\n' ? 0 : column + 1;
		must(column < 900);
	}
	must(!quoted);
}

static void
write(struct span in)
{
	struct authres a;
	struct buf out;
	size_t third = (in.n < 3000 ? in.n : 3000) / 3;

	buf_init(&out, 16384);
	authres_begin(&a, ID, &out);
	authres_result(&a, "dkim", "pass", NULL);
	authres_comment(&a, "2048-bit key");
	authres_domain(
	    &a, "header.d", span_of(in.p, third < 253 ? third : 253));
	authres_address(&a, "header.i", span_of(in.p + third, third));
	authres_base64(&a, "header.b",
	    span_of(in.p + 2 * third, third < 256 ? third : 256));
	must(buf_error(&out) == 0);
	check_written(buf_view(&out));
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n;

	if (size < 1)
		return 0;
	n = data[0] == 0xff || data[0] > size - 1 ? size - 1 : data[0];
	judge(span_of(data + 1, n));
	write(span_of(data + 1 + n, size - 1 - n));
	return 0;
}
