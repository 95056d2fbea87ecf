/*
 * Trick: a list of tags is read as DKIM's, which lets more pass, and then held
 * against what DomainKeys lets pass. Trap: tags that only DKIM has are no tags
 * here: "bh", of two letters, voids the list, and i=, l=, t= and x= mean
 * nothing.
 */
#include "common/dkim/taglist.h"
#include "verifier/verify/dksignature.h"

/* Appendix A: names of one small letter, values of ASCII. NULL, or why not. */
static const char *
judge_tags(const struct taglist *tags)
{
	for (size_t i = 0; i < tags->n; i++) {
		const struct tag *t = &tags->v[i];

		if (t->name.n != 1 || t->name.p[0] < 'a' || t->name.p[0] > 'z')
			return "a tag's name is not one small letter";
		if (!span_is_ascii(t->value))
			return "a tag's value is not of ASCII";
	}
	return NULL;
}

static const char *
read_canon(const struct tag *c, bool *ret_nofws)
{
	*ret_nofws = span_eq(c->value, span_str("nofws"));
	return *ret_nofws || span_eq(c->value, span_str("simple"))
	    ? NULL
	    : "unknown canonicalization in c=";
}

/* A tag that is there has that value, and no other. */
static const char *
judge_word(const struct tag *t, const char *word, const char *why)
{
	return t == NULL || span_eq(t->value, span_str(word)) ? NULL : why;
}

/* The first mistake is the one that is told. */
static void
note(const char **why, const char *next)
{
	if (*why == NULL)
		*why = next;
}

/* All of them, whatever is wrong: a result shows d=. NULL, or the first
 * mistake. */
static const char *
read_tags(const struct taglist *tags, struct dksignature *ret)
{
	const struct tag *b = taglist_find(tags, "b");
	const struct tag *c = taglist_find(tags, "c");
	const struct tag *d = taglist_find(tags, "d");
	const struct tag *h = taglist_find(tags, "h");
	const struct tag *s = taglist_find(tags, "s");
	struct signature *to = &ret->tags;
	const char *why = NULL;

	note(&why, d == NULL ? "no d=" : signature_read_domain(d->value, to));
	note(&why, s == NULL ? "no s=" : signature_read_selector(s->value, to));
	note(&why, b == NULL ? "no b=" : signature_read_b(b->value, to));
	note(&why, c == NULL ? "no c=" : read_canon(c, &ret->nofws));
	note(&why, h == NULL ? NULL : signature_read_names(h->value, to));
	note(&why,
	    judge_word(taglist_find(tags, "a"), "rsa-sha1",
	        "unknown algorithm in a="));
	note(&why,
	    judge_word(taglist_find(tags, "q"), "dns", "unknown method in q="));
	return why;
}

const char *
dksignature_read(struct span value, struct dksignature *ret)
{
	struct taglist tags;
	const char *why;

	memset(ret, 0, sizeof *ret);
	if (taglist_parse(value, &tags, &why) != PARSE_OK)
		return why;
	why = judge_tags(&tags);
	return why != NULL ? why : read_tags(&tags, ret);
}
