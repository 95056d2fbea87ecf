#include <errno.h>

#include "common/settings/action.h"
#include "common/settings/string.h"
#include "common/settings/text.h"
#include "common/settings/value.h"

/* What all lists of settings.h look like. */
struct list {
	void *v;
	size_t n;
};

/* --- numbers and words --------------------------------------------------- */

static int
set_number(const struct row *row, struct span text, unsigned *to)
{
	unsigned v = 0;

	if (text.n == 0 || text.n > 9 || (text.n > 1 && text.p[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -EINVAL;
		v = v * 10 + (unsigned)(text.p[i] - '0');
	}
	if (v < row->min || v > row->max)
		return -EINVAL;
	*to = v;
	return 0;
}

static int
set_mode(struct span text, mode_t *to)
{
	mode_t v = 0;

	if (text.n < 3 || text.n > 4 || (text.n == 4 && text.p[0] != '0'))
		return -EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7')
			return -EINVAL;
		v = v * 8 + (mode_t)(text.p[i] - '0');
	}
	*to = v;
	return 0;
}

/* The first word of "a|b|c" is cut off. */
static struct span
next_word(struct span *words)
{
	struct span word = span_of(words->p, span_find(*words, '|'));

	*words = span_skip(*words, word.n + 1);
	return word;
}

/* Index of text among the words; case does not matter. */
static int
set_enum(const char *list, struct span text, unsigned *to)
{
	struct span words = span_str(list);

	for (unsigned i = 0; words.n > 0; i++) {
		if (span_ieq(next_word(&words), text)) {
			*to = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int
set_bool(const char *list, struct span text, bool *to)
{
	unsigned i;
	int rc = set_enum(list, text, &i);

	if (rc == 0)
		*to = i % 2 == 1;
	return rc;
}

/* RFC 6376 section 3.5, c=: one word is that of the header. */
static int
set_canon(struct span text, struct signer_settings *to)
{
	static const char words[] = "simple|relaxed";
	size_t slash = span_find(text, '/');
	unsigned header, body = CANON_SIMPLE;

	if (set_enum(words, span_of(text.p, slash), &header) != 0)
		return -EINVAL;
	if (slash < text.n &&
	    set_enum(words, span_skip(text, slash + 1), &body) != 0)
		return -EINVAL;
	to->header_canon = header;
	to->body_canon = body;
	return 0;
}

static size_t
element_size(enum row_type type)
{
	switch (type) {
	case ROW_CLASSES:
	case ROW_DOMAINS:
	case ROW_HOSTS:
	case ROW_WORDS:
	case ROW_PRINTS:
	case ROW_FIELDS:
		return sizeof(char *);
	case ROW_CIDRS:
		return sizeof(struct cidr);
	case ROW_ENDPOINTS:
		return sizeof(struct endpoint);
	case ROW_SERVERS:
		return sizeof(struct dns_server);
	case ROW_HOST:
	case ROW_LOG:
	case ROW_USER:
	case ROW_GROUP:
	case ROW_FILE:
	case ROW_TABLE:
	case ROW_ROWS:
	case ROW_NUMBER:
	case ROW_BOOL:
	case ROW_ENUM:
	case ROW_EITHER:
	case ROW_MODE:
	case ROW_CANON:
	case ROW_ACTION:
	case ROW_REPLY:
		break;
	}
	return 0;
}

bool
settings_value_is_list(const struct row *row)
{
	return element_size(row->type) > 0;
}

/* --- any value ----------------------------------------------------------- */

/* Sets the field, or the element of a list, at `to`. */
static int
set_one(const struct row *row, struct span text, struct arena *arena, void *to,
    const char **ret_why)
{
	switch (row->type) {
	case ROW_HOST:
	case ROW_LOG:
	case ROW_USER:
	case ROW_GROUP:
	case ROW_FILE:
	case ROW_TABLE:
	case ROW_ROWS:
	case ROW_REPLY:
	case ROW_CLASSES:
	case ROW_DOMAINS:
	case ROW_HOSTS:
	case ROW_WORDS:
	case ROW_PRINTS:
	case ROW_FIELDS:
		return settings_string_set(row, text, arena, to, ret_why);
	case ROW_NUMBER:
		return set_number(row, text, to);
	case ROW_BOOL:
		return set_bool("false|true|no|yes|off|on", text, to);
	case ROW_ENUM:
		return set_enum(row->words, text, to);
	case ROW_EITHER:
		return set_bool(row->words, text, to);
	case ROW_MODE:
		return set_mode(text, to);
	case ROW_CANON:
		return set_canon(text, to);
	case ROW_ACTION:
		return settings_action_parse(text, arena, to, ret_why);
	case ROW_CIDRS:
		return cidr_parse(text, to);
	case ROW_ENDPOINTS:
		return endpoint_parse(text, to, ret_why);
	case ROW_SERVERS:
		return dns_server_parse(text, to);
	}
	return -EINVAL;
}

/* As much of a bad value as shows which one it is. */
enum { SHOWN_MAX = 100 };

/* As set_one(), and says what is wrong. */
static int
set_or_say(const struct row *row, struct span text, struct arena *arena,
    void *to, struct buf *why)
{
	const char *detail = NULL;
	int rc = set_one(row, text, arena, to, &detail);

	if (rc == -EINVAL) {
		buf_quoted(why,
		    span_of(text.p, text.n > SHOWN_MAX ? SHOWN_MAX : text.n));
		buf_str(why, text.n > SHOWN_MAX ? "... is not " : " is not ");
		settings_text_type(row, why);
		if (detail != NULL)
			buf_fmt(why, " (%s)", detail);
	}
	return rc;
}

int
settings_value_set(const struct row *row, const struct span *text, size_t n,
    struct arena *arena, void *to, struct buf *why)
{
	size_t size = element_size(row->type);
	struct list list = {NULL, n};
	int rc = 0;

	if (size == 0)
		return set_or_say(row, text[0], arena, to, why);
	if (row->max > 0 && n > row->max) {
		buf_fmt(
		    why, "%zu values, and at most %u are allowed", n, row->max);
		return -EINVAL;
	}
	if (n > 0) {
		list.v = arena_alloc(arena, n * size);
		if (list.v == NULL)
			return -ENOMEM;
	}
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = set_or_say(
		    row, text[i], arena, (char *)list.v + i * size, why);
	if (rc == 0)
		memcpy(to, &list, sizeof list);
	return rc;
}

int
settings_value_default(
    const struct row *row, struct arena *arena, void *to, struct buf *why)
{
	struct span text = span_str(row->value), *word;
	size_t n = 0;

	if (!settings_value_is_list(row))
		return settings_value_set(row, &text, 1, arena, to, why);
	word = arena_alloc(arena, (text.n / 2 + 1) * sizeof *word);
	if (word == NULL)
		return -ENOMEM;
	for (; text.n > 0; text = span_skip(text, word[n++].n + 1))
		word[n] = span_of(text.p, span_find(text, ' '));
	return settings_value_set(row, word, n, arena, to, why);
}
