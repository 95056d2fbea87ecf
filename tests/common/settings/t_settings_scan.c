#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/settings/lex.h"
#include "common/settings/scan.h"
#include "tests/support/guard.h"
#include "tests/support/parsed.h"
#include "tests/support/suite.h"

#define IN "dns { timeout = 3 }\n"

/* Texts that mean dns { timeout = 3 }, each with something that is allowed. */
static const char *const good[] = {
    IN,
    "dns{timeout=3}",
    "dns\n{\ntimeout\n=\n3\n}\n",
    "dns { timeout = \"3\" }",
    "dns { timeout = '3' }",
    "dns {\r\n\ttimeout = 3\r\n}\r\n",
    "# c\n// c\n/* c */ dns { timeout = 3 } # c",
    "dns /* { */ { # }\n timeout // = 4\n = /* 4 */ 3 }",
    "dns { timeout = 3 } // no newline after",
    "dns { timeout = 3 } #",
    "/**/dns { timeout = 3 }/***/",
    "/* \" */ dns { timeout = 3 } # '",
    "# ${HOME} \377\n" IN,
    "#\n" IN,
    "dns { timeout = 3 prefetch = true }",
    "dns { servers = {} timeout = 3 }",
    "dns { timeout = 3 } policyd { } signer { }",
    "policyd { helo { } mail_from { } } dns { timeout = 3 }",
    "dns { timeout = 3 }\nsigner { workers = 0 }",
};

static void
reads_what_is_allowed(void)
{
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct parsed p;

		suite_row(good[i]);
		parsed_text(&p, span_str(good[i]), SETTINGS_ALL);
		CHECK_STR(parsed_why(&p), "");
		CHECK(p.rc == 0);
		CHECK(p.rc == 0 && p.s->dns.timeout == 3);
		parsed_free(&p);
	}
	suite_row(NULL);
}

