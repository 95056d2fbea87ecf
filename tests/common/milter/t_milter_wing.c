/*
 * The engine with another wing than the signer: every word and edit, with each
 * thing that an MTA may offer or not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "tests/support/mta.h"
#include "tests/support/suite.h"
#include "tests/support/testwing.h"
#include "tests/support/tmpdir.h"

/* A literal with its inner NULs, without the last one. */
#define S(text) text, sizeof(text) - 1

/* What a TEMPFAIL is, and all that could not be done. */
#define LATER "451 4.3.0 Temporary system problem, try again later\n"

/* Why, as through() is told */
#define NOT_LET "the MTA does not let us change the message"
#define NOT_VALID "a header field of ours is not valid"
#define NO_ROOM "there is no room for all of the answer"

static const struct optneg all = {6, 0x1ff, 0x1fffff};

static const char text[] =
    "From: a@b.example\r\nX-Forged: 1\r\nX-Forged: 2\r\n\r\nhello\r\n";

struct world {
	struct testwing wing;
	struct mta mta;
};

/* A session of the wing as it is set up; the MTA offers that. */
static void
dial(struct world *w, struct optneg offer)
{
	mta_init(&w->mta, &w->wing.ops, &w->wing);
	w->mta.offer = offer;
	CHECK(mta_open(&w->mta));
	mta_connect(&w->mta, "192.0.2.1");
	testwing_seen(&w->wing);
}

/* Gives the session up and takes a new wing. */
static void
again(struct world *w)
{
	mta_free(&w->mta);
	testwing_free(&w->wing);
	testwing_init(&w->wing);
}

/* --- what the wing is told ------------------------------------------------ */

static void
story(void)
{
	struct world w;

	testwing_init(&w.wing);
	mta_init(&w.mta, &w.wing.ops, &w.wing);
	CHECK_STR(testwing_seen(&w.wing), "open");
	CHECK(mta_open(&w.mta));
	mta_macros(&w.mta, 'C', "j", "mx.example", NULL);
	mta_send(&w.mta, 'C', span_of(S("h\0004\0\000192.0.2.1\0")));
	mta_send(&w.mta, 'H', span_of(S("client.example\0")));
	CHECK_STR(testwing_seen(&w.wing), "C:j=mx.example");
	mta_macros(&w.mta, 'M', "{auth_type}", "PLAIN", NULL);
	mta_send(&w.mta, 'M', span_of(S("<a@b.example>\0")));
	mta_send(&w.mta, 'R', span_of(S("<r@r.example>\0")));
	mta_send(&w.mta, 'R', span_of(S("<s@r.example>\0")));
	/* forgotten, in case that there was no ABORT */
	CHECK_STR(testwing_seen(&w.wing),
	    "reset M:{auth_type}=PLAIN "
	    "rcpt:<a@b.example>:<r@r.example>:client.example "
	    "rcpt:<a@b.example>:<s@r.example>:client.example");
	mta_send(&w.mta, 'T', span_of(NULL, 0));
	mta_send(&w.mta, 'L', span_of(S("From\0 a@b.example\0")));
	mta_send(&w.mta, 'L', span_of(S("X-Forged\0 1\0")));
	CHECK(mta_send(&w.mta, 'N', span_of(NULL, 0)) == 'c');
	CHECK(mta_send(&w.mta, 'B', span_of(S("hello\r\n"))) == 'c');
	CHECK(mta_send(&w.mta, 'B', span_of(NULL, 0)) == 'c');
	CHECK(mta_send(&w.mta, 'E', span_of(S("end\r\n"))) == 'a');
	CHECK_STR(testwing_seen(&w.wing),
	    "field:From field:X-Forged headers:2 body:7 body:5 end through "
	    "reset");
	CHECK(w.wing.said == MILTER_GO_ON && w.wing.may == 0x131);
	mta_send(&w.mta, 'A', span_of(NULL, 0));
	CHECK_STR(testwing_seen(&w.wing), "reset");
	mta_send(&w.mta, 'K', span_of(NULL, 0));
	CHECK_STR(testwing_seen(&w.wing), "reset close open");
	mta_send(&w.mta, 'Q', span_of(NULL, 0));
	CHECK_STR(testwing_seen(&w.wing), "");
	mta_free(&w.mta);
	CHECK_STR(testwing_seen(&w.wing), "reset close");
	CHECK(w.wing.session == NULL && w.wing.errors == 0);
	testwing_free(&w.wing);
}

