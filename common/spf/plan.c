/*
 * The trick: what cannot match is left out, what always matches ends the text,
 * so that no more than eleven words are left of any record.
 *
 * The trap: an end behind other terms goes as two words, "exists:#5. -all": the
 * first never matches, and by it we hear that evaluation came there. An end
 * that stands alone needs none (run_enter()).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/spf/macro.h"
#include "common/spf/plan.h"

/* A plan that is being written. 11 terms of at most 18 bytes, what ends the
 * text (at most 13 and 48) and the version stay far below the room. */
struct draft {
	char text[400];
	size_t n;
	unsigned mechanisms;
	struct row row[PLAN_ROWS_MAX];
	size_t nrows;
	size_t terms; /* rows that ask DNS */
	unsigned first;
	const struct ip *client;
	struct term redirect; /* text empty: none */
	struct span exp;
	bool ends; /* the text needs no more terms, nor redirect */
};

static void add(struct draft *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
add(struct draft *d, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(d->text + d->n, sizeof d->text - d->n, fmt, ap);
	va_end(ap);
	d->n += (size_t)n;
}

static const char *
qualifier_text(enum spf_result q)
{
	switch (q) {
	case SPF_FAIL:
		return "-";
	case SPF_SOFTFAIL:
		return "~";
	case SPF_NEUTRAL:
		return "?";
	case SPF_PASS:
	case SPF_NONE:
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
	case SPF_RESULTS:
		break;
	}
	return "";
}

static struct row *
add_row(struct draft *d, const struct term *t)
{
	struct row *r = &d->row[d->nrows];

	*r = (struct row){.number = d->first + (unsigned)d->nrows,
	    .kind = t->kind,
	    .qualifier = t->qualifier,
	    .text = t->text,
	    .domain = t->domain,
	    .macros = span_find(t->domain, '%') < t->domain.n,
	    .bits = d->client->family == AF_INET ? t->bits4 : t->bits6};
	d->nrows++;
	return r;
}

/* A term that asks DNS, under the name that libspf2 is to know it by. */
static void
add_term(struct draft *d, const struct term *t, const char *name, char sep)
{
	const struct row *r = add_row(d, t);
	bool cidr = t->kind == TERM_A || t->kind == TERM_MX;

	add(d, " %s%s%c#%u.", qualifier_text(t->qualifier), name, sep,
	    r->number);
	if (cidr && r->bits > 0 && r->bits < ip_width(d->client))
		add(d, d->client->family == AF_INET ? "/%u" : "//%u", r->bits);
	d->mechanisms++;
	d->terms++;
	d->ends = d->terms > SPF_TERMS_MAX;
}

/* What always matches: all, or a network with the client in it. */
static struct row *
add_end(struct draft *d, const struct term *t)
{
	struct row *r = add_row(d, t);

	if (d->terms > 0) {
		add(d, " exists:#%u.", r->number);
		d->mechanisms++;
	}
	d->mechanisms++;
	d->ends = true;
	return r;
}

static void
add_net(struct draft *d, const struct term *t, const char *name)
{
	char text[IP_TEXT_MAX];
	const void *net = t->net.ip.b;
	unsigned bits = t->net.bits;

	if (!cidr_contains(&t->net, d->client))
		return;
	if (bits == 0) {
		net = d->client->b;
		bits = 1;
	}
	add_end(d, t);
	add(d, " %s%s:%s/%u", qualifier_text(t->qualifier), name,
	    inet_ntop(t->net.ip.family, net, text, sizeof text), bits);
}

/* ptr becomes exists: its names are validated by us (ptr.c), and libspf2 is
 * only told whether one was found. */
static void
add_mechanism(struct draft *d, const struct term *t)
{
	switch (t->kind) {
	case TERM_INCLUDE:
		add_term(d, t, "include", ':');
		break;
	case TERM_A:
		add_term(d, t, "a", ':');
		break;
	case TERM_MX:
		add_term(d, t, "mx", ':');
		break;
	case TERM_PTR:
	case TERM_EXISTS:
		add_term(d, t, "exists", ':');
		break;
	case TERM_IP4:
		add_net(d, t, "ip4");
		break;
	case TERM_IP6:
		add_net(d, t, "ip6");
		break;
	case TERM_ALL:
		add_end(d, t);
		add(d, " %sall", qualifier_text(t->qualifier));
		break;
	case TERM_REDIRECT:
	case TERM_EXP:
	case TERM_UNKNOWN:
		break;
	}
}

/* Modifiers count wherever they stand (RFC 7208 section 6); mechanisms behind
 * the one that always matches do not. */
static void
add_any(struct draft *d, const struct term *t)
{
	switch (t->kind) {
	case TERM_REDIRECT:
		d->redirect = *t;
		return;
	case TERM_EXP:
		d->exp = t->domain;
		return;
	case TERM_ALL:
	case TERM_INCLUDE:
	case TERM_A:
	case TERM_MX:
	case TERM_PTR:
	case TERM_IP4:
	case TERM_IP6:
	case TERM_EXISTS:
	case TERM_UNKNOWN:
		break;
	}
	if (!d->ends)
		add_mechanism(d, t);
}

/* The draft as a plan in the arena. */
static int
keep(struct arena *a, const struct draft *d, struct span domain,
    struct plan **ret)
{
	struct plan *p = arena_alloc(a, sizeof *p);

	if (p == NULL)
		return -ENOMEM;
	p->row = arena_alloc(a, (d->nrows + 1) * sizeof d->row[0]);
	p->text = arena_dup(a, span_of(d->text, d->n));
	if (p->row == NULL || p->text == NULL)
		return -ENOMEM;
	memcpy(p->row, d->row, d->nrows * sizeof d->row[0]);
	for (size_t i = 0; i < d->nrows; i++)
		p->row[i].plan = p;
	p->domain = domain;
	p->mechanisms = d->mechanisms;
	p->nrows = d->nrows;
	p->ends = d->nrows > d->terms;
	p->exp = d->exp;
	*ret = p;
	return 0;
}

bool
plan_row_ends(const struct row *row)
{
	return row->kind == TERM_ALL || row->kind == TERM_IP4 ||
	    row->kind == TERM_IP6;
}

int
plan_make(struct arena *a, struct span txt, struct span domain,
    const struct ip *client, unsigned first, struct plan **ret,
    const char **ret_why, struct span *ret_term)
{
	struct draft d = {.first = first, .client = client};
	enum record_step step;
	struct record r;
	struct term t;

	add(&d, "v=spf1");
	record_open(&r, txt);
	while ((step = record_next(&r, &t, ret_why)) == RECORD_TERM)
		add_any(&d, &t);
	if (step == RECORD_BAD) {
		*ret_term = t.text;
		return -EINVAL;
	}
	if (d.redirect.text.n > 0 && !d.ends)
		add_term(&d, &d.redirect, "redirect", '=');
	return keep(a, &d, domain, ret);
}
