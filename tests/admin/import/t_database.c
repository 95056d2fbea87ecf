/* Programs that look like mysql(1) and psql(1), and no network. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/import/database.h"
#include "admin/import/import.h"
#include "common/limits.h"
#include "tests/support/imported.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* Keeps its words, what it finds in the environment and the password file,
 * and prints the rows. */
static const char client[] =
    "#!/bin/sh\n"
    "dir=${0%/*}\n"
    "printf '%s\\n' \"$@\" >\"$dir/words\"\n"
    "env >\"$dir/env\"\n"
    "for word; do case $word in\n"
    "--defaults-extra-file=*) file=${word#*=} ;;\n"
    "*passfile=*) file=${word##*passfile=}; file=${file%% *} ;;\n"
    "esac; done\n"
    "cat \"$file\" >\"$dir/secret\"\n"
    "stat -Lc %a \"$file\" >\"$dir/mode\"\n"
    "cat \"$dir/err\" >&2\n"
    "cat \"$dir/rows\"\n"
    "exit $(cat \"$dir/status\")\n";

/* The folder of the clients, which $PATH names. */
struct clients {
	struct tmpdir d;
	char *path; /* what $PATH was */
};

static void
begin(struct clients *c, const char *rows, const char *err, const char *status)
{
	static const char *const names[] = {"mysql", "psql"};
	char file[TMPDIR_PATH_MAX], path[500];

	tmpdir_make(&c->d);
	tmpdir_write(&c->d, "rows", rows);
	tmpdir_write(&c->d, "err", err);
	tmpdir_write(&c->d, "status", status);
	for (size_t i = 0; i < 2; i++) {
		tmpdir_write(&c->d, names[i], client);
		CHECK(chmod(tmpdir_file(&c->d, names[i], file), 0755) == 0);
	}
	c->path = strdup(getenv("PATH"));
	snprintf(path, sizeof path, "%s:%s", c->d.path, c->path);
	CU_ASSERT_FATAL(setenv("PATH", path, 1) == 0);
}

static void
end(struct clients *c)
{
	CHECK(setenv("PATH", c->path, 1) == 0);
	free(c->path);
	tmpdir_remove(&c->d);
}

static const char *
kept(const struct clients *c, const char *name)
{
	char file[TMPDIR_PATH_MAX];

	return tmpdir_read(tmpdir_file(&c->d, name, file));
}

