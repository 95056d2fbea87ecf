#include <errno.h>

#include "common/milter/command.h"
#include "common/milter/frame.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

/* A literal with its inner NULs, without the last one. */
#define S(text) text, sizeof(text) - 1

static enum parse
parse(unsigned char byte, struct span payload, struct command *ret,
    const char **why)
{
	*why = NULL;
	return command_parse(byte, payload, ret, why);
}

static int
text_is(struct span s, const char *want)
{
	return span_eq(s, span_str(want));
}

/* Every beginning of a good payload is refused, or is a good one itself, and
 * never reads behind its end. */
static void
check_beginnings(unsigned char byte, struct span payload)
{
	struct command c;
	const char *why;

	for (size_t n = 0; n <= payload.n; n++) {
		struct span s = guard_copy(span_of(payload.p, n));
		enum parse r = parse(byte, s, &c, &why);

		CHECK(r == PARSE_OK || (r == PARSE_BAD && why != NULL));
		guard_free(s);
	}
}

static void
optneg(void)
{
	struct command c;
	const char *why;
	struct span v6 = span_of(S("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"));
	struct span more = span_of(S("\0\0\0\2\0\0\0\1\0\0\0\x7fxyz"));

	CHECK(parse('O', v6, &c, &why) == PARSE_OK);
	CHECK(c.type == SMFIC_OPTNEG && c.u.optneg.version == 6);
	CHECK(c.u.optneg.actions == 0x1ff && c.u.optneg.protocol == 0x1fffff);
	CHECK(parse('O', more, &c, &why) == PARSE_OK);
	CHECK(c.u.optneg.version == 2 && c.u.optneg.protocol == 0x7f);
	CHECK(parse('O', span_of(v6.p, 11), &c, &why) == PARSE_BAD);
	CHECK_STR(why, "OPTNEG is too short");
	check_beginnings('O', v6);
}

static void
macros(void)
{
	struct span name, value, list;
	struct command c;
	const char *why;
	struct span in = span_of(S("Mi\0004AE0\0{auth_type}\0\0_\0x y\0"));

	CHECK(parse('D', in, &c, &why) == PARSE_OK);
	CHECK(c.u.macro.stage == 'M');
	list = c.u.macro.list;
	CHECK(command_macro(&list, &name, &value));
	CHECK(text_is(name, "i") && text_is(value, "4AE0"));
	CHECK(command_macro(&list, &name, &value));
	CHECK(text_is(name, "{auth_type}") && value.n == 0);
	CHECK(command_macro(&list, &name, &value));
	CHECK(text_is(name, "_") && text_is(value, "x y"));
	CHECK(!command_macro(&list, &name, &value));
	check_beginnings('D', in);
	/* Postfix sends a stage without any macro */
	CHECK(parse('D', span_of(S("H")), &c, &why) == PARSE_OK);
	CHECK(c.u.macro.stage == 'H' && c.u.macro.list.n == 0);
}

static void
connect_families(void)
{
	static const struct {
		const char *in;
		size_t n;
		char family;
		uint16_t port;
		const char *address;
	} row[] = {
	    {S("localhost\0004\x34\xa7"
	       "127.0.0.1\0"),
	        '4', 13479, "127.0.0.1"},
	    {S("h\0006\0\0002001:db8::1\0"), '6', 0, "2001:db8::1"},
	    {S("h\000L\0\0/var/run/x\0"), 'L', 0, "/var/run/x"},
	    {S("h\0U"), 'U', 0, ""},
	    {S("\0U"), 'U', 0, ""},
	};
	struct command c;
	const char *why;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span in = span_of(row[i].in, row[i].n);

		suite_row(row[i].address);
		CHECK(parse('C', in, &c, &why) == PARSE_OK);
		CHECK(c.u.connect.family == (enum connect_family)row[i].family);
		CHECK(c.u.connect.port == row[i].port);
		CHECK(text_is(c.u.connect.address, row[i].address));
		check_beginnings('C', in);
	}
}

