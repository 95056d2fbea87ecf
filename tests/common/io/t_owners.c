#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io/owners.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* Two users that no system gives to anybody; only their numbers count. */
enum { STRANGER = 64321, CALLER = 64322 };

/* A folder of ours, "safe", with "file" in it; beside it "theirs", which
 * belongs to a stranger, with a file of ours. */
struct place {
	struct tmpdir d;
	struct buf why;
};

static void
give(const struct place *p, const char *name, uid_t uid)
{
	char path[TMPDIR_PATH_MAX];

	CU_ASSERT_FATAL(
	    lchown(tmpdir_file(&p->d, name, path), uid, (gid_t)-1) == 0);
}

static void
mode(const struct place *p, const char *name, mode_t m)
{
	char path[TMPDIR_PATH_MAX];

	CU_ASSERT_FATAL(chmod(tmpdir_file(&p->d, name, path), m) == 0);
}

static void
make_link(const struct place *p, const char *to, const char *name)
{
	char path[TMPDIR_PATH_MAX];

	CU_ASSERT_FATAL(symlink(tmpdir_placed(&p->d, to),
	                    tmpdir_file(&p->d, name, path)) == 0);
}

static void
begin(struct place *p)
{
	tmpdir_make(&p->d);
	buf_init(&p->why, 10000);
	tmpdir_sub(&p->d, "safe");
	tmpdir_write(&p->d, "safe/file", "");
	tmpdir_sub(&p->d, "theirs");
	tmpdir_write(&p->d, "theirs/file", "");
}

static void
end(struct place *p)
{
	buf_free(&p->why);
	tmpdir_remove(&p->d);
}

/* What is said of the file, as "@/" for the place's folder; "" when nothing. */
static void
check(struct place *p, const struct owners *as, const char *name,
    const char *want)
{
	char path[TMPDIR_PATH_MAX];
	struct owners o = *as;

	suite_row(name);
	buf_clear(&p->why);
	CHECK(owners_look(&o, tmpdir_file(&p->d, name, path), &p->why) ==
	    (want[0] != '\0'));
	CHECK_STR(buf_text(&p->why), tmpdir_placed(&p->d, want));
	suite_row(NULL);
}

static void
modes(void)
{
	static const struct owners plain = {.user = NULL};
	static const char file_open[] =
	    "may be written by every user, who can change it; run: "
	    "chmod o-w @/safe/file";
	static const char dir_open[] =
	    "the folder @/safe may be written by every user, who can put "
	    "another file in the place of this one; run: chmod o-w @/safe, or "
	    "keep the file in a folder of root's";
	struct place p;

	begin(&p);
	check(&p, &plain, "safe/file", "");
	check(&p, &plain, "safe/none", "");
	check(&p, &plain, "none/file", "");
	check(&p, &plain, "safe/../safe/./file", "");
	mode(&p, "safe/file", 0666);
	check(&p, &plain, "safe/file", file_open);
	mode(&p, "safe/file", 0660); /* somebody meant it */
	check(&p, &plain, "safe/file", "");
	mode(&p, "safe", 0777);
	check(&p, &plain, "safe/file", dir_open);
	check(&p, &plain, "safe/none", dir_open);
	mode(&p, "safe", 01777);
	check(&p, &plain, "safe/file", "");
	end(&p);
}

static void
owners(void)
{
	static const struct owners plain = {.user = NULL};
	static const char file_theirs[] =
	    "belongs to uid 64321, who can change it; run: "
	    "chown root @/safe/file";
	static const char dir_theirs[] =
	    "the folder @/theirs belongs to uid 64321, who can put another "
	    "file in the place of this one; run: chown root @/theirs, or keep "
	    "the file in a folder of root's";
	struct place p;

	if (!suite_as_root())
		return;
	begin(&p);
	give(&p, "theirs", STRANGER);
	check(&p, &plain, "theirs/file", dir_theirs);
	check(&p, &plain, "theirs/none", dir_theirs);
	check(&p, &plain, "theirs/../safe/file", dir_theirs);
	check(&p, &plain, "safe/../theirs/deeper/still", dir_theirs);
	give(&p, "safe/file", STRANGER);
	check(&p, &plain, "safe/file", file_theirs);
	mode(&p, "safe", 01777); /* as in /tmp: it is still theirs */
	check(&p, &plain, "safe/file", file_theirs);
	end(&p);
}

