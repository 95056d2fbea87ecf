#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/generation.h"
#include "common/limits.h"
#include "common/log.h"

enum { WHY_MAX = 1024 };

static void
release(const struct supervisor_ops *ops, void *arg, struct generation *g)
{
	if (g->number == 0)
		return;
	rights_free(&g->rights);
	ops->unload(arg, g->plan.generation);
	*g = (struct generation){0};
}

void
generation_refuse(const struct generation *now, const char *why)
{
	bool start = now->number == 0;
	struct log_line l;

	log_begin(&l, LOG_ERR, start ? "start_failed" : "reload_failed");
	log_str(&l, "reason", why);
	if (!start)
		log_num(&l, "generation", now->number);
	log_end(&l);
}

static unsigned
workers_of(const struct supervisor_plan *plan)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = plan->workers;

	if (n == 0)
		n = cores < 1 ? 1 : (unsigned)cores;
	return n > WORKERS_MAX ? WORKERS_MAX : n;
}

/* What a generation needs besides its settings. 0, or -errno and why. */
static int
prepare(struct generation *g, const struct generation *now, unsigned room,
    struct buf *why)
{
	int rc;

	g->workers = workers_of(&g->plan);
	if (g->workers > room) {
		buf_str(why, "too many old workers are still at work");
		return -EAGAIN;
	}
	rc = rights_find(g->plan.daemon->user, &g->rights, why);
	if (rc != 0)
		return rc;
	rc = listen_open(g->plan.daemon, &now->listen, &g->listen, why);
	if (rc != 0)
		rights_free(&g->rights);
	return rc;
}

int
generation_load(const struct supervisor_ops *ops, void *arg,
    const struct generation *now, unsigned room, struct generation *ret)
{
	struct generation g = {.number = now->number + 1};
	struct buf why;
	int rc = ops->load(arg, &g.plan);

	if (rc != 0) {
		generation_refuse(now, "settings");
		return rc;
	}
	buf_init(&why, WHY_MAX);
	rc = prepare(&g, now, room, &why);
	if (rc == 0) {
		*ret = g;
	} else {
		generation_refuse(now, buf_text(&why));
		ops->unload(arg, g.plan.generation);
	}
	buf_free(&why);
	return rc;
}

static void
log_listening(const struct listen_set *listen)
{
	for (size_t i = 0; i < listen->n; i++) {
		char text[ENDPOINT_TEXT_MAX];
		struct log_line l;

		if (listen->v[i].shared)
			continue;
		log_begin(&l, LOG_INFO, "listening");
		log_str(&l, "on", endpoint_text(&listen->v[i].endpoint, text));
		log_end(&l);
	}
}

void
generation_replace(const struct supervisor_ops *ops, void *arg,
    struct generation *now, struct generation *next)
{
	struct listen_set listen = now->listen;
	struct log_line l;
	struct buf why;

	buf_init(&why, WHY_MAX);
	log_listening(&next->listen);
	if (listen_commit(&listen, next->listen, &why) != 0)
		log_event(LOG_WARNING, "listening", "%s", buf_text(&why));
	buf_free(&why);
	log_begin(&l, LOG_NOTICE, now->number == 0 ? "started" : "reloaded");
	log_num(&l, "generation", next->number);
	log_num(&l, "workers", next->workers);
	log_end(&l);
	release(ops, arg, now);
	*now = *next;
	now->listen = listen;
	*next = (struct generation){0};
}

void
generation_abandon(
    const struct supervisor_ops *ops, void *arg, struct generation *next)
{
	listen_abandon(next->listen);
	release(ops, arg, next);
}

void
generation_end(
    const struct supervisor_ops *ops, void *arg, struct generation *g)
{
	listen_close(&g->listen);
	release(ops, arg, g);
}

static void
log_start(const struct worker *self)
{
	struct log_line l;

	log_begin(&l, LOG_INFO, "worker_started");
	log_num(&l, "worker", worker_number(self));
	log_num(&l, "generation", worker_generation(self));
	log_end(&l);
}

int
generation_serve(const struct supervisor_ops *ops, void *arg,
    struct generation *g, struct generation *other, struct worker *self)
{
	int rc;

	/* The next one's first: it knows which sockets it shares. */
	listen_forget(g->number > other->number ? &g->listen : &other->listen);
	listen_forget(g->number > other->number ? &other->listen : &g->listen);
	release(ops, arg, other);
	rc = rights_drop(&g->rights);
	if (rc == 0) {
		log_start(self);
		rc = ops->serve(arg, self, g->plan.generation);
	}
	if (rc != 0)
		log_event(LOG_ERR, "worker_failed", "%s", strerror(-rc));
	worker_free(self);
	release(ops, arg, g);
	return rc == 0 ? 0 : 1;
}
