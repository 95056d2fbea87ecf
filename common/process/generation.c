/*
 * The trap is what two generations share: a reload that keeps an address has
 * the same socket in both sets. So a child that belongs to one closes the
 * other's first (forget), the younger one's before the older one's, as only the
 * younger knows which are shared.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/process/fdstore.h"
#include "common/process/generation.h"

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

	/* a wing that is not wanted, whose unit is enabled all the same */
	if (now->number == 0 && g->plan.daemon->listen.n == 0)
		return -ENODATA;
	g->workers = workers_of(&g->plan);
	if (g->workers > room) {
		buf_str(why, "too many old workers are still at work");
		return -EUSERS;
	}
	rc = rights_find(g->plan.daemon->user, &g->rights, why);
	if (rc != 0)
		return rc;
	rc = listen_open(g->plan.daemon, &now->listen,
	    now->number == 0 && g->plan.replace, &g->listen, why);
	if (rc != 0)
		rights_free(&g->rights);
	return rc;
}

/* For those who may ask: root and the group of the user. */
static void
group_name(const struct rights *r, char *ret, size_t size)
{
	struct group *g = r->drop ? getgrgid(r->gid) : NULL;

	snprintf(ret, size, "%s", g == NULL ? "" : g->gr_name);
}

static void
open_side(const struct generation *g, const struct endpoint_list *where,
    const char *event, const struct listen_set *old, struct listen_set *ret)
{
	char group[LOGIN_NAME_MAX];
	struct daemon_settings d = {.listen = *where, .socket_mode = 0660};
	struct buf why;

	if (where->n == 0)
		return;
	group_name(&g->rights, group, sizeof group);
	d.socket_group = group[0] == '\0' ? NULL : group;
	buf_init(&why, WHY_MAX);
	if (listen_open(
	        &d, old, g->number == 1 && g->plan.replace, ret, &why) != 0)
		log_event(LOG_WARNING, event, "%s", buf_text(&why));
	buf_free(&why);
}

/* The config says nothing of where to listen: it is from before, or new and not
 * set up. failed: of which sockets it could not open, or NULL. */
static void
warn_of_default(const struct generation *g, const char *failed)
{
	char text[ENDPOINT_TEXT_MAX];

	if (g->plan.daemon->legacy.n == 0)
		return;
	if (failed != NULL && failed[0] != '\0')
		log_event(LOG_WARNING, "listening", "%s", failed);
	log_event(LOG_WARNING, "listening",
	    "the config has no listen key: also on %s, where every local user "
	    "can connect, as before; set listen (postseal setup does it for "
	    "the "
	    "signer)",
	    endpoint_text(&g->plan.daemon->legacy.v[0], text));
}

int
generation_load(const struct supervisor_ops *ops, void *arg,
    const struct generation *now, unsigned room, struct generation *ret)
{
	struct generation g = {
	    .number = now->number + 1, .read = (uint64_t)time(NULL)};
	struct buf why;
	int rc = ops->load(arg, &g.plan);

	if (rc != 0) {
		log_forget();
		generation_refuse(now, "settings");
		return rc;
	}
	buf_init(&why, WHY_MAX);
	rc = prepare(&g, now, room, &why);
	if (rc == 0) {
		const struct daemon_settings *d = g.plan.daemon;

		warn_of_default(&g, buf_text(&why));
		open_side(
		    &g, &d->control, "control", &now->control, &g.control);
		open_side(
		    &g, &d->metrics, "metrics", &now->metrics, &g.metrics);
		*ret = g;
	} else {
		log_forget();
		if (rc == -ENODATA)
			log_event(LOG_NOTICE, "listening",
			    "nowhere: listen is empty, there is nothing to do");
		else
			generation_refuse(now, buf_text(&why));
		ops->unload(arg, g.plan.generation);
	}
	buf_free(&why);
	return rc;
}

/* The sockets of now become those of next, which has none then. */
static struct listen_set
commit(struct listen_set now, struct listen_set *next)
{
	struct buf why;

	buf_init(&why, WHY_MAX);
	if (listen_commit(&now, *next, &why) != 0)
		log_event(LOG_WARNING, "listening", "%s", buf_text(&why));
	buf_free(&why);
	*next = (struct listen_set){0};
	return now;
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
	struct generation new = *next;
	struct log_line l;

	log_switch();
	log_listening(&next->listen);
	new.listen = commit(now->listen, &next->listen);
	fdstore_keep(&new.listen);
	new.control = commit(now->control, &next->control);
	new.metrics = commit(now->metrics, &next->metrics);
	log_begin(&l, LOG_NOTICE, now->number == 0 ? "started" : "reloaded");
	log_num(&l, "generation", next->number);
	log_num(&l, "workers", next->workers);
	log_end(&l);
	release(ops, arg, now);
	*now = new;
	*next = (struct generation){0};
}

void
generation_abandon(
    const struct supervisor_ops *ops, void *arg, struct generation *next)
{
	log_forget();
	listen_abandon(next->listen);
	listen_abandon(next->control);
	listen_abandon(next->metrics);
	release(ops, arg, next);
}

void
generation_end(
    const struct supervisor_ops *ops, void *arg, struct generation *g)
{
	listen_leave(&g->listen);
	listen_close(&g->control);
	listen_close(&g->metrics);
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

/*
 * In a child, which has inherited the sockets of both generations: closes them,
 * and the files stay. A worker of g (keep is false) needs none of them, it gets
 * connections; the helper of g keeps g's control and metrics. Of the younger
 * generation first: it knows which sockets it shares with the other, and closes
 * only its own.
 */
static void
forget(struct generation *g, struct generation *other, bool keep)
{
	struct generation *young = g->number > other->number ? g : other;
	struct generation *old = young == g ? other : g;

	listen_forget(&young->listen);
	listen_forget(&old->listen);
	if (!keep || young != g) {
		listen_forget(&young->control);
		listen_forget(&young->metrics);
	}
	if (!keep || old != g) {
		listen_forget(&old->control);
		listen_forget(&old->metrics);
	}
}

int
generation_serve(const struct supervisor_ops *ops, void *arg,
    struct generation *g, struct generation *other, struct worker *self)
{
	int rc;

	/* That of a younger generation. Our own, if we are one of it, begins
	 * with the first connection: then it is in force (worker.c). */
	if (g->number < other->number)
		log_forget();
	forget(g, other, false);
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

static int
first_fd(const struct listen_set *s)
{
	return s->n == 0 ? -1 : s->v[0].fd;
}

static int
run_helper(const struct supervisor_ops *ops, void *arg, void *settings,
    const struct helper_env *env)
{
	struct helper *h;
	int rc = helper_new(env, &h);

	if (rc != 0)
		return rc;
	rc = ops->help == NULL ? helper_run(h, NULL, NULL)
	                       : ops->help(arg, h, settings);
	helper_free(h);
	return rc;
}

int
generation_help(const struct supervisor_ops *ops, void *arg,
    struct generation *g, struct generation *other, struct helper_env *env)
{
	int rc;

	log_forget();
	forget(g, other, true);
	release(ops, arg, other);
	env->control = first_fd(&g->control);
	env->metrics = first_fd(&g->metrics);
	rc = rights_drop(&g->rights);
	if (rc == 0)
		rc = run_helper(ops, arg, g->plan.generation, env);
	if (rc != 0)
		log_event(LOG_ERR, "helper_failed", "%s", strerror(-rc));
	listen_forget(&g->control);
	listen_forget(&g->metrics);
	release(ops, arg, g);
	return rc == 0 ? 0 : 1;
}
