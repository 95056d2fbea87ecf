/*
 * The trick: a line that is too long is written again with less in it (enum
 * level), until it fits; nothing is cut in the midst of a value.
 *
 * The trap: other programs read these fields with readers of their own, so a
 * value is cleaned of more than the RFC asks for (received.h); and where a
 * value stands in the line matters to them, too.
 */
#include <errno.h>

#include "common/bytes/domain.h"
#include "common/limits.h"
#include "policyd/decide/received.h"

/*
 * What is left out, one thing more at each level, until the line fits. What all
 * levels have (result, client-ip, envelope-from, helo, identity) is bounded by
 * the lengths below and fits for itself: under 900 bytes.
 */
enum level {
	LEVEL_FULL,
	LEVEL_SHORT_PROBLEM, /* the problem's text is cut */
	LEVEL_NO_COMMENT,
	LEVEL_NO_RECEIVER,
	LEVEL_NO_PROBLEM,
	LEVEL_NO_MECHANISM,
	LEVELS
};

enum {
	LOCAL_MAX = 250, /* of a local part, which RFC 5321 limits to 64 */
	VALUE_MAX = LOCAL_MAX + 1 + DOMAIN_MAX,
	PROBLEM_MAX = 300,
	PROBLEM_SHORT = 80,
};

/* A value that was cleaned. */
struct clean {
	size_t n;
	char p[VALUE_MAX];
};

/* RFC 5322 section 3.2.3, without '=': released versions of OpenDMARC begin the
 * value anew at each '=' in it, also between quotes, and so take a wrong domain
 * from envelope-from="bounce+to=example.org@example.com". */
static bool
is_atext(char c)
{
	return span_is_alpha(c) || span_is_digit(c) ||
	    (c != '\0' && strchr("!#$%&'*+-/?^_`{|}~", c) != NULL);
}

/* Appends at most max bytes of s; of one that is longer the end is "...". Bytes
 * that are neither atext nor in also become '?'. */
static void
clean_add(struct clean *c, struct span s, size_t max, const char *also)
{
	static const char cut[] = "...";
	size_t n = s.n > max ? max - strlen(cut) : s.n;

	for (size_t i = 0; i < n; i++) {
		char b = s.p[i];
		bool keep =
		    is_atext(b) || (b != '\0' && strchr(also, b) != NULL);

		c->p[c->n++] = keep ? b : '?';
	}
	if (n < s.n) {
		memcpy(c->p + c->n, cut, strlen(cut));
		c->n += strlen(cut);
	}
}

static struct clean
clean_text(struct span s, size_t max, const char *also)
{
	struct clean c = {0};

	clean_add(&c, s, max, also);
	return c;
}

static struct clean
clean_name(const char *name)
{
	return clean_text(span_str(name), DOMAIN_MAX, ".");
}

/* Of U-labels, and of a dot at the end, the name that DNS was asked for, in
 * ascii[DOMAIN_MAX + 1]; others as they are. What is no name becomes
 * `otherwise`. */
static struct span
checked_name(struct span name, char *ascii, struct span otherwise)
{
	bool dotted = name.n > 0 && name.p[name.n - 1] == '.';

	if (!dotted && span_is_ascii(name))
		return name.n > DOMAIN_MAX ? otherwise : name;
	return domain_to_ascii(name, ascii) == 0 ? span_str(ascii) : otherwise;
}

/* A sender. One '@' only: OpenDMARC splits at the first, Postfix and we at the
 * last. It must read the domain that was checked, or none: what is no name is
 * not shown, as a part of it is another one. */
static struct clean
clean_sender(struct span sender)
{
	char ascii[DOMAIN_MAX + 1];
	struct clean c = {0};
	size_t at = span_behind_last(sender, '@');

	if (at == 0) {
		clean_add(&c, sender, LOCAL_MAX, ".");
		return c;
	}
	clean_add(&c, span_of(sender.p, at - 1), LOCAL_MAX, ".:");
	c.p[c.n++] = '@';
	clean_add(&c, checked_name(span_skip(sender, at), ascii, span_str("?")),
	    DOMAIN_MAX, ".:");
	return c;
}

