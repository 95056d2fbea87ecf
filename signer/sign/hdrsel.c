/*
 * Two passes: one counts and one writes, so that the names take one piece of
 * the message's arena. Instances are named from the bottom up, as a verifier
 * takes them off (RFC 6376 section 5.4.2); an absent one more at the end is
 * what makes an added field break the signature.
 */
#include <errno.h>
#include <string.h>

#include "signer/sign/hdrsel.h"

#define NAME(s) \
	{ \
		s, sizeof(s) - 1 \
	}

const struct hdrsel_rules *
hdrsel_default(void)
{
	static const struct hdrsel_rule rule[] = {
	    {"From", HDRSEL_OVERSIGN},
	    {"Reply-To", HDRSEL_OVERSIGN},
	    {"Subject", HDRSEL_OVERSIGN},
	    {"Date", HDRSEL_OVERSIGN_PRESENT},
	    {"To", HDRSEL_OVERSIGN},
	    {"Cc", HDRSEL_OVERSIGN},
	    {"Sender", HDRSEL_PRESENT},
	    {"Message-ID", HDRSEL_OVERSIGN_PRESENT},
	    {"In-Reply-To", HDRSEL_OVERSIGN_PRESENT},
	    {"References", HDRSEL_OVERSIGN_PRESENT},
	    {"Resent-Date", HDRSEL_PRESENT},
	    {"Resent-From", HDRSEL_PRESENT},
	    {"Resent-Sender", HDRSEL_PRESENT},
	    {"Resent-To", HDRSEL_PRESENT},
	    {"Resent-Cc", HDRSEL_PRESENT},
	    {"Resent-Message-ID", HDRSEL_PRESENT},
	    {"MIME-Version", HDRSEL_OVERSIGN},
	    {"Content-Type", HDRSEL_OVERSIGN},
	    {"Content-Transfer-Encoding", HDRSEL_OVERSIGN},
	    {"Content-ID", HDRSEL_OVERSIGN_PRESENT},
	    {"Content-Description", HDRSEL_OVERSIGN_PRESENT},
	    {"List-Id", HDRSEL_OVERSIGN_PRESENT},
	    {"List-Help", HDRSEL_OVERSIGN_PRESENT},
	    {"List-Unsubscribe", HDRSEL_OVERSIGN_PRESENT},
	    {"List-Unsubscribe-Post", HDRSEL_OVERSIGN_PRESENT},
	    {"List-Subscribe", HDRSEL_OVERSIGN_PRESENT},
	    {"List-Post", HDRSEL_OVERSIGN_PRESENT},
	    {"List-Owner", HDRSEL_OVERSIGN_PRESENT},
	    {"List-Archive", HDRSEL_OVERSIGN_PRESENT},
	};
	static const struct hdrsel_rules rules = {
	    rule, sizeof rule / sizeof rule[0]};

	return &rules;
}

bool
hdrsel_never(struct span name)
{
	/* RFC 6376 section 5.4.1; what Postfix removes or adds (its parameter
	 * message_drop_headers, Delivered-To); and what relays judge, replace
	 * and remove (RFC 8601 section 5, RFC 8617 section 4.1). */
	static const struct span never[] = {NAME("Return-Path"),
	    NAME("Received"), NAME("Comments"), NAME("Keywords"),
	    NAME("DKIM-Signature"), NAME("Bcc"), NAME("Resent-Bcc"),
	    NAME("Content-Length"), NAME("Delivered-To"), NAME("Received-SPF"),
	    NAME("Authentication-Results"), NAME("ARC-Seal"),
	    NAME("ARC-Message-Signature"), NAME("ARC-Authentication-Results")};

	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
		if (span_ieq(name, never[i]))
			return true;
	}
	return false;
}

static bool
names(const struct hdrsel_rule *v, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++) {
		if (span_ieqs(name, v[i].name))
			return true;
	}
	return false;
}

bool
hdrsel_signs(const struct hdrsel_rules *rules, struct span name)
{
	return names(rules->v, rules->n, name) && !hdrsel_never(name);
}

/* Adds a rule, or changes that of the same name. */
static void
set_rule(struct hdrsel_rule *v, size_t *n, struct hdrsel_rule rule)
{
	size_t i = 0;

	while (i < *n && !span_ieqs(span_str(v[i].name), rule.name))
		i++;
	v[i] = rule;
	*n += i == *n;
}

