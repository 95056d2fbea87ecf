/*
 * load.h - what the load generators of tests/bench share: a clock, a
 * connection, the CPU time of others. A failure ends the program.
 */
#ifndef POSTSEAL_TESTS_LOAD_H
#define POSTSEAL_TESTS_LOAD_H

#include <stddef.h>
#include <stdint.h>

/* Prints what, and why as errno has it; exits with 1. */
void load_die(const char *what) __attribute__((noreturn));

/* Nanoseconds of the monotonic clock. */
uint64_t load_now_ns(void);

/* As many descriptors as the hard limit allows. */
void load_raise_limit(void);

/*
 * A connection to the unix socket at path or, where that is NULL, to the port
 * on the loopback; waits while the listen queue is full. Blocking, closed on
 * exec.
 */
int load_dial(const char *path, int port);

/* Milliseconds of CPU that the processes "pid,pid" have used, without children
 * that were waited for. NULL: 0. */
double load_cpu_ms(const char *pids);

/* The pattern into to[n], "%d" in it replaced by the number. */
void load_number(char *to, size_t n, const char *pattern, int number);

/* Order of two doubles, for qsort(3). */
int load_by_value(const void *a, const void *b);

#endif
