#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/import/import.h"
#include "admin/import/importcmd.h"
#include "admin/tool/newfile.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

struct options {
	const char *output;
	const char *file[2];
	int n;
};

static int
write_new(struct import *im, const char *path, const struct buf *text)
{
	char full[PATH_MAX], here[PATH_MAX] = "";
	int rc = 0;

	if (path[0] != '/' && getcwd(here, sizeof here) == NULL)
		rc = -errno;
	if (rc == 0 &&
	    snprintf(full, sizeof full, "%s%s%s", here,
	        path[0] == '/' ? "" : "/", path) >= PATH_MAX)
		rc = -ENAMETOOLONG;
	if (rc != 0) {
		buf_fmt(&im->why, "%s: %s\n", path, strerror(-rc));
		return rc;
	}
	rc = newfile_write(full, buf_view(text), 0644, &im->why);
	if (rc == -EEXIST)
		buf_fmt(&im->why, "%s exists and stays as it is\n", path);
	return rc;
}

static int
import_all(struct import *im, const struct options *o, struct buf *out)
{
	int rc = 0;

	for (int i = 0; i < o->n && rc == 0; i++)
		rc = import_file(im, o->file[i]);
	if (rc == 0)
		rc = import_compose(im, out);
	if (rc == 0 && o->output != NULL)
		rc = write_new(im, o->output, out);
	return rc;
}

static int
run(const struct options *o)
{
	struct import im;
	struct buf out;
	int rc;

	import_init(&im);
	buf_init(&out, CONFIG_FILE_MAX);
	rc = import_all(&im, o, &out);
	if (rc == 0 && o->output == NULL)
		rc = tool_print("import", &out, stdout);
	if (rc == 0 && im.left.n > 0) {
		fprintf(stderr, "postseal import: not carried over:\n");
		tool_complain("import", &im.left);
	}
	if (rc == -ENOMEM)
		buf_fmt(&im.why, "%s\n", strerror(ENOMEM));
	tool_complain("import", &im.why);
	buf_free(&out);
	import_free(&im);
	return rc == 0 ? TOOL_OK : TOOL_FAILED;
}

/* --- the command line ----------------------------------------------------- */

static const char help[] =
    "postseal import FILE [FILE] - the postseal.conf that does what "
    "opendkim.conf and\npolicyd-spf.conf did\n"
    "\n"
    "  -o, --output FILE     write it to this new file, do not print it\n"
    "  -h, --help            print this\n"
    "\n"
    "Tables and keys stay where they are. On stderr: what was not carried "
    "over, and why.\n"
    "Exit status: 0; 1 when it failed, 2 when the command line is wrong.\n";

int
importcmd_run(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"output", required_argument, NULL, 'o'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct options o = {.output = NULL};
	int letter;

	optind = 0; /* glibc: forget the options in front of the subcommand */
	while ((letter = getopt_long(argc, argv, "o:h", longs, NULL)) != -1) {
		if (letter == 'h')
			return fputs(help, stdout) == EOF ? TOOL_FAILED
			                                  : TOOL_OK;
		if (letter != 'o') {
			tool_wrong(
			    "import", "that is not how it is called", NULL);
			return TOOL_COMMAND_LINE;
		}
		o.output = optarg;
	}
	if (optind == argc || argc - optind > 2) {
		tool_wrong("import", "one file, or two", NULL);
		return TOOL_COMMAND_LINE;
	}
	while (optind < argc)
		o.file[o.n++] = argv[optind++];
	return run(&o);
}
