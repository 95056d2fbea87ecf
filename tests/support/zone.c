#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/zone.h"

enum {
	TYPE_NONE = 0, /* a set that says: this name exists */
	TYPE_A = 1,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_ANY = 255,
	HEADER = 12,
	HOPS_MAX = 40,
	TTL = 300,
	RDATA_MAX = 65535
};

struct rdata {
	unsigned char *p;
	size_t n;
	struct rdata *next;
};

/* Everything at one name and type. */
struct set {
	unsigned char name[ZONE_WIRE_MAX];
	size_t n;
	unsigned type;
	bool worded; /* a status word was given */
	bool timed;  /* ttl= was */
	struct zone_words words;
	struct rdata *first, **last;
	struct set *next; /* in its bucket */
};

enum { BUCKETS = 4096 };

struct zone {
	struct set *bucket[BUCKETS];
};

static const struct {
	const char *word;
	unsigned type;
} types[] = {
    {"A", TYPE_A},
    {"AAAA", TYPE_AAAA},
    {"TXT", TYPE_TXT},
    {"MX", TYPE_MX},
    {"PTR", TYPE_PTR},
    {"CNAME", TYPE_CNAME},
    {"ANY", TYPE_ANY},
};

static const struct {
	const char *word;
	enum zone_status status;
} statuses[] = {
    {"timeout", ZONE_TIMEOUT},
    {"silent", ZONE_SILENT},
    {"servfail", ZONE_SERVFAIL},
    {"refused", ZONE_REFUSED},
    {"nxdomain", ZONE_NXDOMAIN},
    {"bogus", ZONE_BOGUS},
    {"garbage", ZONE_GARBAGE},
};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static void *
must(void *p)
{
	if (p == NULL) {
		fputs("zone: out of memory\n", stderr);
		abort();
	}
	return p;
}

unsigned
zone_type(struct span word)
{
	for (size_t i = 0; i < LENGTH(types); i++) {
		if (span_ieqs(word, types[i].word))
			return types[i].type;
	}
	return 0;
}

const char *
zone_type_word(unsigned type)
{
	for (size_t i = 0; i < LENGTH(types); i++) {
		if (types[i].type == type)
			return types[i].word;
	}
	return "?";
}

/* --- the sets ------------------------------------------------------------- */

static struct set **
bucket_of(struct zone *z, const unsigned char *name, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ name[i]) * 16777619u;
	return &z->bucket[h % BUCKETS];
}

static struct set *
set_find(
    const struct zone *z, const unsigned char *name, size_t n, unsigned type)
{
	struct set *s = *bucket_of((struct zone *)(uintptr_t)z, name, n);

	while (s != NULL &&
	    (s->type != type || s->n != n || memcmp(s->name, name, n) != 0))
		s = s->next;
	return s;
}

static struct set *
set_make(struct zone *z, const unsigned char *name, size_t n, unsigned type)
{
	struct set *s = set_find(z, name, n, type), **bucket;

	if (s != NULL)
		return s;
	bucket = bucket_of(z, name, n);
	s = must(calloc(1, sizeof *s));
	memcpy(s->name, name, n);
	s->n = n;
	s->type = type;
	s->last = &s->first;
	s->next = *bucket;
	return *bucket = s;
}

static void
set_add(struct zone *z, struct set *s, const void *p, size_t n)
{
	struct rdata *r = must(calloc(1, sizeof *r));

	for (size_t at = 0; at < s->n; at += 1 + (size_t)s->name[at])
		set_make(z, s->name + at, s->n - at, TYPE_NONE);
	r->p = must(malloc(n + 1));
	memcpy(r->p, p, n);
	r->n = n;
	*s->last = r;
	s->last = &r->next;
}

static void
set_free(struct set *s)
{
	struct rdata *r;

	while ((r = s->first) != NULL) {
		s->first = r->next;
		free(r->p);
		free(r);
	}
	free(s);
}

struct zone *
zone_new(void)
{
	return must(calloc(1, sizeof(struct zone)));
}

void
zone_clear(struct zone *z)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct set *s;

		while ((s = z->bucket[i]) != NULL) {
			z->bucket[i] = s->next;
			set_free(s);
		}
	}
}

