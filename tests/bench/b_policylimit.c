/*
 * b_policylimit - a policy service that does what none without a cache can
 * leave out, and nothing else: what a check costs at the least, here.
 *
 *   b_policylimit PORT
 *
 * Is started as spawn(8) does, and reads requests from descriptor 0. For each
 * it asks the DNS server at that port of 127.0.0.1 for the TXT records of the
 * HELO name and of the sender's domain, both at one time, each from a socket
 * that stays; waits for both answers, and says DUNNO. It reads no record,
 * judges nothing, logs nothing, keeps no time, and takes whatever comes for an
 * answer.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/dns/dnsquestion.h"
#include "tests/support/load.h"

enum { TYPE_TXT = 16, IDENTITIES = 2, REQUEST_MAX = 4096 };

static int
connect_to(int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	load_must(
	    fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0,
	    "connect");
	return fd;
}

/* What stands between these words and the end of the line. */
static struct span
value_of(const char *request, const char *words)
{
	const char *at = strstr(request, words);

	load_must(at != NULL, words);
	at += strlen(words);
	return span_of(at, strcspn(at, "\n"));
}

static void
ask(int fd, struct span name)
{
	struct dns_question q;
	struct dnsname wire;

	load_must(dnsname_parse(name, &wire) == 0, "name");
	dns_question_write(&q, &wire, TYPE_TXT, 1, DNS_ASK_RECURSION);
	load_must(send(fd, q.p, q.n, 0) == (ssize_t)q.n, "send");
}

static void
check(const int dns[IDENTITIES], const char *request)
{
	static const char action[] = "action=DUNNO\n\n";
	struct span sender = value_of(request, "\nsender=");
	char message[REQUEST_MAX];

	ask(dns[0], value_of(request, "\nhelo_name="));
	ask(dns[1], span_skip(sender, span_find(sender, '@') + 1));
	for (int i = 0; i < IDENTITIES; i++)
		load_must(recv(dns[i], message, sizeof message, 0) > 0, "recv");
	load_must(write(0, action, sizeof action - 1) > 0, "write");
}

int
main(int argc, char **argv)
{
	char request[REQUEST_MAX];
	int dns[IDENTITIES];
	size_t n = 0;
	ssize_t got;

	if (argc != 2) {
		fprintf(stderr, "usage: b_policylimit PORT\n");
		return 2;
	}
	for (int i = 0; i < IDENTITIES; i++)
		dns[i] = connect_to(atoi(argv[1]));
	while ((got = read(0, request + n, sizeof request - 1 - n)) > 0) {
		n += (size_t)got;
		request[n] = '\0';
		if (n < 2 || strcmp(request + n - 2, "\n\n") != 0)
			continue;
		check(dns, request);
		n = 0;
	}
	return 0;
}
