/*
 * Trick: the names of all walks stand in one table, as the daemon has it, and
 * each is asked once and printed once, where a walk meets it first.
 *
 * Trap: texts of records come from strangers, and are cleaned.
 */
#include "admin/verify/dmarcwalk.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/tool/subcommand.h"
#include "admin/tool/walkask.h"
#include "common/log/log.h"

struct dmarcwalk {
	const struct dmarc_message *d;
	const char *author;
	const struct evaluation *e; /* NULL: there was nothing to evaluate */
	struct walk_names names;
	struct walk_name walked[WALK_NAMES_MAX]; /* those */
	walkask_name name[WALK_NAMES_MAX];
	struct dnswait q[WALK_NAMES_MAX];
};

/* --- the questions -------------------------------------------------------- */

static int
ask(struct dmarcwalk *w, struct loop *loop, struct resolver *resolver)
{
	const struct evaluation *e = w->e;
	struct walk_names *names = &w->names;

	(void)walk_add(names, e->author, span_of(NULL, 0));
	for (size_t i = 0; i < e->nidentifiers; i++)
		(void)walk_add(
		    names, e->identifier[i].domain, span_of(NULL, 0));
	return walkask(loop, resolver, names, 0, w->name, w->q);
}

int
dmarcwalk_new(struct loop *loop, struct resolver *resolver,
    const struct dmarc_message *d, const char *author, struct dmarcwalk **ret)
{
	struct dmarcwalk *w = calloc(1, sizeof *w);
	int rc = 0;

	if (w == NULL)
		return -ENOMEM;
	w->d = d;
	w->author = author;
	w->names = (struct walk_names){w->walked, 0, WALK_NAMES_MAX};
	w->e = dmarc_message_evaluation(d);
	if (w->e != NULL)
		rc = ask(w, loop, resolver);
	if (rc != 0) {
		dmarcwalk_free(w);
		return rc;
	}
	*ret = w;
	return 0;
}

void
dmarcwalk_free(struct dmarcwalk *w)
{
	if (w != NULL)
		dnswait_free(w->q, w->names.n);
	free(w);
}

/* --- what they mean ------------------------------------------------------- */

/* The organizational domain, or empty: DNS does not tell. */
static struct span
organization(const struct dmarcwalk *w, struct span domain)
{
	struct span org;

	return walk_organization(&w->names, domain, &org) == WALK_KNOWN
	    ? org
	    : span_of(NULL, 0);
}

static const char *
standing_word(enum dmarc_standing s)
{
	switch (s) {
	case DMARC_PASSES:
		return "passes";
	case DMARC_PASSES_NOT:
		return "does not pass";
	case DMARC_PENDING:
	case DMARC_UNKNOWN:
		break;
	}
	return "is not known";
}

/* Why an identifier is aligned, or not. *ret: it is. */
static const char *
why(const struct dmarcwalk *w, const struct identifier *i, bool *ret)
{
	const struct walk_name *at = w->d->result.at;
	struct span mine = organization(w, w->e->author);
	struct span its = organization(w, i->domain);

	*ret = span_eq(i->domain, w->e->author);
	if (*ret)
		return "it is the author's domain";
	if (at == NULL)
		return "there is no policy that would say how";
	if (i->method == DMARC_SPF ? at->record.strict_spf
	                           : at->record.strict_dkim)
		return i->method == DMARC_SPF
		    ? "aspf=s wants the author's domain"
		    : "adkim=s wants the author's domain";
	if (mine.n == 0 || its.n == 0)
		return "DNS does not tell whose it is";
	*ret = span_eq(mine, its);
	return *ret ? "it is of the same organization"
	            : "it is of another organization";
}

static size_t
index_of(const struct dmarcwalk *w, struct span name)
{
	return (size_t)(walk_known(&w->names, name) - w->names.v);
}

