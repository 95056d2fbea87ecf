/* Real: no fake stands in for the loop and the resolver. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/process/listen.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { LIST_MAX = LISTEN_MAX + 1 };

struct fixture {
	struct tmpdir dir;
	struct listen_set set;
	struct listen_set next;
	struct endpoint endpoint[LIST_MAX];
	struct daemon_settings settings;
	struct buf why;
};

static const struct listen_set none;

static void
start(struct fixture *f)
{
	*f = (struct fixture){.settings = {.socket_mode = 0600}};
	tmpdir_make(&f->dir);
	f->settings.listen.v = f->endpoint;
	buf_init(&f->why, 1024);
}

static void
done(struct fixture *f)
{
	listen_close(&f->set);
	buf_free(&f->why);
	tmpdir_remove(&f->dir);
}

static void
name_unix(struct fixture *f, const char *name)
{
	struct endpoint *e = &f->endpoint[f->settings.listen.n++];
	char path[TMPDIR_PATH_MAX] = "";

	*e = (struct endpoint){
	    .addr.un.sun_family = AF_UNIX, .len = sizeof(struct sockaddr_un)};
	memcpy(
	    e->addr.un.sun_path, tmpdir_file(&f->dir, name, path), sizeof path);
}

/* A port of the kernel's choice, which no config can ask for. */
static void
name_inet(struct fixture *f, uint32_t address)
{
	f->endpoint[f->settings.listen.n++] =
	    (struct endpoint){.len = sizeof(struct sockaddr_in),
	        .addr.in = {
	            .sin_family = AF_INET, .sin_addr.s_addr = htonl(address)}};
}

static int
open_next(struct fixture *f)
{
	buf_clear(&f->why);
	return listen_open(&f->settings, &f->set, false, &f->next, &f->why);
}

static int
commit(struct fixture *f)
{
	return listen_commit(&f->set, f->next, &f->why);
}

static bool
why_has(struct fixture *f, const char *text)
{
	const char *why = buf_text(&f->why);

	if (strstr(why, text) == NULL)
		printf("\n  why: %s\n", why);
	return strstr(why, text) != NULL;
}

/* Connects to what the socket is bound to; true if that worked. */
static bool
answers(const struct endpoint *e)
{
	int fd = socket(e->addr.sa.sa_family, SOCK_STREAM, 0);
	bool ok = connect(fd, &e->addr.sa, e->len) == 0;

	close(fd);
	return ok;
}

static bool
exists(const struct endpoint *e)
{
	struct stat st;

	return lstat(e->addr.un.sun_path, &st) == 0;
}

/* The port that the kernel has chosen. */
static struct endpoint
bound(int fd)
{
	struct endpoint e = {.len = sizeof e.addr};

	CHECK(getsockname(fd, &e.addr.sa, &e.len) == 0);
	return e;
}

static mode_t
mode_of(const struct endpoint *e)
{
	struct stat st;

	CHECK(stat(e->addr.un.sun_path, &st) == 0);
	CHECK(S_ISSOCK(st.st_mode));
	return st.st_mode & 07777;
}

static void
opens_and_removes(void)
{
	struct fixture f;

	start(&f);
	name_unix(&f, "a");
	name_inet(&f, INADDR_LOOPBACK);
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	CU_ASSERT_EQUAL_FATAL(f.set.n, 2);
	CHECK(answers(&f.endpoint[0]));
	f.endpoint[1] = bound(f.set.v[1].fd);
	CHECK(answers(&f.endpoint[1]));
	for (size_t i = 0; i < 2; i++) {
		int fd = f.set.v[i].fd;

		CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
		CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		CHECK(accept(fd, NULL, NULL) >= 0);
		CHECK(accept(fd, NULL, NULL) == -1 && errno == EAGAIN);
	}
	listen_close(&f.set);
	CHECK(!exists(&f.endpoint[0]));
	CHECK(!answers(&f.endpoint[1]));
	done(&f);
}

static void
mode_whatever_the_umask(void)
{
	static const mode_t modes[] = {0600, 0660, 0666, 0777};
	mode_t old = umask(0);

	for (size_t i = 0; i < 8; i++) {
		struct fixture f;

		start(&f);
		umask(i < 4 ? 0 : 0777);
		name_unix(&f, "a");
		f.settings.socket_mode = modes[i % 4];
		CU_ASSERT_EQUAL(open_next(&f), 0);
		CU_ASSERT_EQUAL(commit(&f), 0);
		CU_ASSERT_EQUAL(mode_of(&f.endpoint[0]), modes[i % 4]);
		CU_ASSERT_EQUAL(umask(0), i < 4 ? 0 : 0777);
		done(&f);
	}
	umask(old);
}

