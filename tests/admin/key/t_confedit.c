#include <errno.h>

#include "admin/key/confedit.h"
#include "common/bytes/buf.h"
#include "tests/support/guard.h"
#include "tests/support/suite.h"

static const struct confedit_step key_b[] = {
    {"domain", "a.example"}, {"key", "b"}};
static const struct confedit_step policyd[] = {{"policyd", NULL}};

struct row {
	const char *text;
	const struct confedit_step *path;
	size_t depth;
	const char *key, *value, *want;
};

static void
sets_one_value(void)
{
	static const struct row rows[] = {
	    {"", NULL, 0, "hostname", "\"h\"", "hostname = \"h\"\n"},
	    {"# c\n", NULL, 0, "hostname", "h", "# c\n\nhostname = h\n"},
	    {"log=x # c\nhostname =  \"o\" # d\n", NULL, 0, "hostname", "\"h\"",
	        "log=x # c\nhostname =  \"h\" # d\n"},
	    {"policyd { observe = true }", policyd, 1, "observe", "false",
	        "policyd { observe = false }"},
	    {"policyd {}", policyd, 1, "observe", "false",
	        "policyd {\n\tobserve = false\n}"},
	    {"policyd {\n\t# c\n}\n", policyd, 1, "observe", "false",
	        "policyd {\n\t# c\n\tobserve = false\n}\n"},
	    {"policyd { helo { observe = 1 } }\n", policyd, 1, "observe", "0",
	        "policyd { helo { observe = 1 } \n\tobserve = 0\n}\n"},
	    {"observe = 1\n", policyd, 1, "observe", "0",
	        "observe = 1\n\npolicyd {\n\tobserve = 0\n}\n"},
	    {"domain A.example { key b { file = f active = no } }", key_b, 2,
	        "active", "yes",
	        "domain A.example { key b { file = f active = yes } }"},
	    {"domain \"b.example\" {\n}\ndomain 'a.example' {\n\tkey \"c\" {\n"
	     "\t}\n}\n",
	        key_b, 2, "file", "f",
	        "domain \"b.example\" {\n}\ndomain 'a.example' {\n\tkey \"c\" "
	        "{\n\t}\n\tkey \"b\" {\n\t\tfile = f\n\t}\n}\n"},
	    {"x = {\"a\", b} # }\n", NULL, 0, "x", "{}", "x = {} # }\n"},
	    /* of two, the last */
	    {"domain a.example { key b { } } domain a.example { key 'b' { file "
	     "= 1 "
	     "} }",
	        key_b, 2, "file", "2",
	        "domain a.example { key b { } } domain a.example { key 'b' { "
	        "file = "
	        "2 } }"},
	    {"domain a.example { key b { } } domain a.example { }", key_b, 1,
	        "subdomains", "on",
	        "domain a.example { key b { } } domain a.example { "
	        "\n\tsubdomains = "
	        "on\n}"},
	    /* not on the way, though it has the name of a step */
	    {"x { policyd { observe = 1 } }", policyd, 1, "observe", "0",
	        "x { policyd { observe = 1 } }\npolicyd {\n\tobserve = "
	        "0\n}\n"},
	    {"policyd { policyd { observe = 1 } }", policyd, 1, "observe", "0",
	        "policyd { policyd { observe = 1 } \n\tobserve = 0\n}"},
	    {"/* policyd { */ policyd { observe = 1 }", policyd, 1, "observe",
	        "0", "/* policyd { */ policyd { observe = 0 }"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		struct span text = guard_copy(span_str(r->text));
		struct buf out, why;

		suite_row(r->text);
		buf_init(&out, 4096);
		buf_init(&why, 4096);
		CHECK(confedit_set("f", text, r->path, r->depth, r->key,
		          r->value, &out, &why) == 0);
		CHECK_STR(buf_text(&out), r->want);
		CHECK(why.n == 0);
		buf_free(&out);
		guard_free(text);
	}
	suite_row(NULL);
}

static void
refuses_what_is_no_config(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"a = 1\npolicyd {\n",
	        "f:2: policyd: the section is never closed\n"},
	    {"}\n", "f:1: there is no { that this } closes\n"},
	    {"a = {1\n",
	        "f:2: a: the values of a list are separated by commas and end "
	        "with "
	        "}\n"},
	    {"a 1 2\n", "f:1: a: = or { is expected after the key\n"},
	    {"= 1\n", "f:1: a key is expected here\n"},
	    {"a = \"x\n", "f:1: a: the string that begins here has no end\n"},
	    {"a {b {c {d {e {}}}}}",
	        "f:1: a.b.c.d.e: sections are nested too deeply\n"},
	    {"a = 1\na = 2", "f:2: a: stands here twice, first in line 1\n"},
	};
	/* what cannot go with what is set */
	static const struct {
		const char *text;
		size_t depth;
		const char *why;
	} clashes[] = {
	    {"x { a = 1 }\n", 0,
	        "f:3: x: stands here twice, first in line 1\n"},
	    {"policyd { x { a = 1 } }\n", 1,
	        "f:2: policyd.x: stands here twice, first in line 1\n"},
	    {"policyd = 1\n", 1,
	        "f:3: policyd: stands here twice, first in line 1\n"},
	};
	struct buf out, why;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		suite_row(rows[i].text);
		buf_init(&out, 4096);
		buf_init(&why, 4096);
		CHECK(confedit_set("f", span_str(rows[i].text), policyd, 1, "x",
		          "1", &out, &why) == -EINVAL);
		CHECK_STR(buf_text(&why), rows[i].why);
		CHECK(out.n == 0);
		buf_clear(&why);
		CHECK(confedit_remove("f", span_str(rows[i].text), policyd, 1,
		          &out, &why) == -EINVAL);
		CHECK_STR(buf_text(&why), rows[i].why);
		buf_free(&out);
		buf_free(&why);
	}
	for (size_t i = 0; i < sizeof clashes / sizeof clashes[0]; i++) {
		suite_row(clashes[i].text);
		buf_init(&out, 4096);
		buf_init(&why, 4096);
		CHECK(confedit_set("f", span_str(clashes[i].text), policyd,
		          clashes[i].depth, "x", "1", &out, &why) == -EINVAL);
		CHECK_STR(buf_text(&why), clashes[i].why);
		CHECK(out.n == 0);
		buf_free(&out);
		buf_free(&why);
	}
	suite_row(NULL);
}

