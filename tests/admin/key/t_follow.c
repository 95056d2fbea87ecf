/* Real: the signer that was just built reads its files again, and says so. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/key/follow.h"
#include "admin/tool/tool.h"
#include "tests/support/built.h"
#include "tests/support/fakedaemon.h"
#include "tests/support/signerd.h"
#include "tests/support/suite.h"

static struct buf why;

/* The text with `with` in the place of what; static. */
static const char *
replaced(const char *text, const char *what, const char *with)
{
	static char ret[4096];
	const char *at = strstr(text, what);

	CU_ASSERT_FATAL(at != NULL);
	snprintf(ret, sizeof ret, "%.*s%s%s", (int)(at - text), text, with,
	    at + strlen(what));
	return ret;
}

/* A config whose control socket is "control", or none. */
static void
configure(const char *domains, bool controlled)
{
	char value[TMPDIR_PATH_MAX + 20], path[TMPDIR_PATH_MAX];

	signerd_configure("", domains);
	if (!controlled)
		return;
	snprintf(value, sizeof value, "control = {\"unix:%s\"}",
	    tmpdir_file(&signerd.dir, "control", path));
	signerd_write_file(signerd.config,
	    replaced(tmpdir_read(signerd.config), "control = {}", value), 0644);
}

static void
begin(void)
{
	signerd_begin();
	configure(signerd_domain("a.example", "old", signerd.good), true);
	buf_init(&why, 10000);
}

static void
end(void)
{
	buf_free(&why);
	signerd_finish();
}

static void
stop(pid_t pid)
{
	kill(pid, SIGTERM);
	CHECK(built_end_of(pid) == 0);
}

/* After a change that was made just now: the last line of it has want, which is
 * NULL where all is well. */
static void
follows(const char *config, time_t written, const char *want)
{
	const char *text;

	buf_clear(&why);
	CHECK(follow_signer(config, written, &why) ==
	    (want == NULL ? TOOL_OK : TOOL_UNTOLD));
	text = why.n == 0 ? "" : buf_text(&why);
	if (want == NULL) {
		CHECK_STR(text, "");
		return;
	}
	for (const char *p; (p = strchr(text, '\n')) != NULL && p[1] != '\0';)
		text = p + 1;
	CHECK(suite_has(text, want));
}

/* The selector with which it signs on a new connection. */
static void
signs_with(const char *tag)
{
	int fd = signerd_dial();

	signerd_greet(fd);
	signerd_begin_message(fd, "a.example");
	CHECK(suite_has(signerd_end_message(fd, "ia"), tag));
	close(fd);
}

/* Once it has been told, the next mail has the new key; what it cannot take it
 * does not get, and what it refuses is said. */
static void
reads_it_anew(void)
{
	pid_t pid;
	time_t now;

	begin();
	pid = signerd_start_serving();
	signs_with("s=old;");
	configure(signerd_domain("a.example", "new", signerd.good), true);
	follows(signerd.config, time(NULL), NULL);
	signs_with("s=new;");

	/* a key that is not there is seen before the signer is told */
	now = time(NULL);
	configure(signerd_domain("a.example", "bad", signerd.other), true);
	follows(signerd.config, now, "keeps its old settings. Fix this");
	CHECK(suite_has(buf_text(&why), "other.pem: No such file"));
	CHECK(strstr(tmpdir_read(signerd.log), "reload_failed") == NULL);

	/* only the daemon sees that nobody can listen there */
	configure("", true);
	signerd_write_file(signerd.config,
	    replaced(tmpdir_read(signerd.config), "/sock\"", "/no/sock\""),
	    0644);
	follows(signerd.config, time(NULL), "has refused the new settings");
	CHECK(signerd_logged("reload_failed"));
	signs_with("s=new;");
	stop(pid);
	follows(signerd.config, time(NULL), "systemctl start postseal-signer");
	configure("", false);
	follows(signerd.config, time(NULL), "signer.control names no socket");
	end();
}

/* What it has read since, it has: nothing is sent to it. */
static void
leaves_it_alone(void)
{
	char other[TMPDIR_PATH_MAX];
	pid_t pid;

	begin();
	pid = signerd_start_serving();
	follows(signerd.config, time(NULL) - 100, NULL);
	CHECK(strstr(tmpdir_read(signerd.log), "reloaded") == NULL);

	/* nor where it has another config */
	tmpdir_file(&signerd.dir, "copy.conf", other);
	signerd_write_file(other, tmpdir_read(signerd.config), 0644);
	follows(other, time(NULL), "reads another config");
	CHECK(strstr(tmpdir_read(signerd.log), "reloaded") == NULL);
	stop(pid);
	end();
}

/* Another program there is sent no signal, whatever it says. */
static void
tells_only_a_signer(void)
{
	static const char *const answers[] = {
	    "{\"version\": \"0.0.1\", \"pid\": 1}\n", "HTTP/1.0 400\r\n"};
	char at[TMPDIR_PATH_MAX + 10], path[TMPDIR_PATH_MAX], more[1000];
	struct endpoint e;
	pid_t pid;

	begin();
	snprintf(at, sizeof at, "unix:%s",
	    tmpdir_file(&signerd.dir, "control", path));
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		pid = fakedaemon_start(
		    "postseal-signer", at, span_str(answers[i]), &e);
		follows(signerd.config, time(NULL), "It is not known");
		CHECK(fakedaemon_stop(pid) == SIGKILL);
		unlink(path);
	}
	snprintf(more, sizeof more,
	    "{\"config\": \"%s\", \"config_time\": 1}\n", signerd.config);
	pid = fakedaemon_start("sshd", at, span_str(more), &e);
	follows(signerd.config, time(NULL), "It is not known");
	CHECK(fakedaemon_stop(pid) == SIGKILL);
	end();
}

SUITE("follow", T(reads_it_anew), T(leaves_it_alone), T(tells_only_a_signer))
