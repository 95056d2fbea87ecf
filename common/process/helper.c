/*
 * The helper must end with the supervisor, even by SIGKILL: PR_SET_PDEATHSIG
 * says so, and as the supervisor may have died before that call, the parent is
 * looked at once more after it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log/log.h"
#include "common/process/helper.h"
#include "common/stats/metrics.h"

struct helper {
	struct helper_env env;
	struct loop *loop;
	struct signal_watch *term;
	struct control *control;
	struct metrics *metrics;
};

static void
on_term(void *arg, int signo)
{
	struct helper *h = arg;

	loop_stop(h->loop);
}

int
helper_new(const struct helper_env *env, struct helper **ret)
{
	struct helper *h = calloc(1, sizeof *h);
	int rc;

	if (h == NULL)
		return -ENOMEM;
	h->env = *env;
	rc = loop_new(&h->loop);
	if (rc == 0)
		rc = signal_new(h->loop, SIGTERM, on_term, h, &h->term);
	if (rc != 0) {
		helper_free(h);
		return rc;
	}
	*ret = h;
	return 0;
}

void
helper_free(struct helper *h)
{
	if (h == NULL)
		return;
	metrics_free(h->metrics);
	control_free(h->control);
	signal_free(h->term);
	loop_free(h->loop);
	free(h);
}

struct loop *
helper_loop(struct helper *h)
{
	return h->loop;
}

struct stats_slot *
helper_stats(struct helper *h)
{
	return h->env.slot;
}

/* SIGTERM when the supervisor dies, also if it has died already. From here on
 * SIGTERM is heard. */
static int
stay_with(pid_t parent)
{
	sigset_t term;

	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0)
		return -errno;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if (getppid() != parent)
		raise(SIGTERM);
	return sigprocmask(SIG_UNBLOCK, &term, NULL) == 0 ? 0 : -errno;
}

int
helper_run(struct helper *h,
    bool (*key)(void *arg, size_t i, struct control_key *ret), void *arg)
{
	struct helper_env *e = &h->env;
	int rc = 0;

	e->view.key = key;
	e->view.arg = arg;
	if (e->control >= 0)
		rc = control_new(h->loop, e->control, &e->view, &h->control);
	if (rc == 0 && e->metrics >= 0)
		rc = metrics_new(h->loop, e->metrics, e->view.stats,
		    e->view.report, &h->metrics);
	if (rc == 0)
		rc = stay_with(e->parent);
	if (rc == 0)
		rc = loop_run(h->loop);
	return rc;
}

/* --- in the supervisor ---------------------------------------------------- */

int
helper_fork(struct helper_child *c, uint64_t now, bool *ret_child)
{
	pid_t pid = fork();
	int rc = pid < 0 ? -errno : 0;

	*ret_child = pid == 0;
	c->next = now + HELPER_AGAIN_MS;
	if (rc != 0)
		log_event(LOG_ERR, "helper_failed", "fork: %s", strerror(-rc));
	if (pid > 0) {
		c->pid = pid;
		c->told = false;
	}
	return rc;
}

void
helper_tell(struct helper_child *c)
{
	if (c->pid == 0)
		return;
	c->told = true;
	kill(c->pid, SIGTERM);
}

void
helper_ended(struct helper_child *c, int status, uint64_t now)
{
	bool exited = WIFEXITED(status);
	struct log_line l;

	c->pid = 0;
	if (c->told) {
		c->next = now;
		return;
	}
	log_begin(&l, LOG_ERR, "helper_died");
	if (exited)
		log_num(&l, "exit", WEXITSTATUS(status));
	else
		log_num(&l, "signal", WTERMSIG(status));
	log_end(&l);
}