/* Only root may give a file to any group; others to their own. */
static void
group_is_set(void)
{
	struct fixture f;
	struct stat st;

	if (!suite_as_root())
		return;
	start(&f);
	name_unix(&f, "a");
	f.settings.socket_group = "mail";
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	CHECK(stat(f.endpoint[0].addr.un.sun_path, &st) == 0);
	CHECK(st.st_gid == f.set.group && st.st_gid != 0);
	done(&f);
}

/* As our units have it. */
static void
hold_chown(bool on)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	CU_ASSERT_FATAL(syscall(SYS_capget, &head, data) == 0);
	if (on)
		data[0].effective |= 1u << CAP_CHOWN;
	else
		data[0].effective &= ~(1u << CAP_CHOWN);
	CU_ASSERT_FATAL(syscall(SYS_capset, &head, data) == 0);
}

/* The folder that is made, too, and a socket that a reload shares */
static void
group_is_set_without_chown(void)
{
	const char *groups[] = {"mail", "daemon"};
	struct fixture f;
	struct stat st;

	if (!suite_as_root())
		return;
	start(&f);
	name_unix(&f, "postseal/a");
	hold_chown(false);
	for (size_t i = 0; i < 2; i++) {
		f.settings.socket_group = groups[i];
		CU_ASSERT_EQUAL(open_next(&f), 0);
		CU_ASSERT_EQUAL(commit(&f), 0);
		CHECK(stat(f.endpoint[0].addr.un.sun_path, &st) == 0);
		CHECK(st.st_gid == f.set.group && st.st_gid != 0);
		CHECK(getegid() == 0);
	}
	hold_chown(true);
	done(&f);
}

static void
no_such_group(void)
{
	struct fixture f;

	start(&f);
	name_unix(&f, "a");
	f.settings.socket_group = "no-such-group";
	CU_ASSERT_EQUAL(open_next(&f), -EINVAL);
	CHECK(why_has(&f, "there is no group 'no-such-group'"));
	done(&f);
}

static void
leave_stale(const struct endpoint *e)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(bind(fd, &e->addr.sa, e->len) == 0 && listen(fd, 1) == 0);
	close(fd);
	CHECK(exists(e) && !answers(e));
}

static void
a_stale_socket_is_replaced(void)
{
	struct fixture f;

	start(&f);
	name_unix(&f, "a");
	leave_stale(&f.endpoint[0]);
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	CHECK(answers(&f.endpoint[0]));
	done(&f);
}

static void
a_living_socket_is_left_alone(void)
{
	struct fixture f;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	start(&f);
	name_unix(&f, "a");
	CHECK(bind(fd, &f.endpoint[0].addr.sa, f.endpoint[0].len) == 0);
	CHECK(listen(fd, 0) == 0);
	for (int i = 0; i < 3; i++) { /* also when its backlog is full */
		CHECK(open_next(&f) != 0);
		CHECK(why_has(&f, "/a: another process listens there"));
	}
	CHECK(exists(&f.endpoint[0]));
	close(fd);
	done(&f);
}

static void
what_is_no_socket_is_left_alone(void)
{
	struct fixture f;
	char path[TMPDIR_PATH_MAX];
	struct stat st;
	int fd;

	start(&f);
	fd = open(tmpdir_file(&f.dir, "a", path), O_CREAT | O_WRONLY, 0600);
	CHECK(fd >= 0 && write(fd, "mine", 4) == 4);
	close(fd);
	name_unix(&f, "a");
	CU_ASSERT_EQUAL(open_next(&f), -EINVAL);
	CHECK(why_has(&f, "/a: a file that is no socket is in the way"));
	CHECK(stat(path, &st) == 0 && st.st_size == 4);
	unlink(path);
	/* Nor what a symbolic link points to, be it a stale socket. */
	name_unix(&f, "b");
	leave_stale(&f.endpoint[1]);
	CHECK(symlink("b", path) == 0);
	CU_ASSERT_EQUAL(open_next(&f), -EINVAL);
	CHECK(exists(&f.endpoint[1]) && lstat(path, &st) == 0);
	done(&f);
}

