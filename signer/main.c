/*
 * postseal-signer: a milter that signs outbound mail with DKIM. daemon.c
 * reads options, setup.c settings and keys, service.c serves.
 */
#include <stdio.h>
#include <sysexits.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/milter/service.h"
#include "common/process/daemon.h"
#include "signer/counters.h"
#include "signer/keys/keycheck.h"
#include "signer/setup.h"
#include "signer/signer.h"

static const char usage_text[] =
    "usage: postseal-signer [-c FILE] [--replace | -T]\n"
    "\n"
    "Signs mail with DKIM, as a milter for Postfix. Stays in the foreground "
    "until\n"
    "SIGTERM; SIGHUP reads config and keys again.\n"
    "\n"
    "  --replace   take the place of a signer that runs, at its unix sockets\n"
    "  -T          print the settings in force and exit; 1 if they, or a key, "
    "are\n"
    "              wrong\n"
    "  -c FILE     read FILE, not " SETTINGS_FILE "\n"
    "  -h, --help  print this and exit\n"
    "  --version   print the version and exit\n"
    "\n"
    "See postseal-signer(8) and postseal.conf(5).\n";

/* Whose mail is signed without a login. Behind a content filter that is more
 * than one may think: it hands in from this host what others gave it. */
static void
log_internal(const struct setup *s)
{
	const struct text_list *list = &s->settings->signer.internal_hosts;
	struct own own = {.v = NULL};
	char text[IP_TEXT_MAX];
	struct buf hosts, here;
	struct log_line l;

	buf_init(&hosts, LOG_TEXT_MAX);
	buf_init(&here, LOG_TEXT_MAX);
	for (size_t i = 0; i < list->n; i++)
		buf_fmt(&hosts, "%s%s", i == 0 ? "" : " ", list->v[i]);
	if (own_read(&own) == 0) {
		for (size_t i = 0; i < own.n; i++)
			buf_fmt(&here, "%s%s", i == 0 ? "" : " ",
			    ip_text(&own.v[i], text));
	}
	log_begin(&l, LOG_INFO, "internal");
	log_str(&l, "hosts", buf_text(&hosts));
	log_str(&l, "this_host", buf_text(&here));
	log_str(&l, "others",
	    "signed after a login, or if a content filter hands their mail in "
	    "from here");
	log_end(&l);
	own_free(&own);
	buf_free(&hosts);
	buf_free(&here);
}

static int
load(const char *file, bool reload, struct supervisor_plan *ret)
{
	struct setup *s;
	int rc = setup_load(file, reload, &s);

	if (rc != 0)
		return rc;
	log_internal(s);
	ret->daemon = &s->settings->signer.daemon;
	ret->workers = s->settings->signer.workers;
	ret->generation = s;
	return 0;
}

static void
unload(void *generation)
{
	setup_free(generation);
}

/* Serves on l until the worker ends. 0 or -errno. */
static int
serve_on(struct loop *l, struct worker *w, struct signer *signer)
{
	struct service *v;
	int rc = own_watch(&signer->own, l);

	if (rc == 0)
		rc = service_new(l, w, &signer_ops, signer, &v);
	if (rc != 0)
		return rc;
	rc = loop_run(l);
	service_free(v);
	return rc;
}

static int
serve(struct loop *l, struct worker *w, void *generation)
{
	const struct setup *s = generation;
	struct signer signer;
	int rc = signer_init(&signer, s->settings, s->keys);

	signer.stats = worker_stats(w);
	if (rc == 0)
		rc = serve_on(l, w, &signer);
	signer_free(&signer);
	return rc;
}

static int
help_on(struct helper *h, struct resolver *r, struct keycheck *c)
{
	int rc;

	resolver_count(r, helper_stats(h));
	rc = keycheck_start(c, helper_loop(h), r);
	return rc == 0 ? helper_run(h, keycheck_key, c) : rc;
}

/* The helper: keys against DNS, of which it knows the public halves only before
 * it opens a door to the network. */
static int
help(struct helper *h, void *generation)
{
	const struct setup *s = generation;
	struct resolver *r = NULL;
	struct keycheck *c;
	int rc = keycheck_new(s->keys, helper_stats(h), &c);

	if (rc != 0)
		return rc;
	rc = resolver_new(helper_loop(h), &s->settings->dns, &r);
	if (rc == 0)
		rc = help_on(h, r, c);
	keycheck_free(c);
	resolver_free(r);
	return rc;
}

/* -T. */
static int
test(const char *file)
{
	struct setup s = {NULL, NULL};
	struct buf text, why;
	int rc;

	buf_init(&text, 16 * 1024 * 1024);
	buf_init(&why, 1024 * 1024);
	rc = setup_read(file, &s, &why, &why);
	if (rc == 0) {
		settings_dump(s.settings, SETTINGS_SIGNER, &text);
		rc = s.keys->bad > 0 ? -1 : buf_error(&text);
	}
	if (rc == 0)
		buf_str(&text, SETTINGS_OK);
	daemon_print(stdout, &text);
	daemon_print(stderr, &why);
	setup_clear(&s);
	buf_free(&text);
	buf_free(&why);
	return rc == 0 && fflush(stdout) == 0 ? EX_OK : 1;
}

int
main(int argc, char **argv)
{
	static const struct daemon daemon = {.ident = SETUP_IDENT,
	    .usage = usage_text,
	    .report = &signer_counters,
	    .load = load,
	    .unload = unload,
	    .serve = serve,
	    .help = help,
	    .test = test};

	return daemon_main(&daemon, argc, argv);
}