void
zone_free(struct zone *z)
{
	if (z != NULL)
		zone_clear(z);
	free(z);
}

/* --- text ----------------------------------------------------------------- */

/* One character of a name or string, escapes undone: *ret the octet, *plain
 * false if it was escaped. Returns the bytes it took, 0 when malformed. */
static size_t
character(struct span s, unsigned char *ret, bool *ret_plain)
{
	unsigned v = 0;

	*ret_plain = s.p[0] != '\\';
	*ret = (unsigned char)s.p[0];
	if (*ret_plain)
		return 1;
	if (s.n < 2)
		return 0;
	*ret = (unsigned char)s.p[1];
	if (*ret < '0' || *ret > '9')
		return 2;
	if (s.n < 4)
		return 0;
	for (int i = 1; i < 4; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*ret = (unsigned char)v;
	return v > 255 ? 0 : 4;
}

size_t
zone_name(struct span text, unsigned char *ret)
{
	size_t n = 0, label = 0;

	if (span_eq(text, span_str("."))) {
		ret[0] = 0;
		return 1;
	}
	ret[n++] = 0;
	while (text.n > 0) {
		unsigned char c;
		bool plain;
		size_t took = character(text, &c, &plain);

		if (took == 0 || n >= ZONE_WIRE_MAX)
			return 0;
		text = span_skip(text, took);
		if (c == '.' && plain) {
			if (ret[label] == 0)
				return 0;
			label = n;
			ret[n++] = 0;
			continue;
		}
		if (ret[label] == 63)
			return 0;
		ret[label]++;
		ret[n++] = span_lower(c);
	}
	if (ret[label] == 0)
		return n > 1 ? n : 0; /* the text ended in a dot */
	if (n >= ZONE_WIRE_MAX)
		return 0;
	ret[n++] = 0;
	return n;
}

/* The next word of the line, up to white space; the line goes on behind it. */
static struct span
word(struct span *line)
{
	struct span w;
	size_t n = 0;

	*line = span_trim(*line);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	w = span_of(line->p, n);
	*line = span_trim(span_skip(*line, n));
	return w;
}

static bool
number(struct span s, unsigned *ret)
{
	unsigned v = 0;

	if (s.n == 0 || s.n > 9)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*ret = v;
	return true;
}

static bool
flag(struct set *s, struct span w)
{
	struct zone_words *words = &s->words;
	struct span eq = span_skip(w, span_find(w, '=') + 1);

	if (span_eq(w, span_str("secure")))
		words->secure = true;
	else if (span_eq(w, span_str("cached")))
		words->cached = true;
	else if (span_eq(w, span_str("nomem")))
		words->nomem = true;
	else if (span_eq(w, span_str("truncate")))
		words->truncate = true;
	else if (w.n > 6 && memcmp(w.p, "delay=", 6) == 0)
		return number(eq, &words->delay);
	else if (w.n > 4 && memcmp(w.p, "ttl=", 4) == 0)
		return s->timed = number(eq, &words->ttl);
	else
		return false;
	return true;
}

/* True if the text is a list of words, which are then noted in the set. */
static bool
take_words(struct set *s, struct span text)
{
	while (text.n > 0) {
		struct span w = word(&text);
		size_t i = 0;

		while (i < LENGTH(statuses) &&
		    !span_eq(w, span_str(statuses[i].word)))
			i++;
		if (i < LENGTH(statuses)) {
			s->worded = true;
			s->words.status = statuses[i].status;
		} else if (!flag(s, w)) {
			return false;
		}
	}
	return true;
}

/* "..." "..." -> TXT RDATA; its length, or 0 when malformed. */
static size_t
take_strings(struct span text, unsigned char *rdata)
{
	size_t n = 0, start;

	for (text = span_trim(text); text.n > 0; text = span_trim(text)) {
		if (text.p[0] != '"')
			return 0;
		text = span_skip(text, 1);
		start = n++;
		rdata[start] = 0;
		for (;;) {
			unsigned char c;
			bool plain;
			size_t took;

			took = text.n == 0 ? 0 : character(text, &c, &plain);
			if (took == 0 || n + 2 > RDATA_MAX)
				return 0;
			text = span_skip(text, took);
			if (c == '"' && plain)
				break;
			if (rdata[start] == 255) {
				start = n++;
				rdata[start] = 0;
			}
			rdata[start]++;
			rdata[n++] = c;
		}
	}
	return n;
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = strchr(digits, (char)span_lower((unsigned char)c));

	return c == '\0' || at == NULL ? -1 : (int)(at - digits);
}

/* RFC 3597 section 5, behind the "\#": a length and as many octets in hex. */
static bool
take_generic(struct span text, unsigned char *rdata, size_t *ret_n)
{
	unsigned n;

	if (!number(word(&text), &n) || n > RDATA_MAX || text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text.p[2 * i]);
		int low = hex_digit(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		rdata[i] = (unsigned char)(high << 4 | low);
	}
	*ret_n = n;
	return true;
}

static size_t
take_data(unsigned type, struct span text, unsigned char *rdata)
{
	char address[64];
	unsigned preference;

	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		if (text.n >= sizeof address)
			return 0;
		memcpy(address, text.p, text.n);
		address[text.n] = '\0';
		if (inet_pton(type == TYPE_A ? AF_INET : AF_INET6, address,
		        rdata) != 1)
			return 0;
		return type == TYPE_A ? 4 : 16;
	case TYPE_MX:
		if (!number(word(&text), &preference) || preference > 65535)
			return 0;
		rdata[0] = (unsigned char)(preference >> 8);
		rdata[1] = (unsigned char)preference;
		preference = (unsigned)zone_name(text, rdata + 2);
		return preference == 0 ? 0 : preference + 2;
	case TYPE_TXT:
		return take_strings(text, rdata);
	case TYPE_CNAME:
	case TYPE_PTR:
		return zone_name(text, rdata);
	}
	return 0;
}

