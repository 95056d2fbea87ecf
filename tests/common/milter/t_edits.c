#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/milter/edits.h"
#include "common/milter/frame.h"
#include "common/milter/milter.h"
#include "tests/support/suite.h"

/* A literal with its inner NULs, without the last one. */
#define S(text) text, sizeof(text) - 1

struct world {
	struct arena arena;
	struct edits e;
};

static void
start(struct world *w, size_t max)
{
	arena_init(&w->arena, max);
	edits_init(&w->e, &w->arena);
}

static void
stop(struct world *w)
{
	arena_free(&w->arena);
}

/* Notes what a line says: "d 2 Name", "m 2 Name: value", "i 0 Name: value",
 * "h Name: value"; '|' is LF. 0 or the edit's answer. */
static int
note_line(struct edits *e, const char *line)
{
	char kind = line[0], name[32] = "", value[100] = "";
	unsigned index = 0;

	if (kind == 'h')
		sscanf(line, "h %31[^:]:%99[^;]", name, value);
	else
		sscanf(line + 1, " %u %31[^:;]:%99[^;]", &index, name, value);
	for (char *p = value; *p != '\0'; p++)
		*p = *p == '|' ? '\n' : *p;
	switch (kind) {
	case 'i':
		return edits_insert(e, index, span_str(name), span_str(value));
	case 'h':
		return edits_add(e, span_str(name), span_str(value));
	case 'm':
		return edits_change(e, span_str(name), index, span_str(value));
	default:
		return edits_delete(e, span_str(name), index);
	}
}

/* Lines parted by "; ". */
static void
note_lines(struct edits *e, const char *lines)
{
	for (const char *p = lines; p != NULL && *p != '\0';) {
		CHECK(note_line(e, p) == 0);
		p = strstr(p, "; ");
		p = p == NULL ? NULL : p + 2;
	}
}

/* The packets as lines, each with its reply's byte. */
static void
read_packets(struct span in, struct buf *text)
{
	struct frame f;
	struct packet p;
	const char *why;
	size_t used;

	frame_init(&f);
	while (frame_parse(&f, in, &p, &used, &why) == PARSE_OK) {
		struct span s = p.payload;

		buf_fmt(text, "%s%c ", text->n == 0 ? "" : "; ", p.command);
		if (p.command != 'h') {
			buf_fmt(text, "%u ", frame_u32(s.p));
			s = span_skip(s, 4);
		}
		buf_fmt(text, "%s:%s", s.p, s.p + strlen(s.p) + 1);
		in = span_skip(in, used);
	}
	CHECK(in.n == 0);
}

/* What is noted in any order leaves in the one that Postfix needs. */
static void
order(void)
{
	static const struct {
		const char *noted, *sent;
		uint32_t needs;
	} row[] = {
	    {"", "", 0},
	    {"d 1 A", "m 1 A:", SMFIF_CHGHDRS},
	    {"d 1 A; d 2 A; d 3 A", "m 3 A:; m 2 A:; m 1 A:", SMFIF_CHGHDRS},
	    {"d 3 A; d 2 A; d 1 A", "m 3 A:; m 2 A:; m 1 A:", SMFIF_CHGHDRS},
	    {"d 2 A; d 9 B; d 1 A; d 3 A; d 2 B",
	        "m 9 B:; m 3 A:; m 2 A:; m 2 B:; m 1 A:", SMFIF_CHGHDRS},
	    /* the same field: the last word counts, and is said once */
	    {"d 2 A; d 2 a; d 1 A", "m 2 a:; m 1 A:", SMFIF_CHGHDRS},
	    {"m 2 A: x; d 1 A; d 2 A", "m 2 A:; m 1 A:", SMFIF_CHGHDRS},
	    {"d 1 A; m 1 A: x", "m 1 A: x", SMFIF_CHGHDRS},
	    {"i 0 A: x; d 1 A; i 0 B: y; m 2 A: z",
	        "m 2 A: z; m 1 A:; i 0 A: x; i 0 B: y",
	        SMFIF_CHGHDRS | SMFIF_ADDHDRS},
	    {"h A: x; i 1 B: y; d 1 A; h C: z",
	        "m 1 A:; h A: x; i 1 B: y; h C: z",
	        SMFIF_CHGHDRS | SMFIF_ADDHDRS},
	    {"i 4294967295 A: x", "i 4294967295 A: x", SMFIF_ADDHDRS},
	    {"d 4294967295 A; d 1 A", "m 4294967295 A:; m 1 A:", SMFIF_CHGHDRS},
	    {"i 0 A: x|\ty", "i 0 A: x\n\ty", SMFIF_ADDHDRS},
	};
	struct buf out, text;
	struct world w;

	buf_init(&out, 10000);
	buf_init(&text, 10000);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].noted);
		start(&w, 100000);
		note_lines(&w.e, row[i].noted);
		CHECK(w.e.needs == row[i].needs && w.e.error == 0);
		buf_clear(&out);
		buf_clear(&text);
		edits_write(&w.e, false, &out);
		read_packets(buf_view(&out), &text);
		CHECK_STR(buf_text(&text), row[i].sent);
		/* all of it can be taken back */
		edits_clear(&w.e);
		buf_clear(&out);
		edits_write(&w.e, false, &out);
		CHECK(out.n == 0 && w.e.n == 0 && w.e.needs == 0);
		stop(&w);
	}
	buf_free(&out);
	buf_free(&text);
}

