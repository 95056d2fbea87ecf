/*
 * b_verifylimit - a filter that does what no verifier can leave out, and
 * nothing else: what the verification of a message costs at the least, here.
 *
 *   b_verifylimit SOCKET FILE
 *
 * The same MTA (b_milterload) sends it the same messages over as many
 * connections as the verifier has, so that both read the same bytes and wake
 * the same sleeper. Of them it makes and hashes the relaxed canonical form of
 * the body, verifies one RSA signature of 2,048 bits, and inserts a field that
 * is always the same. It reads no field, asks no DNS, logs nothing, and trusts
 * what it is sent. It runs until it is killed; b_milterload tells what it used.
 *
 * Before that it prints milliseconds of CPU for each part by itself, with the
 * body of FILE, so that a slow one cannot hide in the limit. The canonical form
 * is that of canon.c, whose part must be small beside that of the hash.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "common/dkim/bodyhash.h"
#include "common/dkim/canon.h"
#include "common/limits.h"
#include "common/milter/milter.h"
#include "tests/support/cputime.h"
#include "tests/support/load.h"

struct work {
	char *body;
	size_t n;
	EVP_PKEY_CTX *rsa;
	unsigned char digest[BODYHASH_SIZE], signature[512];
	size_t signature_n;
	EVP_MD_CTX *md;
};

/* The connection of an MTA, in the middle of a packet. */
struct client {
	int fd;
	unsigned char head[5]; /* its length, and its command */
	size_t have, left;     /* bytes of head; of what follows */
	struct bodyhash *hash;
};

/* The body of the file, its line ends as on the wire. */
static void
read_body(struct work *w, const char *name)
{
	FILE *f = fopen(name, "r");
	int c, last = 0, before = 0;

	load_must(f != NULL, name);
	while ((c = getc(f)) != EOF && (c != '\n' || before != '\n')) {
		if (c != '\r')
			before = c;
	}
	w->body = malloc(64 << 20);
	load_must(w->body != NULL, "malloc");
	for (; (c = getc(f)) != EOF && w->n < (64 << 20) - 2; last = c) {
		if (c == '\n' && last != '\r')
			w->body[w->n++] = '\r';
		w->body[w->n++] = (char)c;
	}
	fclose(f);
}

static void
make_key(struct work *w)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);

	w->signature_n = sizeof w->signature;
	load_must(EVP_PKEY_sign_init(c) == 1 &&
	        EVP_PKEY_CTX_set_signature_md(c, EVP_sha256()) == 1 &&
	        EVP_PKEY_sign(c, w->signature, &w->signature_n, w->digest,
	            sizeof w->digest) == 1,
	    "sign");
	w->rsa = EVP_PKEY_CTX_new(key, NULL);
	load_must(EVP_PKEY_verify_init(w->rsa) == 1 &&
	        EVP_PKEY_CTX_set_signature_md(w->rsa, EVP_sha256()) == 1,
	    "verify");
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(key);
}

/* --- the parts ------------------------------------------------------------ */

static void
verify(const struct work *w)
{
	load_must(EVP_PKEY_verify(w->rsa, w->signature, w->signature_n,
	              w->digest, sizeof w->digest) == 1,
	    "verify");
}

static void
nothing(void *arg, struct span out)
{
	*(size_t *)arg += out.n;
}

static void
canon(const struct work *w)
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
hash(const struct work *w)
{
	unsigned char digest[BODYHASH_SIZE];

	load_must(EVP_DigestInit_ex(w->md, EVP_sha256(), NULL) == 1 &&
	        EVP_DigestUpdate(w->md, w->body, w->n) == 1 &&
	        EVP_DigestFinal_ex(w->md, digest, NULL) == 1,
	    "hash");
}

static void
measure(
    const struct work *w, const char *name, void (*part)(const struct work *w))
{
	enum { TIMES = 500 };
	double began;

	part(w);
	began = cputime_us();
	for (int i = 0; i < TIMES; i++)
		part(w);
	printf(" %s_ms=%.4f", name, (cputime_us() - began) / 1e3 / TIMES);
}

/* --- the filter ----------------------------------------------------------- */

