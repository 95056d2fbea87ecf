/*
 * b_chainload - a load generator for a policy service and milters, chained as
 * Postfix chains them.
 *
 *   b_chainload [-e "policy command" | -P socket] -S socket... -m file
 *               [-f sender] [-c 64] [-n 10] [-p pid,pid,...] [-w words]...
 *
 * Each of the c connections is a process, as smtpd(8) is, with a connection to
 * each milter and, with -e, a policy service of its own, as spawn(8) starts it.
 * Each sends the message n times, from 192.0.2.1, a stranger. Every command of
 * SMTP goes to one milter after the other; at RCPT the policy service is asked
 * first. At the end the first milter gets the header, with the field that the
 * policy service prepends, and the body; the next one gets them when the first
 * is done, with what that has inserted.
 *
 * -w: words that a field must have, behind the last milter; else the message
 * has failed.
 *
 * Prints one line of key=value: messages, failed, rate and, for the pids named
 * and the policy services together, the CPU milliseconds a message (cpu_ms) and
 * the memory (pss_kb). A message on each connection before these is not
 * counted: nor is the start of the policy services.
 *
 * The trap: Postfix writes a command only when it must wait for its answer, and
 * all before it with it.
 */
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes/arena.h"
#include "common/milter/frame.h"
#include "tests/support/eml.h"
#include "tests/support/load.h"
#include "tests/support/mta.h"

enum { MILTERS_MAX = 4, WORDS_MAX = 8, FIELDS_MAX = 120 };
enum { TEXT_MAX = 64 << 20, CHUNK = 65535, QUIET_MS = 120000 };

static const char helo[] = "mail.d1.example", client_address[] = "192.0.2.1";

struct options {
	const char *policy_command, *policy_socket, *file, *sender, *pids;
	const char *milter[MILTERS_MAX];
	size_t milters;
	const char *word[WORDS_MAX];
	size_t words;
	int connections, each;
};

struct milter {
	int fd;
	const char *path;
	uint32_t protocol; /* as it asked for */
	struct buf out;    /* not yet written */
	struct buf in;     /* not yet read */
};

/* What the parent knows of a connection: memory that both see. */
struct shared {
	pid_t policy; /* 0: none of its own */
	int failed;
};

struct smtpd {
	const struct options *o;
	struct shared *shared;
	struct milter milter[MILTERS_MAX];
	int policy; /* -1: none */

	/* of the message */
	int number;
	struct arena arena; /* what the fields inserted point into */
	struct field field[FIELDS_MAX];
	size_t fields;
	struct span body;
};

/* Ends this connection, and so all of them. */
static void __attribute__((noreturn))
die(const struct milter *m, const char *what, char command)
{
	fprintf(stderr, "%s: %s, command %c\n", m->path, what, command);
	exit(1);
}

static void
prepend(struct smtpd *s, struct span name, struct span value)
{
	if (s->fields == FIELDS_MAX)
		load_die("too many fields");
	memmove(&s->field[1], &s->field[0], s->fields * sizeof s->field[0]);
	s->field[0] = (struct field){
	    span_of(arena_dup(&s->arena, name), name.n),
	    span_of(arena_dup(&s->arena, value), value.n),
	};
	s->fields++;
}

/* "i": all stand on top here, whatever their index; nobody here looks. */
static void
take_insert(struct smtpd *s, const struct milter *m, struct span payload)
{
	struct span name, value = span_skip(payload, 4);
	struct buf text;

	name = span_of(value.p, span_find(value, '\0'));
	value = span_skip(value, name.n + 1);
	buf_init(&text, TEXT_MAX);
	if ((m->protocol & SMFIP_HDR_LEADSPC) == 0)
		buf_byte(&text, ' ');
	buf_add(&text, value.p, span_find(value, '\0'));
	prepend(s, name, buf_view(&text));
	buf_free(&text);
}

