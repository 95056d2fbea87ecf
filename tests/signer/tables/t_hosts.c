#include <errno.h>

#include "signer/tables/hosts.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* The last list is a file. */
static const struct {
	const char *list, *name, *ip;
	bool has;
} row[] = {
    /* as in dkim-milter's ilist, and OpenDKIM's plain files */
    {"127.0.0.1 ::1", "localhost", "127.0.0.1", true},
    {"127.0.0.1 ::1", "", "::1", true},
    {"127.0.0.1 ::1", "", "127.0.0.2", false},
    {"192.168.1.1 !192.168.1.0/24", "", "192.168.1.1", true},
    {"192.168.1.1 !192.168.1.0/24", "", "192.168.1.2", false},
    {"!192.168.1.1 192.168.1.0/24", "", "192.168.1.1", false},
    {"!192.168.1.1 192.168.1.0/24", "", "192.168.1.2", true},
    {"10.0.0.0/8 !10.0.0.0/8", "", "10.1.1.1", false},
    {"[10.0.0.1] [2001:db8::1]/64", "", "10.0.0.1", true},
    {"[10.0.0.1] [2001:db8::1]/64", "", "2001:db8::2", true},
    {"::ffff:10.0.0.1", "", "10.0.0.1", true},
    {"mail.example.jp", "MAIL.example.jp", NULL, true},
    {"mail.example.jp", "mail.example.jp.", NULL, true},
    {"mail.example.jp", "a.mail.example.jp", NULL, false},
    {".example.jp", "a.b.example.jp", NULL, true},
    {".example.jp", "example.jp", NULL, false},
    {".example.jp", "badexample.jp", NULL, false},
    {".example.jp !.b.example.jp", "a.b.example.jp", NULL, false},
    {".example.jp !.b.example.jp c.b.example.jp", "c.b.example.jp", NULL, true},
    {"!.example.jp 10.0.0.0/8", "a.example.jp", "10.0.0.1", false},
    {"!.example.jp 10.0.0.0/8", "unknown", "10.0.0.1", true},
    {"unknown", "unknown", "10.0.0.1", false},
    {"example.jp", "", NULL, false},
    /* of this host, below: 10.0.0.1 */
    {"this-host", "", "10.0.0.1", true},
    {"This-Host", "unknown", "10.0.0.1", true},
    {"this-host", "", "10.0.0.2", false},
    {"this-host", "this-host", "10.0.0.2", false},
    {"this-host !10.0.0.0/8", "", "10.0.0.1", true},
    {"this-host !10.0.0.1", "", "10.0.0.1", false},
    {"10.0.0.0/8 !this-host", "", "10.0.0.1", false},
    {"!host.example this-host", "host.example", "10.0.0.1", false},
};

/* The client is one of the list. */
static bool
has(const struct hosts *h, const char *name, const struct ip *ip, bool own)
{
	const struct hosts_entry *e = hosts_find(h, name, ip, own);

	return e != NULL && !e->not ;
}

static void
one_list(bool file, size_t i)
{
	char rows[500], path[TMPDIR_PATH_MAX], *word[1] = {path};
	struct text_list list = {word, 1};
	struct buf why;
	struct arena arena;
	struct tmpdir d;
	struct hosts h;
	struct ip ip;
	char *v[10], copy[500], *rest = copy;

	arena_init(&arena, 1 << 20);
	buf_init(&why, 1 << 16);
	tmpdir_make(&d);
	snprintf(rows, sizeof rows, "# list\n%s # x\n", row[i].list);
	snprintf(copy, sizeof copy, "%s", row[i].list);
	if (file) {
		for (char *p = rows + 7; *p != '#'; p++)
			*p = *p == ' ' && p[1] != '#' ? '\n' : *p;
		tmpdir_write(&d, "hosts", rows);
		tmpdir_file(&d, "hosts", path);
	} else {
		list = (struct text_list){v, 0};
		while (rest != NULL)
			v[list.n++] = strsep(&rest, " ");
	}
	CHECK(hosts_open(&list, &arena, &h, &why, &why) == 0 && why.n == 0);
	if (row[i].ip != NULL)
		CHECK(ip_parse(span_str(row[i].ip), &ip) == 0);
	CHECK(
	    has(&h, row[i].name, row[i].ip ? &ip : NULL,
	        row[i].ip && strcmp(row[i].ip, "10.0.0.1") == 0) == row[i].has);
	tmpdir_remove(&d);
	buf_free(&why);
	arena_free(&arena);
}

static void
finds(void)
{
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].list);
		one_list(false, i);
		one_list(true, i);
	}
	suite_row(NULL);
}

/* refile: TrustedHosts as guides print them; a name is asked before the
 * address, and the longest pattern counts. */
