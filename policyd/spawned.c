/*
 * spawn(8) gives a socket as standard input and output and waits for nobody:
 * one connection, one process, no supervisor. A config that is wrong must not
 * lose mail, so the daemon answers all the same, dunno, and says in the log
 * why.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log/log.h"
#include "common/process/daemon.h"
#include "common/process/rights.h"
#include "common/process/signals.h"
#include "policyd/policy.h"
#include "policyd/spawned.h"

static const int watched[] = {
    SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGNALS_MEANINGLESS};

enum { WATCHED = sizeof watched / sizeof watched[0] };

struct spawned {
	struct policy_env env;
	struct own own; /* the addresses of this host */
	struct settings *settings;
	struct signal_watch *signals[WATCHED];
	struct timer *end;
	struct policy *policy; /* NULL when it has come to its end */
	struct buf why;        /* the settings cannot be used */
};

/* 0 and the peer's descriptors, or -errno. */
static int
take_stdio(int *ret_in, int *ret_out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (null < 0 || in < 0 || out < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fd != null && dup2(null, fd) < 0)
			return -errno;
	}
	if (null > STDERR_FILENO)
		close(null);
	*ret_in = in;
	*ret_out = out;
	return 0;
}

/* log = "stderr" has nobody who reads it here. */
static void
open_log(const char *where)
{
	int rc;

	if (strcmp(where, "stderr") == 0) {
		log_event(LOG_WARNING, "config",
		    "log = \"stderr\" is for a standing daemon; "
		    "this one logs to syslog");
		return;
	}
	rc = log_open(where, POLICYD_IDENT);
	if (rc != 0)
		log_event(LOG_ERR, "config",
		    "log \"%s\": %s; logging to syslog", where, strerror(-rc));
}

/* Only the first problem is told again and again. */
static const char *
first_line(struct buf *why)
{
	const char *text;

	why->n = span_find(buf_view(why), '\n');
	text = buf_text(why);
	return text == NULL || *text == '\0' ? "out of memory" : text;
}

/* The settings, and then no rights any more, whatever they are: whoever has
 * given some to the user of the service, or to our file, gave them for that. 0,
 * or -errno, logged. */
static int
read_settings(struct spawned *s, const char *file)
{
	int rc = daemon_settings(
	    file, SETTINGS_POLICYD, false, &s->settings, &s->why);
	int confined;

	if (rc == 0)
		open_log(s->settings->log);
	confined = rights_confine();
	if (rc == 0 && confined != 0) {
		rc = confined;
		buf_fmt(&s->why, "rights: %s", strerror(-rc));
		log_lines(LOG_ERR, "config", buf_view(&s->why));
	}
	return rc;
}

/* Settings and resolver, or the reason why there are none. */
static void
set_up(struct spawned *s, const char *file)
{
	struct policy_env *env = &s->env;
	int rc = read_settings(s, file);

	env->told = loop_now(env->request.loop);
	if (rc != 0) {
		env->broken = first_line(&s->why);
		log_event(LOG_ERR, "config",
		    "nothing is checked until this is fixed");
		return;
	}
	env->request.settings = s->settings;
	rc = resolver_new(
	    env->request.loop, &s->settings->dns, &env->request.resolver);
	if (rc != 0) {
		env->broken = strerror(-rc);
		log_event(LOG_ERR, "resolver", "%s", env->broken);
		return;
	}
	env->request.own = &s->own;
	(void)own_watch(&s->own, env->request.loop); /* told, if none */
}

/* The loop ends by itself when the last reply is written: nothing is left to
 * wait for. */
static void
on_end(void *arg)
{
	struct spawned *s = arg;

	for (int i = 0; i < WATCHED; i++) {
		signal_free(s->signals[i]);
		s->signals[i] = NULL;
	}
	own_free(&s->own);
	resolver_free(s->env.request.resolver);
	s->env.request.resolver = NULL;
}

/* May run inside an answer of the resolver, which must not be freed there. */
static void
closed(void *arg)
{
	struct spawned *s = arg;

	s->policy = NULL;
	timer_set(s->end, 0);
}

/* A message whose daemon dies between two recipients gets a second header
 * from the next one. What others take for "read your config again" is not
 * worth that. */
static void
on_signal(void *arg, int signo)
{
	struct spawned *s = arg;

	if (signo != SIGTERM && signo != SIGINT && signo != SIGQUIT)
		signals_log_meaningless(signo,
		    "the next process that Postfix starts reads the config "
		    "again");
	else if (s->policy != NULL)
		policy_drain(s->policy);
}

static int
watch_signals(struct spawned *s)
{
	int rc = 0;

	for (int i = 0; rc == 0 && i < WATCHED; i++)
		rc = signal_new(s->env.request.loop, watched[i], on_signal, s,
		    &s->signals[i]);
	return rc;
}

static int
serve(struct spawned *s, const char *file, int in, int out)
{
	int rc = loop_new(&s->env.request.loop);
	struct loop *loop = s->env.request.loop;

	if (rc != 0)
		return rc;
	set_up(s, file);
	rc = watch_signals(s);
	if (rc == 0)
		rc = timer_new(loop, on_end, s, &s->end);
	if (rc == 0)
		rc = policy_new(&s->env, in, out, closed, s, &s->policy);
	if (rc == 0)
		rc = loop_run(loop);
	if (s->policy != NULL)
		policy_free(s->policy);
	on_end(s);
	timer_free(s->end);
	settings_free(s->settings);
	loop_free(loop);
	return rc;
}

int
spawned_run(const char *file)
{
	struct spawned s = {0};
	int in = -1, out = -1, rc = take_stdio(&in, &out);

	signals_begin();
	signal(SIGHUP, SIG_IGN); /* until it is watched */
	(void)log_open("syslog", POLICYD_IDENT);
	buf_init(&s.why, 64 * 1024);
	if (rc == 0)
		rc = serve(&s, file, in, out);
	buf_free(&s.why);
	if (rc == 0)
		return EX_OK;
	log_event(LOG_CRIT, "stopped", "%s", strerror(-rc));
	return EX_OSERR;
}
