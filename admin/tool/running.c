/*
 * The trick: nothing else is to be done meanwhile, so the sockets block, with a
 * time limit; a daemon's answer ends where it closes.
 *
 * The trap: an answer that was cut is no JSON, and so it "makes no sense": half
 * of the counters must not pass for all. And what a process says of itself is
 * no reason for root to signal another one: whom to signal, the kernel says
 * (probe.h).
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/limits.h"
#include "admin/tool/probe.h"
#include "admin/tool/running.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

/* Reads to the end. 0 or -errno. */
static int
read_all(int fd, struct buf *ret)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (buf_add(ret, chunk, (size_t)n) != 0)
			return buf_error(ret);
	}
	return 0;
}

/* Puts the question over a new connection. 0 or -errno. */
static int
ask(const struct endpoint *e, struct buf *ret)
{
	static const char question[] = "status\n";
	int fd, rc = tool_connect(e, STATUS_SECONDS, &fd);

	if (rc != 0)
		return rc;
	if (send(fd, question, sizeof question - 1, MSG_NOSIGNAL) < 0)
		rc = -errno;
	if (rc == 0)
		rc = read_all(fd, ret);
	close(fd);
	return rc;
}

int
running_status(const struct endpoint_list *control, json_t **ret_status)
{
	json_t *answer;
	struct buf text;
	int rc = -ENOENT;

	buf_init(&text, CONN_OUT_MAX);
	if (control->n > 0)
		rc = ask(&control->v[0], &text);
	if (rc == 0) {
		answer = json_loadb(text.p, text.n, 0, NULL);
		if (json_is_object(answer)) {
			*ret_status = answer;
		} else {
			json_decref(answer);
			rc = -EBADMSG;
		}
	}
	buf_free(&text);
	return rc;
}

/* --- its settings --------------------------------------------------------- */

/* True if both are one file. */
static bool
is_same_file(const char *a, const char *b)
{
	char x[PATH_MAX], y[PATH_MAX];

	return a != NULL && realpath(a, x) != NULL && realpath(b, y) != NULL &&
	    strcmp(x, y) == 0;
}

/* When it read its settings, and how many it has refused. 0 or -errno. */
static int
ask_age(struct running *r, const char *config)
{
	json_t *status, *read;
	int rc = running_status(r->control, &status);

	if (rc != 0)
		return rc;
	read = json_object_get(status, "config_time");
	if (!json_is_integer(read))
		rc = -EBADMSG;
	else if (config != NULL &&
	    !is_same_file(
	        json_string_value(json_object_get(status, "config")), config))
		rc = -EXDEV;
	r->read = (time_t)json_integer_value(read);
	r->generation =
	    json_integer_value(json_object_get(status, "generation"));
	r->refused = json_integer_value(json_object_get(
	    json_object_get(status, "counters"), "reload_failures_total"));
	json_decref(status);
	return rc;
}

int
running_find(const char *name, const struct endpoint_list *control,
    const char *config, struct running *ret)
{
	struct running r = {.control = control};
	struct probe_holder who;
	int rc = ask_age(&r, config);

	if (rc != 0)
		return rc;
	rc = probe_holder(&control->v[0], 0, &who);
	if (rc != 0)
		return rc;
	if (strncmp(who.name, name, PROBE_NAME_MAX - 1) != 0)
		return -ESRCH;
	if (kill(who.pid, 0) != 0)
		return -errno;
	r.pid = who.pid;
	*ret = r;
	return 0;
}

bool
running_has(const struct running *r, time_t written)
{
	return r->read > written;
}

static void
pause_ms(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* The helper that answers is another one from then on: a question between the
 * two gets no answer, and is put again. Settings that were read a moment too
 * early are read once more: somebody else has told it, or the clocks of two
 * processors differ by a little. */
static int
await(struct running *r, time_t written)
{
	const long long refused = r->refused;
	long long generation = r->generation;

	for (int i = 0; i < RELOAD_SECONDS * 1000 / RELOAD_ASK_MS; i++) {
		pause_ms(RELOAD_ASK_MS);
		if (ask_age(r, NULL) != 0)
			continue;
		if (running_has(r, written))
			return 0;
		if (r->refused > refused)
			return -ECANCELED;
		if (r->generation != generation && kill(r->pid, SIGHUP) != 0)
			return -errno;
		generation = r->generation;
	}
	return -ETIMEDOUT;
}

int
running_reload(struct running *r, time_t written)
{
	/* a clock that was set back must not hold us for longer */
	for (int i = 0; i < 2000 / RELOAD_ASK_MS && time(NULL) <= written; i++)
		pause_ms(RELOAD_ASK_MS);
	return kill(r->pid, SIGHUP) == 0 ? await(r, written) : -errno;
}