/* What a wing leaves out is not called. */
static void
least_wing(void)
{
	struct world w;

	testwing_init(&w.wing);
	w.wing.ops.open = NULL;
	w.wing.ops.close = NULL;
	w.wing.ops.macro = NULL;
	w.wing.ops.recipient = NULL;
	w.wing.ops.field = NULL;
	w.wing.ops.held = NULL;
	dial(&w, all);
	CHECK(mta_message(&w.mta, "al", span_of(S(text))) == 'a');
	CHECK(session_held(w.mta.session) == 0);
	mta_send(&w.mta, 'K', span_of(NULL, 0));
	CHECK_STR(testwing_seen(&w.wing),
	    "reset headers:3 body:7 end through reset reset reset");
	mta_free(&w.mta);
	testwing_free(&w.wing);
}

/* A field that there is no room for is seen all the same. */
static void
fields_beyond_the_limit(void)
{
	static char big[70000];
	struct world w;
	char want[400] = "";

	testwing_init(&w.wing);
	dial(&w, all);
	memset(big, 'x', sizeof big - 1);
	big[1] = '\0';
	mta_send(&w.mta, 'M', span_of(S("<>\0")));
	for (int i = 0; i < 16; i++) {
		mta_send(&w.mta, 'L', span_of(big, sizeof big));
		strcat(want, "field:x ");
	}
	mta_send(&w.mta, 'L', span_of(S("X-Forged\0 1\0")));
	mta_send(&w.mta, 'N', span_of(NULL, 0));
	strcat(want, "field:X-Forged headers:0");
	CHECK_STR(testwing_seen(&w.wing), want);
	mta_free(&w.mta);
	testwing_free(&w.wing);
}

static const char *
all_macros(const void *wing, enum milter_stage stage)
{
	static const char *const macros[] = {[SMFIM_CONNECT] = "v",
	    [SMFIM_HELO] = "{cert_subject} {cipher}",
	    [SMFIM_MAIL] = "{mail_addr}",
	    [SMFIM_EOH] = "x"};

	return (size_t)stage < sizeof macros / sizeof macros[0] ? macros[stage]
	                                                        : NULL;
}

static void
macros(void)
{
	static const struct {
		uint32_t offer;
		const char *want;
	} row[] = {
	    {0x1ff,
	        "0 j {daemon_name} {daemon_addr} {client_addr} v\n"
	        "1 {cert_subject} {cipher}\n"
	        "2 i {auth_type} {auth_authen} {mail_addr}\n"
	        "3 i\n5 i\n6 x\n"},
	    {0xff, ""},
	};
	struct world w;

	testwing_init(&w.wing);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		w.wing.ops.macros = all_macros;
		dial(&w, (struct optneg){6, row[i].offer, 0x1fffff});
		CHECK_STR(buf_text(&w.mta.lists), row[i].want);
		again(&w);
	}
	suite_row(NULL);
	testwing_free(&w.wing);
}

static const struct testwing_edit insert[] = {{'i', 0, "X-A", " 1"}, {0}},
                                  add[] = {{'h', 0, "X-A", " 1"}, {0}},
                                  change[] = {{'m', 2, "X-Forged", " 3"}, {0}},
                                  removed[] = {{'d', 1, "X-Forged", ""},
                                      {'d', 2, "X-Forged", ""}, {0}},
                                  many[] = {{'i', 0, "X-A", " 1\n\t2"},
                                      {'d', 1, "X-Forged", ""},
                                      {'h', 0, "X-B", " 3"},
                                      {'d', 2, "X-Forged", ""}, {0}},
                                  bad[] = {{'i', 0, "X-A", " 1\r\n"}, {0}},
                                  half[] = {{'d', 1, "X-Forged", ""},
                                      {'i', 0, "X-A", " 1\n2"}, {0}};

/* --- words ---------------------------------------------------------------- */

/* What is answered to the end of the header, to two pieces of a body, to the
 * end; '-' where there is no answer. What a word leaves unsent is not sent. */
static void
send_all(struct mta *m, char *answers)
{
	static const char commands[] = "NBBE";
	size_t n = 0;

	mta_send(m, 'M', span_of(S("<>\0")));
	mta_send(m, 'L', span_of(S("From\0 a@b.example\0")));
	buf_clear(&m->done);
	m->ninserted = 0;
	for (const char *c = commands; *c != '\0'; c++) {
		char r;

		if (*c == 'B' && n > 0 && answers[n - 1] == 's')
			continue;
		r = mta_send(
		    m, *c, *c == 'B' ? span_of(S("hi\r\n")) : span_of(NULL, 0));
		answers[n++] = r == 0 ? '-' : r;
		if (strchr("artyd", r) != NULL && r != 0)
			break;
	}
	answers[n] = '\0';
}

