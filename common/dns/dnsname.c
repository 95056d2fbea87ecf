/*
 * Names are kept as DNS sends them, in labels with their lengths, because a
 * label may hold a dot or a NUL. The trap is the pointer: it may only lead to
 * the front, and not too often.
 */
#include <errno.h>

#include "common/dns/dnsname.h"

enum {
	HEADER_SIZE = 12, /* of a message: no name is in there */
	LABEL_MAX = 63,
	POINTER = 0xc0,    /* the two bits that mark one */
	POINTERS_MAX = 127 /* in one name: it has no more labels */
};

static bool
label_add(struct dnsname *name, const void *p, size_t n)
{
	const unsigned char *from = p;

	/* One octet is left for the root label. */
	if (n == 0 || n > LABEL_MAX || name->n + 1 + n + 1 > DNSNAME_MAX)
		return false;
	name->b[name->n++] = (unsigned char)n;
	for (size_t i = 0; i < n; i++)
		name->b[name->n++] = span_lower(from[i]);
	return true;
}

int
dnsname_parse(struct span text, struct dnsname *ret)
{
	struct dnsname name = {.n = 0};

	if (text.n > 1 && text.p[text.n - 1] == '.')
		text.n--;
	for (;;) {
		size_t n = span_find(text, '.');

		if (!label_add(&name, text.p, n))
			return -EINVAL;
		if (n == text.n)
			break;
		text = span_skip(text, n + 1);
	}
	name.b[name.n++] = 0;
	*ret = name;
	return 0;
}

/* Writes one octet of a label as text, at most four bytes; returns how many. */
static size_t
escape(unsigned char c, char *text)
{
	if (c == '.' || c == '\\') {
		text[0] = '\\';
		text[1] = (char)c;
		return 2;
	}
	if (c > ' ' && c < 0x7f) {
		text[0] = (char)c;
		return 1;
	}
	text[0] = '\\';
	text[1] = (char)('0' + c / 100);
	text[2] = (char)('0' + c / 10 % 10);
	text[3] = (char)('0' + c % 10);
	return 4;
}

size_t
dnsname_text(const struct dnsname *name, char *text)
{
	size_t n = 0;

	for (size_t at = 0; name->b[at] != 0; at += 1 + name->b[at]) {
		if (n > 0)
			text[n++] = '.';
		for (size_t i = 1; i <= name->b[at]; i++)
			n += escape(name->b[at + i], text + n);
	}
	text[n] = '\0';
	return n;
}

/*
 * Each pointer leads further to the front, so that every chain of them has an
 * end; but as a long one could be walked for each record of a message, its
 * length is limited as well.
 */
bool
dnsname_read(struct span msg, size_t at, struct dnsname *ret, size_t *ret_next)
{
	const unsigned char *p = (const unsigned char *)msg.p;
	size_t low = at, next = 0;
	unsigned pointers = 0;

	ret->n = 0;
	while (at < msg.n && p[at] != 0) {
		size_t len = p[at];

		if (len >= POINTER) {
			if (msg.n - at < 2 || ++pointers > POINTERS_MAX)
				return false;
			if (next == 0)
				next = at + 2;
			at = (len - POINTER) << 8 | p[at + 1];
			if (at >= low || at < HEADER_SIZE)
				return false;
			low = at;
			continue;
		}
		if (len > msg.n - at - 1 || !label_add(ret, p + at + 1, len))
			return false;
		at += 1 + len;
	}
	if (at >= msg.n)
		return false;
	ret->b[ret->n++] = 0;
	*ret_next = next == 0 ? at + 1 : next;
	return true;
}

bool
dnsname_equal(const struct dnsname *a, const struct dnsname *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}
