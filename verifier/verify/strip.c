/*
 * Trap: a deletion moves all later fields of its name, so that the highest
 * index goes first (CVE-2022-48521: OpenDKIM counted upwards, and every second
 * forgery stayed). The engine writes deletions in that order; here they are
 * only noted.
 */
#include "verifier/verify/strip.h"

static const char *const names[STRIP_NAMES] = {
    AUTHRES_NAME,
    "DomainKey-Status", /* RFC 4870 section 3.8: an old filter may like it */
    "X-Postseal-DMARC", /* the mark of a policy: ours alone */
};

void
strip_init(struct strip *s)
{
	memset(s->seen, 0, sizeof s->seen);
	s->n = 0;
	s->full = false;
}

static void
give_up(struct strip *s)
{
	s->full = true;
	s->n = 0;
}

static void
note(struct strip *s, size_t name)
{
	if (s->n == STRIP_MAX) {
		give_up(s);
		return;
	}
	s->v[s->n].name = (unsigned char)name;
	s->v[s->n].index = s->seen[name];
	s->n++;
}

void
strip_field(struct strip *s, const struct authres_ids *ids, struct span name,
    struct span value)
{
	size_t i = 0;

	if (s->full)
		return;
	name = span_trim(name);
	while (i < STRIP_NAMES && !span_ieqs(name, names[i]))
		i++;
	if (i == STRIP_NAMES)
		return;
	if (++s->seen[i] > STRIP_SEEN_MAX) {
		give_up(s);
		return;
	}

	if (i > 0 || authres_owner(value, ids) != AUTHRES_OTHER)
		note(s, i);
}

void
strip_edits(const struct strip *s, struct edits *e)
{
	for (size_t i = 0; i < s->n; i++)
		(void)edits_delete(
		    e, span_str(names[s->v[i].name]), s->v[i].index);
}
