#include <stddef.h>

#include "common/log/log.h"
#include "common/process/signals.h"

void
signals_begin(void)
{
	/* the last two are of what we write: write(2) fails, and that is
	 * told */
	static const int ignored[] = {SIGNALS_MEANINGLESS, SIGPIPE, SIGXFSZ};
	sigset_t none;

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
signals_log_meaningless(int signo, const char *what)
{
	log_event(
	    LOG_WARNING, "signal", "signal %d is ignored; %s", signo, what);
}
