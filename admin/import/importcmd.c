/*
 * `postseal import`: what it prints, and the files that it writes.
 *
 * The trap: the config names the tables that were made of databases, and the
 * signer is asked what it says of them: so they are written first, and taken
 * back if the config cannot be.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "admin/tool/newfile.h"
#include "admin/tool/tool.h"
#include "common/limits.h"
#include "signer/setup.h"

/* --- what the signer will say --------------------------------------------- */

/* Reads the tables and keys as the signer will, and keeps what it says of
 * them. */
static int
try_keys(const struct settings *s, struct buf *said)
{
	struct keyring *keys = NULL;
	int rc = setup_check(s, said);

	if (rc == 0)
		rc = keyring_open(s, &keys, said, said);
	keyring_free(keys);
	return rc == -ENOMEM ? rc : 0;
}

int
import_try(const char *name, const struct buf *text, struct buf *said)
{
	struct settings *s = NULL;
	struct buf none;
	int rc;

	buf_init(&none, TOOL_MESSAGES_MAX);
	rc = settings_parse(
	    name, buf_view(text), SETTINGS_SIGNER, &s, &none, &none);
	if (rc == 0 && (s->ndomains > 0 || s->signer.key_table != NULL))
		rc = try_keys(s, said);
	settings_free(s);
	buf_free(&none);
	return rc;
}

/* --- the subcommand ------------------------------------------------------- */

enum {
	IMPORT_LOST = 3,      /* its exit status */
	IMPORT_FILES_MAX = 5, /* of three old programs, and two lists */
	IMPORT_JSON_MAX = 8 * CONFIG_FILE_MAX /* with all notes */
};

struct options {
	const char *output;
	bool sign_only, query;
	char **file;
	int n;
};

/* The path from / on, into full[PATH_MAX]. 0, or -errno after a sentence. */
static int
full_path(struct import *im, const char *path, char *full)
{
	int rc = newfile_absolute(path, full);

	if (rc != 0)
		buf_fmt(&im->why, "%s: %s\n", path, strerror(-rc));
	return rc;
}

static int
write_file(
    struct import *im, const char *path, const struct buf *text, unsigned mode)
{
	int rc = newfile_write(path, buf_view(text), mode, &im->why);

	if (rc == -EEXIST)
		buf_fmt(&im->why, "%s exists and stays as it is\n", path);
	return rc;
}

/* True if the file has these bytes: of a run before, which was ended. */
static bool
has_bytes(const char *path, const struct buf *text)
{
	struct buf there;
	bool same;

	if (tool_read_file(path, DATABASE_ROWS_MAX, &there) != 0)
		return false;
	same = span_eq(buf_view(&there), buf_view(text));
	if (there.n > 0)
		explicit_bzero(there.p, there.n);
	buf_free(&there);
	return same;
}

/* Those made of databases, for root alone: keys may be in them. */
static int
write_tables(struct import *im)
{
	int rc = 0;

	for (struct import_file *f = im->file; f != NULL && rc == 0;
	     f = f->next) {
		if (has_bytes(f->path, &f->text))
			continue;
		rc = write_file(im, f->path, &f->text, 0600);
		f->made = rc == 0;
	}
	return rc;
}

/* Tables first: the config names them. What was made here goes if not all
 * is. */
static int
write_all(struct import *im, const char *path, const struct buf *text)
{
	int rc = write_tables(im);

	if (rc == 0)
		rc = import_try(path, text, &im->said);
	if (rc == 0)
		rc = write_file(im, path, text, 0644);
	for (struct import_file *f = im->file; rc != 0 && f != NULL;
	     f = f->next) {
		if (f->made)
			unlink(f->path);
	}
	return rc;
}

/* It adds to what others say. */
static bool
goes_behind(const char *file)
{
	return import_is_exempt(file) || import_is_opendmarc(file);
}

/* A text whose bytes count, or null where it is empty. It must be UTF-8. */
static json_t *
text_json(const struct buf *text)
{
	return text->n == 0 ? json_null() : json_stringn(text->p, text->n);
}

/* It is said before anything is written. */
static int
check_text(struct import *im, const struct buf *text)
{
	json_t *o = text_json(text);

	json_decref(o);
	if (o != NULL)
		return 0;
	buf_str(&im->why,
	    "the config is not UTF-8, as JSON has to be: leave out --json\n");
	return -EILSEQ;
}

static int
import_all(struct import *im, struct call *c)
{
	const struct options *o = c->options;
	struct buf *out = &c->out;
	char full[PATH_MAX];
	int rc = o->output == NULL ? 0 : full_path(im, o->output, full);

	im->sign_only = o->sign_only;
	im->query = o->query ? full : NULL;
	for (int late = 0; late < 2; late++) {
		for (int i = 0; i < o->n && rc == 0; i++) {
			if (goes_behind(o->file[i]) == (late == 1))
				rc = import_file(im, o->file[i]);
		}
	}
	if (rc == 0)
		rc = import_compose(im, out);
	if (rc == 0 && c->json)
		rc = check_text(im, &im->keep);
	if (rc == 0 && c->json && o->output == NULL)
		rc = check_text(im, out);
	if (rc != 0)
		return rc;
	return o->output != NULL ? write_all(im, full, out)
	                         : import_try("postseal.conf", out, &im->said);
}

