/*
 * b_verifylimit - what the verification of a message costs at the least, here.
 *
 *   b_verifylimit FILE MESSAGES
 *
 * Does with the body of the message in FILE, so many times, what no verifier
 * can leave out, and nothing else: the bytes come through a unix socket, from a
 * process that sleeps until the one before is answered, as each smtpd does; the
 * relaxed canonical form is made and hashed, one RSA signature of 2,048 bits is
 * verified, and a byte is answered. No protocol, no header, no DNS, no log; and
 * the bytes are always there already, so nothing is waited for. It runs on the
 * first core, and who writes on the second, as verifier has it.
 *
 * Prints milliseconds of CPU a message: the whole, then each part by itself, so
 * that a slow one cannot hide in the limit. The canonical form is that of
 * canon.c, whose part must be small beside that of the hash.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "common/dkim/bodyhash.h"
#include "common/dkim/canon.h"
#include "common/limits.h"
#include "tests/support/cputime.h"
#include "tests/support/load.h"

struct work {
	char *body;
	size_t n;
	int socket;
	EVP_PKEY_CTX *rsa;
	unsigned char digest[BODYHASH_SIZE], signature[512];
	size_t signature_n;
	struct bodyhash *hash;
	EVP_MD_CTX *md;
	char chunk[READ_CHUNK];
};

static void
must(int is, const char *what)
{
	if (!is)
		load_die(what);
}

/* The body of the file, its line ends as on the wire. */
static void
read_body(struct work *w, const char *name)
{
	FILE *f = fopen(name, "r");
	int c, last = 0, before = 0;

	must(f != NULL, name);
	while ((c = getc(f)) != EOF && (c != '\n' || before != '\n')) {
		if (c != '\r')
			before = c;
	}
	w->body = malloc(64 << 20);
	must(w->body != NULL, "malloc");
	for (; (c = getc(f)) != EOF && w->n < (64 << 20) - 2; last = c) {
		if (c == '\n' && last != '\r')
			w->body[w->n++] = '\r';
		w->body[w->n++] = (char)c;
	}
	fclose(f);
}

/* Writes the body again and again, in pieces as Postfix's; AHEAD of the
 * answers, so that there is always something to read. */
static void
write_bodies(const struct work *w, int fd)
{
	enum { PIECE = 65535, AHEAD = 8 };
	char answer;

	for (unsigned long bodies = 1;; bodies++) {
		for (size_t at = 0; at < w->n;) {
			size_t n = w->n - at < PIECE ? w->n - at : PIECE;
			ssize_t sent = send(fd, w->body + at, n, MSG_NOSIGNAL);

			if (sent <= 0)
				return;
			at += (size_t)sent;
		}
		if (bodies > AHEAD && read(fd, &answer, 1) != 1)
			return;
	}
}

/* Where there is no such core, anywhere. */
static void
run_on(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}

static void
start_writer(struct work *w)
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
	w->socket = pair[0];
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, 9);
		run_on(1);
		close(pair[0]);
		write_bodies(w, pair[1]);
		_exit(0);
	}
	close(pair[1]);
}

static void
make_key(struct work *w)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);

	w->signature_n = sizeof w->signature;
	must(EVP_PKEY_sign_init(c) == 1 &&
	        EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 &&
	        EVP_PKEY_sign(c, w->signature, &w->signature_n, w->digest,
	            sizeof w->digest) == 1,
	    "sign");
	w->rsa = EVP_PKEY_CTX_new(key, NULL);
	must(EVP_PKEY_verify_init(w->rsa) == 1 &&
	        EVP_PKEY_CTX_set_signature_md(w->rsa, EVP_sha256()) == 1,
	    "verify");
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(key);
}

/* --- the parts ------------------------------------------------------------ */

static void
verify(struct work *w)
{
	must(EVP_PKEY_verify(w->rsa, w->signature, w->signature_n, w->digest,
	         sizeof w->digest) == 1,
	    "verify");
}

/* Reads one body and feeds it, unless hash is NULL. */
static void
copy_to(struct work *w, struct bodyhash *hash)
{
	for (size_t left = w->n; left > 0;) {
		size_t most = left < READ_CHUNK ? left : READ_CHUNK;
		ssize_t n = read(w->socket, w->chunk, most);

		must(n > 0, "read");
		if (hash != NULL)
			bodyhash_feed(hash, span_of(w->chunk, (size_t)n));
		left -= (size_t)n;
	}
}

static void
answer(struct work *w)
{
	must(send(w->socket, "a", 1, MSG_NOSIGNAL) == 1, "send");
}

static void
copy(struct work *w)
{
	copy_to(w, NULL);
	answer(w);
}

static void
all(struct work *w)
{
	unsigned char digest[BODYHASH_SIZE];

	bodyhash_begin(w->hash, CANON_RELAXED);
	copy_to(w, w->hash);
	must(bodyhash_end(w->hash, digest) == 0, "hash");
	verify(w);
	answer(w);
}

static void
nothing(void *arg, struct span out)
{
	*(size_t *)arg += out.n;
}

static void
canon(struct work *w)
{
	size_t n = 0;
	const struct canon_sink sink = {nothing, &n};
	struct canon_body c;

	canon_body_init(&c, CANON_RELAXED);
	for (size_t at = 0; at < w->n; at += READ_CHUNK)
		canon_body_feed(&c,
		    span_of(w->body + at,
		        w->n - at < READ_CHUNK ? w->n - at : READ_CHUNK),
		    &sink);
	canon_body_end(&c, &sink);
}

static void
hash(struct work *w)
{
	must(EVP_DigestInit_ex(w->md, EVP_sha256(), NULL) == 1 &&
	        EVP_DigestUpdate(w->md, w->body, w->n) == 1 &&
	        EVP_DigestFinal_ex(w->md, w->digest, NULL) == 1,
	    "hash");
}

static void
measure(struct work *w, const char *name, void (*part)(struct work *w), int n)
{
	double began;

	part(w);
	began = cputime_us();
	for (int i = 0; i < n; i++)
		part(w);
	printf("%s_ms=%.4f ", name, (cputime_us() - began) / 1e3 / n);
}

int
main(int argc, char **argv)
{
	static struct work w;
	int n = argc == 3 ? atoi(argv[2]) : 0;

	if (n <= 0) {
		fprintf(stderr, "usage: b_verifylimit FILE MESSAGES\n");
		return 2;
	}
	read_body(&w, argv[1]);
	start_writer(&w);
	run_on(0);
	w.md = EVP_MD_CTX_new();
	must(bodyhash_new(&w.hash) == 0 && w.md != NULL, "hash");
	hash(&w);
	make_key(&w);
	measure(&w, "limit", all, n);
	measure(&w, "copy", copy, n);
	measure(&w, "canon", canon, n);
	measure(&w, "rsa", verify, n);
	measure(&w, "hash", hash, n);
	putchar('\n');
	return 0;
}
