#include <errno.h>

#include "common/bytes/domain.h"
#include "common/limits.h"
#include "common/settings/action.h"
#include "common/settings/reply.h"
#include "common/settings/string.h"

static int
set_text(struct span text, struct arena *arena, void *to)
{
	const char *copy = arena_dup(arena, text);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(to, &copy, sizeof copy);
	return 0;
}

/* Letters, digits, '-', '_' and '.', as names of hosts, users and groups. */
static bool
is_plain(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char l = span_lower((unsigned char)s.p[i]);

		if ((l < 'a' || l > 'z') && (l < '0' || l > '9') && l != '-' &&
		    l != '_' && l != '.')
			return false;
	}
	return s.n > 0;
}

static int
set_host(struct span text, struct arena *arena, void *to)
{
	char name[DOMAIN_MAX + 1];
	int rc = domain_to_ascii(text, name);

	if (rc == 0 && !is_plain(span_str(name)))
		rc = -EINVAL;
	return rc != 0 ? rc : set_text(span_str(name), arena, to);
}

static int
set_log(struct span text, struct arena *arena, void *to)
{
	bool syslog = text.n > 8 && memcmp(text.p, "syslog:/", 8) == 0;

	if (!syslog && !(text.n > 1 && text.p[0] == '/') &&
	    !span_eq(text, span_str("syslog")) &&
	    !span_eq(text, span_str("stderr")))
		return -EINVAL;
	return set_text(text, arena, to);
}

static int
set_name(struct span text, struct arena *arena, void *to)
{
	return is_plain(text) ? set_text(text, arena, to) : -EINVAL;
}

static int
set_group(struct span text, struct arena *arena, void *to)
{
	if (text.n > 0)
		return set_name(text, arena, to);
	memset(to, 0, sizeof(const char *));
	return 0;
}

/* A name, in A-labels; so that "*.example.com" is not taken for one. */
static int
set_domain(struct span text, struct arena *arena, void *to)
{
	char name[DOMAIN_MAX + 1];
	int rc = domain_to_ascii(text, name);

	if (rc == 0 && !domain_is_mail(span_str(name)))
		rc = -EINVAL;
	return rc != 0 ? rc : set_text(span_str(name), arena, to);
}

/* Pairs of hexadecimal digits with colons between, 16 pairs (MD5) to 64; in
 * upper case. */
static int
set_print(struct span text, struct arena *arena, void *to)
{
	static const char digits[] = "0123456789ABCDEF";
	char *copy;

	if (text.n < 47 || text.n > 191 || text.n % 3 != 2)
		return -EINVAL;
	copy = arena_dup(arena, text);
	if (copy == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < text.n; i++) {
		if (copy[i] >= 'a' && copy[i] <= 'f')
			copy[i] = (char)(copy[i] - 'a' + 'A');
		if (i % 3 == 2 ? copy[i] != ':'
		               : strchr(digits, copy[i]) == NULL)
			return -EINVAL;
	}
	memcpy(to, &copy, sizeof copy);
	return 0;
}

static int
set_reply(struct span text, struct arena *arena, void *to, const char **ret_why)
{
	const char *why = settings_reply_judge(text);

	if (why == NULL)
		return set_text(text, arena, to);
	*ret_why = why;
	return -EINVAL;
}

static int
set_file(const struct row *row, struct span text, struct arena *arena, void *to)
{
	if (text.n == 0 && row->value != NULL) {
		memset(to, 0, sizeof(const char *));
		return 0;
	}
	if (text.n < 2 || text.p[0] != '/')
		return -EINVAL;
	return set_text(text, arena, to);
}

/* The types of OpenDKIM's data sets that are files. */
static struct span
without_type(struct span text)
{
	static const char *const types[] = {"file:", "refile:"};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t n = strlen(types[i]);

		if (text.n > n && memcmp(text.p, types[i], n) == 0)
			return span_skip(text, n);
	}
	return text;
}

