/*
 * Lists of main.cf are changed as text: what is not ours stays byte for byte,
 * "$name" included. The trap is a list that cannot be read to its end, of "{
 * ... }" without its end: that is refused, never guessed.
 */
#include <errno.h>

#include "admin/postfix/wiring.h"

static bool
parts(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == ',';
}

/* Bytes of the group at the beginning of s, or 0 when it is left open. */
static size_t
group_size(struct span s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '{')
			depth++;
		else if (s.p[i] == '}' && --depth == 0)
			return i + 1;
	}
	return 0;
}

bool
wiring_next(struct span *list, struct span *ret, bool *ret_bad)
{
	size_t n = 0;

	while (list->n > 0 && parts(list->p[0]))
		*list = span_skip(*list, 1);
	if (list->n == 0)
		return false;
	if (list->p[0] == '{') {
		n = group_size(*list);
		if (n == 0) {
			*ret_bad = true;
			n = list->n;
		}
	} else {
		/* "${name?{text}}" has braces in the middle */
		while (n < list->n && !parts(list->p[n])) {
			size_t inner = list->p[n] == '{'
			    ? group_size(span_skip(*list, n))
			    : 1;

			if (inner == 0) {
				*ret_bad = true;
				inner = list->n - n;
			}
			n += inner;
		}
	}
	*ret = span_of(list->p, n);
	*list = span_skip(*list, n);
	return true;
}

struct span
wiring_word(struct span item)
{
	struct span word = item, rest;
	bool bad = false;

	if (item.n < 2 || item.p[0] != '{')
		return item;
	rest = span_of(item.p + 1, item.n - 2);
	return wiring_next(&rest, &word, &bad) ? word : span_of(item.p, 0);
}

bool
wiring_has(struct span list, struct span word)
{
	struct span item;
	bool bad = false;

	while (wiring_next(&list, &item, &bad)) {
		if (span_ieq(item, word))
			return true;
	}
	return false;
}

/* --- restrictions --------------------------------------------------------- */

static const struct span nothing = {NULL, 0};

/* What a list of restrictions has. */
struct scan {
	bool bad;
	bool opaque; /* a $name or a class, which could hold anything */
	bool empty;
	const char *guard; /* behind the first word that refuses relaying */
	const char *check; /* at our check_policy_service */
	struct span last;
};

static bool
is_guard(struct span word)
{
	return span_ieqs(word, "reject_unauth_destination") ||
	    span_ieqs(word, "defer_unauth_destination");
}

static void
scan(
    struct span list, struct span classes, const char *target, struct scan *ret)
{
	struct span item, before = {NULL, 0};
	struct scan s = {.empty = true};

	while (wiring_next(&list, &item, &s.bad)) {
		s.empty = false;
		s.last = item;
		if (item.p[0] == '$' || wiring_has(classes, item))
			s.opaque = true;
		if (is_guard(item) && s.guard == NULL)
			s.guard = item.p + item.n;
		if (span_ieqs(before, "check_policy_service") &&
		    span_eq(wiring_word(item), span_str(target)) &&
		    s.check == NULL)
			s.check = before.p;
		before = item;
	}
	*ret = s;
}

enum wiring_place
wiring_place(struct span restrictions, const char *target)
{
	struct scan s;

	scan(restrictions, nothing, target, &s);
	if (s.bad)
		return WIRING_UNREADABLE;
	if (s.check == NULL)
		return WIRING_ABSENT;
	return s.guard != NULL && s.guard <= s.check ? WIRING_GOOD
	                                             : WIRING_UNSAFE;
}

bool
wiring_guards_relay(struct span restrictions)
{
	struct scan s;

	scan(restrictions, nothing, "", &s);
	return s.guard != NULL || span_ieqs(s.last, "reject") ||
	    span_ieqs(s.last, "defer");
}

/* Puts the check in at the byte at. */
static int
put_in(struct span list, const char *at, const char *target, struct buf *ret)
{
	size_t n = (size_t)(at - list.p);

	buf_add(ret, list.p, n);
	buf_fmt(ret, ", check_policy_service %s", target);
	buf_span(ret, span_skip(list, n));
	return buf_error(ret);
}

static int
refuse(const char *reason, const char **ret_why)
{
	*ret_why = reason;
	return -EINVAL;
}

