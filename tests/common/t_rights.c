#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/rights.h"
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

static void
who_may_be_the_user(void)
{
	if (geteuid() != 0) {
		find("no-such-user", 0, "");
		return;
	}
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

SUITE("rights", T(who_may_be_the_user), T(root_does_not_come_back))