/* Beside a postseal.conf as comments. */
static void
put_kept(struct span keep, bool comments, struct buf *out)
{
	while (keep.n > 0) {
		size_t n = span_find(keep, '\n');

		if (comments && keep.p[0] != '#')
			buf_byte(out, '#');
		buf_add(out, keep.p, n);
		buf_byte(out, '\n');
		keep = span_skip(keep, n + 1);
	}
}

/* The notes of a kind below their title. */
static void
print_notes(const struct import *im, enum import_kind kind, const char *title,
    struct buf *out)
{
	size_t before = out->n, empty;

	buf_str(out, title);
	empty = out->n;
	import_notes_print(im, kind, out);
	if (out->n == empty)
		buf_cut(out, before);
}

/* Their names are enough. */
static void
print_needless(const struct import *im, struct buf *out)
{
	size_t before = out->n, empty;

	buf_str(out, "always so, or not needed here:");
	empty = out->n;
	for (const struct import_note *n = im->first; n != NULL; n = n->next) {
		if (n->kind == IMPORT_NEEDLESS)
			buf_fmt(out, " %s", n->option);
	}
	if (out->n == empty)
		buf_cut(out, before);
	else
		buf_byte(out, '\n');
}

static void
print(struct call *c, const struct import *im)
{
	const struct options *o = c->options;

	if (o->output != NULL)
		buf_clear(&c->out);
	put_kept(buf_view(&im->keep), o->output == NULL, &c->out);
	print_notes(im, IMPORT_LEFT, "not carried over:\n", &c->why);
	print_needless(im, &c->why);
	print_notes(im, IMPORT_WRONG, "wrong, and left out:\n", &c->why);
	if (im->said.n > 0) {
		buf_str(&c->why, "what the signer says of tables and keys:\n");
		buf_span(&c->why, buf_view(&im->said));
	}
	if (o->output != NULL) {
		buf_str(&c->why, "What comes next: postseal -T -c ");
		tool_shell_word(o->output, &c->why);
		buf_byte(&c->why, '\n');
	}
}

/* The new files. */
static json_t *
written_json(const struct import *im, const char *output)
{
	json_t *all = json_array();
	int rc = 0;

	if (output != NULL)
		rc = json_array_append_new(
		    all, subcommand_clean_json(span_str(output)));
	for (struct import_file *f = im->file; f != NULL && rc == 0;
	     f = f->next)
		rc = json_array_append_new(
		    all, subcommand_clean_json(span_str(f->path)));
	if (rc == 0)
		return all;
	json_decref(all);
	return NULL;
}

static int
print_json(struct call *c, const struct import *im)
{
	const struct options *o = c->options;
	json_t *all;

	all = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "config",
	    o->output == NULL ? text_json(&c->out) : json_null(),
	    "opendkim_conf", text_json(&im->keep), "written",
	    written_json(im, o->output), "carried",
	    import_notes_json(im, IMPORT_CARRIED), "left",
	    import_notes_json(im, IMPORT_LEFT), "needless",
	    import_notes_json(im, IMPORT_NEEDLESS), "wrong",
	    import_notes_json(im, IMPORT_WRONG), "signer_says",
	    subcommand_lines_json(buf_view(&im->said)));
	buf_clear(&c->out);
	return subcommand_json(c, all);
}

static int
run(struct call *c)
{
	struct import im;
	int rc;

	import_init(&im);
	buf_init(&c->out, IMPORT_JSON_MAX);
	buf_init(&c->why, 2 * CONFIG_FILE_MAX);
	rc = import_all(&im, c);
	if (rc == 0 && c->json)
		rc = print_json(c, &im);
	else if (rc == 0)
		print(c, &im);
	else
		buf_clear(&c->out);
	if (rc == 0 && im.lost)
		rc = IMPORT_LOST;
	buf_span(&c->why, buf_view(&im.why));
	import_free(&im);
	return rc;
}

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;

	if (n < 1 || n > IMPORT_FILES_MAX)
		return subcommand_wrong(c, "one file to five", NULL);
	if (o->query && o->output == NULL)
		return subcommand_wrong(c,
		    "--query writes files beside -o FILE, which is missing",
		    NULL);
	o->file = word;
	o->n = n;
	return 0;
}

const struct subcommand import_subcommand = {
    .name = "import",
    .words = "FILE ...",
    .text = "config from OpenDKIM's, OpenDMARC's and policyd-spf's",
    .head = "postseal import FILE ... - the postseal.conf that does what "
            "opendkim.conf,\nopendmarc.conf and policyd-spf.conf did",
    .tail = "Tables and keys stay where they are. On stderr: what was not "
            "carried over,\nand why.\n"
            "Exit status: 0; 1 when it failed, 2 when the command line is "
            "wrong, 3 when an\noption was wrong and all else was made.",
    .column = 24,
    .options = &(const struct options){.output = NULL},
    .size = sizeof(struct options),
    .option =
        {
            {'o', "output", "FILE",
                "write it to this new file, do not print it",
                .at = offsetof(struct options, output)},
            {'q', "query", NULL,
                "read tables in databases, by mysql(1) or psql(1), into\n"
                "files beside FILE: FILE.KeyTable ...",
                .at = offsetof(struct options, query)},
            {'s', "sign-only", NULL,
                "opendkim goes on verifying: print its new opendkim.conf,\n"
                "too, without -o as comments",
                .at = offsetof(struct options, sign_only)},
            {'j', "json", NULL, "for machines", .take = subcommand_take_json},
        },
    .take_words = take_words,
    .run = run,
};
