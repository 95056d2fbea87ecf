/*
 * Trick: the file stays text and is read anew for each name: there are eleven
 * at the most.
 */
#include "admin/look/zonefile.h"

#include <errno.h>
#include <stdlib.h>

#include "admin/tool/tool.h"
#include "common/bytes/domain.h"

enum {
	FILE_MAX = 16 * 1024 * 1024,
	RECORDS_MAX = 16 /* at one name */
};

struct scan {
	struct span rest;
	struct span owner;
	unsigned line;
	bool open;       /* between parentheses a record goes on */
	const char *bad; /* what is wrong; static */
};

struct record {
	struct span owner;
	bool is_txt;
	struct buf text; /* its strings, joined */
};

/* --- words ---------------------------------------------------------------- */

/* Up to the next word, or to the line end behind the record. */
static void
skip_blank(struct scan *s)
{
	while (s->rest.n > 0) {
		char c = s->rest.p[0];

		if (c == ';') {
			s->rest = span_skip(s->rest, span_find(s->rest, '\n'));
			continue;
		}
		if (c == '\n' && !s->open)
			return;
		if (c == '(' || c == ')')
			s->open = c == '(';
		else if (!span_is_fws(c))
			return;
		s->line += c == '\n';
		s->rest = span_skip(s->rest, 1);
	}
}

/* Between the quotes, with its backslashes. */
static bool
take_quoted(struct scan *s, struct span *ret)
{
	size_t n = 1;

	while (n < s->rest.n && s->rest.p[n] != '"' && s->rest.p[n] != '\n')
		n += s->rest.p[n] == '\\' && n + 1 < s->rest.n ? 2 : 1;
	if (n >= s->rest.n || s->rest.p[n] != '"') {
		s->bad = "a quote is left open";
		return false;
	}
	*ret = span_of(s->rest.p + 1, n - 1);
	s->rest = span_skip(s->rest, n + 1);
	return true;
}

/* The next word of the record; false at its end, or when it is bad. */
static bool
take_word(struct scan *s, struct span *ret)
{
	size_t n = 0;

	skip_blank(s);
	if (s->rest.n == 0 || s->rest.p[0] == '\n')
		return false;
	if (s->rest.p[0] == '"')
		return take_quoted(s, ret);
	while (n < s->rest.n && !span_is_fws(s->rest.p[n]) &&
	    memchr("();\"", s->rest.p[n], 4) == NULL)
		n++;
	*ret = span_of(s->rest.p, n);
	s->rest = span_skip(s->rest, n);
	return true;
}

/* Appends a string without its backslashes: \X, \DDD. */
static void
put_string(struct span s, struct buf *out)
{
	while (s.n > 0) {
		unsigned byte = 0;
		size_t n = 1;

		if (s.p[0] != '\\' || s.n == 1) {
			buf_byte(out, s.p[0]);
			s = span_skip(s, 1);
			continue;
		}
		while (n < 4 && n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
			byte = 10 * byte + (unsigned)(s.p[n++] - '0');
		if (n == 4)
			buf_byte(out, (char)byte);
		else
			buf_byte(out, s.p[1]);
		s = span_skip(s, n == 4 ? 4 : 2);
	}
}

/* --- records -------------------------------------------------------------- */

static bool
is_number(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return true;
}

/* What stands behind the owner. */
static void
take_data(struct scan *s, struct record *r)
{
	struct span w = {NULL, 0};
	bool any = false;

	r->is_txt = false;
	buf_clear(&r->text);
	while (take_word(s, &w) && (is_number(w) || span_ieqs(w, "IN")))
		;
	if (s->bad != NULL)
		return;
	r->is_txt = span_ieqs(w, "TXT");
	while (take_word(s, &w)) {
		if (r->is_txt)
			put_string(w, &r->text);
		any = true;
	}
	if (r->is_txt && !any && s->bad == NULL)
		s->bad = "a TXT record without a text";
}

/* The next record. False at the end, or when one is bad. */
static bool
take_record(struct scan *s, struct record *r)
{
	struct span w;

	while (s->rest.n > 0 && s->bad == NULL) {
		bool owned = !span_is_wsp(s->rest.p[0]);

		skip_blank(s);
		if (s->rest.n > 0 && s->rest.p[0] != '\n') {
			if (owned && take_word(s, &w))
				s->owner = w;
			take_data(s, r);
			r->owner = s->owner;
			return s->bad == NULL;
		}
		s->line++;
		s->rest = span_skip(s->rest, 1);
	}
	return false;
}

/* --- all of it ------------------------------------------------------------ */

int
zonefile_read(const char *path, struct zonefile *z, struct buf *why)
{
	struct scan s = {.line = 1};
	struct record r;
	int rc = tool_read_file(path, FILE_MAX, &z->text);

	if (rc != 0) {
		buf_fmt(why, "%s: %s\n", path, strerror(-rc));
		return rc;
	}
	s.rest = buf_view(&z->text);
	buf_init(&r.text, FILE_MAX);
	while (take_record(&s, &r))
		;
	buf_free(&r.text);
	if (s.bad == NULL && s.open)
		s.bad = "a parenthesis is left open";
	if (s.bad == NULL)
		return 0;
	buf_fmt(why, "%s:%u: %s\n", path, s.line, s.bad);
	zonefile_free(z);
	return -EINVAL;
}

void
zonefile_free(struct zonefile *z)
{
	buf_free(&z->text);
}

/* One allocation, as dns_answer_free() wants it: answer, records, texts. */
static struct dns_answer *
make_answer(const struct buf *all, const size_t *size, size_t n)
{
	struct dns_answer *a;
	struct dns_record *record;
	size_t bytes;
	char *text;

	if (buf_error(all) != 0)
		return NULL;
	bytes = sizeof *a + n * sizeof *record + all->n;
	a = calloc(1, bytes);
	if (a == NULL)
		return NULL;
	a->size = bytes;
	record = (struct dns_record *)(a + 1);
	text = (char *)(record + n);
	if (all->n > 0)
		memcpy(text, all->p, all->n);
	for (size_t i = 0; i < n; i++) {
		record[i].txt = span_of(text, size[i]);
		text += size[i];
	}
	a->status = n > 0 ? DNS_FOUND : DNS_NXDOMAIN;
	a->record = record;
	a->n = n;
	return a;
}

struct dns_answer *
zonefile_answer(void *arg, const char *name)
{
	const struct zonefile *z = arg;
	struct scan s = {.rest = buf_view(&z->text)};
	size_t size[RECORDS_MAX] = {0}, n = 0;
	struct dns_answer *a;
	struct record r;
	struct buf all;

	buf_init(&r.text, FILE_MAX);
	buf_init(&all, FILE_MAX);
	while (n < RECORDS_MAX && take_record(&s, &r)) {
		if (!r.is_txt || !domain_equal(r.owner, span_str(name)))
			continue;
		size[n++] = r.text.n;
		buf_span(&all, buf_view(&r.text));
	}
	a = make_answer(&all, size, n);
	buf_free(&r.text);
	buf_free(&all);
	return a;
}
