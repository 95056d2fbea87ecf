#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "admin/tool/tool.h"
#include "common/io/wholefile.h"
#include "common/log/log.h"

int
tool_print(const char *name, const struct buf *b, FILE *to)
{
	int rc = buf_error(b);

	if (b->n > 0 && fwrite(b->p, 1, b->n, to) != b->n)
		rc = -errno;
	if (fflush(to) != 0 && rc == 0)
		rc = -errno;
	if (rc != 0)
		fprintf(stderr, "postseal%s%s: cannot print all of it: %s\n",
		    *name == '\0' ? "" : " ", name, strerror(-rc));
	return rc;
}

void
tool_complain(const char *name, const struct buf *why)
{
	struct span text = buf_view(why);
	struct buf clean;

	buf_init(&clean, 4 * TOOL_MESSAGES_MAX);
	while (text.n > 0) {
		size_t n = span_find(text, '\n');

		buf_clear(&clean);
		log_clean(span_of(text.p, n), &clean);
		if (name != NULL)
			fprintf(stderr,
			    "postseal%s%s: ", *name == '\0' ? "" : " ", name);
		fprintf(stderr, "%s\n", buf_text(&clean));
		text = span_skip(text, n + 1);
	}
	buf_free(&clean);
}

void
tool_hold_signals(sigset_t *ret_old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, ret_old);
}

bool
tool_colour(void)
{
	return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

int
tool_open(struct tool *t, const char *name, const char *config,
    enum settings_scope scope)
{
	struct buf why, warn;
	int rc;

	*t = (struct tool){.name = name};
	buf_init(&why, TOOL_MESSAGES_MAX);
	buf_init(&warn, TOOL_MESSAGES_MAX);
	rc = settings_read(config, scope, &t->settings, &why, &warn);
	if (rc == 0) {
		rc = loop_new(&t->loop);
		if (rc == 0)
			rc = resolver_new(
			    t->loop, &t->settings->dns, &t->resolver);
		if (rc != 0) {
			buf_fmt(&why, "%s\n", strerror(-rc));
			tool_close(t);
		}
	}
	tool_complain(name, &warn);
	tool_complain(name, &why);
	buf_free(&why);
	buf_free(&warn);
	return rc;
}

void
tool_close(struct tool *t)
{
	resolver_free(t->resolver);
	loop_free(t->loop);
	settings_free(t->settings);
	*t = (struct tool){.name = t->name};
}

int
tool_read_file(const char *path, size_t max, struct buf *ret)
{
	struct wholefile f;
	int rc = wholefile_read(path, max, &f);

	buf_init(ret, max);
	if (rc == -EMEDIUMTYPE)
		return tool_is_dir(path) ? -EISDIR : -EINVAL;
	if (rc != 0)
		return rc;
	rc = buf_add(ret, f.p, f.n);
	wholefile_free(&f);
	return rc;
}

bool
tool_is_dir(const char *path)
{
	size_t n = strlen(path);
	struct stat st;

	return (n > 0 && path[n - 1] == '/') ||
	    (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

void
tool_shell_word(const char *s, struct buf *out)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "_-./:=@,+%";

	if (*s != '\0' && s[strspn(s, plain)] == '\0') {
		buf_str(out, s);
		return;
	}
	buf_byte(out, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			buf_str(out, "'\\''");
		else
			buf_byte(out, *s);
	}
	buf_byte(out, '\'');
}

void
tool_config_string(const char *s, struct buf *out)
{
	buf_quoted(out, span_str(s));
}

int
tool_connect(const struct endpoint *to, unsigned seconds, int *ret_fd)
{
	const struct timeval patience = {.tv_sec = seconds};
	int fd = socket(to->addr.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, &to->addr.sa, to->len) != 0) {
		rc = -errno;
		close(fd);
	} else {
		*ret_fd = fd;
	}
	return rc;
}
