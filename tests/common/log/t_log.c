#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log/log.h"
#include "tests/support/logged.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

/* Makes a pair of a path of a socket in d and "syslog:" in front of it. */
static const char *
socket_paths(const struct tmpdir *d, char path[TMPDIR_PATH_MAX],
    char where[TMPDIR_PATH_MAX + 8])
{
	snprintf(where, TMPDIR_PATH_MAX + 8, "syslog:%s",
	    tmpdir_file(d, "log", path));
	return where;
}

/* The next datagram without its "<PRI>", time and ident[pid]; NULL: none. */
static const char *
next_line(int fd, char line[2048])
{
	ssize_t n = recv(fd, line, 2047, 0);
	char *text;

	if (n < 0)
		return NULL;
	line[n] = '\0';
	text = strstr(line, "]: ");
	return text == NULL ? "(no prefix)" : text + 3;
}

/* All that is in the file. */
static const char *
contents(const char *path, char text[8192])
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		return NULL;
	n = fread(text, 1, 8191, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

/* --- the text of a line --------------------------------------------------- */

static const struct {
	const char *value, *want;
} values[] = {
    {"example.com", " k=example.com"},
    {"", ""},
    {NULL, ""},
    {"a\\b", " k=a\\b"},
    {"a,b;c'", " k=a,b;c'"},
    {"two words", " k=\"two words\""},
    {"a=b", " k=\"a=b\""},
    {"say \"hi\" \\ bye", " k=\"say \\\"hi\\\" \\\\ bye\""},
    {"\"", " k=\"\\\"\""},
    {"line\nsigned domain=x", " k=\"line\\x0Asigned domain=x\""},
    {"\r\t\033[2J\177", " k=\"\\x0D\\x09\\x1B[2J\\x7F\""},
    {"b\303\274cher", " k=\"b\303\274cher\""},
    {"\346\227\245\360\237\230\200", " k=\"\346\227\245\360\237\230\200\""},
    {"\303", " k=\"\\xC3\""},
    {"\303x", " k=\"\\xC3x\""},
    {"\200", " k=\"\\x80\""},
    {"\377\376", " k=\"\\xFF\\xFE\""},
    {"\300\257", " k=\"\\xC0\\xAF\""},
    {"\301\277", " k=\"\\xC1\\xBF\""},
    {"\340\200\257", " k=\"\\xE0\\x80\\xAF\""},
    {"\355\240\200", " k=\"\\xED\\xA0\\x80\""},
    {"\355\237\277", " k=\"\355\237\277\""},
    {"\360\200\200\257", " k=\"\\xF0\\x80\\x80\\xAF\""},
    {"\364\217\277\277", " k=\"\364\217\277\277\""},
    {"\364\220\200\200", " k=\"\\xF4\\x90\\x80\\x80\""},
    {"\365\200\200\200", " k=\"\\xF5\\x80\\x80\\x80\""},
    {"\342\202", " k=\"\\xE2\\x82\""},
    {"\302\205", " k=\"\\xC2\\x85\""},
    {"\302\240", " k=\"\302\240\""},
    {"\342\200\250", " k=\"\\xE2\\x80\\xA8\""},
    {"\342\200\256", " k=\"\\xE2\\x80\\xAE\""},
    {"\342\200\257", " k=\"\342\200\257\""},
    {"\342\200\216", " k=\"\\xE2\\x80\\x8E\""},
    {"\342\201\246", " k=\"\\xE2\\x81\\xA6\""},
    {"\342\201\252", " k=\"\342\201\252\""},
    {"\357\273\277", " k=\"\\xEF\\xBB\\xBF\""},
};

static void
cleans_values(void)
{
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct log_line l;

		suite_row(values[i].value);
		log_begin(&l, LOG_INFO, "e");
		log_str(&l, "k", values[i].value);
		CHECK(l.n == strlen(values[i].want) + 1);
		CHECK(memcmp(l.text + 1, values[i].want, l.n - 1) == 0);
	}
	suite_row(NULL);
}

