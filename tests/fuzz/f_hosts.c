/* Lists of clients: a client's name, a line; its address, a line; the list. */
#include <stdint.h>
#include <stdlib.h>

#include "signer/tables/hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span
take_line(struct span *rest)
{
	struct span line = span_of(rest->p, span_find(*rest, '\n'));

	*rest = span_skip(*rest, line.n + 1);
	return line;
}

/* What is found is of the list, and the same when asked again. */
static void
look_up(const struct hosts *h, const char *name, const struct ip *ip)
{
	const struct hosts_entry *e = hosts_find(h, name, ip, false);

	if (e != NULL && (e < h->v || e >= h->v + h->n))
		abort();
	if (hosts_find(h, name, ip, false) != e)
		abort();
}

static void
with_list(
    const char *spec, struct span text, const char *name, const struct ip *ip)
{
	struct buf why, warn;
	struct arena arena;
	struct hosts h;

	arena_init(&arena, 16 << 20);
	buf_init(&why, 1 << 20);
	buf_init(&warn, 1 << 20);
	if (hosts_parse(spec, text, &arena, &h, &why, &warn) == 0)
		look_up(&h, name, ip);
	else if (why.n == 0)
		abort();
	buf_free(&why);
	buf_free(&warn);
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of(data, size), line;
	char name[300];
	struct ip ip;
	bool known;

	if (size > 20000)
		return 0;
	line = take_line(&rest);
	if (line.n >= sizeof name)
		return 0;
	memcpy(name, line.n == 0 ? "" : line.p, line.n);
	name[line.n] = '\0';
	line = take_line(&rest);
	known = ip_parse(line, &ip) == 0;
	with_list("/h", rest, name, known ? &ip : NULL);
	with_list("refile:/h", rest, name, known ? &ip : NULL);
	return 0;
}
