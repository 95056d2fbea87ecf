/*
 * nomem.h - allocations of ours that fail, one after the other.
 *
 * Stands between our code and malloc(3) and its sisters in the one program
 * whose test includes this file (in one .c file). Calls out of shared
 * libraries are let through: what libc or libspf2 do without memory is not
 * tested here.
 *
 *     for (long n = 0; nomem_round(n); n++)
 *             ...the code; it must fail well, or not at all
 *
 * Or by a series: of all allocations, also those of libraries, one in so many
 * fails, the same ones whenever the seed is the same; but what was just freed
 * is given again, as glibc does, unless nomem.keeps says that the allocator
 * keeps it for a while, as hardened ones do. What comes out is for a child
 * process (nomem_child()), as a library may not live through it.
 *
 *     for (unsigned seed = 1; seed <= 100; seed++)
 *             CHECK(nomem_child(seed, 30, code, arg) == 0)
 *
 * Under valgrind, which puts its own malloc in place, nothing ever fails, and
 * the loop ends after its first round.
 */
#ifndef POSTSEAL_TESTS_NOMEM_H
#define POSTSEAL_TESTS_NOMEM_H

#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char __executable_start, etext; /* of ld(1) */

static struct {
	bool armed;
	long left;       /* allocations before the one that fails */
	bool failed;     /* it was there */
	unsigned one_in; /* of a series; 0: none */
	unsigned seed;
	bool keeps;        /* what was just freed, too */
	size_t given_back; /* by the last free(3) of a series */
} nomem;

/* Arms the n-th allocation from now on; false when the round before did not
 * come as far as its own (then nothing is armed). */
static bool __attribute__((unused)) nomem_round(long n)
{
	bool more = n == 0 || nomem.failed;

	nomem.armed = more;
	nomem.left = n;
	nomem.failed = false;
	return more;
}

/* From here to the next round nothing fails. True if something did. */
static bool __attribute__((unused)) nomem_end(void)
{
	nomem.armed = false;
	return nomem.failed;
}

/* Holds a series or a round, and lets it go on: for what the test, or a fake
 * that it calls, does itself. */
unsigned nomem_hold(void);
void nomem_go_on(unsigned held);

#define NOMEM_ROUND (~0U)

unsigned
nomem_hold(void)
{
	unsigned held = nomem.armed ? NOMEM_ROUND : nomem.one_in;

	nomem.armed = false;
	nomem.one_in = 0;
	return held;
}

void
nomem_go_on(unsigned held)
{
	nomem.armed = held == NOMEM_ROUND;
	nomem.one_in = held == NOMEM_ROUND ? 0 : held;
}

/* Runs code(arg) in a child under a series. What code returned, 0 to 99, or 100
 * and the signal that ended it. */
static int __attribute__((unused))
nomem_child(unsigned seed, unsigned one_in, int (*code)(void *arg), void *arg)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int rc;

		nomem.seed = seed;
		nomem.one_in = one_in;
		rc = code(arg);
		nomem.one_in = 0;
		_exit(rc);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 99;
	return WIFSIGNALED(status) ? 100 + WTERMSIG(status)
	                           : WEXITSTATUS(status);
}

static bool
nomem_now(const void *caller, size_t n)
{
	uintptr_t at = (uintptr_t)caller;

	if (nomem.one_in > 0 && !nomem.keeps && n > 0 &&
	    n <= nomem.given_back) {
		nomem.given_back = 0;
		return false;
	}
	if (nomem.one_in > 0) {
		bool now = (unsigned)rand_r(&nomem.seed) % nomem.one_in == 0;

		nomem.failed |= now;
		return now;
	}
	if (!nomem.armed || at < (uintptr_t)&__executable_start ||
	    at >= (uintptr_t)&etext || nomem.left-- > 0)
		return false;
	nomem.armed = false;
	nomem.failed = true;
	return true;
}

#define NOMEM_NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void *
malloc(size_t n)
{
	static void *(*next)(size_t);

	if (nomem_now(__builtin_return_address(0), n))
		return NULL;
	if (next == NULL)
		next = NOMEM_NEXT(malloc);
	return next(n);
}

void *
calloc(size_t n, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (nomem_now(__builtin_return_address(0), n * size))
		return NULL;
	if (next == NULL)
		next = NOMEM_NEXT(calloc);
	return next(n, size);
}

void *
realloc(void *p, size_t n)
{
	static void *(*next)(void *, size_t);

	if (nomem_now(__builtin_return_address(0), 0))
		return NULL;
	if (next == NULL)
		next = NOMEM_NEXT(realloc);
	return next(p, n);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	static void *(*next)(void *, size_t, size_t);

	if (nomem_now(__builtin_return_address(0), 0))
		return NULL;
	if (next == NULL)
		next = NOMEM_NEXT(reallocarray);
	return next(p, n, size);
}

void
free(void *p)
{
	static void (*next)(void *);
	/* dlsym(3) frees, too, which gcc does not believe; that little is
	 * lost */
	static volatile bool looking;

	if (looking)
		return;
	if (nomem.one_in > 0 && p != NULL)
		nomem.given_back = malloc_usable_size(p);
	if (next == NULL) {
		looking = true;
		next = NOMEM_NEXT(free);
		looking = false;
	}
	next(p);
}

#endif