int
wiring_restrictions(struct span list, struct span classes,
    enum wiring_relay relay, const char *target, struct buf *ret,
    const char **ret_why)
{
	struct scan s;

	scan(list, classes, target, &s);
	if (s.bad)
		return refuse("a brace is left open", ret_why);
	if (s.check != NULL)
		return -EALREADY;
	if (s.guard != NULL)
		return put_in(list, s.guard, target, ret);
	if (s.empty) {
		buf_fmt(ret,
		    "permit_mynetworks, permit_sasl_authenticated, %s"
		    "check_policy_service %s",
		    relay == WIRING_RELAY_OWN ? ""
		                              : "reject_unauth_destination, ",
		    target);
		return buf_error(ret);
	}
	if (s.opaque)
		return refuse("it has a $name or a class, and no "
		              "reject_unauth_destination beside it "
		              "after which the check could stand",
		    ret_why);
	if (relay == WIRING_RELAY_OPEN)
		return refuse(
		    "neither it nor smtpd_relay_restrictions have "
		    "reject_unauth_destination: this could be an open relay",
		    ret_why);
	if (span_ieqs(s.last, "reject") || span_ieqs(s.last, "defer"))
		return refuse("it ends with reject or defer: what comes "
		              "after it is never asked",
		    ret_why);
	if (!span_ieqs(s.last, "permit"))
		return put_in(list, s.last.p + s.last.n, target, ret);
	buf_add(ret, list.p, (size_t)(s.last.p - list.p));
	buf_fmt(ret, "check_policy_service %s, ", target);
	buf_span(ret, span_of(s.last.p, (size_t)(list.p + list.n - s.last.p)));
	return buf_error(ret);
}

/* --- milters -------------------------------------------------------------- */

/* Takes a beginning off s. */
static bool
skip(struct span *s, const char *begin)
{
	if (!span_ibegins(*s, begin))
		return false;
	*s = span_skip(*s, strlen(begin));
	return true;
}

/* Host and port, or the path, of a milter; localhost is where we listen. */
struct milter {
	bool inet;
	struct span host, rest;
};

static struct milter
read_milter(struct span s)
{
	struct milter m = {.inet = skip(&s, "inet:")};
	size_t colon = s.n;

	if (!m.inet) {
		if (!skip(&s, "unix:"))
			(void)skip(&s, "local:");
		m.rest = s;
		return m;
	}
	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	m.rest = span_skip(s, colon);
	m.host = span_of(s.p, colon == 0 ? 0 : colon - 1);
	if (m.host.n > 1 && m.host.p[0] == '[' && m.host.p[m.host.n - 1] == ']')
		m.host = span_of(m.host.p + 1, m.host.n - 2);
	if (m.host.n == 0 || span_ieqs(m.host, "localhost"))
		m.host = span_str("127.0.0.1");
	return m;
}

static bool
same_milter(struct span item, const char *milter)
{
	struct milter a = read_milter(item), b = read_milter(span_str(milter));

	return a.inet == b.inet && span_ieq(a.host, b.host) &&
	    (a.inet ? span_ieq(a.rest, b.rest) : span_eq(a.rest, b.rest));
}

bool
wiring_has_milter(struct span milters, const char *milter)
{
	struct span item;
	bool bad = false;

	while (wiring_next(&milters, &item, &bad)) {
		if (same_milter(wiring_word(item), milter))
			return true;
	}
	return false;
}

int
wiring_milters(struct span milters, const char *milter, const char *item_text,
    struct buf *ret, const char **ret_why)
{
	struct span rest = milters, item;
	bool bad = false, empty = true;

	while (wiring_next(&rest, &item, &bad))
		empty = false;
	if (bad)
		return refuse("a brace is left open", ret_why);
	if (wiring_has_milter(milters, milter))
		return -EALREADY;
	if (!empty) {
		buf_span(ret, span_trim(milters));
		buf_str(ret, ", ");
	}
	buf_str(ret, item_text);
	return buf_error(ret);
}

int
wiring_milters_first(struct span milters, const char *milter, const char *item,
    struct buf *ret, const char **ret_why)
{
	struct span rest = milters, any;
	bool bad = false, empty = true;

	while (wiring_next(&rest, &any, &bad))
		empty = false;
	if (bad)
		return refuse("a brace is left open", ret_why);
	if (wiring_has_milter(milters, milter))
		return -EALREADY;
	buf_str(ret, item);
	if (!empty) {
		buf_str(ret, ", ");
		buf_span(ret, span_trim(milters));
	}
	return buf_error(ret);
}

int
wiring_without_milter(struct span milters, const char *milter, struct buf *ret)
{
	struct span rest = milters, item;
	bool bad = false, first = true;

	if (!wiring_has_milter(milters, milter))
		return buf_span(ret, milters);
	while (wiring_next(&rest, &item, &bad)) {
		if (same_milter(wiring_word(item), milter))
			continue;
		if (!first)
			buf_str(ret, ", ");
		buf_span(ret, item);
		first = false;
	}
	return buf_error(ret);
}

