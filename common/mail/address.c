#include "common/mail/address.h"

enum { END = -1 }; /* token(): nothing is left, or r->why is set */

struct reader {
	const char *p;
	const char *end;
	const char *why; /* the first thing that is wrong */
};

/* The words in front of an '@', '<', ':' or separator. */
struct words {
	size_t bytes; /* of them, dots included, in address.text */
	size_t n;
	bool phrase; /* they can only be a display name */
	bool full;   /* they do not fit */
};

static bool
fail(struct reader *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	r->p = r->end;
	return false;
}

/* atext of RFC 5322 and RFC 6532, and the dot, which stands anywhere. */
static bool
is_atext(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 0x80 ||
	    (u > ' ' && u < 0x7f && strchr("()<>[]:;@\\,\"", c) == NULL);
}

/* Skips the '\\' of a quoted pair. True if there was one. */
static bool
skip_backslash(struct reader *r)
{
	if (*r->p != '\\' || r->p + 1 == r->end)
		return false;
	r->p++;
	return true;
}

/* Skips a comment, which may hold others (3.2.2). */
static bool
skip_comment(struct reader *r)
{
	size_t depth = 0;

	for (; r->p < r->end; r->p++) {
		bool quoted = skip_backslash(r);

		if (span_is_control(*r->p))
			return fail(r, "a control character");
		if (quoted)
			continue;
		if (*r->p == '(')
			depth++;
		else if (*r->p == ')' && --depth == 0) {
			r->p++;
			return true;
		}
	}
	return fail(r, "a comment without its end");
}

/* Skips white space, folds and comments. The byte there, or END. */
static int
token(struct reader *r)
{
	while (r->p < r->end) {
		if (span_is_fws(*r->p))
			r->p++;
		else if (*r->p != '(')
			return (unsigned char)*r->p;
		else if (!skip_comment(r))
			break;
	}
	return END;
}

static void
put(struct words *w, struct address *a, char c)
{
	if (w->bytes < sizeof a->text)
		a->text[w->bytes++] = c;
	else
		w->full = true;
}

/* Reads a quoted string; what is meant by it goes to a. */
static bool
read_quoted(struct reader *r, struct words *w, struct address *a)
{
	for (r->p++; r->p < r->end; r->p++) {
		bool quoted = skip_backslash(r);

		if (span_is_control(*r->p))
			return fail(r, "a control character");
		if (*r->p == '"' && !quoted) {
			r->p++;
			return true;
		}
		if (*r->p != '\r' && *r->p != '\n')
			put(w, a, *r->p);
	}
	return fail(r, "a quoted string without its end");
}

static void
read_atom(struct reader *r, struct words *w, struct address *a)
{
	while (r->p < r->end && is_atext(*r->p))
		put(w, a, *r->p++);
}

/* Reads words up to something else: a local part, or a display name. */
static void
read_words(struct reader *r, struct words *w, struct address *a)
{
	bool open = true; /* the next word may follow: nothing, or a dot */
	int c;

	*w = (struct words){0};
	while ((c = token(r)) != END) {
		if (c == '[' || c == ']') { /* "[Shop] News <...>" */
			w->phrase = true;
			w->n++;
			r->p++;
			continue;
		}
		if (c != '"' && !is_atext((char)c))
			return;
		w->phrase = w->phrase || (!open && c != '.');
		w->n++;
		if (c == '"' && !read_quoted(r, w, a))
			return;
		if (c != '"')
			read_atom(r, w, a);
		open = r->p[-1] == '.';
	}
}

/* A literal, "[192.0.2.1]": as it stands, without folds. */
static bool
read_literal(struct reader *r, struct words *w, struct address *a)
{
	for (; r->p < r->end; r->p++) {
		if (span_is_control(*r->p) || *r->p == '\\')
			return fail(
			    r, "an odd character in an address literal");
		if (!span_is_fws(*r->p))
			put(w, a, *r->p);
		if (*r->p == ']') {
			r->p++;
			return true;
		}
	}
	return fail(r, "an address literal without its end");
}

/* Reads a domain behind the local part; w->bytes are used in a already. */
static bool
read_domain(struct reader *r, struct words *w, struct address *a)
{
	size_t start = w->bytes;
	const char *end = NULL; /* of the atom before */
	bool open = true;
	int c = token(r);

	a->apart = false;

	if (c == '[' && !read_literal(r, w, a))
		return false;
	while (c != '[' && (c = token(r)) != END && is_atext((char)c)) {
		if (!open && c != '.')
			break;
		a->apart = a->apart || (end != NULL && r->p != end);
		read_atom(r, w, a);
		end = r->p;
		open = end[-1] == '.';
	}
	if (r->why != NULL)
		return false;
	if (w->bytes == start)
		return fail(r, "an \"@\" without a domain behind it");
	if (w->full)
		return fail(r, "an address that is too long");
	a->local = span_of(a->text, start);
	a->domain = span_of(a->text + start, w->bytes - start);
	return true;
}

