/*
 * Postfix's access(5), in a table: what each word needs behind it, and whether
 * it may be said more than once for one message. What is no word of it may be
 * the name of a restriction class, which only Postfix knows, so that is taken,
 * and told.
 */
#include <errno.h>

#include "common/limits.h"
#include "common/settings/action.h"
#include "common/settings/reply.h"

/* What stands behind the word of an access(5) action. */
enum operand {
	NOTHING,
	ANY_TEXT,  /* or nothing */
	REPLY_4NN, /* any text: that of a reply with such a code */
	REPLY_5NN,
	FILTER_TARGET,
	ADDRESS,
	HEADER
};

/*
 * The actions of access(5). What is the message's is done to all of it,
 * whatever recipient it was said at; said again, it changes nothing, but a
 * header or a copy that is added again is there again. What is the recipient's
 * is for that one.
 */
static const struct access_word {
	const char *word;
	enum operand operand;
	enum { RECIPIENT, MESSAGE, MESSAGE_ADDS } whose;
	bool goes_on; /* to the next restriction */
	bool permits; /* skips later restrictions */
} access_words[] = {
    {"OK", NOTHING, RECIPIENT, false, true},
    /* the restriction, often used like OK */
    {"PERMIT", NOTHING, RECIPIENT, false, true},
    {"DUNNO", NOTHING, RECIPIENT, true, false},
    {"REJECT", REPLY_5NN, RECIPIENT, false, false},
    {"DEFER", REPLY_4NN, RECIPIENT, false, false},
    {"DEFER_IF_REJECT", REPLY_4NN, RECIPIENT, false, false},
    {"DEFER_IF_PERMIT", REPLY_4NN, RECIPIENT, false, false},
    {"WARN", ANY_TEXT, RECIPIENT, true, false},
    {"INFO", ANY_TEXT, RECIPIENT, true, false},
    {"DISCARD", ANY_TEXT, MESSAGE, false, false},
    {"HOLD", ANY_TEXT, MESSAGE, true, false},
    {"FILTER", FILTER_TARGET, MESSAGE, true, false},
    {"REDIRECT", ADDRESS, MESSAGE, true, false},
    {"BCC", ADDRESS, MESSAGE_ADDS, true, false},
    {"PREPEND", HEADER, MESSAGE_ADDS, true, false},
};

static const struct {
	const char *word;
	enum action_kind kind;
} own_words[] = {
    {"header", ACTION_HEADER},
    {"reject", ACTION_REJECT},
    {"defer", ACTION_DEFER},
    {"dunno", ACTION_DUNNO},
};

static struct span
first_word(struct span text)
{
	return span_of(text.p, span_find(text, ' '));
}

static const struct access_word *
find_access(struct span word)
{
	size_t n = sizeof access_words / sizeof access_words[0];

	for (size_t i = 0; i < n; i++) {
		if (span_ieqs(word, access_words[i].word))
			return &access_words[i];
	}
	return NULL;
}

static bool
is_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

static bool
is_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char l = span_lower((unsigned char)s.p[i]);

		if ((l < 'a' || l > 'z') && (l < '0' || l > '9') && l != '_' &&
		    l != '-')
			return false;
	}
	return s.n > 0;
}

/* "Name: text", RFC 5322 section 2.2; Postfix drops anything else. */
static bool
is_header(struct span s)
{
	size_t colon = span_find(s, ':');

	return colon > 0 && colon + 1 < s.n && span_find(s, ' ') > colon;
}

/* "transport:nexthop"; the next hop may be empty. */
static bool
is_filter(struct span s)
{
	return span_find(s, ':') > 0 && span_find(s, ':') < s.n &&
	    span_find(s, ' ') == s.n;
}

static bool
is_address(struct span s)
{
	size_t at = span_find(s, '@');

	return at > 0 && at + 1 < s.n && span_find(s, ' ') == s.n;
}

/* NULL, or why Postfix would not do what the operand wants. */
static const char *
judge_operand(enum operand operand, struct span s)
{
	switch (operand) {
	case NOTHING:
		return s.n == 0 ? NULL : "no text may follow this word";
	case ANY_TEXT:
	case REPLY_4NN:
	case REPLY_5NN:
		return NULL;
	case FILTER_TARGET:
		return is_filter(s) ? NULL : "FILTER needs transport:nexthop";
	case ADDRESS:
		return is_address(s) ? NULL : "an address must follow";
	case HEADER:
		return is_header(s) ? NULL : "PREPEND needs \"Name: text\"";
	}
	return NULL;
}

