#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/process/generation.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* A wing whose settings are what the test says. */
struct wing {
	struct tmpdir dir;
	char path[TMPDIR_PATH_MAX];
	struct endpoint endpoint;
	struct daemon_settings daemon;
	unsigned workers;
	int load; /* what load() answers */
	int loaded;
	int unloaded;
	void *last; /* the generation unloaded last */
};

static int
load(void *arg, struct supervisor_plan *ret)
{
	struct wing *w = arg;

	if (w->load != 0)
		return w->load;
	*ret = (struct supervisor_plan){.daemon = &w->daemon,
	    .workers = w->workers,
	    .generation = &w->path[w->loaded++]};
	return 0;
}

static void
unload(void *arg, void *generation)
{
	struct wing *w = arg;

	w->unloaded++;
	w->last = generation;
}

static int
serve(void *arg, struct worker *self, void *generation)
{
	CU_FAIL("nobody is forked here");
	return -EINVAL;
}

static const struct supervisor_ops ops = {
    .load = load, .unload = unload, .serve = serve};

static void
start(struct wing *w)
{
	*w = (struct wing){.workers = 2};
	tmpdir_make(&w->dir);
	tmpdir_file(&w->dir, "socket", w->path);
	w->endpoint.addr.un.sun_family = AF_UNIX;
	w->endpoint.len = sizeof w->endpoint.addr.un;
	memcpy(w->endpoint.addr.un.sun_path, w->path, sizeof w->path);
	w->daemon = (struct daemon_settings){
	    .user = "nobody", .listen = {&w->endpoint, 1}, .socket_mode = 0600};
	(void)log_open(NULL, "test");
}

static void
done(struct wing *w)
{
	tmpdir_remove(&w->dir);
}

static void
one_follows_the_other(void)
{
	struct generation now = {0}, next = {0};
	struct wing w;
	int fd;

	start(&w);
	CU_ASSERT_EQUAL(generation_load(&ops, &w, &now, 2, &next), 0);
	CU_ASSERT_EQUAL(next.number, 1);
	CU_ASSERT_EQUAL(next.workers, 2);
	generation_replace(&ops, &w, &now, &next);
	CU_ASSERT_EQUAL(next.number, 0);
	CU_ASSERT_EQUAL(now.number, 1);
	CU_ASSERT_EQUAL_FATAL(now.listen.n, 1);
	CU_ASSERT_EQUAL(w.unloaded, 0);
	fd = now.listen.v[0].fd;

	CU_ASSERT_EQUAL(generation_load(&ops, &w, &now, 2, &next), 0);
	CU_ASSERT_EQUAL(next.number, 2);
	generation_replace(&ops, &w, &now, &next);
	CU_ASSERT_EQUAL(now.number, 2);
	CU_ASSERT_EQUAL(now.listen.v[0].fd, fd);
	CU_ASSERT_EQUAL(w.unloaded, 1);
	CU_ASSERT_PTR_EQUAL(w.last, &w.path[0]);

	CU_ASSERT_EQUAL(generation_load(&ops, &w, &now, 2, &next), 0);
	generation_abandon(&ops, &w, &next);
	CU_ASSERT_PTR_EQUAL(w.last, &w.path[2]);
	CU_ASSERT_EQUAL(access(w.path, F_OK), 0);

	generation_end(&ops, &w, &now);
	CU_ASSERT_PTR_EQUAL(w.last, &w.path[1]);
	CU_ASSERT_EQUAL(w.unloaded, w.loaded);
	CU_ASSERT_EQUAL(access(w.path, F_OK), -1);
	done(&w);
}

static void
refused(struct wing *w, const struct generation *now, unsigned room, int want)
{
	struct generation next = {.number = 77};
	int kept = w->loaded - w->unloaded;

	CU_ASSERT_EQUAL(generation_load(&ops, w, now, room, &next), want);
	CU_ASSERT_EQUAL(next.number, 77);
	CU_ASSERT_EQUAL(w->loaded - w->unloaded, kept);
}

static void
nothing_is_left_of_a_refused_one(void)
{
	struct generation now = {0}, next;
	struct wing w;

	start(&w);
	w.load = -EINVAL;
	refused(&w, &now, 2, -EINVAL);
	w.load = 0;
	refused(&w, &now, 1, -EUSERS);
	w.daemon.socket_group = "no-such-group";
	refused(&w, &now, 2, -EINVAL);
	w.daemon.socket_group = NULL;
	w.daemon.listen.n = 0;
	refused(&w, &now, 2, -ENODATA);
	w.daemon.listen.n = 1;
	if (geteuid() == 0) {
		w.daemon.user = "root";
		refused(&w, &now, 2, -EINVAL);
		w.daemon.user = "nobody";
	}
	CU_ASSERT_EQUAL(access(w.path, F_OK), -1);
	CU_ASSERT_EQUAL(generation_load(&ops, &w, &now, 2, &next), 0);
	generation_abandon(&ops, &w, &next);
	CU_ASSERT_EQUAL(access(w.path, F_OK), -1);
	done(&w);
}

static void
how_many_workers(void)
{
	static const struct {
		unsigned wanted;
		unsigned made; /* 0: one for each core */
	} row[] = {{0, 0}, {1, 1}, {WORKERS_MAX, WORKERS_MAX},
	    {WORKERS_MAX + 1, WORKERS_MAX}};
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct generation now = {0}, next;
		struct wing w;

		start(&w);
		w.workers = row[i].wanted;
		CU_ASSERT_EQUAL_FATAL(
		    generation_load(&ops, &w, &now, WORKERS_TOTAL_MAX, &next),
		    0);
		CU_ASSERT_EQUAL(next.workers,
		    row[i].made == 0 ? (unsigned)cores : row[i].made);
		generation_abandon(&ops, &w, &next);
		done(&w);
	}
}

SUITE("generation", T(one_follows_the_other),
    T(nothing_is_left_of_a_refused_one), T(how_many_workers))
