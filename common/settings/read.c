/*
 * The trick: a text is read in two steps. The scanner tells each item, and here
 * it is judged whether it may stand there; only when the whole text is one, its
 * values are set (given.c). So the first thing that is said of a text is what
 * is wrong with its shape, and a typo in a key is not followed by nonsense
 * about values.
 *
 * The trap: r->error is that of one file while the file is read, and of all
 * files before and behind it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/io/owners.h"
#include "common/settings/given.h"
#include "common/settings/known.h"
#include "common/settings/reader.h"
#include "common/settings/scan.h"
#include "common/settings/value.h"

/* --- keys, as settings_scan() finds them --------------------------------- */

static void
on_bad(void *arg, unsigned line, const char *key, const char *why)
{
	settings_reader_complain(arg, line, key, "%s", why);
}

static enum scan_top
on_top(void *arg, struct span key)
{
	const struct reader *r = arg;

	for (size_t i = 0; i < settings_nsections; i++) {
		const struct section *s = &settings_sections[i];

		if (s->parent[0] == '\0' && span_eq(span_str(s->name), key))
			return (s->scope & r->scope) != 0 ? TOP_IN : TOP_OUT;
	}
	return TOP_OTHER;
}

static void
on_unknown(struct reader *r, const struct scan_item *item)
{
	const char *meant;

	buf_clear(&r->note);
	settings_known_suggest(item->key, &r->note);
	meant = buf_text(&r->note);
	settings_reader_complain(r, item->line, item->key,
	    "there is no such key%s", meant == NULL ? "" : meant);
}

static void
begin_owner(struct reader *r, enum owner owner, const struct scan_item *item)
{
	switch (owner) {
	case OF_DOMAIN:
		settings_reader_domain(r, item->title, item->line);
		return;
	case OF_KEY:
		settings_reader_key(r, item->title, item->line);
		return;
	case OF_RECIPIENT:
		settings_reader_recipient(r, item->title, item->line);
		return;
	case OF_ALL:
		return;
	}
}

static void
on_section(
    struct reader *r, const struct section *s, const struct scan_item *item)
{
	bool titled = item->kind == SCAN_TITLED;

	if (item->kind != SCAN_SECTION && !titled)
		settings_reader_complain(r, item->line, item->key,
		    "it is a section and has no value: %s { }", s->name);
	else if (titled && s->title == NULL)
		settings_reader_complain(r, item->line, item->key,
		    "the section has no title: %s { }", s->name);
	else if (!titled && s->title != NULL)
		settings_reader_complain(r, item->line, item->key,
		    "the section needs a title: %s \"%s\" { }", s->name,
		    s->title);
	else if (titled)
		begin_owner(r, s->owner, item);
}

static void
on_key(struct reader *r, const struct row *row, const char *section,
    const struct scan_item *item)
{
	if (item->kind == SCAN_SECTION || item->kind == SCAN_TITLED)
		settings_reader_complain(r, item->line, item->key,
		    "it is no section and needs a value: %s = ", row->name);
	else if (item->kind == SCAN_LIST && !settings_value_is_list(row))
		settings_reader_complain(r, item->line, item->key,
		    "it takes one value and not a list");
	else
		settings_given_key(r, row, section, item->line);
}

static void
on_item(void *arg, const struct scan_item *item)
{
	struct reader *r = arg;
	const struct section *s = settings_known_section(item->key);
	const struct row *row = settings_known_row(item->key);
	const char *name, *parent = settings_known_parent(item->key, &name);

	if (parent == NULL)
		return; /* in an unknown section, which was told */
	if (s == NULL && row == NULL)
		on_unknown(r, item);
	else if (r->domains_only && parent[0] == '\0' &&
	    (s == NULL || s->title == NULL))
		settings_reader_complain(r, item->line, item->key,
		    "only domain sections may stand in this file");
	else if (s != NULL)
		on_section(r, s, item);
	else
		on_key(r, row, parent, item);
}

static void
on_value(void *arg, struct span raw, unsigned line)
{
	settings_given_value(arg, raw, line);
}

static void
read_text(struct reader *r, struct span text)
{
	static const struct scan_events events = {
	    .item = on_item, .value = on_value, .bad = on_bad, .top = on_top};
	int before = r->error;

	if (text.n > CONFIG_FILE_MAX) {
		settings_reader_complain(r, 0, "",
		    "the file is larger than %d MiB",
		    CONFIG_FILE_MAX / (1024 * 1024));
		return;
	}
	r->error = 0; /* of this file */
	settings_given_clear(r);
	if (settings_scan(text, &events, r) == 0 && r->error == 0)
		settings_given_set(r);
	if (r->error == 0 || before == -ENOMEM)
		r->error = before;
}

/* --- files --------------------------------------------------------------- */

