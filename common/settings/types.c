/*
 * The trick: one row a type, with its words, its size in a list, its reader and
 * its writer; what is in common to all is done in value.c. A text that stays a
 * string is judged as it stands and copied only then; names and fingerprints,
 * which are compared later, in one spelling.
 *
 * The trap: what a writer writes its reader must read as the same, or the
 * output of -T would not mean what is in force. And the words of a row are in
 * the order of their enum.
 */
#include <errno.h>
#include <stdio.h>

#include "common/bytes/domain.h"
#include "common/limits.h"
#include "common/settings/action.h"
#include "common/settings/reply.h"
#include "common/settings/types.h"

/* --- words ---------------------------------------------------------------- */

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
find_word(const char *list, struct span text, unsigned *ret)
{
	struct span words = span_str(list);

	for (unsigned i = 0; words.n > 0; i++) {
		if (span_ieq(next_word(&words), text)) {
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

static struct span
word_at(const char *list, unsigned i)
{
	struct span words = span_str(list), word = next_word(&words);

	while (i-- > 0)
		word = next_word(&words);
	return word;
}

/* False for the first word of a pair, true for the second. */
static int
find_side(const char *pairs, struct span text, bool *ret)
{
	unsigned i;
	int rc = find_word(pairs, text, &i);

	if (rc == 0)
		*ret = i % 2 == 1;
	return rc;
}

static int
parse_bool(struct span text, struct field *f)
{
	return find_side("false|true|no|yes|off|on", text, f->to);
}

static int
parse_either(struct span text, struct field *f)
{
	return find_side(f->row->words, text, f->to);
}

static int
parse_enum(struct span text, struct field *f)
{
	return find_word(f->row->words, text, f->to);
}

static struct span
text_bool(const struct row *row, const void *from, char *room)
{
	return span_str(*(const bool *)from ? "true" : "false");
}

static struct span
text_either(const struct row *row, const void *from, char *room)
{
	return word_at(row->words, *(const bool *)from);
}

static struct span
text_enum(const struct row *row, const void *from, char *room)
{
	return word_at(row->words, *(const unsigned *)from);
}

/* RFC 6376 section 3.5, c=: one word is that of the header. */
static const char canons[] = "simple|relaxed";

static int
parse_canon(struct span text, struct field *f)
{
	struct signer_settings *to = f->to;
	size_t slash = span_find(text, '/');
	unsigned header, body = CANON_SIMPLE;

	if (find_word(canons, span_of(text.p, slash), &header) != 0)
		return -EINVAL;
	if (slash < text.n &&
	    find_word(canons, span_skip(text, slash + 1), &body) != 0)
		return -EINVAL;
	to->header_canon = header;
	to->body_canon = body;
	return 0;
}

static struct span
text_canon(const struct row *row, const void *from, char *room)
{
	const struct signer_settings *s = from;
	struct span header = word_at(canons, s->header_canon);
	struct span body = word_at(canons, s->body_canon);

	snprintf(room, TYPE_ROOM, "%.*s/%.*s", (int)header.n, header.p,
	    (int)body.n, body.p);
	return span_str(room);
}

/* --- numbers -------------------------------------------------------------- */

static int
parse_number(struct span text, struct field *f)
{
	unsigned v = 0;

	if (text.n == 0 || text.n > 9 || (text.n > 1 && text.p[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -EINVAL;
		v = v * 10 + (unsigned)(text.p[i] - '0');
	}
	if (v < f->row->min || v > f->row->max)
		return -EINVAL;
	*(unsigned *)f->to = v;
	return 0;
}

static struct span
text_number(const struct row *row, const void *from, char *room)
{
	snprintf(room, TYPE_ROOM, "%u", *(const unsigned *)from);
	return span_str(room);
}

static int
parse_mode(struct span text, struct field *f)
{
	mode_t v = 0;

	if (text.n < 3 || text.n > 4 || (text.n == 4 && text.p[0] != '0'))
		return -EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7')
			return -EINVAL;
		v = v * 8 + (mode_t)(text.p[i] - '0');
	}
	*(mode_t *)f->to = v;
	return 0;
}

static struct span
text_mode(const struct row *row, const void *from, char *room)
{
	snprintf(room, TYPE_ROOM, "%04o", *(const mode_t *)from);
	return span_str(room);
}

/* --- what others read and write ------------------------------------------- */

static int
parse_action(struct span text, struct field *f)
{
	if (text.n == 0 && f->row->value[0] == '\0') {
		struct action unset = settings_action_unset;

		memcpy(f->to, &unset, sizeof unset);
		return 0;
	}
	return settings_action_parse(text, f->arena, f->to, &f->why);
}

static struct span
text_action(const struct row *row, const void *from, char *room)
{
	return span_str(settings_action_text(from));
}

static int
parse_cidr(struct span text, struct field *f)
{
	return cidr_parse(text, f->to);
}

/* Or the word for all addresses of this host. */
static int
parse_network(struct span text, struct field *f)
{
	if (!span_ieqs(text, SETTINGS_THIS_HOST))
		return cidr_parse(text, f->to);
	*(struct cidr *)f->to = (struct cidr){.bits = 0};
	return 0;
}

static struct span
text_cidr(const struct row *row, const void *from, char *room)
{
	const struct cidr *net = from;
	size_t n;

	if (settings_is_this_host(net))
		return span_str(SETTINGS_THIS_HOST);
	n = strlen(ip_text(&net->ip, room));
	if (net->bits < ip_width(&net->ip))
		snprintf(room + n, TYPE_ROOM - n, "/%u", net->bits);
	return span_str(room);
}

static int
parse_endpoint(struct span text, struct field *f)
{
	return endpoint_parse(text, f->to, &f->why);
}

static struct span
text_endpoint(const struct row *row, const void *from, char *room)
{
	return span_str(endpoint_text(from, room));
}

static int
parse_server(struct span text, struct field *f)
{
	return dns_server_parse(text, f->to);
}

static struct span
text_server(const struct row *row, const void *from, char *room)
{
	return span_str(dns_server_text(from, room));
}

/* --- strings -------------------------------------------------------------- */

static struct span
text_string(const struct row *row, const void *from, char *room)
{
	return span_str(*(const char *const *)from);
}

static int
set_copy(struct span text, struct field *f)
{
	const char *copy = arena_dup(f->arena, text);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(f->to, &copy, sizeof copy);
	return 0;
}

static int
set_none(struct field *f)
{
	memset(f->to, 0, sizeof(const char *));
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
parse_host(struct span text, struct field *f)
{
	char name[DOMAIN_MAX + 1];
	int rc = domain_to_ascii(text, name);

	if (rc == 0 && !is_plain(span_str(name)))
		rc = -EINVAL;
	return rc != 0 ? rc : set_copy(span_str(name), f);
}

static int
parse_id(struct span text, struct field *f)
{
	return text.n == 0 ? set_copy(text, f) : parse_host(text, f);
}

/* RFC 7372. */
static int
parse_refusal(struct span text, struct field *f)
{
	static const char *const word[] = {
	    "no-pass", "not-acceptable", "not-aligned", "spf-fail"};

	for (size_t i = 0; i < sizeof word / sizeof word[0]; i++) {
		if (span_eq(text, span_str(word[i])))
			return set_copy(text, f);
	}
	return -EINVAL;
}

static int
parse_log(struct span text, struct field *f)
{
	bool syslog = text.n > 8 && memcmp(text.p, "syslog:/", 8) == 0;

	if (!syslog && !(text.n > 1 && text.p[0] == '/') &&
	    !span_eq(text, span_str("syslog")) &&
	    !span_eq(text, span_str("stderr")))
		return -EINVAL;
	return set_copy(text, f);
}

static int
parse_name(struct span text, struct field *f)
{
	return is_plain(text) ? set_copy(text, f) : -EINVAL;
}

static int
parse_group(struct span text, struct field *f)
{
	if (text.n > 0)
		return parse_name(text, f);
	return set_none(f);
}

/* A name, in A-labels; so that "*.example.com" is not taken for one. */
static int
parse_domain(struct span text, struct field *f)
{
	char name[DOMAIN_MAX + 1];
	int rc = domain_to_ascii(text, name);

	if (rc == 0 && !domain_is_mail(span_str(name)))
		rc = -EINVAL;
	return rc != 0 ? rc : set_copy(span_str(name), f);
}

/* How a forwarder is written that is known by a domain that passes. */
static const char *const passes[] = {
    [FORWARDER_DKIM] = "dkim:", [FORWARDER_SPF] = "spf:"};

/* The prefix stays in front of the domain, for who writes it. */
static int
parse_passes(struct span text, const char *prefix, struct field *f,
    const char **ret_domain)
{
	char name[8 + DOMAIN_MAX + 1];
	size_t n = strlen(prefix);
	const char *copy;
	int rc;

	memcpy(name, prefix, n);
	rc = domain_to_ascii(span_skip(text, n), name + n);
	if (rc == 0 && !domain_is_mail(span_str(name + n)))
		rc = -EINVAL;
	if (rc != 0)
		return rc;
	copy = arena_dup(f->arena, span_str(name));
	if (copy == NULL)
		return -ENOMEM;
	*ret_domain = copy + n;
	return 0;
}

static int
parse_forwarder(struct span text, struct field *f)
{
	struct trusted_forwarder *to = f->to;

	for (unsigned kind = FORWARDER_DKIM; kind <= FORWARDER_SPF; kind++) {
		if (!span_ibegins(text, passes[kind]))
			continue;
		to->kind = kind;
		return parse_passes(text, passes[kind], f, &to->domain);
	}
	to->kind = FORWARDER_NETWORK;
	return cidr_parse(text, &to->network);
}

static struct span
text_forwarder(const struct row *row, const void *from, char *room)
{
	const struct trusted_forwarder *f = from;

	if (f->kind == FORWARDER_NETWORK)
		return text_cidr(row, &f->network, room);
	return span_str(f->domain - strlen(passes[f->kind]));
}

/* Pairs of hexadecimal digits with colons between, 16 pairs (MD5) to 64; in
 * upper case. */
static int
parse_print(struct span text, struct field *f)
{
	static const char digits[] = "0123456789ABCDEF";
	char *copy;

	if (text.n < 47 || text.n > 191 || text.n % 3 != 2)
		return -EINVAL;
	copy = arena_dup(f->arena, text);
	if (copy == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < text.n; i++) {
		if (copy[i] >= 'a' && copy[i] <= 'f')
			copy[i] = (char)(copy[i] - 'a' + 'A');
		if (i % 3 == 2 ? copy[i] != ':'
		               : strchr(digits, copy[i]) == NULL)
			return -EINVAL;
	}
	memcpy(f->to, &copy, sizeof copy);
	return 0;
}

static int
parse_reply(struct span text, struct field *f)
{
	const char *why = settings_reply_judge(text);

	if (why == NULL)
		return set_copy(text, f);
	f->why = why;
	return -EINVAL;
}

static int
parse_file(struct span text, struct field *f)
{
	if (text.n == 0 && f->row->value != NULL)
		return set_none(f);
	if (text.n < 2 || text.p[0] != '/')
		return -EINVAL;
	return set_copy(text, f);
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
parse_table(struct span text, struct field *f)
{
	static const char keylist[] = "keylist:";
	size_t n = sizeof keylist - 1;
	struct span path = without_type(text);

	if (text.n == 0)
		return set_none(f);
	if (text.n > n && memcmp(text.p, keylist, n) == 0)
		path = span_skip(text, n);
	if (path.n < 2 || path.p[0] != '/')
		return -EINVAL;
	return set_copy(text, f);
}

/* Behind "inline:" stand the rows themselves, as in Postfix. */
static int
parse_rows(struct span text, struct field *f)
{
	static const char in_line[] = "inline:";
	size_t n = sizeof in_line - 1;

	if (text.n > n && memcmp(text.p, in_line, n) == 0)
		return set_copy(text, f);
	return parse_table(text, f);
}

/* Printable bytes and no space; UTF-8 is let in. */
static int
parse_word(struct span text, struct field *f)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
			return -EINVAL;
	}
	return text.n == 0 ? -EINVAL : set_copy(text, f);
}

/* The name of a macro, alone or with values, which may have spaces. */
static int
parse_macro(struct span text, struct field *f)
{
	size_t equals = span_find(text, '=');

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' || c == 0x7f || (c == ' ' && i < equals))
			return -EINVAL;
	}
	return equals == 0 ? -EINVAL : set_copy(text, f);
}

/* An address or network, a name, ".domain", "*.domain", each perhaps with a '!'
 * in front, or a file of such. */
static int
parse_client(struct span text, struct field *f)
{
	struct span path = without_type(text), name = text;
	struct cidr net;

	if (path.n > 1 && path.p[0] == '/')
		return set_copy(text, f);
	if (name.n > 0 && name.p[0] == '!')
		name = span_skip(name, 1);
	if (cidr_parse(name, &net) != 0) {
		for (size_t i = 0; i < name.n; i++) {
			if (name.p[i] != '*' && name.p[i] != '.' &&
			    !is_plain(span_of(name.p + i, 1)))
				return -EINVAL;
		}
	}
	return name.n == 0 ? -EINVAL : set_copy(text, f);
}

static int
parse_class(struct span text, struct field *f)
{
	if (!settings_action_is_class_name(text))
		return -EINVAL;
	return set_copy(text, f);
}

/* "Subject", "Subject!", or "*" for the default list: RFC 5322 section 3.6.8,
 * without the ';' that RFC 6376 section 3.5 cannot write in h=. */
static int
parse_header(struct span text, struct field *f)
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
	return n == 0 || n > SIGN_HEADER_MAX ? -EINVAL : set_copy(text, f);
}

/* --- the types ------------------------------------------------------------ */

const struct type settings_types[] = {
    [ROW_HOST] = {parse_host, text_string, .words = "the name of a host"},
    [ROW_ID] = {parse_id, text_string,
        .words = "the name of a host, or nothing"},
    [ROW_LOG] = {parse_log, text_string,
        .words = "syslog, stderr or an absolute path"},
    [ROW_USER] = {parse_name, text_string, .words = "the name of a user"},
    [ROW_GROUP] = {parse_group, text_string, .words = "the name of a group"},
    [ROW_FILE] = {parse_file, text_string, .words = "an absolute path"},
    [ROW_TABLE] = {parse_table, text_string,
        .words = "an absolute path, with file:, refile: or keylist: in front "
                 "or alone"},
    [ROW_ROWS] = {parse_rows, text_string,
        .words = "an absolute path, with file: or refile: in front or alone, "
                 "or inline: and rows"},

    [ROW_NUMBER] = {parse_number, text_number, .bare = true},
    [ROW_BOOL] = {parse_bool, text_bool, .bare = true,
        .words = "true or false"},
    [ROW_ENUM] = {parse_enum, text_enum, .words = NULL},
    [ROW_EITHER] = {parse_either, text_either, .words = NULL},
    [ROW_MODE] = {parse_mode, text_mode, .words = "an octal mode such as 0660"},
    [ROW_CANON] = {parse_canon, text_canon,
        .words = "simple or relaxed, or two of them such as relaxed/simple"},
    [ROW_ACTION] = {parse_action, text_action,
        .words = "header, reject, defer, dunno, an access(5) action or one of "
                 "restriction_classes"},
    [ROW_REPLY] = {parse_reply, text_string, .words = "a text for replies"},

    [ROW_CLASSES] = {parse_class, text_string, .size = sizeof(char *),
        .words = "a name for a restriction class"},
    [ROW_CIDRS] = {parse_cidr, text_cidr, .size = sizeof(struct cidr),
        .words = "a network such as 192.0.2.0/24"},
    [ROW_NETWORKS] = {parse_network, text_cidr, .size = sizeof(struct cidr),
        .words = "a network such as 192.0.2.0/24, or this-host"},
    [ROW_HOSTS] = {parse_client, text_string, .size = sizeof(char *),
        .words = "an address or network, a name, .domain, *.domain, or the "
                 "path of a file of such"},
    [ROW_WORDS] = {parse_word, text_string, .size = sizeof(char *),
        .words = "a word without spaces"},
    [ROW_MACROS] = {parse_macro, text_string, .size = sizeof(char *),
        .words = "a macro such as {name} or {name}=value|value"},
    [ROW_DOMAINS] = {parse_domain, text_string, .size = sizeof(char *),
        .words = "a domain such as example.com"},
    [ROW_PRINTS] = {parse_print, text_string, .size = sizeof(char *),
        .words = "a fingerprint such as 12:34:AB:..., 16 pairs or more"},
    [ROW_FIELDS] = {parse_header, text_string, .size = sizeof(char *),
        .words =
            "the name of a header field such as Subject or Subject!, or *"},
    [ROW_REFUSALS] = {parse_refusal, text_string, .size = sizeof(char *),
        .words = "no-pass, not-acceptable, not-aligned or spf-fail"},
    [ROW_FORWARDERS] = {parse_forwarder, text_forwarder,
        .size = sizeof(struct trusted_forwarder),
        .words = "a network such as 192.0.2.0/24, or dkim: or spf: and a "
                 "domain"},
    [ROW_ENDPOINTS] = {parse_endpoint, text_endpoint,
        .size = sizeof(struct endpoint),
        .words = "an endpoint such as inet:127.0.0.1:10031"},
    [ROW_SERVERS] = {parse_server, text_server,
        .size = sizeof(struct dns_server),
        .words = "an address such as 192.0.2.53 or [::1]:5300"},
};