/* "keylist:" is the one file of dkim-milter that was both tables. */
static int
set_table(struct span text, struct arena *arena, void *to)
{
	static const char keylist[] = "keylist:";
	size_t n = sizeof keylist - 1;
	struct span path = without_type(text);

	if (text.n == 0) {
		memset(to, 0, sizeof(const char *));
		return 0;
	}
	if (text.n > n && memcmp(text.p, keylist, n) == 0)
		path = span_skip(text, n);
	if (path.n < 2 || path.p[0] != '/')
		return -EINVAL;
	return set_text(text, arena, to);
}

/* Behind "inline:" stand the rows themselves, as in Postfix. */
static int
set_rows(struct span text, struct arena *arena, void *to)
{
	static const char in_line[] = "inline:";
	size_t n = sizeof in_line - 1;

	if (text.n > n && memcmp(text.p, in_line, n) == 0)
		return set_text(text, arena, to);
	return set_table(text, arena, to);
}

/* Printable bytes and no space; UTF-8 is let in. */
static int
set_word(struct span text, struct arena *arena, void *to)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
			return -EINVAL;
	}
	return text.n == 0 ? -EINVAL : set_text(text, arena, to);
}

/* An address or network, a name, ".domain", "*.domain", each perhaps with a '!'
 * in front, or a file of such. */
static int
set_hosts(struct span text, struct arena *arena, void *to)
{
	struct span path = without_type(text), name = text;
	struct cidr net;

	if (path.n > 1 && path.p[0] == '/')
		return set_text(text, arena, to);
	if (name.n > 0 && name.p[0] == '!')
		name = span_skip(name, 1);
	if (cidr_parse(name, &net) != 0) {
		for (size_t i = 0; i < name.n; i++) {
			if (name.p[i] != '*' && name.p[i] != '.' &&
			    !is_plain(span_of(name.p + i, 1)))
				return -EINVAL;
		}
	}
	return name.n == 0 ? -EINVAL : set_text(text, arena, to);
}

static int
set_class(struct span text, struct arena *arena, void *to)
{
	if (!settings_action_is_class_name(text))
		return -EINVAL;
	return set_text(text, arena, to);
}

/* "Subject", "Subject!", or "*" for the default list: RFC 5322 section 3.6.8,
 * without the ';' that RFC 6376 section 3.5 cannot write in h=. */
static int
set_field(struct span text, struct arena *arena, void *to)
{
	size_t n = text.n;

	if (n > 1 && text.p[n - 1] == '!')
		n--;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= ' ' || c >= 0x7f || strchr(":;!", c) != NULL ||
		    (c == '*' && text.n > 1))
			return -EINVAL;
	}
	return n == 0 || n > SIGN_HEADER_MAX ? -EINVAL
	                                     : set_text(text, arena, to);
}

int
settings_string_set(const struct row *row, struct span text,
    struct arena *arena, void *to, const char **ret_why)
{
	switch (row->type) {
	case ROW_HOST:
		return set_host(text, arena, to);
	case ROW_LOG:
		return set_log(text, arena, to);
	case ROW_USER:
		return set_name(text, arena, to);
	case ROW_GROUP:
		return set_group(text, arena, to);
	case ROW_FILE:
		return set_file(row, text, arena, to);
	case ROW_TABLE:
		return set_table(text, arena, to);
	case ROW_ROWS:
		return set_rows(text, arena, to);
	case ROW_REPLY:
		return set_reply(text, arena, to, ret_why);
	case ROW_CLASSES:
		return set_class(text, arena, to);
	case ROW_DOMAINS:
		return set_domain(text, arena, to);
	case ROW_HOSTS:
		return set_hosts(text, arena, to);
	case ROW_WORDS:
		return set_word(text, arena, to);
	case ROW_PRINTS:
		return set_print(text, arena, to);
	case ROW_FIELDS:
		return set_field(text, arena, to);
	case ROW_NUMBER:
	case ROW_BOOL:
	case ROW_ENUM:
	case ROW_EITHER:
	case ROW_MODE:
	case ROW_CANON:
	case ROW_ACTION:
	case ROW_CIDRS:
	case ROW_ENDPOINTS:
	case ROW_SERVERS:
		break;
	}
	return -EINVAL;
}
