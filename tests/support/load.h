/*
 * load.h - what the load generators of tests/bench share: a clock, a
 * connection, the CPU time of others. A failure ends the program.
 */
#ifndef POSTSEAL_TESTS_LOAD_H
#define POSTSEAL_TESTS_LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Prints what, and why as errno has it; exits with 1. */
void load_die(const char *what) __attribute__((noreturn));

/* The same, unless it is. */
void load_must(int is, const char *what);

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

/*
 * Starts a command, words with one space between them, as spawn(8) does: its
 * fds 0, 1 and 2 are one socket. Returns our end of it, blocking, closed on
 * exec.
 */
int load_spawn(const char *command, pid_t *ret_pid);

/* Asks a policy service at RCPT, as smtpd does, of the message with that number
 * of this process. */
void load_ask(int fd, const char *helo, const char *sender, const char *address,
    int number);

/* The lines of that key, "Pss:", in smaps_rollup of the processes "pid,pid"
 * together: kB, 0 where there is none. */
long load_memory_kb(const char *pids, const char *key);

/* Milliseconds of CPU that the processes "pid,pid" have used, without children
 * that were waited for. NULL: 0. */
double load_cpu_ms(const char *pids);

/* The pattern into to[n], "%d" in it replaced by the number. */
void load_number(char *to, size_t n, const char *pattern, int number);

/* Order of two doubles, for qsort(3). */
int load_by_value(const void *a, const void *b);

#endif
