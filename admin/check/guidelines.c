#include "admin/check/guidelines.h"

enum need { SPF_OR_DKIM, SPF_AND_DKIM, KEY_BITS, DMARC, PTR, TLS };

static const struct rule {
	const char *provider;
	unsigned from; /* messages a day; 0: for all */
	enum need need;
	unsigned number; /* of KEY_BITS */
	const char *text;
} rules[] = {
    {"Google", 0, SPF_OR_DKIM, 0, "SPF or DKIM"},
    {"Google", 0, PTR, 0, "forward-confirmed reverse DNS"},
    {"Google", 0, TLS, 0, "TLS"},
    {"Google", 0, KEY_BITS, 1024, "DKIM keys of 1024 bits or more"},
    {"Google", 5000, SPF_AND_DKIM, 0, "SPF and DKIM"},
    {"Google", 5000, DMARC, 0, "DMARC, p=none is enough"},
    {"Yahoo", 0, SPF_OR_DKIM, 0, "SPF or DKIM"},
    {"Yahoo", 0, PTR, 0, "forward-confirmed reverse DNS"},
    {"Yahoo", 5000, SPF_AND_DKIM, 0, "SPF and DKIM"},
    {"Yahoo", 5000, DMARC, 0, "DMARC, p=none is enough"},
    {"Microsoft", 5000, SPF_AND_DKIM, 0, "SPF and DKIM"},
    {"Microsoft", 5000, DMARC, 0, "DMARC, p=none is enough"},
};
enum { RULES = sizeof rules / sizeof rules[0] };

enum guidelines_fact
guidelines_both(enum guidelines_fact a, enum guidelines_fact b)
{
	if (a == GUIDELINES_NO || b == GUIDELINES_NO)
		return GUIDELINES_NO;
	return a == GUIDELINES_YES ? b : a;
}

static enum guidelines_fact
either(enum guidelines_fact a, enum guidelines_fact b)
{
	if (a == GUIDELINES_YES || b == GUIDELINES_YES)
		return GUIDELINES_YES;
	return a == GUIDELINES_NO ? b : a;
}

static enum guidelines_fact
is_met(const struct rule *r, const struct guidelines_facts *f)
{
	switch (r->need) {
	case SPF_OR_DKIM:
		return either(f->spf, f->dkim);
	case SPF_AND_DKIM:
		return guidelines_both(f->spf, f->dkim);
	case KEY_BITS:
		return f->bits == 0 || f->bits >= r->number ? GUIDELINES_YES
		                                            : GUIDELINES_NO;
	case DMARC:
		return f->dmarc;
	case PTR:
		return f->ptr;
	case TLS:
		return f->tls;
	}
	return GUIDELINES_UNKNOWN;
}

size_t
guidelines_print(const char *domain, const struct guidelines_facts *f, bool all,
    bool colour, struct buf *out)
{
	static const char *const words[] = {[GUIDELINES_NO] = "missing",
	    [GUIDELINES_YES] = "met",
	    [GUIDELINES_UNKNOWN] = "unknown"};
	size_t missing = 0;

	for (size_t i = 0; i < RULES; i++) {
		const struct rule *r = &rules[i];
		enum guidelines_fact met = is_met(r, f);

		missing += met == GUIDELINES_NO;
		if (met == GUIDELINES_YES && !all)
			continue;
		buf_fmt(out, "%s%-8s%s%s: %s",
		    !colour                     ? ""
		        : met == GUIDELINES_YES ? "\033[32m"
		                                : "\033[33m",
		    words[met], colour ? "\033[0m" : "", domain, r->provider);
		if (r->from > 0)
			buf_fmt(out, ", from %u messages a day", r->from);
		buf_fmt(out, ": %s\n", r->text);
	}
	return missing;
}

json_t *
guidelines_json(const char *domain, const struct guidelines_facts *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < RULES; i++) {
		const struct rule *r = &rules[i];
		enum guidelines_fact met = is_met(r, f);

		if (json_array_append_new(all,
		        json_pack("{s:s, s:s, s:i, s:s, s:o}", "domain", domain,
		            "provider", r->provider, "from", (int)r->from,
		            "rule", r->text, "met",
		            met == GUIDELINES_UNKNOWN
		                ? json_null()
		                : json_boolean(met == GUIDELINES_YES))) != 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}
