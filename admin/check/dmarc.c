#include "admin/check/dmarc.h"
#include "common/dkim/taglist.h"

const char *
dmarc_word(enum dmarc_policy p)
{
	switch (p) {
	case DMARC_NONE:
		return "none";
	case DMARC_QUARANTINE:
		return "quarantine";
	case DMARC_REJECT:
		return "reject";
	}
	return "";
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes text and the blanks behind it off s, or nothing. */
static bool
take(struct span *s, const char *text)
{
	size_t n = strlen(text);

	if (s->n < n || !span_ieqs(span_of(s->p, n), text))
		return false;
	*s = span_skip(*s, n);
	while (s->n > 0 && is_blank(s->p[0]))
		*s = span_skip(*s, 1);
	return true;
}

bool
dmarc_claims(struct span text)
{
	while (text.n > 0 && (is_blank(text.p[0]) || text.p[0] == '"'))
		text = span_skip(text, 1);
	return take(&text, "v") && take(&text, "=") && take(&text, "dmarc1") &&
	    (text.n == 0 || text.p[0] == ';' || text.p[0] == '"');
}

static const char *
read_policy(const struct tag *p, enum dmarc_policy *ret)
{
	static const enum dmarc_policy all[] = {
	    DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT};

	if (p == NULL)
		return "no p=";
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (span_ieqs(p->value, dmarc_word(all[i]))) {
			*ret = all[i];
			return NULL;
		}
	}
	return "p= is not none, quarantine or reject";
}

static bool
is(const struct taglist *tags, const char *name, const char *value)
{
	const struct tag *t = taglist_find(tags, name);

	return t != NULL && span_ieqs(t->value, value);
}

enum parse
dmarc_parse(struct span text, struct dmarc *ret, const char **ret_why)
{
	struct taglist tags;
	struct dmarc d = {.policy = DMARC_NONE};
	const char *why;

	if (text.n > 0 && text.p[0] != 'v' && text.p[0] != 'V') {
		*ret_why = "quotes or something else stand before v=DMARC1";
		return PARSE_BAD;
	}
	if (taglist_parse(text, &tags, ret_why) != PARSE_OK)
		return PARSE_BAD;
	if (!dmarc_claims(text) ||
	    !span_eq(tags.v[0].value, span_str("DMARC1")))
		why = "it does not begin with v=DMARC1";
	else
		why = read_policy(taglist_find(&tags, "p"), &d.policy);
	if (why != NULL) {
		*ret_why = why;
		return PARSE_BAD;
	}
	d.testing = is(&tags, "t", "y");
	d.strict_spf = is(&tags, "aspf", "s");
	d.strict_dkim = is(&tags, "adkim", "s");
	d.reports = taglist_find(&tags, "rua") != NULL;
	*ret = d;
	return PARSE_OK;
}