static void
write_out(struct milter *m)
{
	while (m->out.n > 0) {
		ssize_t n = send(m->fd, m->out.p, m->out.n, MSG_NOSIGNAL);

		if (n < 0)
			load_die(m->path);
		buf_drop(&m->out, (size_t)n);
	}
}

/* The answer to a command: its last packet, behind the edits. OPTNEG's is read
 * here, too. */
static char
answer(struct smtpd *s, struct milter *m, char command)
{
	char bytes[4096];
	struct frame f;
	struct packet p;
	const char *why;
	size_t used;
	char last;

	frame_init(&f);
	for (;;) {
		ssize_t n;

		if (frame_parse(&f, buf_view(&m->in), &p, &used, &why) ==
		    PARSE_OK) {
			if (p.command == SMFIR_INSHEADER)
				take_insert(s, m, p.payload);
			if (p.command == SMFIR_OPTNEG)
				m->protocol = frame_u32(p.payload.p + 8);
			last = (char)p.command;
			buf_drop(&m->in, used);
			if (last == SMFIR_INSHEADER || last == SMFIR_PROGRESS)
				continue;
			return last;
		}
		n = recv(m->fd, bytes, sizeof bytes, 0);
		if (n <= 0)
			die(m, "closed the connection", command);
		buf_add(&m->in, bytes, (size_t)n);
	}
}

/* Sends a command and waits for its answer, where there is one; true if no more
 * BODY is wanted. */
static bool
tell(struct smtpd *s, struct milter *m, char command, struct span payload)
{
	char said;

	if (!mta_is_sent(m->protocol, command))
		return false;
	mta_packet(&m->out, command, payload);
	if (!mta_is_answered(m->protocol, command))
		return false;
	write_out(m);
	said = answer(s, m, command);
	if (command == 'B' && said == SMFIR_SKIP)
		return true;
	if (said != SMFIR_CONTINUE && said != command /* OPTNEG */ &&
	    (command != 'E' || said != SMFIR_ACCEPT))
		die(m, "an answer that no good message gets", command);
	return false;
}

/* One after the other. */
static void
tell_all(struct smtpd *s, char command, const void *p, size_t n)
{
	for (size_t i = 0; i < s->o->milters; i++)
		tell(s, &s->milter[i], command, span_of(p, n));
}

/* What the policy service says: the field to be prepended, if any. */
static void
ask_policy(struct smtpd *s)
{
	static const char begin[] = "action=prepend ";
	char text[4096];
	size_t n = 0;
	struct span field;

	load_ask(s->policy, helo, s->o->sender, client_address, s->number);
	while (n < 2 || memcmp(text + n - 2, "\n\n", 2) != 0) {
		ssize_t got = recv(s->policy, text + n, sizeof text - n, 0);

		if (got <= 0)
			load_die("policy service");
		n += (size_t)got;
	}
	field = span_of(text, n - 2);
	if (!span_ibegins(field, begin))
		return;
	field = span_skip(field, sizeof begin - 1);
	n = span_find(field, ':');
	prepend(s, span_of(field.p, n), span_skip(field, n + 1));
}

static void
tell_header(struct smtpd *s, struct milter *m)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	for (size_t i = 0; i < s->fields; i++) {
		struct span value = s->field[i].value;

		if ((m->protocol & SMFIP_HDR_LEADSPC) == 0 && value.n > 0 &&
		    value.p[0] == ' ')
			value = span_skip(value, 1);
		buf_clear(&b);
		buf_span(&b, s->field[i].name);
		buf_byte(&b, '\0');
		buf_span(&b, value);
		buf_byte(&b, '\0');
		tell(s, m, 'L', buf_view(&b));
	}
	buf_free(&b);
	tell(s, m, 'N', span_of(NULL, 0));
}

static void
tell_content(struct smtpd *s, struct milter *m)
{
	struct span rest = s->body;
	bool enough = false;

	tell_header(s, m);
	while (rest.n > 0 && !enough) {
		enough = tell(s, m, 'B',
		    span_of(rest.p, rest.n < CHUNK ? rest.n : CHUNK));
		rest = span_skip(rest, CHUNK);
	}
	tell(s, m, 'D', span_of("Ei\0004AE0FA84398", 15));
	tell(s, m, 'E', span_of(NULL, 0));
}

