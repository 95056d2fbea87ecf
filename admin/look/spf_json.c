#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "admin/look/spf_json.h"
#include "admin/look/spf_text.h"

struct spf_json {
	json_t *whole;
	json_t *checks; /* in whole */
	bool no_memory;
};

enum { TEXT_MAX = 512 * 1024 }; /* 64 KiB of TXT as \DDD */

struct spf_json *
spf_json_new(void)
{
	struct spf_json *j = calloc(1, sizeof *j);

	if (j == NULL)
		return NULL;
	j->whole = json_object();
	j->checks = json_array();
	return j;
}

void
spf_json_free(struct spf_json *j)
{
	if (j == NULL)
		return;
	json_decref(j->checks);
	json_decref(j->whole);
	free(j);
}

/* --- values: each takes over what it is given ----------------------------- */

static void
set(struct spf_json *j, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		j->no_memory = true;
}

static void
append(struct spf_json *j, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		j->no_memory = true;
}

static json_t *
text(struct span s)
{
	json_t *value;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	spf_text_clean(s, &b);
	value = json_stringn(b.n == 0 ? "" : b.p, b.n);
	buf_free(&b);
	return value;
}

static void
set_text(struct spf_json *j, json_t *object, const char *key, const char *value)
{
	if (value != NULL)
		set(j, object, key, text(span_str(value)));
}

static void
set_number(
    struct spf_json *j, json_t *object, const char *key, unsigned long long n)
{
	set(j, object, key, json_integer((json_int_t)n));
}

/* --- questions ------------------------------------------------------------ */

static const char *
status(const struct question *q)
{
	switch (q->state) {
	case QUESTION_NEW:
	case QUESTION_PENDING:
		return "waiting";
	case QUESTION_NO_NAME:
		return "no name";
	case QUESTION_ANSWERED:
		break;
	}
	return q->answer->status == DNS_FOUND ? "found" : spf_text_status(q);
}

static json_t *
question(struct spf_json *j, const struct question *q)
{
	json_t *object = json_object(), *records;

	set_text(j, object, "type", questions_type(q->type));
	set(j, object, "name", text(q->name));
	set_text(j, object, "status", status(q));
	if (q->state != QUESTION_ANSWERED)
		return object;
	set_number(j, object, "ms", q->answered - q->asked);
	set_text(j, object, "dnssec", spf_text_security(q->answer->security));
	set(j, object, "used", json_boolean(q->used));
	records = json_array();
	for (size_t i = 0; i < q->answer->n; i++) {
		struct buf b;

		buf_init(&b, TEXT_MAX);
		spf_text_record(q, &q->answer->record[i], &b);
		append(j, records, json_stringn(b.n == 0 ? "" : b.p, b.n));
		buf_free(&b);
	}
	set(j, object, "records", records);
	return object;
}

static void
set_questions(struct spf_json *j, json_t *object, const char *key,
    const struct question *const *q, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		append(j, array, question(j, q[i]));
	set(j, object, key, array);
}

/* --- records -------------------------------------------------------------- */

static json_t *record(struct spf_json *j, const struct explain_record *r);

static json_t *
term(struct spf_json *j, const struct explain_term *t)
{
	json_t *object = json_object();

	set(j, object, "term", text(t->text));
	set_text(j, object, "outcome", explain_word(t->outcome));
	if (t->outcome == EXPLAIN_MATCH)
		set_text(j, object, "gives", spf_result_word(t->gives));
	if (t->nquestions > 0)
		set_questions(
		    j, object, "questions", t->question, t->nquestions);
	if (t->record != NULL)
		set(j, object, "record", record(j, t->record));
	return object;
}

static json_t *
record(struct spf_json *j, const struct explain_record *r)
{
	json_t *object = json_object(), *terms = json_array();

	set(j, object, "domain", text(r->domain));
	set(j, object, "text", text(r->text));
	if (r->decided)
		set_text(j, object, "result", spf_result_word(r->result));
	set_text(j, object, "wrong", r->wrong);
	for (size_t i = 0; i < r->nterms; i++)
		append(j, terms, term(j, &r->term[i]));
	set(j, object, "terms", terms);
	return object;
}

/* --- the whole ------------------------------------------------------------ */

void
spf_json_check(struct spf_json *j, const char *what, const struct lookups *l,
    const struct check_result *result, const struct explain *e)
{
	json_t *object = json_object();

	set_text(j, object, "identity", what);
	set_text(j, object, "result", spf_result_word(result->result));
	set_text(j, object, "domain", result->domain);
	set_text(j, object, "mechanism", result->mechanism);
	set_text(j, object, "problem", result->problem);
	set_text(j, object, "explanation", result->explanation);
	set_number(j, object, "lookups", l->run.terms);
	set_number(j, object, "voids", l->run.voids);
	set_number(j, object, "queries", l->questions.nput);
	set_text(j, object, "dnssec", spf_text_security(run_security(&l->run)));
	if (e != NULL && e->question != NULL)
		set(j, object, "question", question(j, e->question));
	if (e != NULL && e->record != NULL)
		set(j, object, "record", record(j, e->record));
	if (e != NULL && e->nothers > 0)
		set_questions(j, object, "others", e->other, e->nothers);
	append(j, j->checks, object);
}

void
spf_json_answer(struct spf_json *j, const struct settings *s,
    const struct request_answer *a)
{
	struct buf header;

	set(j, j->whole, "client", text(a->attr->client_address));
	set(j, j->whole, "helo", text(a->attr->helo_name));
	set(j, j->whole, "from", text(a->attr->sender));
	set(j, j->whole, "checks", json_incref(j->checks));
	set_text(j, j->whole, "unchecked", a->unchecked);
	buf_init(&header, HEADER_LINE_MAX + 1);
	spf_text_header(s, a, &header);
	if (header.n > 0)
		set_text(j, j->whole, "header", buf_text(&header));
	buf_free(&header);
	set_text(j, j->whole, "action", a->action);
	set_text(j, j->whole, "would", a->would);
	set_number(j, j->whole, "ms", a->ms);
}

struct json_t *
spf_json_checks(const struct spf_json *j)
{
	return j->no_memory ? NULL : json_incref(j->checks);
}

int
spf_json_print(const struct spf_json *j, struct buf *out)
{
	char *all = json_dumps(j->whole, JSON_INDENT(2));
	bool good = !j->no_memory && all != NULL;

	if (good) {
		buf_str(out, all);
		buf_byte(out, '\n');
	}
	free(all);
	return good ? 0 : -ENOMEM;
}
