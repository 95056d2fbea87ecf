/*
 * clock.h - the clocks of a test that has the real loop ("Real:" in its first
 * line): they take the place of libc's, for libevent, too.
 *
 * Scripted, the clock of the loop stands still while anything is on its way
 * between it and the scripted DNS servers (dnsd.h), and jumps when all of them
 * only wait: a test of deadlines takes no time, and is the same on a busy
 * machine.
 */
#ifndef POSTSEAL_TESTS_CLOCK_H
#define POSTSEAL_TESTS_CLOCK_H

#include <time.h>

/* From now on, to the end of the program. */
void clock_script(void);

/* Sets the clock on the wall back by so many seconds; on, where they are
 * negative. */
void clock_set_back(time_t seconds);

#endif
