#include "common/limits.h"
#include "common/spf/questions.h"

void
questions_init(struct questions *qs, struct arena *a)
{
	*qs = (struct questions){.arena = a};
	qs->end = &qs->first;
}

static uint32_t
hash_of(struct span name, enum dns_type type)
{
	uint32_t h = 2166136261U ^ (uint32_t)type; /* FNV-1a */

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ span_lower((unsigned char)name.p[i])) * 16777619U;
	return h;
}

struct question *
questions_find(struct questions *qs, struct span name, enum dns_type type)
{
	uint32_t hash = hash_of(name, type);
	struct question *q;

	for (q = qs->first; q != NULL; q = q->next) {
		if (q->hash == hash && q->type == type &&
		    span_ieq(q->name, name))
			return q;
	}
	q = arena_alloc(qs->arena, sizeof *q);
	if (q == NULL)
		return NULL;
	*q = (struct question){.type = type, .hash = hash};
	q->name = span_of(arena_dup(qs->arena, name), name.n);
	if (q->name.p == NULL)
		return NULL;
	*qs->end = q;
	qs->end = &q->next;
	return q;
}

void
questions_answered(
    struct questions *qs, struct question *q, struct dns_answer *answer)
{
	static const struct dns_answer too_much = {
	    .status = DNS_TEMPERROR, .why = "too much data"};
	static const struct dns_answer too_much_in_all = {
	    .status = DNS_TEMPERROR, .why = "too much data in all"};
	size_t room =
	    q->of_client ? SPF_CLIENT_ANSWER_MAX : SPF_ANSWERS_MAX - qs->held;

	q->state = QUESTION_ANSWERED;
	q->query = NULL;
	if (answer->size > room) {
		dns_answer_free(answer);
		q->answer = q->of_client ? &too_much : &too_much_in_all;
		return;
	}
	if (!q->of_client)
		qs->held += answer->size;
	q->answer = q->held = answer;
}

bool
questions_contains(
    const struct dns_answer *answer, const struct ip *ip, unsigned bits)
{
	if (bits == 0)
		return answer->n > 0;
	for (size_t i = 0; i < answer->n; i++) {
		if (ip_match(&answer->record[i].ip, ip, bits))
			return true;
	}
	return false;
}

const char *
questions_type(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_AAAA:
		return "AAAA";
	case DNS_MX:
		return "MX";
	case DNS_PTR:
		return "PTR";
	case DNS_TXT:
		break;
	}
	return "TXT";
}