/* RFC 5322 section 3.2.3: atext with single dots between. */
static bool
is_dot_atom(const struct clean *c)
{
	char before = '.';

	for (size_t i = 0; i < c->n; i++) {
		if (c->p[i] == '.' ? before == '.' : !is_atext(c->p[i]))
			return false;
		before = c->p[i];
	}
	return before != '.';
}

/* RFC 2045 section 5.1: of our clean bytes these are no tspecials. */
static bool
is_token(const struct clean *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strchr("?/@:, ", c->p[i]) != NULL)
			return false;
	}
	return c->n > 0;
}

/* A clean value has neither '"' nor '\', so that quotes around it suffice. */
static void
put_value(struct buf *b, const struct clean *c, bool bare)
{
	if (!bare)
		buf_byte(b, '"');
	buf_add(b, c->p, c->n);
	if (!bare)
		buf_byte(b, '"');
}

static void
put_pair(struct buf *b, const char *key, struct clean value)
{
	buf_str(b, key);
	buf_byte(b, '=');
	put_value(b, &value, is_dot_atom(&value));
	buf_str(b, "; ");
}

static const char *
said_of(enum spf_result result)
{
	switch (result) {
	case SPF_PASS:
		return "designates";
	case SPF_FAIL:
		return "does not designate";
	case SPF_SOFTFAIL:
		return "probably does not designate";
	case SPF_NEUTRAL:
		return "says nothing about";
	case SPF_NONE:
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
	case SPF_RESULTS:
		break;
	}
	return NULL;
}

/* "(receiver: example.com designates 192.0.2.1 as permitted sender)" */
static void
put_comment(struct buf *b, const char *receiver, const struct subject *s,
    const struct check_result *r)
{
	struct clean domain = clean_name(r->domain);
	const char *said = said_of(r->result);
	char ip[IP_TEXT_MAX];

	buf_byte(b, '(');
	if (receiver != NULL && *receiver != '\0') {
		struct clean c = clean_name(receiver);

		buf_add(b, c.p, c.n);
		buf_str(b, ": ");
	}
	if (r->result == SPF_TEMPERROR)
		buf_str(b, "could not look up the SPF record of ");
	if (r->result == SPF_PERMERROR)
		buf_str(b, "cannot use the SPF record of ");
	if (domain.n == 0)
		buf_str(b, "a name that is no domain");
	buf_add(b, domain.p, domain.n);
	if (r->result == SPF_NONE)
		buf_str(b, " has no SPF record");
	if (said != NULL)
		buf_fmt(b, " %s %s as permitted sender", said,
		    ip_text(&s->client, ip));
	buf_byte(b, ')');
}

static bool
is_error(enum spf_result r)
{
	return r == SPF_TEMPERROR || r == SPF_PERMERROR;
}

/* RFC 7208 section 9.1: "default" where no mechanism matched. An error or the
 * lack of a record is neither. A part of a mechanism is another mechanism: one
 * that is too long is not shown. */
static void
put_mechanism(struct buf *b, const struct check_result *r)
{
	const char *m = r->mechanism;

	if (m == NULL && (is_error(r->result) || r->result == SPF_NONE))
		return;
	if (m == NULL)
		m = "default";
	if (strlen(m) <= SPF_MECHANISM_MAX)
		put_pair(
		    b, "mechanism", clean_text(span_str(m), VALUE_MAX, ".@:"));
}

static struct clean
clean_problem(const char *problem, enum level level)
{
	return clean_text(span_str(problem),
	    level >= LEVEL_SHORT_PROBLEM ? PROBLEM_SHORT : PROBLEM_MAX,
	    ".@:, ");
}