/* Each word at the end of the header, and at the end, with all that may be
 * agreed on about answers. */
static void
words(void)
{
	enum { EOH = SMFIP_NR_EOH, BODY = SMFIP_NR_BODY, SKIP = SMFIP_SKIP };
	static const struct {
		uint32_t agreed;
		enum milter_word headers, end;
		const char *answers;
		const char *seen; /* behind the fields */
		enum milter_word said;
	} row[] = {
#define SEEN "headers:1 body:4 body:4 end through reset"
#define EARLY "headers:1 through reset"
	    /* no word until the end */
	    {0, MILTER_GO_ON, MILTER_GO_ON, "ccca", SEEN, MILTER_GO_ON},
	    {SKIP, MILTER_GO_ON, MILTER_GO_ON, "ccca", SEEN, MILTER_GO_ON},
	    {EOH, MILTER_GO_ON, MILTER_GO_ON, "-cca", SEEN, MILTER_GO_ON},
	    {BODY, MILTER_GO_ON, MILTER_GO_ON, "c--a", SEEN, MILTER_GO_ON},
	    {EOH | BODY | SKIP, MILTER_GO_ON, MILTER_ACCEPT, "---a", SEEN,
	        MILTER_ACCEPT},
	    {SKIP, MILTER_GO_ON, MILTER_REJECT, "cccr", SEEN, MILTER_REJECT},
	    {EOH | BODY, MILTER_GO_ON, MILTER_REJECT, "---r", SEEN,
	        MILTER_REJECT},
	    {SKIP, MILTER_GO_ON, MILTER_TEMPFAIL, "cccy", SEEN,
	        MILTER_TEMPFAIL},
	    {SKIP, MILTER_GO_ON, MILTER_REPLY, "cccy", SEEN, MILTER_REPLY},
	    {SKIP, MILTER_GO_ON, MILTER_QUARANTINE, "ccca", SEEN,
	        MILTER_QUARANTINE},
	    /* accepted as soon as there is an answer */
	    {0, MILTER_ACCEPT, MILTER_REJECT, "a", EARLY, MILTER_ACCEPT},
	    {BODY | SKIP, MILTER_ACCEPT, MILTER_REJECT, "a", EARLY,
	        MILTER_ACCEPT},
	    {EOH, MILTER_ACCEPT, MILTER_REJECT, "-a", EARLY, MILTER_ACCEPT},
	    {EOH | SKIP, MILTER_ACCEPT, MILTER_REJECT, "-a", EARLY,
	        MILTER_ACCEPT},
	    {EOH | BODY, MILTER_ACCEPT, MILTER_REJECT, "---a", EARLY,
	        MILTER_ACCEPT},
	    {EOH | BODY | SKIP, MILTER_ACCEPT, MILTER_REJECT, "---a", EARLY,
	        MILTER_ACCEPT},
	    /* the others wait for the end, and the body is skipped */
	    {0, MILTER_REJECT, MILTER_GO_ON, "cccr", EARLY, MILTER_REJECT},
	    {SKIP, MILTER_REJECT, MILTER_GO_ON, "csr", EARLY, MILTER_REJECT},
	    {EOH | SKIP, MILTER_REJECT, MILTER_GO_ON, "-sr", EARLY,
	        MILTER_REJECT},
	    {BODY | SKIP, MILTER_REJECT, MILTER_GO_ON, "c--r", EARLY,
	        MILTER_REJECT},
	    {EOH | BODY | SKIP, MILTER_REJECT, MILTER_GO_ON, "---r", EARLY,
	        MILTER_REJECT},
	    {SKIP, MILTER_TEMPFAIL, MILTER_GO_ON, "csy", EARLY,
	        MILTER_TEMPFAIL},
	    {SKIP, MILTER_REPLY, MILTER_GO_ON, "csy", EARLY, MILTER_REPLY},
	    {SKIP, MILTER_QUARANTINE, MILTER_GO_ON, "csa", EARLY,
	        MILTER_QUARANTINE},
	    /* that is not for here */
	    {SKIP, MILTER_WAIT, MILTER_GO_ON, "csy", EARLY, MILTER_TEMPFAIL},
#undef SEEN
#undef EARLY
	};
	struct world w;

	testwing_init(&w.wing);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		static char name[20];
		char answers[8];

		snprintf(name, sizeof name, "row %zu", i);
		suite_row(name);
		w.wing.ops.steps = SMFIP_NR_EOH | SMFIP_NR_BODY | SMFIP_SKIP;
		w.wing.at_headers = row[i].headers;
		w.wing.at_end = row[i].end;
		dial(&w,
		    (struct optneg){
		        6, 0x1ff, row[i].agreed | SMFIP_HDR_LEADSPC});
		for (int n = 0; n < 2; n++) {
			send_all(&w.mta, answers);
			CHECK_STR(answers, row[i].answers);
			CHECK_STR(
			    strchr(testwing_seen(&w.wing), 'h'), row[i].seen);
			CHECK(w.wing.said == row[i].said);
			CHECK(session_idle(w.mta.session));
		}
		again(&w);
	}
	suite_row(NULL);
	testwing_free(&w.wing);
}

