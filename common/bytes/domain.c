/*
 * ASCII labels are never shown to libidn2, which would refuse what DNS has
 * (_domainkey, "xn--" that is none); only labels with a byte from 0x80 on are.
 * One U-label may become several labels: UTS 46 knows more full stops than '.'.
 */
#include <errno.h>
#include <idn2.h>

#include "common/bytes/domain.h"

/* U-labels of a name that fits into DNS stay far below this. */
enum { U_NAME_MAX = 4 * DOMAIN_MAX };

static struct span
without_dot(struct span name)
{
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

/* Cuts the first label off *rest, which must not be empty. */
static struct span
next_label(struct span *rest)
{
	struct span label = span_of(rest->p, span_find(*rest, '.'));

	*rest = span_skip(*rest, label.n + 1);
	return label;
}

bool
domain_is_name(struct span name)
{
	name = without_dot(name);
	if (name.n == 0 || name.n > DOMAIN_MAX || name.p[name.n - 1] == '.')
		return false;
	while (name.n > 0) {
		size_t n = next_label(&name).n;

		if (n == 0 || n > DOMAIN_LABEL_MAX)
			return false;
	}
	return true;
}

static bool
is_host_octet(char c)
{
	unsigned char l = span_lower((unsigned char)c);

	return (l >= 'a' && l <= 'z') || span_is_digit(c) || c == '-' ||
	    c == '_';
}

bool
domain_is_mail(struct span name)
{
	bool numeric = false;
	size_t labels = 0;

	if (!domain_is_name(name))
		return false;
	for (; name.n > 0; labels++) {
		struct span label = next_label(&name);

		numeric = true;
		for (size_t i = 0; i < label.n; i++) {
			if (!is_host_octet(label.p[i]))
				return false;
			numeric = numeric && span_is_digit(label.p[i]);
		}
	}
	return labels >= 2 && !numeric;
}

/* Appends s in lower case to ret, which holds *n of DOMAIN_MAX octets. */
static int
add_lower(char *ret, size_t *n, struct span s)
{
	if (s.n > DOMAIN_MAX - *n)
		return -EINVAL;
	for (size_t i = 0; i < s.n; i++)
		ret[(*n)++] = (char)span_lower((unsigned char)s.p[i]);
	return 0;
}

/*
 * Appends a label that has U-labels in it: more than one, where it has one of
 * the full stops that UTS 46 maps to '.', such as U+3002.
 */
static int
add_u_label(char *ret, size_t *n, struct span label)
{
	char u[U_NAME_MAX + 1];
	unsigned char *ascii = NULL;
	int rc;

	memcpy(u, label.p, label.n);
	u[label.n] = '\0';
	rc = idn2_lookup_u8((const unsigned char *)u, &ascii,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_MALLOC)
		return -ENOMEM;
	if (rc != IDN2_OK)
		return -EINVAL;
	rc = add_lower(ret, n, span_str((const char *)ascii));
	idn2_free(ascii);
	return rc;
}

/*
 * Label by label, so that ASCII labels which IDNA knows nothing of (_domainkey,
 * an "xn--" that is none) stay as they are beside U-labels.
 */
int
domain_to_ascii(struct span name, char *ret)
{
	char out[DOMAIN_MAX + 1];
	size_t n = 0;
	int rc = 0;

	name = without_dot(name);
	if (name.n > U_NAME_MAX || span_find(name, '\0') < name.n)
		return -EINVAL;
	while (rc == 0 && name.n > 0) {
		bool more = span_find(name, '.') < name.n;
		struct span label = next_label(&name);

		rc = span_is_ascii(label) ? add_lower(out, &n, label)
		                          : add_u_label(out, &n, label);
		if (rc == 0 && more)
			rc = add_lower(out, &n, span_str("."));
	}
	if (rc != 0)
		return rc;
	if (!domain_is_name(span_of(out, n)) || out[n - 1] == '.')
		return -EINVAL;
	memcpy(ret, out, n);
	ret[n] = '\0';
	return 0;
}

bool
domain_equal(struct span a, struct span b)
{
	return span_ieq(without_dot(a), without_dot(b));
}

bool
domain_within(struct span child, struct span parent)
{
	child = without_dot(child);
	parent = without_dot(parent);
	if (parent.n == 0)
		return false;
	if (child.n <= parent.n)
		return span_ieq(child, parent);
	return child.p[child.n - parent.n - 1] == '.' &&
	    span_ieq(span_skip(child, child.n - parent.n), parent);
}