/* Texts, and the whole of what is said of them. */
static const struct {
	const char *text, *why;
} bad[] = {
    /* Sections. */
    {IN "policyd {\n", "t.conf:2: policyd: the section is never closed\n"},
    {"dns {\n\ttimeout = 3\n", "t.conf:1: dns: the section is never closed\n"},
    {"policyd { helo {\n}\n",
        "t.conf:1: policyd: the section is never closed\n"},
    {IN "policyd\n{\nhelo\n{",
        "t.conf:4: policyd.helo: the section is never closed\n"},
    {IN "}\n", "t.conf:2: there is no { that this } closes\n"},
    {"{\n}\n", "t.conf:1: a key is expected here\n"},
    {"dns {{ }}", "t.conf:1: dns: a key is expected here\n"},
    {"dns", "t.conf:1: dns: = or { is expected after the key\n"},
    {"dns {\n\ttimeout }\n",
        "t.conf:2: dns.timeout: = or { is expected after the key\n"},
    {"dns {\n\ttimeout 3\n}\n",
        "t.conf:2: dns.timeout: = or { is expected after the key\n"},
    {"dns {\n\ttimeout 3 = 4\n}\n",
        "t.conf:2: dns.timeout: = or { is expected after the key\n"},
    {"domain \"a.example\" \"b.example\" { }",
        "t.conf:1: domain: = or { is expected after the key\n"},
    {"dns { timeout = }",
        "t.conf:1: dns.timeout: a value is expected after "
        "=\n"},
    {"dns { timeout = = 3 }",
        "t.conf:1: dns.timeout: a value is expected after =\n"},
    {"dns { = 3 }", "t.conf:1: dns: a key is expected here\n"},
    {"dns { timeout = 3, }", "t.conf:1: dns: a key is expected here\n"},
    {"dns { a { b { c { d { } } } } }",
        "t.conf:1: dns.a: there is no such key\n"
        "t.conf:1: dns.a.b.c.d: sections are nested too deeply\n"},

    /* Lists. */
    {"dns { servers = {",
        "t.conf:1: dns.servers: the values of a list are "
        "separated by commas and end with }\n"},
    {"dns { servers = {\n\"::1\"\n",
        "t.conf:3: dns.servers: the values of a "
        "list are separated by commas and end with "
        "}\n"},
    {"dns { servers = {\"::1\" \"::2\"} }",
        "t.conf:1: dns.servers: the values of a list are separated by commas "
        "and "
        "end with }\n"},
    {"dns { servers = {,} }",
        "t.conf:1: dns.servers: a value is expected before ,\n"},
    {"dns { servers = {\"::1\",,\"::2\"} }",
        "t.conf:1: dns.servers: a value is expected before ,\n"},
    {"dns { servers = {{\"::1\"}} }",
        "t.conf:1: dns.servers: the values of a list are separated by commas "
        "and "
        "end with }\n"},
    {"dns { servers += {\"::1\"} }",
        "t.conf:1: dns.servers: += is not supported, write the whole list\n"},

    /* Comments and strings that never end, or end too early. */
    {IN "/* dns {}", "t.conf:2: the comment that begins here never ends\n"},
    {IN "/*/", "t.conf:2: the comment that begins here never ends\n"},
    {"dns { /*\n}\n",
        "t.conf:1: dns: the comment that begins here never "
        "ends\n"},
    {"hostname = \"a.example\n",
        "t.conf:1: hostname: the string that begins "
        "here has no end\n"},
    {"\nhostname = 'a.example\n'\n",
        "t.conf:2: hostname: the string that begins here has no end\n"},
    {"hostname = \"a.example\\\"",
        "t.conf:1: hostname: the string that begins here has no end\n"},
    {"hostname = \"a.example\\\nb\"",
        "t.conf:1: hostname: the string that begins here has no end\n"},
    {"hostname = \"",
        "t.conf:1: hostname: the string that begins here has no "
        "end\n"},
    {"hostname = \"a\\tb\"",
        "t.conf:1: hostname: only \\\" and \\\\ may "
        "follow a backslash\n"},
    {"hostname = \"a\\0b\"",
        "t.conf:1: hostname: only \\\" and \\\\ may "
        "follow a backslash\n"},
    {"hostname = \"a\\x41\"",
        "t.conf:1: hostname: only \\\" and \\\\ may "
        "follow a backslash\n"},
    {"hostname = \"a\tb\"",
        "t.conf:1: hostname: a string must have no "
        "control character\n"},
    {"hostname = 'a\rb'",
        "t.conf:1: hostname: a string must have no control "
        "character\n"},
    {"hostname = 'a\\\tb'",
        "t.conf:1: hostname: a string must have no control character\n"},
    {"hostname = \"a\177\"",
        "t.conf:1: hostname: a string must have no "
        "control character\n"},

    /* What other programs take. */
    {"hostname = \"${HOME}\"", "t.conf:1: hostname: ${...} is not supported\n"},
    {"hostname = ${HOME}", "t.conf:1: hostname: ${...} is not supported\n"},
    {"hostname = 'a${HOME}'", "t.conf:1: hostname: ${...} is not supported\n"},
    {"${HOME} = 1", "t.conf:1: ${...} is not supported\n"},
    {"include(\"/etc/passwd\")",
        "t.conf:1: functions such as include() are not supported; domain "
        "sections may stand in domains.d/*.conf\n"},

    /* Keys and words. */
    {"dns|timeout = 3",
        "t.conf:1: this is not a letter, a digit or one of _ - . : / @ [ ], so "
        "it needs quotes\n"},
    {"\"dns|timeout\" = 3",
        "t.conf:1: a key is expected here, without "
        "quotes\n"},
    {"dns { 'timeout' = 3 }",
        "t.conf:1: dns: a key is expected here, without "
        "quotes\n"},
    {"\"dns\" { }", "t.conf:1: a key is expected here, without quotes\n"},
    {"dns.timeout = 3", "t.conf:1: a key is expected here\n"},
    {"dns { timeout = *3 }",
        "t.conf:1: dns.timeout: this is not a letter, a "
        "digit or one of _ - . : / @ [ ], so it needs "
        "quotes\n"},
    {"dns { timeout = +3 }",
        "t.conf:1: dns.timeout: this is not a letter, a "
        "digit or one of _ - . : / @ [ ], so it needs "
        "quotes\n"},
    {"dns { timeout = 3; }",
        "t.conf:1: dns.timeout: no ; is needed, a space is enough\n"},
    {"dns { timeout = 3\r}",
        "t.conf:1: dns.timeout: this is not a letter, a digit or one of _ - . "
        ": / @ [ ], so it needs quotes\n"},
    {"hostname = b\303\274cher.example",
        "t.conf:1: hostname: this is not a letter, a digit or one of _ - . : / "
        "@ [ ], so it needs quotes\n"},
    {"log = /var//log",
        "t.conf:1: log: a value with #, // or /* in it needs quotes, and a "
        "comment needs a space before it\n"},
    {"dns { timeout = 3/* s */ }",
        "t.conf:1: dns.timeout: a value with #, // or /* in it needs quotes, "
        "and "
        "a comment needs a space before it\n"},
    {"log = /var/a#b",
        "t.conf:1: log: a value with #, // or /* in it needs quotes, and "
        "a comment needs a space before it\n"},
    {"a_key_that_is_longer_than_any_there_could_be = 1",
        "t.conf:1: no key is as long as this\n"},

    /* The same key twice. */
    {"dns {\n timeout = 3\n timeout = 3\n}\n",
        "t.conf:3: dns.timeout: stands here twice, first in line 2\n"},
    {"dns { servers = {} }\n\ndns { timeout = 3 }",
        "t.conf:3: dns: stands here twice, first in line 1\n"},
    {"dns { servers = {\"::1\"}\n servers = {} }",
        "t.conf:2: dns.servers: stands here twice, first in line 1\n"},
    {"dns { servers = {}\n servers = {} }",
        "t.conf:2: dns.servers: stands here twice, first in line 1\n"},
    {"policyd { helo { }\n helo { } }",
        "t.conf:2: policyd.helo: stands here twice, first in line 1\n"},
    {"hostname = a.example hostname = b.example",
        "t.conf:1: hostname: stands here twice, first in line 1\n"},
};