/* Whatever version and bits an MTA offers: the same word, and the same edits,
 * but for the space behind the colon. */
static void
every_offer(void)
{
	static const struct {
		enum milter_word headers, end;
		char answer;
		const char *done;
	} row[] = {
	    {MILTER_GO_ON, MILTER_GO_ON, 'a',
	        "m 2 X-Forged|\nm 1 X-Forged|\ni 0 X-A| 1\n\t2\nh X-B| 3\n"},
	    {MILTER_GO_ON, MILTER_REPLY, 'y', "550 5.7.1 text\n"},
	    {MILTER_REJECT, MILTER_GO_ON, 'r', ""},
	    {MILTER_ACCEPT, MILTER_GO_ON, 'a', ""},
	};
	enum { BITS = 21, WAYS = 2 * BITS + 1, VERSIONS = 5 };
	struct world w;

	testwing_init(&w.wing);
	for (unsigned i = 0; i < 4 * VERSIONS * WAYS; i++) {
		unsigned r = i % 4, bit = i / 4 % WAYS;
		uint32_t version = 2 + i / 4 / WAYS, protocol = 0x1fffff;
		static char name[60];
		char done[200];
		size_t n = 0;

		if (bit < BITS)
			protocol &= ~(1U << bit);
		else if (bit < 2 * BITS)
			protocol = 1U << (bit - BITS);
		else
			protocol = 0;
		snprintf(name, sizeof name, "row %u, version %u, protocol %x",
		    r, version, protocol);
		suite_row(name);
		w.wing.ops.steps = SMFIP_NOHELO | SMFIP_NOUNKNOWN |
		    SMFIP_NODATA | SMFIP_SKIP | SMFIP_NR_CONN | SMFIP_NR_HELO |
		    SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |
		    SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;
		w.wing.at_headers = row[r].headers;
		w.wing.at_end = row[r].end;
		w.wing.edit = many;
		dial(&w, (struct optneg){version, 0x1ff, protocol});
		CHECK(mta_message(&w.mta, NULL, span_of(S(text))) ==
		    row[r].answer);
		for (const char *p = row[r].done; *p != '\0'; p++) {
			if (*p == ' ' && p > row[r].done && p[-1] == '|' &&
			    (protocol & SMFIP_HDR_LEADSPC) == 0)
				continue;
			done[n++] = *p;
		}
		done[n] = '\0';
		CHECK_STR(buf_text(&w.mta.done), done);
		again(&w);
	}
	suite_row(NULL);
	testwing_free(&w.wing);
}

/* The words that have a text, and what they are where they cannot be said. */
static void
texts(void)
{
	static const struct {
		enum milter_word word;
		unsigned code;
		const char *status, *text;
		uint32_t actions;
		char answer;
		const char *done;
	} row[] = {
	    {MILTER_REPLY, 550, "5.7.20", "100% no", 0x1ff, 'y',
	        "550 5.7.20 100%% no\n"},
	    {MILTER_REPLY, 451, "4.7.5", "later", 0, 'y', "451 4.7.5 later\n"},
	    {MILTER_REPLY, 421, "4.7.5", "go away", 0x1ff, 'y', LATER},
	    {MILTER_REPLY, 550, "4.7.5", "class", 0x1ff, 'y', LATER},
	    {MILTER_QUARANTINE, 0, NULL, "50% odd", 0x1ff, 'a', "q 50% odd\n"},
	    {MILTER_QUARANTINE, 0, NULL, "x", 0x1ff & ~0x20U, 'y', LATER},
	};
	struct world w;

	testwing_init(&w.wing);
	for (size_t i = 0; i < 2 * (sizeof row / sizeof row[0]); i++) {
		size_t r = i / 2;

		suite_row(row[r].text);
		w.wing.code = row[r].code;
		w.wing.status = row[r].status;
		w.wing.text = row[r].text;
		if (i % 2 == 0)
			w.wing.at_end = row[r].word;
		else
			w.wing.at_headers = row[r].word;
		dial(&w, (struct optneg){6, row[r].actions, 0x1fffff});
		CHECK(mta_message(&w.mta, NULL, span_of(S(text))) ==
		    row[r].answer);
		CHECK_STR(buf_text(&w.mta.done), row[r].done);
		CHECK(w.wing.said ==
		    (strcmp(row[r].done, LATER) == 0 ? MILTER_TEMPFAIL
		                                     : row[r].word));
		again(&w);
	}
	suite_row(NULL);
	testwing_free(&w.wing);
}

