/*
 * The trick: mysql(1) with --batch and the COPY of psql(1) write rows in the
 * same form: tabs between fields, and in them backslashes for what would be
 * misread.
 *
 * The trap: what stands in the config becomes a part of SQL. So table and
 * columns must be plain names; filter is SQL by its nature, and its owner's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/import/database.h"
#include "admin/limits.h"
#include "admin/tool/program.h"
#include "common/bytes/span.h"

struct dsn {
	bool mysql;
	char *user, *password, *host, *port, *base; /* "" where there is none */
	char *table, *keycol, *datacol, *filter;
};

/* --- reading the name ----------------------------------------------------- */

/* Behind "dsn:mysql:" the rest; or NULL. */
static const char *
behind(const char *value, const char *backend)
{
	size_t n = strlen(backend);

	if (strncasecmp(value, "dsn:", 4) != 0 ||
	    strncasecmp(value + 4, backend, n) != 0 || value[4 + n] != ':')
		return NULL;
	value += 4 + n;
	while (*value == ':') /* opendkim(8) itself has "mysql:://" */
		value++;
	return strncmp(value, "//", 2) == 0 ? value + 2 : NULL;
}

static const char *
rest_of(const char *value, bool *ret_mysql)
{
	const char *rest = behind(value, "mysql");

	*ret_mysql = rest != NULL;
	if (rest == NULL)
		rest = behind(value, "pgsql");
	return rest != NULL ? rest : behind(value, "postgresql");
}

bool
database_is(const char *value)
{
	bool mysql;

	return rest_of(value, &mysql) != NULL;
}

/* A copy in which =XX is a character; NULL when memory is out. */
static char *
decode(struct arena *a, struct span text)
{
	char *copy = arena_dup(a, text), *to = copy;

	for (const char *p = copy; p != NULL && *p != '\0'; p++) {
		if (*p == '=' && span_hex(p[1]) >= 0 && span_hex(p[2]) >= 0) {
			*to++ = (char)(span_hex(p[1]) * 16 + span_hex(p[2]));
			p += 2;
		} else {
			*to++ = *p;
		}
	}
	if (to != NULL)
		*to = '\0';
	return copy;
}

/* Takes what stands before the mark, and the mark; false, and nothing,
 * without one. */
static bool
take_until(struct span *text, char mark, struct span *ret)
{
	size_t n = span_find(*text, mark);

	if (n == text->n)
		return false;
	*ret = span_of(text->p, n);
	*text = span_skip(*text, n + 1);
	return true;
}

/* "USER:PASSWORD@PORT+HOST". */
static void
read_host(struct span text, struct arena *a, struct dsn *d)
{
	struct span user = {"", 0}, password = {"", 0}, port = {"", 0};

	if (take_until(&text, '@', &password) &&
	    !take_until(&password, ':', &user)) {
		user = password;
		password = span_of("", 0);
	}
	(void)take_until(&text, '+', &port);
	d->user = decode(a, user);
	d->password = decode(a, password);
	d->port = decode(a, port);
	d->host = decode(a, text);
}

/* "KEY=VALUE". */
static void
read_pair(struct span text, struct arena *a, struct dsn *d)
{
	struct span key;

	if (!take_until(&text, '=', &key))
		return;
	if (span_ieqs(key, "table"))
		d->table = decode(a, text);
	else if (span_ieqs(key, "keycol"))
		d->keycol = decode(a, text);
	else if (span_ieqs(key, "datacol"))
		d->datacol = decode(a, text);
	else if (span_ieqs(key, "filter"))
		d->filter = decode(a, text);
}

