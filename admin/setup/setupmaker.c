#include <errno.h>
#include <stdlib.h>

#include "admin/limits.h"
#include "admin/setup/setupmaker.h"

static int
get(struct setupmaker *m, const char *name, bool expand, struct buf *ret)
{
	int rc;

	buf_init(ret, POSTCONF_VALUE_MAX);
	rc = postconf_get(m->postfix, name, expand, ret, m->why);
	return rc == -ENOENT ? 0 : rc;
}

int
setupmaker_get(struct setupmaker *m, const char *name, struct buf *ret)
{
	return get(m, name, false, ret);
}

int
setupmaker_expand(struct setupmaker *m, const char *name, struct buf *ret)
{
	return get(m, name, true, ret);
}

int
setupmaker_no_memory(struct setupmaker *m)
{
	buf_fmt(m->why, "%s\n", strerror(ENOMEM));
	return -ENOMEM;
}

int
setupmaker_add(struct setupmaker *m, const char *option, const char *word)
{
	if (m->plan->n == SETUPPLAN_COMMANDS_MAX ||
	    postconf_command(m->postfix, &m->plan->command[m->plan->n],
	        "postconf", option, word, NULL) != 0)
		return setupmaker_no_memory(m);
	m->plan->n++;
	return 0;
}

int
setupmaker_add_set(struct setupmaker *m, const char *name, const char *value)
{
	struct buf word;
	int rc;

	buf_init(&word, POSTCONF_VALUE_MAX + 256);
	buf_fmt(&word, "%s = %s", name, value);
	rc = buf_text(&word) == NULL ? setupmaker_no_memory(m)
	                             : setupmaker_add(m, "-e", buf_text(&word));
	buf_free(&word);
	return rc;
}

int
setupmaker_refuse(struct setupmaker *m, const char *name, const char *reason,
    const char *hand)
{
	buf_fmt(m->why,
	    "%s: %s. Nothing was changed; put in by hand: %s, and run this "
	    "again\n",
	    name, reason, hand);
	return -EINVAL;
}

int
setupmaker_get_major(
    struct setupmaker *m, struct buf *version, unsigned long *ret)
{
	int rc = setupmaker_get(m, "mail_version", version);
	const char *text = buf_text(version);

	*ret =
	    text != NULL && span_is_digit(*text) ? strtoul(text, NULL, 10) : 0;
	return rc;
}

int
setupmaker_is_old(struct setupmaker *m, bool *ret)
{
	struct buf version;
	unsigned long major;
	int rc = setupmaker_get_major(m, &version, &major);

	*ret = major == 1 || major == 2;
	buf_free(&version);
	return rc;
}