static void
errors_name_the_endpoint(void)
{
	struct fixture f;
	char text[ENDPOINT_TEXT_MAX];

	start(&f);
	name_unix(&f, "no-such-directory/a");
	CU_ASSERT_EQUAL(open_next(&f), -ENOENT);
	CHECK(why_has(&f, "/no-such-directory/a: bind: No such file"));
	f.settings.listen.n = 0;
	name_inet(&f, INADDR_LOOPBACK);
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	f.endpoint[0] = bound(f.set.v[0].fd);
	CHECK(listen_open(&f.settings, &none, false, &f.next, &f.why) ==
	    -EADDRINUSE);
	CHECK(why_has(&f, endpoint_text(&f.endpoint[0], text)));
	CHECK(why_has(&f, ": bind: Address already in use"));
	f.settings.listen.n = 0;
	name_unix(&f, "a");
	name_unix(&f, "a");
	CU_ASSERT_EQUAL(open_next(&f), -EINVAL);
	CHECK(why_has(&f, "/a: is named twice"));
	CHECK(!exists(&f.endpoint[0]));
	done(&f);
}

/* A living daemon's socket is replaced at the commit; its own end leaves ours
 * alone. */
static void
a_living_one_is_replaced(void)
{
	struct fixture f;
	struct listen_set new = {0};
	struct stat before, after;
	char path[TMPDIR_PATH_MAX];

	start(&f);
	name_unix(&f, "a");
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	CHECK(!listen_goes_on(&f.set));
	stat(tmpdir_file(&f.dir, "a", path), &before);
	CU_ASSERT_EQUAL(
	    listen_open(&f.settings, &none, true, &f.next, &f.why), 0);
	stat(path, &after);
	CHECK(before.st_ino == after.st_ino && answers(f.endpoint));
	listen_abandon(f.next);
	CHECK(answers(f.endpoint));
	CHECK(access(tmpdir_file(&f.dir, "a.new", path), F_OK) != 0);
	CU_ASSERT_EQUAL(
	    listen_open(&f.settings, &none, true, &f.next, &f.why), 0);
	CU_ASSERT_EQUAL(listen_commit(&new, f.next, &f.why), 0);
	stat(tmpdir_file(&f.dir, "a", path), &after);
	CHECK(before.st_ino != after.st_ino && mode_of(f.endpoint) == 0600);
	CHECK(listen_goes_on(&f.set) && !listen_goes_on(&new));
	listen_leave(&f.set);
	CHECK(answers(f.endpoint));
	f.set = new;
	done(&f);
}

/* One that cannot take its place is told of, and does not keep the others from
 * it. */
static void
each_takes_its_place(void)
{
	struct fixture f;
	struct listen_set new = {0};
	struct stat before, after;
	char path[TMPDIR_PATH_MAX];

	start(&f);
	name_unix(&f, "a");
	name_unix(&f, "b");
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	stat(tmpdir_file(&f.dir, "b", path), &before);
	CU_ASSERT_EQUAL(
	    listen_open(&f.settings, &none, true, &f.next, &f.why), 0);
	unlink(tmpdir_file(&f.dir, "a.new", path));
	CU_ASSERT_EQUAL(listen_commit(&new, f.next, &f.why), -ENOENT);
	CHECK(why_has(&f, "a: taking its place: No such file"));
	stat(tmpdir_file(&f.dir, "b", path), &after);
	CHECK(before.st_ino != after.st_ino && answers(&f.endpoint[1]));
	listen_close(&new);
	done(&f);
}

/* A folder named postseal is made, and no other. */
static void
its_folder_is_made(void)
{
	struct fixture f;
	char path[TMPDIR_PATH_MAX];
	struct stat st;

	start(&f);
	name_unix(&f, "postseal/a");
	f.settings.listen.n = 1;
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	CU_ASSERT_EQUAL(stat(tmpdir_file(&f.dir, "postseal", path), &st), 0);
	CHECK((st.st_mode & 07777) == 0710);
	CHECK(answers(f.endpoint));
	listen_close(&f.set);
	rmdir(path);
	f.settings.listen.n = 0;
	name_unix(&f, "xpostseal/a");
	CU_ASSERT_EQUAL(open_next(&f), -ENOENT);
	done(&f);
}

/* Without a listen key: the old address, too; and what can be opened is
 * enough. */