static bool
has_word(const struct smtpd *s, const char *word)
{
	for (size_t i = 0; i < s->fields; i++) {
		struct span v = s->field[i].value;

		if (memmem(v.p, v.n, word, strlen(word)) != NULL)
			return true;
	}
	return false;
}

/* Has each word that it must have; the first failure of a connection is said.
 */
static void
check_words(const struct smtpd *s)
{
	for (size_t i = 0; i < s->o->words; i++) {
		if (has_word(s, s->o->word[i]))
			continue;
		if (s->shared->failed++ == 0)
			fprintf(stderr, "%s: no field has \"%s\"\n",
			    s->o->milter[s->o->milters - 1], s->o->word[i]);
		return;
	}
}

static void
send_message(struct smtpd *s, const struct eml *e)
{
	char from[300];

	arena_reset(&s->arena);
	s->number++;
	s->fields = e->fields.n;
	memcpy(s->field, e->field, s->fields * sizeof s->field[0]);
	s->body = e->body;
	snprintf(from, sizeof from, "<%s>", s->o->sender);
	tell_all(s, 'M', from, strlen(from) + 1);
	if (s->policy >= 0)
		ask_policy(s);
	tell_all(s, 'D', "Ri\0004AE0FA84398", 15);
	tell_all(s, 'R', "<bob@rcpt.example>", 19);
	tell_all(s, 'T', NULL, 0);
	for (size_t i = 0; i < s->o->milters; i++)
		tell_content(s, &s->milter[i]);
	tell_all(s, 'A', NULL, 0);
	check_words(s);
}

/* Connects to all, and tells them who the client is. */
static void
begin(struct smtpd *s, const struct options *o, struct shared *shared)
{
	static const char offer[] = "\0\0\0\6\0\0\1\377\0\037\377\377";
	static const char who[] = "far.example\0004\0\031192.0.2.1";
	static const char macros[] = "Cj\0mx.example.com\0{daemon_name}\0mx";

	*s = (struct smtpd){.o = o, .shared = shared, .policy = -1};
	arena_init(&s->arena, TEXT_MAX);
	if (o->policy_command != NULL)
		s->policy = load_spawn(o->policy_command, &shared->policy);
	else if (o->policy_socket != NULL)
		s->policy = load_dial(o->policy_socket, 0);
	for (size_t i = 0; i < o->milters; i++) {
		struct milter *m = &s->milter[i];

		m->path = o->milter[i];
		m->fd = load_dial(m->path, 0);
		buf_init(&m->out, TEXT_MAX);
		buf_init(&m->in, TEXT_MAX);
	}
	tell_all(s, 'O', offer, 12);
	tell_all(s, 'D', macros, sizeof macros);
	tell_all(s, 'C', who, sizeof who);
	tell_all(s, 'D', "H", 1);
	tell_all(s, 'H', helo, sizeof helo);
}

/* How parent and connections wait for each other: a byte each. */
struct barrier {
	int here[2], on[2];
};

static void
arrive(const struct barrier *b)
{
	char c = 0;

	if (write(b->here[1], &c, 1) != 1 || read(b->on[0], &c, 1) != 1)
		load_die("barrier");
}

static void
gather(const struct barrier *b, int n)
{
	struct pollfd pfd = {.fd = b->here[0], .events = POLLIN};
	char c;

	while (n-- > 0) {
		if (poll(&pfd, 1, QUIET_MS) != 1 || read(pfd.fd, &c, 1) != 1)
			load_die("a connection is not done");
	}
}

static void
release(const struct barrier *b, int n)
{
	while (n-- > 0) {
		if (write(b->on[1], "", 1) != 1)
			load_die("barrier");
	}
}

