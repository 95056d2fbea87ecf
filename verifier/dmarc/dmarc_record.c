/*
 * The trick: of each tag the text of its value is noted first, then each is
 * read by a function that knows its words; what none of them reads is its
 * default.
 *
 * The trap: a record that lacks p=, or has an invalid p=, sp= or np=, counts as
 * p=none, if somebody wants reports, and means no DMARC at all, if nobody does
 * (4.10.1). It still is a record where the walk looks for the organizational
 * domain.
 */
#include "verifier/dmarc/dmarc_record.h"

static const char *const tag_names[DMARC_TAGS] = {
    [DMARC_TAG_V] = "v",
    [DMARC_TAG_P] = "p",
    [DMARC_TAG_SP] = "sp",
    [DMARC_TAG_NP] = "np",
    [DMARC_TAG_ADKIM] = "adkim",
    [DMARC_TAG_ASPF] = "aspf",
    [DMARC_TAG_PSD] = "psd",
    [DMARC_TAG_T] = "t",
    [DMARC_TAG_RUA] = "rua",
    [DMARC_TAG_RUF] = "ruf",
    [DMARC_TAG_FO] = "fo",
    [DMARC_TAG_PCT] = "pct",
    [DMARC_TAG_RF] = "rf",
    [DMARC_TAG_RI] = "ri",
};

const char *
dmarc_policy_word(enum dmarc_policy p)
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

const char *
dmarc_tag_word(enum dmarc_tag t)
{
	return tag_names[t];
}

/* --- tags ----------------------------------------------------------------- */

/* The record that is made, and the texts that it is made of. */
struct reader {
	struct dmarc_record r;
	struct span value[DMARC_TAGS]; /* trimmed; of those that are given */
};

/* Takes one tag with its ';' off *text. False if it is not written as one. */
static bool
next_tag(struct span *text, struct span *ret_name, struct span *ret_value)
{
	struct span tag = span_of(text->p, span_find(*text, ';'));
	size_t equals = span_find(tag, '=');

	*text = span_skip(*text, tag.n + 1);
	*ret_name = span_trim(span_of(tag.p, equals));
	*ret_value = span_trim(span_skip(tag, equals + 1));
	return equals < tag.n;
}

struct span
dmarc_record_value(struct span text, enum dmarc_tag t)
{
	struct span name, value;

	while (text.n > 0) {
		if (next_tag(&text, &name, &value) &&
		    span_ieqs(name, tag_names[t]))
			return value;
	}
	return text;
}

bool
dmarc_record_counts(struct span text)
{
	struct span name, value;

	if (text.n == 0 || span_is_wsp(text.p[0]))
		return false;
	return next_tag(&text, &name, &value) && span_ieqs(name, "v") &&
	    span_eq(value, span_str("DMARC1"));
}

/* False: it is there already. */
static bool
note_tag(struct reader *d, struct span name, struct span value)
{
	for (unsigned i = 0; i < DMARC_TAGS; i++) {
		if (!span_ieqs(name, tag_names[i]))
			continue;
		if (dmarc_record_has(&d->r, i))
			return false;
		d->r.given |= 1U << i;
		d->value[i] = value;
	}
	return true;
}

static bool
read_tags(struct reader *d, struct span text)
{
	struct span name, value;

	while (text.n > 0) {
		if (next_tag(&text, &name, &value) && !note_tag(d, name, value))
			return false;
	}
	return true;
}

/* --- values --------------------------------------------------------------- */

/* The word of tag: its index among the n words, or 0, the default; what is none
 * of them is noted. */
static unsigned
read_word(
    struct reader *d, enum dmarc_tag tag, const char *const *word, unsigned n)
{
	if (!dmarc_record_has(&d->r, tag))
		return 0;
	for (unsigned i = 0; i < n; i++) {
		if (span_ieqs(d->value[tag], word[i]))
			return i;
	}
	d->r.wrong |= 1U << tag;
	return 0;
}

static enum dmarc_policy
read_policy(struct reader *d, enum dmarc_tag tag, enum dmarc_policy without)
{
	static const char *const words[] = {"none", "quarantine", "reject"};

	return dmarc_record_has(&d->r, tag) ? read_word(d, tag, words, 3)
	                                    : without;
}

/* A byte of a URI (RFC 3986), but ',' and '!', which are written as %2C and
 * %21. */
static bool
is_uri_byte(char c)
{
	return c > ' ' && c < 0x7f && strchr("\"<>\\^`{|},!", c) == NULL;
}

static bool
is_scheme_byte(char c, bool first)
{
	unsigned char l = span_lower((unsigned char)c);

	return (l >= 'a' && l <= 'z') ||
	    (!first &&
	        ((c >= '0' && c <= '9') || (c != '\0' && strchr("+-.", c))));
}

/* "!10m", which nobody heeds any more. */
static bool
is_size(struct span s)
{
	size_t digits = 1;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (digits == 1)
		return false;
	return digits == s.n ||
	    (digits + 1 == s.n &&
	        memchr("kmgt", span_lower((unsigned char)s.p[digits]), 4));
}