/* Letters, digits, '_', and the marks given. */
static bool
is_plain(const char *name, const char *marks)
{
	if (name == NULL || *name == '\0')
		return false;
	for (const char *p = name; *p != '\0'; p++) {
		bool letter = (*p >= 'a' && *p <= 'z') ||
		    (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');

		if (!letter && *p != '_' && strchr(marks, *p) == NULL)
			return false;
	}
	return true;
}

/* NULL, or what is wrong with it. */
static const char *
judge(const struct dsn *d)
{
	if (d->user == NULL || d->password == NULL || d->host == NULL ||
	    d->port == NULL || d->base == NULL)
		return "out of memory";
	if (*d->base == '\0')
		return "the dsn: names no database";
	if (!is_plain(d->table, ".") || !is_plain(d->keycol, ".") ||
	    !is_plain(d->datacol, ".,"))
		return "table, keycol and datacol of the dsn: must be there, "
		       "and plain names";
	for (const char *p = d->port; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return "the port of the dsn: is no number";
	}
	return NULL;
}

static const char *
read_dsn(const char *value, struct arena *a, struct dsn *ret)
{
	struct span rest = span_str(rest_of(value, &ret->mysql)), part;

	if (!take_until(&rest, '/', &part))
		return "the dsn: names no database";
	read_host(part, a, ret);
	if (!take_until(&rest, '/', &part)) {
		part = rest;
		rest = span_of("", 0);
	}
	ret->base = decode(a, part);
	while (take_until(&rest, '?', &part))
		read_pair(part, a, ret);
	read_pair(rest, a, ret);
	return judge(ret);
}

/* --- the client ----------------------------------------------------------- */

/* Text with a backslash before each of these. */
static void
put_escaped(const char *text, const char *marks, struct buf *out)
{
	for (; *text != '\0'; text++) {
		if (strchr(marks, *text) != NULL)
			buf_byte(out, '\\');
		buf_byte(out, *text);
	}
}

/* The password in the file that the client reads: an option file of MySQL,
 * or the password file of PostgreSQL. */
static void
put_password(const struct dsn *d, struct buf *out)
{
	if (d->mysql)
		buf_str(out, "[client]\npassword=\"");
	else
		buf_str(out, "*:*:*:*:");
	put_escaped(d->password, d->mysql ? "\\\"" : "\\:", out);
	buf_str(out, d->mysql ? "\"\n" : "\n");
}

/* In memory, which only the client inherits. The descriptor, or -errno. */
static int
password_file(const struct dsn *d)
{
	int fd = memfd_create("password", 0);
	struct buf text;

	if (fd < 0)
		return -errno;
	buf_init(&text, DATABASE_TEXT_MAX);
	put_password(d, &text);
	/* a file that all may read is ignored */
	if (buf_error(&text) != 0 || fchmod(fd, 0600) != 0 ||
	    write(fd, text.p, text.n) != (ssize_t)text.n ||
	    lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		fd = -EIO;
	}
	if (text.n > 0)
		explicit_bzero(text.p, text.n);
	buf_free(&text);
	return fd;
}

static void
put_query(const struct dsn *d, struct buf *out)
{
	bool filter = d->filter != NULL && *d->filter != '\0';

	buf_fmt(out, "%sSELECT %s,%s FROM %s%s%s%s", d->mysql ? "" : "COPY (",
	    d->keycol, d->datacol, d->table, filter ? " WHERE " : "",
	    filter ? d->filter : "", d->mysql ? "" : ") TO STDOUT");
}

static void
put_word(const char *key, const char *value, struct buf *out)
{
	if (*value == '\0')
		return;
	buf_fmt(out, "%s='", key);
	put_escaped(value, "\\'", out);
	buf_str(out, "' ");
}

/* The words of mysql(1). */
static void
words_mysql(
    const struct dsn *d, const char *file, const char *query, const char **argv)
{
	const struct {
		const char *name, *value;
	} option[] = {{"--host", d->host}, {"--port", d->port},
	    {"--user", d->user}, {"--database", d->base}, {"--execute", query}};
	size_t n = 0;

	argv[n++] = "mysql";
	argv[n++] = file; /* it must be the first */
	argv[n++] = "--batch";
	argv[n++] = "--skip-column-names";
	for (size_t i = 0; i < sizeof option / sizeof option[0]; i++) {
		if (*option[i].value == '\0')
			continue;
		argv[n++] = option[i].name;
		argv[n++] = option[i].value;
	}
	argv[n] = NULL;
}

/* The words of psql(1), of which one is all that says where the database is. */
static void
words_psql(const char *where, const char *query, const char **argv)
{
	const char *const words[] = {"psql", "--no-psqlrc", "--no-password",
	    "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", where,
	    "--command", query, NULL};

	memcpy(argv, words, sizeof words);
}

static void
put_where(const struct dsn *d, int fd, struct buf *out)
{
	if (d->mysql) {
		buf_fmt(out, "--defaults-extra-file=/dev/fd/%d", fd);
		return;
	}
	put_word("host", d->host, out);
	put_word("port", d->port, out);
	put_word("user", d->user, out);
	put_word("dbname", d->base, out);
	buf_fmt(out, "passfile=/dev/fd/%d connect_timeout=10", fd);
}

/* Runs the client, which may be called otherwise, too. 0 or as
 * program_run(). */
static int
run_client(const struct dsn *d, const char **argv, struct buf *out,
    struct buf *err, int *ret_status)
{
	int rc = program_run_for(argv, DATABASE_MS, out, err, ret_status);

	if (rc != -ENOENT || !d->mysql)
		return rc;
	argv[0] = "mariadb";
	return program_run_for(argv, DATABASE_MS, out, err, ret_status);
}

/* Asks with the password in that file. 0, or -errno after a sentence. */
static int
ask_with(const struct dsn *d, int fd, struct buf *out, struct buf *why)
{
	struct buf query, where, err;
	const char *argv[16], *client = d->mysql ? "mysql" : "psql";
	int status = 0, rc = -ENOMEM;

	buf_init(&query, DATABASE_TEXT_MAX);
	buf_init(&where, DATABASE_TEXT_MAX);
	buf_init(&err, TOOL_MESSAGES_MAX);
	put_query(d, &query);
	put_where(d, fd, &where);
	if (buf_text(&query) != NULL && buf_text(&where) != NULL) {
		if (d->mysql)
			words_mysql(
			    d, buf_text(&where), buf_text(&query), argv);
		else
			words_psql(buf_text(&where), buf_text(&query), argv);
		rc = run_client(d, argv, out, &err, &status);
	}
	if (rc == -ENOENT)
		buf_fmt(why, "%s(1) is not installed, which asks the database",
		    client);
	else if (rc != 0)
		buf_fmt(why, "%s(1): %s", client, strerror(-rc));
	else if (status != 0) {
		struct span said = buf_view(&err);

		buf_fmt(why, "%s(1) says: %.*s", client,
		    (int)span_find(said, '\n'), said.n == 0 ? "" : said.p);
		rc = -EIO;
	}
	buf_free(&query);
	buf_free(&where);
	buf_free(&err);
	return rc;
}

/* --- its rows ------------------------------------------------------------- */

/* A field without its backslashes; a newline stays "\n", and a carriage
 * return goes. */
static void
put_field(struct span field, struct buf *out)
{
	for (size_t i = 0; i < field.n; i++) {
		char c = field.p[i];

		if (c == '\\' && i + 1 < field.n) {
			c = field.p[++i];
			if (c == 'n')
				buf_str(out, "\\n");
			else if (c == 't')
				buf_byte(out, ' ');
			else if (c != 'r')
				buf_byte(out, c);
		} else {
			buf_byte(out, c);
		}
	}
}

/* NULL, as mysql(1) or COPY writes it. */
static bool
is_null(struct span field)
{
	return span_eq(field, span_str("NULL")) ||
	    span_eq(field, span_str("\\N"));
}

static void
put_row(struct span row, struct buf *out)
{
	bool first = true;

	for (size_t i = 0; row.n > 0; i++) {
		size_t n = span_find(row, '\t');
		struct span field = span_of(row.p, n);

		row = span_skip(row, n + 1);
		if (is_null(field) && i == 0)
			return;
		if (is_null(field))
			continue;
		if (i > 0)
			buf_byte(out, first ? ' ' : ':');
		first = first && i == 0;
		put_field(field, out);
	}
	buf_byte(out, '\n');
}

static int
ask(const struct dsn *d, struct buf *rows, struct buf *why)
{
	int fd = password_file(d), rc = fd;
	struct buf out;

	if (fd < 0) {
		buf_str(why, strerror(-fd));
		return fd;
	}
	buf_init(&out, DATABASE_ROWS_MAX);
	rc = ask_with(d, fd, &out, why);
	close(fd);
	for (struct span rest = buf_view(&out); rc == 0 && rest.n > 0;) {
		size_t n = span_find(rest, '\n');

		put_row(span_of(rest.p, n), rows);
		rest = span_skip(rest, n + 1);
	}
	if (out.n > 0)
		explicit_bzero(out.p, out.n);
	buf_free(&out);
	if (rc == 0 && buf_error(rows) != 0) {
		buf_str(why, "it has too many rows");
		rc = -EFBIG;
	}
	return rc;
}

int
database_read(
    const char *value, struct arena *arena, struct buf *rows, struct buf *why)
{
	struct dsn d = {.table = NULL};
	const char *wrong = read_dsn(value, arena, &d);

	if (wrong == NULL)
		return ask(&d, rows, why);
	buf_str(why, wrong);
	return -EINVAL;
}