/* what: a name, where it is not the file itself. */
static void
on_unreadable(struct reader *r, const char *what, int error)
{
	if (error == ENOMEM)
		settings_reader_nomem(r);
	else
		settings_reader_complain(r, 0, "", "%s%scannot be read: %s",
		    what, what[0] == '\0' ? "" : " ", strerror(error));
}

/* Reads all of fd, but not more than one byte over the limit. */
static int
read_all(int fd, struct buf *text)
{
	static const size_t step = 64 * 1024;
	char *chunk = malloc(step);
	int rc = chunk == NULL ? -ENOMEM : 0;
	ssize_t n = 1;

	while (rc == 0 && n > 0 && text->n <= CONFIG_FILE_MAX) {
		n = read(fd, chunk, step);
		if (n < 0 && errno != EINTR)
			rc = -errno;
		else if (n < 0)
			n = 1;
		else
			rc = buf_add(text, chunk, (size_t)n);
	}
	free(chunk);
	return rc;
}

/* Who else could change the file, which is a config: so much was seen. The
 * daemon's user is known by now. */
static void
look_at_owners(struct reader *r)
{
	const struct settings *s = r->s;
	const char *text;

	r->owners.user = (r->scope & SETTINGS_SIGNER) != 0
	    ? s->signer.daemon.user
	    : s->policyd.daemon.user;
	buf_clear(&r->note);
	if (!owners_look(&r->owners, r->file, &r->note))
		return;
	text = buf_text(&r->note);
	if (text != NULL)
		settings_reader_warn(r, 0, "", "%s", text);
}

/* 0 when the content was judged, well or not; else -errno, told to r. */
static int
read_file(struct reader *r, const char *file)
{
	int rc = 0, fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct buf text;

	buf_init(&text, CONFIG_FILE_MAX + 64 * 1024);
	if (fd < 0) {
		rc = -errno;
	} else {
		rc = read_all(fd, &text);
		close(fd);
	}
	if (rc == 0) {
		read_text(r, buf_view(&text));
		if (r->error == 0)
			look_at_owners(r);
	} else {
		on_unreadable(r, "", -rc);
	}
	buf_free(&text);
	return rc;
}

/* One file of domains.d/; its name is kept for messages and as origin. */
static void
read_domain_file(struct reader *r, const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *path = arena_alloc(&r->s->arena, n);
	struct stat st;

	if (path == NULL) {
		settings_reader_nomem(r);
		return;
	}
	snprintf(path, n, "%s/%s", dir, name);
	r->file = path;
	if (stat(path, &st) != 0)
		on_unreadable(r, "", errno);
	else if (S_ISREG(st.st_mode))
		(void)read_file(r, path);
	r->file = r->s->file;
}

static int
is_conf(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' &&
	    strcmp(e->d_name + n - 5, ".conf") == 0;
}

/* By bytes: the order must not depend on the locale. */
static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Every *.conf of domains.d/ beside the main file; there may be none. */
static void
read_domains(struct reader *r)
{
	const char *slash = strrchr(r->s->file, '/');
	int n = slash == NULL ? 0 : (int)(slash - r->s->file + 1);
	struct dirent **entry;
	char *dir;

	if (asprintf(&dir, "%.*sdomains.d", n, r->s->file) < 0) {
		settings_reader_nomem(r);
		return;
	}
	n = scandir(dir, &entry, is_conf, by_bytes);
	if (n < 0 && errno != ENOENT)
		on_unreadable(r, dir, errno);
	r->domains_only = true;
	for (int i = 0; i < n; i++) {
		read_domain_file(r, dir, entry[i]->d_name);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	free(dir);
}

/* --- the two ways in ----------------------------------------------------- */

int
settings_read(const char *file, enum settings_scope scope,
    struct settings **ret, struct buf *why, struct buf *warn)
{
	struct reader r;
	int rc = settings_reader_init(&r, file, scope, why, warn);

	if (rc == 0)
		rc = read_file(&r, r.file);
	if (rc == 0 && (scope & SETTINGS_SIGNER) != 0)
		read_domains(&r);
	if (rc == 0)
		rc = settings_reader_finish(&r, ret);
	settings_reader_free(&r);
	return rc;
}

int
settings_parse(const char *name, struct span text, enum settings_scope scope,
    struct settings **ret, struct buf *why, struct buf *warn)
{
	struct reader r;
	int rc = settings_reader_init(&r, name, scope, why, warn);

	if (rc == 0) {
		read_text(&r, text);
		rc = settings_reader_finish(&r, ret);
	}
	settings_reader_free(&r);
	return rc;
}

void
settings_where(const struct settings *s, const char *key, struct buf *out)
{
	const struct row *row = settings_known_row(key);
	unsigned line = row == NULL ? 0 : s->line[row - settings_rows];

	buf_str(out, s->file);
	if (line > 0)
		buf_fmt(out, ":%u", line);
	buf_fmt(out, ": %s", key);
}
