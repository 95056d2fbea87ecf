/*
 * The trap: a check is gone when its done() returns, and `postseal spf --trace`
 * reads what it has learned. So that is told from inside of done(), before
 * anybody else.
 */
#include "policyd/identity.h"

static void
tell(const struct identity_check *i, const struct check_result *result)
{
	const char *what = i->identity == IDENTITY_HELO ? "HELO" : "MAIL FROM";

	if (i->explain != NULL)
		i->explain(
		    i->explain_arg, what, check_lookups(i->check), result);
}

static void
identity_done(void *arg, const struct check_result *result)
{
	struct identity_check *i = arg;

	tell(i, result);
	i->check = NULL;
	i->result = result;
	i->done(i->arg);
}

void
identity_start(struct identity_check *i, struct loop *loop,
    struct resolver *resolver, const struct check_input *in)
{
	if (check_start(loop, resolver, in, identity_done, i, &i->check) == 0)
		return;
	i->check = NULL;
	i->result = &check_no_memory;
}

void
identity_expire(struct identity_check *i)
{
	if (i->check == NULL)
		return;
	i->result = check_expire(i->check);
	tell(i, i->result);
	identity_cancel(i);
}

void
identity_cancel(struct identity_check *i)
{
	if (i->check != NULL)
		check_cancel(i->check);
	i->check = NULL;
}
