/*
 * dnsd - the scripted DNS server of tests/support/dnsd.h as a program.
 *
 *     dnsd [-d] [-l ADDRESS] [-p PORT] [ZONEFILE]...
 *
 * Prints "port N", then reads commands from stdin and ends with it; with -d it
 * reads none and runs until it is killed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/dnsd.h"
#include "tests/support/zone.h"

static int
zone_file(struct zone *z, const char *file)
{
	FILE *f = fopen(file, "r");
	char why[256], *text = NULL;
	size_t size = 0;
	int err = 0;

	if (f == NULL) {
		perror(file);
		return -1;
	}
	/* To the first NUL, which a text file does not have. */
	if (getdelim(&text, &size, '\0', f) > 0)
		err = zone_add(z, text, why);
	if (err != 0)
		fprintf(stderr, "%s: %s\n", file, why);
	free(text);
	fclose(f);
	return err;
}

int
main(int argc, char **argv)
{
	const char *address = "127.0.0.1";
	struct zone *z = zone_new();
	int in = STDIN_FILENO, opt, err;
	long port = 0;

	while ((opt = getopt(argc, argv, "dl:p:")) != -1) {
		if (opt == 'd')
			in = -1;
		else if (opt == 'l')
			address = optarg;
		else if (opt == 'p')
			port = strtol(optarg, NULL, 10);
		else
			return 2;
	}
	for (; optind < argc; optind++) {
		if (zone_file(z, argv[optind]) != 0)
			return 1;
	}
	err = dnsd_serve(z, address, (uint16_t)port, in, STDOUT_FILENO);
	if (err != 0)
		fprintf(stderr, "dnsd: %s: %s\n", address, strerror(-err));
	return err != 0;
}