static void
refuses_what_is_not(void)
{
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct parsed p;

		suite_row(bad[i].text);
		parsed_text(&p, span_str(bad[i].text), SETTINGS_ALL);
		CHECK(p.rc == -EINVAL);
		CHECK_STR(parsed_why(&p), bad[i].why);
		parsed_free(&p);
	}
	suite_row(NULL);
}

/* --- limits --------------------------------------------------------------- */

static void
limits_the_keys_of_a_section(void)
{
	for (unsigned over = 0; over < 2; over++) {
		struct parsed p;
		struct buf text;

		buf_init(&text, 10000);
		for (unsigned i = 0; i < CONFIG_KEYS_MAX + over; i++)
			buf_fmt(&text, "k%u = 1\n", i);
		parsed_text(&p, buf_view(&text), SETTINGS_ALL);
		CHECK((strstr(parsed_why(&p),
		           "t.conf:49: k48: the section has more keys than "
		           "exist\n") != NULL) == (over == 1));
		CHECK(strstr(parsed_why(&p), "t.conf:48: k47: there is no") !=
		    NULL);
		parsed_free(&p);
		buf_free(&text);
	}
}

static void
limits_the_length_of_a_key(void)
{
	char text[CONFIG_KEY_MAX + 10];

	for (int over = 0; over < 2; over++) {
		struct parsed p;

		snprintf(
		    text, sizeof text, "%0*d = 1", CONFIG_KEY_MAX + over, 0);
		parsed_text(&p, span_str(text), SETTINGS_ALL);
		CHECK((strstr(parsed_why(&p), "no key is as long") != NULL) ==
		    (over == 1));
		CHECK((strstr(parsed_why(&p), "there is no such key") !=
		          NULL) == (over == 0));
		parsed_free(&p);
	}
}

static void
limits_the_depth(void)
{
	struct parsed p;

	parsed_text(&p, span_str("a{b{c{d{e=1}}}}"), SETTINGS_ALL);
	CHECK_STR(parsed_why(&p), "t.conf:1: a: there is no such key\n");
	parsed_free(&p);
	parsed_text(&p, span_str("a{b{c{d{e{}}}}}"), SETTINGS_ALL);
	CHECK(strstr(parsed_why(&p),
	          "t.conf:1: a.b.c.d.e: sections are nested too deeply\n") !=
	    NULL);
	parsed_free(&p);
}

static void
refuses_a_nul(void)
{
	static const char text[] = IN "\0policyd { }";
	static const char string[] = "hostname = \"a\0.example\"";
	static const char escaped[] = "log = '/a\\\0b'";
	struct parsed p;

	parsed_text(&p, span_of(text, sizeof text - 1), SETTINGS_ALL);
	CHECK_STR(parsed_why(&p), "t.conf:2: a NUL byte is not text\n");
	parsed_free(&p);
	parsed_text(&p, span_of(string, sizeof string - 1), SETTINGS_ALL);
	CHECK_STR(parsed_why(&p),
	    "t.conf:1: hostname: a string must have no control character\n");
	parsed_free(&p);
	parsed_text(&p, span_of(escaped, sizeof escaped - 1), SETTINGS_ALL);
	CHECK_STR(parsed_why(&p),
	    "t.conf:1: log: a string must have no control character\n");
	parsed_free(&p);
}

/* --- out of scope --------------------------------------------------------- */