/* What could not be of the wing's word, or NULL. */
static void
check_why(const struct world *w, const char *why)
{
	CHECK_STR(
	    w->wing.why == NULL ? "" : w->wing.why, why == NULL ? "" : why);
}

/* --- edits ---------------------------------------------------------------- */

/* Each edit where it is agreed on, and where it is not: then the message is put
 * off, whatever the wing says of it. */
static void
edits(void)
{
	static const struct {
		const struct testwing_edit *edit;
		uint32_t actions;
		enum milter_word word;
		char answer;
		const char *done;
		const char *why; /* NULL: that could be */
	} row[] = {
	    {insert, 0x1ff, MILTER_GO_ON, 'a', "i 0 X-A| 1\n", NULL},
	    {add, 0x1ff, MILTER_ACCEPT, 'a', "h X-A| 1\n", NULL},
	    {change, 0x1ff, MILTER_ACCEPT, 'a', "m 2 X-Forged| 3\n", NULL},
	    {removed, 0x1ff, MILTER_ACCEPT, 'a',
	        "m 2 X-Forged|\nm 1 X-Forged|\n", NULL},
	    {many, 0x1ff, MILTER_ACCEPT, 'a',
	        "m 2 X-Forged|\nm 1 X-Forged|\ni 0 X-A| 1\n\t2\nh X-B| 3\n",
	        NULL},
	    {many, 0x1ff, MILTER_QUARANTINE, 'a',
	        "m 2 X-Forged|\nm 1 X-Forged|\ni 0 X-A| 1\n\t2\nh X-B| 3\n"
	        "q text\n",
	        NULL},
	    /* nothing is done to what does not go on */
	    {many, 0x1ff, MILTER_REJECT, 'r', "", NULL},
	    {many, 0x1ff, MILTER_TEMPFAIL, 'y', LATER, NULL},
	    {many, 0x1ff, MILTER_REPLY, 'y', "550 5.7.1 text\n", NULL},
	    {bad, 0x1ff, MILTER_REPLY, 'y', "550 5.7.1 text\n", NULL},
	    {many, 0, MILTER_REPLY, 'y', "550 5.7.1 text\n", NULL},
	    /* not agreed on */
	    {insert, SMFIF_ADDHDRS, MILTER_ACCEPT, 'a', "i 0 X-A| 1\n", NULL},
	    {insert, 0x1ff & ~0x1U, MILTER_ACCEPT, 'y', LATER, NOT_LET},
	    {add, 0x1ff & ~0x1U, MILTER_GO_ON, 'y', LATER, NOT_LET},
	    {change, SMFIF_CHGHDRS, MILTER_ACCEPT, 'a', "m 2 X-Forged| 3\n",
	        NULL},
	    {change, 0x1ff & ~0x10U, MILTER_ACCEPT, 'y', LATER, NOT_LET},
	    {removed, 0x1ff & ~0x10U, MILTER_ACCEPT, 'y', LATER, NOT_LET},
	    {many, 0x1ff & ~0x10U, MILTER_ACCEPT, 'y', LATER, NOT_LET},
	    {many, 0x1ff & ~0x1U, MILTER_ACCEPT, 'y', LATER, NOT_LET},
	    {insert, 0x1ff & ~0x20U, MILTER_QUARANTINE, 'y', LATER, NOT_LET},
	    /* could not be noted */
	    {bad, 0x1ff, MILTER_ACCEPT, 'y', LATER, NOT_VALID},
	    {half, 0x1ff, MILTER_GO_ON, 'y', LATER, NOT_VALID},
	    {half, 0x1ff, MILTER_QUARANTINE, 'y', LATER, NOT_VALID},
	};
	struct world w;

	testwing_init(&w.wing);
	for (size_t i = 0; i < 4 * (sizeof row / sizeof row[0]); i++) {
		size_t r = i / 4;
		static char name[20];

		snprintf(name, sizeof name, "row %zu", r);
		suite_row(name);
		w.wing.edit = row[r].edit;
		/* noted early or late, the word said early or late */
		w.wing.edit_at_headers = i % 2 != 0;
		if (i % 4 < 2 || !w.wing.edit_at_headers)
			w.wing.at_end = row[r].word;
		else
			w.wing.at_headers = row[r].word;
		dial(&w, (struct optneg){6, row[r].actions, 0x1fffff});
		CHECK(mta_message(&w.mta, NULL, span_of(S(text))) ==
		    row[r].answer);
		CHECK_STR(buf_text(&w.mta.done), row[r].done);
		check_why(&w, row[r].why);
		again(&w);
	}
	suite_row(NULL);
	testwing_free(&w.wing);
}

