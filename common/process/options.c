#include "common/process/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>

#include "common/settings/settings.h"

static const struct option names[] = {
    {"listen", no_argument, NULL, OPTIONS_LISTEN},
    {"replace", no_argument, NULL, 'r'},
    {"help", no_argument, NULL, OPTIONS_HELP},
    {"version", no_argument, NULL, OPTIONS_VERSION}, {NULL, 0, NULL, 0}};

static int
wrong(struct options *o, const char *why, const char *what)
{
	o->wrong = why;
	o->what = what;
	return -EINVAL;
}

int
options_read(int argc, char **argv, bool listen, struct options *o)
{
	int c;

	*o = (struct options){.file = SETTINGS_FILE, .letter = "-?"};
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
			o->mode = OPTIONS_TEST;
			break;
		case 'h':
			o->mode = OPTIONS_HELP;
			break;
		case OPTIONS_LISTEN:
		case OPTIONS_HELP:
		case OPTIONS_VERSION:
			o->mode = (enum options_mode)c;
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
