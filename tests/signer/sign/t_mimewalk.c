#include <stdlib.h>

#include "signer/sign/mimewalk.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

#define MULTI "multipart/mixed; boundary=b"
#define CTE "Content-Transfer-Encoding: 8bit\r\n"

/* True if Postfix changes it for a host without 8BITMIME; tests/e2e/cases.d has
 * it send messages of these kinds. */
static const struct {
	const char *type;     /* of the message; NULL: no such field */
	const char *encoding; /* the same */
	const char *body;
	bool changed;
} rows[] = {
    /* the header */
    {NULL, NULL,
        "gr\xc3\xbc\xc3\x9f"
        "e\r\n",
        false},
    {NULL, "8bit", "ascii\r\n", true},
    {NULL, "8BIT", "", true},
    {"application/octet-stream", "BINARY", "ascii\r\n", true},
    {"text/plain", "7bit",
        "gr\xc3\xbc\xc3\x9f"
        "e\r\n",
        false},
    {"text/plain", "quoted-printable", "x\r\n", false},
    {"text/plain", "base64", "eA==\r\n", false},
    {"text/plain", "x-8bit", "x\r\n", false},
    {"text/plain", "\"8bit\"", "x\r\n", false},
    {"text/plain", "(a (comment) \\)) 8bit", "x\r\n", true},
    {"text/plain", "8bit; x", "x\r\n", true},
    {"text/plain", "\n 8bit", "x\r\n", true},
    {"text/plain", "8bit.", "x\r\n", true},
    {"text/plain", "8bit/", "x\r\n", false},
    {"text/plain", "", "x\r\n", false},
    {"text/plain", NULL, CTE "\r\nx\r\n", false},
    /* a part */
    {MULTI, NULL, "--b\r\n" CTE "\r\nx\r\n--b--\r\n", true},
    {MULTI, NULL, "--b\r\n\r\nx\r\n--b\r\n" CTE "\r\nx\r\n--b--\r\n", true},
    {MULTI, NULL, "--b\r\ncontent-TRANSFER-encoding:8bit\r\n\r\n", true},
    {MULTI, NULL, "--b\r\nContent-Transfer-Encoding:\r\n\t8bit\r\n\r\n", true},
    {MULTI, NULL, "--b\r\nContent-Transfer-Encoding: 7bit\r\n\r\n", false},
    {MULTI, NULL, "--b\r\n" CTE, true},
    {MULTI, NULL, "--b\r\nContent-Transfer-Encoding: 8bit", true},
    {MULTI, "7bit", "--b\r\n" CTE "\r\nx\r\n--b--\r\n", true},
    {MULTI, NULL, "--b and more\r\n" CTE "\r\n--b--\r\n", true},
    {MULTI, NULL, "--B\r\n" CTE "\r\n", false},
    {MULTI, NULL, " --b\r\n" CTE "\r\n", false},
    {MULTI, NULL, "-\r\n-b\r\n" CTE "\r\n", false},
    /* text that only looks like a header */
    {MULTI, NULL, CTE "\r\n--b\r\n\r\nx\r\n--b--\r\n", false},
    {MULTI, NULL, "--b\r\n\r\n" CTE "\r\n--b--\r\n", false},
    {MULTI, NULL, "--b\r\n\r\n--b--\r\n" CTE "\r\n", false},
    {MULTI, NULL, "--b--\r\n--b\r\n" CTE "\r\n", false},
    {"multipart/mixed", NULL, "--b\r\n" CTE "\r\n", false},
    {"multipart/mixed; boundary", NULL, "--b\r\n" CTE "\r\n", false},
    {"text/plain; boundary=b", NULL, "--b\r\n" CTE "\r\n", false},
    {"application/multipart; boundary=b", NULL, "--b\r\n" CTE, false},
    /* a header without an empty line behind it */
    {MULTI, NULL, "--b\r\ntext\r\n" CTE "\r\n--b--\r\n", false},
    {MULTI, NULL, "--b\r\n--b\r\n" CTE "\r\n--b--\r\n", true},
    {MULTI, NULL, "--b\r\nA: b\r\n--b\r\n" CTE "\r\n--b--\r\n", true},
    {MULTI, NULL, "--b\r\n fold\r\n" CTE "\r\n--b--\r\n", false},
    {"message/rfc822", NULL, "From x\r\n" CTE "\r\n", false},
    /* how the boundary is written */
    {"multipart/mixed; boundary=\"b c\"", NULL, "--b c\r\n" CTE "\r\n", true},
    {"multipart/mixed; boundary=\"b\\c\"", NULL, "--bc\r\n" CTE "\r\n", true},
    {"multipart/mixed;\n boundary = b", NULL, "--b\r\n" CTE "\r\n", true},
    {"multipart/mixed; charset=x; BOUNDARY=b", NULL, "--b\r\n" CTE, true},
    {"MULTIPART; boundary=b", NULL, "--b\r\n" CTE "\r\n", true},
    {"multipart/x (;) ; (x) boundary(y)=(z)b", NULL, "--b\r\n" CTE, true},
    {"multipart/mixed; boundary=\"b\n c\"", NULL, "--b c\r\n" CTE, true},
    {"multipart/mixed; boundary=b/c", NULL, "--bx\r\n" CTE "\r\n", true},
    {"multipart/mixed; boundary=a; boundary=b", NULL, "--a\r\n" CTE, true},
    {"multipart/mixed; boundary=\"\"", NULL, "--any\r\n" CTE "\r\n", true},
    {"multipart/mixed; boundary*=b", NULL, "--b\r\n" CTE "\r\n", false},
    /* parts in parts */
    {MULTI, NULL,
        "--b\r\nContent-Type: multipart/alternative;\r\n boundary=\"i\"\r\n\r\n"
        "--i\r\n" CTE "\r\nx\r\n--i--\r\n--b--\r\n",
        true},
    {MULTI, NULL,
        "--b\r\nContent-Type: multipart/x; boundary=i\r\n\r\n--i--\r\n"
        "--i\r\n" CTE "\r\n--b--\r\n",
        false},
    {MULTI, NULL,
        "--b\r\nContent-Type: multipart/x; boundary=i\r\n\r\n"
        "--b\r\n\r\n--i\r\n" CTE "\r\n--b--\r\n",
        false},
    {MULTI, NULL,
        "--b\r\nContent-Type: multipart/x; boundary=bb\r\n\r\n"
        "--bb--\r\n\r\n--b\r\n" CTE "\r\n",
        true},
    /* messages in messages */
    {"message/rfc822", NULL, "From: a@far.example\r\n" CTE "\r\nx\r\n", true},
    {"message/rfc822", NULL, CTE "\r\nx\r\n", true},
    {"message/rfc822", NULL, "\r\n" CTE "\r\nx\r\n", false},
    {"message/global", NULL, CTE "\r\nx\r\n", true},
    {"message/global-headers", NULL, CTE "\r\nx\r\n", false},
    {"message/partial", NULL, CTE "\r\nx\r\n", false},
    {"message", NULL, CTE "\r\nx\r\n", false},
    {MULTI, NULL,
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n" CTE
        "\r\nx\r\n--b--\r\n",
        true},
    {MULTI, NULL,
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n" CTE
        "\r\n--b--\r\n",
        false},
    {MULTI, NULL,
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n" CTE "\r\n--b--\r\n",
        false},
    {"multipart/digest; boundary=b", NULL,
        "--b\r\n\r\nSubject: x\r\n" CTE "\r\nx\r\n--b--\r\n", true},
    {"multipart/digest; boundary=b", NULL,
        "--b\r\nContent-Type: text/plain\r\n\r\n" CTE "\r\n--b--\r\n", false},
    {"multipart/digest; boundary=b", NULL,
        "--b\r\nContent-Type: application/x\r\n\r\n" CTE "\r\n--b--\r\n", true},
    {"message/rfc822", NULL,
        "Content-Type: message/rfc822\r\n\r\nContent-Type: " MULTI
        "\r\n\r\n--b\r\n" CTE "\r\n--b--\r\n",
        true},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static void
header(struct mimewalk *w, const char *type, const char *encoding)
{
	mimewalk_init(w);
	if (type != NULL)
		mimewalk_field(w,
		    &(struct field){span_str("Content-type"), span_str(type)});
	if (encoding != NULL)
		mimewalk_field(w,
		    &(struct field){span_str("Content-Transfer-Encoding"),
		        span_str(encoding)});
}

static void
feed(void *arg, struct span head, struct span tail)
{
	const size_t *i = arg;
	struct mimewalk w = {.changed = false};

	header(&w, rows[*i].type, rows[*i].encoding);
	mimewalk_body(&w, head);
	mimewalk_body(&w, tail);
	mimewalk_end(&w);
	CHECK(w.changed == rows[*i].changed);
	mimewalk_free(&w);
}

static void
as_postfix(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		suite_row(rows[i].body);
		guard_splits(span_str(rows[i].body), feed, &i);
	}
}