/* The way leads through each link, and back out of what it led to. */
static void
links(void)
{
	static const struct owners plain = {.user = NULL};
	static const char dir_theirs[] =
	    "the folder @/theirs belongs to uid 64321, who can put another "
	    "file in the place of this one; run: chown root @/theirs, or keep "
	    "the file in a folder of root's";
	struct place p;

	if (!suite_as_root())
		return;
	begin(&p);
	give(&p, "theirs", STRANGER);
	make_link(&p, "file", "safe/near");
	make_link(&p, "../theirs/file", "safe/far");
	make_link(&p, "@/theirs", "safe/dir");
	make_link(&p, "@/safe", "theirs/back");
	make_link(&p, "theirs/back/file", "round");
	make_link(&p, "loop", "loop");
	make_link(&p, "nowhere", "broken");
	check(&p, &plain, "safe/near", "");
	check(&p, &plain, "safe/far", dir_theirs);
	check(&p, &plain, "safe/dir/file", dir_theirs);
	check(&p, &plain, "round", dir_theirs); /* though it ends in safe */
	check(&p, &plain, "loop", "");
	check(&p, &plain, "broken", "");
	mode(&p, "safe", 01777);
	give(&p, "safe/near", STRANGER);
	check(&p, &plain, "safe/near",
	    "the link @/safe/near belongs to uid 64321, who can put another "
	    "file in the place of this one; run: chown -h root @/safe/near, "
	    "or keep the file in a folder of root's");
	end(&p);
}

/* The daemon's own user; who called sudo; the file that is replaced. */
static void
who_may(void)
{
	static const struct owners plain = {.user = NULL};
	static const struct owners daemon = {.user = "nobody"};
	static const struct owners writing = {.writing = true};
	static const char dir_theirs[] =
	    "the folder @/theirs belongs to uid 64322, who can put another "
	    "file in the place of this one; run: chown root @/theirs, or keep "
	    "the file in a folder of root's";
	struct place p;

	if (!suite_as_root())
		return;
	begin(&p);
	give(&p, "theirs", 65534);
	check(&p, &daemon, "theirs/file", "");
	check(&p, &plain, "theirs/file",
	    "the folder @/theirs belongs to nobody, who can put another file "
	    "in the place of this one; run: chown root @/theirs, or keep the "
	    "file in a folder of root's");
	give(&p, "theirs", CALLER);
	give(&p, "safe/file", STRANGER);
	check(&p, &writing, "safe/file", "");
	check(&p, &writing, "theirs/file", dir_theirs);
	setenv("SUDO_UID", "64322", 1);
	check(&p, &writing, "theirs/file", "");
	check(&p, &plain, "theirs/file", dir_theirs);
	setenv("SUDO_UID", "64322x", 1);
	check(&p, &writing, "theirs/file", dir_theirs);
	unsetenv("SUDO_UID");
	end(&p);
}

/* A thousand keys in one folder: one sentence. */
static void
told_once(void)
{
	char one[TMPDIR_PATH_MAX], two[TMPDIR_PATH_MAX];
	struct owners o = {.user = NULL};
	struct place p;

	begin(&p);
	mode(&p, "safe", 0777);
	mode(&p, "theirs", 0777);
	tmpdir_file(&p.d, "safe/file", one);
	tmpdir_file(&p.d, "theirs/file", two);
	CHECK(owners_look(&o, one, &p.why));
	CHECK(!owners_look(&o, one, &p.why));
	CHECK(owners_look(&o, two, &p.why));
	end(&p);
}

/* A relative path begins here. */
static void
from_here(void)
{
	char *here = getcwd(NULL, 0);
	struct owners o = {.user = NULL};
	struct place p;

	begin(&p);
	CU_ASSERT_FATAL(here != NULL && chdir(p.d.path) == 0);
	CHECK(!owners_look(&o, "safe/file", &p.why));
	CHECK(!owners_look(&o, "./safe/../theirs/file", &p.why));
	mode(&p, "theirs", 0777);
	CHECK(owners_look(&o, "safe/../theirs/file", &p.why));
	CHECK(chdir(here) == 0);
	free(here);
	end(&p);
}

static void
long_paths(void)
{
	static char path[2 * PATH_MAX];
	struct owners o = {.user = NULL};
	struct buf why;

	buf_init(&why, 1000);
	CHECK(!owners_look(&o, "", &why));
	CHECK(!owners_look(&o, "/", &why));
	for (size_t i = 0; i < sizeof path - 1; i++)
		path[i] = i % 2 == 0 ? '/' : '.';
	CHECK(!owners_look(&o, path, &why));
	memset(path, 'a', sizeof path - 1);
	path[0] = '/';
	CHECK(!owners_look(&o, path, &why));
	path[PATH_MAX - 2] = '\0';
	CHECK(!owners_look(&o, path, &why));
	buf_free(&why);
}

SUITE("owners", T(modes), T(owners), T(links), T(who_may), T(told_once),
    T(from_here), T(long_paths))
