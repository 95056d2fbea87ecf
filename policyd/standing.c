#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log/log.h"
#include "common/process/daemon.h"
#include "policyd/limits.h"
#include "policyd/policy.h"
#include "policyd/standing.h"

struct standing {
	struct worker *worker;
	struct policy_env env;
	struct own own; /* the addresses of this host */
	struct client *first;
};

struct client {
	struct standing *standing;
	struct policy *policy;
	struct client *next, *prev;
};

static void
client_gone(void *arg)
{
	struct client *c = arg;
	struct standing *s = c->standing;

	if (c->prev == NULL)
		s->first = c->next;
	else
		c->prev->next = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	free(c);
	worker_closed(s->worker);
}

/* So that peers that vanished without a word do not stay for ever. What fails
 * is not needed: a unix: socket has none of it. */
static void
keep_alive(int fd)
{
	static const int on = 1, idle = POLICY_KEEPALIVE_IDLE,
	                 interval = POLICY_KEEPALIVE_INTERVAL,
	                 count = POLICY_KEEPALIVE_COUNT;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	(void)setsockopt(
	    fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static void
standing_accepted(void *arg, int fd)
{
	struct standing *s = arg;
	struct client *c = calloc(1, sizeof *c);
	int rc;

	if (c == NULL) {
		close(fd);
		worker_closed(s->worker);
		log_event(LOG_ERR, "accept", "%s", strerror(ENOMEM));
		return;
	}
	keep_alive(fd);
	c->standing = s;
	c->next = s->first;
	if (s->first != NULL)
		s->first->prev = c;
	s->first = c;
	rc = policy_new(&s->env, fd, fd, client_gone, c, &c->policy);
	if (rc != 0) {
		client_gone(c);
		log_event(LOG_ERR, "accept", "%s", strerror(-rc));
	}
}

static void
standing_order(void *arg, enum worker_order order)
{
	struct standing *s = arg;
	struct client *next;

	for (struct client *c = s->first; c != NULL; c = next) {
		next = c->next;
		switch (order) {
		case WORKER_DRAIN:
			policy_retire(c->policy);
			break;
		case WORKER_FINISH:
			policy_drain(c->policy);
			break;
		}
	}
}

static bool
standing_spare(void *arg)
{
	struct standing *s = arg;
	struct client *best = NULL;

	for (struct client *c = s->first; c != NULL; c = c->next) {
		if (policy_spare(c->policy) >
		    (best == NULL ? 0 : policy_spare(best->policy)))
			best = c;
	}
	if (best != NULL)
		policy_drain(best->policy);
	return best != NULL;
}

/* Serves until the worker shall end; what is still connected then is closed
 * with it. 0 or -errno. */
static int
standing_work(struct standing *s, const struct settings *settings)
{
	static const struct worker_events events = {
	    standing_accepted, standing_order, standing_spare};
	struct request_env *env = &s->env.request;
	int rc = resolver_new(env->loop, &settings->dns, &env->resolver);

	env->own = &s->own;
	if (rc == 0)
		rc = own_watch(&s->own, env->loop);
	if (rc == 0) {
		resolver_count(env->resolver, s->env.stats);
		rc = worker_watch(s->worker, env->loop, &events, s);
	}
	if (rc == 0)
		rc = loop_run(env->loop);
	while (s->first != NULL) {
		policy_free(s->first->policy);
		client_gone(s->first);
	}
	worker_unwatch(s->worker);
	own_free(&s->own);
	resolver_free(env->resolver);
	return rc;
}

int
standing_serve(struct loop *l, struct worker *w, void *generation)
{
	struct standing s = {.worker = w};

	s.env.request.loop = l;
	s.env.request.settings = generation;
	s.env.stats = worker_stats(w);
	return standing_work(&s, generation);
}

int
standing_load(const char *file, bool reload, struct supervisor_plan *ret)
{
	struct settings *s;
	int rc = daemon_load(file, SETTINGS_POLICYD, reload, POLICYD_IDENT, &s);

	if (rc != 0)
		return rc;
	ret->daemon = &s->policyd.daemon;
	ret->workers = 1; /* a second one would put equal questions again */
	ret->generation = s;
	return 0;
}
