#include "admin/check/dmarc.h"
#include "common/dkim/taglist.h"

/* Takes text and the blanks behind it off s, or nothing. */
static bool
take(struct span *s, const char *text)
{
	if (!span_ibegins(*s, text))
		return false;
	*s = span_skip(*s, strlen(text));
	while (s->n > 0 && span_is_wsp(s->p[0]))
		*s = span_skip(*s, 1);
	return true;
}

bool
dmarc_claims(struct span text)
{
	while (text.n > 0 && (span_is_wsp(text.p[0]) || text.p[0] == '"'))
		text = span_skip(text, 1);
	return take(&text, "v") && take(&text, "=") && take(&text, "dmarc1") &&
	    (text.n == 0 || text.p[0] == ';' || text.p[0] == '"');
}

/* What receivers take for "none", or for no record at all. */
static const char *
judge_policy(const struct dmarc_record *r)
{
	if (!dmarc_record_has(r, DMARC_TAG_P))
		return "no p=";
	if ((r->wrong & 1U << DMARC_TAG_P) != 0)
		return "p= is not none, quarantine or reject";
	if ((r->wrong & 1U << DMARC_TAG_SP) != 0)
		return "sp= is not none, quarantine or reject";
	if ((r->wrong & 1U << DMARC_TAG_NP) != 0)
		return "np= is not none, quarantine or reject";
	return NULL;
}

enum parse
dmarc_parse(struct span text, struct dmarc_record *ret, const char **ret_why)
{
	struct dmarc_record r;
	struct taglist tags;

	if (text.n > 0 && text.p[0] != 'v' && text.p[0] != 'V') {
		*ret_why = "quotes or something else stand before v=DMARC1";
		return PARSE_BAD;
	}
	if (taglist_parse(text, &tags, ret_why) != PARSE_OK ||
	    dmarc_record_parse(text, &r, ret_why) != PARSE_OK)
		return PARSE_BAD;
	const char *why = judge_policy(&r);

	if (why != NULL) {
		*ret_why = why;
		return PARSE_BAD;
	}
	*ret = r;
	return PARSE_OK;
}
