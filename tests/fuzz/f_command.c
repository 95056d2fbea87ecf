#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/milter/command.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct span in, const struct command *c)
{
	struct span list, name, value;

	switch (c->type) {
	case SMFIC_MACRO:
		list = c->u.macro.list;
		while (command_macro(&list, &name, &value)) {
			must(is_inside(name, in));
			must(is_inside(value, in));
		}
		if (list.n > 0)
			abort();
		break;
	case SMFIC_CONNECT:
		must(is_inside(c->u.connect.host, in));
		must(is_inside(c->u.connect.address, in));
		break;
	case SMFIC_HEADER:
		must(is_inside(c->u.header.name, in));
		must(is_inside(c->u.header.value, in));
		break;
	case SMFIC_MAIL:
	case SMFIC_RCPT:
		must(is_inside(c->u.envelope.address, in));
		must(is_inside(c->u.envelope.args, in));
		break;
	case SMFIC_HELO:
		must(is_inside(c->u.helo, in));
		break;
	case SMFIC_UNKNOWN:
		must(is_inside(c->u.unknown, in));
		break;
	case SMFIC_BODY:
	case SMFIC_BODYEOB:
		must(is_inside(c->u.body, in));
		break;
	case SMFIC_ABORT:
	case SMFIC_QUIT_NC:
	case SMFIC_EOH:
	case SMFIC_OPTNEG:
	case SMFIC_QUIT:
	case SMFIC_DATA:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct command c;
	struct span in;

	if (size == 0)
		return 0;
	in = span_of(data + 1, size - 1);
	if (command_parse(data[0], in, &c, &why) == PARSE_OK)
		check(in, &c);
	else if (why == NULL)
		abort();
	return 0;
}
