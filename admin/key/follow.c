/*
 * The trap: a reload that fails is only seen in the daemon's log, so the config
 * is tried out here first, as -T does; and what passes here may be refused
 * there (its user is another one), so it counts only when the daemon says that
 * it has it.
 */
#include <errno.h>
#include <stddef.h>

#include "admin/key/follow.h"
#include "admin/tool/running.h"
#include "admin/tool/tool.h"
#include "signer/setup.h"

struct daemon {
	const char *name, *section;
	enum settings_scope scope;
	size_t at; /* of its struct daemon_settings */
};

static const struct daemon daemons[] = {
    [FOLLOW_SIGNER] = {"postseal-signer", "signer", SETTINGS_SIGNER,
        offsetof(struct settings, signer.daemon)},
    [FOLLOW_VERIFIER] = {"postseal-verifier", "verifier", SETTINGS_VERIFIER,
        offsetof(struct settings, verifier.daemon)},
    [FOLLOW_POLICYD] = {"postseal-policyd", "policyd", SETTINGS_POLICYD,
        offsetof(struct settings, policyd.daemon)},
};

/* What a reload of the signer would take. False after a line for each problem
 * in why. */
static bool
keys_pass(const char *config, struct buf *why)
{
	struct setup s = {NULL, NULL};
	struct buf warn;
	bool good;

	buf_init(&warn, TOOL_MESSAGES_MAX);
	good = setup_read(config, &s, why, &warn) == 0 && s.keys->bad == 0;
	setup_clear(&s);
	buf_free(&warn);
	return good;
}

int
follow_try(
    enum follow_daemon d, const char *config, time_t written, struct buf *why)
{
	const struct endpoint_list *control;
	struct settings *s = NULL;
	struct running r;
	struct buf warn;
	int rc;

	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = settings_read(config, daemons[d].scope, &s, why, &warn);
	buf_free(&warn);
	if (rc != 0)
		return -EINVAL;
	control =
	    &((const struct daemon_settings *)((const char *)s + daemons[d].at))
	         ->control;
	rc = control->n == 0
	    ? -ENOTSUP
	    : running_find(daemons[d].name, control, config, &r);
	if (rc == 0 && !running_has(&r, written))
		rc = d == FOLLOW_SIGNER && !keys_pass(config, why)
		    ? -EINVAL
		    : running_reload(&r, written);
	settings_free(s);
	return rc;
}

bool
follow_absent(int rc)
{
	return rc == -ENOENT || rc == -ECONNREFUSED;
}

void
follow_tell(enum follow_daemon d, int rc, struct buf *why)
{
	const char *name = daemons[d].name;

	switch (-rc) {
	case ENOENT:
	case ECONNREFUSED:
		buf_fmt(why,
		    "%s does not run, and reads this when it is started: "
		    "systemctl start %s\n",
		    name, name);
		return;
	case EACCES:
	case EPERM:
		buf_fmt(why,
		    "%s does not know of it yet, as only root may tell it: "
		    "sudo ",
		    name);
		break;
	case ENOTSUP:
		buf_fmt(why, "%s.control names no socket to tell %s: ",
		    daemons[d].section, name);
		break;
	case EXDEV:
		buf_fmt(why,
		    "The %s that runs reads another config: start one with "
		    "this\n",
		    name);
		return;
	case ECANCELED:
		buf_fmt(why,
		    "%s has refused the new settings and keeps the old ones. "
		    "journalctl -u %s says why; then: ",
		    name, name);
		break;
	case EINVAL:
		buf_fmt(
		    why, "%s keeps its old settings. Fix this, then: ", name);
		break;
	default:
		buf_fmt(why,
		    "It is not known if %s has the new settings (%s): ", name,
		    strerror(-rc));
	}
	buf_fmt(why, "systemctl reload %s\n", name);
}

int
follow_signer(const char *config, time_t written, struct buf *why)
{
	int rc = follow_try(FOLLOW_SIGNER, config, written, why);

	if (rc == 0)
		return TOOL_OK;
	follow_tell(FOLLOW_SIGNER, rc, why);
	return TOOL_UNTOLD;
}