static void
envelope_and_headers(void)
{
	struct command c;
	const char *why;

	CHECK(parse('M', span_of(S("<a@b.example>\0SIZE=1\0")), &c, &why) ==
	    PARSE_OK);
	CHECK(text_is(c.u.envelope.address, "<a@b.example>"));
	CHECK(span_eq(c.u.envelope.args, span_of(S("SIZE=1\0"))));
	CHECK(parse('M', span_of(S("\0")), &c, &why) == PARSE_OK);
	CHECK(c.u.envelope.address.n == 0 && c.u.envelope.args.n == 0);
	CHECK(parse('R', span_of(S("<x>\0")), &c, &why) == PARSE_OK);
	CHECK(text_is(c.u.envelope.address, "<x>"));
	CHECK(
	    parse('L', span_of(S("Subject\0 a\n\tb\0")), &c, &why) == PARSE_OK);
	CHECK(text_is(c.u.header.name, "Subject"));
	CHECK(text_is(c.u.header.value, " a\n\tb"));
	CHECK(parse('L', span_of(S("X\0\0")), &c, &why) == PARSE_OK);
	CHECK(c.u.header.value.n == 0);
	CHECK(parse('H', span_of(S("client.example\0")), &c, &why) == PARSE_OK);
	CHECK(text_is(c.u.helo, "client.example"));
	CHECK(parse('U', span_of(S("FOO x\0")), &c, &why) == PARSE_OK);
	CHECK(text_is(c.u.unknown, "FOO x"));
	CHECK(parse('B', span_of(S("a\0b")), &c, &why) == PARSE_OK);
	CHECK(c.u.body.n == 3);
	CHECK(parse('E', span_of(S("rest")), &c, &why) == PARSE_OK);
	CHECK(text_is(c.u.body, "rest"));
	check_beginnings('M', span_of(S("<a@b.example>\0SIZE=1\0")));
	check_beginnings('L', span_of(S("Subject\0 a\n\tb\0")));
}

static void
bad_payloads(void)
{
	static const struct {
		const char *in;
		size_t n;
		char byte;
		const char *why;
	} row[] = {
	    {S(""), 'D', "MACRO without a stage"},
	    {S("Ci\0"), 'D', "string without NUL"},
	    {S("Ci"), 'D', "string without NUL"},
	    {S("Ci\0x"), 'D', "string without NUL"},
	    {S(""), 'C', "string without NUL"},
	    {S("h"), 'C', "string without NUL"},
	    {S("h\0"), 'C', "CONNECT without a family"},
	    {S("h\0X\0\0a\0"), 'C', "CONNECT with an unknown family"},
	    {S("h\0U\0"), 'C', "bytes after the payload"},
	    {S("h\0004\0"), 'C', "CONNECT without a port"},
	    {S("h\0004\0\0"), 'C', "string without NUL"},
	    {S("h\0004\0\0001.2.3.4"), 'C', "string without NUL"},
	    {S("h\0004\0\0001.2.3.4\0x"), 'C', "bytes after the payload"},
	    {S(""), 'H', "string without NUL"},
	    {S("helo"), 'H', "string without NUL"},
	    {S("helo\0x"), 'H', "bytes after the payload"},
	    {S(""), 'M', "string without NUL"},
	    {S("<a>"), 'M', "string without NUL"},
	    {S("<a>\0SIZE=1"), 'M', "string without NUL"},
	    {S("<a>"), 'R', "string without NUL"},
	    {S("Subject"), 'L', "string without NUL"},
	    {S("Subject\0x"), 'L', "string without NUL"},
	    {S("Subject\0x\0y"), 'L', "bytes after the payload"},
	    {S("\0x\0"), 'L', "HEADER without a name"},
	    {S("x"), 'U', "string without NUL"},
	    {S("x"), 'T', "bytes after the payload"},
	    {S("x"), 'N', "bytes after the payload"},
	    {S("x"), 'A', "bytes after the payload"},
	    {S("x"), 'Q', "bytes after the payload"},
	    {S("x"), 'K', "bytes after the payload"},
	    {S(""), 'z', "unknown command"},
	    {S("x\0"), 'c', "unknown command"},
	    {S(""), '\0', "unknown command"},
	};
	struct command c = {.type = SMFIC_QUIT};
	const char *why;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct span in = guard_copy(span_of(row[i].in, row[i].n));

		suite_row(row[i].why);
		CHECK(parse((unsigned char)row[i].byte, in, &c, &why) ==
		    PARSE_BAD);
		CHECK_STR(why, row[i].why);
		CHECK(c.type == SMFIC_QUIT); /* untouched */
		guard_free(in);
	}
}