/* Without the comment, which begins at the start or behind white space. */
static struct span
uncommented(struct span line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '\\' && i + 1 < line.n)
			i++;
		else if (line.p[i] == '"')
			quoted = !quoted;
		else if (line.p[i] == '#' && !quoted &&
		    (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			return span_of(line.p, i);
	}
	return line;
}

static const char *
take_line(struct zone *z, struct span line, unsigned char *rdata)
{
	unsigned char name[ZONE_WIRE_MAX];
	struct set *set;
	unsigned type;
	size_t n;

	line = span_trim(uncommented(line));
	if (line.n == 0)
		return NULL;
	n = zone_name(word(&line), name);
	if (n == 0)
		return "not a name";
	type = zone_type(word(&line));
	if (type == 0)
		return "not a type";
	if (line.n == 0)
		return "no data";
	set = set_make(z, name, n, type);
	if (take_words(set, line))
		return NULL;
	if (line.n > 2 && memcmp(line.p, "\\# ", 3) == 0) {
		if (!take_generic(span_skip(line, 3), rdata, &n))
			return "not RDATA as \\# LENGTH HEX";
		set_add(z, set, rdata, n);
		return NULL;
	}
	n = take_data(type, line, rdata);
	if (n == 0)
		return "neither words nor data of this type";
	set_add(z, set, rdata, n);
	return NULL;
}

int
zone_add(struct zone *z, const char *text, char *why)
{
	unsigned char *rdata = must(malloc(RDATA_MAX + ZONE_WIRE_MAX));
	struct span rest = span_str(text);
	const char *bad = NULL;
	unsigned line = 1;

	for (; rest.n > 0 && bad == NULL; line++) {
		size_t n = span_find(rest, '\n');

		bad = take_line(z, span_of(rest.p, n), rdata);
		if (bad != NULL)
			snprintf(why, 256, "zone line %u: %s: %.*s", line, bad,
			    n > 150 ? 150 : (int)n, rest.p);
		rest = span_skip(rest, n + 1);
	}
	free(rdata);
	return bad == NULL ? 0 : -EINVAL;
}

/* --- messages ------------------------------------------------------------- */