/* What finds no room among the answers: nothing of it is said, and the message
 * is put off. So is a refusal: the MTA may be told to let a message in
 * where the connection ends. */
static void
no_room(void)
{
	static const char much[] =
	    "many words, so that the whole of them has no room at all here";
	static const struct {
		enum milter_word word;
		const struct testwing_edit *edit;
		const char *text;
		char answer;
		const char *done;
	} row[] = {
	    {MILTER_GO_ON, many, "", 'y', LATER},
	    {MILTER_QUARANTINE, NULL, much, 'y', LATER},
	    {MILTER_REPLY, NULL, much, 'y', LATER},
	    {MILTER_REPLY, many, much, 'y', LATER},
	    {MILTER_REPLY, NULL, "few", 'y', "550 5.7.1 few\n"},
	    {MILTER_REJECT, many, much, 'r', ""},
	    {MILTER_ACCEPT, insert, "", 'a', "i 0 X-A| 1\n"},
	};
	struct world w;

	testwing_init(&w.wing);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		static char name[20];

		snprintf(name, sizeof name, "row %zu", i);
		suite_row(name);
		w.wing.at_end = row[i].word;
		w.wing.edit = row[i].edit;
		w.wing.text = row[i].text;
		dial(&w, all);
		w.mta.out.max = 5 + sizeof LATER;
		CHECK(mta_message(&w.mta, NULL, span_of(S(text))) ==
		    row[i].answer);
		CHECK_STR(buf_text(&w.mta.done), row[i].done);
		CHECK(w.wing.said ==
		    (strcmp(row[i].done, LATER) == 0 ? MILTER_TEMPFAIL
		                                     : row[i].word));
		check_why(&w,
		    row[i].answer == 'y' && w.wing.said == MILTER_TEMPFAIL
		        ? NO_ROOM
		        : NULL);
		CHECK(session_idle(w.mta.session) &&
		    !session_over(w.mta.session));
		again(&w);
	}
	suite_row(NULL);
	testwing_free(&w.wing);
}

/* An answer before that had no room: the connection is over, and the MTA is
 * told nothing of the word, whatever it is; nor is the wing told that it was.
 */
static void
lost_before(void)
{
	static const enum milter_word row[] = {MILTER_GO_ON, MILTER_ACCEPT,
	    MILTER_QUARANTINE, MILTER_REJECT, MILTER_REPLY, MILTER_TEMPFAIL};
	static const struct {
		int error;
		const char *why;
	} out[] = {{-ENOMEM, "out of memory"}, {-EMSGSIZE, NO_ROOM}};
	struct world w;

	testwing_init(&w.wing);
	for (size_t i = 0; i < 2 * (sizeof row / sizeof row[0]); i++) {
		static char name[20];
		struct buf answers;

		snprintf(name, sizeof name, "row %zu", i);
		suite_row(name);
		w.wing.at_end = row[i / 2];
		w.wing.edit = many;
		dial(&w, all);
		mta_send(&w.mta, 'M', span_of(S("<>\0")));
		mta_send(&w.mta, 'N', span_of(NULL, 0));
		buf_init(&answers, 1000);
		buf_str(&answers, "what has room");
		answers.error = out[i % 2].error;
		CHECK(session_feed(w.mta.session, span_of(S("\0\0\0\1E")),
		          &answers) == 5);
		CHECK(w.wing.said == MILTER_TEMPFAIL);
		check_why(&w, out[i % 2].why);
		CHECK(buf_error(&answers) == out[i % 2].error);
		CHECK_STR(buf_text(&answers), "what has room");
		buf_free(&answers);
		again(&w);
	}
	suite_row(NULL);
	testwing_free(&w.wing);
}

/* The space behind the colon, where the MTA has its own. */
static void
without_leadspc(void)
{
	struct world w;

	testwing_init(&w.wing);
	w.wing.edit = many;
	dial(&w, (struct optneg){6, 0x1ff, 0xfffff});
	CHECK(mta_message(&w.mta, NULL, span_of(S(text))) == 'a');
	CHECK_STR(buf_text(&w.mta.done),
	    "m 2 X-Forged|\nm 1 X-Forged|\ni 0 X-A|1\n\t2\nh X-B|3\n");
	mta_free(&w.mta);
	testwing_free(&w.wing);
}