/* Where the MTA puts a space behind the colon itself, ours goes: one, and no
 * TAB. */
static void
one_space(void)
{
	static const struct {
		const char *noted, *sent;
	} row[] = {
	    {"i 0 A: x", "i 0 A:x"},
	    {"i 0 A:  x", "i 0 A: x"},
	    {"i 0 A:x", "i 0 A:x"},
	    {"i 0 A:\tx", "i 0 A:\tx"},
	    {"h A: x; m 1 B: y; d 1 C", "m 1 B:y; m 1 C:; h A:x"},
	};
	struct buf out, text;
	struct world w;

	buf_init(&out, 10000);
	buf_init(&text, 10000);
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].noted);
		start(&w, 100000);
		note_lines(&w.e, row[i].noted);
		buf_clear(&out);
		buf_clear(&text);
		edits_write(&w.e, true, &out);
		read_packets(buf_view(&out), &text);
		CHECK_STR(buf_text(&text), row[i].sent);
		stop(&w);
	}
	buf_free(&out);
	buf_free(&text);
}

/* --- against a model of Postfix ------------------------------------------- */

enum { LINES = 30 };

/* A header: each line a letter, its name, and a number that is its own. */
struct header {
	char name[2 * LINES];
	int number[2 * LINES];
	size_t n;
};

/* cleanup_milter.c: the place of the field number index of that name; n:
 * none. */
static size_t
find_line(const struct header *h, char name, uint32_t index)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->name[i] == name && --index == 0)
			return i;
	}
	return h->n;
}

static void
insert_line(struct header *h, size_t at, char name, int number)
{
	for (size_t i = h->n++; i > at; i--) {
		h->name[i] = h->name[i - 1];
		h->number[i] = h->number[i - 1];
	}
	h->name[at] = name;
	h->number[at] = number;
}

static void
delete_line(struct header *h, size_t at)
{
	for (h->n--; at < h->n; at++) {
		h->name[at] = h->name[at + 1];
		h->number[at] = h->number[at + 1];
	}
}

/* One packet after the other. */
static void
act_as_postfix(struct header *h, struct span in)
{
	struct frame f;
	struct packet p;
	const char *why, *name, *value;
	size_t used, at;

	frame_init(&f);
	while (frame_parse(&f, in, &p, &used, &why) == PARSE_OK) {
		in = span_skip(in, used);
		name = p.payload.p + (p.command == 'h' ? 0 : 4);
		value = name + strlen(name) + 1;
		if (p.command == 'h') {
			insert_line(h, h->n, name[0], atoi(value));
			continue;
		}
		if (p.command == 'i') {
			at = frame_u32(p.payload.p);
			insert_line(
			    h, at < h->n ? at : h->n, name[0], atoi(value));
			continue;
		}
		at = find_line(h, name[0], frame_u32(p.payload.p));
		CU_ASSERT_FATAL(at < h->n);
		if (value[0] == '\0')
			delete_line(h, at);
		else
			h->number[at] = atoi(value);
	}
}

/* Random wishes over a random header, in terms of the header that the wing saw:
 * what was to be deleted is gone, what was to be changed is changed, nothing
 * else is. */