/* Calls show() for each name that the walk looks at. */
static void
walk(const struct dmarcwalk *w, struct span start,
    void (*show)(void *arg, const struct dmarcwalk *w, size_t which), void *arg)
{
	for (struct span at = start; at.n > 0; at = walk_up(at)) {
		const struct walk_name *n = walk_known(&w->names, at);

		if (n == NULL)
			return;
		show(arg, w, index_of(w, at));
		if (n->found == WALK_RECORD &&
		    n->record.psd != DMARC_PSD_UNKNOWN)
			return;
	}
}

/* All walks; a name may come more than once. */
static void
walk_all(const struct dmarcwalk *w,
    void (*show)(void *arg, const struct dmarcwalk *w, size_t which), void *arg)
{
	walk(w, w->e->author, show, arg);
	for (size_t i = 0; i < w->e->nidentifiers; i++)
		walk(w, w->e->identifier[i].domain, show, arg);
}

static const char *
found_word(const struct dmarcwalk *w, size_t which)
{
	const struct dns_answer *a = w->q[which].answer;
	size_t records = 0;

	switch (w->names.v[which].found) {
	case WALK_RECORD:
		return "record";
	case WALK_ERROR:
		return a->why;
	case WALK_UNKNOWN:
	case WALK_NOTHING:
		break;
	}
	for (size_t i = 0; i < a->n; i++)
		records += dmarc_record_counts(a->record[i].txt);
	if (records > 1)
		return "several records, which count as none";
	return records == 1 ? "an invalid record" : "no record";
}

/* --- for people ----------------------------------------------------------- */

struct print {
	struct buf *out;
	bool done[WALK_NAMES_MAX];
};

static void
print_name(void *arg, const struct dmarcwalk *w, size_t which)
{
	const struct dns_answer *a = w->q[which].answer;
	struct print *p = arg;

	if (p->done[which])
		return;
	p->done[which] = true;
	buf_fmt(p->out, "  ? TXT %s: %s", w->name[which], found_word(w, which));
	for (size_t i = 0; i < a->n; i++) {
		if (!dmarc_record_counts(a->record[i].txt))
			continue;
		buf_str(p->out, " \"");
		log_clean(a->record[i].txt, p->out);
		buf_byte(p->out, '"');
	}
	buf_byte(p->out, '\n');
}

static void
print_organization(
    const struct dmarcwalk *w, struct span domain, struct buf *out)
{
	struct span org = organization(w, domain);

	if (org.n == 0)
		buf_str(out, ", organization not known");
	else
		buf_fmt(out, ", organization %.*s", (int)org.n, org.p);
}

static void
print_identifier(
    const struct dmarcwalk *w, const struct identifier *i, struct buf *out)
{
	bool aligned;
	const char *text = why(w, i, &aligned);

	buf_fmt(out, "  %-12s %.*s", i->method == DMARC_SPF ? "SPF" : "DKIM",
	    (int)i->domain.n, i->domain.p);
	print_organization(w, i->domain, out);
	buf_fmt(out, "\n    %s, %s: %s\n", standing_word(i->standing),
	    aligned ? "aligned" : "not aligned", text);
}

static void
print_policy(const struct dmarc_message *d, struct buf *out)
{
	const struct evaluation_result *r = &d->result;
	static const char *const tag[DMARC_TAGS] = {
	    [DMARC_TAG_P] = "p", [DMARC_TAG_SP] = "sp", [DMARC_TAG_NP] = "np"};

	if (r->at == NULL)
		return;
	buf_fmt(out, "  policy       %s=%s of _dmarc.%.*s%s\n", tag[r->tag],
	    dmarc_policy_word(r->published), (int)r->at->name.n, r->at->name.p,
	    r->policy != r->published ? ", one step less by t=y" : "");
}

