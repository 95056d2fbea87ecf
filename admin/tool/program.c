/*
 * Both pipes are read while the program runs, or it could wait for us to read
 * the one while we wait for the other. Only absolute folders of PATH count, as
 * root may stand in somebody's folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admin/tool/program.h"

/* --- finding it ----------------------------------------------------------- */

/* The program in one of the directories of list, parted by ':'. Only absolute
 * ones count: in others lies what the owner of this folder put there. */
static bool
find_in(const char *list, const char *name, char *ret)
{
	while (list != NULL && *list != '\0') {
		size_t n = strcspn(list, ":");

		if (list[0] == '/' &&
		    snprintf(ret, PATH_MAX, "%.*s/%s", (int)n, list, name) <
		        PATH_MAX &&
		    access(ret, X_OK) == 0)
			return true;
		list += n + (list[n] == ':');
	}
	return false;
}

static int
find_program(const char *name, char *ret)
{
	if (strchr(name, '/') != NULL)
		return snprintf(ret, PATH_MAX, "%s", name) < PATH_MAX
		    ? 0
		    : -ENAMETOOLONG;
	return find_in(getenv("PATH"), name, ret) ||
	        find_in("/usr/local/sbin:/usr/sbin:/sbin", name, ret)
	    ? 0
	    : -ENOENT;
}

/* --- starting it ---------------------------------------------------------- */

enum { SYSTEM_PATH_MAX = 40 };

struct pipes {
	int out[2], err[2];
};

static void
close_all(struct pipes *p)
{
	int *all[] = {&p->out[0], &p->out[1], &p->err[0], &p->err[1]};

	for (size_t i = 0; i < 4; i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

static int
open_pipes(struct pipes *p)
{
	*p = (struct pipes){{-1, -1}, {-1, -1}};
	if (pipe2(p->out, O_CLOEXEC) == 0 && pipe2(p->err, O_CLOEXEC) == 0)
		return 0;
	int error = -errno;

	close_all(p);
	return error;
}

/* PATH for the program: the absolute directories of ours, and the system's. */
static void
search_path(char *ret, size_t size)
{
	const char *list = getenv("PATH");
	size_t n = (size_t)snprintf(ret, size, "PATH=");

	while (list != NULL && *list != '\0') {
		size_t one = strcspn(list, ":");

		if (list[0] == '/' && n + one + 1 < size - SYSTEM_PATH_MAX)
			n += (size_t)snprintf(
			    ret + n, size - n, "%.*s:", (int)one, list);
		list += one + (list[one] == ':');
	}
	snprintf(ret + n, size - n, "/usr/sbin:/usr/bin:/sbin:/bin");
}

/* No shell, no input, and messages in English: they are read by us. */
static int
start(const char *path, const char *const *argv, const struct pipes *p,
    pid_t *ret)
{
	char env_path[PATH_MAX + 100];
	char *const env[] = {env_path, (char[]){"LC_ALL=C"}, NULL};
	posix_spawn_file_actions_t files;
	int error;

	search_path(env_path, sizeof env_path);
	error = posix_spawn_file_actions_init(&files);
	if (error != 0)
		return -error;
	error = posix_spawn_file_actions_addopen(
	    &files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    &files, p->out[1], STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(
		    &files, p->err[1], STDERR_FILENO);
	if (error == 0) {
		/* posix_spawn(3) does not change the words, whatever its
		 * type */
		union {
			const char *const *in;
			char *const *out;
		} words = {.in = argv};

		error = posix_spawn(ret, path, &files, NULL, words.out, env);
	}
	posix_spawn_file_actions_destroy(&files);
	return -error;
}

/* --- listening to it ------------------------------------------------------ */

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads what there is; closes *fd at its end. */
static int
read_some(int *fd, struct buf *to)
{
	char piece[4096];
	ssize_t n = read(*fd, piece, sizeof piece);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n == 0) {
		close(*fd);
		*fd = -1;
		return 0;
	}
	return buf_add(to, piece, (size_t)n) == 0 ? 0 : -EFBIG;
}

static int
listen_to(struct pipes *p, unsigned ms, struct buf *out, struct buf *err)
{
	int64_t end = now_ms() + ms;
	int rc = 0;

	while (rc == 0 && (p->out[0] >= 0 || p->err[0] >= 0)) {
		struct pollfd fds[2] = {{.fd = p->out[0], .events = POLLIN},
		    {.fd = p->err[0], .events = POLLIN}};
		int64_t left = end - now_ms();

		if (left <= 0)
			return -ETIME;
		if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents != 0)
			rc = read_some(&p->out[0], out);
		if (rc == 0 && fds[1].revents != 0)
			rc = read_some(&p->err[0], err);
	}
	return rc;
}

int
program_run(
    const char *const *argv, struct buf *out, struct buf *err, int *ret_status)
{
	return program_run_for(
	    argv, PROGRAM_SECONDS * 1000, out, err, ret_status);
}

int
program_run_for(const char *const *argv, unsigned ms, struct buf *out,
    struct buf *err, int *ret_status)
{
	char path[PATH_MAX];
	struct pipes p;
	pid_t pid;
	int status, rc = find_program(argv[0], path);

	/* it may be inherited, and then nobody can be waited for */
	signal(SIGCHLD, SIG_DFL);
	if (rc == 0)
		rc = open_pipes(&p);
	if (rc != 0)
		return rc;
	rc = start(path, argv, &p, &pid);
	if (rc != 0) {
		close_all(&p);
		return rc;
	}
	close(p.out[1]);
	close(p.err[1]);
	p.out[1] = p.err[1] = -1;
	rc = listen_to(&p, ms, out, err);
	close_all(&p);
	if (rc != 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (rc == 0)
		*ret_status = WIFEXITED(status) ? WEXITSTATUS(status)
		                                : 128 + WTERMSIG(status);
	return rc;
}
