#include "signer/tables/glob.h"

bool
glob_is(struct span pattern)
{
	return span_find(pattern, '*') < pattern.n;
}

/* On a mismatch the last '*' takes one byte more; those before it need not
 * change, so that no pattern takes longer than its length times the text's. */
bool
glob_match(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = pattern.n, from = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.n &&
		    span_lower((unsigned char)pattern.p[p]) ==
		        span_lower((unsigned char)text.p[t])) {
			p++;
			t++;
		} else if (star < pattern.n) {
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool
glob_address(struct span pattern, struct span address)
{
	struct span domain = address;
	size_t at;

	while ((at = span_find(domain, '@')) < domain.n)
		domain = span_skip(domain, at + 1);
	if (pattern.n > 1 && pattern.p[0] == '@')
		return glob_match(span_skip(pattern, 1), domain);
	if (span_find(pattern, '@') < pattern.n)
		return glob_match(pattern, address);
	if (pattern.n > 1 && pattern.p[0] == '.')
		return domain.n > pattern.n &&
		    glob_match(
		        pattern, span_skip(domain, domain.n - pattern.n));
	return glob_match(pattern, domain);
}
