/*
 * postseal-verifier: a milter that judges inbound mail. startup.c reads options,
 * verifier.c is the wing of the engine, service.c serves.
 */
#include "common/milter/service.h"
#include "common/process/startup.h"
#include "common/process/supervisor.h"
#include "verifier/counters.h"
#include "verifier/verifier.h"

/* The name in the log, in messages, and of the program. */
#define VERIFIER_IDENT "postseal-verifier"

static const char usage_text[] =
    "usage: postseal-verifier [-c FILE] [--replace | -T]\n"
    "\n"
    "Verifies DKIM signatures of inbound mail, as a milter for Postfix. Stays "
    "in\n"
    "the foreground until SIGTERM; SIGHUP reads the config again.\n"
    "\n"
    "  --replace   take the place of a verifier that runs, at its unix "
    "sockets\n"
    "  -T          print the settings in force and exit; 1 if they are wrong\n"
    "  -c FILE     read FILE, not " SETTINGS_FILE "\n"
    "  -h, --help  print this and exit\n"
    "  --version   print the version and exit\n"
    "\n"
    "See postseal-verifier(8) and postseal.conf(5).\n";

struct daemon {
	const char *file;
	bool replace;
	bool started; /* a generation has been read */
};

static int
load(void *arg, struct supervisor_plan *ret)
{
	struct daemon *d = arg;
	struct settings *s;
	int rc = startup_load(
	    d->file, SETTINGS_VERIFIER, d->started, VERIFIER_IDENT, &s);

	if (rc != 0)
		return rc;
	d->started = true;
	ret->daemon = &s->verifier.daemon;
	ret->replace = d->replace;
	ret->workers = s->verifier.workers;
	ret->generation = s;
	return 0;
}

static void
unload(void *arg, void *generation)
{
	settings_free(generation);
}

/* Serves on l until the worker ends. 0 or -errno. */
static int
serve_on(struct loop *l, struct worker *w, const struct settings *s)
{
	struct resolver *r = NULL;
	struct service *service;
	struct verifier v;
	int rc = resolver_new(l, &s->dns, &r);

	if (rc != 0)
		return rc;
	resolver_count(r, worker_stats(w));
	rc = verifier_init(&v, s, l, r);
	v.stats = worker_stats(w);
	if (rc == 0)
		rc = service_new(l, w, &verifier_ops, &v, &service);
	if (rc == 0) {
		rc = loop_run(l);
		service_free(service);
	}
	verifier_free(&v);
	resolver_free(r);
	return rc;
}

static int
serve(void *arg, struct worker *w, void *generation)
{
	struct loop *l;
	int rc = loop_new(&l);

	if (rc != 0)
		return rc;
	rc = serve_on(l, w, generation);
	loop_free(l);
	return rc;
}

static int
run(const struct options *o)
{
	static const struct supervisor_ops ops = {
	    load, unload, serve, NULL, VERIFIER_IDENT, &verifier_counters};
	struct daemon d = {.file = o->file, .replace = o->replace};

	return supervisor_run(&ops, &d);
}

static int
test(const char *file)
{
	return startup_test(file, SETTINGS_VERIFIER);
}

int
main(int argc, char **argv)
{
	static const struct startup_program program = {
	    VERIFIER_IDENT, usage_text, .run = run, .test = test};

	return startup_main(&program, argc, argv);
}