static void
line_by_line(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct span rest = span_str(rows[i].body);
		struct mimewalk w = {.changed = false};

		header(&w, rows[i].type, rows[i].encoding);
		for (; rest.n > 0; rest = span_skip(rest, 1))
			mimewalk_body(&w, span_of(rest.p, 1));
		mimewalk_end(&w);
		suite_row(rows[i].body);
		CHECK(w.changed == rows[i].changed);
		mimewalk_free(&w);
	}
}

/* Lines with an LF alone, as old Postfix may have them */
static void
bare_lf(void)
{
	struct mimewalk w = {.changed = false};

	header(&w, MULTI, NULL);
	mimewalk_body(&w,
	    span_str("--b\n\nx\n--b\nContent-Transfer-Encoding: 8bit\n\nx\n"));
	mimewalk_end(&w);
	CHECK(w.changed);
	mimewalk_free(&w);
}

/* What is mended in a header on this way, encoding or not. Postfix's cleanup(8)
 * has done the same before, but where disable_mime_input_processing is set. */
static void
spaced_name(void)
{
	struct mimewalk w = {.changed = false};

	header(&w, MULTI, NULL);
	mimewalk_body(&w, span_str("--b\r\nSubject : x\r\n\r\n--b--\r\n"));
	mimewalk_end(&w);
	CHECK(w.changed);
	mimewalk_free(&w);
}

