#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io/own.h"
#include "tests/support/suite.h"

static struct ip
address(const char *text)
{
	struct ip ip = {.family = 0};

	CHECK(ip_parse(span_str(text), &ip) == 0);
	return ip;
}

/* What the kernel would send from, to an address far away; nothing is sent. */
static bool
source(struct ip *ret)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = 53}, from;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof from;
	bool ok = inet_pton(AF_INET, "192.0.2.254", &to.sin_addr) == 1 &&
	    connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
	    getsockname(fd, (struct sockaddr *)&from, &n) == 0;

	if (ok)
		*ret = ip_bytes(&from.sin_addr, sizeof from.sin_addr);
	close(fd);
	return ok;
}

static void
finds(void)
{
	struct ip here = address("127.0.0.1"), far = address("192.0.2.254"),
	          link = address("fe80::1"), mine;
	struct own o = {.v = NULL};

	CHECK(!own_has(&o, &here));
	CHECK(own_read(&o) == 0);
	CHECK(own_has(&o, &here));
	CHECK(!own_has(&o, &far));
	CHECK(!own_has(&o, &link));
	CHECK(!own_has(&o, NULL));
	if (source(&mine))
		CHECK(own_has(&o, &mine));
	for (size_t i = 0; i < o.n; i++)
		CHECK(own_has(&o, &o.v[i]));
	/* again, over what is there */
	CHECK(own_read(&o) == 0 && own_has(&o, &here));
	own_free(&o);
	CHECK(o.n == 0 && !own_has(&o, &here));
}

/* An IPv4 address is not an IPv6 one with the same bytes. */
static void
families(void)
{
	struct ip v[] = {address("127.0.0.1"), address("2001:db8::1")};
	struct ip other = address("7f00:1::");
	struct own o = {.v = v, .n = 2};

	CHECK(own_has(&o, &v[0]) && own_has(&o, &v[1]));
	CHECK(!own_has(&o, &other));
}

SUITE("own", T(finds), T(families))
