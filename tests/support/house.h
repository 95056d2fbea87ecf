/*
 * house.h - a house that verifies: one worker of postseal-verifier, its DNS as
 * a zone in text, keys, and mail for it, signed as a test wants.
 *
 * The house is mx.example.jp; a client's address is 192.0.2.1; the time stands
 * still at HOUSE_NOW. Published are rsa, weak (1,024 bits) and ed at a.example,
 * rsa at list.example and at b.a.example.
 */
#ifndef POSTSEAL_TESTS_HOUSE_H
#define POSTSEAL_TESTS_HOUSE_H

#include "common/dns/resolver.h"
#include "tests/support/dkimsign.h"
#include "tests/support/mta.h"
#include "verifier/verifier.h"

enum { HOUSE_NOW = 1800000000 };

/* What SPF asks of a message, and DMARC of one from a.example, at once: they
 * have rows of their own (t_envelope.c, t_verifier_dmarc.c). */
enum { HOUSE_SPF_QUESTIONS = 2, HOUSE_DMARC_QUESTIONS = 2 };

/* Config for tests in which DMARC asks nothing. */
#define HOUSE_NO_DMARC "dmarc { check = false }\n"

struct house {
	struct settings *settings;
	struct loop *loop;
	struct resolver *resolver;
	struct verifier v;
	struct key *rsa, *weak, *ed;
	struct buf field; /* of house_field() */
};

/* config: lines of the section verifier. Ends the program when they are
 * wrong. */
void house_open(struct house *h, const char *config);
void house_close(struct house *h);

/* Adds records; $RSA, $WEAK and $ED stand for the text of p=, $BARE for that of
 * rsa as a bare RSAPublicKey. NULL is allowed. */
void house_zone(struct house *h, const char *text);

/*
 * Appends a message: lines, each for a field above text, the first on top. A
 * line with '!' in front is that field; any other is a template, of dksign()
 * where it has '%' in front, else of dkimsign(), signed by the key that its s=
 * names (rsa, if it is no other). Empty lines are left out.
 */
void house_mail(const struct house *h, const char *lines, const char *text,
    struct buf *out);

/* An MTA that has not spoken yet, with the house's verifier behind it. The loop
 * turns once between an envelope and its message. */
void house_mta(struct house *h, struct mta *m);

/* One with a client at address that is ready to send mail. */
void house_connect(struct house *h, struct mta *m, const char *address);

/* Has the message verified; the last answer. m is initialized. */
char house_deliver(struct house *h, struct mta *m, struct span message);

/* What the end of a message is told, which was answered with r so far: the loop
 * turns, and the session is asked when there is something new, as service.c
 * does. Checks that nothing is said before, and that it comes to an end. */
char house_wait(struct house *h, struct mta *m, char r);

/* The same for a session without an MTA, whose answers are appended; nothing is
 * checked. */
void house_wait_session(struct house *h, struct session *s, struct buf *out);

/* The fields that were deleted, in the order of the packets: "3 1
 * DomainKey-Status1", the first two of Authentication-Results. Checks that the
 * insertion comes last. Borrows until the next call of these. */
const char *house_deleted(struct house *h, const struct mta *m);

/* A row: mail that goes on, and what is said of it. */
struct house_row {
	const char *name;
	const char *lines; /* of house_mail() */
	const char *want;  /* house_field(); "~...": what stands in it */
	const char *zone;
	const char *config, *text; /* NULL: those of the table */
};

/* Checks n rows, each in a house of its own. */
void house_check_rows(const struct house_row *row, size_t n, const char *config,
    const char *text);

/*
 * The value of the field that was inserted, unfolded, the text of header.b as
 * "*", without the id in front and all from spf= on; "none" if nothing was.
 * Borrows likewise.
 */
const char *house_field(struct house *h, struct mta *m);

/* The same, all of it as it stands. */
const char *house_whole_field(struct house *h, struct mta *m);

/* Its one spf=, or dmarc=, with all that belongs to it. */
const char *house_spf(struct house *h, struct mta *m);
const char *house_dmarc(struct house *h, struct mta *m);

/* The word in the mark that was inserted below that field, or "none". */
const char *house_mark(const struct mta *m);

#endif