/* NULL, or why it is none of access(5) and no name of a class either. */
static const char *
judge_access(struct span text)
{
	struct span word = first_word(text);
	struct span rest = span_trim(span_skip(text, word.n));
	const struct access_word *a = find_access(word);

	if (a != NULL)
		return judge_operand(a->operand, rest);
	if (is_digits(word)) {
		if (rest.n == 0 ||
		    (word.n == 3 && (word.p[0] == '4' || word.p[0] == '5')))
			return NULL;
		return "a reply code is 4NN or 5NN";
	}
	if (is_name(text))
		return NULL;
	return "no action of access(5): Postfix would answer 451 to every such "
	       "mail";
}

/* NULL, or why no action at all may look so. */
static const char *
judge_text(struct span text)
{
	const struct access_word *a = find_access(first_word(text));
	bool header = a != NULL && a->operand == HEADER;

	if (text.n == 0)
		return "Postfix would accept every such mail";
	if (text.n > (header ? (size_t)HEADER_LINE_MAX : REPLY_TEXT_MAX))
		return "it is too long for a line of SMTP or of a header";
	if (!span_is_printable(text))
		return "only printable ASCII can be sent";
	if (text.p[0] == ' ' || text.p[text.n - 1] == ' ')
		return "a space stands at its start or end";
	return NULL;
}

const struct action settings_action_unset = {
    .kind = ACTION_ACCESS, .access = ""};

bool
settings_action_is_set(const struct action *a)
{
	return a->kind != ACTION_ACCESS || *a->access != '\0';
}

int
settings_action_parse(struct span text, struct arena *arena, struct action *ret,
    const char **ret_why)
{
	const char *copy, *why = judge_text(text);

	for (size_t i = 0; i < sizeof own_words / sizeof own_words[0]; i++) {
		if (span_eq(text, span_str(own_words[i].word))) {
			*ret = (struct action){.kind = own_words[i].kind};
			return 0;
		}
	}
	if (why == NULL)
		why = judge_access(text);
	if (why != NULL) {
		*ret_why = why;
		return -EINVAL;
	}
	copy = arena_dup(arena, text);
	if (copy == NULL)
		return -ENOMEM;
	*ret = (struct action){.kind = ACTION_ACCESS, .access = copy};
	return 0;
}

const char *
settings_action_text(const struct action *a)
{
	for (size_t i = 0; i < sizeof own_words / sizeof own_words[0]; i++) {
		if (a->kind == own_words[i].kind)
			return own_words[i].word;
	}
	return a->access;
}

bool
settings_action_is_class(const struct action *a)
{
	struct span word = first_word(span_str(a->access));

	return a->kind == ACTION_ACCESS && find_access(word) == NULL &&
	    !is_digits(word);
}

bool
settings_action_is_class_name(struct span name)
{
	return is_name(name) && !is_digits(name) && find_access(name) == NULL &&
	    !span_ieqs(name, "header");
}

bool
settings_action_goes_on(const struct action *a)
{
	const struct access_word *w =
	    find_access(first_word(span_str(a->access)));

	return w != NULL && w->goes_on;
}

bool
settings_action_adds(const struct action *a)
{
	const struct access_word *w =
	    find_access(first_word(span_str(a->access)));

	return w != NULL && w->whose == MESSAGE_ADDS;
}

/* The first digit of the reply that Postfix sends, where its own settings
 * (access_map_reject_code) say nothing else; 0: it sends none. */
static char
reply_digit(struct span word)
{
	const struct access_word *w = find_access(word);

	if (is_digits(word))
		return word.p[0];
	if (w == NULL)
		return 0;
	return w->operand == REPLY_4NN ? '4'
	    : w->operand == REPLY_5NN  ? '5'
	                               : 0;
}

/* "550 4.7.1 text": RFC 3463 section 2 wants 4NN with 4.x.x and 5NN with
 * 5.x.x. */
static bool
codes_differ(struct span text)
{
	struct span word = first_word(text);
	struct span rest = span_trim(span_skip(text, word.n));
	char digit = reply_digit(word);

	return digit != 0 && settings_reply_code(rest) > 0 &&
	    rest.p[0] != digit;
}

const char *
settings_action_warning(const struct action *a)
{
	struct span text = span_str(a->access);
	const struct access_word *w = find_access(first_word(text));

	if (w != NULL && w->permits)
		return "Postfix then skips all later restrictions";
	if (is_digits(text))
		return "Postfix takes digits alone for OK and skips all later "
		       "restrictions";
	if (codes_differ(text))
		return "Postfix changes the first digit of the enhanced code "
		       "to that of the reply";
	return NULL;
}
