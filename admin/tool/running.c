/*
 * The trick: nothing else is to be done meanwhile, so the sockets block, with a
 * time limit; a daemon's answer ends where it closes.
 *
 * The trap: an answer that was cut is no JSON, and so it "makes no sense": half
 * of the counters must not pass for all.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/limits.h"
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