/* What may stand in signer or domain without touching policyd. */
static const char *const junk[] = {
    "signer { }",
    "signer\n{\n}\n",
    "signer { listen = {\"inet:1\", } { } }",
    "signer { workers = = many; \001 ${X} *** }",
    "signer { file = \"unterminated\n }",
    "signer { file = 'unterminated }\n }",
    "signer { a = \"}\" b = '{' # }\n // {\n /* } */ }",
    "signer { a = \"\\\"}\" }",
    "signer { a = b//c }\n }",
    "signer { } signer { workers = 1 workers = 2 }",
    "domain \"x\" { key \"y\" { file = relative } }",
    "domain x.example { key y { } }",
    "domain \"same\" { } domain \"same\" { }",
    "domain \"x\" { user = policyd }",
    "domain \"x\" { user = policyd helo { } }",
    "domain \"x\" { a = {policyd} b { } }",
    "signer { user = \"policyd\" { } }",
};

static void
skips_what_is_out_of_scope(void)
{
	for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
		struct parsed p;
		char text[400];

		snprintf(text, sizeof text, "%s\ndns { timeout = 3 }\n%s",
		    junk[i], junk[i]);
		suite_row(junk[i]);
		parsed_text(&p, span_str(text), SETTINGS_POLICYD);
		CHECK_STR(parsed_why(&p), "");
		CHECK(p.rc == 0 && p.s->dns.timeout == 3);
		CHECK(p.rc == 0 && p.s->ndomains == 0);
		parsed_free(&p);
	}
	suite_row(NULL);
}

static void
skips_policyd_for_the_signer(void)
{
	struct parsed p;

	parsed_text(&p,
	    span_str("policyd { time_limit = never helo { fail = ? } }\n"
	             "signer { workers = 3 }"),
	    SETTINGS_SIGNER);
	CHECK(p.rc == 0 && p.s->signer.workers == 3);
	CHECK(p.rc == 0 && p.s->policyd.time_limit == 20);
	parsed_free(&p);
}

/* What is out of scope must still close, or take what follows with it. */
static const struct {
	const char *text, *why;
} open[] = {
    {"signer {\n policyd { } }\n",
        "t.conf:2: signer: another section stands in it: is a } missing?\n"},
    {"signer {\n domain \"x\" {\n} }\n",
        "t.conf:2: signer: another section stands in it: is a } missing?\n"},
    {"signer { workers = 1\n\npolicyd { time_limit = 5 }\n",
        "t.conf:3: signer: another section stands in it: is a } missing?\n"},
    {"signer { a { dns\n{ } } }\n",
        "t.conf:2: signer: another section stands in it: is a } missing?\n"},
    {"\nsigner {\n", "t.conf:2: signer: the section is never closed\n"},
    {"domain \"x\" { key \"y\" {\n}\n",
        "t.conf:1: domain: the section is never closed\n"},
    {"signer { /* }\n",
        "t.conf:1: signer: the comment that begins here never "
        "ends\n"},
    {"signer\n", "t.conf:2: signer: { is expected after the key\n"},
    {"signer = 5\n", "t.conf:1: signer: { is expected after the key\n"},
    {"domain \"x {\n}\n", "t.conf:2: domain: { is expected after the key\n"},
    {"domain \"x\" \"y\" { }",
        "t.conf:1: domain: { is expected after the key\n"},
    {"signer { } }", "t.conf:1: there is no { that this } closes\n"},
};

static void
wants_what_is_out_of_scope_closed(void)
{
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
		struct parsed p;

		suite_row(open[i].text);
		parsed_text(&p, span_str(open[i].text), SETTINGS_POLICYD);
		CHECK(p.rc == -EINVAL);
		CHECK_STR(parsed_why(&p), open[i].why);
		parsed_free(&p);
	}
	suite_row(NULL);
}

/* --- what is delivered ---------------------------------------------------- */

static const char text[] = "a = b # c\n"
                           "/* d\n */ e 'f' {\n"
                           "g={h,\n\"\\\"i\"} x { }\n}\n"
                           "x y { junk \n \" \n } z = 'j' k={}";

static void
note_item(void *arg, const struct scan_item *item)
{
	buf_fmt(arg, "%u %s %.*s @%td;", item->line, item->key,
	    (int)item->title.n, item->title.p, item->at - text);
}

static void
note_value(void *arg, struct span raw, unsigned line)
{
	buf_fmt(arg, "%u %.*s;", line, (int)raw.n, raw.p);
}

static void
note_end(void *arg, const char *p)
{
	buf_fmt(arg, "end %td;", p - text);
}

static void
note_bad(void *arg, unsigned line, const char *key, const char *why)
{
	buf_fmt(arg, "BAD %u %s %s;", line, key, why);
}

static enum scan_top
skip_x(void *arg, struct span key)
{
	return span_eq(key, span_str("x")) ? TOP_OUT : TOP_OTHER;
}

