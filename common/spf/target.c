#include <sys/socket.h>

#include "common/spf/failure.h"
#include "common/spf/ptr.h"
#include "common/spf/target.h"

/* Expands the row's domain-spec. False: the run stops. */
static bool
find_target(struct lookups *l, struct row *row)
{
	struct macro_vars vars = l->vars;
	char name[DOMAIN_MAX + 1];
	size_t n;

	vars.domain = row->plan->domain;
	if (!l->ascii_local && macro_uses(row->domain, "sl")) {
		row->target_state = TARGET_NO_MATCH;
		return true;
	}
	if (macro_uses(row->domain, "p") &&
	    ptr_name(l, vars.domain, &vars.name) != FOUND)
		return false;
	n = macro_domain(row->domain, &vars, name);
	row->target = span_of(arena_dup(l->arena, span_of(name, n)), n);
	if (row->target.p == NULL) {
		failure_no_memory(l);
		return false;
	}
	row->target_state = TARGET_NAME;
	return true;
}

static struct question *
question_of(struct lookups *l, const struct row *row)
{
	switch (row->kind) {
	case TERM_A:
		return questions_find(&l->questions, row->target,
		    l->client.ip.family == AF_INET ? DNS_A : DNS_AAAA);
	case TERM_MX:
		return questions_find(&l->questions, row->target, DNS_MX);
	case TERM_PTR:
		return ptr_question(l);
	case TERM_EXISTS:
		return questions_find(&l->questions, row->target, DNS_A);
	case TERM_INCLUDE:
	case TERM_REDIRECT:
		return questions_find(&l->questions, row->target, DNS_TXT);
	case TERM_ALL:
	case TERM_IP4:
	case TERM_IP6:
	case TERM_EXP:
	case TERM_UNKNOWN:
		break;
	}
	return NULL;
}

bool
target_prepare(struct lookups *l, struct row *row)
{
	if (row->question != NULL)
		return true;
	if (row->target_state == TARGET_NEW && row->domain.n == 0) {
		row->target = row->plan->domain;
		row->target_state = TARGET_NAME;
	}
	if (row->target_state == TARGET_NEW && !find_target(l, row))
		return false;
	if (row->target_state == TARGET_NO_MATCH)
		return false;
	row->question = question_of(l, row);
	if (row->question == NULL) {
		failure_no_memory(l);
		return false;
	}
	if (row != &l->root)
		l->terms_asked++;
	return true;
}