static void
bare_commands(void)
{
	struct command c;
	const char *why;

	for (const char *p = "TNAQKBE"; *p != '\0'; p++) {
		CHECK(parse((unsigned char)*p, span_str(NULL), &c, &why) ==
		    PARSE_OK);
		CHECK(c.type == (enum milter_command) * p);
	}
}

static void
names(void)
{
	for (unsigned b = 0; b < 256; b++) {
		int known = b != 0 && strchr("ABCDEHKLMNOQRTU", (int)b) != NULL;

		CHECK((strcmp(command_name((unsigned char)b), "?") != 0) ==
		    known);
	}
	CHECK_STR(command_name('E'), "END-OF-MESSAGE");
	CHECK_STR(command_name('M'), "MAIL");
}

/* Appends reply number i. */
static void
put_reply(struct buf *b, int i)
{
	static const struct optneg o = {6, 0x101, 0x1c0580};
	static const struct symlist lists[] = {
	    {SMFIM_MAIL, "i {auth_type}"}, {SMFIM_EOM, "i"}};
	struct span name = span_str("Name"), value = span_str(" a\n b");

	switch (i) {
	case 0:
		command_reply(b, SMFIR_CONTINUE);
		return;
	case 1:
		command_reply(b, SMFIR_REJECT);
		return;
	case 2:
		command_reply_optneg(b, &o, lists, 2);
		return;
	case 3:
		command_reply_optneg(b, &o, NULL, 0);
		return;
	case 4:
		command_reply_field(b, SMFIR_INSHEADER, 258, name, value);
		return;
	case 5:
		command_reply_field(
		    b, SMFIR_CHGHEADER, 2, name, span_str(NULL));
		return;
	case 6:
		command_reply_addheader(b, name, value);
		return;
	case 7:
		command_reply_text(b, SMFIR_REPLYCODE, "550 5.7.1 no");
		return;
	case 8:
		command_reply_text(b, SMFIR_QUARANTINE, "why");
		return;
	}
}

static void
replies(void)
{
	static const struct {
		const char *bytes;
		size_t n;
	} want[] = {
	    {S("\0\0\0\1c")},
	    {S("\0\0\0\1r")},
	    {S("\0\0\0\x25O\0\0\0\6\0\0\1\1\0\x1c\5\x80"
	       "\0\0\0\2i {auth_type}\0\0\0\0\5i\0")},
	    {S("\0\0\0\15O\0\0\0\6\0\0\1\1\0\x1c\5\x80")},
	    {S("\0\0\0\x10i\0\0\1\2Name\0 a\n b\0")},
	    {S("\0\0\0\x0bm\0\0\0\2Name\0\0")},
	    {S("\0\0\0\x0chName\0 a\n b\0")},
	    {S("\0\0\0\x0ey550 5.7.1 no\0")},
	    {S("\0\0\0\5qwhy\0")},
	};
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		static char name[20];

		snprintf(name, sizeof name, "reply %zu", i);
		suite_row(name);
		buf_clear(&b);
		put_reply(&b, (int)i);
		CHECK(buf_error(&b) == 0);
		CHECK(span_eq(buf_view(&b), span_of(want[i].bytes, want[i].n)));
	}
	buf_free(&b);
	buf_init(&b, 4);
	command_reply(&b, SMFIR_CONTINUE);
	CHECK(buf_error(&b) == -EMSGSIZE);
	buf_free(&b);
}

SUITE("command", T(optneg), T(macros), T(connect_families),
    T(envelope_and_headers), T(bad_payloads), T(bare_commands), T(names),
    T(replies))