/* An early ACCEPT of one message leaves nothing for the next. */
static void
edits_are_forgotten(void)
{
	struct world w;

	testwing_init(&w.wing);
	dial(&w, all);
	w.wing.edit = many;
	w.wing.edit_at_headers = true;
	mta_send(&w.mta, 'M', span_of(S("<>\0")));
	mta_send(&w.mta, 'L', span_of(S("From\0 x\0")));
	mta_send(&w.mta, 'N', span_of(NULL, 0));
	mta_send(&w.mta, 'A', span_of(NULL, 0));
	w.wing.edit = NULL;
	CHECK(mta_message(&w.mta, NULL, span_of(S(text))) == 'a');
	CHECK_STR(buf_text(&w.mta.done), "");
	mta_free(&w.mta);
	testwing_free(&w.wing);
}

/* --- waiting -------------------------------------------------------------- */

/* A message up to its end, where the wing waits. */
static void
send_waiting(struct world *w)
{
	w->mta.asks_again = false;
	CHECK(mta_message(&w->mta, NULL, span_of(S(text))) == 0);
	CHECK(session_waiting(w->mta.session));
	CHECK(!session_idle(w->mta.session) && !session_over(w->mta.session));
	CHECK(session_timeout(w->mta.session) == 0);
}

static void
wait_answered(void)
{
	struct world w;

	testwing_init(&w.wing);
	w.wing.waits = 2;
	w.wing.wait_ms = 7000;
	w.wing.edit = removed;
	dial(&w, all);
	w.mta.abort_after = false;
	send_waiting(&w);
	CHECK(session_wait_ms(w.mta.session) == 7000);
	CHECK(!session_resumed(w.mta.session));
	w.wing.wait_ms = 99000; /* the first counts */
	session_resume(w.wing.session);
	CHECK(session_resumed(w.mta.session));
	CHECK(mta_answer(&w.mta, false) == 0);
	CHECK(session_waiting(w.mta.session));
	CHECK(!session_resumed(w.mta.session));
	CHECK(session_wait_ms(w.mta.session) == 7000);
	testwing_seen(&w.wing);
	CHECK(mta_answer(&w.mta, false) == 'a');
	CHECK_STR(testwing_seen(&w.wing), "end through reset");
	CHECK_STR(buf_text(&w.mta.done), "m 2 X-Forged|\nm 1 X-Forged|\n");
	CHECK(!session_waiting(w.mta.session) && session_idle(w.mta.session));
	/* and the next message waits anew, for as long as it says */
	send_waiting(&w);
	CHECK(session_wait_ms(w.mta.session) == 99000);
	mta_free(&w.mta);
	testwing_free(&w.wing);
}

/* Resumed from inside end(): asked again by the loop, not at once. */
static void
wait_answered_at_once(void)
{
	struct world w;

	testwing_init(&w.wing);
	w.wing.waits = 1;
	w.wing.at_once = true;
	dial(&w, all);
	w.mta.abort_after = false;
	send_waiting(&w);
	CHECK(session_resumed(w.mta.session));
	CHECK(mta_answer(&w.mta, false) == 'a');
	/* it says nothing to a session that does not wait */
	session_resume(w.wing.session);
	session_answer(w.mta.session, true, &w.mta.out);
	CHECK(w.mta.out.n == 0 && session_idle(w.mta.session));
	mta_free(&w.mta);
	testwing_free(&w.wing);
}

/* In pieces: asked after each, and when it is late, too, until it has done. */
static void
wait_in_pieces(void)
{
	for (int late = 0; late < 2; late++) {
		struct world w;

		testwing_init(&w.wing);
		w.wing.waits = 3;
		w.wing.at_once = true;
		dial(&w, all);
		w.mta.abort_after = false;
		send_waiting(&w);
		testwing_seen(&w.wing);
		for (int i = 0; i < 2; i++) {
			CHECK(mta_answer(&w.mta, late == 1) == 0);
			CHECK(session_waiting(w.mta.session));
			CHECK(session_resumed(w.mta.session));
		}
		CHECK(mta_answer(&w.mta, late == 1) == 'a');
		CHECK_STR(testwing_seen(&w.wing),
		    late == 1 ? "late late late through reset"
		              : "end end end through reset");
		mta_free(&w.mta);
		testwing_free(&w.wing);
	}
}

