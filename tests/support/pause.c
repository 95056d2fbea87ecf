#include "tests/support/pause.h"

#include "tests/support/suite.h"

static void
stop(void *arg)
{
	loop_stop(arg);
}

void
pause_loop(struct loop *l, unsigned ms)
{
	struct timer *t;

	CU_ASSERT_FATAL(timer_new(l, stop, l, &t) == 0);
	timer_set(t, ms);
	loop_run(l);
	timer_free(t);
}