static void
finds_globs(void)
{
	static const struct {
		const char *list, *name, *ip;
		bool has;
	} glob[] = {
	    {"127.0.0.1\n::1\n*.example.jp\n", "mail.example.jp", "192.0.2.1",
	        true},
	    {"127.0.0.1\n::1\n*.example.jp\n", "A.B.EXAMPLE.JP", NULL, true},
	    {"127.0.0.1\n::1\n*.example.jp\n", "example.jp", "192.0.2.1",
	        false},
	    {"127.0.0.1\n::1\n*.example.jp\n", "", "127.0.0.1", true},
	    {"127.0.0.1\n::1\n*.example.jp\n", "unknown", "::1", true},
	    {"*.example.jp\n!*.guest.example.jp\n", "a.guest.example.jp", NULL,
	        false},
	    {"!*.guest.example.jp\n*.example.jp\n", "a.example.jp", NULL, true},
	    {"*.example.jp\n!mail.example.jp\n", "mail.example.jp", NULL,
	        false},
	    {"mail*.example.jp\n", "mail12.example.jp", NULL, true},
	    {"mail*.example.jp\n", "web.example.jp", NULL, false},
	    {".example.jp\n192.0.2.0/24\n!192.0.2.7\n", "x.example.jp",
	        "192.0.2.7", true},
	    {".example.jp\n192.0.2.0/24\n!192.0.2.7\n", "", "192.0.2.7", false},
	    {".example.jp\n192.0.2.0/24\n!192.0.2.7\n", "x.example.org",
	        "192.0.2.8", true},
	    {"2001:db8::/32\n!2001:db8:1::/48\n", "", "2001:db8:1::5", false},
	    {"2001:db8::/32\n!2001:db8:1::/48\n", "", "2001:db8:2::5", true},
	};

	for (size_t i = 0; i < sizeof glob / sizeof glob[0]; i++) {
		struct arena arena;
		struct buf why;
		struct hosts h;
		struct ip ip;

		suite_row(glob[i].list);
		arena_init(&arena, 1 << 20);
		buf_init(&why, 1 << 16);
		CHECK(hosts_parse("refile:/h", span_str(glob[i].list), &arena,
		          &h, &why, &why) == 0);
		CHECK(why.n == 0);
		if (glob[i].ip != NULL)
			CHECK(ip_parse(span_str(glob[i].ip), &ip) == 0);
		CHECK(has(&h, glob[i].name, glob[i].ip == NULL ? NULL : &ip,
		          false) == glob[i].has);
		buf_free(&why);
		arena_free(&arena);
	}
	suite_row(NULL);
}

/* What is wrong is said, and half a list is none. */
static void
refuses(void)
{
	static const struct {
		const char *spec, *text, *why, *warn;
		int rc;
	} bad[] = {
	    {"", "10.0.0.0/33\n",
	        ":1: \"10.0.0.0/33\" is neither an address, nor "
	        "a network, nor a name\n",
	        "", -EINVAL},
	    {"", "127.0.0.1\n!\n",
	        ":2: \"!\" is neither an address, nor a "
	        "network, nor a name\n",
	        "", -EINVAL},
	    {"", "a\001b\n", ":1: there is a control character in it\n", "",
	        -EINVAL},
	    {"", "*.x.example\n", "",
	        ":1: *.x.example matches nothing: '*' stands "
	        "for names in a refile: only\n",
	        0},
	    {"refile:", "*.x.example\n", "", "", 0},
	    {"file:", NULL, ": No such file or directory\n", "", -EINVAL},
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char path[TMPDIR_PATH_MAX], spec[TMPDIR_PATH_MAX + 8],
		    *v[] = {spec};
		struct text_list list = {v, 1};
		char want[500];
		struct buf why, warn;
		struct arena arena;
		struct tmpdir d;
		struct hosts h;

		suite_row(bad[i].text);
		arena_init(&arena, 1 << 20);
		buf_init(&why, 1 << 16);
		buf_init(&warn, 1 << 16);
		tmpdir_make(&d);
		if (bad[i].text != NULL)
			tmpdir_write(&d, "h", bad[i].text);
		tmpdir_file(&d, "h", path);
		snprintf(spec, sizeof spec, "%s%s", bad[i].spec, path);
		CHECK(hosts_open(&list, &arena, &h, &why, &warn) == bad[i].rc);
		snprintf(want, sizeof want, "%s%s", bad[i].why[0] ? path : "",
		    bad[i].why);
		CHECK_STR(buf_text(&why), want);
		snprintf(want, sizeof want, "%s%s", bad[i].warn[0] ? path : "",
		    bad[i].warn);
		CHECK_STR(buf_text(&warn), want);
		tmpdir_remove(&d);
		buf_free(&why);
		buf_free(&warn);
		arena_free(&arena);
	}
	suite_row(NULL);
}

SUITE("hosts", T(finds), T(finds_globs), T(refuses))
