#include "common/log.h"
#include "policyd/startup.h"

enum { TEXT_MAX = 64 * 1024 };

static void
log_lines(int level, struct span text)
{
	while (text.n > 0) {
		size_t n = span_find(text, '\n');

		log_event(level, "config", "%.*s", (int)n, text.p);
		text = span_skip(text, n + 1);
	}
}

int
startup_settings(const char *file, struct settings **ret, struct buf *why)
{
	struct buf warn;
	int rc;

	buf_init(&warn, TEXT_MAX);
	rc = settings_read(file, SETTINGS_POLICYD, ret, why, &warn);
	log_lines(LOG_WARNING, buf_view(&warn));
	if (rc != 0)
		log_lines(LOG_ERR, buf_view(why));
	buf_free(&warn);
	return rc;
}