static bool
is_uri(struct span s)
{
	size_t mark = span_find(s, '!'), scheme = span_find(s, ':');

	if (mark < s.n && !is_size(span_skip(s, mark)))
		return false;
	if (scheme == 0 || scheme + 1 >= mark)
		return false;
	for (size_t i = 0; i < mark; i++) {
		if (i < scheme ? !is_scheme_byte(s.p[i], i == 0)
		               : !is_uri_byte(s.p[i]))
			return false;
	}
	return true;
}

/* True if the tag has an address that reports can go to. */
static bool
read_uris(struct reader *d, enum dmarc_tag tag)
{
	struct span list = d->value[tag];

	if (!dmarc_record_has(&d->r, tag))
		return false;
	while (list.n > 0) {
		struct span uri = span_of(list.p, span_find(list, ','));

		list = span_skip(list, uri.n + 1);
		if (is_uri(span_trim(uri)))
			return true;
	}
	d->r.wrong |= 1U << tag;
	return false;
}

/* Letters parted by ':', each once, and not both digits. 0: that is it not. */
static unsigned
read_options(struct span list)
{
	static const char options[] = "01ds"; /* in the order of the bits */
	unsigned fo = 0;

	for (;;) {
		struct span item = span_of(list.p, span_find(list, ':'));
		bool last = item.n == list.n;
		const char *at;

		list = span_skip(list, item.n + 1);
		item = span_trim(item);
		if (item.n != 1)
			return 0;
		at = memchr(options, span_lower((unsigned char)item.p[0]), 4);
		if (at == NULL || (fo & 1U << (at - options)) != 0)
			return 0;
		fo |= 1U << (at - options);
		if ((fo & DMARC_FO_0) != 0 && (fo & DMARC_FO_1) != 0)
			return 0;
		if (last)
			return fo;
	}
}

/* The text is ignored where there is no ruf (4.7). */
static unsigned
read_fo(struct reader *d)
{
	unsigned fo;

	if (!dmarc_record_has(&d->r, DMARC_TAG_FO))
		return DMARC_FO_0;
	fo = read_options(d->value[DMARC_TAG_FO]);
	if (fo == 0)
		d->r.wrong |= 1U << DMARC_TAG_FO;
	return fo == 0 || !dmarc_record_has(&d->r, DMARC_TAG_RUF) ? DMARC_FO_0
	                                                          : fo;
}

/* --- the record ----------------------------------------------------------- */

static void
read_policies(struct reader *d)
{
	const unsigned policies =
	    1U << DMARC_TAG_P | 1U << DMARC_TAG_SP | 1U << DMARC_TAG_NP;
	struct dmarc_record *r = &d->r;
	bool reports = read_uris(d, DMARC_TAG_RUA);

	r->p = read_policy(d, DMARC_TAG_P, DMARC_NONE);
	r->sp = read_policy(d, DMARC_TAG_SP, r->p);
	r->np = read_policy(d, DMARC_TAG_NP, r->sp);
	if (!dmarc_record_has(r, DMARC_TAG_P) || (r->wrong & policies) != 0) {
		r->p = r->sp = r->np = DMARC_NONE;
		r->unusable = !reports;
	}
}

static void
read_others(struct reader *d)
{
	static const char *const modes[] = {"r", "s"};
	static const char *const psds[] = {"u", "y", "n"};
	static const char *const tests[] = {"n", "y"};
	struct dmarc_record *r = &d->r;

	r->strict_dkim = read_word(d, DMARC_TAG_ADKIM, modes, 2) != 0;
	r->strict_spf = read_word(d, DMARC_TAG_ASPF, modes, 2) != 0;
	r->psd = read_word(d, DMARC_TAG_PSD, psds, 3);
	r->testing = read_word(d, DMARC_TAG_T, tests, 2) != 0;
	r->fo = read_fo(d);
	(void)read_uris(d, DMARC_TAG_RUF);
}

enum parse
dmarc_record_parse(
    struct span text, struct dmarc_record *ret, const char **ret_why)
{
	struct reader d = {.r = {.given = 0}};

	if (!dmarc_record_counts(text)) {
		*ret_why = "it does not begin with v=DMARC1";
		return PARSE_BAD;
	}
	if (!read_tags(&d, text)) {
		*ret_why = "the same tag twice";
		return PARSE_BAD;
	}
	read_policies(&d);
	read_others(&d);
	*ret = d.r;
	return PARSE_OK;
}

bool
dmarc_record_of(const struct dns_answer *answer, struct dmarc_record *ret)
{
	const struct dns_record *the_one = NULL;
	const char *why;

	if (answer->status != DNS_FOUND)
		return false;
	for (size_t i = 0; i < answer->n; i++) {
		if (!dmarc_record_counts(answer->record[i].txt))
			continue;
		if (the_one != NULL)
			return false;
		the_one = &answer->record[i];
	}
	return the_one != NULL &&
	    dmarc_record_parse(the_one->txt, ret, &why) == PARSE_OK;
}