static void
a_config_from_before(void)
{
	struct fixture f;

	start(&f);
	name_unix(&f, "a");
	name_inet(&f, INADDR_LOOPBACK);
	f.settings.listen.n = 1;
	f.settings.legacy = (struct endpoint_list){&f.endpoint[1], 1};
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	CU_ASSERT_EQUAL(f.set.n, 2);
	f.endpoint[1] = bound(f.set.v[1].fd);
	CHECK(answers(&f.endpoint[0]) && answers(&f.endpoint[1]));
	listen_close(&f.set);
	f.settings.listen.n = 0;
	name_unix(&f, "none/a");
	f.endpoint[1] = (struct endpoint){.len = sizeof(struct sockaddr_in),
	    .addr.in = {.sin_family = AF_INET,
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CHECK(why_has(&f, "none/a: bind: No such file"));
	CU_ASSERT_EQUAL(commit(&f), 0);
	CU_ASSERT_EQUAL(f.set.n, 1);
	listen_close(&f.set);
	f.endpoint[1] = f.endpoint[0];
	CHECK(open_next(&f) == -ENOENT);
	done(&f);
}

static void
a_reload_keeps_what_is_equal(void)
{
	struct fixture f;
	int kept;

	start(&f);
	name_unix(&f, "keep");
	name_unix(&f, "go");
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	kept = f.set.v[0].fd;
	f.settings.listen.n = 0;
	name_unix(&f, "come");
	name_unix(&f, "keep");
	f.settings.socket_mode = 0666;
	CU_ASSERT_EQUAL(open_next(&f), 0);
	name_unix(&f, "go");
	CHECK(answers(&f.endpoint[0]) && answers(&f.endpoint[2]));
	CU_ASSERT_EQUAL(mode_of(&f.endpoint[1]), 0600);
	CU_ASSERT_EQUAL(commit(&f), 0);
	CU_ASSERT_EQUAL(f.set.v[1].fd, kept);
	CHECK(answers(&f.endpoint[0]) && answers(&f.endpoint[1]));
	CHECK(!exists(&f.endpoint[2]));
	CU_ASSERT_EQUAL(mode_of(&f.endpoint[0]), 0666);
	CU_ASSERT_EQUAL(mode_of(&f.endpoint[1]), 0666);
	done(&f);
}

/* Nobody could connect to what has lost its file, or has a stranger's in its
 * place: it is made anew, and the old one closed without harm to the new one's
 * file. */
static void
a_reload_makes_anew_what_is_gone(void)
{
	for (int i = 0; i < 2; i++) {
		struct fixture f;
		int old;

		start(&f);
		name_unix(&f, "a");
		name_inet(&f, INADDR_LOOPBACK);
		CU_ASSERT_EQUAL(open_next(&f), 0);
		CU_ASSERT_EQUAL(commit(&f), 0);
		f.endpoint[1] = bound(f.set.v[1].fd);
		f.set.v[1].endpoint = f.endpoint[1];
		old = f.set.v[1].fd;
		CHECK(unlink(f.endpoint[0].addr.un.sun_path) == 0);
		if (i == 1)
			leave_stale(&f.endpoint[0]);
		CHECK(!answers(&f.endpoint[0]));
		CU_ASSERT_EQUAL(open_next(&f), 0);
		CU_ASSERT_EQUAL(commit(&f), 0);
		CHECK(answers(&f.endpoint[0]));
		CU_ASSERT_EQUAL(f.set.v[1].fd, old);
		/* what was made is what the next reload keeps */
		old = f.set.v[0].fd;
		CU_ASSERT_EQUAL(open_next(&f), 0);
		CU_ASSERT_EQUAL(commit(&f), 0);
		CU_ASSERT_EQUAL(f.set.v[0].fd, old);
		listen_close(&f.set);
		CHECK(!exists(&f.endpoint[0]));
		done(&f);
	}
}

static void
a_reload_that_fails_changes_nothing(void)
{
	struct fixture f;

	start(&f);
	name_unix(&f, "keep");
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	name_unix(&f, "come");
	name_unix(&f, "no-such-directory/a");
	f.settings.socket_mode = 0666;
	CHECK(open_next(&f) != 0);
	CHECK(!exists(&f.endpoint[1]));
	CHECK(answers(&f.endpoint[0]));
	CU_ASSERT_EQUAL(mode_of(&f.endpoint[0]), 0600);
	/* Nor does one that is given up later. */
	f.settings.listen.n = 2;
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CHECK(answers(&f.endpoint[1]));
	listen_abandon(f.next);
	CHECK(!exists(&f.endpoint[1]));
	CHECK(answers(&f.endpoint[0]));
	CU_ASSERT_EQUAL(mode_of(&f.endpoint[0]), 0600);
	done(&f);
}

/* A second daemon may have taken the name meanwhile. */
static void
a_foreign_socket_is_not_removed(void)
{
	struct fixture f;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	start(&f);
	name_unix(&f, "a");
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	CHECK(unlink(f.endpoint[0].addr.un.sun_path) == 0);
	CHECK(bind(fd, &f.endpoint[0].addr.sa, f.endpoint[0].len) == 0);
	listen_close(&f.set);
	CHECK(exists(&f.endpoint[0]));
	close(fd);
	done(&f);
}

static void
a_child_forgets_without_removing(void)
{
	struct fixture f;
	int fd;

	start(&f);
	name_unix(&f, "a");
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	fd = f.set.v[0].fd;
	listen_forget(&f.set);
	CHECK(fcntl(fd, F_GETFD) == -1);
	CHECK(exists(&f.endpoint[0]) && !answers(&f.endpoint[0]));
	done(&f);
}

static void
accepted_sockets_answer_at_once(void)
{
	struct fixture f;
	struct endpoint e;
	int fd, peer, on = 0;
	socklen_t n = sizeof on;

	start(&f);
	name_inet(&f, INADDR_LOOPBACK);
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	e = bound(f.set.v[0].fd);
	peer = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(connect(peer, &e.addr.sa, e.len) == 0);
	fd = accept(f.set.v[0].fd, NULL, NULL);
	CHECK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &n) == 0 && on);
	close(fd);
	close(peer);
	done(&f);
}

