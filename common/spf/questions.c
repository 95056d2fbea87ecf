/*
 * The trick: an answer may be so large that a few of them eat the memory of a
 * worker. What senders' zones say is counted together, what the client's own
 * zone says is limited answer by answer, as else a client could spend the room
 * of the sender.
 *
 * The trap: questions are never taken off the list, as rows point to them. One
 * that could not be put for want of memory stays NEW, and is put again when it
 * is needed.
 */
#include "common/limits.h"
#include "common/spf/questions.h"

void
questions_init(struct questions *qs, struct arena *a,
    enum ask (*ask)(
        void *arg, struct question *q, struct dns_answer **ret_answer),
    void *arg)
{
	*qs = (struct questions){.arena = a, .ask = ask, .arg = arg};
	qs->end = &qs->first;
}

void
questions_free(struct questions *qs)
{
	for (struct question *q = qs->first; q != NULL; q = q->next) {
		if (q->state == QUESTION_PENDING)
			resolver_cancel(q->query);
		dns_answer_free(q->held);
	}
	*qs = (struct questions){.arena = qs->arena};
}

struct question *
questions_find(struct questions *qs, struct span name, enum dns_type type)
{
	uint32_t hash = span_hash(name) ^ (uint32_t)type;
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
questions_put(struct questions *qs, struct question *q)
{
	struct dns_answer *answer;

	if (q->state != QUESTION_NEW)
		return;
	switch (qs->ask(qs->arg, q, &answer)) {
	case ASK_READY:
		qs->nput++;
		questions_answered(qs, q, answer);
		break;
	case ASK_PENDING:
		qs->nput++;
		q->state = QUESTION_PENDING;
		break;
	case ASK_BADNAME:
		q->state = QUESTION_NO_NAME;
		break;
	case ASK_NOMEM:
		break;
	}
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
questions_answer_has(
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
	case DNS_CNAME:
		return "CNAME";
	case DNS_TXT:
		break;
	}
	return "TXT";
}
