/*
 * cputime.h - the CPU time of this process, for what must not cost much.
 */
#ifndef POSTSEAL_TESTS_CPUTIME_H
#define POSTSEAL_TESTS_CPUTIME_H

/* Microseconds so far, of all its threads. */
double cputime_us(void);

#endif