static void
cleans_a_nul(void)
{
	struct log_line l;

	log_begin(&l, LOG_INFO, "e");
	log_span(&l, "k", span_of("a\0b", 3));
	log_num(&l, "n", -42);
	CHECK(span_eq(span_of(l.text, l.n), span_str("e k=\"a\\x00b\" n=-42")));
}

/* What a stranger chose: at the limit, one over it, and made longer by escapes;
 * what stands behind it is there. */
static void
cuts_what_is_given(void)
{
	static const struct {
		const char *unit, *quote;
		size_t n, shown; /* units */
		const char *rest;
	} rows[] = {{"x", "", LOG_GIVEN_MAX, LOG_GIVEN_MAX, ""},
	    {"x", "", LOG_GIVEN_MAX + 1, LOG_GIVEN_MAX, "..."},
	    {"\n", "\"", LOG_GIVEN_MAX / 4, LOG_GIVEN_MAX / 4, ""},
	    {"\n", "\"", LOG_GIVEN_MAX / 4 + 1, LOG_GIVEN_MAX / 4, "..."},
	    {"\n", "\"", 10000, LOG_GIVEN_MAX / 4, "..."}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char value[10001] = "", want[2000] = "e k=";
		struct log_line l;

		suite_row(rows[i].unit);
		for (size_t n = 0; n < rows[i].n; n++)
			value[n] = rows[i].unit[0];
		strcat(want, rows[i].quote);
		for (size_t n = 0; n < rows[i].shown; n++)
			strcat(want, *rows[i].unit == 'x' ? "x" : "\\x0A");
		strcat(want, rows[i].rest);
		strcat(want, rows[i].quote);
		strcat(want, " next=1");
		log_begin(&l, LOG_INFO, "e");
		log_given(&l, "k", span_of(value, rows[i].n));
		log_num(&l, "next", 1);
		CHECK(span_eq(span_of(l.text, l.n), span_str(want)));
	}
	suite_row(NULL);
}

/* At the limit, one over it, and for each unit that may stand there. */
static void
cuts_at_the_limit(void)
{
	static const char *const units[] = {
	    "x", "\"", "\n", "\303\274", "\346\227\245", "\360\237\230\200"};
	char value[LOG_TEXT_MAX * 2];

	for (size_t i = 0; i < 6 * 40; i++) {
		size_t n = LOG_TEXT_MAX - 20 + i % 40, was;
		struct log_line l;
		bool cut;

		memset(value, 'x', n);
		strcpy(value + n, units[i / 40]);
		strcat(value + n, units[i / 40]);
		log_begin(&l, LOG_INFO, "e");
		log_str(&l, "k", value);
		CHECK(l.n <= LOG_TEXT_MAX);
		CHECK(!l.cut || memcmp(l.text + l.n - 3, "...", 3) == 0);
		/* A cut never leaves half a character. */
		CHECK(!l.cut || (l.text[l.n - 4] & 0x80) == 0 ||
		    memcmp(l.text + l.n - 3 - strlen(units[i / 40]),
		        units[i / 40], strlen(units[i / 40])) == 0);
		was = l.n;
		cut = l.cut;
		log_num(&l, "more", 1);
		if (cut)
			CHECK(l.n == was);
		else if (was + 7 <= LOG_TEXT_MAX)
			CHECK(l.n == was + 7 && !l.cut);
		else
			CHECK(l.n <= LOG_TEXT_MAX && l.cut);
	}
}

