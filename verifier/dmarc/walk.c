/*
 * Worked example: a.mail.example.com, records at mail.example.com and
 * example.com, none with psd=. The walk goes on to "com", finds nothing there,
 * and takes the one with the fewest labels: example.com, also for the policy.
 * That in the middle is for mail of mail.example.com itself alone.
 *
 * Trap: the walk of another name may look where that of the author does not;
 * what it finds there is no policy for the author. And "psd=y" at the name
 * where a walk begins ends it, but does not make the name below it the
 * organizational domain: there is none.
 */
#include "common/bytes/domain.h"
#include "verifier/dmarc/walk.h"

size_t
walk_labels(struct span name)
{
	size_t labels = name.n > 0;

	for (size_t i = 0; i < name.n; i++)
		labels += name.p[i] == '.';
	return labels;
}

size_t
walk_length(struct span start)
{
	size_t labels = walk_labels(start);

	return labels < WALK_LABELS_MAX ? labels : WALK_LABELS_MAX;
}

/* The name without its first n labels. */
static struct span
without(struct span name, size_t n)
{
	while (n-- > 0)
		name = span_skip(name, span_find(name, '.') + 1);
	return name;
}

struct span
walk_up(struct span name)
{
	size_t labels = walk_labels(name);

	return without(
	    name, labels < WALK_LABELS_MAX ? 1 : labels - WALK_LABELS_MAX + 1);
}

const struct walk_name *
walk_known(const struct walk_names *names, struct span name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (span_eq(names->v[i].name, name))
			return &names->v[i];
	}
	return NULL;
}

bool
walk_add(struct walk_names *names, struct span start, struct span until)
{
	size_t before = names->n;

	for (struct span at = start; at.n > until.n; at = walk_up(at)) {
		if (walk_known(names, at) != NULL)
			continue;
		if (names->n == names->room) {
			names->n = before;
			return false;
		}
		names->v[names->n++] = (struct walk_name){.name = at};
	}
	return true;
}

void
walk_answer(struct walk_name *name, const struct dns_answer *answer)
{
	if (answer == NULL || answer->status == DNS_TEMPERROR)
		name->found = WALK_ERROR;
	else
		name->found = dmarc_record_of(answer, &name->record)
		    ? WALK_RECORD
		    : WALK_NOTHING;
}

/* What a walk has met. */
struct met {
	const struct walk_name *stop; /* with psd=y or psd=n; or NULL */
	const struct walk_name *top;  /* the record with the fewest labels */
	const struct walk_name *last; /* the name before stop; or NULL */
};

static enum walk_state
walk(const struct walk_names *names, struct span start, struct met *ret)
{
	struct met met = {NULL, NULL, NULL};

	for (struct span at = start; at.n > 0; at = walk_up(at)) {
		const struct walk_name *here = walk_known(names, at);

		if (here == NULL || here->found == WALK_UNKNOWN)
			return WALK_WAITING;
		if (here->found == WALK_ERROR)
			return WALK_FAILED;
		if (here->found == WALK_RECORD)
			met.top = here;
		if (here->found == WALK_RECORD &&
		    here->record.psd != DMARC_PSD_UNKNOWN) {
			met.stop = here;
			break;
		}
		met.last = here;
	}
	*ret = met;
	return WALK_KNOWN;
}

/* The rules 1 to 3 of 4.10.2, and what is behind them. */
static struct span
select_organization(struct span start, const struct met *met)
{
	if (met->stop != NULL && met->stop->record.psd == DMARC_PSD_YES &&
	    met->stop->name.n < start.n)
		return without(start,
		    walk_labels(start) - walk_labels(met->stop->name) - 1);
	if (met->top == NULL)
		return start;
	return span_skip(start, start.n - met->top->name.n);
}

enum walk_state
walk_organization(
    const struct walk_names *names, struct span start, struct span *ret)
{
	struct met met;
	enum walk_state state = walk(names, start, &met);

	if (state == WALK_KNOWN)
		*ret = select_organization(start, &met);
	return state;
}

/* Where a walk stopped at psd=y: the record of the organizational domain, the
 * name below, if this walk has looked there; else that of the suffix. */
static const struct walk_name *
below_suffix(const struct met *met)
{
	const struct walk_name *last = met->last;

	return last != NULL && last->found == WALK_RECORD &&
	        walk_labels(last->name) == walk_labels(met->stop->name) + 1
	    ? last
	    : met->stop;
}

enum walk_state
walk_policy(const struct walk_names *names, struct span author,
    const struct walk_name **ret)
{
	const struct walk_name *own = walk_known(names, author);
	enum walk_state state;
	struct met met;

	if (own != NULL && own->found == WALK_RECORD) {
		*ret = own;
		return WALK_KNOWN;
	}
	state = walk(names, author, &met);
	if (state != WALK_KNOWN)
		return state;
	*ret = met.stop != NULL && met.stop->record.psd == DMARC_PSD_YES
	    ? below_suffix(&met)
	    : met.top;
	return WALK_KNOWN;
}
