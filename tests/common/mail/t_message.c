#include <stdio.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/mail/message.h"
#include "tests/support/suite.h"

static int
is(struct span s, const char *want)
{
	return span_eq(s, span_str(want));
}

static void
put(struct message *m, const char *name, const char *value)
{
	message_field(m, span_str(name), span_str(value), false);
}

static void
macros(void)
{
	struct message m;

	message_init(&m);
	message_macro(&m, span_str("{auth_type}"), span_str("PLAIN"));
	message_macro(&m, span_str("{auth_authen}"), span_str("alice"));
	message_macro(&m, span_str("i"), span_str("4AE0"));
	message_macro(&m, span_str("{mail_addr}"), span_str("x"));
	message_macro(&m, span_str("auth_type"), span_str("x"));
	CHECK(is(m.auth_type, "PLAIN") && is(m.auth_authen, "alice"));
	CHECK(is(m.queue_id, "4AE0"));
	message_macro(&m, span_str("i"), span_str("B"));
	CHECK(is(m.queue_id, "B"));
	message_reset(&m);
	CHECK(m.auth_type.n == 0 && m.auth_authen.n == 0);
	CHECK(m.queue_id.n == 0);
	message_free(&m);
}

/* Postfix sends the queue id before each field; it is stored once. */
static void
same_macro_again(void)
{
	struct message m;
	size_t used;

	message_init(&m);
	message_macro(&m, span_str("i"), span_str("4AE0"));
	used = m.arena.used;
	for (int i = 0; i < 1000; i++)
		message_macro(&m, span_str("i"), span_str("4AE0"));
	CHECK(m.arena.used == used);
	message_free(&m);
}

static void
fields(void)
{
	struct field_list list;
	char value[] = " a\n\tb";
	struct message m;

	message_init(&m);
	CHECK(message_fields(&m).n == 0);
	put(&m, "Subject", value);
	value[1] = 'X'; /* it was copied */
	CHECK(!m.guessed);
	message_field(&m, span_str("To"), span_str("b"), true);
	CHECK(m.guessed);
	message_field(&m, span_str("Cc"), span_str(""), true);
	put(&m, "X", "");
	list = message_fields(&m);
	CU_ASSERT_FATAL(list.n == 4);
	CHECK(is(list.v[0].name, "Subject") && is(list.v[0].value, " a\n\tb"));
	CHECK(is(list.v[1].name, "To") && is(list.v[1].value, " b"));
	CHECK(is(list.v[2].value, " ") && list.v[3].value.n == 0);
	CHECK(m.header_bytes == 12 + 4 + 3 + 1);
	message_reset(&m);
	CHECK(message_fields(&m).n == 0 && m.header_bytes == 0);
	put(&m, "A", "1");
	CHECK(message_fields(&m).n == 1);
	message_free(&m);
}

static void
many_fields(void)
{
	struct field_list list;
	char name[16];
	struct message m;

	message_init(&m);
	for (int i = 0; i < MESSAGE_FIELDS_MAX; i++) {
		snprintf(name, sizeof name, "X-%d", i);
		put(&m, name, "v");
	}
	list = message_fields(&m);
	CHECK(m.trouble == MESSAGE_FINE);
	CU_ASSERT_FATAL(list.n == MESSAGE_FIELDS_MAX);
	CHECK(is(list.v[0].name, "X-0") && is(list.v[9999].name, "X-9999"));
	put(&m, "One", "more");
	CHECK(m.trouble == MESSAGE_FIELDS_MANY);
	CHECK(message_fields(&m).n == 0);
	put(&m, "And", "more");
	CHECK(m.trouble == MESSAGE_FIELDS_MANY && m.nfields == 0);
	message_reset(&m);
	CHECK(m.trouble == MESSAGE_FINE);
	message_free(&m);
}

static void
large_header(void)
{
	char *big = calloc(1, MESSAGE_HEADERS_MAX);
	struct message m;

	CU_ASSERT_FATAL(big != NULL);
	memset(big, 'x', MESSAGE_HEADERS_MAX);
	message_init(&m);
	message_field(
	    &m, span_str("X"), span_of(big, MESSAGE_HEADERS_MAX - 1), false);
	CHECK(m.trouble == MESSAGE_FINE && message_fields(&m).n == 1);
	message_field(&m, span_str("Y"), span_str(""), false);
	CHECK(m.trouble == MESSAGE_HEADERS_LARGE);
	message_reset(&m);
	message_field(
	    &m, span_str("X"), span_of(big, MESSAGE_HEADERS_MAX - 1), true);
	CHECK(m.trouble == MESSAGE_HEADERS_LARGE);
	message_free(&m);
	free(big);
}

/* As many fields as may be, and as many bytes: the arena has room for both. */
static void
both_limits(void)
{
	static char value[MESSAGE_HEADERS_MAX / MESSAGE_FIELDS_MAX - 1];
	struct message m;

	memset(value, 'v', sizeof value);
	message_init(&m);
	for (int i = 0; i < MESSAGE_FIELDS_MAX; i++)
		message_field(
		    &m, span_str("X"), span_of(value, sizeof value), false);
	message_macro(&m, span_str("i"), span_str("4AE0"));
	CHECK(m.trouble == MESSAGE_FINE);
	CHECK(message_fields(&m).n == MESSAGE_FIELDS_MAX);
	CHECK(m.header_bytes > MESSAGE_HEADERS_MAX - MESSAGE_FIELDS_MAX);
	message_free(&m);
}

static void
out_of_memory(void)
{
	struct message m;

	message_init(&m);
	m.arena.max = 200;
	put(&m, "Subject", "x");
	CHECK(m.trouble == MESSAGE_NO_MEMORY && message_fields(&m).n == 0);
	message_reset(&m);
	m.arena.max = 16;
	message_macro(&m, span_str("i"), span_str("0123456789012345"));
	CHECK(m.trouble == MESSAGE_NO_MEMORY && m.queue_id.n == 0);
	message_free(&m);
}

static void
body(void)
{
	struct message m;

	message_init(&m);
	message_body(&m, span_str("counted, "));
	message_body(&m, span_str(NULL));
	message_body(&m, span_str("no more"));
	CHECK(m.body_bytes == 16 && m.arena.used == 0);
	message_reset(&m);
	CHECK(m.body_bytes == 0);
	message_free(&m);
}

SUITE("message", T(macros), T(same_macro_again), T(fields), T(many_fields),
    T(large_header), T(both_limits), T(out_of_memory), T(body))
