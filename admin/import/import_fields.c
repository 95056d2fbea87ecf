/*
 * OpenDKIM's SignHeaders, OversignHeaders and OmitHeaders as sign_headers.
 */
#include "admin/import/import.h"
#include "admin/limits.h"
#include "common/limits.h"
#include "signer/sign/hdrsel.h"

/* Names from one of the three options, as words of sign_headers. */
struct fields {
	struct import *im;
	const struct import_option *o;
	struct buf *out;
};

/* Appends a word if it may stand there. */
static void
add_field(
    struct fields *f, const char *front, struct span name, const char *behind)
{
	struct import *im = f->im;
	struct buf line;

	if (hdrsel_never(name)) {
		import_note(im, IMPORT_LEFT, f->o, "%.*s is never signed",
		    (int)name.n, name.p);
		return;
	}
	buf_init(&line, CONFIG_FILE_MAX);
	buf_fmt(&line, "%s%.*s%s", front, (int)name.n, name.p, behind);
	if (buf_text(&line) != NULL) {
		struct buf judged;

		buf_init(&judged, CONFIG_FILE_MAX);
		import_put_list(im, f->o, "signer", "sign_headers",
		    buf_text(&line), 0, &judged);
		if (judged.n > 0)
			buf_fmt(f->out, "%s ", buf_text(&line));
		buf_free(&judged);
	}
	buf_free(&line);
}

/* "*" is the default, "+Name" and "-Name" what is different. */
static void
add_signed(void *arg, struct span one)
{
	struct fields *f = arg;

	if (one.p[0] == '*')
		return; /* it stands in front already */
	if (one.p[0] == '-')
		add_field(f, "-", span_skip(one, 1), "");
	else
		add_field(f, "", span_skip(one, one.p[0] == '+'), "");
}

static void
add_oversigned(void *arg, struct span one)
{
	if (!span_ieqs(one, "From")) /* "*" has its '!' */
		add_field(arg, "", one, "!");
}

/* What is never signed need not be said, and From always is. */
static void
add_omitted(void *arg, struct span one)
{
	struct span name = span_skip(one, one.p[0] == '+');

	if (one.p[0] == '*' || one.p[0] == '-' || one.p[0] == '.' ||
	    hdrsel_never(name) || span_ieqs(name, "From"))
		return;
	add_field(arg, "-", name, "");
}

static void
add_fields(struct import *im, const struct import_option *o,
    void (*add)(void *arg, struct span one), struct buf *out)
{
	struct fields f = {im, o, out};
	struct buf words;

	if (o == NULL)
		return;
	buf_init(&words, IMPORT_LIST_MAX + 2);
	if (import_dataset(im, o, &words) && buf_text(&words) != NULL)
		import_items(buf_text(&words), add, &f);
	import_whole(&words, out);
	buf_free(&words);
}

static bool
is_delta(const struct import_option *o)
{
	return o == NULL || strchr(o->value, '*') != NULL;
}

/* The three options are one list. */
void
import_fields(struct import *im, const struct import_option *sign,
    const struct import_option *oversign, const struct import_option *omit)
{
	const struct import_option *o = sign != NULL ? sign
	    : omit != NULL                           ? omit
	                                             : oversign;
	struct buf words, line;

	buf_init(&words, IMPORT_LIST_MAX);
	buf_init(&line, IMPORT_LIST_MAX);
	add_fields(im, sign, add_signed, &words);
	add_fields(im, oversign, add_oversigned, &words);
	add_fields(im, omit, add_omitted, &words);
	if (words.n > 0 && buf_text(&words) != NULL) {
		buf_str(&line, "\tsign_headers = {");
		buf_str(&line, is_delta(sign) ? "\"*\"" : "\"From!\"");
		buf_str(&line, ", ");
		import_words(buf_text(&words), &line);
		buf_str(&line, "}\n");
		if (import_judge(im, o, "signer {\n", buf_view(&line), "}\n"))
			buf_span(&im->signer, buf_view(&line));
	}
	import_whole(&words, &im->signer);
	buf_free(&words);
	buf_free(&line);
}