/* Reads "@domain" behind words that must be a local part. */
static bool
read_rest(struct reader *r, struct words *w, struct address *a)
{
	if (token(r) != '@')
		return fail(r, "an address without a domain");
	if (w->n == 0)
		return fail(r, "an \"@\" with nothing in front of it");
	if (w->phrase)
		return fail(r, "an \"@\" behind several words");
	r->p++;
	return read_domain(r, w, a);
}

/* Skips an obsolete route, "@a,@b:" (4.4). */
static bool
skip_route(struct reader *r, struct address *a)
{
	int c;

	while ((c = token(r)) == '@' || c == ',') {
		struct words w = {0};

		r->p++;
		if (c == '@' && !read_domain(r, &w, a))
			return false;
	}
	if (c != ':')
		return fail(r, "a route without its \":\"");
	r->p++;
	return true;
}

enum item {
	ITEM_BAD,
	ITEM_ADDRESS,
	ITEM_EMPTY, /* "<>" */
	ITEM_GROUP  /* the beginning of one */
};

static enum item
read_angle(struct reader *r, struct address *a)
{
	struct words w;
	int c;

	r->p++;
	c = token(r);
	if (c == '>') {
		r->p++;
		return ITEM_EMPTY;
	}
	if ((c == '@' || c == ',') && !skip_route(r, a))
		return ITEM_BAD;
	read_words(r, &w, a);
	if (!read_rest(r, &w, a))
		return ITEM_BAD;
	if (token(r) != '>') {
		fail(r, "\"<\" without its \">\"");
		return ITEM_BAD;
	}
	r->p++;
	return ITEM_ADDRESS;
}

/* An address as display name: only if what follows has the same domain. */
static enum item
read_twice(struct reader *r, const struct address *name, struct address *a)
{
	enum item what = read_angle(r, a);

	if (what == ITEM_BAD)
		return what;
	if (what == ITEM_ADDRESS && span_ieq(name->domain, a->domain)) {
		a->apart = a->apart || name->apart;
		return what;
	}
	fail(r, "an address as the name of another one");
	return ITEM_BAD;
}

/* Reads one mailbox, or the name of a group. */
static enum item
read_item(struct reader *r, struct address *ret)
{
	struct address name;
	struct words w;
	int c;

	read_words(r, &w, &name);
	c = token(r);
	if (c == '<')
		return read_angle(r, ret);
	if (c == ':' && w.n > 0) {
		r->p++;
		return ITEM_GROUP;
	}
	if (c != '@') {
		fail(r,
		    c == END || c == ',' || c == ';'
		        ? "a name without an address"
		        : "a character that does not belong there");
		return ITEM_BAD;
	}
	if (!read_rest(r, &w, &name))
		return ITEM_BAD;
	if (token(r) == '<')
		return read_twice(r, &name, ret);
	memcpy(ret->text, name.text, name.local.n + name.domain.n);
	ret->local = span_of(ret->text, name.local.n);
	ret->domain = span_of(ret->text + name.local.n, name.domain.n);
	ret->apart = name.apart;
	return ITEM_ADDRESS;
}

/* Another one of the list: true if it has another domain. Of one domain the local part
 * counts only if both have it. */
static bool
differs(struct address *first, const struct address *other)
{
	size_t n = first->domain.n;

	if (!span_ieq(first->domain, other->domain))
		return true;
	first->apart = first->apart || other->apart;
	if (!span_eq(first->local, other->local)) {
		memmove(first->text, first->domain.p, n);
		first->local = span_of(first->text, 0);
		first->domain = span_of(first->text, n);
	}
	return false;
}

/* Reads the whole list; *ret_n is how many domains there are. */
static bool
read_list(struct reader *r, struct address *ret, size_t *ret_n)
{
	struct address other;
	bool group = false;
	size_t n = 0;
	int c;

	while ((c = token(r)) != END) {
		enum item what = ITEM_EMPTY;

		if (c == ';' && group) {
			group = false;
			r->p++;
		} else if (c != ',') {
			what = read_item(r, n == 0 ? ret : &other);
		}
		if (what == ITEM_BAD || (what == ITEM_GROUP && group))
			return fail(r, "a group within a group");
		if (what == ITEM_GROUP) {
			group = true;
			continue;
		}
		if (what == ITEM_ADDRESS)
			n += n == 0 || differs(ret, &other);
		c = token(r);
		if (c == ',')
			r->p++;
		else if (c != END && (c != ';' || !group))
			return fail(r, "no comma between two addresses");
	}
	if (group)
		fail(r, "a group without its \";\"");
	*ret_n = n;
	return r->why == NULL;
}

enum address_found
address_parse(struct span value, struct address *ret, const char **ret_why)
{
	struct reader r = {
	    value.p, value.n == 0 ? value.p : value.p + value.n, NULL};
	size_t n;

	if (!read_list(&r, ret, &n)) {
		if (address_loose(value, ret))
			return ADDRESS_ONE;
		*ret_why = r.why;
		return ADDRESS_BAD;
	}
	if (n == 0)
		return ADDRESS_NONE;
	return n == 1 ? ADDRESS_ONE : ADDRESS_SEVERAL;
}