/* identity stands last: SpamAssassin takes the last "identity=" of a line. */
static void
put_received_spf(struct buf *b, const struct subject *s, enum identity identity,
    const struct check_result *r, enum level level)
{
	bool helo = identity == IDENTITY_HELO || s->sender.n == 0;
	const char *receiver = s->receiver;
	char ip[IP_TEXT_MAX], ascii[DOMAIN_MAX + 1];

	buf_fmt(b, "Received-SPF: %s ", spf_result_word(r->result));
	if (level < LEVEL_NO_COMMENT) {
		put_comment(b, receiver, s, r);
		buf_byte(b, ' ');
	}
	ip_text(&s->client, ip);
	put_pair(b, "client-ip", clean_text(span_str(ip), VALUE_MAX, ".:"));
	if (s->sender.n == 0)
		buf_str(b, "envelope-from=\"<>\"; ");
	else
		put_pair(b, "envelope-from", clean_sender(s->sender));
	if (s->helo.n > 0)
		put_pair(b, "helo",
		    clean_text(checked_name(s->helo, ascii, s->helo),
		        DOMAIN_MAX, ".@:"));
	if (level < LEVEL_NO_RECEIVER && receiver != NULL)
		put_pair(b, "receiver", clean_name(receiver));
	if (level < LEVEL_NO_MECHANISM)
		put_mechanism(b, r);
	if (level < LEVEL_NO_PROBLEM && is_error(r->result) &&
	    r->problem != NULL)
		put_pair(b, "problem", clean_problem(r->problem, level));
	buf_fmt(b, "identity=%s", helo ? "helo" : "mailfrom");
}

/* RFC 8601 section 2.2. The receiver is the authserv-id and cannot be left out;
 * with 2 names of 253 octets the line without a comment has 600 bytes. */
static void
put_auth_results(struct buf *b, const struct subject *s, enum identity identity,
    const struct check_result *r, enum level level)
{
	bool helo = identity == IDENTITY_HELO || s->sender.n == 0;
	struct clean id = clean_name(s->receiver),
	             domain = clean_name(r->domain);

	buf_str(b, "Authentication-Results: ");
	put_value(b, &id, is_token(&id));
	buf_fmt(b, "; spf=%s", spf_result_word(r->result));
	if (level < LEVEL_NO_COMMENT) {
		buf_byte(b, ' ');
		put_comment(b, NULL, s, r);
	}
	if (level < LEVEL_NO_PROBLEM && is_error(r->result) &&
	    r->problem != NULL) {
		struct clean problem = clean_problem(r->problem, level);

		buf_str(b, " reason=");
		put_value(b, &problem, false);
	}
	if (domain.n == 0)
		return;
	buf_str(b, helo ? " smtp.helo=" : " smtp.mailfrom=");
	put_value(b, &domain, is_token(&domain));
}

static void
put_line(
    void (*put)(struct buf *b, const struct subject *s, enum identity identity,
        const struct check_result *r, enum level level),
    const struct subject *s, enum identity identity,
    const struct check_result *r, struct buf *out)
{
	struct buf line;

	buf_init(&line, HEADER_LINE_MAX);
	for (enum level level = 0; level < LEVELS; level++) {
		buf_clear(&line);
		put(&line, s, identity, r, level);
		if (buf_error(&line) != -EMSGSIZE)
			break;
	}
	if (buf_error(&line) == 0)
		buf_span(out, buf_view(&line));
	else if (out->error == 0)
		out->error = buf_error(&line);
	buf_free(&line);
}

void
received_spf(const struct subject *s, enum identity identity,
    const struct check_result *result, struct buf *out)
{
	put_line(put_received_spf, s, identity, result, out);
}

static void
put_skip_comment(
    struct buf *out, const struct subject *s, bool own, const char *why)
{
	struct clean c =
	    clean_name(s->receiver == NULL ? "unknown" : s->receiver);

	buf_fmt(out, "X-Comment: SPF not checked: %s", why);
	if (own)
		return;
	buf_str(out, "; receiver=");
	put_value(out, &c, is_dot_atom(&c));
}

void
received_skipped(const struct subject *s, bool auth_results, bool own,
    const char *why, struct buf *out)
{
	struct clean id;

	if (!auth_results) {
		put_skip_comment(out, s, own, why);
		return;
	}
	id = clean_name(s->receiver);
	buf_str(out, "Authentication-Results: ");
	put_value(out, &id, is_token(&id));
	if (own)
		buf_fmt(out, "; none (SPF not checked: %s)", why);
	else
		buf_fmt(out, "; spf=policy reason=\"not checked: %s\"", why);
}

void
received_auth_results(const struct subject *s, enum identity identity,
    const struct check_result *result, struct buf *out)
{
	put_line(put_auth_results, s, identity, result, out);
}