/* The time is over: what the wing can say then, or nothing. */
static void
wait_too_long(void)
{
	static const struct {
		enum milter_word word;
		char answer;
	} row[] = {
	    {MILTER_ACCEPT, 'a'},
	    {MILTER_REPLY, 'y'},
	    {MILTER_WAIT, 'y'},
	};
	struct world w;

	testwing_init(&w.wing);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		w.wing.waits = 1000;
		w.wing.at_end = row[i].word;
		w.wing.wait_ms = 3600 * 1000;
		dial(&w, all);
		w.mta.abort_after = false;
		send_waiting(&w);
		CHECK(session_wait_ms(w.mta.session) == MILTER_WAIT_MAX_MS);
		CHECK(mta_answer(&w.mta, false) == 0);
		CHECK(!w.wing.late);
		CHECK(mta_answer(&w.mta, true) == row[i].answer);
		CHECK(w.wing.late && session_idle(w.mta.session));
		again(&w);
	}
	/* the worker would be stopped before */
	CHECK(MILTER_WAIT_MAX_MS < WORKER_FINISH_SECONDS * 1000);
	testwing_free(&w.wing);
}

/* What stands behind the end of the message is read after the answer, and
 * nothing of it before. */
static void
wait_with_more_sent(void)
{
	static const char *const row[] = {"A", "AMLNE", "MLNE", "AQ", "Q"};
	struct world w;

	testwing_init(&w.wing);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		size_t unread;

		suite_row(row[i]);
		w.wing.waits = 1;
		dial(&w, all);
		w.mta.abort_after = false;
		send_waiting(&w);
		testwing_seen(&w.wing);
		unread = w.mta.rest.n;
		CHECK(unread == 0);
		for (const char *c = row[i]; *c != '\0'; c++) {
			struct span p = span_of(NULL, 0);

			if (*c == 'M')
				p = span_of(S("<x@y.example>\0"));
			if (*c == 'L')
				p = span_of(S("From\0 x\0"));
			mta_send(&w.mta, *c, p);
			CHECK(w.mta.rest.n == unread + 5 + p.n);
			unread = w.mta.rest.n;
		}
		CHECK_STR(testwing_seen(&w.wing), "");
		CHECK(mta_answer(&w.mta, false) == 'a');
		CHECK(w.mta.rest.n == 0);
		CHECK(session_over(w.mta.session) ==
		    (strchr(row[i], 'Q') != NULL));
		CHECK(session_waiting(w.mta.session) ==
		    (strchr(row[i], 'E') != NULL));
		again(&w);
	}
	suite_row(NULL);
	testwing_free(&w.wing);
}

/* What ends a WAIT from outside: the wing is told, and never asked again. */
static void
wait_broken(void)
{
	struct tmpdir dir;
	char path[TMPDIR_PATH_MAX];
	struct world w;

	tmpdir_make(&dir);
	CHECK(log_open(tmpdir_file(&dir, "log", path), "test") == 0);
	testwing_init(&w.wing);
	for (int i = 0; i < 2; i++) {
		struct session *s;

		w.wing.waits = 1;
		dial(&w, all);
		w.mta.abort_after = false;
		send_waiting(&w);
		s = w.mta.session;
		testwing_seen(&w.wing);
		if (i == 0)
			session_lost(s);
		else
			session_break(s, "the daemon ends");
		CHECK(session_over(s) && !session_waiting(s));
		CHECK(w.wing.errors == 1);
		session_resume(s);
		CHECK(mta_answer(&w.mta, false) == 0);
		CHECK_STR(testwing_seen(&w.wing), "");
		session_free(s);
		w.mta.session = NULL;
		CHECK_STR(testwing_seen(&w.wing), "reset close");
		again(&w);
	}
	testwing_free(&w.wing);
	log_open(NULL, "test");
	tmpdir_remove(&dir);
}

/* A daemon that shall end waits for the answer, too. */
static void
wait_and_finish(void)
{
	struct world w;

	testwing_init(&w.wing);
	w.wing.waits = 1;
	dial(&w, all);
	w.mta.abort_after = false;
	send_waiting(&w);
	session_finish(w.mta.session);
	CHECK(session_waiting(w.mta.session));
	CHECK(mta_answer(&w.mta, false) == 'a');
	CHECK(session_over(w.mta.session));
	mta_free(&w.mta);
	testwing_free(&w.wing);
}

SUITE("milter_wing", T(story), T(least_wing), T(fields_beyond_the_limit),
    T(macros), T(words), T(every_offer), T(texts), T(edits), T(no_room),
    T(lost_before), T(without_leadspc), T(edits_are_forgotten),
    T(wait_answered), T(wait_answered_at_once), T(wait_in_pieces),
    T(wait_too_long), T(wait_with_more_sent), T(wait_broken),
    T(wait_and_finish))
