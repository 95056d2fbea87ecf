/*
 * Any text as opendkim.conf or policyd-spf.conf: what comes out is a config
 * that the daemons take, or a sentence, never both and never neither.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "admin/import/import.h"
#include "common/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
import(const char *path, bool policyd)
{
	struct import im;
	struct buf out;
	int rc;

	import_init(&im);
	buf_init(&out, CONFIG_FILE_MAX);
	rc = policyd ? import_policyd(&im, path) : import_opendkim(&im, path);
	if (rc == 0)
		rc = import_compose(&im, &out);
	if ((rc == 0) != (im.why.n == 0))
		abort();
	buf_free(&out);
	import_free(&im);
}

/* The first byte chooses the program. The text lies in memory, with a path. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[40];
	int fd;

	if (size == 0)
		return 0;
	fd = memfd_create("old", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	import(path, data[0] % 2);
	close(fd);
	return 0;
}
