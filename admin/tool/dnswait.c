/*
 * Asks for a whole list side by side, so many at a time, and then waits in a
 * loop of its own: subcommands are written from top to bottom, only DNS is not.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "admin/tool/dnswait.h"

struct dnswait_run {
	struct loop *loop;
	struct resolver *resolver;
	struct dnswait *q;
	size_t n, asked, out;
	unsigned turn; /* of the resolver */
	int error;
};

static void ask_more(struct dnswait_run *r);

/* Not loop_now(): a resolver on this host answers within one millisecond. */
static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void
on_answer(void *arg, struct dns_answer *answer)
{
	struct dnswait *q = arg;
	struct dnswait_run *r = q->run;

	q->answer = answer;
	q->us = now_us() - q->us;
	q->query = NULL;
	r->out--;
	if (r->error == 0)
		ask_more(r);
	if (r->out == 0)
		loop_stop(r->loop);
}

/* An answer for a name that DNS cannot hold: nobody has it. */
static int
no_such_name(struct dns_answer **ret)
{
	struct dns_answer *a = calloc(1, sizeof *a);

	if (a == NULL)
		return -ENOMEM;
	a->status = DNS_NXDOMAIN;
	*ret = a;
	return 0;
}

static void
ask_more(struct dnswait_run *r)
{
	while (r->asked < r->n && r->out < DNSWAIT_TOGETHER && r->error == 0) {
		struct dnswait *q = &r->q[r->asked++];

		q->run = r;
		q->us = 0;
		switch (resolver_ask(
		    q->resolver == NULL ? r->resolver : q->resolver, r->turn,
		    span_str(q->name), q->type, on_answer, q, &q->query,
		    &q->answer)) {
		case ASK_READY:
			break;
		case ASK_PENDING:
			q->us = now_us(); /* until it is there: since when */
			r->out++;
			break;
		case ASK_BADNAME:
			r->error = no_such_name(&q->answer);
			break;
		case ASK_NOMEM:
			r->error = -ENOMEM;
			break;
		}
	}
}

static void
cancel_all(struct dnswait_run *r)
{
	for (size_t i = 0; i < r->asked; i++) {
		if (r->q[i].query != NULL)
			resolver_cancel(r->q[i].query);
		r->q[i].query = NULL;
	}
}

int
dnswait_all(
    struct loop *loop, struct resolver *resolver, struct dnswait *q, size_t n)
{
	struct dnswait_run r = {.loop = loop,
	    .resolver = resolver,
	    .q = q,
	    .n = n,
	    .turn = resolver_turn(resolver)};
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		q[i].answer = NULL;
		q[i].query = NULL;
	}
	ask_more(&r);
	if (r.error == 0 && r.out > 0)
		rc = loop_run(loop);
	if (rc == 0)
		rc = r.error;
	if (rc == 0 && r.out == 0)
		return 0;
	cancel_all(&r);
	dnswait_free(q, n);
	return rc == 0 ? -EIO : rc;
}

void
dnswait_free(struct dnswait *q, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dns_answer_free(q[i].answer);
		q[i].answer = NULL;
	}
}
