/*
 * The same resolv.conf(5) as the C library reads it, which asks for everybody
 * else on a host. It reads no file but /etc/resolv.conf: in a mount namespace
 * of this test that is one of ours.
 */
#include <errno.h>
#include <gnu/libc-version.h>
#include <net/if.h>
#include <resolv.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/dns/dnsport.h" /* dns_server_sockaddr() */
#include "common/dns/resolvconf.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { TEXT_MAX = 2000, TEXTS = 4000 };

static struct tmpdir d;

/* What counts, in words. An address that stands for IPv4 is that to us at once;
 * an interface that is not there is none to the C library. (One with a name
 * longer than any may have is no server to us, and does not occur here.) */
struct words {
	char text[400];
	size_t n;
};

static void
add_server(struct words *w, const struct ip *ip, unsigned scope)
{
	char text[IP_TEXT_MAX];

	w->n += (size_t)snprintf(w->text + w->n, sizeof w->text - w->n,
	    "%s%%%u ", ip_text(ip, text), scope);
}

static void
add_options(struct words *w, int timeout, int attempts, bool rotate,
    bool use_vc, bool trust_ad)
{
	snprintf(w->text + w->n, sizeof w->text - w->n, "%dx%d%s%s%s",
	    timeout < 1 ? 1 : timeout, attempts < 1 ? 1 : attempts,
	    rotate ? " rotate" : "", use_vc ? " use-vc" : "",
	    trust_ad ? " trust-ad" : "");
}

/* The C library puts 127.0.0.1 there itself, where there is none. */
static void
ours(const char *text, struct words *ret)
{
	static const unsigned char loopback[] = {127, 0, 0, 1};
	struct resolvconf c;

	*ret = (struct words){.n = 0};
	resolvconf_read(span_str(text), &c);
	if (c.n == 0)
		c.server[c.n++].ip = ip_bytes(loopback, sizeof loopback);
	for (size_t i = 0; i < c.n; i++) {
		struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
		const struct sockaddr_in6 *six = (const void *)&at;
		socklen_t size;
		int rc = dns_server_sockaddr(&c.server[i], &at, &size);

		add_server(ret, &c.server[i].ip,
		    rc == 0 && at.ss_family == AF_INET6 ? six->sin6_scope_id
		                                        : 0);
	}
	add_options(ret, (int)c.timeout, (int)c.attempts, c.rotate, c.use_vc,
	    c.trust_ad);
}

/* The C library takes the file for unchanged where size and time are the same:
 * so no two in a row have one size. */
static void
put(const char *text)
{
	static size_t before;
	char path[TMPDIR_PATH_MAX];
	size_t n = strlen(text);
	FILE *f = fopen(tmpdir_file(&d, "resolv.conf", path), "w");

	CU_ASSERT_FATAL(f != NULL);
	before = n == before ? n + 1 : n;
	fprintf(f, "%s%s", text, before == n ? "" : "\n");
	fclose(f);
}

static void
libc(const char *text, struct words *ret)
{
	struct __res_state s = {.options = 0};

	*ret = (struct words){.n = 0};
	put(text);
	CU_ASSERT_FATAL(res_ninit(&s) == 0);
	for (int i = 0; i < s.nscount; i++) {
		const struct sockaddr_in *four = &s.nsaddr_list[i];
		const struct sockaddr_in6 *six = s._u._ext.nsaddrs[i];
		struct ip ip;

		if (four->sin_family == AF_INET)
			ip = ip_bytes(&four->sin_addr, 4);
		else
			ip = ip_bytes(&six->sin6_addr, 16);
		add_server(ret, &ip,
		    four->sin_family == AF_INET ? 0 : six->sin6_scope_id);
	}
	add_options(ret, s.retrans, s.retry, (s.options & RES_ROTATE) != 0,
	    (s.options & RES_USEVC) != 0, (s.options & RES_TRUSTAD) != 0);
	res_nclose(&s);
}

/* True if /etc/resolv.conf is ours; else the test is skipped. */
static bool
begin(void)
{
	char path[TMPDIR_PATH_MAX];
	const char *why = NULL;

	unsetenv("RES_OPTIONS");
	tmpdir_make(&d);
	put("");
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount(tmpdir_file(&d, "resolv.conf", path), "/etc/resolv.conf",
	        NULL, MS_BIND, NULL) != 0)
		why = strerror(errno);
	if (why == NULL)
		return true;
	suite_skip(why);
	tmpdir_remove(&d);
	return false;
}

static void
end(void)
{
	umount2("/etc/resolv.conf", MNT_DETACH);
	tmpdir_remove(&d);
}

static const char *const words[] = {"nameserver ", "nameserver\t", "nameserver",
    "options ", "options\t", "options", "search", "domain", "\n", "\n", "\n",
    "\n", " ", "\t", ";", "#", ",", "127.0.0.1", "192.0.2.1", "192.0.2.300",
    "0300.0.2.1", "10.1", "1", "0x7f000001", "0.0.0.0", "192.0.2.1:53", "::1",
    "::", "[::1]", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1",
    "2001:db8::1%none ", "2001:db8::1%lo ", "fe80::1%lo ", "fe80::1%1 ",
    "fe80::1%none ", "ff02::1%lo ", "timeout:", "timeout:0", "timeout:3",
    "timeout:31", "timeout:-1", "timeout: +7", "attempts:", "attempts:5",
    "attempts:6", "attempts: 3", "rotate", "rotate,", "use-vc", "trust-ad",
    "no-trust-ad", "edns0", "ndots:2", "TIMEOUT:3", "x",
    /* before glibc 2.41 they are nothing */
    "-rotate", "-use-vc", "-trust-ad"};
enum { SINCE_2_41 = 3 };

static size_t
count_words(void)
{
	bool old = strverscmp(gnu_get_libc_version(), "2.41") < 0;

	return sizeof words / sizeof *words - (old ? SINCE_2_41 : 0);
}

/* Some lines that mean something, many that nearly do. */
static void
make(char *text)
{
	size_t n = 0, count = count_words();

	for (long left = random() % 12; left > 0; left--) {
		if (random() % 2 == 0)
			n += (size_t)snprintf(text + n, TEXT_MAX - n, "\n%s ",
			    random() % 2 == 0 ? "nameserver" : "options");
		n += (size_t)snprintf(text + n, TEXT_MAX - n, "%s%s",
		    words[(size_t)random() % count],
		    random() % 2 == 0 ? "\n" : "");
	}
	text[n] = '\0';
}

static void
all_as_it(void)
{
	char text[TEXT_MAX];
	size_t named = 0;

	if (!begin())
		return;
	srandom(1);
	for (int i = 0; i < TEXTS; i++) {
		struct words we, it;

		make(text);
		ours(text, &we);
		libc(text, &it);
		named += strstr(we.text, "127.0.0.1%0 ") == NULL;
		suite_row(text);
		CHECK_STR(we.text, it.text);
	}
	suite_row(NULL);
	CHECK(named > TEXTS / 8); /* or it compares nothing */
	end();
}

SUITE("resolvconf_libc", T(all_as_it))
