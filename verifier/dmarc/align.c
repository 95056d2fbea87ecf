/*
 * The trick: two walks that meet go on as one. So what is above the lowest name
 * M that both look at and that has a record makes no difference: whatever
 * organizational domain one of them finds there, the other finds, too. Only
 * below M can they part: one stops at a psd=, and its organizational domain is
 * not on the way of the other. At M itself psd=y parts them, if the labels
 * below it differ, or if one begins there. Mail of example.com from
 * bounce.example.com needs no question for "com", and a server of com that
 * fails does no harm.
 *
 * The trap: walks of more than eight labels leave names out, where the
 * organizational domain may be all the same. They are compared as the RFC has
 * it.
 */
#include "common/bytes/domain.h"
#include "verifier/dmarc/align.h"

/* The names above both, or one of them that is above the other: the longest. */
static struct span
common_name(struct span a, struct span b)
{
	for (; a.n > 0; a = span_skip(a, span_find(a, '.') + 1)) {
		if (domain_within(b, a))
			return a;
	}
	return a;
}

static enum alignment
compare_organizations(const struct walk_names *names, struct span author,
    struct span identifier, struct span *ret_until)
{
	enum walk_state state;
	struct span a, b;

	state = walk_organization(names, author, &a);
	if (state == WALK_FAILED)
		return ALIGN_FAILED;
	if (state == WALK_KNOWN && !domain_within(identifier, a))
		return ALIGN_NO;
	if (state == WALK_WAITING)
		return ALIGN_WAITING;
	state = walk_organization(names, identifier, &b);
	if (state == WALK_FAILED)
		return ALIGN_FAILED;
	*ret_until = span_of(NULL, 0);
	if (state == WALK_WAITING)
		return ALIGN_ASK;
	return span_eq(a, b) ? ALIGN_YES : ALIGN_NO;
}

/* One of the walks below the name where they come together: NO, if it stops
 * there, YES, if it goes on. */
static enum alignment
goes_on(const struct walk_names *names, struct span from, struct span to)
{
	enum alignment unsure = ALIGN_YES;

	for (struct span at = from; at.n > to.n; at = walk_up(at)) {
		const struct walk_name *here = walk_known(names, at);

		if (here != NULL && here->found == WALK_RECORD &&
		    here->record.psd != DMARC_PSD_UNKNOWN)
			return ALIGN_NO;
		if (here == NULL || here->found == WALK_UNKNOWN)
			unsure = ALIGN_WAITING;
		else if (here->found == WALK_ERROR && unsure == ALIGN_YES)
			unsure = ALIGN_FAILED;
	}
	return unsure;
}

/* From there on: YES, if they find the same organizational domain. */
static enum alignment
meet(const struct walk_names *names, struct span together)
{
	for (struct span at = together; at.n > 0; at = walk_up(at)) {
		const struct walk_name *here = walk_known(names, at);

		if (here == NULL || here->found == WALK_UNKNOWN)
			return ALIGN_WAITING;
		if (here->found == WALK_ERROR)
			return ALIGN_FAILED;
		if (here->found == WALK_RECORD)
			return here->record.psd != DMARC_PSD_YES ||
			        at.n < together.n
			    ? ALIGN_YES
			    : ALIGN_NO;
	}
	return ALIGN_NO;
}

enum alignment
align_relaxed(const struct walk_names *names, struct span author,
    struct span identifier, struct span *ret_until)
{
	struct span together = common_name(author, identifier);
	enum alignment one, other, both;

	if (span_eq(author, identifier))
		return ALIGN_YES;
	if (together.n == 0)
		return ALIGN_NO;
	if (walk_labels(author) > WALK_LABELS_MAX ||
	    walk_labels(identifier) > WALK_LABELS_MAX)
		return compare_organizations(
		    names, author, identifier, ret_until);
	one = goes_on(names, author, together);
	both = meet(names, together);
	other = goes_on(names, identifier, together);
	if (one == ALIGN_NO || both == ALIGN_NO || other == ALIGN_NO)
		return ALIGN_NO;
	if (one == ALIGN_FAILED || both == ALIGN_FAILED ||
	    other == ALIGN_FAILED)
		return ALIGN_FAILED;
	if (one == ALIGN_WAITING || both == ALIGN_WAITING)
		return ALIGN_WAITING;
	*ret_until = together;
	return other == ALIGN_WAITING ? ALIGN_ASK : ALIGN_YES;
}