static void
remove_rule(struct hdrsel_rule *v, size_t *n, const char *name)
{
	size_t i = 0;

	while (i < *n && !span_ieqs(span_str(v[i].name), name))
		i++;
	if (i == *n)
		return;
	memmove(v + i, v + i + 1, (*n - i - 1) * sizeof *v);
	(*n)--;
}

/* The rule of one word of the config. 0 or as hdrsel_read(). */
static int
read_rule(const char *word, struct arena *arena, struct hdrsel_rule *ret,
    const char **ret_why)
{
	size_t n = strcspn(word, "!");
	const char *name = arena_dup(arena, span_of(word, n));

	if (name == NULL)
		return -ENOMEM;
	if (hdrsel_never(span_of(name, n))) {
		*ret_why = name;
		return -EPERM;
	}
	*ret = (struct hdrsel_rule){
	    name, word[n] == '!' ? HDRSEL_OVERSIGN : HDRSEL_PRESENT};
	return 0;
}

int
hdrsel_read(const struct text_list *list, struct arena *arena,
    struct hdrsel_rules *ret, const char **ret_why)
{
	const struct hdrsel_rules *usual = hdrsel_default();
	struct hdrsel_rule rule, *v;
	size_t n = 0;
	int rc;

	v = arena_alloc(arena, (usual->n + list->n) * sizeof *v);
	if (v == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->v[i], "*") == 0) {
			for (size_t j = 0; j < usual->n; j++)
				set_rule(v, &n, usual->v[j]);
			continue;
		}
		if (list->v[i][0] == '-') {
			remove_rule(v, &n, list->v[i] + 1);
			continue;
		}
		rc = read_rule(list->v[i], arena, &rule, ret_why);
		if (rc != 0)
			return rc;
		set_rule(v, &n, rule);
	}
	if (!names(v, n, span_str("From"))) {
		*ret_why = "From must be signed";
		return -EINVAL;
	}
	*ret = (struct hdrsel_rules){v, n};
	return 0;
}

/* What a submission server adds where it is missing (RFC 6409 section 8). */
static bool
is_added_later(struct span name)
{
	return span_ieqs(name, "Date") || span_ieqs(name, "Message-ID");
}

/*
 * Writes the names of one rule to v and returns how many; only counts with v
 * NULL.
 */
static size_t
take(const struct hdrsel_rule *rule, const struct field_list *fields,
    struct named_field *v)
{
	struct span name = span_str(rule->name);
	size_t n = 0;

	if (hdrsel_never(name))
		return 0;
	for (size_t i = fields->n; i > 0; i--) {
		if (!span_ieq(fields->v[i - 1].name, name))
			continue;
		if (v != NULL)
			v[n] = (struct named_field){name, &fields->v[i - 1]};
		n++;
	}
	if (rule->mode == HDRSEL_PRESENT ||
	    (n == 0 &&
	        (rule->mode == HDRSEL_OVERSIGN_PRESENT ||
	            is_added_later(name))))
		return n;
	if (v != NULL)
		v[n] = (struct named_field){name, NULL};
	return n + 1;
}

static bool
has_from(const struct named_fields *sel)
{
	for (size_t i = 0; i < sel->n; i++) {
		if (sel->v[i].field != NULL &&
		    span_ieqs(sel->v[i].name, "From"))
			return true;
	}
	return false;
}

int
hdrsel_pick(const struct hdrsel_rules *rules, const struct field_list *fields,
    struct arena *arena, struct named_fields *ret)
{
	struct named_fields sel = {NULL, 0};
	struct named_field *v;
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++)
		n += take(&rules->v[i], fields, NULL);
	if (n > HDRSEL_MAX)
		return -E2BIG;
	v = arena_alloc(arena, (n + 1) * sizeof *v);
	if (v == NULL)
		return -ENOMEM;
	sel.v = v;
	for (size_t i = 0; i < rules->n; i++)
		sel.n += take(&rules->v[i], fields, v + sel.n);
	if (!has_from(&sel))
		return -EINVAL;
	*ret = sel;
	return 0;
}