/* Parts in parts, n of them; the innermost says 8bit if it is to */
static bool
nested(size_t n, size_t width, const char *last)
{
	struct mimewalk w = {.changed = false};
	bool changed;
	char text[4096];

	header(&w, NULL, NULL);
	for (size_t i = 0; i < n; i++) {
		if (i == 0) {
			snprintf(text, sizeof text,
			    " multipart/x; boundary=%0*zu", (int)width, i);
			mimewalk_field(&w,
			    &(struct field){
			        span_str("Content-Type"), span_str(text)});
			continue;
		}
		snprintf(text, sizeof text,
		    "--%0*zu\r\nContent-Type: multipart/x; "
		    "boundary=%0*zu\r\n\r\n",
		    (int)width, i - 1, (int)width, i);
		mimewalk_body(&w, span_str(text));
	}
	snprintf(
	    text, sizeof text, "--%0*zu\r\n%s\r\n", (int)width, n - 1, last);
	mimewalk_body(&w, span_str(text));
	mimewalk_end(&w);
	changed = w.changed;
	CHECK(mimewalk_held(&w) <= MIMEWALK_BOUNDS_MAX + 2 * MIMEWALK_LINE_MAX);
	mimewalk_free(&w);
	return changed;
}

static void
limits(void)
{
	CHECK(!nested(MIMEWALK_DEPTH_MAX, 20, ""));
	CHECK(nested(MIMEWALK_DEPTH_MAX, 20, CTE));
	CHECK(nested(MIMEWALK_DEPTH_MAX + 1, 20, ""));
	CHECK(!nested(MIMEWALK_BOUNDS_MAX / 1024, 1024, ""));
	CHECK(nested(MIMEWALK_BOUNDS_MAX / 1024 + 1, 1024, ""));
}

/* A field of n bytes that matters, or one that does not */
static bool
long_field(const char *name, size_t n)
{
	struct mimewalk w = {.changed = false};
	char *text = malloc(n + 1);
	bool changed;

	header(&w, MULTI, NULL);
	mimewalk_body(&w, span_str("--b\r\n"));
	memset(text, 'x', n);
	memcpy(text, name, strlen(name));
	mimewalk_body(&w, span_of(text, n));
	mimewalk_body(&w, span_str("\r\n\r\nx\r\n--b--\r\n"));
	mimewalk_end(&w);
	changed = w.changed;
	mimewalk_free(&w);
	free(text);
	return changed;
}

static void
long_fields(void)
{
	CHECK(!long_field("Content-Type: ", MIMEWALK_LINE_MAX - 1));
	CHECK(long_field("Content-Type: ", MIMEWALK_LINE_MAX + 1));
	CHECK(!long_field("Subject: ", 20 * MIMEWALK_LINE_MAX));
	CHECK(!long_field("X:", MIMEWALK_LINE_MAX + 1));
}

SUITE("mimewalk", T(as_postfix), T(line_by_line), T(bare_lf), T(spaced_name),
    T(limits), T(long_fields))
