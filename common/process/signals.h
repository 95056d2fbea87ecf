/*
 * signals.h - what signals are to a daemon in which nothing gave them a
 * meaning.
 *
 * Others use them: opendkim reads its config again at SIGUSR1, many write what
 * they know at SIGUSR2. By default each would end a process that mail waits
 * for, and so would SIGXFSZ, of a log file that is full. What somebody wants to
 * end a process with (SIGTERM, SIGINT, SIGQUIT, SIGKILL) is left to the daemon,
 * as is SIGHUP; what the kernel says of a crash is left as it is.
 */
#ifndef POSTSEAL_COMMON_SIGNALS_H
#define POSTSEAL_COMMON_SIGNALS_H

#include <signal.h>

/* Those without a meaning that only others can have sent: the log tells of
 * them. */
#define SIGNALS_MEANINGLESS \
	SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR

/*
 * At the start: signals without a meaning are ignored, in children too. Of what
 * was inherited nothing is left that would keep a signal from us: no signal is
 * blocked, and children can be waited for.
 */
void signals_begin(void);

/* Tells of one; what: which signal has the meaning that was wanted. */
void signals_log_meaningless(int signo, const char *what);

#endif