static void
holds_just_the_limit(void)
{
	char value[LOG_TEXT_MAX];
	struct log_line l;

	/* "e k=" and the value */
	memset(value, 'x', sizeof value);
	log_begin(&l, LOG_INFO, "e");
	log_span(&l, "k", span_of(value, LOG_TEXT_MAX - 4));
	CHECK(l.n == LOG_TEXT_MAX && !l.cut && l.text[l.n - 1] == 'x');
	log_begin(&l, LOG_INFO, "e");
	log_span(&l, "k", span_of(value, LOG_TEXT_MAX - 3));
	CHECK(l.n == LOG_TEXT_MAX && l.cut);
	CHECK(memcmp(l.text + l.n - 4, "x...", 4) == 0);
	log_str(&l, "a", "b");
	CHECK(l.n == LOG_TEXT_MAX);
}

/* --- syslog -------------------------------------------------------------- */

static void
sends_what_rfc_3164_wants(void)
{
	char path[TMPDIR_PATH_MAX], where[TMPDIR_PATH_MAX + 8], line[2048];
	char want[64];
	struct tmpdir d;
	struct log_line l;
	struct tm tm = {0};
	int fd;

	tmpdir_make(&d);
	socket_paths(&d, path, where);
	fd = logged_syslogd(path);
	CHECK(log_open(where, "postseal-test") == 0);
	log_begin(&l, LOG_NOTICE, "signed");
	log_str(&l, "queue_id", "4AE0FA84398");
	log_end(&l);
	CHECK_STR(next_line(fd, line), "signed queue_id=4AE0FA84398");
	CHECK(strncmp(line, "<21>", 4) == 0);
	CHECK(strptime(line + 4, "%b %d %H:%M:%S ", &tm) == line + 20);
	snprintf(want, sizeof want, " postseal-test[%ld]: ", (long)getpid());
	CHECK(strncmp(line + 19, want, strlen(want)) == 0);
	log_event(LOG_ERR, "config", "%s:%u: %s", "a.conf", 7, "no = here");
	CHECK_STR(next_line(fd, line), "config reason=\"a.conf:7: no = here\"");
	CHECK(strncmp(line, "<19>", 4) == 0);
	close(fd);
	log_open(NULL, "postseal-test");
	tmpdir_remove(&d);
}

static void
obeys_the_level(void)
{
	char path[TMPDIR_PATH_MAX], where[TMPDIR_PATH_MAX + 8], line[2048];
	struct tmpdir d;
	int fd;

	tmpdir_make(&d);
	socket_paths(&d, path, where);
	fd = logged_syslogd(path);
	CHECK(log_open(where, "t") == 0);
	log_event(LOG_DEBUG, "a", "x");
	CHECK(next_line(fd, line) == NULL);
	log_event(LOG_INFO, "b", "x");
	CHECK_STR(next_line(fd, line), "b reason=x");
	close(fd);
	log_open(NULL, "t");
	tmpdir_remove(&d);
}

/*
 * A reader that is stuck: nothing waits for it, every line is either in its
 * queue or counted, and when it reads again the count is told once.
 */
static void
never_waits_for_a_stuck_reader(void)
{
	enum { LINES = 20000 };
	char path[TMPDIR_PATH_MAX], where[TMPDIR_PATH_MAX + 8], line[2048];
	char want[64];
	uint64_t before = log_dropped(), lost;
	struct timespec t0, t1;
	struct tmpdir d;
	unsigned queued = 0;
	int fd;

	tmpdir_make(&d);
	socket_paths(&d, path, where);
	fd = logged_syslogd(path);
	CHECK(log_open(where, "t") == 0);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (int i = 0; i < LINES; i++)
		log_event(LOG_INFO, "e", "%d", i);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	CHECK(t1.tv_sec - t0.tv_sec < 10);
	lost = log_dropped() - before;
	CHECK(lost > 0 && lost < LINES);
	while (next_line(fd, line) != NULL)
		queued++;
	CHECK(queued + lost == LINES);

	log_event(LOG_INFO, "again", "x");
	CHECK_STR(next_line(fd, line), "again reason=x");
	snprintf(
	    want, sizeof want, "log_lines_lost count=%llu", (long long)lost);
	CHECK_STR(next_line(fd, line), want);
	CHECK(next_line(fd, line) == NULL);
	log_event(LOG_INFO, "last", "x");
	CHECK_STR(next_line(fd, line), "last reason=x");
	CHECK(next_line(fd, line) == NULL);
	close(fd);
	log_open(NULL, "t");
	tmpdir_remove(&d);
}

