#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log/log.h"
#include "common/process/acceptor.h"
#include "tests/support/descriptors.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

struct world {
	struct tmpdir dir;
	struct acceptor acceptor;
	struct children children; /* none */
	struct sockaddr_un addr;
	int listener;
};

static void
start(struct world *w)
{
	char path[TMPDIR_PATH_MAX];

	*w = (struct world){
	    .acceptor = ACCEPTOR_INIT, .addr = {.sun_family = AF_UNIX}};
	tmpdir_make(&w->dir);
	tmpdir_file(&w->dir, "socket", path);
	memcpy(w->addr.sun_path, path, strlen(path) + 1);
	CU_ASSERT_FATAL(children_init(&w->children) == 0);
	w->listener =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(bind(w->listener, (struct sockaddr *)&w->addr,
	                    sizeof w->addr) == 0 &&
	    listen(w->listener, 8) == 0);
}

static void
stop(struct world *w)
{
	acceptor_close(&w->acceptor);
	children_free(&w->children);
	close(w->listener);
	tmpdir_remove(&w->dir);
}

static int
dial(const struct world *w)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(connect(fd, (const struct sockaddr *)&w->addr,
	                    sizeof w->addr) == 0);
	return fd;
}

/* True if the other end was closed. */
static bool
closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* What no worker can take is held, and nothing more is accepted. */
static void
holds_one(void)
{
	struct world w;
	int first, second, held;

	start(&w);
	first = dial(&w);
	second = dial(&w);
	CHECK(acceptor_ready(&w.acceptor, 0));
	acceptor_take(&w.acceptor, w.listener, &w.children, 1, 0);
	held = w.acceptor.held;
	CHECK(held >= 0 && !acceptor_ready(&w.acceptor, 0));
	CHECK((fcntl(held, F_GETFD) & FD_CLOEXEC) != 0);
	CHECK((fcntl(held, F_GETFL) & O_NONBLOCK) != 0);
	acceptor_take(&w.acceptor, w.listener, &w.children, 1, 0);
	acceptor_pass(&w.acceptor, &w.children, 1);
	CHECK(w.acceptor.held == held);
	CHECK(!closed(first) && !closed(second));
	acceptor_close(&w.acceptor);
	CHECK(closed(first) && !closed(second));
	CHECK(acceptor_ready(&w.acceptor, 0));
	close(first);
	close(second);
	stop(&w);
}

/* Nobody there, and clients that go before they are accepted. */
static void
nothing_to_take(void)
{
	struct world w;

	start(&w);
	acceptor_take(&w.acceptor, w.listener, &w.children, 1, 0);
	CHECK(w.acceptor.held == -1 && acceptor_ready(&w.acceptor, 0));
	acceptor_pass(&w.acceptor, &w.children, 1);
	CHECK(w.acceptor.held == -1);
	stop(&w);
}

/* Descriptors are out: a pause, and one line until it works again. */
static void
pauses(void)
{
	struct rlimit before;
	struct world w;
	uint64_t now = 1000;
	int fd;

	if (suite_skip_valgrind())
		return;
	start(&w);
	(void)log_open(NULL, "test");
	fd = dial(&w);
	before = descriptors_limit(3); /* all below are open */
	for (int i = 0; i < 3; i++) {
		acceptor_take(&w.acceptor, w.listener, &w.children, 1, now);
		CHECK(w.acceptor.held == -1 && w.acceptor.bad);
		CHECK(w.acceptor.next == now + 200);
		CHECK(!acceptor_ready(&w.acceptor, now + 199));
		now += 200;
		CHECK(acceptor_ready(&w.acceptor, now));
	}
	descriptors_back(&before);
	acceptor_take(&w.acceptor, w.listener, &w.children, 1, now);
	CHECK(w.acceptor.held >= 0 && !w.acceptor.bad);
	close(fd);
	stop(&w);
}

SUITE("acceptor", T(holds_one), T(nothing_to_take), T(pauses))