static void
removes_a_section(void)
{
	static const char text[] = "domain a.example {\n\tkey a { file = 1 }\n"
	                           "\tkey b { # c\n\t\tfile = 2\n\t}\n}\n";
	struct buf out, why;

	buf_init(&out, 4096);
	buf_init(&why, 4096);
	CHECK(confedit_remove("f", span_str(text), key_b, 2, &out, &why) == 0);
	CHECK_STR(
	    buf_text(&out), "domain a.example {\n\tkey a { file = 1 }\n}\n");
	CHECK(confedit_remove("f", buf_view(&out), key_b, 2, &out, &why) ==
	    -ENOENT);
	CHECK(why.n == 0);
	buf_free(&out);
}

static void
gets_a_value(void)
{
	struct span got;

	CHECK(confedit_get(span_str("policyd { a = 'x y' }"), policyd, 1, "a",
	          &got) == 0);
	CHECK(span_eq(got, span_str("'x y'")));
	CHECK(
	    confedit_get(span_str("#a = 1\n"), NULL, 0, "a", &got) == -ENOENT);
	CHECK(confedit_get(span_str("a = {"), NULL, 0, "a", &got) == -EINVAL);
}

SUITE("confedit", T(sets_one_value), T(refuses_what_is_no_config),
    T(removes_a_section), T(gets_a_value))