/* The life of a connection. */
static void
run(const struct options *o, struct shared *shared, const struct eml *e,
    const struct barrier *b)
{
	struct smtpd s;

	begin(&s, o, shared);
	send_message(&s, e);
	arrive(b);
	for (int i = 0; i < o->each; i++)
		send_message(&s, e);
	arrive(b);
	signal(SIGCHLD, SIG_DFL);
	close(s.policy);
	if (shared->policy > 0)
		waitpid(shared->policy, NULL, 0);
	exit(0);
}

/* A connection, or a policy service of one, has ended before its time. */
static void
lost(int sig)
{
	static const char text[] = "a connection or policy service is lost\n";

	_exit(write(STDERR_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
}

/* "pid,pid": those named and the policy services. Owned. */
static char *
list_pids(const struct options *o, const struct shared *shared)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_str(&b, o->pids != NULL ? o->pids : "");
	for (int i = 0; i < o->connections && o->policy_command != NULL; i++)
		buf_fmt(&b, "%s%d", b.n > 0 ? "," : "", (int)shared[i].policy);
	buf_byte(&b, '\0');
	return b.p;
}

static bool
read_options(int argc, char **argv, struct options *o)
{
	int opt;

	*o = (struct options){
	    .sender = "joe@d1.example", .connections = 64, .each = 10};
	while ((opt = getopt(argc, argv, "e:P:S:m:f:c:n:p:w:")) != -1) {
		if (opt == 'e')
			o->policy_command = optarg;
		else if (opt == 'P')
			o->policy_socket = optarg;
		else if (opt == 'S' && o->milters < MILTERS_MAX)
			o->milter[o->milters++] = optarg;
		else if (opt == 'm')
			o->file = optarg;
		else if (opt == 'f')
			o->sender = optarg;
		else if (opt == 'c')
			o->connections = atoi(optarg);
		else if (opt == 'n')
			o->each = atoi(optarg);
		else if (opt == 'p')
			o->pids = optarg;
		else if (opt == 'w' && o->words < WORDS_MAX)
			o->word[o->words++] = optarg;
		else
			return false;
	}
	return o->milters > 0 && o->file != NULL && o->connections > 0;
}

/* All connections, each a process, and what the parent sees of them. */
static struct shared *
start(const struct options *o, const struct eml *e, struct barrier *b)
{
	size_t n = (size_t)o->connections;
	struct shared *shared = mmap(NULL, n * sizeof *shared,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED || pipe2(b->here, O_CLOEXEC) != 0 ||
	    pipe2(b->on, O_CLOEXEC) != 0 || signal(SIGCHLD, lost) == SIG_ERR)
		load_die("start");
	for (size_t i = 0; i < n; i++) {
		switch (fork()) {
		case -1:
			load_die("fork");
		case 0:
			run(o, &shared[i], e, b);
		}
	}
	return shared;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct eml e;
	struct barrier b;
	struct shared *shared;
	int n, messages, failed = 0;
	double cpu, seconds;
	uint64_t began;
	char *pids;

	if (!read_options(argc, argv, &o)) {
		fprintf(stderr, "-S socket... -m file\n");
		return 2;
	}
	n = o.connections;
	messages = n * o.each;
	eml_read(o.file, &e);
	load_raise_limit();
	shared = start(&o, &e, &b);
	gather(&b, n);
	pids = list_pids(&o, shared);
	cpu = load_cpu_ms(pids);
	began = load_now_ns();
	release(&b, n);
	gather(&b, n);
	seconds = (double)(load_now_ns() - began) / 1e9;
	cpu = load_cpu_ms(pids) - cpu;
	for (int i = 0; i < n; i++)
		failed += shared[i].failed;
	printf("messages=%d failed=%d rate=%.1f cpu_ms=%.4f pss_kb=%ld\n",
	    messages, failed, messages / seconds, cpu / messages,
	    load_memory_kb(pids, "Pss:"));
	signal(SIGCHLD, SIG_DFL);
	release(&b, n);
	while (wait(NULL) > 0)
		;
	free(pids);
	eml_free(&e);
	return failed > 0;
}