/* What is asked, of whom, with which password. */
static void
questions(void)
{
	static const struct {
		const char *dsn, *words, *where, *secret;
	} row[] = {
	    {"dsn:mysql://o:se=3Acr=22et=5C@3307+db.example/m/"
	     "table=dkim?keycol=id?datacol=d,s,k",
	        "--batch\n--skip-column-names\n--host\ndb.example\n--port\n"
	        "3307\n--user\no\n--database\nm\n--execute\n"
	        "SELECT id,d,s,k FROM dkim\n",
	        NULL, "[client]\npassword=\"se:cr\\\"et\\\\\"\n"},
	    {"DSN:MYSQL:://o@localhost/m/table=t?keycol=k?datacol=v"
	     "?filter=ID=20>=201",
	        "--host\nlocalhost\n--user\no\n--database\nm\n--execute\n"
	        "SELECT k,v FROM t WHERE ID > 1\n",
	        NULL, "[client]\npassword=\"\"\n"},
	    {"dsn:pgsql://o:a=3Ab@5433+h/m's/table=s.t?keycol=k?datacol=v",
	        "--command\nCOPY (SELECT k,v FROM s.t) TO STDOUT\n",
	        "host='h' port='5433' user='o' dbname='m\\'s' passfile=",
	        "*:*:*:*:a\\:b\n"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct buf rows, why;
		struct arena arena;
		struct clients c;

		suite_row(row[i].dsn);
		begin(&c, "", "", "0");
		arena_init(&arena, 10000);
		buf_init(&rows, 10000);
		buf_init(&why, 10000);
		CHECK(database_is(row[i].dsn));
		CHECK(database_read(row[i].dsn, &arena, &rows, &why) == 0);
		CHECK_STR(buf_text(&why), "");
		CHECK(strstr(kept(&c, "words"), row[i].words) != NULL);
		if (row[i].where != NULL)
			CHECK(strstr(kept(&c, "words"), row[i].where) != NULL);
		CHECK(strstr(kept(&c, "words"), "se:cr") == NULL);
		CHECK(strstr(kept(&c, "words"), "a:b") == NULL);
		CHECK(strstr(kept(&c, "env"), "se:cr") == NULL);
		CHECK(strstr(kept(&c, "env"), "a:b") == NULL);
		CHECK_STR(kept(&c, "secret"), row[i].secret);
		CHECK_STR(kept(&c, "mode"), "600\n");
		buf_free(&rows);
		buf_free(&why);
		arena_free(&arena);
		end(&c);
	}
	suite_row(NULL);
}

#define DSN "dsn:mysql://o:secret@h/m/table=t?keycol=k?datacol=v"

static void
answers(void)
{
	static const struct {
		const char *said, *rows;
	} row[] = {
	    {"", ""},
	    {"a.example\t1\n", "a.example 1\n"},
	    {"1\ta.example\ts\t/k\n2\tb.example\tt\t/l\n",
	        "1 a.example:s:/k\n2 b.example:t:/l\n"},
	    {"1\td\ts\t-----BEGIN X-----\\nAB\\r\\nC\\\\D\\t\n",
	        "1 d:s:-----BEGIN X-----\\nAB\\nC\\D \n"},
	    {"a\t1\tNULL\nb\t\\N\t2\nNULL\t3\n\\N\t4\n", "a 1\nb 2\n"},
	    {"last\t1", "last 1\n"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct buf rows, why;
		struct arena arena;
		struct clients c;

		suite_row(row[i].said);
		begin(&c, row[i].said, "", "0");
		arena_init(&arena, 10000);
		buf_init(&rows, 10000);
		buf_init(&why, 10000);
		CHECK(database_read(DSN, &arena, &rows, &why) == 0);
		CHECK_STR(buf_text(&rows), row[i].rows);
		buf_free(&rows);
		buf_free(&why);
		arena_free(&arena);
		end(&c);
	}
	suite_row(NULL);
}

static void
failures(void)
{
	static const struct {
		const char *dsn, *err, *status, *why;
	} row[] = {
	    {DSN, "ERROR 1045: Access denied\nmore\n", "1",
	        "mysql(1) says: ERROR 1045: Access denied"},
	    {"dsn:mysql://o:secret@h", "", "0", "the dsn: names no database"},
	    {"dsn:mysql://h/m/table=t?keycol=k", "", "0",
	        "table, keycol and datacol of the dsn: must be there, and "
	        "plain names"},
	    {"dsn:mysql://h/m/table=t;drop?keycol=k?datacol=v", "", "0",
	        "table, keycol and datacol of the dsn: must be there, and "
	        "plain names"},
	    {"dsn:mysql://3a+h/m/table=t?keycol=k?datacol=v", "", "0",
	        "the port of the dsn: is no number"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct buf rows, why;
		struct arena arena;
		struct clients c;

		suite_row(row[i].dsn);
		begin(&c, "", row[i].err, row[i].status);
		arena_init(&arena, 10000);
		buf_init(&rows, 10000);
		buf_init(&why, 10000);
		CHECK(database_read(row[i].dsn, &arena, &rows, &why) < 0);
		CHECK_STR(buf_text(&why), row[i].why);
		CHECK(rows.n == 0);
		buf_free(&rows);
		buf_free(&why);
		arena_free(&arena);
		end(&c);
	}
	suite_row(NULL);
	CHECK(!database_is("dsn:oracle://h/m/table=t"));
	CHECK(!database_is("dsn:mysql:h/m"));
	CHECK(!database_is("ldap://h/"));
	CHECK(!database_is("/etc/mysql"));
}

/* A whole opendkim.conf: the tables are files beside the config, lists stand
 * in it; the password is in none of them. */
static void
whole_config(void)
{
	char path[TMPDIR_PATH_MAX];
	struct clients c;
	struct import im;
	struct buf out;

	begin(&c, "a.example\tv\n", "", "0");
	tmpdir_write(&c.d, "opendkim.conf",
	    "Mode s\nKeyTable " DSN "\nSigningTable " DSN "\nExemptDomains " DSN
	    "\nDontSignMailTo ldap://h/secret\n");
	import_init(&im);
	im.query = "/x/new.conf";
	buf_init(&out, 100000);
	CHECK(import_file(&im, tmpdir_file(&c.d, "opendkim.conf", path)) == 0);
	CHECK(import_compose(&im, &out) == 0);
	CHECK_STR(buf_text(&im.signer),
	    "\tkey_table = \"file:/x/new.conf.KeyTable\"\n"
	    "\tsigning_table = \"file:/x/new.conf.SigningTable\"\n"
	    "\texempt_domains = {\"a.example\"}\n"
	    "\tcanonicalization = \"simple/simple\"\n");
	CU_ASSERT_FATAL(im.file != NULL && im.file->next != NULL);
	CHECK_STR(im.file->path, "/x/new.conf.SigningTable");
	CHECK_STR(buf_text(&im.file->text), "a.example v\n");
	CHECK_STR(im.file->next->path, "/x/new.conf.KeyTable");
	CHECK(strstr(imported_notes(&im, IMPORT_WRONG),
	          ":5: DontSignMailTo: it stands in a database that is not "
	          "asked: write its rows into a file") != NULL);
	CHECK(strstr(imported_notes(&im, IMPORT_WRONG), "secret") == NULL);
	CHECK(strstr(imported_notes(&im, IMPORT_LEFT), "secret") == NULL);
	CHECK(strstr(buf_text(&out), "secret") == NULL);
	import_free(&im);
	buf_free(&out);
	end(&c);
}

/* A database that does not answer: nothing is made without its rows. */
static void
no_answer(void)
{
	char path[TMPDIR_PATH_MAX];
	struct clients c;
	struct import im;

	begin(&c, "", "ERROR 2002: no server\n", "1");
	tmpdir_write(&c.d, "opendkim.conf", "Mode s\nKeyTable " DSN "\n");
	import_init(&im);
	im.query = "/x/new.conf";
	CHECK(
	    import_file(&im, tmpdir_file(&c.d, "opendkim.conf", path)) == -EIO);
	CHECK(strstr(buf_text(&im.why),
	          "opendkim.conf:2: KeyTable: mysql(1) says: ERROR 2002: no "
	          "server\n") != NULL);
	CHECK(im.file == NULL);
	import_free(&im);
	end(&c);
}

SUITE("database", T(questions), T(answers), T(failures), T(whole_config),
    T(no_answer))
