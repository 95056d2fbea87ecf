/*
 * postseal-verifier: a milter that judges inbound mail. daemon.c reads options,
 * verifier.c is the wing of the engine, service.c serves.
 */
#include "common/milter/service.h"
#include "common/process/daemon.h"
#include "verifier/counters.h"
#include "verifier/verifier.h"

/* The name in the log, in messages, and of the program. */
#define VERIFIER_IDENT "postseal-verifier"

static const char usage_text[] =
    "usage: postseal-verifier [-c FILE] [--replace | -T]\n"
    "\n"
    "Verifies DKIM, SPF and DMARC of inbound mail, as a milter for Postfix.\n"
    "Stays in the foreground until SIGTERM; SIGHUP reads the config again.\n"
    "\n"
    "  --replace   take the place of a verifier that runs, at its unix "
    "sockets\n"
    "  -T          print the settings in force and exit; 1 if they are wrong\n"
    "  -c FILE     read FILE, not " SETTINGS_FILE "\n"
    "  -h, --help  print this and exit\n"
    "  --version   print the version and exit\n"
    "\n"
    "See postseal-verifier(8) and postseal.conf(5).\n";

static int
load(const char *file, bool reload, struct supervisor_plan *ret)
{
	struct settings *s;
	int rc =
	    daemon_load(file, SETTINGS_VERIFIER, reload, VERIFIER_IDENT, &s);

	if (rc != 0)
		return rc;
	ret->daemon = &s->verifier.daemon;
	ret->workers = s->verifier.workers;
	ret->generation = s;
	return 0;
}

static int
serve(struct loop *l, struct worker *w, void *generation)
{
	const struct settings *s = generation;
	struct resolver *r = NULL;
	struct service *service;
	struct verifier v;
	int rc = resolver_new(l, &s->dns, &r);

	if (rc != 0)
		return rc;
	resolver_count(r, worker_stats(w));
	rc = verifier_init(&v, s, l, r);
	v.stats = worker_stats(w);
	v.lines.number = worker_number(w);
	if (rc == 0)
		rc = own_watch(&v.own, l);
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
test(const char *file)
{
	return daemon_test(file, SETTINGS_VERIFIER);
}

int
main(int argc, char **argv)
{
	static const struct daemon daemon = {.ident = VERIFIER_IDENT,
	    .usage = usage_text,
	    .report = &verifier_counters,
	    .load = load,
	    .serve = serve,
	    .test = test};

	return daemon_main(&daemon, argc, argv);
}
