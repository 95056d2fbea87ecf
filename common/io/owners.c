/*
 * The way to a file is walked name by name, links included, as the kernel would
 * go. Who owns any step of it could put another file in the place of the last
 * one; so each step must be root's or the owner's that is allowed, and no one
 * else may write there.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io/owners.h"

enum { LINKS_MAX = 40 }; /* as the kernel has it */

/* A way, step by step. */
struct walk {
	char done[PATH_MAX]; /* without links; "" is / */
	char rest[PATH_MAX];
	unsigned links;
};

/* --- the way -------------------------------------------------------------- */

static int
begin(struct walk *w, const char *path)
{
	char here[PATH_MAX] = "";

	*w = (struct walk){.links = 0};
	if (path[0] != '/' && getcwd(here, sizeof here) == NULL)
		return -1;
	return snprintf(w->rest, PATH_MAX, "%s/%s", here, path) < PATH_MAX ? 0
	                                                                   : -1;
}

static void
go_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* Moves one name from rest to done. False at the end. */
static bool
go_on(struct walk *w)
{
	size_t done = strlen(w->done), skip = strspn(w->rest, "/");
	size_t n = strcspn(w->rest + skip, "/");
	struct span name = span_of(w->rest + skip, n);

	if (n == 0 || done + 1 + n >= PATH_MAX)
		return false;
	if (span_eq(name, span_str("..")))
		go_up(w);
	else if (!span_eq(name, span_str(".")))
		snprintf(
		    w->done + done, PATH_MAX - done, "/%.*s", (int)n, name.p);
	memmove(w->rest, w->rest + skip + n, strlen(w->rest + skip + n) + 1);
	return true;
}

/* Puts what the link at done says in its place. False when it leads nowhere. */
static bool
follow(struct walk *w)
{
	char to[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlink(w->done, to, sizeof to);

	if (n <= 0 || n == PATH_MAX || ++w->links > LINKS_MAX ||
	    snprintf(rest, PATH_MAX, "%.*s%s", (int)n, to, w->rest) >= PATH_MAX)
		return false;
	memcpy(w->rest, rest, strlen(rest) + 1);
	if (to[0] == '/')
		w->done[0] = '\0';
	else
		go_up(w);
	return true;
}

/* --- who may -------------------------------------------------------------- */

/* git(1) goes by this variable, too. */
static bool
is_caller(uid_t uid)
{
	const char *text = getenv("SUDO_UID");
	char *end;
	unsigned long n = text == NULL ? 0 : strtoul(text, &end, 10);

	return n != 0 && *end == '\0' && n == uid;
}

static bool
may_own(const struct owners *o, uid_t uid)
{
	const struct passwd *pw;

	if (uid == 0 || uid == geteuid() || (o->writing && is_caller(uid)))
		return true;
	pw = o->user == NULL ? NULL : getpwnam(o->user);
	return pw != NULL && pw->pw_uid == uid;
}

static bool
is_open(const struct stat *st)
{
	if ((st->st_mode & S_IWOTH) == 0)
		return false;
	return S_ISREG(st->st_mode) ||
	    (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) == 0);
}

static bool
is_safe(const struct owners *o, const struct stat *st)
{
	if (o->writing && S_ISREG(st->st_mode))
		return true;
	return may_own(o, st->st_uid) && !is_open(st);
}

/* --- what is said --------------------------------------------------------- */

static void
add_user(uid_t uid, struct buf *out)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw != NULL)
		buf_str(out, pw->pw_name);
	else
		buf_fmt(out, "uid %u", (unsigned)uid);
}

/* "chown root PATH": who reads it, if that is not root. */
static void
add_chown(const char *path, const struct stat *st, struct buf *out)
{
	buf_str(out, S_ISLNK(st->st_mode) ? "chown -h " : "chown ");
	add_user(geteuid(), out);
	buf_fmt(out, " %s", path);
}

/* A folder may be somebody's home: then not the folder is to be changed. */
static void
tell(const struct owners *o, const char *path, const struct stat *st,
    struct buf *why)
{
	bool dir = S_ISDIR(st->st_mode), file = !dir && !S_ISLNK(st->st_mode);
	bool other = !may_own(o, st->st_uid);

	if (!file)
		buf_fmt(why, "the %s %s ", dir ? "folder" : "link", path);
	buf_str(why, other ? "belongs to " : "may be written by every user");
	if (other)
		add_user(st->st_uid, why);
	buf_str(why, ", who can ");
	buf_str(why,
	    file ? "change it" : "put another file in the place of this one");
	buf_str(why, "; run: ");
	if (other)
		add_chown(path, st, why);
	else
		buf_fmt(why, "chmod o-w %s", path);
	if (!file)
		buf_str(why, ", or keep the file in a folder of root's");
}

bool
owners_look(struct owners *o, const char *path, struct buf *why)
{
	struct walk w;
	struct stat st;

	if (begin(&w, path) != 0)
		return false;
	while (go_on(&w)) {
		if (lstat(w.done[0] == '\0' ? "/" : w.done, &st) != 0)
			return false;
		if (!is_safe(o, &st)) {
			if (strcmp(o->told, w.done) == 0)
				return false;
			memcpy(o->told, w.done, strlen(w.done) + 1);
			tell(o, w.done, &st, why);
			return true;
		}
		if (S_ISLNK(st.st_mode) && !follow(&w))
			return false;
	}
	return false;
}