static size_t
wire_size(const unsigned char *name)
{
	size_t n = 0;

	while (name[n] != 0)
		n += 1 + (size_t)name[n];
	return n + 1;
}

static void
words_take(struct zone_words *w, const struct set *from)
{
	if (from->worded)
		w->status = from->words.status;
	w->secure |= from->words.secure;
	w->cached |= from->words.cached;
	w->nomem |= from->words.nomem;
	w->truncate |= from->words.truncate;
	if (from->words.delay != 0)
		w->delay = from->words.delay;
	if (from->timed)
		w->ttl = from->words.ttl;
}

/* The words at one name (lower case), CNAMEs not followed. */
static struct zone_words
words_at(
    const struct zone *z, const unsigned char *name, size_t n, unsigned type)
{
	const struct set *any = set_find(z, name, n, TYPE_ANY);
	const struct set *own = set_find(z, name, n, type);
	struct zone_words w = {.ttl = TTL};

	if (any != NULL)
		words_take(&w, any);
	if (own != NULL)
		words_take(&w, own);
	return w;
}

/* Goes one step on when (name, type) is not there but a CNAME is. */
static bool
follow(const struct zone *z, unsigned char *name, size_t *n, unsigned type,
    const struct set **ret_alias)
{
	const struct set *s = set_find(z, name, *n, type);

	*ret_alias = set_find(z, name, *n, TYPE_CNAME);
	if ((s != NULL && s->first != NULL) || *ret_alias == NULL ||
	    (*ret_alias)->first == NULL)
		return false;
	*n = (*ret_alias)->first->n;
	memcpy(name, (*ret_alias)->first->p, *n);
	return true;
}

static size_t
lowered(const unsigned char *name, unsigned char *ret)
{
	size_t n = wire_size(name);

	for (size_t i = 0; i < n; i++)
		ret[i] = span_lower(name[i]);
	return n;
}

struct zone_words
zone_words(const struct zone *z, const unsigned char *name, unsigned type)
{
	unsigned char at[ZONE_WIRE_MAX];
	size_t n = lowered(name, at);
	struct zone_words w = words_at(z, at, n, type), next;
	const struct set *alias;

	for (unsigned hop = 0; hop < HOPS_MAX && w.status == ZONE_NORMAL &&
	     follow(z, at, &n, type, &alias);
	     hop++) {
		next = words_at(z, at, n, type);
		w.status = next.status;
		w.secure &= next.secure;
		w.delay += next.delay;
	}
	return w;
}

struct out {
	unsigned char *p;
	size_t n, max;
	bool cut;
};

