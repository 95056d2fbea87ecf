#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "admin/look/status.h"
#include "admin/look/status_text.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

static const char name[] = "status";

static const char help[] =
    "usage: postseal status [-c FILE] [--json] [policyd | signer]\n"
    "\n"
    "Asks the running daemons how they are.\n"
    "\n"
    "  -c, --config FILE  instead of " SETTINGS_FILE "\n"
    "  -j, --json         for machines\n"
    "  -h, --help         print this\n"
    "\n"
    "Exit status: 0; 1 when no daemon answers, or the named one does not; 2 "
    "when the\n"
    "command line is wrong.\n";

struct options {
	const char *config;
	const char *only; /* NULL: both */
	bool json;
};

/* --- asking --------------------------------------------------------------- */

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
	const struct timeval patience = {.tv_sec = STATUS_SECONDS};
	int fd = socket(e->addr.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, &e->addr.sa, e->len) != 0 ||
	    send(fd, question, sizeof question - 1, MSG_NOSIGNAL) < 0)
		rc = -errno;
	if (rc == 0)
		rc = read_all(fd, ret);
	close(fd);
	return rc;
}

static const char *
why_not(int rc)
{
	if (rc == -ENOENT || rc == -ECONNREFUSED)
		return "is not running, or was started by spawn(8)";
	if (rc == -EACCES)
		return "may not be asked by this user";
	if (rc == -EBADMSG)
		return "gives an answer that makes no sense";
	return strerror(-rc);
}

/* The daemon's answer, or an object that says why there is none; NULL when memory
 * is out. *ret_good: it is an answer. */
static json_t *
answer_of(const struct endpoint_list *control, bool *ret_good)
{
	json_t *answer = NULL;
	struct buf text;
	int rc = -ENOENT;

	buf_init(&text, CONN_OUT_MAX);
	if (control->n > 0)
		rc = ask(&control->v[0], &text);
	if (rc == 0) {
		answer = json_loadb(text.p, text.n, 0, NULL);
		rc = json_is_object(answer) ? 0 : -EBADMSG;
	}
	buf_free(&text);
	if (rc == 0 && json_is_string(json_object_get(answer, "error"))) {
		*ret_good = false;
		return answer;
	}
	if (rc != 0)
		json_decref(answer);
	*ret_good = rc == 0;
	return rc == 0 ? answer : json_pack("{s:s}", "error", why_not(rc));
}

/* --- printing ------------------------------------------------------------- */

static void
put_text(const char *daemon, const json_t *answer, bool good, struct buf *out)
{
	if (good)
		status_text(answer, out);
	else
		buf_fmt(out, "%s %s\n", daemon,
		    json_string_value(json_object_get(answer, "error")));
}

static int
put_json(const json_t *all, struct buf *out)
{
	char *text = json_dumps(all, JSON_INDENT(2));

	if (text == NULL)
		return -ENOMEM;
	buf_fmt(out, "%s\n", text);
	free(text);
	return buf_error(out);
}

/* How many of those that were asked have answered; -errno. */
static int
ask_all(const struct options *o, const struct settings *s, struct buf *out)
{
	const struct {
		const char *word, *daemon;
		const struct endpoint_list *control;
	} daemon[] = {
	    {"policyd", "postseal-policyd", &s->policyd.daemon.control},
	    {"signer", "postseal-signer", &s->signer.daemon.control},
	};
	json_t *all = json_object();
	int good = 0, rc = 0;

	for (size_t i = 0; i < sizeof daemon / sizeof *daemon; i++) {
		json_t *answer;
		bool one;

		if (o->only != NULL && strcmp(o->only, daemon[i].word) != 0)
			continue;
		answer = answer_of(daemon[i].control, &one);
		good += one;
		if (!o->json)
			put_text(daemon[i].daemon, answer, one, out);
		if (json_object_set_new(all, daemon[i].daemon, answer) != 0)
			rc = -ENOMEM;
	}
	if (rc == 0 && o->json)
		rc = put_json(all, out);
	json_decref(all);
	return rc == 0 ? good : rc;
}

static int
status(const struct options *o)
{
	struct tool t;
	struct buf out;
	int good;

	if (tool_open(&t, name, o->config, SETTINGS_ALL) != 0)
		return TOOL_FAILED;
	buf_init(&out, TOOL_TEXT_MAX);
	good = ask_all(o, t.settings, &out);
	if (good < 0)
		fprintf(stderr, "postseal %s: %s\n", name, strerror(-good));
	else if (tool_print(name, &out, stdout) != 0)
		good = -1;
	buf_free(&out);
	tool_close(&t);
	return good > 0 ? TOOL_OK : TOOL_FAILED;
}

/* --- the command line ----------------------------------------------------- */

static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	int letter;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while ((letter = getopt_long(argc, argv, "c:jh", longs, NULL)) != -1) {
		switch (letter) {
		case 'c':
			o->config = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return 1;
		default:
			return tool_wrong(
			    name, "that is not how it is called", NULL);
		}
	}
	if (optind < argc)
		o->only = argv[optind++];
	if (optind < argc)
		return tool_wrong(name, "what is", argv[optind]);
	if (o->only != NULL && strcmp(o->only, "policyd") != 0 &&
	    strcmp(o->only, "signer") != 0)
		return tool_wrong(name, "there is no daemon", o->only);
	return 0;
}

int
status_run(int argc, char **argv)
{
	struct options o = {.config = SETTINGS_FILE};
	int rc = read_options(argc, argv, &o);

	if (rc != 0)
		return rc > 0 ? TOOL_OK : TOOL_COMMAND_LINE;
	return status(&o);
}
