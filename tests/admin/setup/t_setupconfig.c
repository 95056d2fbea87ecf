#include <errno.h>

#include "admin/setup/setupconfig.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* A config file. */
struct world {
	struct tmpdir d;
	char path[TMPDIR_PATH_MAX];
	struct setupconfig c;
	struct buf why;
};

/* text: NULL for no file. */
static void
begin(struct world *w, const char *text)
{
	suite_row(text == NULL ? "no file" : text);
	tmpdir_make(&w->d);
	tmpdir_file(&w->d, "p.conf", w->path);
	if (text != NULL)
		tmpdir_write(&w->d, "p.conf", text);
	buf_init(&w->why, 1000);
}

/* Checks what it has become. */
static void
end(struct world *w, const char *want)
{
	CHECK_STR(tmpdir_read(w->path), want);
	buf_free(&w->why);
	tmpdir_remove(&w->d);
	suite_row(NULL);
}

/* Reads text, as setup would, writes it; what it is then. */
static void
check(const char *text, bool observe, const char *listen, const char *want)
{
	struct world w;

	begin(&w, text);
	CHECK(setupconfig_read(&w.c, w.path, &w.why) == 0);
	CHECK(setupconfig_plan(&w.c, "mx.a.example", observe, listen) == 0);
	CHECK((w.c.changes.n > 0) == (text == NULL || strcmp(text, want) != 0));
	CHECK(setupconfig_store(&w.c) == 0);
	CHECK(w.why.n == 0);
	setupconfig_free(&w.c);
	end(&w, want);
}

static void
two_lines(void)
{
	check(NULL, true, "",
	    "hostname = \"mx.a.example\"\n\npolicyd {\n\tobserve = true\n}\n");
	check("# mine\nhostname = \"h.example\"\n", true, "",
	    "# mine\nhostname = \"h.example\"\n\npolicyd {\n\tobserve = "
	    "true\n}\n");
	check("hostname = h.example\npolicyd { observe = false }\n", true, "",
	    "hostname = h.example\npolicyd { observe = false }\n");
	check("hostname = h.example\n", false, "", "hostname = h.example\n");
	check("hostname = h.example\nsigner { listen = {\"unix:/a\"} }\n",
	    false, "{\"unix:/q/s\"}",
	    "hostname = h.example\nsigner { listen = {\"unix:/q/s\"} }\n");
}

/* The verifier's lines, where nothing is said of them */
static void
verifies(void)
{
	static const struct {
		const char *text, *listen, *networks, *want;
	} row[] = {
	    {"", "", "", "verifier {\n\tauthserv_id = \"mx.a.example\"\n}\n"},
	    {"verifier { authserv_id = x }\n", "{\"unix:/q/v\"}", "{a}",
	        "verifier { authserv_id = x \n\ttrusted_networks = {a}\n"
	        "\tlisten = {\"unix:/q/v\"}\n}\n"},
	    {"verifier { authserv_id = x trusted_networks = {b} }\n", "", "{a}",
	        "verifier { authserv_id = x trusted_networks = {b} }\n"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct setupconfig c = {.file = "p.conf"};
		struct buf why;

		suite_row(row[i].text);
		buf_init(&why, 1000);
		buf_init(&c.text, 10000);
		buf_init(&c.changes, 10000);
		c.why = &why;
		buf_str(&c.text, row[i].text);
		CHECK(setupconfig_verify(&c, "mx.a.example", row[i].listen,
		          row[i].networks) == 0);
		CHECK_STR(buf_text(&c.text), row[i].want);
		CHECK((c.changes.n > 0) ==
		    (strcmp(row[i].text, row[i].want) != 0));
		setupconfig_free(&c);
		buf_free(&why);
	}
	suite_row(NULL);
}

/* Without the verifier policyd refuses; with it, it marks. */
static void
enforces(void)
{
	static const struct {
		const char *text;
		bool verifies;
		const char *want;
	} row[] = {
	    {"policyd {\n\t# c\n\tobserve = true # d\n}\n", false,
	        "policyd {\n\t# c\n\tobserve = false # d\n}\n"},
	    {"policyd { observe = true }\n", true,
	        "policyd { observe = false \n\tmail_from {\n\t\tfail = "
	        "\"header\"\n\t}\n}\n\nverifier {\n\treject = "
	        "{\"spf-fail\"}\n}\n"},
	    {"policyd { mail_from { fail = reject } }\n"
	     "verifier { reject = {\"no-pass\"} }\n",
	        true,
	        "policyd { mail_from { fail = \"header\" } }\n"
	        "verifier { reject = {\"no-pass\", \"spf-fail\"} }\n"},
	    /* chosen by the administrator */
	    {"policyd { mail_from { fail = defer } }\n"
	     "verifier { reject = spf-fail }\n",
	        true,
	        "policyd { mail_from { fail = defer } }\n"
	        "verifier { reject = spf-fail }\n"},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct world w;

		begin(&w, row[i].text);
		CHECK(setupconfig_read(&w.c, w.path, &w.why) == 0);
		CHECK(setupconfig_enforce(&w.c, row[i].verifies) == 0);
		CHECK(setupconfig_store(&w.c) == 0);
		setupconfig_free(&w.c);
		end(&w, row[i].want);
	}
}

/* What is no config is not touched. */
static void
refuses(void)
{
	static const char *const rows[] = {"policyd {\n", "no_such_key = 3\n",
	    "policyd { observe = maybe }\n"};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world w;

		begin(&w, rows[i]);
		CHECK(setupconfig_read(&w.c, w.path, &w.why) == -EINVAL);
		CHECK(strstr(buf_text(&w.why), "p.conf:1: ") != NULL ||
		    strstr(buf_text(&w.why), "p.conf:2: ") != NULL);
		end(&w, rows[i]);
	}
}

SUITE("setupconfig", T(two_lines), T(verifies), T(enforces), T(refuses))
