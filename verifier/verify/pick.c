/*
 * Trick: one pass reads, three passes over what was read give the order; there
 * are at most CANDIDATES_MAX.
 */
#include <errno.h>

#include "common/bytes/domain.h"
#include "common/dkim/sigfield.h"
#include "verifier/verify/pick.h"

static enum pick_rank
rank_of(const struct signature *s, struct span author)
{
	struct span d = span_str(s->domain_a);

	if (d.n == 0 || author.n == 0)
		return PICK_OTHER;
	if (domain_equal(d, author))
		return PICK_AUTHOR;
	return domain_within(d, author) || domain_within(author, d)
	    ? PICK_RELATIVE
	    : PICK_OTHER;
}

/* A field that is there already, to the byte: it costs nothing. */
static bool
is_copy(const struct field *f, struct candidate *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (span_eq(f->value, v[i]->field->value))
			return true;
	}
	return false;
}

/* 0 or -ENOMEM. */
static int
read_all(const struct field_list *fields, struct span author,
    struct arena *arena, struct picked *p)
{
	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = &fields->v[i];
		struct candidate *c;

		if (!field_is(f, SIGFIELD_NAME))
			continue;
		if (is_copy(f, p->v, p->n))
			continue;
		if (p->n == CANDIDATES_MAX) {
			p->more++;
			continue;
		}
		c = arena_alloc(arena, sizeof *c);
		if (c == NULL)
			return -ENOMEM;
		c->field = f;

		c->result = signature_read(f->value, &c->s, &c->reason);
		c->rank = rank_of(&c->s, author);
		p->v[p->n++] = c;
	}
	return 0;
}

/* Those of one rank that can be verified, or that cannot, up to max in all. */
static void
take(const struct picked *all, enum pick_rank rank, bool readable, size_t max,
    struct picked *p)
{
	for (size_t i = 0; i < all->n && p->n < max; i++) {
		struct candidate *c = all->v[i];

		if (c->rank == rank && (c->result == DKIM_PASS) == readable)
			p->v[p->n++] = c;
	}
}

int
pick(const struct field_list *fields, struct span author, size_t max,
    struct arena *arena, struct picked *ret)
{
	struct candidate *read[CANDIDATES_MAX];
	struct picked all = {read, 0, 0}, p = {NULL, 0, 0};
	int rc = read_all(fields, author, arena, &all);

	if (rc != 0)
		return rc;
	p.v = arena_alloc(arena, (max + 1) * sizeof p.v[0]);
	if (p.v == NULL)
		return -ENOMEM;
	for (unsigned rank = PICK_AUTHOR; rank <= PICK_OTHER; rank++)
		take(&all, (enum pick_rank)rank, true, max, &p);
	for (unsigned rank = PICK_AUTHOR; rank <= PICK_OTHER; rank++)
		take(&all, (enum pick_rank)rank, false, max, &p);
	p.more = all.more + all.n - p.n;
	*ret = p;
	return 0;
}
