/*
 * nomem.h - allocations of ours that fail, one after the other.
 *
 * Stands between our code and malloc(3) and its sisters in the one program
 * whose test includes this file (in one .c file). Calls out of shared
 * libraries are let through: what libc or libconfuse do without memory is not
 * tested here.
 *
 *     for (long n = 0; nomem_round(n); n++)
 *             ...the code; it must fail well, or not at all
 *
 * Under valgrind, which puts its own malloc in place, nothing ever fails, and
 * the loop ends after its first round.
 */
#ifndef POSTSEAL_TESTS_NOMEM_H
#define POSTSEAL_TESTS_NOMEM_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

extern char __executable_start, etext; /* of ld(1) */

static struct {
	bool armed;
	long left;   /* allocations before the one that fails */
	bool failed; /* it was there */
} nomem;

/* Arms the n-th allocation from now on; false when the round before did not
 * come as far as its own (then nothing is armed). */
static bool
nomem_round(long n)
{
	bool more = n == 0 || nomem.failed;

	nomem.armed = more;
	nomem.left = n;
	nomem.failed = false;
	return more;
}

/* From here to the next round nothing fails. True if something did. */
static bool
nomem_end(void)
{
	nomem.armed = false;
	return nomem.failed;
}

static bool
nomem_now(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

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

	if (nomem_now(__builtin_return_address(0)))
		return NULL;
	if (next == NULL)
		next = NOMEM_NEXT(malloc);
	return next(n);
}

void *
calloc(size_t n, size_t size)
{
	static void *(*next)(size_t, size_t);

	if (nomem_now(__builtin_return_address(0)))
		return NULL;
	if (next == NULL)
		next = NOMEM_NEXT(calloc);
	return next(n, size);
}

void *
realloc(void *p, size_t n)
{
	static void *(*next)(void *, size_t);

	if (nomem_now(__builtin_return_address(0)))
		return NULL;
	if (next == NULL)
		next = NOMEM_NEXT(realloc);
	return next(p, n);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	static void *(*next)(void *, size_t, size_t);

	if (nomem_now(__builtin_return_address(0)))
		return NULL;
	if (next == NULL)
		next = NOMEM_NEXT(reallocarray);
	return next(p, n, size);
}

#endif
