/*
 * Where the private keys are while postseal-signer runs: nowhere as text, in
 * the workers, and never in the helper, which is the one process that hears
 * from DNS. /proc/PID/mem tells; for processes that are not dumpable only root
 * may read it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/dkim/base64.h"
#include "tests/support/await.h"
#include "tests/support/built.h"
#include "tests/support/pem.h"
#include "tests/support/signerd.h"
#include "tests/support/suite.h"

enum {
	PIECE = 16,       /* bytes that are looked for */
	PIECES_MAX = 400, /* of all keys */
	RSA_SECRET = 300, /* n and e of 2,048 bits end before; d is behind */
	KEY_MAX = 4096,
	MAPPING_MAX = 1 << 25 /* larger is the shadow memory of a sanitizer */
};

static struct {
	char p[PIECES_MAX][PIECE];
	size_t n;
} text, bytes;

static void
add(char (*to)[PIECE], size_t *n, const char *from)
{
	CU_ASSERT_FATAL(*n < PIECES_MAX);
	memcpy(to[(*n)++], from, PIECE);
}

/* Pieces of what is secret in a key: its base64, and its bytes. */
static void
add_key(const char *pem)
{
	const char *from = strchr(pem, '\n') + 1;
	const char *to = strstr(from, "-----END");
	static char line[KEY_MAX];
	unsigned char der[KEY_MAX];
	size_t n = 0, size, secret;

	for (; from < to; from++) {
		if (*from != '\n')
			line[n++] = *from;
	}
	CU_ASSERT_FATAL(
	    base64_read(span_of(line, n), der, sizeof der, &size) == 0);
	secret = size > 400 ? RSA_SECRET : size - 32;
	/* within a line of the PEM file, at the same place in each */
	for (size_t i = (secret * 4 / 3 + 63) / 64 * 64; i + PIECE <= n;
	     i += 64)
		add(text.p, &text.n, line + i);
	if (size < 400)
		add(text.p, &text.n, line + n - 2 * PIECE);
	for (size_t i = secret; i + PIECE <= size; i += PIECE)
		add(bytes.p, &bytes.n, (const char *)der + i);
}

/* How many of the pieces stand in these bytes. */
static size_t
count(const char *p, size_t n, char (*piece)[PIECE], size_t pieces)
{
	size_t found = 0;

	for (size_t i = 0; i < pieces; i++)
		found += memmem(p, n, piece[i], PIECE) != NULL;
	return found;
}

struct found {
	size_t text, bytes;
};

/* What one mapping of the process has. */
static void
scan_mapping(int mem, uint64_t from, uint64_t to, struct found *ret)
{
	size_t n = (size_t)(to - from);
	char *copy = malloc(n);
	ssize_t got;

	CU_ASSERT_FATAL(copy != NULL);
	got = pread(mem, copy, n, (off_t)from);
	if (got > 0) {
		ret->text += count(copy, (size_t)got, text.p, text.n);
		ret->bytes += count(copy, (size_t)got, bytes.p, bytes.n);
	}
	free(copy);
}

/* False when this user may not look. */
static bool
scan(pid_t pid, struct found *ret)
{
	char path[64], line[512], rights[8];
	uint64_t from, to;
	FILE *maps;
	int mem;

	*ret = (struct found){0, 0};
	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (mem < 0 || maps == NULL) {
		CHECK(getuid() != 0);
		if (mem >= 0)
			close(mem);
		if (maps != NULL)
			fclose(maps);
		return false;
	}
	while (fgets(line, sizeof line, maps) != NULL) {
		/* what is written to: programs and libraries hold no key */
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &from, &to,
		        rights) == 3 &&
		    rights[0] == 'r' && rights[1] == 'w' &&
		    to - from <= MAPPING_MAX)
			scan_mapping(mem, from, to, ret);
	}
	fclose(maps);
	close(mem);
	return true;
}

/* --- a daemon with keys of all kinds -------------------------------------- */

static const char config[] =
    "domain \"a.example\" { key \"r\" { file = \"%s\" }\n"
    " key \"e\" { file = \"%s\" } }\n";

static void
put_inline(FILE *f, const char *name, const char *pem, const char *line_end)
{
	fprintf(f, "%s %s.example:s:", name, name);
	for (; *pem != '\0'; pem++) {
		if (*pem == '\n')
			fputs(line_end, f);
		else
			fputc(*pem, f);
	}
	fputc('\n', f);
}

/* Both keys in files, and both in rows of a table. */
static void
configure(void)
{
	char table[TMPDIR_PATH_MAX], more[300], domains[500];
	FILE *f;

	signerd_write_file(signerd.other, pem_rsa2048, 0600);
	tmpdir_write(&signerd.dir, "KeyTable", "");
	tmpdir_file(&signerd.dir, "KeyTable", table);
	f = fopen(table, "we");
	CU_ASSERT_FATAL(f != NULL);
	put_inline(f, "b", pem_rsa2048, "\\n");
	put_inline(f, "c", pem_ed25519, " ");
	fclose(f);
	snprintf(more, sizeof more, "key_table = \"%s\"\n", table);
	snprintf(domains, sizeof domains, config, signerd.other, signerd.good);
	signerd_configure(more, domains);
	add_key(pem_rsa2048);
	add_key(pem_ed25519);
}

/* The children of a process: the worker is told by the log, the helper is the
 * other one. */
static pid_t
child(pid_t parent, bool worker)
{
	char path[64], list[256] = "", want[64];
	struct await a = {0};
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent,
	    (int)parent);
	do {
		const char *at = list;
		char *end;

		f = fopen(path, "re");
		CU_ASSERT_FATAL(f != NULL);
		if (fgets(list, sizeof list, f) == NULL)
			list[0] = '\0';
		fclose(f);
		for (long pid; (pid = strtol(at, &end, 10)) > 0; at = end) {
			snprintf(
			    want, sizeof want, "[%ld]: worker_started", pid);
			if ((strstr(tmpdir_read(signerd.log), want) != NULL) ==
			    worker)
				return (pid_t)pid;
		}
	} while (await_more(&a, worker ? "a worker" : "a helper"));
	return -1;
}

/* Scans the helper until it has wiped what it was forked with: it does so
 * before anything else, but may not have come to run yet. */
static bool
scan_helper(pid_t parent, struct found *ret)
{
	struct await a = {0};

	do {
		if (!scan(child(parent, false), ret))
			return false;
	} while (ret->bytes + ret->text > 0 &&
	    await_more(&a, "a helper without keys"));
	return true;
}

static void
keys_are_nowhere_else(void)
{
	struct found supervisor, worker, helper;
	pid_t pid;

	/* which would keep what functions had on their stacks */
	setenv("ASAN_OPTIONS", "detect_stack_use_after_return=0", 1);
	signerd_begin();
	configure();
	pid = signerd_start_serving();
	CHECK(signerd_logged("worker_started"));
	if (scan(pid, &supervisor) && scan(child(pid, true), &worker) &&
	    scan_helper(pid, &helper)) {
		/* that a key is found where it must be proves the search */
		CHECK(worker.bytes >= bytes.n && worker.text == 0);
		CHECK(supervisor.bytes >= bytes.n && supervisor.text == 0);
		CHECK(helper.bytes == 0 && helper.text == 0);
	}
	kill(pid, SIGTERM);
	CHECK(built_end_of(pid) == 0);
	signerd_finish();
}

SUITE("signer_secrets", T(keys_are_nowhere_else))