/* "$name", "${name}", "$(name)" */
static bool
is_name(struct span item, const char *name)
{
	size_t n = strlen(name);

	if (!skip(&item, "$"))
		return false;
	if (item.n == n + 2 && (item.p[0] == '{' || item.p[0] == '('))
		item = span_of(item.p + 1, n);
	return span_eq(item, span_str(name));
}

int
wiring_replace_name(
    struct span milters, const char *name, struct span with, struct buf *ret)
{
	struct span rest = milters, item;
	bool bad = false;

	while (wiring_next(&rest, &item, &bad)) {
		if (bad || !is_name(item, name))
			continue;
		buf_add(ret, milters.p, (size_t)(item.p - milters.p));
		buf_span(ret, with);
		buf_span(ret, rest);
		return buf_error(ret);
	}
	return -ENOENT;
}

/* The item of the list that is the milter; false where there is none. */
static bool
find_milter(struct span milters, const char *milter, struct span *ret)
{
	bool bad = false;

	while (wiring_next(&milters, ret, &bad)) {
		if (same_milter(wiring_word(*ret), milter))
			return !bad;
	}
	return false;
}

int
wiring_replace_milter(struct span milters, const char *old, const char *milter,
    const char *item, struct buf *ret)
{
	struct span found, word;
	bool group;

	if (!find_milter(milters, old, &found))
		return -ENOENT;
	word = wiring_word(found);
	group = word.p != found.p;
	if (!group)
		word = found;
	buf_add(ret, milters.p, (size_t)(word.p - milters.p));
	buf_str(ret, group ? milter : item);
	buf_span(
	    ret, span_skip(milters, (size_t)(word.p + word.n - milters.p)));
	return buf_error(ret);
}

struct span
wiring_default_action(struct span milters, const char *milter)
{
	struct span item, rest, value;
	bool bad = false;

	if (!find_milter(milters, milter, &item) || item.p[0] != '{')
		return nothing;
	rest = span_of(item.p + 1, item.n - 2);
	while (wiring_next(&rest, &value, &bad)) {
		if (skip(&value, "default_action="))
			return value;
	}
	return nothing;
}

bool
wiring_network(struct span item, struct cidr *ret)
{
	char text[2 * IP_TEXT_MAX];
	size_t n = 0;

	if (item.n >= sizeof text)
		return false;
	for (size_t i = 0; i < item.n; i++) {
		if (item.p[i] != '[' && item.p[i] != ']')
			text[n++] = item.p[i];
	}
	return cidr_parse(span_of(text, n), ret) == 0;
}

bool
wiring_is_in(const struct cidr_list *list, const struct cidr *net)
{
	for (size_t i = 0; i < list->n; i++) {
		if (cidr_within(net, &list->v[i]))
			return true;
	}
	return false;
}

void
wiring_missing(struct span mynetworks, const struct cidr_list *one,
    const struct cidr_list *other, struct buf *ret)
{
	char text[IP_TEXT_MAX];
	struct span item;
	bool bad = false;

	while (wiring_next(&mynetworks, &item, &bad)) {
		struct cidr net;

		if (wiring_network(item, &net) && !wiring_is_in(one, &net) &&
		    !wiring_is_in(other, &net))
			buf_fmt(
			    ret, " %s/%u", ip_text(&net.ip, text), net.bits);
	}
}

/* The address of this host behind text, where it has all addresses. */
static void
replace_any(const char *text, const char *any, const char *own, struct buf *ret)
{
	size_t n = strlen(any);

	if (strncmp(text, any, n) == 0)
		buf_fmt(ret, "%s%s", own, text + n);
}

void
wiring_endpoint(const struct endpoint *e, const char *queue, struct buf *ret)
{
	char text[ENDPOINT_TEXT_MAX];
	size_t n = strlen(queue), before = ret->n;
	const char *path;

	endpoint_text(e, text);
	path = text + strlen("unix:");
	if (strncmp(text, "unix:", 5) == 0 && strncmp(path, queue, n) == 0 &&
	    path[n] == '/')
		buf_fmt(ret, "unix:%s", path + n + 1);
	replace_any(text, "inet:0.0.0.0:", "inet:127.0.0.1:", ret);
	replace_any(text, "inet:[::]:", "inet:[::1]:", ret);
	if (ret->n == before)
		buf_str(ret, text);
}

bool
wiring_has_endpoint(
    struct span milters, const struct endpoint *e, const char *queue)
{
	struct buf name;
	bool has;

	buf_init(&name, ENDPOINT_TEXT_MAX);
	wiring_endpoint(e, queue, &name);
	has = buf_text(&name) != NULL &&
	    wiring_has_milter(milters, buf_text(&name));
	buf_free(&name);
	return has;
}
