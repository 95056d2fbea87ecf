#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "signer/keys/keys.h"
#include "signer/tables/keytable.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

static struct arena arena;
static struct buf why;

static void
begin(void)
{
	arena_init(&arena, 256 << 20);
	buf_init(&why, 1 << 20);
}

static void
end(void)
{
	arena_free(&arena);
	buf_free(&why);
}

/* The PEM text with each line end as `mark`. */
static void
one_line(const char *pem, const char *mark, struct buf *out)
{
	for (; *pem != '\0'; pem++) {
		if (*pem == '\n')
			buf_str(out, mark);
		else
			buf_byte(out, *pem);
	}
}

/* The base64 between the dashes. */
static void
base64_of(const char *pem, struct buf *out)
{
	const char *from = strchr(pem, '\n'), *to = strstr(pem, "\n-----END");

	for (; from < to; from++) {
		if (*from != '\n')
			buf_byte(out, *from);
	}
}

static void
inline_keys(void)
{
	struct keytable k;
	struct key *key;
	const char *reason;
	struct buf text;

	buf_init(&text, 1 << 16);
	buf_str(&text, "a a.example:s:");
	one_line(pem_rsa2048, "\\n", &text);
	buf_str(&text, "\nb b.example:s:");
	one_line(pem_ed25519, " ", &text);
	buf_str(&text, "\nc c.example:s:");
	base64_of(pem_rsa2048, &text);
	buf_str(&text, "\nd d.example:s:");
	base64_of(pem_ed25519, &text);
	buf_str(&text, "\ne e.example:s:MIIB\n");
	CHECK(
	    keytable_parse("/k", buf_view(&text), &arena, &k, &why, &why) == 0);
	CHECK(k.n == 5 && k.bad == 0 && why.n == 0);
	for (size_t i = 0; i < k.n; i++) {
		const struct domain_settings *d = &k.entry[i].domain;
		int rc = key_new(span_str(d->key->pem), &key, &reason);

		suite_row(d->name);
		CHECK(rc == (i < 4 ? 0 : -EINVAL));
		if (rc == 0)
			key_free(key);
		/* the table's own copy is gone */
		CHECK_STR(k.table.row[i].value, "");
	}
	suite_row(NULL);
	keytable_free(&k);
	buf_free(&text);
}

static void
wrong_rows(void)
{
	static const struct {
		const char *text, *why;
	} row[] = {
	    {"a\n", "after the name must come domain:selector:path"},
	    {"a b.example\n", "after the name must come domain:selector:path"},
	    {"a b.example:s\n",
	        "after the name must come domain:selector:path"},
	    {"a b.example:s:\n",
	        "after the name must come domain:selector:path"},
	    {"a b:s:/k\n", "\"b\" is not a domain"},
	    {"a b..example:s:/k\n", "\"b..example\" is not a domain"},
	    {"a b.example:s t:/k\n", "\"s t\" is not a selector"},
	    {"a b.example::/k\n", "\"\" is not a selector"},
	};
	char want[200];

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct keytable k;

		suite_row(row[i].text);
		CHECK(keytable_parse("/k", span_str(row[i].text), &arena, &k,
		          &why, &why) == 0);
		CHECK(k.bad == 1 && k.n == 0 && k.row[0].wrong);
		snprintf(want, sizeof want, "/k:1: %s\n", row[i].why);
		CHECK_STR(buf_text(&why), want);
		buf_clear(&why);
		keytable_free(&k);
	}
	suite_row(NULL);
}

static void
key_rows(void)
{
	static const char text[] =
	    "a B\xc3\xbc"
	    "cher.example:S:/k\n"
	    "a other.example:s:/k\nr x.example:s:./sub/k\n";
	struct keytable k;

	CHECK(keytable_parse(
	          "/etc/t/k", span_str(text), &arena, &k, &why, &why) == 0);
	CHECK(k.n == 3 && k.bad == 0);
	CHECK_STR(k.entry[0].domain.name, "xn--bcher-kva.example");
	CHECK_STR(k.entry[0].domain.key->selector, "s");
	CHECK_STR(k.entry[2].domain.key->file, "/etc/t/./sub/k");
	CHECK_STR(buf_text(&why),
	    "/etc/t/k:2: the name \"a\" stands in line 1, too, and only that "
	    "counts\n");
	buf_clear(&why);
	CHECK(keytable_nearest(&k, span_str("zzzz")) == 3);
	keytable_free(&k);
}

SUITE("keytable", T(begin), T(inline_keys), T(wrong_rows), T(key_rows), T(end))
