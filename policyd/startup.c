#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/log/log.h"
#include "policyd/startup.h"

enum { TEXT_MAX = 64 * 1024 };

int
startup_settings(
    const char *file, bool warn, struct settings **ret, struct buf *why)
{
	struct buf warnings;
	int rc;

	buf_init(&warnings, TEXT_MAX);
	rc = settings_read(file, SETTINGS_POLICYD, ret, why, &warnings);
	if (warn)
		log_lines(LOG_WARNING, "config", buf_view(&warnings));
	if (rc != 0)
		log_lines(LOG_ERR, "config", buf_view(why));
	buf_free(&warnings);
	return rc;
}
