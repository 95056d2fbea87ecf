#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/limits.h"
#include "tests/support/await.h"
#include "tests/support/command.h"
#include "tests/support/suite.h"

/* Until all that was sent has been read. */
static void
await_reader(int fd)
{
	struct await a = {0};
	int unread = 1;

	while (ioctl(fd, SIOCOUTQ, &unread) == 0 && unread > 0 &&
	    await_more(&a, "a reader"))
		;
}

/* What stands for the signer: answers one question with these bytes, in two
 * pieces where head is not all of them. */
static pid_t
serve(const char *path, const char *answer, size_t n, size_t head)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char question[20] = "";
	pid_t child;

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	CU_ASSERT_FATAL(fd >= 0 &&
	    bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
	    listen(fd, 1) == 0);
	child = fork();
	CU_ASSERT_FATAL(child >= 0);
	if (child > 0) {
		close(fd);
		return child;
	}
	fd = accept(fd, NULL, NULL);
	if (read(fd, question, sizeof question - 1) < 0 ||
	    strcmp(question, "status\n") != 0)
		_exit(1);
	for (size_t at = 0; at < n;) {
		size_t end = at < head ? head : n;
		ssize_t sent = send(fd, answer + at, end - at, MSG_NOSIGNAL);

		if (sent < 0)
			break;
		at += (size_t)sent;
		if (at == head)
			await_reader(fd);
	}
	_exit(0);
}

/* `postseal status signer`, which such a server answers. */
static void
ask(struct command *c, const char *options, const char *answer, size_t n,
    size_t head)
{
	char path[TMPDIR_PATH_MAX];
	pid_t server;

	command_begin(c);
	command_file(c, "p.conf",
	    "hostname = h.example\n"
	    "signer { control = \"unix:@/s\" }\n");
	server = serve(tmpdir_file(&c->dir, "s", path), answer, n, head);
	command_run(c, "status -c @/p.conf %s signer", options);
	CHECK(waitpid(server, NULL, 0) == server);
	command_end(c);
}

#define GOOD \
	"{\"daemon\": \"postseal-signer\", \"version\": \"7\", \"pid\": 3, " \
	"\"uptime\": 5, \"generation\": 1, \"config_age\": 5, \"workers\": " \
	"[], \"counters\": {\"signed_messages_total\": 9}}\n"

static void
answers(void)
{
	static const struct {
		const char *answer;
		int status;
		const char *says;
	} rows[] = {
	    {GOOD, 0, "postseal-signer 7, pid 3, up 5 s"},
	    {"{}", 0, "? ?, pid 0"},
	    {"", 1, "gives an answer that makes no sense"},
	    {"{", 1, "makes no sense"},
	    {"[]", 1, "makes no sense"},
	    {"nonsense\n", 1, "makes no sense"},
	    {GOOD "x", 1, "makes no sense"},
	    {"{\"error\": \"out of memory\"}\n", 1,
	        "postseal-signer out of memory"},
	};
	static struct command c;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *a = rows[i].answer;

		suite_row(a);
		ask(&c, "", a, strlen(a), 0);
		CHECK(c.status == rows[i].status);
		CHECK(strstr(c.out, rows[i].says) != NULL);
		CHECK_STR(c.err, "");
		ask(&c, "--json", a, strlen(a), 0);
		CHECK(c.status == rows[i].status);
		CHECK(strstr(c.out, "\"postseal-signer\": {") != NULL);
	}
	suite_row(NULL);
}

/* However the bytes come. */
static void
splits(void)
{
	static struct command c;

	for (size_t head = 1; head < strlen(GOOD); head += 13) {
		ask(&c, "", GOOD, strlen(GOOD), head);
		CHECK(c.status == 0);
		CHECK(strstr(c.out, "  signed          9\n") != NULL);
	}
	/* cut: no half answer is told as a whole one */
	for (size_t n = 1; n < strlen(GOOD) - 1; n += 29) {
		ask(&c, "", GOOD, n, 0);
		CHECK(c.status == 1);
	}
}

/* CONN_OUT_MAX bytes, and one more. */
static void
large(void)
{
	static struct command c;
	char *text = malloc(CONN_OUT_MAX + 2);

	CU_ASSERT_FATAL(text != NULL);
	for (size_t n = CONN_OUT_MAX; n <= CONN_OUT_MAX + 1; n++) {
		memset(text, ' ', n);
		memcpy(text, "{", 1);
		memcpy(text + n - 1, "}", 1);
		ask(&c, "", text, n, 0);
		CHECK(c.status == (n == CONN_OUT_MAX ? 0 : 1));
	}
	free(text);
}

/* Each daemon is asked at its own socket, and all are when none is named. */
static void
daemons(void)
{
	static const char *const words[] = {"policyd", "signer", "verifier"};
	static struct command c;
	char line[200];

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		char path[TMPDIR_PATH_MAX];
		pid_t server;

		suite_row(words[i]);
		command_begin(&c);
		strcpy(line, "hostname = h.example\n");
		for (size_t k = 0; k < 3; k++)
			sprintf(line + strlen(line),
			    "%s { control = \"unix:@/%s\" }\n", words[k],
			    k == i ? "s" : "none");
		command_file(&c, "p.conf", line);
		server = serve(
		    tmpdir_file(&c.dir, "s", path), GOOD, strlen(GOOD), 0);
		command_run(&c, "status -c @/p.conf %s", words[i]);
		CHECK(waitpid(server, NULL, 0) == server);
		CHECK(c.status == 0);
		CHECK(strstr(c.out, "  signed          9\n") != NULL);
		command_run(&c, "status -c @/p.conf");
		snprintf(line, sizeof line, "postseal-%s is not running%s\n",
		    words[i],
		    i == 0 ? " (one that Postfix starts is not asked)" : "");
		CHECK(c.status == 1);
		CHECK(strstr(c.out, line) != NULL);
		command_end(&c);
	}
	suite_row(NULL);
}

SUITE("status", T(answers), T(splits), T(large), T(daemons))
