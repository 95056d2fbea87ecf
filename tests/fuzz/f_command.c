#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/milter/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(struct span whole, struct span part)
{
	if (part.n > 0 &&
	    (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

static void
check(struct span in, const struct command *c)
{
	struct span list, name, value;

	switch (c->type) {
	case SMFIC_MACRO:
		list = c->u.macro.list;
		while (command_macro(&list, &name, &value)) {
			inside(in, name);
			inside(in, value);
		}
		if (list.n > 0)
			abort();
		break;
	case SMFIC_CONNECT:
		inside(in, c->u.connect.host);
		inside(in, c->u.connect.address);
		break;
	case SMFIC_HEADER:
		inside(in, c->u.header.name);
		inside(in, c->u.header.value);
		break;
	case SMFIC_MAIL:
	case SMFIC_RCPT:
		inside(in, c->u.envelope.address);
		inside(in, c->u.envelope.args);
		break;
	case SMFIC_HELO:
		inside(in, c->u.helo);
		break;
	case SMFIC_UNKNOWN:
		inside(in, c->u.unknown);
		break;
	case SMFIC_BODY:
	case SMFIC_BODYEOB:
		inside(in, c->u.body);
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
