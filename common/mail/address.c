/*
 * What words are is read by words.c; here is what they mean together, and why
 * not: the first thing that is wrong names the reason and ends the text, so
 * that no caller has to look twice. The trap is the display name, which may be
 * an address itself: it is read as one, and compared with what follows
 * (read_twice).
 */
#include "common/mail/address.h"

#include "common/mail/words.h"

enum { END = -1 }; /* token(): nothing is left, or r->why is set */

struct reader {
	struct span s;   /* what is left */
	const char *why; /* the first thing that is wrong */
};

/* The words in front of an '@', '<', ':' or separator. */
struct front {
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
	r->s = span_skip(r->s, r->s.n);
	return false;
}

/* Judges what words.h has taken since `before`: `closed`, or why not. */
static bool
taken(struct reader *r, struct span before, bool closed, const char *why)
{
	if (span_has_control(span_of(before.p, before.n - r->s.n)))
		return fail(r, "a control character");
	return closed || fail(r, why);
}

/* Skips white space, folds and comments. The byte there, or END. */
static int
token(struct reader *r)
{
	struct span before = r->s;
	bool closed = words_skip_cfws(&r->s);

	if (!taken(r, before, closed, "a comment without its end") ||
	    r->s.n == 0)
		return END;
	return (unsigned char)r->s.p[0];
}

/* Skips the byte that token() has returned. */
static void
skip(struct reader *r)
{
	r->s = span_skip(r->s, 1);
}

static void
put(struct front *w, struct address *a, struct span s)
{
	size_t room = sizeof a->text - w->bytes;

	if (s.n > room) {
		w->full = true;
		s.n = room;
	}
	if (s.n > 0)
		memcpy(a->text + w->bytes, s.p, s.n);
	w->bytes += s.n;
}

/* Reads a quoted string; what is meant by it goes to a. */
static bool
read_quoted(struct reader *r, struct front *w, struct address *a)
{
	struct span before = r->s, between = span_of(NULL, 0);
	bool closed = words_quoted(&r->s, &between);
	size_t room = sizeof a->text - w->bytes, n;

	if (!taken(r, before, closed, "a quoted string without its end"))
		return false;
	n = words_unquote(between, a->text + w->bytes, room);
	w->full = w->full || n > room;
	w->bytes += n < room ? n : room;
	return true;
}

/* Reads words up to something else: a local part, or a display name. */
static void
read_front(struct reader *r, struct front *w, struct address *a)
{
	bool open = true; /* the next word may follow: nothing, or a dot */
	struct span atom;
	int c;

	*w = (struct front){0};
	while ((c = token(r)) != END) {
		if (c == '[' || c == ']') { /* "[Shop] News <...>" */
			w->phrase = true;
			w->n++;
			skip(r);
			continue;
		}
		atom = words_atom(&r->s);
		if (c != '"' && atom.n == 0)
			return;
		w->phrase = w->phrase || (!open && c != '.');
		w->n++;
		if (c == '"' && !read_quoted(r, w, a))
			return;
		put(w, a, atom); /* none, if it was quoted */
		open = atom.n > 0 && atom.p[atom.n - 1] == '.';
	}
}

/* A literal, "[192.0.2.1]": as it stands, without folds. */
static bool
read_literal(struct reader *r, struct front *w, struct address *a)
{
	for (; r->s.n > 0; skip(r)) {
		char c = r->s.p[0];

		if (span_is_control(c) || c == '\\')
			return fail(
			    r, "an odd character in an address literal");
		if (!span_is_fws(c))
			put(w, a, span_of(r->s.p, 1));
		if (c == ']') {
			skip(r);
			return true;
		}
	}
	return fail(r, "an address literal without its end");
}

/* Reads a domain behind the local part; w->bytes are used in a already. */
static bool
read_domain(struct reader *r, struct front *w, struct address *a)
{
	size_t start = w->bytes;
	const char *end = NULL; /* of the atom before */
	bool open = true;
	int c = token(r);

	a->apart = false;

	if (c == '[' && !read_literal(r, w, a))
		return false;
	while (c != '[' && (c = token(r)) != END && (open || c == '.')) {
		struct span atom = words_atom(&r->s);

		if (atom.n == 0)
			break;
		a->apart = a->apart || (end != NULL && atom.p != end);
		put(w, a, atom);
		end = atom.p + atom.n;
		open = end[-1] == '.';
	}
	if (r->why != NULL)
		return false;
	if (w->bytes == start)
		return fail(r, "an \"@\" without a domain after it");
	if (w->full)
		return fail(r, "an address that is too long");
	a->local = span_of(a->text, start);
	a->domain = span_of(a->text + start, w->bytes - start);
	return true;
}

/* Reads "@domain" behind words that must be a local part. */
static bool
read_rest(struct reader *r, struct front *w, struct address *a)
{
	if (token(r) != '@')
		return fail(r, "an address without a domain");
	if (w->n == 0)
		return fail(r, "an \"@\" with nothing in front of it");
	if (w->phrase)
		return fail(r, "an \"@\" after several words");
	skip(r);
	return read_domain(r, w, a);
}

/* Skips an obsolete route, "@a,@b:" (4.4). */
static bool
skip_route(struct reader *r, struct address *a)
{
	int c;

	while ((c = token(r)) == '@' || c == ',') {
		struct front w = {0};

		skip(r);
		if (c == '@' && !read_domain(r, &w, a))
			return false;
	}
	if (c != ':')
		return fail(r, "a route without its \":\"");
	skip(r);
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
	struct front w;
	int c;

	skip(r);
	c = token(r);
	if (c == '>') {
		skip(r);
		return ITEM_EMPTY;
	}
	if ((c == '@' || c == ',') && !skip_route(r, a))
		return ITEM_BAD;
	read_front(r, &w, a);
	if (!read_rest(r, &w, a))
		return ITEM_BAD;
	if (token(r) != '>') {
		fail(r, "\"<\" without its \">\"");
		return ITEM_BAD;
	}
	skip(r);
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
	struct front w;
	int c;

	read_front(r, &w, &name);
	c = token(r);
	if (c == '<')
		return read_angle(r, ret);
	if (c == ':' && w.n > 0) {
		skip(r);
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

/* Another one of the list: true if it has another domain. Of one domain the
 * local part counts only if both have it. */
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
			skip(r);
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
			skip(r);
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
	struct reader r = {value, NULL};
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
