#include <stdlib.h>

#include "admin/check/finding.h"
#include "admin/limits.h"
#include "tests/support/suite.h"

static void
make(struct findings *f)
{
	struct buf lines;

	findings_init(f);
	findings_add(f, FINDING_OK, "dns", "never told", NULL, "%s is well",
	    "a.example");
	findings_add(f, FINDING_WARNING, "postfix", "it matters",
	    "postconf -e x", "%d wrong", 1);
	buf_init(&lines, 100);
	buf_str(&lines, "c.conf:1: one\nc.conf:2: two\n");
	findings_lines(f, FINDING_ERROR, "config", &lines);
	buf_free(&lines);
}

static void
prints(void)
{
	struct findings f;
	struct buf out;

	make(&f);
	buf_init(&out, 10000);
	findings_print(&f, false, false, &out);
	CHECK_STR(buf_text(&out),
	    "warning postfix: 1 wrong\n"
	    "        why:  it matters\n"
	    "        fix: postconf -e x\n"
	    "error   config: c.conf:1: one\n"
	    "error   config: c.conf:2: two\n");
	buf_clear(&out);
	findings_print(&f, true, true, &out);
	CHECK(strstr(buf_text(&out),
	          "\033[32mok      \033[0mdns: a.example is well\n") != NULL);
	CHECK(strstr(buf_text(&out), "never told") == NULL);
	CHECK(f.count[FINDING_OK] == 1 && f.count[FINDING_WARNING] == 1 &&
	    f.count[FINDING_ERROR] == 2 && f.count[FINDING_NOTE] == 0);
	buf_free(&out);
	findings_free(&f);
}

static void
json(void)
{
	struct findings f;
	json_t *all, *one;
	char *text;

	make(&f);
	all = findings_json(&f);
	CU_ASSERT_FATAL(all != NULL);
	CHECK(json_array_size(all) == 4);
	one = json_array_get(all, 1);
	text = json_dumps(one, JSON_COMPACT | JSON_SORT_KEYS);
	CHECK_STR(text,
	    "{\"area\":\"postfix\",\"fix\":\"postconf -e x\","
	    "\"level\":\"warning\",\"what\":\"1 wrong\",\"why\":\"it "
	    "matters\"}");
	free(text);
	CHECK(json_object_get(json_array_get(all, 2), "fix") == NULL);
	json_decref(all);
	findings_free(&f);
}

/* What a file or DNS gave does not reach a terminal as it is, and is JSON. */
static void
strange_bytes(void)
{
	struct findings f;
	struct buf out;
	json_t *all;

	findings_init(&f);
	findings_add(&f, FINDING_NOTE, "dns", NULL, "a\033b",
	    "x\033[31m\n\xff%s", "\x01");
	buf_init(&out, 1000);
	findings_print(&f, false, false, &out);
	CHECK_STR(
	    buf_text(&out), "note    dns: x?[31m?\?\?\n        fix: a?b\n");
	all = findings_json(&f);
	CHECK(all != NULL);
	json_decref(all);
	buf_free(&out);
	findings_free(&f);
}

/* FINDINGS_MEMORY_MAX bytes of texts, and more. */
static void
many(void)
{
	static char text[64 * 1024];
	struct findings f;
	size_t n = 0;

	memset(text, 'a', sizeof text - 1);
	findings_init(&f);
	for (; !f.no_memory && n < 1000; n++)
		findings_add(&f, FINDING_NOTE, "dns", NULL, NULL, "%s", text);
	CHECK(f.no_memory);
	CHECK(n > FINDINGS_MEMORY_MAX / sizeof text / 2);
	CHECK(n <= FINDINGS_MEMORY_MAX / sizeof text);
	CHECK(findings_json(&f) == NULL);
	findings_free(&f);
}

static void
words(void)
{
	static const char *const want[] = {
	    "ok", "note", "unknown", "warning", "error"};

	for (int i = 0; i < FINDING_LEVELS; i++)
		CHECK_STR(finding_word(i), want[i]);
}

SUITE("finding", T(prints), T(json), T(strange_bytes), T(many), T(words))
