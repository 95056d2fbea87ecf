#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/key/domainfile.h"
#include "tests/support/eml.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static struct tmpdir d;
static char config[TMPDIR_PATH_MAX], key[TMPDIR_PATH_MAX];
static struct settings *settings;
static struct buf why;

static void
begin(const char *text)
{
	struct buf warn;

	tmpdir_make(&d);
	tmpdir_write(&d, "k", pem_ed25519);
	tmpdir_file(&d, "k", key);
	tmpdir_file(&d, "p.conf", config);
	buf_init(&why, 10000);
	buf_init(&warn, 10000);
	settings = NULL;
	if (text != NULL) {
		tmpdir_write(&d, "p.conf", text);
		CU_ASSERT_FATAL(settings_read(config, SETTINGS_SIGNER,
		                    &settings, &why, &warn) == 0);
	}
	buf_free(&warn);
}

static void
end(void)
{
	settings_free(settings);
	buf_free(&why);
	tmpdir_remove(&d);
}

/* The file's text, with the key's path as @. */
static void
check_file(const char *name, const char *want)
{
	char path[TMPDIR_PATH_MAX], *text, *at;
	size_t n;

	CHECK(access(tmpdir_file(&d, name, path), F_OK) == 0);
	text = eml_file(path, &n);
	at = strstr(text, key);
	if (at != NULL) {
		*at = '@';
		memmove(at + 1, at + strlen(key), strlen(at + strlen(key)) + 1);
	}
	CHECK_STR(text, want);
	free(text);
}

static void
a_file_of_its_own(void)
{
	char path[PATH_MAX], want[TMPDIR_PATH_MAX];
	struct stat st;

	begin(NULL);
	CHECK(domainfile_add(
	          config, NULL, "a.example", "s", key, false, path, &why) == 0);
	CHECK_STR(path, tmpdir_file(&d, "domains.d/a.example.conf", want));
	check_file("domains.d/a.example.conf",
	    "domain \"a.example\" {\n\tkey \"s\" {\n\t\tfile = \"@\"\n"
	    "\t\tactive = false\n\t}\n}\n");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0644);
	CHECK(access(config, F_OK) != 0);
	end();
}

/* What the user wrote there stays, and the file is what is changed. */
static void
where_it_stands(void)
{
	char path[PATH_MAX], text[400];

	snprintf(text, sizeof text,
	    "# mine\ndomain A.example { # of the firm\n\tkey old { file = "
	    "\"/tmp/nothing\" }\n}\n");
	begin(text);
	CHECK(domainfile_add(config, settings, "a.example", "s", key, true,
	          path, &why) == 0);
	CHECK_STR(path, config);
	check_file("p.conf",
	    "# mine\ndomain A.example { # of the firm\n\tkey old { file = "
	    "\"/tmp/nothing\" }\n\tkey \"s\" {\n\t\tfile = \"@\"\n"
	    "\t\tactive = true\n\t}\n}\n");
	CHECK(domainfile_add(config, settings, "a.example", "old", key, true,
	          path, &why) == -EEXIST);
	CHECK(suite_has(buf_text(&why),
	    "domain a.example has a key \"old\"; name another selector with "
	    "-s\n"));
	end();
}

static void
activates_and_removes(void)
{
	const struct domain_settings *a;

	begin("domain a.example {\n\t# c\n\tkey old { file = \"/x\" active = "
	      "false }\n\tkey s { file = \"/y\" }\n}\n");
	a = &settings->domain[0];
	CU_ASSERT_FATAL(a->nkeys == 2);
	CHECK(domainfile_activate(&a->key[0], "a.example", &why) == 0);
	check_file("p.conf",
	    "domain a.example {\n\t# c\n\tkey old { file = \"/x\" active = "
	    "true }\n\tkey s { file = \"/y\" }\n}\n");
	CHECK(domainfile_activate(&a->key[1], "a.example", &why) == 0);
	CHECK(domainfile_remove(&a->key[0], "a.example", &why) == 0);
	check_file("p.conf",
	    "domain a.example {\n\t# c\n\tkey s { file = \"/y\" \n"
	    "\t\tactive = true\n\t}\n}\n");
	CHECK(domainfile_remove(&a->key[0], "a.example", &why) == -ENOENT);
	end();
}

/* What the signer would not take is not written, and nothing is left behind. */
static void
refuses(void)
{
	static const char text[] =
	    "domain a.example {\n\tkey s { file = \"/y\" }\n}\n";
	char path[PATH_MAX], name[TMPDIR_PATH_MAX];

	begin(text);
	CHECK(domainfile_remove(
	          &settings->domain[0].key[0], "a.example", &why) == -EINVAL);
	CHECK(strstr(buf_text(&why), "has no key") != NULL);
	check_file("p.conf", text);
	buf_clear(&why);
	/* somebody has broken it since it was read */
	tmpdir_write(&d, "p.conf", "domain a.example {\n");
	CHECK(domainfile_activate(
	          &settings->domain[0].key[0], "a.example", &why) == -EINVAL);
	CHECK(strstr(buf_text(&why),
	          "p.conf:1: domain: the section is never closed") != NULL);
	check_file("p.conf", "domain a.example {\n");
	buf_clear(&why);
	/* a file in the place of the directory */
	tmpdir_write(&d, "domains.d", "");
	CHECK(domainfile_add(config, NULL, "b.example", "s", key, false, path,
	          &why) == -ENOTDIR);
	CHECK(unlink(tmpdir_file(&d, "domains.d", name)) == 0);
	buf_clear(&why);
	CHECK(domainfile_add(config, NULL, "b.example", "s", "k", false, path,
	          &why) == -EINVAL);
	CHECK(access(tmpdir_file(&d, "domains.d/b.example.conf", name), F_OK) !=
	    0);
	end();
}

SUITE("domainfile", T(a_file_of_its_own), T(where_it_stands),
    T(activates_and_removes), T(refuses))