static void
put(struct out *o, const void *p, size_t n)
{
	if (o->cut || n > o->max - o->n) {
		o->cut = true;
		return;
	}
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static void
put16(struct out *o, size_t v)
{
	unsigned char b[2] = {(unsigned char)(v >> 8), (unsigned char)v};

	put(o, b, 2);
}

static void
put_rr(struct out *o, const unsigned char *name, size_t n, unsigned type,
    unsigned ttl, const void *rdata, size_t size)
{
	put(o, name, n);
	put16(o, type);
	put16(o, 1);
	put16(o, ttl >> 16);
	put16(o, ttl & 0xffff);
	put16(o, size);
	put(o, rdata, size);
}

static unsigned
put_set(struct out *o, const struct set *s, unsigned ttl)
{
	/* The first owner name is the question's: a pointer to it saves
	 * bytes. */
	static const unsigned char question[2] = {0xc0, HEADER};
	bool first = o->n > HEADER && wire_size(o->p + HEADER) == s->n &&
	    span_ieq(span_of(o->p + HEADER, s->n), span_of(s->name, s->n));
	unsigned count = 0;

	for (const struct rdata *r = s->first; r != NULL; r = r->next) {
		put_rr(o, first ? question : s->name, first ? 2 : s->n, s->type,
		    ttl, r->p, r->n);
		count++;
	}
	return count;
}

/* The SOA of a negative answer: of the root, so that it fits every name. */
static void
put_soa(struct out *o, unsigned ttl)
{
	unsigned char soa[22] = {0, 0};

	soa[5] = 1; /* serial */
	soa[18] = (unsigned char)(ttl >> 24);
	soa[19] = (unsigned char)(ttl >> 16);
	soa[20] = (unsigned char)(ttl >> 8);
	soa[21] = (unsigned char)ttl;
	put_rr(o, (const unsigned char *)"", 1, TYPE_SOA, ttl, soa, sizeof soa);
}

static unsigned
status_rcode(enum zone_status status)
{
	switch (status) {
	case ZONE_NORMAL:
	case ZONE_TIMEOUT:
	case ZONE_SILENT:
	case ZONE_BOGUS:
	case ZONE_GARBAGE:
		return 0;
	case ZONE_SERVFAIL:
		return 2;
	case ZONE_REFUSED:
		return 5;
	case ZONE_NXDOMAIN:
		return 3;
	}
	return 0;
}

/* Follows the name; *ret_count is the number of answer records. Returns the
 * RCODE. */
static unsigned
put_answers(const struct zone *z, const unsigned char *name, unsigned type,
    struct out *o, unsigned *ret_count)
{
	unsigned char at[ZONE_WIRE_MAX];
	size_t n = lowered(name, at);

	for (unsigned hop = 0; hop < HOPS_MAX; hop++) {
		struct zone_words words = words_at(z, at, n, type);
		unsigned rcode = status_rcode(words.status);
		const struct set *s;

		if (rcode != 0)
			return rcode;
		if (follow(z, at, &n, type, &s)) {
			*ret_count += put_set(o, s, words.ttl);
			continue;
		}
		s = set_find(z, at, n, type);
		if (s != NULL && s->first != NULL) {
			*ret_count += put_set(o, s, words.ttl);
			return 0;
		}
		return set_find(z, at, n, TYPE_NONE) != NULL ? 0 : 3;
	}
	return 0;
}

/* The question's name must be plain; returns the length of the question. */
static size_t
question_size(const unsigned char *query, size_t n)
{
	size_t at = HEADER;

	if (n < HEADER || (query[2] & 0xf8) != 0 || query[4] != 0 ||
	    query[5] != 1)
		return 0;
	while (at < n && query[at] != 0 && query[at] <= 63)
		at += 1 + (size_t)query[at];
	if (at >= n || query[at] != 0 || at - HEADER >= ZONE_WIRE_MAX ||
	    n - at < 5)
		return 0;
	return at + 5 - HEADER;
}

size_t
zone_reply(const struct zone *z, const unsigned char *query, size_t n,
    size_t max, unsigned char *ret)
{
	size_t size = question_size(query, n), head = HEADER + size;
	struct out o = {.p = ret, .max = max};
	unsigned type, rcode, count = 0;
	struct zone_words words;

	if (size == 0)
		return 0;
	memcpy(ret, query, head);
	memset(ret + 6, 0, 6);
	o.n = head;
	type = (unsigned)query[head - 4] << 8 | query[head - 3];
	words = zone_words(z, query + HEADER, type);
	rcode = put_answers(z, query + HEADER, type, &o, &count);
	if (count == 0)
		o.n = head;
	ret[2] = (unsigned char)(0x80 | (query[2] & 1)); /* QR, RD as asked */
	ret[3] = (unsigned char)(0x80 | rcode);          /* RA */
	ret[6] = (unsigned char)(count >> 8);
	ret[7] = (unsigned char)count;
	if (rcode == 3 || (rcode == 0 && count == 0)) {
		put_soa(&o, words.ttl);
		ret[9] = 1;
	}
	if (o.cut) {
		o.n = head;
		ret[2] |= 2;
		memset(ret + 6, 0, 6);
	}
	return o.n;
}

size_t
zone_query(
    uint16_t id, const unsigned char *name, unsigned type, unsigned char *ret)
{
	struct out o = {.p = ret, .max = ZONE_WIRE_MAX + 16};

	put16(&o, id);
	put16(&o, 0x0100); /* RD */
	put16(&o, 1);
	put16(&o, 0);
	put16(&o, 0);
	put16(&o, 0);
	put(&o, name, wire_size(name));
	put16(&o, type);
	put16(&o, 1);
	return o.n;
}
