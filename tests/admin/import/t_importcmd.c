/*
 * postseal import --json: the same facts as in text, as a program reads them.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "tests/support/command.h"
#include "tests/support/member.h"
#include "tests/support/suite.h"

static struct command c;

static const char old[] = "Mode sv\n"
                          "Domain a.example\n"
                          "KeyFile @/none.pem\n"
                          "Selector s\n"
                          "Background yes\n"
                          "MinimumKeyBits x\n"
                          "AutoRestart yes\n"
                          "Canonicalization relaxed/simple\n";

/* One that stands in the list: of that line, with that reason. */
static void
check_note(const json_t *all, const char *kind, int line, const char *option,
    const char *why)
{
	const json_t *list = json_object_get(all, kind), *note = NULL;
	char path[TMPDIR_PATH_MAX];

	suite_row(option);
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (strcmp(text_of(json_array_get(list, i), "option"),
		        option) == 0)
			note = json_array_get(list, i);
	}
	CHECK(note != NULL);
	CHECK(json_integer_value(json_object_get(note, "line")) == line);
	CHECK_STR(
	    text_of(note, "file"), tmpdir_file(&c.dir, "opendkim.conf", path));
	if (why == NULL)
		CHECK(json_object_get(note, "why") == NULL);
	else
		CHECK(suite_has(text_of(note, "why"), why));
	suite_row(NULL);
}

static void
check_notes(const json_t *all)
{
	static const struct {
		const char *kind;
		size_t n;
	} rows[] = {{"carried", 4}, {"left", 2}, {"needless", 1}, {"wrong", 1}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		suite_row(rows[i].kind);
		CHECK(json_array_size(json_object_get(all, rows[i].kind)) ==
		    rows[i].n);
	}
	suite_row(NULL);
	check_note(all, "carried", 2, "Domain", NULL);
	check_note(all, "carried", 3, "KeyFile", NULL);
	check_note(all, "carried", 4, "Selector", NULL);
	check_note(all, "carried", 8, "Canonicalization", NULL);
	check_note(all, "left", 1, "Mode", "two daemons do it");
	check_note(
	    all, "left", 7, "AutoRestart", "a worker that ends is replaced");
	check_note(all, "needless", 5, "Background", NULL);
	check_note(all, "wrong", 6, "MinimumKeyBits", "not a number");
}

static json_t *
run(const char *options, int status)
{
	json_t *all;

	command_run(&c, "import --json %s @/opendkim.conf", options);
	CHECK(c.status == status);
	CHECK_STR(c.err, "");
	all = json_loads(c.out, 0, NULL);
	CU_ASSERT_FATAL(all != NULL);
	return all;
}

/* The config that is printed without --json, and nothing written. */
static void
printed(void)
{
	static char text[sizeof c.out];
	json_t *all, *said;

	command_begin(&c);
	command_file(&c, "opendkim.conf", old);
	command_run(&c, "import @/opendkim.conf");
	CHECK(c.status == 3);
	snprintf(text, sizeof text, "%s", c.out);
	all = run("", 3);
	check_notes(all);
	CHECK_STR(text_of(all, "config"), text);
	CHECK(json_is_null(json_object_get(all, "opendkim_conf")));
	CHECK(json_array_size(json_object_get(all, "written")) == 0);
	said = json_object_get(all, "signer_says");
	CHECK(json_array_size(said) == 1);
	CHECK(suite_has(json_string_value(json_array_get(said, 0)),
	    "none.pem: No such file or directory"));
	json_decref(all);
	command_end(&c);
}

static void
written(void)
{
	char path[TMPDIR_PATH_MAX];
	json_t *all, *files;

	command_begin(&c);
	command_file(&c, "opendkim.conf", old);
	all = run("--sign-only -o @/new.conf", 0);
	CHECK(json_is_null(json_object_get(all, "config")));
	CHECK(suite_has(text_of(all, "opendkim_conf"), "\nMode v\n"));
	check_note(all, "left", 1, "Mode", "opendkim goes on verifying");
	CHECK(json_array_size(json_object_get(all, "carried")) == 4);
	files = json_object_get(all, "written");
	CHECK(json_array_size(files) == 1);
	CHECK_STR(json_string_value(json_array_get(files, 0)),
	    tmpdir_file(&c.dir, "new.conf", path));
	CHECK(access(path, R_OK) == 0);
	json_decref(all);

	/* in words, what comes next */
	command_run(&c, "import -o @/next.conf @/opendkim.conf");
	CHECK(c.status == 3);
	CHECK(suite_has(c.err,
	    tmpdir_placed(
	        &c.dir, "What comes next: postseal -T -c @/next.conf\n")));

	/* an error is one in words */
	command_run(&c, "import -j -o @/new.conf @/opendkim.conf");
	CHECK(c.status == 1);
	CHECK_STR(c.out, "");
	CHECK(suite_has(c.err, "new.conf exists and stays as it is"));
	command_end(&c);
}

/* What a stranger has written there is cleaned; a config that is no text of
 * JSON is not printed as such. */
static void
no_text(void)
{
	char path[TMPDIR_PATH_MAX];
	json_t *all;

	command_begin(&c);
	command_file(&c, "opendkim.conf",
	    "Mode sv\nMinimumKeyBits \x1b[1m\n"
	    "Nonsense\xff yes\n");
	command_run(&c, "import -j @/opendkim.conf");
	all = json_loads(c.out, 0, NULL);
	CHECK(all != NULL && c.status == 3);
	CHECK(strchr(c.out, '\x1b') == NULL && strchr(c.out, '\xff') == NULL);
	json_decref(all);
	command_file(&c, "opendkim.conf",
	    "Mode s\nDomain a.example\nSelector s\nKeyFile /\xff\n");
	command_run(&c, "import -j @/opendkim.conf");
	CHECK(c.status == 1);
	CHECK_STR(c.out, "");
	CHECK(suite_has(c.err, "leave out --json"));

	/* nor is anything written then */
	command_file(&c, "opendkim.conf", "Mode sv\nNonsense\xff yes\n");
	command_run(&c, "import -j -s -o @/new.conf @/opendkim.conf");
	CHECK(c.status == 1);
	CHECK_STR(c.out, "");
	CHECK(suite_has(c.err, "leave out --json"));
	CHECK(access(tmpdir_file(&c.dir, "new.conf", path), F_OK) != 0);
	command_end(&c);
}

SUITE("importcmd", T(printed), T(written), T(no_text))
