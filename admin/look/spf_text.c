/*
 * Printed as a tree, a level for each include. What DNS and the client chose
 * becomes printable ASCII first (spf_text_clean), as it goes to somebody's
 * terminal.
 */
#include "admin/look/spf_text.h"

#include "policyd/decide/received.h"

enum {
	INDENT = 2,
	COLUMN = 44 /* where a term's outcome stands, if there is room */
};

/* --- pieces of lines ------------------------------------------------------ */

void
spf_text_clean(struct span s, struct buf *out)
{
	size_t plain = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= ' ' && c <= '~' && c != '\\')
			continue;
		buf_add(out, s.p + plain, i - plain);
		buf_fmt(out, "\\%03u", c);
		plain = i + 1;
	}
	if (plain < s.n)
		buf_add(out, s.p + plain, s.n - plain);
}

const char *
spf_text_status(const struct question *q)
{
	switch (q->answer->status) {
	case DNS_FOUND:
		break;
	case DNS_NODATA:
		return "no data";
	case DNS_NXDOMAIN:
		return "NXDOMAIN";
	case DNS_TEMPERROR:
		return q->answer->why;
	}
	return "";
}

const char *
spf_text_security(enum dns_security s)
{
	return s == DNS_SECURE ? "secure" : "insecure";
}

void
spf_text_record(
    const struct question *q, const struct dns_record *r, struct buf *out)
{
	char ip[IP_TEXT_MAX];

	switch (q->type) {
	case DNS_A:
	case DNS_AAAA:
		buf_str(out, ip_text(&r->ip, ip));
		return;
	case DNS_MX:
		buf_fmt(out, "%u %s", r->preference,
		    *r->name == '\0' ? "." : r->name);
		return;
	case DNS_PTR:
	case DNS_CNAME:
		buf_str(out, *r->name == '\0' ? "." : r->name);
		return;
	case DNS_TXT:
		spf_text_clean(r->txt, out);
		return;
	}
}

void
spf_text_header(
    const struct settings *s, const struct request_answer *a, struct buf *out)
{
	const struct policyd_settings *p =
	    settings_recipient(s, a->attr->recipient);
	const struct check_result *result =
	    a->mail_from != NULL ? a->mail_from : a->helo;
	enum identity identity =
	    result == a->mail_from ? IDENTITY_MAIL_FROM : IDENTITY_HELO;
	struct subject subject = *a->subject;

	if (result == NULL)
		return;
	switch (p->header) {
	case HEADER_RECEIVED_SPF:
		if (p->hide_receiver)
			subject.receiver = NULL;
		received_spf(&subject, identity, result, out);
		return;
	case HEADER_AUTH_RESULTS:
		received_auth_results(&subject, identity, result, out);
		return;
	case HEADER_NONE:
		return;
	}
}

/* --- lines ---------------------------------------------------------------- */

static void
begin(unsigned depth, struct buf *out)
{
	buf_fmt(out, "%*s", (int)(depth * INDENT), "");
}

/* A value is printable ASCII by now. */
static void
field(const char *name, const char *value, struct buf *out)
{
	if (value != NULL && *value != '\0')
		buf_fmt(out, "  %-12s %s\n", name, value);
}

/* --- questions ------------------------------------------------------------ */

/* Of the texts at a name only the SPF record, if there is one: others are many,
 * and --json has them all. */
static void
put_records(const struct question *q, struct buf *out)
{
	const struct dns_answer *a = q->answer;
	size_t others = 0;
	bool spf = false;

	for (size_t i = 0; q->type == DNS_TXT && i < a->n; i++)
		spf = spf || record_is_spf(a->record[i].txt);
	for (size_t i = 0; i < a->n; i++) {
		if (spf && !record_is_spf(a->record[i].txt)) {
			others++;
			continue;
		}
		buf_str(out, i == others ? ": " : ", ");
		if (q->type == DNS_TXT)
			buf_byte(out, '"');
		spf_text_record(q, &a->record[i], out);
		if (q->type == DNS_TXT)
			buf_byte(out, '"');
	}
	if (others > 0)
		buf_fmt(
		    out, " and %zu other text%s", others, buf_plural(others));
}

