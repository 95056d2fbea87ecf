/*
 * The order is the trick: groups first, then gid, then uid, then capabilities;
 * each step takes away the right to do the one before. Then the way back is
 * tried, and must fail (can_return).
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/process/rights.h"

int
rights_find(const char *user, struct rights *ret, struct buf *why)
{
	struct rights r = {.drop = geteuid() == 0};
	struct passwd *pw;

	if (!r.drop) {
		*ret = r;
		return 0;
	}
	pw = user == NULL ? NULL : getpwnam(user);
	if (pw == NULL || pw->pw_uid == 0) {
		buf_fmt(why, "user: %s '%s'",
		    pw == NULL ? "there is no user" : "workers must not run as",
		    user == NULL ? "" : user);
		return -EINVAL;
	}
	r.uid = pw->pw_uid;
	r.gid = pw->pw_gid;
	getgrouplist(user, r.gid, NULL, &r.ngroups); /* says how many */
	r.groups = calloc((size_t)r.ngroups, sizeof(*r.groups));
	if (r.groups == NULL ||
	    getgrouplist(user, r.gid, r.groups, &r.ngroups) < 0) {
		buf_fmt(why, "user: the groups of '%s' cannot be read", user);
		free(r.groups);
		return -ENOMEM;
	}
	*ret = r;
	return 0;
}

void
rights_free(struct rights *r)
{
	free(r->groups);
	*r = (struct rights){0};
}

static int
become(const struct rights *r)
{
	if (setgroups((size_t)r->ngroups, r->groups) != 0 ||
	    setresgid(r->gid, r->gid, r->gid) != 0 ||
	    setresuid(r->uid, r->uid, r->uid) != 0)
		return -errno;
	return 0;
}

/* setresuid(2) empties some of the sets, and only for root. */
static int
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {
	    {0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
	    syscall(SYS_capset, &head, none) != 0)
		return -errno;
	return 0;
}

int
rights_confine(void)
{
	int rc = drop_capabilities();

	if (rc == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		rc = -errno;
	if (rc == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		rc = -errno;
	return rc;
}

/* True if there is a way back to root. */
static bool
can_return(const struct rights *r)
{
	uid_t real, effective, saved;

	return getresuid(&real, &effective, &saved) != 0 || real != r->uid ||
	    effective != r->uid || saved != r->uid ||
	    setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || seteuid(0) == 0;
}

int
rights_drop(const struct rights *r)
{
	int rc = r->drop ? become(r) : 0;

	if (rc == 0)
		rc = rights_confine();
	if (rc == 0 && r->drop && can_return(r))
		rc = -EPERM;
	return rc;
}
