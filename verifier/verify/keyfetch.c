/*
 * Trap: a question that is under way points into k, so it is cancelled before
 * anything else becomes of that.
 */
#include "verifier/verify/keyfetch.h"

#include <string.h>

void
keyfetch_begin(struct keyfetch *k, struct resolver *resolver, unsigned turn,
    void (*done)(void *arg), void *arg)
{
	k->resolver = resolver;
	k->turn = turn;
	k->done = done;
	k->arg = arg;
}

static void
keep(struct key_question *q, struct dns_answer *answer)
{
	q->query = NULL;
	q->too_long = answer != NULL && answer->size > KEY_ANSWER_MAX;
	if (q->too_long)
		dns_answer_free(answer);
	else
		q->answer = answer;
}

static void
got(void *arg, struct dns_answer *answer)
{
	struct key_question *q = arg;

	keep(q, answer);
	q->of->open--;
	q->of->done(q->of->arg);
}

static const struct key_question *
find(const struct keyfetch *k, const char *name)
{
	for (size_t i = 0; i < k->n; i++) {
		if (strcmp(k->question[i].name, name) == 0)
			return &k->question[i];
	}
	return NULL;
}

bool
keyfetch_ask(struct keyfetch *k, const char *name)
{
	struct key_question *q = &k->question[k->n];
	struct dns_answer *answer = NULL;

	if (find(k, name) != NULL)
		return true;
	if (k->n >= QUESTIONS_BUSY_MAX && resolver_busy(k->resolver))
		return false;
	k->n++;
	*q = (struct key_question){.of = k, .name = name};
	switch (resolver_ask(k->resolver, k->turn, span_str(name), DNS_TXT, got,
	    q, &q->query, &answer)) {
	case ASK_PENDING:
		k->open++;
		break;
	case ASK_READY:
	case ASK_BADNAME: /* not for us: signature.c has made it */
	case ASK_NOMEM:
		keep(q, answer);
		break;
	}
	return true;
}

const struct dns_answer *
keyfetch_answer(const struct keyfetch *k, const char *name, bool *ret_too_long)
{
	const struct key_question *q = find(k, name);

	*ret_too_long = q != NULL && q->too_long;
	return q == NULL ? NULL : q->answer;
}

size_t
keyfetch_held(const struct keyfetch *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++) {
		if (k->question[i].answer != NULL)
			n += k->question[i].answer->size;
	}
	return n;
}

void
keyfetch_reset(struct keyfetch *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->question[i].query != NULL)
			resolver_cancel(k->question[i].query);
		dns_answer_free(k->question[i].answer);
	}
	k->n = k->open = 0;
}
