#include "tests/support/guard.h"
#include "tests/support/parsed.h"

void
parsed_text(struct parsed *p, struct span text, enum settings_scope scope)
{
	struct span copy = guard_copy(text);

	p->s = NULL;
	buf_init(&p->why, 1 << 20);
	buf_init(&p->warn, 1 << 20);
	buf_init(&p->dump, 64 << 20);
	p->rc = settings_parse("t.conf", copy, scope, &p->s, &p->why, &p->warn);
	guard_free(copy);
}

void
parsed_free(struct parsed *p)
{
	settings_free(p->s);
	buf_free(&p->why);
	buf_free(&p->warn);
	buf_free(&p->dump);
}

const char *
parsed_why(struct parsed *p)
{
	return buf_text(&p->why);
}

const char *
parsed_warn(struct parsed *p)
{
	return buf_text(&p->warn);
}

const char *
parsed_dump(struct parsed *p)
{
	buf_clear(&p->dump);
	if (p->s != NULL)
		settings_dump(p->s, SETTINGS_ALL, &p->dump);
	return buf_text(&p->dump);
}