static void
put_answer(const struct question *q, struct buf *out)
{
	const char *status = spf_text_status(q);

	buf_fmt(out, " (%llu ms, %s%s)",
	    (unsigned long long)(q->answered - q->asked),
	    spf_text_security(q->answer->security),
	    q->used ? "" : ", asked early and not needed");
	if (*status != '\0')
		buf_fmt(out, ": %s", status);
	else
		put_records(q, out);
}

static void
put_question(const struct question *q, unsigned depth, struct buf *out)
{
	begin(depth, out);
	buf_fmt(out, "? %s ", questions_type(q->type));
	spf_text_clean(q->name, out);
	switch (q->state) {
	case QUESTION_NEW:
		break;
	case QUESTION_PENDING:
		buf_str(out, ": no answer yet");
		break;
	case QUESTION_NO_NAME:
		buf_str(out, ": not a name that DNS can hold");
		break;
	case QUESTION_ANSWERED:
		put_answer(q, out);
		break;
	}
	buf_byte(out, '\n');
}

static void
put_questions(
    const struct question *const *q, size_t n, unsigned depth, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		put_question(q[i], depth, out);
}

/* --- records -------------------------------------------------------------- */

static void put_record(
    const struct explain_record *r, unsigned depth, struct buf *out);

static void
put_term(const struct explain_term *t, unsigned depth, struct buf *out)
{
	size_t at;

	begin(depth, out);
	at = out->n;
	spf_text_clean(t->text, out);
	at = depth * INDENT + (out->n - at);
	buf_fmt(out, "%*s  %s", at < COLUMN ? (int)(COLUMN - at) : 0, "",
	    explain_word(t->outcome));
	if (t->outcome == EXPLAIN_MATCH)
		buf_fmt(out, ": %s", spf_result_word(t->gives));
	buf_byte(out, '\n');
	put_questions(t->question, t->nquestions, depth + 1, out);
	if (t->record != NULL)
		put_record(t->record, depth + 1, out);
}

static void
put_record(const struct explain_record *r, unsigned depth, struct buf *out)
{
	begin(depth, out);
	buf_str(out, "record of ");
	spf_text_clean(r->domain, out);
	if (r->decided)
		buf_fmt(out, ": %s", spf_result_word(r->result));
	if (r->wrong != NULL)
		buf_fmt(out, ": %s", r->wrong);
	buf_byte(out, '\n');
	for (size_t i = 0; i < r->nterms; i++)
		put_term(&r->term[i], depth + 1, out);
}

static void
put_explain(const struct explain *e, struct buf *out)
{
	if (e->question != NULL)
		put_question(e->question, 1, out);
	if (e->record != NULL)
		put_record(e->record, 1, out);
	if (e->nothers == 0)
		return;
	begin(1, out);
	buf_str(out, "beside these\n");
	put_questions(e->other, e->nothers, 2, out);
}

/* --- the whole ------------------------------------------------------------ */

void
spf_text_check(const char *what, const struct lookups *l,
    const struct check_result *result, const struct explain *e, struct buf *out)
{
	buf_fmt(out, "%s: %s\n", what, spf_result_word(result->result));
	field("domain", result->domain, out);
	field("mechanism", result->mechanism, out);
	field("problem", result->problem, out);
	field("explanation", result->explanation, out);
	buf_fmt(out, "  %-12s %u of %d, void: %u of %u, questions: %u\n",
	    "lookups", l->run.terms, SPF_TERMS_MAX, l->run.voids,
	    l->run.void_max, l->questions.nput);
	field("DNSSEC", spf_text_security(run_security(&l->run)), out);
	if (e != NULL)
		put_explain(e, out);
	buf_byte(out, '\n');
}

void
spf_text_answer(
    const struct settings *s, const struct request_answer *a, struct buf *out)
{
	struct buf header;

	if (a->unchecked != NULL)
		buf_fmt(out, "not checked: %s\n\n", a->unchecked);
	buf_init(&header, HEADER_LINE_MAX + 1);
	spf_text_header(s, a, &header);
	field("header", buf_text(&header), out);
	/* It stands above. */
	if (header.n > 0 && strncmp(a->action, "PREPEND ", 8) == 0)
		field("action", "PREPEND, the header", out);
	else
		field("action", a->action, out);
	field("would be", a->would, out);
	buf_fmt(out, "  %-12s %u ms\n", "time", a->ms);
	buf_free(&header);
}
