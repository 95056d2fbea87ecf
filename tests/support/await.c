#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/support/await.h"
#include "tests/support/suite.h"

enum { NAP_MS = 2, LINE_SIZE = 4096 };

uint64_t
await_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool
await_more(struct await *a, const char *what)
{
	uint64_t now = await_now_ms();

	if (a->until == 0)
		a->until = now + AWAIT_SECONDS * 1000;
	if (now < a->until) {
		poll(NULL, 0, NAP_MS);
		return true;
	}
	printf("\n  not within %d s: %s\n", AWAIT_SECONDS, what);
	CU_FAIL("what was waited for has not happened");
	return false;
}

unsigned
await_lines(const char *path, const char *text)
{
	char line[LINE_SIZE];
	FILE *f = fopen(path, "re");
	unsigned n = 0;

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		n += strstr(line, text) != NULL;
	if (f != NULL)
		fclose(f);
	return n;
}

bool
await_logged(const char *path, const char *text, unsigned n)
{
	struct await a = {0};
	bool more = true;

	while (await_lines(path, text) < n && more)
		more = await_more(&a, text);
	return more;
}
