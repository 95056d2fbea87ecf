/*
 * The trick: one row a mechanism, {name, kind, reader}; a reader sees what
 * follows the name and takes all of it, or the term is an error.
 *
 * The trap: '/' may be a macro-literal, and ':' stands in addresses. So a
 * prefix length is cut from the end of a term, a domain from its beginning. And
 * an answer may have many TXT records, of which those that are not SPF do not
 * matter, and two that are SPF are an error even if they are equal.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "common/spf/macro.h"
#include "common/spf/record.h"

static const char version[] = "v=spf1";

bool
record_is_spf(struct span txt)
{
	size_t n = sizeof version - 1;

	if (!span_ibegins(txt, version))
		return false;
	return txt.n == n || txt.p[n] == ' ';
}

int
record_find(const struct dns_answer *answer, struct span *ret)
{
	const struct dns_record *spf = NULL;

	if (answer->status != DNS_FOUND)
		return -ENOENT;
	for (size_t i = 0; i < answer->n; i++) {
		if (!record_is_spf(answer->record[i].txt))
			continue;
		if (spf != NULL)
			return -EINVAL;
		spf = &answer->record[i];
	}
	if (spf == NULL)
		return -ENOENT;
	*ret = spf->txt;
	return 0;
}

bool
record_no_mail(const struct dns_answer *answer)
{
	struct span txt;

	return record_find(answer, &txt) == 0 &&
	    span_ieqs(span_trim(txt), "v=spf1 -all");
}

void
record_open(struct record *r, struct span txt)
{
	*r = (struct record){.rest = span_skip(txt, sizeof version - 1)};
}

/* Length of the name at the start of s: ALPHA *( ALPHA / DIGIT / "-" / "_" /
 * "." ); 0 when there is none. */
static size_t
name_length(struct span s)
{
	size_t n = 0;

	if (s.n == 0 || !span_is_alpha(s.p[0]))
		return 0;
	while (n < s.n &&
	    (span_is_alpha(s.p[n]) || span_is_digit(s.p[n]) ||
	        memchr("-_.", s.p[n], 3) != NULL))
		n++;
	return n;
}

