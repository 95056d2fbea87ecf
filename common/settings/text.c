#include "common/settings/action.h"
#include "common/settings/text.h"
#include "common/settings/value.h"

static void
put_quoted(const char *s, struct buf *out)
{
	buf_quoted(out, span_str(s));
}

/* --- elements of lists --------------------------------------------------- */

static void
put_cidr(const struct cidr *net, struct buf *out)
{
	char text[IP_TEXT_MAX];

	buf_fmt(out, "\"%s", ip_text(&net->ip, text));
	if (net->bits < ip_width(&net->ip))
		buf_fmt(out, "/%u", net->bits);
	buf_byte(out, '"');
}

static void
put_endpoint(const struct endpoint *e, struct buf *out)
{
	char text[ENDPOINT_TEXT_MAX];

	put_quoted(endpoint_text(e, text), out);
}

static void
put_server(const struct dns_server *s, struct buf *out)
{
	char text[DNS_SERVER_TEXT_MAX];

	put_quoted(dns_server_text(s, text), out);
}

static void
put_comma(size_t i, struct buf *out)
{
	if (i > 0)
		buf_str(out, ", ");
}

static void
put_texts(const struct text_list *l, struct buf *out)
{
	buf_byte(out, '{');
	for (size_t i = 0; i < l->n; i++) {
		put_comma(i, out);
		put_quoted(l->v[i], out);
	}
	buf_byte(out, '}');
}

static void
put_cidrs(const struct cidr_list *l, struct buf *out)
{
	buf_byte(out, '{');
	for (size_t i = 0; i < l->n; i++) {
		put_comma(i, out);
		put_cidr(&l->v[i], out);
	}
	buf_byte(out, '}');
}

static void
put_endpoints(const struct endpoint_list *l, struct buf *out)
{
	buf_byte(out, '{');
	for (size_t i = 0; i < l->n; i++) {
		put_comma(i, out);
		put_endpoint(&l->v[i], out);
	}
	buf_byte(out, '}');
}

static void
put_servers(const struct dns_server_list *l, struct buf *out)
{
	buf_byte(out, '{');
	for (size_t i = 0; i < l->n; i++) {
		put_comma(i, out);
		put_server(&l->v[i], out);
	}
	buf_byte(out, '}');
}

/* --- scalars ------------------------------------------------------------- */

static void
put_text(const char *const *from, struct buf *out)
{
	put_quoted(*from == NULL ? "" : *from, out);
}

/* The i-th word of "a|b|c". */
static void
put_word(const char *words, unsigned i, struct buf *out)
{
	struct span rest = span_str(words);

	for (; i > 0; i--)
		rest = span_skip(rest, span_find(rest, '|') + 1);
	buf_quoted(out, span_of(rest.p, span_find(rest, '|')));
}

static void
put_canon(const struct signer_settings *s, struct buf *out)
{
	static const char *const words[] = {
	    [CANON_SIMPLE] = "simple", [CANON_RELAXED] = "relaxed"};

	buf_fmt(out, "\"%s/%s\"", words[s->header_canon], words[s->body_canon]);
}

void
settings_text_value(const struct row *row, const void *from, struct buf *out)
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
		put_text(from, out);
		return;
	case ROW_NUMBER:
		buf_fmt(out, "%u", *(const unsigned *)from);
		return;
	case ROW_BOOL:
		buf_str(out, *(const bool *)from ? "true" : "false");
		return;
	case ROW_ENUM:
		put_word(row->words, *(const unsigned *)from, out);
		return;
	case ROW_EITHER:
		put_word(row->words, *(const bool *)from, out);
		return;
	case ROW_MODE:
		buf_fmt(out, "\"%04o\"", *(const mode_t *)from);
		return;
	case ROW_CANON:
		put_canon(from, out);
		return;
	case ROW_ACTION:
		put_quoted(settings_action_text(from), out);
		return;
	case ROW_CLASSES:
	case ROW_DOMAINS:
	case ROW_HOSTS:
	case ROW_WORDS:
	case ROW_PRINTS:
	case ROW_FIELDS:
		put_texts(from, out);
		return;
	case ROW_CIDRS:
		put_cidrs(from, out);
		return;
	case ROW_ENDPOINTS:
		put_endpoints(from, out);
		return;
	case ROW_SERVERS:
		put_servers(from, out);
		return;
	}
}

/* --- defaults and types -------------------------------------------------- */

void
settings_text_default(const struct row *row, struct buf *out)
{
	struct span rest = span_str(row->value);

	if (row->value == NULL) {
		put_quoted(row->sample, out);
	} else if (settings_value_is_list(row)) {
		buf_byte(out, '{');
		for (size_t i = 0; rest.n > 0; i++) {
			struct span v = span_of(rest.p, span_find(rest, ' '));

			put_comma(i, out);
			buf_quoted(out, v);
			rest = span_skip(rest, v.n + 1);
		}
		buf_byte(out, '}');
	} else if (row->type == ROW_NUMBER || row->type == ROW_BOOL) {
		buf_str(out, row->value);
	} else {
		put_quoted(row->value, out);
	}
}

static void
put_choice(const char *words, struct buf *out)
{
	buf_str(out, "one of ");
	for (; *words != '\0'; words++) {
		if (*words == '|')
			buf_str(out, ", ");
		else
			buf_byte(out, *words);
	}
}

void
settings_text_type(const struct row *row, struct buf *out)
{
	static const char *const types[] = {
	    [ROW_HOST] = "the name of a host",
	    [ROW_LOG] = "syslog, stderr or an absolute path",
	    [ROW_USER] = "the name of a user",
	    [ROW_GROUP] = "the name of a group",
	    [ROW_FILE] = "an absolute path",
	    [ROW_TABLE] = "an absolute path, with file:, refile: or keylist: "
	                  "in front or alone",
	    [ROW_ROWS] = "an absolute path, with file: or refile: in front "
	                 "or alone, or inline: and rows",
	    [ROW_BOOL] = "true or false",
	    [ROW_MODE] = "an octal mode such as 0660",
	    [ROW_CANON] = "simple or relaxed, or two of them such as "
	                  "relaxed/simple",
	    [ROW_ACTION] = "header, reject, defer, dunno, an access(5) action "
	                   "or one of restriction_classes",
	    [ROW_REPLY] = "a text for replies",
	    [ROW_CLASSES] = "a name for a restriction class",
	    [ROW_DOMAINS] = "a domain such as example.com",
	    [ROW_PRINTS] = "a fingerprint such as 12:34:AB:..., 16 pairs or "
	                   "more",
	    [ROW_FIELDS] = "the name of a header field such as Subject or "
	                   "Subject!, or *",
	    [ROW_CIDRS] = "a network such as 192.0.2.0/24",
	    [ROW_HOSTS] = "an address or network, a name, .domain, *.domain, "
	                  "or the path of a file of such",
	    [ROW_WORDS] = "a word without spaces",
	    [ROW_ENDPOINTS] = "an endpoint such as inet:127.0.0.1:10031",
	    [ROW_SERVERS] = "an address such as 192.0.2.53 or [::1]:5300",
	};

	if (row->type == ROW_NUMBER)
		buf_fmt(out, "a number from %u to %u", row->min, row->max);
	else if (row->words != NULL)
		put_choice(row->words, out);
	else
		buf_str(out, types[row->type]);
}
