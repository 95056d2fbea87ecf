#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/guard.h"

static size_t
pages(size_t n, size_t *ret_page)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	*ret_page = page;
	return (n + page - 1) / page * page;
}

struct span
guard_copy(struct span s)
{
	size_t page, body = pages(s.n, &page);
	char *base = mmap(NULL, body + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED || mprotect(base + body, page, PROT_NONE) != 0) {
		perror("guard page");
		abort();
	}
	if (s.n > 0)
		memcpy(base + body - s.n, s.p, s.n);
	return span_of(base + body - s.n, s.n);
}

void
guard_free(struct span s)
{
	size_t page, body = pages(s.n, &page);
	uintptr_t end = (uintptr_t)s.p + s.n;

	munmap(
	    (void *)(end - body), body + page); /* NOLINT: pages of our own */
}

static void
split_at(struct span s, size_t at,
    void (*feed)(void *arg, struct span head, struct span tail), void *arg)
{
	struct span head = guard_copy(span_of(s.p, at));
	struct span tail = guard_copy(span_of(s.p + at, s.n - at));

	feed(arg, head, tail);
	guard_free(head);
	guard_free(tail);
}

void
guard_splits(struct span s,
    void (*feed)(void *arg, struct span head, struct span tail), void *arg)
{
	unsigned seed = 1;

	if (s.n <= 16 * 1024) {
		for (size_t at = 0; at <= s.n; at++)
			split_at(s, at, feed, arg);
		return;
	}
	split_at(s, 0, feed, arg);
	split_at(s, s.n, feed, arg);
	for (int i = 0; i < 1000; i++)
		split_at(s, (size_t)rand_r(&seed) % s.n, feed, arg);
}
