/*
 * The trick: all of a message lies in one arena and is forgotten at once; the
 * array of its fields doubles there and leaves its old halves behind.
 *
 * The trap: a failure must not be told where it happens, because an MTA in the
 * middle of a header takes no answer. It is kept in `trouble`, the fields are
 * let go, and what comes after is not looked at.
 */
#include "common/mail/message.h"

#include <errno.h>
#include <string.h>

#include "common/limits.h"

enum {
	FIELDS_FIRST = 64, /* room for an ordinary message */

	/* The fields with their alignment (16 bytes each), the array of them,
	 * which doubles and leaves its old halves behind (2 x 16,384 x 32
	 * bytes), the entries of h=, CANDIDATES_MAX signatures of 2.7 KiB, and
	 * some macros stay well under this. */
	ARENA_MAX = 4 * MESSAGE_HEADERS_MAX
};

void
message_init(struct message *m)
{
	*m = (struct message){.nfields = 0};
	arena_init(&m->arena, ARENA_MAX);
}

void
message_reset(struct message *m)
{
	struct arena arena = m->arena;

	arena_reset(&arena);
	*m = (struct message){.arena = arena};
}

void
message_free(struct message *m)
{
	arena_free(&m->arena);
	message_init(m);
}

/* Its fields are not all there; what there is of them is not needed. */
static void
give_up(struct message *m, enum message_trouble trouble)
{
	m->trouble = trouble;
	m->field = NULL;
	m->nfields = m->room = 0;
}

/* Copies value to *to, unless it is there already: Postfix sends the same
 * macros before every header field. */
static void
keep(struct message *m, struct span *to, struct span value)
{
	char *copy;

	if (span_eq(*to, value))
		return;
	copy = arena_dup(&m->arena, value);
	if (copy == NULL)
		give_up(m, MESSAGE_NO_MEMORY);
	else
		*to = span_of(copy, value.n);
}

void
message_macro(struct message *m, struct span name, struct span value)
{
	if (span_eq(name, span_str("i")) || span_eq(name, span_str("{i}")))
		keep(m, &m->queue_id, value);
	else if (span_eq(name, span_str("{auth_type}")))
		keep(m, &m->auth_type, value);
	else if (span_eq(name, span_str("{auth_authen}")))
		keep(m, &m->auth_authen, value);
}

void
message_sender(struct message *m, struct span address)
{
	keep(m, &m->sender, address);
}

/* Room for one more field. */
static int
grow(struct message *m)
{
	size_t room = m->room == 0 ? FIELDS_FIRST : 2 * m->room;
	struct field *field;

	if (m->nfields < m->room)
		return 0;
	field = arena_alloc(&m->arena, room * sizeof *field);
	if (field == NULL)
		return -ENOMEM;
	if (m->nfields > 0)
		memcpy(field, m->field, m->nfields * sizeof *field);
	m->field = field;
	m->room = room;
	return 0;
}

void
message_field(
    struct message *m, struct span name, struct span value, bool one_space)
{
	size_t lead = one_space ? 1 : 0, n = name.n + lead + value.n;
	char *p;

	if (m->trouble != MESSAGE_FINE)
		return;
	if (n > MESSAGE_HEADERS_MAX - m->header_bytes) {
		give_up(m, MESSAGE_HEADERS_LARGE);
		return;
	}
	if (m->nfields == MESSAGE_FIELDS_MAX) {
		give_up(m, MESSAGE_FIELDS_MANY);
		return;
	}
	p = grow(m) == 0 ? arena_alloc(&m->arena, n) : NULL;
	if (p == NULL) {
		give_up(m, MESSAGE_NO_MEMORY);
		return;
	}
	m->guessed = one_space;
	memcpy(p, name.p, name.n);
	memset(p + name.n, ' ', lead);
	if (value.n > 0)
		memcpy(p + name.n + lead, value.p, value.n);
	m->field[m->nfields++] = (struct field){
	    span_of(p, name.n), span_of(p + name.n, lead + value.n)};
	m->header_bytes += n;
}

struct field_list
message_fields(const struct message *m)
{
	return (struct field_list){m->field, m->nfields};
}

void
message_body(struct message *m, struct span in)
{
	m->body_bytes += in.n;
}
