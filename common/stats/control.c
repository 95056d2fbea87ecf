#include <errno.h>
#include <stdlib.h>

#include "common/io/askers.h"
#include "common/limits.h"
#include "common/stats/control.h"

struct control {
	const struct control_view *view;
	struct askers *askers;
};

static bool
answer(void *arg, struct span question, struct buf *out)
{
	static const char unknown[] = "{\"error\": \"unknown command\"}\n";
	static const char failed[] = "{\"error\": \"out of memory\"}\n";
	const struct control *c = arg;
	size_t n = span_find(question, '\n');

	if (n == question.n)
		return false;
	if (!span_eq(span_of(question.p, n), span_str("status"))) {
		buf_str(out, unknown);
	} else if (control_status(c->view, out) != 0) {
		buf_clear(out);
		buf_str(out, failed);
	}
	return true;
}

int
control_new(
    struct loop *l, int fd, const struct control_view *v, struct control **ret)
{
	static const struct askers_kind kind = {
	    "control", CONTROL_LINE_MAX, answer};
	struct control *c = calloc(1, sizeof *c);
	int rc;

	if (c == NULL)
		return -ENOMEM;
	c->view = v;
	rc = askers_new(l, fd, &kind, c, &c->askers);
	if (rc == 0)
		*ret = c;
	else
		free(c);
	return rc;
}

void
control_free(struct control *c)
{
	if (c != NULL)
		askers_free(c->askers);
	free(c);
}
