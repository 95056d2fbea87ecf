#include "common/log.h"
#include "policyd/startup.h"

enum { TEXT_MAX = 64 * 1024 };

int
startup_settings(const char *file, struct settings **ret, struct buf *why)
{
	struct buf warn;
	int rc;

	buf_init(&warn, TEXT_MAX);
	rc = settings_read(file, SETTINGS_POLICYD, ret, why, &warn);
	log_lines(LOG_WARNING, "config", buf_view(&warn));
	if (rc != 0)
		log_lines(LOG_ERR, "config", buf_view(why));
	buf_free(&warn);
	return rc;
}