void
dmarcwalk_text(const struct dmarcwalk *w, struct buf *out)
{
	const struct dmarc_message *d = w->d;
	char comment[DISPOSITION_COMMENT_MAX];
	struct print p = {.out = out};

	if (!d->over)
		return;
	buf_fmt(out, "DMARC: %s", dmarc_result_word(d->result.result));
	if (d->result.reason != NULL)
		buf_fmt(out, ", %s", d->result.reason);
	if (dmarc_message_comment(d, comment)[0] != '\0')
		buf_fmt(out, " (%s)", comment);
	buf_byte(out, '\n');
	if (w->e == NULL)
		return;
	buf_fmt(out, "  author       %s", w->author);
	print_organization(w, w->e->author, out);
	buf_byte(out, '\n');
	print_policy(d, out);
	for (size_t i = 0; i < w->e->nidentifiers; i++)
		if (w->e->identifier[i].domain.n > 0)
			print_identifier(w, &w->e->identifier[i], out);
	walk_all(w, print_name, &p);
}

/* --- for programs --------------------------------------------------------- */

struct collect {
	json_t *to;
	bool done[WALK_NAMES_MAX];
	bool failed; /* memory is out: a part is missing */
};

static void
append(struct collect *c, json_t *item)
{
	c->failed = json_array_append_new(c->to, item) != 0 || c->failed;
}

static json_t *
span_json(struct span s)
{
	return s.n == 0 ? json_null() : json_stringn(s.p, s.n);
}

static void
collect_name(void *arg, const struct dmarcwalk *w, size_t which)
{
	const struct dns_answer *a = w->q[which].answer;
	struct collect texts = {.to = json_array()}, *c = arg;

	if (!c->done[which]) {
		for (size_t i = 0; i < a->n; i++)
			if (dmarc_record_counts(a->record[i].txt))
				append(&texts,
				    subcommand_clean_json(a->record[i].txt));
		c->failed = c->failed || texts.failed;
		append(c,
		    json_pack("{s:s, s:s, s:O}", "name", w->name[which],
		        "found", found_word(w, which), "records", texts.to));
	}
	c->done[which] = true;
	json_decref(texts.to);
}

static void
collect_identifier(
    struct collect *c, const struct dmarcwalk *w, const struct identifier *i)
{
	bool aligned;
	const char *text = why(w, i, &aligned);

	append(c,
	    json_pack("{s:s, s:o, s:o, s:s, s:b, s:s}", "method",
	        i->method == DMARC_SPF ? "spf" : "dkim", "domain",
	        span_json(i->domain), "organization",
	        span_json(organization(w, i->domain)), "standing",
	        standing_word(i->standing), "aligned", (int)aligned, "why",
	        text));
}

/* What is only there where an author was found. 0 or -1. */
static int
add_walk(const struct dmarcwalk *w, json_t *o)
{
	struct collect names = {.to = json_array()};
	struct collect identifiers = {.to = json_array()};
	json_t *more;

	walk_all(w, collect_name, &names);
	for (size_t i = 0; i < w->e->nidentifiers; i++)
		if (w->e->identifier[i].domain.n > 0)
			collect_identifier(
			    &identifiers, w, &w->e->identifier[i]);
	more = json_pack("{s:s, s:o, s:o, s:o}", "author", w->author,
	    "organization", span_json(organization(w, w->e->author)),
	    "identifiers", identifiers.to, "walk", names.to);
	if (!names.failed && !identifiers.failed && more != NULL)
		return json_object_update_new(o, more);
	json_decref(more);
	return -1;
}

struct json_t *
dmarcwalk_json(const struct dmarcwalk *w)
{
	const struct evaluation_result *r = &w->d->result;
	const struct disposition *d = &w->d->disposition;
	json_t *o = json_pack("{s:s, s:s*, s:s, s:s*, s:s*, s:s*}", "result",
	    dmarc_result_word(r->result), "reason", r->reason, "disposition",
	    disposition_word(d->kind), "override",
	    d->reason == REASON_NONE ? NULL
	                             : disposition_reason_word(d->reason),
	    "policy", r->at == NULL ? NULL : dmarc_policy_word(r->policy),
	    "mark", d->mark == DMARC_NONE ? NULL : dmarc_policy_word(d->mark));

	if (o != NULL && w->e != NULL && add_walk(w, o) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}