static const struct scan_events events = {
    note_item, note_value, note_end, note_bad, skip_x};

static void
delivers_items_and_values(void)
{
	struct buf seen;

	buf_init(&seen, 1000);
	CHECK(settings_scan(span_str(text), &events, &seen) == 0);
	CHECK_STR(buf_text(&seen),
	    "1 a  @4;1 b;end 5;"
	    "3 e 'f' @19;"
	    "4 e.g  @29;4 h;5 \"\\\"i\";end 39;"
	    "5 e.x  @40;end 45;"
	    "end 47;"
	    "9 z  @71;9 'j';end 74;"
	    "9 k  @77;end 79;");
	buf_free(&seen);
}

/* An unknown key shall be told before what is wrong with its values. */
static void
delivers_before_it_refuses(void)
{
	static const struct scan_events no_places = {
	    note_item, note_value, NULL, note_bad, skip_x};
	struct buf seen;

	buf_init(&seen, 1000);
	CHECK(settings_scan(span_of(text, 0), &events, &seen) == 0);
	CHECK(seen.n == 0);
	CHECK(settings_scan(span_of(text, 31), &no_places, &seen) == -EINVAL);
	CHECK_STR(buf_text(&seen),
	    "1 a  @4;1 b;3 e 'f' @19;4 e.g  @29;4 h;"
	    "BAD 4 e.g the values of a list are separated by commas and end "
	    "with "
	    "};");
	buf_free(&seen);
}

/* --- what a value means --------------------------------------------------- */

static void
takes_quotes_and_escapes_out(void)
{
	static const struct {
		const char *raw, *want;
	} rows[] = {
	    {"a", "a"},
	    {"\"\"", ""},
	    {"''", ""},
	    {"\"a b\"", "a b"},
	    {"\"\\\"\"", "\""},
	    {"\"\\\\\"", "\\"},
	    {"\"a\\\\\\\"b\"", "a\\\"b"},
	    {"\"it's\"", "it's"},
	    {"'a\\'b'", "a'b"},
	    {"'a\\\\'", "a\\"},
	    {"'\\a\"b'", "\\a\"b"},
	    {"'\\\"'", "\\\""},
	};
	struct arena arena;

	arena_init(&arena, 1000);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span raw = guard_copy(span_str(rows[i].raw));

		suite_row(rows[i].raw);
		CHECK(span_eq(
		    settings_lex_plain(raw, &arena), span_str(rows[i].want)));
		guard_free(raw);
	}
	suite_row(NULL);
	arena_free(&arena);
	arena_init(&arena, 0);
	CHECK(settings_lex_plain(span_str("'\\''"), &arena).p == NULL);
	CHECK(settings_lex_plain(span_str("''"), &arena).p != NULL);
	arena_free(&arena);
}

/* Every beginning of a config is read or refused, at the end of a page; and
 * what is refused is refused with one sentence. */
static void
try_both(void *arg, struct span head, struct span tail)
{
	struct span half[] = {head, tail};

	(void)arg;
	for (int i = 0; i < 2; i++) {
		for (int scope = 1; scope <= 3; scope++) {
			struct buf why, warn;
			struct settings *s = NULL;
			int rc;

			buf_init(&why, 10000);
			buf_init(&warn, 10000);
			rc = settings_parse(
			    "t", half[i], scope, &s, &why, &warn);
			CHECK(rc == 0 || rc == -EINVAL);
			CHECK((rc == 0) == (why.n == 0));
			CHECK((rc == 0) == (s != NULL));
			settings_free(s);
			buf_free(&why);
			buf_free(&warn);
		}
	}
}

static void
bears_every_beginning(void)
{
	static const char whole[] =
	    "/*c*/hostname='a\\'b' #x\n"
	    "dns{servers={\"::1\",\"127.0.0.1:53\",}}//y\r\n"
	    "policyd{helo{fail=\"550 \\\"x\\\"\"}}\n"
	    "domain \"a.example\" {key s {file=/k}}\n";

	guard_splits(span_str(whole), try_both, NULL);
}

SUITE("settings_scan", T(reads_what_is_allowed), T(refuses_what_is_not),
    T(limits_the_keys_of_a_section), T(limits_the_length_of_a_key),
    T(limits_the_depth), T(refuses_a_nul), T(skips_what_is_out_of_scope),
    T(skips_policyd_for_the_signer), T(wants_what_is_out_of_scope_closed),
    T(delivers_items_and_values), T(delivers_before_it_refuses),
    T(takes_quotes_and_escapes_out), T(bears_every_beginning))