static void
finds_a_syslogd_that_was_restarted(void)
{
	char path[TMPDIR_PATH_MAX], where[TMPDIR_PATH_MAX + 8], line[2048];
	uint64_t before = log_dropped();
	struct tmpdir d;
	int fd;

	tmpdir_make(&d);
	socket_paths(&d, path, where);
	CHECK(log_open(where, "t") == 0); /* it is not there yet */
	log_event(LOG_INFO, "a", "x");
	CHECK(log_dropped() == before + 1);
	for (int i = 0; i < 3; i++) {
		fd = logged_syslogd(path);
		log_event(LOG_INFO, "b", "%d", i);
		CHECK(strncmp(next_line(fd, line), "b ", 2) == 0);
		CHECK_STR(next_line(fd, line), "log_lines_lost count=1");
		CHECK(next_line(fd, line) == NULL);
		close(fd);
		log_event(LOG_INFO, "c", "x"); /* refused */
		unlink(path);
		CHECK(log_dropped() == before + 2 + (uint64_t)i);
	}
	fd = logged_syslogd(path); /* without a line between */
	log_event(LOG_INFO, "d", "x");
	CHECK_STR(next_line(fd, line), "d reason=x");
	close(fd);
	log_open(NULL, "t");
	tmpdir_remove(&d);
}

/* --- files and stderr ----------------------------------------------------- */

static void
appends_to_a_file(void)
{
	char path[TMPDIR_PATH_MAX], moved[TMPDIR_PATH_MAX], text[8192];
	char want[100];
	struct tmpdir d;
	struct stat st;
	struct tm tm = {0};

	tmpdir_make(&d);
	tmpdir_file(&d, "mail.log", path);
	tmpdir_file(&d, "mail.log.1", moved);
	CHECK(log_open(path, "t") == 0);
	log_event(LOG_INFO, "a", "x");
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0137) == 0);
	snprintf(want, sizeof want, " t[%ld]: a reason=x\n", (long)getpid());
	CHECK_STR(strchr(contents(path, text), ' '), want);
	CHECK(strptime(text, "%Y-%m-%dT%H:%M:%S%z ", &tm) ==
	    strchr(text, ' ') + 1);

	CHECK(rename(path, moved) == 0);
	log_event(LOG_INFO, "b", "x");
	CHECK(strstr(contents(moved, text), "b reason=x\n") != NULL);
	CHECK(log_reopen() == 0);
	log_event(LOG_INFO, "c", "x");
	CHECK(strstr(contents(moved, text), "c reason") == NULL);
	CHECK(strstr(contents(path, text), "c reason=x\n") != NULL);
	log_open(NULL, "t");
	tmpdir_remove(&d);
}

/* Time, name and process are those of the line, not of the one before it. */
static void
stamps_what_is_so_now(void)
{
	char path[TMPDIR_PATH_MAX], text[8192], want[200];
	struct tmpdir d;
	struct tm tm = {0};
	time_t began = time(NULL);
	pid_t child;

	tmpdir_make(&d);
	tmpdir_file(&d, "mail.log", path);
	CHECK(log_open(path, "t") == 0);
	log_event(LOG_INFO, "a", "x");
	child = fork();
	if (child == 0) {
		log_event(LOG_INFO, "b", "x");
		_exit(0);
	}
	CHECK(waitpid(child, NULL, 0) == child);
	snprintf(want, sizeof want, " t[%ld]: b reason=x\n", (long)child);
	CHECK(strstr(contents(path, text), want) != NULL);
	CHECK(log_open(path, "u") == 0);
	log_event(LOG_INFO, "c", "x");
	snprintf(want, sizeof want, " u[%ld]: c reason=x\n", (long)getpid());
	CHECK(strstr(contents(path, text), want) != NULL);
	CHECK(truncate(path, 0) == 0);
	while (time(NULL) <= began)
		usleep(10000);
	log_event(LOG_INFO, "d", "x");
	strptime(contents(path, text), "%Y-%m-%dT%H:%M:%S", &tm);
	tm.tm_isdst = -1;
	CHECK(mktime(&tm) > began);
	log_open(NULL, "t");
	tmpdir_remove(&d);
}

