/*
 * b_signedmail - messages with three signatures of three domains, no two of
 * which name the same key.
 *
 *   b_signedmail FILE MESSAGES BYTES >ZONE
 *
 * Writes FILE.0000, FILE.0001, ... with a body of so many bytes each, for
 * b_milterload -m FILE -d MESSAGES; prints the records of their keys, and SPF
 * and DMARC of the author, m%d-0.example, each answered 20 ms late, for dnsd.
 * The SPF record nests two deep, and what permits the client is innermost. The
 * key is the same everywhere: what is measured is the way to it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/dkimsign.h"
#include "tests/support/load.h"
#include "tests/support/pem.h"

enum { SIGNATURES = 3, TEXT_MAX = 4 << 20 };

/* The text that all are made of; its author is that of the first signature. */
static void
put_text(struct buf *out, int number, size_t bytes)
{
	static const char line[] = "The quick brown fox  jumps over the lazy "
	                           "dog, and writes a mail.\r\n";
	size_t end;

	buf_fmt(out,
	    "From: Joe <joe@m%d-0.example>\r\nTo: ann@rcpt.example\r\n"
	    "Subject: A message of ordinary length\r\n"
	    "Date: Mon, 30 Nov 2026 10:00:00 +0000\r\n"
	    "Message-ID: <%d@m.example>\r\n\r\n",
	    number, number);
	for (end = out->n + bytes; out->n < end;)
		buf_str(out, line);
}

static void
write_message(const char *file, int number, struct key *key, size_t bytes)
{
	struct buf text, out;
	char name[4096];
	FILE *f;

	buf_init(&text, TEXT_MAX);
	buf_init(&out, TEXT_MAX);
	put_text(&text, number, bytes);
	for (int i = 0; i < SIGNATURES; i++) {
		char tags[300];

		snprintf(tags, sizeof tags,
		    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=m%d-%d.example; "
		    "s=s; h=from:to:subject:date:message-id; bh=@; b=@",
		    number, i);
		dkimsign(tags, key, buf_view(&text), &out);
	}
	buf_span(&out, buf_view(&text));
	snprintf(name, sizeof name, "%s.%04d", file, number);
	f = fopen(name, "w");
	if (f == NULL || buf_error(&out) != 0 ||
	    fwrite(out.p, 1, out.n, f) != out.n || fclose(f) != 0)
		load_die(name);
	buf_free(&text);
	buf_free(&out);
}

/* What is asked beside the keys: two round trips behind the record of SPF. */
static void
print_author(int number)
{
	printf("m%d-0.example TXT delay=20\n"
	       "m%d-0.example TXT \"v=spf1 include:a%d.example -all\"\n"
	       "a%d.example TXT delay=20\n"
	       "a%d.example TXT \"v=spf1 include:b%d.example -all\"\n"
	       "b%d.example TXT delay=20\n"
	       "b%d.example TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n",
	    number, number, number, number, number, number, number, number);
	printf("_dmarc.m%d-0.example TXT delay=20\n"
	       "_dmarc.m%d-0.example TXT \"v=DMARC1; p=reject\"\n",
	    number, number);
}

static void
print_zone(int number, const char *record)
{
	for (int i = 0; i < SIGNATURES; i++)
		printf("s._domainkey.m%d-%d.example TXT delay=20\n"
		       "s._domainkey.m%d-%d.example TXT \"%s\"\n",
		    number, i, number, i, record);
	print_author(number);
}

int
main(int argc, char **argv)
{
	int n = argc == 4 ? atoi(argv[2]) : 0;
	struct buf record;
	struct key *key;
	const char *why;

	if (n <= 0 || n > 10000) {
		fprintf(stderr, "usage: b_signedmail FILE MESSAGES BYTES\n");
		return 2;
	}
	if (key_new(span_str(pem_rsa2048), &key, &why) != 0)
		load_die(why);
	buf_init(&record, 4096);
	dkimsign_record(key, &record);
	for (int i = 0; i < n; i++) {
		write_message(argv[1], i, key, strtoul(argv[3], NULL, 10));
		print_zone(i, buf_text(&record));
	}
	buf_free(&record);
	key_free(key);
	return 0;
}
