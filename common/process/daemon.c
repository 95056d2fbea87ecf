/*
 * Trap: a spawned daemon's standard error is its peer's socket, so that nothing
 * is printed there but by -T, which a person typed, and by a main that has
 * looked.
 */
#include "common/process/daemon.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "common/log/log.h"
#include "common/process/supervisor.h"

enum { TEXT_MAX = 64 * 1024, DUMP_MAX = 1024 * 1024 };

/* --- the command line ----------------------------------------------------- */

static const struct option names[] = {
    {"listen", no_argument, NULL, DAEMON_LISTEN},
    {"replace", no_argument, NULL, 'r'},
    {"help", no_argument, NULL, DAEMON_HELP},
    {"version", no_argument, NULL, DAEMON_VERSION}, {NULL, 0, NULL, 0}};

static int
wrong(struct daemon_options *o, const char *why, const char *what)
{
	o->wrong = why;
	o->what = what;
	return -EINVAL;
}

int
daemon_options(int argc, char **argv, bool listen, struct daemon_options *o)
{
	int c;

	*o = (struct daemon_options){.file = SETTINGS_FILE, .letter = "-?"};
	opterr = 0;
	optind = 0; /* from the begin, though it was called before */
	while ((c = getopt_long(argc, argv, ":c:Th", listen ? names : names + 1,
	            NULL)) != -1) {
		switch (c) {
		case 'c':
			o->file = optarg;
			break;
		case 'r':
			o->replace = true;
			break;
		case 'T':
			o->mode = DAEMON_TEST;
			break;
		case 'h':
			o->mode = DAEMON_HELP;
			break;
		case DAEMON_LISTEN:
		case DAEMON_HELP:
		case DAEMON_VERSION:
			o->mode = (enum daemon_mode)c;
			break;
		case ':':
			return wrong(
			    o, "a value is missing for", argv[optind - 1]);
		default:
			o->letter[1] = (char)optopt;
			return wrong(o, "unknown option",
			    optopt > ' ' ? o->letter : argv[optind - 1]);
		}
	}
	if (optind < argc)
		return wrong(o, "unexpected argument", argv[optind]);
	return 0;
}

/* --- settings and log ----------------------------------------------------- */

int
daemon_settings(const char *file, enum settings_scope scope, bool warn,
    struct settings **ret, struct buf *why)
{
	struct buf warnings;
	int rc;

	buf_init(&warnings, TEXT_MAX);
	rc = settings_read(file, scope, ret, why, &warnings);
	if (warn)
		log_lines(LOG_WARNING, "config", buf_view(&warnings));
	if (rc != 0)
		log_lines(LOG_ERR, "config", buf_view(why));
	buf_free(&warnings);
	return rc;
}

int
daemon_log(
    const struct settings *s, bool reload, const char *ident, struct buf *why)
{
	int rc = reload ? log_prepare(s->log) : log_open(s->log, ident);

	if (rc != 0)
		buf_fmt(why, "log \"%s\": %s\n", s->log, strerror(-rc));
	return rc;
}

int
daemon_load(const char *file, enum settings_scope scope, bool reload,
    const char *ident, struct settings **ret)
{
	struct settings *s;
	struct buf why;
	int rc;

	buf_init(&why, TEXT_MAX);
	rc = daemon_settings(file, scope, true, &s, &why);
	if (rc == 0) {
		rc = daemon_log(s, reload, ident, &why);
		log_lines(LOG_ERR, "config", buf_view(&why));
		if (rc != 0)
			settings_free(s);
	}
	buf_free(&why);
	if (rc == 0)
		*ret = s;
	return rc;
}

void
daemon_print(FILE *to, const struct buf *text)
{
	if (text->n > 0)
		fwrite(text->p, 1, text->n, to);
}

int
daemon_test(const char *file, enum settings_scope scope)
{
	struct settings *settings = NULL;
	struct buf text, warn;
	int rc;

	buf_init(&text, DUMP_MAX);
	buf_init(&warn, TEXT_MAX);
	rc = settings_read(file, scope, &settings, &text, &warn);
	daemon_print(stderr, &warn);
	if (rc == 0) {
		settings_dump(settings, scope, &text);
		buf_str(&text, SETTINGS_OK);
	}
	daemon_print(rc == 0 ? stdout : stderr, &text);
	settings_free(settings);
	buf_free(&text);
	buf_free(&warn);
	return rc == 0 && fflush(stdout) == 0 ? EX_OK : 1;
}

/* --- under the supervisor ------------------------------------------------- */

struct running {
	const struct daemon *daemon;
	const struct daemon_options *options;
	bool started; /* a generation has been read */
};

static int
load(void *arg, struct supervisor_plan *ret)
{
	struct running *r = arg;
	int rc = r->daemon->load(r->options->file, r->started, ret);

	if (rc != 0)
		return rc;
	r->started = true;
	ret->replace = r->options->replace;
	return 0;
}

static void
unload(void *arg, void *generation)
{
	const struct running *r = arg;

	if (r->daemon->unload == NULL)
		settings_free(generation);
	else
		r->daemon->unload(generation);
}

static int
serve(void *arg, struct worker *w, void *generation)
{
	const struct running *r = arg;
	struct loop *l;
	int rc = loop_new(&l);

	if (rc != 0)
		return rc;
	rc = r->daemon->serve(l, w, generation);
	loop_free(l);
	return rc;
}

static int
help(void *arg, struct helper *h, void *generation)
{
	const struct running *r = arg;

	return r->daemon->help(h, generation);
}

static int
run(const struct daemon *d, const struct daemon_options *o)
{
	const struct supervisor_ops ops = {load, unload, serve,
	    d->help == NULL ? NULL : help, d->ident, o->file, d->report};
	struct running r = {d, o, false};

	return supervisor_run(&ops, &r);
}

static int
usage(const struct daemon *d, const struct daemon_options *o)
{
	if (d->wrong != NULL)
		return d->wrong(o);
	fprintf(stderr, "%s: %s %s\n%s", d->ident, o->wrong, o->what, d->usage);
	return EX_USAGE;
}

int
daemon_main(const struct daemon *d, int argc, char **argv)
{
	struct daemon_options o;

	if (daemon_options(argc, argv, d->spawned != NULL, &o) != 0)
		return usage(d, &o);
	switch (o.mode) {
	case DAEMON_SERVE:
		return d->spawned != NULL ? d->spawned(o.file) : run(d, &o);
	case DAEMON_LISTEN:
		return run(d, &o);
	case DAEMON_TEST:
		return d->test(o.file);
	case DAEMON_HELP:
		fputs(d->usage, stdout);
		return EX_OK;
	case DAEMON_VERSION:
		printf("%s %s\n", d->ident, POSTSEAL_VERSION);
		return EX_OK;
	}
	return EX_SOFTWARE;
}