static void
keeps_the_old_sink_on_failure(void)
{
	char path[TMPDIR_PATH_MAX], text[8192], longer[200];
	struct tmpdir d;

	tmpdir_make(&d);
	tmpdir_file(&d, "mail.log", path);
	CHECK(log_open(path, "t") == 0);
	CHECK(log_open("", "u") == -EINVAL);
	CHECK(log_open("sislog", "u") == -EINVAL);
	CHECK(log_open("mail.log", "u") == -EINVAL);
	CHECK(log_open("syslog:dev/log", "u") == -EINVAL);
	CHECK(log_open("/nonexistent/mail.log", "u") == -ENOENT);
	CHECK(log_open("/", "u") == -EISDIR);
	memset(longer, 'x', sizeof longer);
	memcpy(longer, "syslog:/", 8);
	longer[sizeof longer - 1] = '\0';
	CHECK(log_open(longer, "u") == -ENAMETOOLONG);
	log_event(LOG_INFO, "a", "x");
	CHECK(strstr(contents(path, text), "]: a reason=x\n") != NULL);
	CHECK(strstr(text, " t[") != NULL);
	log_open(NULL, "t");
	tmpdir_remove(&d);
}

/* Runs speak() with fd as stderr. */
static void
with_stderr(int fd, void (*speak)(void))
{
	int saved = dup(STDERR_FILENO);

	CU_ASSERT_FATAL(saved >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	CHECK(log_open("stderr", "t") == 0);
	speak();
	log_open(NULL, "t");
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static void
speak_much(void)
{
	for (int i = 0; i < 20000; i++)
		log_event(LOG_INFO, "e", "%d", i);
}

static void
speak_once(void)
{
	log_event(LOG_INFO, "last", "x");
}

static unsigned
count_lines(int fd)
{
	char text[4096];
	unsigned lines = 0;
	ssize_t n;

	while ((n = read(fd, text, sizeof text)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	}
	return lines;
}

/* A pipe and a socket whose readers are stuck, as journald's could be. */
static void
never_waits_for_stderr(void)
{
	for (int kind = 0; kind < 2; kind++) {
		uint64_t before = log_dropped(), lost;
		int fd[2];

		CU_ASSERT_FATAL(
		    (kind == 0 ? pipe(fd)
		               : socketpair(AF_UNIX, SOCK_STREAM, 0, fd)) == 0);
		with_stderr(fd[1], speak_much);
		lost = log_dropped() - before;
		CHECK(lost > 0 && lost < 20000);
		fcntl(fd[0], F_SETFL, O_NONBLOCK);
		CHECK(count_lines(fd[0]) + lost == 20000);
		with_stderr(fd[1], speak_once);
		CHECK(count_lines(fd[0]) == 2); /* and how many were lost */
		CHECK(log_dropped() == before + lost);
		close(fd[0]);
		close(fd[1]);
	}
}

static void
survives_a_broken_pipe(void)
{
	uint64_t before = log_dropped();
	int fd[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	close(fd[0]);
	with_stderr(fd[1], speak_once);
	CHECK(log_dropped() == before + 1);
	close(fd[1]);
}

static void
says_nothing_to_nobody(void)
{
	uint64_t before = log_dropped();

	CHECK(log_open(NULL, "t") == 0);
	errno = EBADF;
	log_event(LOG_ERR, "e", "x");
	CHECK(log_dropped() == before);
	CHECK(errno == EBADF);
	CHECK(log_reopen() == 0);
}

static void
writes_a_line_for_each(void)
{
	char path[TMPDIR_PATH_MAX], text[8192];
	const char *got;
	struct tmpdir d;

	tmpdir_make(&d);
	CHECK(log_open(tmpdir_file(&d, "file", path), "t") == 0);
	log_lines(LOG_ERR, "config", span_str("one two\nthree\n"));
	log_lines(LOG_ERR, "config", span_str(""));
	log_lines(LOG_ERR, "config", span_str("no end"));
	got = contents(path, text);
	CU_ASSERT_FATAL(got != NULL);
	CHECK(strstr(got, ": config reason=\"one two\"\n") != NULL);
	CHECK(strstr(got, ": config reason=three\n") != NULL);
	CHECK(strstr(got, ": config reason=\"no end\"\n") != NULL);
	CHECK(log_open(NULL, "t") == 0);
	tmpdir_remove(&d);
}

/* Lines of a file in the directory. */
static int
lines_of(const struct tmpdir *d, const char *name)
{
	char path[TMPDIR_PATH_MAX];
	FILE *f = fopen(tmpdir_file(d, name, path), "r");
	int n = 0;

	for (int c; f != NULL && (c = getc(f)) != EOF;)
		n += c == '\n';
	if (f != NULL)
		fclose(f);
	return n;
}

static int
open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
moves_when_it_is_told_to(void)
{
	char path[TMPDIR_PATH_MAX];
	struct tmpdir d;
	int before;

	tmpdir_make(&d);
	before = open_descriptors();
	CHECK(log_open(tmpdir_file(&d, "one", path), "t") == 0);
	CHECK(log_prepare(tmpdir_file(&d, "two", path)) == 0);
	log_event(LOG_INFO, "a", "b");
	CHECK(lines_of(&d, "one") == 1 && lines_of(&d, "two") == 0);
	CHECK(log_reopen() == 0); /* of the one in use */
	log_forget();
	log_switch();
	log_event(LOG_INFO, "a", "b");
	CHECK(lines_of(&d, "one") == 2 && lines_of(&d, "two") == 0);
	CHECK(open_descriptors() == before + 1);
	CHECK(log_prepare(tmpdir_file(&d, "three", path)) == 0);
	CHECK(log_prepare(tmpdir_file(&d, "two", path)) == 0);
	CHECK(log_prepare("/nonexistent/log") == -ENOENT);
	log_switch();
	log_switch();
	log_event(LOG_INFO, "a", "b");
	CHECK(lines_of(&d, "one") == 2 && lines_of(&d, "two") == 1);
	CHECK(log_reopen() == 0);
	log_event(LOG_INFO, "a", "b");
	CHECK(lines_of(&d, "two") == 2 && lines_of(&d, "three") == 0);
	CHECK(open_descriptors() == before + 1);
	CHECK(log_open(NULL, "t") == 0);
	CHECK(open_descriptors() == before);
	tmpdir_remove(&d);
}

SUITE("log", T(cleans_values), T(cleans_a_nul), T(cuts_what_is_given),
    T(cuts_at_the_limit), T(holds_just_the_limit), T(sends_what_rfc_3164_wants),
    T(obeys_the_level), T(never_waits_for_a_stuck_reader),
    T(finds_a_syslogd_that_was_restarted), T(appends_to_a_file),
    T(stamps_what_is_so_now), T(keeps_the_old_sink_on_failure),
    T(moves_when_it_is_told_to), T(never_waits_for_stderr),
    T(survives_a_broken_pipe), T(says_nothing_to_nobody),
    T(writes_a_line_for_each))