/* Digits of a prefix length behind its '/': no leading zero, at most max. */
static int
read_bits(struct span s, unsigned max, unsigned *ret)
{
	unsigned v = 0;

	if (s.n == 0 || s.n > 3 || (s.n > 1 && s.p[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		if (!span_is_digit(s.p[i]))
			return -EINVAL;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	if (v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

/* Length of s without "/" and digits at its end; s.n if it does not end so. */
static size_t
before_bits(struct span s)
{
	size_t n = s.n;

	while (n > 0 && span_is_digit(s.p[n - 1]))
		n--;
	return n > 0 && n < s.n && s.p[n - 1] == '/' ? n - 1 : s.n;
}

/*
 * Cuts a dual-cidr-length off the end of *s. A '/' may be a macro-literal too,
 * but no domain-spec ends in "/" and digits, so the end is not ambiguous.
 */
static int
cut_bits(struct span *s, struct term *t)
{
	size_t n = before_bits(*s);

	if (n == s->n)
		return 0;
	if (n > 0 && s->p[n - 1] == '/') {
		if (read_bits(span_skip(*s, n + 1), 128, &t->bits6) != 0)
			return -EINVAL;
		s->n = n - 1;
		n = before_bits(*s);
		if (n == s->n)
			return 0;
	}
	if (read_bits(span_skip(*s, n + 1), 32, &t->bits4) != 0)
		return -EINVAL;
	s->n = n;
	return 0;
}

/* ":" domain-spec; rest is what follows the mechanism's name. */
static int
read_domain(struct span rest, struct term *t, const char **ret_why)
{
	*ret_why = "no domain where the mechanism needs one";
	if (rest.n == 0 || rest.p[0] != ':')
		return -EINVAL;
	t->domain = span_skip(rest, 1);
	return macro_check_domain(t->domain, ret_why);
}

/* [ ":" domain-spec ] [ dual-cidr-length ] */
static int
read_address(struct span rest, struct term *t, const char **ret_why)
{
	*ret_why = "invalid prefix length";
	if (cut_bits(&rest, t) != 0)
		return -EINVAL;
	return rest.n == 0 ? 0 : read_domain(rest, t, ret_why);
}

static int
read_ptr(struct span rest, struct term *t, const char **ret_why)
{
	return rest.n == 0 ? 0 : read_domain(rest, t, ret_why);
}

static int
read_all(struct span rest, struct term *t, const char **ret_why)
{
	*ret_why = "all takes no argument";
	return rest.n == 0 ? 0 : -EINVAL;
}

/*
 * inet_pton(3) and not ip_parse(): an ip6 network of mapped addresses matches
 * no IPv4 client, which only ip4 lists (section 5). glibc refuses leading
 * zeros.
 */
static int
read_net(int family, struct span rest, struct term *t, const char **ret_why)
{
	unsigned max = family == AF_INET ? 32 : 128, bits = max;
	char text[IP_TEXT_MAX];
	size_t slash;

	*ret_why = "no network";
	if (rest.n == 0 || rest.p[0] != ':')
		return -EINVAL;
	rest = span_skip(rest, 1);
	slash = span_find(rest, '/');
	*ret_why = "invalid prefix length";
	if (slash < rest.n &&
	    read_bits(span_skip(rest, slash + 1), max, &bits) != 0)
		return -EINVAL;
	*ret_why = "invalid network";
	if (slash >= sizeof text || memchr(rest.p, '\0', slash) != NULL)
		return -EINVAL;
	memcpy(text, rest.p, slash);
	text[slash] = '\0';
	t->net = (struct cidr){.ip.family = family, .bits = bits};
	return inet_pton(family, text, t->net.ip.b) == 1 ? 0 : -EINVAL;
}

static int
read_ip4(struct span rest, struct term *t, const char **ret_why)
{
	return read_net(AF_INET, rest, t, ret_why);
}

static int
read_ip6(struct span rest, struct term *t, const char **ret_why)
{
	return read_net(AF_INET6, rest, t, ret_why);
}

static int
read_mechanism(struct span s, size_t name, struct term *t, const char **ret_why)
{
	static const struct {
		const char *name;
		enum term_kind kind;
		int (*read)(struct span, struct term *, const char **);
	} rows[] = {
	    {"all", TERM_ALL, read_all},
	    {"include", TERM_INCLUDE, read_domain},
	    {"a", TERM_A, read_address},
	    {"mx", TERM_MX, read_address},
	    {"ptr", TERM_PTR, read_ptr},
	    {"ip4", TERM_IP4, read_ip4},
	    {"ip6", TERM_IP6, read_ip6},
	    {"exists", TERM_EXISTS, read_domain},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (span_ieqs(span_of(s.p, name), rows[i].name)) {
			t->kind = rows[i].kind;
			return rows[i].read(span_skip(s, name), t, ret_why);
		}
	}
	*ret_why = "unknown mechanism";
	return -EINVAL;
}

/* redirect and exp may stand once (RFC 7208 section 6); any other name is known
 * to somebody else, and only its macros must be right. */
static int
read_modifier(struct record *r, struct span s, size_t name, struct term *t,
    const char **ret_why)
{
	struct span value = span_skip(s, name + 1);
	bool *seen;

	if (span_ieqs(span_of(s.p, name), "redirect")) {
		t->kind = TERM_REDIRECT;
		seen = &r->redirect;
	} else if (span_ieqs(span_of(s.p, name), "exp")) {
		t->kind = TERM_EXP;
		seen = &r->exp;
	} else {
		t->kind = TERM_UNKNOWN;
		return macro_check_unknown(value, ret_why);
	}
	*ret_why = "modifier given twice";
	if (*seen)
		return -EINVAL;
	*seen = true;
	t->domain = value;
	return macro_check_domain(value, ret_why);
}

/* Cuts a qualifier off *s. */
static bool
read_qualifier(struct span *s, enum spf_result *ret)
{
	*ret = SPF_PASS;
	switch (s->p[0]) {
	case '+':
		break;
	case '-':
		*ret = SPF_FAIL;
		break;
	case '~':
		*ret = SPF_SOFTFAIL;
		break;
	case '?':
		*ret = SPF_NEUTRAL;
		break;
	default:
		return false;
	}
	*s = span_skip(*s, 1);
	return true;
}

static int
read_term(struct record *r, struct term *t, const char **ret_why)
{
	struct span s = t->text;
	bool qualified = read_qualifier(&s, &t->qualifier);
	size_t name = name_length(s);

	t->text = s;
	/* '.' belongs to the names of modifiers only: "a.b" is no mechanism,
	 * and no known one begins with "a." */
	if (name < s.n && s.p[name] == '=' && name > 0) {
		*ret_why = "qualifier before a modifier";
		return qualified ? -EINVAL
		                 : read_modifier(r, s, name, t, ret_why);
	}
	return read_mechanism(s, name, t, ret_why);
}

enum record_step
record_next(struct record *r, struct term *ret, const char **ret_why)
{
	struct term t = {.bits4 = 32, .bits6 = 128};
	const char *why;

	while (r->rest.n > 0 && r->rest.p[0] == ' ')
		r->rest = span_skip(r->rest, 1);
	if (r->rest.n == 0)
		return RECORD_END;
	t.text = span_of(r->rest.p, span_find(r->rest, ' '));
	r->rest = span_skip(r->rest, t.text.n);
	if (read_term(r, &t, &why) == 0) {
		*ret = t;
		return RECORD_TERM;
	}
	*ret_why = why;
	ret->text = t.text;
	return RECORD_BAD;
}
