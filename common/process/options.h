/*
 * options.h - the command line of a daemon, read with getopt_long(3).
 *
 * -c FILE, -T, --replace, -h, --help, --version, and for the policy daemon --listen. Prints
 * nothing: who may be told of a mistake, and where, is known by the program's
 * main.c. The admin command has options of its own (admin/tool/tool.h).
 */
#ifndef POSTSEAL_COMMON_OPTIONS_H
#define POSTSEAL_COMMON_OPTIONS_H

#include <stdbool.h>

enum options_mode {
	OPTIONS_SERVE, /* no option named another */
	OPTIONS_LISTEN,
	OPTIONS_TEST,
	OPTIONS_HELP,
	OPTIONS_VERSION
};

struct options {
	enum options_mode mode; /* the last one named */
	bool replace;           /* --replace */
	const char *file;       /* of -c, in argv, or SETTINGS_FILE */
	const char *wrong;      /* a static reason, or NULL */
	const char *what;       /* with it: the argument; in argv, or letter */
	char letter[3];         /* an unknown letter of several: "-x" */
};

/*
 * Reads argv, which must outlive o; getopt(3) may move its elements. Listen:
 * whether --listen is known. 0, or -EINVAL with o->wrong and o->what.
 */
int options_read(int argc, char **argv, bool listen, struct options *o);

#endif