static void
as_postfix_does_it(void)
{
	unsigned seed = 3;

	for (int round = 0; round < 2000; round++) {
		struct header h = {.n = 0}, want = {.n = 0};
		int fate[LINES]; /* 0: stays; 1: goes; 2: changes */
		uint32_t seen[2] = {0, 0}, index[LINES];
		struct buf out;
		struct world w;
		size_t noted = 0;

		start(&w, 1000000);
		buf_init(&out, 100000);
		for (int i = 0; i < LINES; i++) {
			char name = (char)('A' + rand_r(&seed) % 2);

			insert_line(&h, h.n, name, i);
			fate[i] = rand_r(&seed) % 3;
			if (fate[i] != 1)
				insert_line(&want, want.n, name,
				    fate[i] == 2 ? i + 100 : i);
		}
		for (int i = 0; i < LINES; i++)
			index[i] = ++seen[h.name[i] - 'A'];
		/* noted from the top, or from the bottom */
		for (int k = 0; k < LINES; k++) {
			int i = round % 2 == 0 ? k : LINES - 1 - k;
			char name[2] = {h.name[i], '\0'}, value[12];

			snprintf(value, sizeof value, "%d", i + 100);
			if (fate[i] == 1)
				CHECK(edits_delete(
				          &w.e, span_str(name), index[i]) == 0);
			else if (fate[i] == 2)
				CHECK(edits_change(&w.e, span_str(name),
				          index[i], span_str(value)) == 0);
			noted += fate[i] != 0;
			if (k == LINES / 2)
				CHECK(edits_insert(&w.e, 0, span_str("A"),
				          span_str("1000")) == 0);
		}
		CHECK(w.e.n == noted + 1);
		insert_line(&want, 0, 'A', 1000);
		edits_write(&w.e, false, &out);
		act_as_postfix(&h, buf_view(&out));
		CHECK(h.n == want.n && memcmp(h.name, want.name, h.n) == 0 &&
		    memcmp(h.number, want.number, h.n * sizeof h.number[0]) ==
		        0);
		buf_free(&out);
		stop(&w);
	}
}

/* --- what cannot be ------------------------------------------------------- */

static void
refused(void)
{
	static const struct {
		const char *name;
		size_t nname;
		const char *value;
		size_t nvalue;
	} row[] = {
	    {S(""), S(" x")},
	    {S("A B"), S(" x")},
	    {S("A:"), S(" x")},
	    {S("A\n"), S(" x")},
	    {S("A\0"), S(" x")},
	    {S("\xc3\xa4"), S(" x")},
	    {S("A"), S(" x\r\n\ty")},
	    {S("A"), S(" x\ny")},
	    {S("A"), S(" x\n")},
	    {S("A"), S(" x\0y")},
	};
	struct world w;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span name = span_of(row[i].name, row[i].nname);
		struct span value = span_of(row[i].value, row[i].nvalue);

		suite_row(row[i].value);
		start(&w, 100000);
		CHECK(edits_insert(&w.e, 0, name, value) == -EINVAL);
		CHECK(w.e.error != 0 && w.e.n == 0);
		edits_clear(&w.e);
		CHECK(w.e.error == 0);
		CHECK(edits_add(&w.e, name, value) == -EINVAL);
		CHECK(edits_change(&w.e, name, 1, value) == -EINVAL);
		CHECK(w.e.error != 0 && w.e.n == 0 && w.e.needs == 0);
		stop(&w);
	}
	suite_row(NULL);
	start(&w, 100000);
	CHECK(edits_delete(&w.e, span_str("A"), 0) == -EINVAL);
	CHECK(edits_change(&w.e, span_str("A"), 0, span_str(" x")) == -EINVAL);
	CHECK(edits_change(&w.e, span_str("A"), 1, span_str("")) == -EINVAL);
	CHECK(w.e.error != 0 && w.e.n == 0);
	stop(&w);
}

static void
out_of_memory(void)
{
	struct world w;
	size_t max;

	for (max = 0; max < 1000; max += 8) {
		start(&w, max);
		if (edits_insert(&w.e, 0, span_str("A"), span_str(" x")) == 0)
			break;
		CHECK(w.e.error != 0 && w.e.n == 0 && w.e.first == NULL);
		stop(&w);
	}
	CHECK(max > 0 && max < 1000 && w.e.n == 1);
	/* the first is still there when the next fails */
	CHECK(edits_add(&w.e, span_str("B"), span_str(" y")) == -ENOMEM);
	CHECK(w.e.error != 0 && w.e.n == 1 && w.e.first->next == NULL);
	/* that can be told */
	CHECK(edits_reply(&w.e, 451, "4.3.0", span_str("x")) == MILTER_REPLY);
	CHECK_STR(w.e.text, "451 4.3.0 x");
	stop(&w);
}