/* The same port twice, for IPv4 and for all of IPv6. */
static void
ipv6_is_ipv6_only(void)
{
	struct fixture f;
	int probe = socket(AF_INET6, SOCK_STREAM, 0);

	if (probe < 0)
		return; /* a kernel without IPv6 */
	close(probe);
	start(&f);
	name_inet(&f, INADDR_ANY);
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	f.endpoint[0] = bound(f.set.v[0].fd);
	f.endpoint[1] = (struct endpoint){.len = sizeof(struct sockaddr_in6),
	    .addr.in6 = {.sin6_family = AF_INET6,
	        .sin6_port = f.endpoint[0].addr.in.sin_port}};
	f.settings.listen.v = &f.endpoint[1];
	f.settings.listen.n = 1;
	CU_ASSERT_EQUAL(
	    listen_open(&f.settings, &none, false, &f.next, &f.why), 0);
	listen_abandon(f.next);
	done(&f);
}

static void
so_many_and_no_more(void)
{
	struct fixture f;

	start(&f);
	CU_ASSERT_EQUAL(open_next(&f), -EINVAL);
	CHECK(why_has(&f, "listen: 0 sockets"));
	for (int i = 0; i < LISTEN_MAX; i++) {
		char name[16];

		snprintf(name, sizeof name, "%d", i);
		name_unix(&f, name);
	}
	CU_ASSERT_EQUAL(open_next(&f), 0);
	CU_ASSERT_EQUAL(commit(&f), 0);
	CU_ASSERT_EQUAL(f.set.n, LISTEN_MAX);
	name_unix(&f, "more");
	CU_ASSERT_EQUAL(open_next(&f), -EINVAL);
	CHECK(why_has(&f, "listen: 65 sockets"));
	done(&f);
}

SUITE("listen", T(opens_and_removes), T(mode_whatever_the_umask),
    T(group_is_set), T(group_is_set_without_chown), T(no_such_group),
    T(a_stale_socket_is_replaced), T(a_living_socket_is_left_alone),
    T(what_is_no_socket_is_left_alone), T(errors_name_the_endpoint),
    T(a_living_one_is_replaced), T(each_takes_its_place), T(its_folder_is_made),
    T(a_config_from_before), T(a_reload_keeps_what_is_equal),
    T(a_reload_makes_anew_what_is_gone), T(a_reload_that_fails_changes_nothing),
    T(a_foreign_socket_is_not_removed), T(a_child_forgets_without_removing),
    T(accepted_sockets_answer_at_once), T(ipv6_is_ipv6_only),
    T(so_many_and_no_more))
