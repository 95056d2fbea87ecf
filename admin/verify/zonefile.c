/*
 * Trick: the file stays text and is read anew for each question: there are a
 * hundred at the most.
 */
#include "admin/verify/zonefile.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

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
	unsigned type; /* enum dns_type; 0: one that is passed over */
	struct ip ip;
	uint16_t preference;
	struct buf text; /* TXT: its strings, joined; MX, PTR: the name */
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

static unsigned
type_of(struct span word)
{
	static const struct {
		const char *word;
		enum dns_type type;
	} type[] = {{"TXT", DNS_TXT}, {"A", DNS_A}, {"AAAA", DNS_AAAA},
	    {"MX", DNS_MX}, {"PTR", DNS_PTR}};

	for (size_t i = 0; i < sizeof type / sizeof type[0]; i++) {
		if (span_ieqs(word, type[i].word))
			return type[i].type;
	}
	return 0;
}

static void
take_txt(struct scan *s, struct record *r)
{
	struct span w;
	bool any = false;

	while (take_word(s, &w)) {
		put_string(w, &r->text);
		any = true;
	}
	if (!any && s->bad == NULL)
		s->bad = "a TXT record without a text";
}

static void
take_address(struct scan *s, struct record *r)
{
	struct span w;

	if (!take_word(s, &w) || ip_parse(w, &r->ip) != 0 ||
	    (r->ip.family == AF_INET6) != (r->type == DNS_AAAA))
		s->bad = "not an address of that type";
}

/* As an answer has it: lower case, without a dot at its end. */
static void
take_name(struct scan *s, struct record *r)
{
	struct span w;

	if (!take_word(s, &w)) {
		s->bad = "a record without a name";
		return;
	}
	if (w.n > 0 && w.p[w.n - 1] == '.')
		w.n--;
	for (size_t i = 0; i < w.n; i++)
		buf_byte(&r->text, (char)span_lower((unsigned char)w.p[i]));
	buf_byte(&r->text, '\0');
}

static void
take_mx(struct scan *s, struct record *r)
{
	struct span w;

	if (!take_word(s, &w) || !is_number(w) || w.n > 5) {
		s->bad = "an MX record without a preference";
		return;
	}
	r->preference = 0;
	for (size_t i = 0; i < w.n; i++)
		r->preference = (uint16_t)(10 * r->preference + (w.p[i] - '0'));
	take_name(s, r);
}

/* What stands behind the owner. */
static void
take_data(struct scan *s, struct record *r)
{
	struct span w = {NULL, 0};

	buf_clear(&r->text);
	while (take_word(s, &w) && (is_number(w) || span_ieqs(w, "IN")))
		;
	r->type = s->bad == NULL ? type_of(w) : 0;
	switch (r->type) {
	case DNS_TXT:
		take_txt(s, r);
		break;
	case DNS_A:
	case DNS_AAAA:
		take_address(s, r);
		break;
	case DNS_MX:
		take_mx(s, r);
		break;
	case DNS_PTR:
		take_name(s, r);
		break;
	}
	while (take_word(s, &w))
		;
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

/* Records at a name, without their texts, which are joined elsewhere. */
struct found {
	struct dns_record record[RECORDS_MAX];
	size_t size[RECORDS_MAX]; /* of its text */
	size_t n;
	bool exists; /* the name does */
};

/* One allocation, as dns_answer_free() wants it: answer, records, texts. */
static struct dns_answer *
make_answer(const struct buf *all, const struct found *f, enum dns_type type)
{
	struct dns_answer *a;
	struct dns_record *record;
	size_t bytes = sizeof *a + f->n * sizeof *record + all->n;
	char *text;

	a = buf_error(all) == 0 ? calloc(1, bytes) : NULL;
	if (a == NULL)
		return NULL;
	a->size = bytes;
	record = (struct dns_record *)(a + 1);
	text = (char *)(record + f->n);
	if (all->n > 0)
		memcpy(text, all->p, all->n);
	for (size_t i = 0; i < f->n; i++) {
		record[i] = f->record[i];
		if (type == DNS_TXT)
			record[i].txt = span_of(text, f->size[i]);
		else if (type == DNS_MX || type == DNS_PTR)
			record[i].name = text;
		text += f->size[i];
	}
	a->status = f->n > 0 ? DNS_FOUND
	    : f->exists      ? DNS_NODATA
	                     : DNS_NXDOMAIN;
	a->record = record;
	a->n = f->n;
	return a;
}

static void
add_found(struct found *f, const struct record *r, struct buf *all)
{
	struct dns_record *record = &f->record[f->n];

	if (r->type == DNS_MX)
		record->preference = r->preference;
	else if (r->type == DNS_A || r->type == DNS_AAAA)
		record->ip = r->ip;
	f->size[f->n++] = r->text.n;
	buf_span(all, buf_view(&r->text));
}

struct dns_answer *
zonefile_answer(void *arg, struct span name, enum dns_type type)
{
	const struct zonefile *z = arg;
	struct scan s = {.rest = buf_view(&z->text)};
	struct found f = {.n = 0};
	struct dns_answer *a;
	struct record r;
	struct buf all;

	buf_init(&r.text, FILE_MAX);
	buf_init(&all, FILE_MAX);
	while (f.n < RECORDS_MAX && take_record(&s, &r)) {
		if (!domain_equal(r.owner, name))
			continue;
		f.exists = true;
		if (r.type == type)
			add_found(&f, &r, &all);
	}
	a = make_answer(&all, &f, type);
	buf_free(&r.text);
	buf_free(&all);
	return a;
}