static void
answer(const struct client *c, const void *p, size_t n)
{
	load_must(send(c->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n, "send");
}

/* Only the end of a message waits for an answer. */
static void
negotiate(const struct client *c)
{
	enum {
		UNANSWERED = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |
		    SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_HDR |
		    SMFIP_NR_EOH | SMFIP_NR_BODY
	};
	const uint32_t version = htonl(6), flags = htonl(UNANSWERED);
	char packet[] = "\0\0\0\15O....\0\0\0\1....";

	memcpy(packet + 5, &version, 4);
	memcpy(packet + 13, &flags, 4);
	answer(c, packet, 17);
}

static void
end_message(const struct work *w, const struct client *c)
{
	static const char inserted[] = "\0\0\0\151i\0\0\0\0"
	                               "Authentication-Results\0"
	                               " mx.example.com;\n"
	                               "\tdkim=pass header.d=d1.example "
	                               "header.s=s header.b=AbCdEfGh\0"
	                               "\0\0\0\1a";
	unsigned char digest[BODYHASH_SIZE];

	load_must(bodyhash_end(c->hash, digest) == 0, "hash");
	verify(w);
	answer(c, inserted, sizeof inserted - 1);
}

static void
packet_ends(const struct work *w, struct client *c)
{
	c->have = 0;
	switch (c->head[4]) {
	case SMFIC_OPTNEG:
		negotiate(c);
		break;
	case SMFIC_EOH:
		bodyhash_begin(c->hash, CANON_RELAXED);
		break;
	case SMFIC_BODYEOB:
		end_message(w, c);
		break;
	}
}

/* Packets of the milter protocol, cut anywhere. */
static void
feed(const struct work *w, struct client *c, const char *p, size_t n)
{
	uint32_t length;

	for (size_t took; n > 0; p += took, n -= took) {
		if (c->have < sizeof c->head) {
			took = 1;
			c->head[c->have++] = (unsigned char)*p;
			if (c->have < sizeof c->head)
				continue;
			memcpy(&length, c->head, 4);
			c->left = ntohl(length) - 1;
		} else {
			took = n < c->left ? n : c->left;
			if (c->head[4] == SMFIC_BODY)
				bodyhash_feed(c->hash, span_of(p, took));
			c->left -= took;
		}
		if (c->left == 0)
			packet_ends(w, c);
	}
}

static void
readable(const struct work *w, struct client *c)
{
	static char chunk[READ_CHUNK];
	ssize_t n = read(c->fd, chunk, sizeof chunk);

	if (n > 0) {
		feed(w, c, chunk, (size_t)n);
		return;
	}
	close(c->fd);
	bodyhash_free(c->hash);
	free(c);
}

static void
watch(int ep, int fd, void *what)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = what};

	load_must(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0, "epoll_ctl");
}

static void
connected(int ep, int listening)
{
	struct client *c = calloc(1, sizeof *c);

	load_must(c != NULL && bodyhash_new(&c->hash) == 0, "memory");
	c->fd = accept(listening, NULL, NULL);
	load_must(c->fd >= 0, "accept");
	watch(ep, c->fd, c);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	load_must(strlen(path) < sizeof at.sun_path, path);
	strcpy(at.sun_path, path);
	load_must(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
	        listen(fd, 128) == 0,
	    path);
	return fd;
}

static void
serve(const struct work *w, const char *path)
{
	int listening = listen_at(path), ep = epoll_create1(0);
	struct epoll_event ev[64];

	watch(ep, listening, NULL);
	for (int n; (n = epoll_wait(ep, ev, 64, -1)) > 0;) {
		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr == NULL)
				connected(ep, listening);
			else
				readable(w, ev[i].data.ptr);
		}
	}
}

int
main(int argc, char **argv)
{
	static struct work w;

	if (argc != 3) {
		fprintf(stderr, "usage: b_verifylimit SOCKET FILE\n");
		return 2;
	}
	read_body(&w, argv[2]);
	w.md = EVP_MD_CTX_new();
	load_must(w.md != NULL, "memory");
	make_key(&w);
	measure(&w, "canon", canon);
	measure(&w, "rsa", verify);
	measure(&w, "hash", hash);
	putchar('\n');
	fflush(stdout);
	serve(&w, argv[1]);
	return 1;
}
