#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/process/rights.h"
#include "tests/support/suite.h"

static void
find(const char *user, int want, const char *sentence)
{
	struct rights r = {0};
	struct buf why;

	buf_init(&why, 1024);
	CU_ASSERT_EQUAL(rights_find(user, &r, &why), want);
	CHECK_STR(buf_text(&why), sentence);
	CHECK(r.drop == (want == 0 && geteuid() == 0));
	rights_free(&r);
	buf_free(&why);
}

/* Who is not root stays who he is, whatever the config says. */
static void
an_ordinary_user_stays(void)
{
	if (geteuid() == 0) {
		suite_skip("this is root");
		return;
	}
	find("no-such-user", 0, "");
}

static void
who_may_be_the_user(void)
{
	if (!suite_as_root())
		return;
	find("nobody", 0, "");
	find("no-such-user", -EINVAL, "user: there is no user 'no-such-user'");
	find(NULL, -EINVAL, "user: there is no user ''");
	find("root", -EINVAL, "user: workers must not run as 'root'");
}

/* The number of the first thing that is not as it should be. */
static int
after_drop(const struct rights *r, const struct passwd *pw)
{
	const gid_t root = 0;
	gid_t groups[64];
	int n;

	if (r->drop && setgroups(1, &root) != 0)
		return 9;
	if (rights_drop(r) != 0)
		return 1;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 2;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	if (!r->drop)
		return 0;
	if (getuid() != pw->pw_uid || geteuid() != pw->pw_uid)
		return 4;
	if (getgid() != pw->pw_gid || getegid() != pw->pw_gid)
		return 5;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 ||
	    setegid(0) == 0)
		return 6;
	n = getgroups(64, groups);
	for (int i = 0; i < n; i++) {
		if (groups[i] == 0)
			return 7;
	}
	return access("/etc/shadow", R_OK) == 0 ? 8 : 0;
}

static void
root_does_not_come_back(void)
{
	const struct passwd *pw = getpwnam("nobody");
	struct rights r;
	struct buf why;
	int status;
	pid_t pid;

	buf_init(&why, 1024);
	CU_ASSERT_FATAL(rights_find("nobody", &r, &why) == 0);
	pid = fork();
	if (pid == 0)
		_exit(after_drop(&r, pw));
	CU_ASSERT_FATAL(waitpid(pid, &status, 0) == pid);
	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	rights_free(&r);
	buf_free(&why);
}

/* --- capabilities -------------------------------------------------------- */

/* True if the process has none in any set that it could use or pass on. */
static bool
has_no_capability(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &head, set) != 0)
		return false;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		if ((set[i].effective | set[i].permitted |
		        set[i].inheritable) != 0)
			return false;
	}
	for (unsigned long c = 0; c <= CAP_LAST_CAP; c++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, c, 0, 0) == 1)
			return false;
	}
	return true;
}

/* Not access(2), which looks at the real user alone. */
static bool
can_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && close(fd) == 0;
}

/* As a unit with User= and AmbientCapabilities= is started; 0 or -errno. */
static int
be_ambient(const struct passwd *pw)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3] = {0};
	const unsigned bits = 1U << CAP_DAC_READ_SEARCH | 1U << CAP_SETUID |
	    1U << CAP_SETGID | 1U << CAP_KILL;

	if (setgroups(0, NULL) != 0 ||
	    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		return -errno;
	set[0].effective = set[0].permitted = set[0].inheritable = bits;
	if (syscall(SYS_capset, &head, set) != 0)
		return -errno;
	for (unsigned long c = 0; c < 32; c++) {
		if ((bits >> c & 1) != 0 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) != 0)
			return -errno;
	}
	return 0;
}

/* A user who is not root, with capabilities. The number of the first thing that
 * is not as it should be. */
static int
after_ambient(const struct passwd *pw)
{
	struct rights r;
	struct buf why;

	buf_init(&why, 1024);
	if (be_ambient(pw) != 0)
		return 10;
	if (!can_read("/etc/shadow") || has_no_capability())
		return 11;
	if (rights_find("nobody", &r, &why) != 0 || r.drop)
		return 12;
	if (rights_drop(&r) != 0)
		return 13;
	if (!has_no_capability())
		return 14;
	if (setuid(0) == 0 || getuid() != pw->pw_uid)
		return 15;
	return can_read("/etc/shadow") ? 16 : 0;
}

/* Root whose capabilities do not go when its user does. */
static int
after_securebits(void)
{
	struct rights r;
	struct buf why;

	buf_init(&why, 1024);
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) != 0)
		return 20;
	if (rights_find("nobody", &r, &why) != 0 || !r.drop)
		return 21;
	if (rights_drop(&r) == 0 && !has_no_capability())
		return 22;
	return 0;
}

static int
in_child(int what, const struct passwd *pw)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(what == 0 ? after_ambient(pw) : after_securebits());
	CU_ASSERT_FATAL(waitpid(pid, &status, 0) == pid);
	CU_ASSERT_TRUE(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
no_capability_is_left(void)
{
	if (!suite_as_root())
		return;
	CU_ASSERT_EQUAL(in_child(0, getpwnam("nobody")), 0);
	CU_ASSERT_EQUAL(in_child(1, NULL), 0);
}

SUITE("rights", T(an_ordinary_user_stays), T(who_may_be_the_user),
    T(root_does_not_come_back), T(no_capability_is_left))