/* --- words ---------------------------------------------------------------- */

static void
replies(void)
{
	static const struct {
		unsigned code;
		const char *status, *text, *want; /* NULL: MILTER_TEMPFAIL */
	} row[] = {
	    {550, "5.7.20", "no", "550 5.7.20 no"},
	    {451, "4.7.5", "later", "451 4.7.5 later"},
	    {400, "4.0.0", "", "400 4.0.0 "},
	    {599, "5.999.999", "x", "599 5.999.999 x"},
	    {550, "5.7.1", "100% sure, 5%%", "550 5.7.1 100% sure, 5%%"},
	    {550, "5.7.1", "a\r\nb\t\xc3\xa4", "550 5.7.1 a??b???"},
	    /* 421 would cost the MTA its connection */
	    {421, "4.7.0", "x", NULL},
	    {250, "2.0.0", "x", NULL},
	    {354, "3.0.0", "x", NULL},
	    {399, "3.0.0", "x", NULL},
	    {600, "6.0.0", "x", NULL},
	    {0, "0.0.0", "x", NULL},
	    /* Postfix 3.12 looks at that */
	    {550, "4.7.1", "x", NULL},
	    {451, "5.7.1", "x", NULL},
	    {550, "5.7", "x", NULL},
	    {550, "5.7.1 ", "x", NULL},
	    {550, "5.7.1.2", "x", NULL},
	    {550, "5..1", "x", NULL},
	    {550, "5.7.1000", "x", NULL},
	    {550, "5.1000.1", "x", NULL},
	    {550, "55.7.1", "x", NULL},
	    {550, "5.+7.1", "x", NULL},
	    {550, "", "x", NULL},
	};
	struct world w;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		enum milter_word word;

		suite_row(row[i].status);
		start(&w, 100000);
		word = edits_reply(
		    &w.e, row[i].code, row[i].status, span_str(row[i].text));
		CHECK(word ==
		    (row[i].want == NULL ? MILTER_TEMPFAIL : MILTER_REPLY));
		if (row[i].want != NULL)
			CHECK_STR(w.e.text, row[i].want);
		stop(&w);
	}
}

/* A text is cut to what a line of SMTP holds; '%' is doubled for the MTA. */
static void
long_text(void)
{
	static char text[10000];
	struct buf out;
	struct world w;

	memset(text, '%', sizeof text - 1);
	start(&w, 0);
	buf_init(&out, 10000);
	CHECK(edits_reply(&w.e, 550, "5.777.777", span_str(text)) ==
	    MILTER_REPLY);
	CHECK(strlen(w.e.text) == 14 + EDITS_TEXT_MAX);
	CHECK(14 + EDITS_TEXT_MAX + 2 <= 512); /* as the client sees it */
	edits_write_reply(&w.e, &out);
	CHECK(out.n == 5 + 14 + 2 * EDITS_TEXT_MAX + 1);
	CHECK(out.p[4] == 'y' && out.p[out.n - 1] == '\0');
	CHECK(memcmp(out.p + 5, "550 5.777.777 %%%%", 18) == 0);
	memset(text, 'x', sizeof text - 1);
	CHECK(edits_quarantine(&w.e, span_str(text)) == MILTER_QUARANTINE);
	CHECK(strlen(w.e.text) == EDITS_TEXT_MAX);
	CHECK(edits_quarantine(&w.e, span_str("50% \n")) == MILTER_QUARANTINE);
	buf_clear(&out);
	edits_write_quarantine(&w.e, &out);
	CHECK(span_eq(buf_view(&out), span_of(S("\0\0\0\x07q50% ?\0"))));
	buf_free(&out);
	stop(&w);
}

/* Of several waits the first counts. */
static void
waits(void)
{
	struct world w;

	start(&w, 1000);
	CHECK(edits_wait(&w.e, 500) == MILTER_WAIT && w.e.wait_ms == 500);
	CHECK(edits_wait(&w.e, 9000) == MILTER_WAIT && w.e.wait_ms == 500);
	stop(&w);
}

SUITE("edits", T(order), T(one_space), T(as_postfix_does_it), T(refused),
    T(out_of_memory), T(replies), T(long_text), T(waits))
