/* One run of libspf2 at a time, on answers that are there or missing; no loop
 * and no resolver. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/log/log.h"
#include "common/spf/spfeval.h"
#include "tests/support/suite.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

enum { ANSWERS_MAX = 40 };

/* Answers by name and type; all others are NXDOMAIN. */
struct world {
	struct {
		const char *name;
		enum dns_type type;
		struct dns_answer answer;
		struct dns_record record;
	} known[ANSWERS_MAX];
	size_t n;
	const char *missing; /* stays PENDING */
	unsigned asked;
	struct arena arena;
	struct lookups l;
};

static struct dns_record *
add(struct world *w, const char *name, enum dns_type type)
{
	size_t i = w->n++;

	CU_ASSERT_FATAL(i < ANSWERS_MAX);
	w->known[i].name = name;
	w->known[i].type = type;
	w->known[i].answer = (struct dns_answer){
	    .status = DNS_FOUND, .n = 1, .record = &w->known[i].record};
	return &w->known[i].record;
}

static void
add_txt(struct world *w, const char *name, const char *text)
{
	add(w, name, DNS_TXT)->txt = span_str(text);
}

static void
add_address(struct world *w, const char *name, const char *ip)
{
	struct ip parsed = {0};

	CU_ASSERT_EQUAL_FATAL(ip_parse(span_str(ip), &parsed), 0);
	add(w, name, parsed.family == AF_INET ? DNS_A : DNS_AAAA)->ip = parsed;
}

static struct dns_answer *
answer_to(struct world *w, const struct question *q)
{
	static struct dns_answer nothing = {.status = DNS_NXDOMAIN};
	struct dns_answer *answer = &nothing;

	for (size_t i = 0; i < w->n; i++) {
		if (w->known[i].type == q->type &&
		    span_ieqs(q->name, w->known[i].name))
			answer = &w->known[i].answer;
	}
	return answer;
}

static enum ask
ask(void *arg, struct question *q, struct dns_answer **ret_answer)
{
	struct world *w = arg;

	w->asked++;
	if (w->missing != NULL && span_ieqs(q->name, w->missing))
		return ASK_PENDING;
	*ret_answer = answer_to(w, q);
	return ASK_READY;
}

/* The answer to q, which was missing. */
static void
answer(struct world *w, struct question *q)
{
	questions_answered(&w->l.questions, q, answer_to(w, q));
}

static void
begin(struct world *w, const char *client, size_t memory)
{
	struct macro_vars vars = {.sender = span_str("u@a.example"),
	    .local = span_str("u"),
	    .origin = span_str("a.example"),
	    .helo = span_str("mail.example.org"),
	    .receiver = "unknown"};

	CU_ASSERT_EQUAL_FATAL(ip_parse(span_str(client), &vars.client), 0);
	arena_init(&w->arena, memory);
	lookups_init(&w->l, &w->arena, &vars, span_str("a.example"), 2, ask, w);
}

static struct world *
new_world(void)
{
	struct world *w = calloc(1, sizeof *w);

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	add_txt(w, "a.example",
	    "v=spf1 include:b.example a:h.example mx:%{d1r}.%{d} ~all");
	add_txt(w, "b.example", "v=spf1 a:h2.example ?ip4:192.0.2.7");
	add_address(w, "h.example", "192.0.2.1");
	add_address(w, "h2.example", "192.0.2.2");
	add(w, "a.a.example", DNS_MX)->name = "h3.example";
	add_address(w, "h3.example", "192.0.2.3");
	return w;
}

static void
verdicts(void)
{
	static const struct {
		const char *client;
		enum spf_result want;
		const char *mechanism;
		unsigned terms;
	} rows[] = {
	    {"192.0.2.1", SPF_PASS, "a:h.example", 3},
	    {"192.0.2.2", SPF_PASS, "include:b.example", 2},
	    {"192.0.2.3", SPF_PASS, "mx:%{d1r}.%{d}", 4},
	    {"192.0.2.4", SPF_SOFTFAIL, "all", 4},
	    {"192.0.2.7", SPF_SOFTFAIL, "all", 4},
	};
	struct world *w = new_world();

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct spfeval_result v;
		const struct row *row;

		suite_row(rows[i].client);
		begin(w, rows[i].client, SPF_CHECK_MEMORY_MAX);
		CHECK(spfeval_run(&w->l, &v));
		CHECK(v.result == rows[i].want && v.matched);
		CHECK(w->l.run.terms == rows[i].terms);
		row = run_decider(w->l.root.record)->last;
		CHECK(row != NULL &&
		    span_eq(row->text, span_str(rows[i].mechanism)));
		arena_free(&w->arena);
	}
	suite_row(NULL);
	free(w);
}

/* A run that stops for an answer leaves nothing behind and goes on from there:
 * as often as one likes, with the same counts. */
static void
stops_and_goes_on(void)
{
	static const char *const names[] = {"a.example", "b.example",
	    "h2.example", "h.example", "a.a.example", "h3.example"};
	struct world *w = new_world();

	begin(w, "192.0.2.3", SPF_CHECK_MEMORY_MAX);
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct spfeval_result v = {.result = SPF_RESULTS};
		struct question *q;

		suite_row(names[i]);
		w->missing = names[i];
		CHECK(!spfeval_run(&w->l, &v));
		CHECK(!spfeval_run(&w->l, &v));
		CHECK(v.result == SPF_RESULTS);
		q = w->l.run.wanted;
		CHECK(q != NULL && span_eq(q->name, span_str(names[i])));
		w->missing = NULL;
		answer(w, q);
		CHECK(run_is_ready(&w->l.run, q, &w->l.vars.client));
		if (i == LENGTH(names) - 1) {
			CHECK(spfeval_run(&w->l, &v));
			CHECK(v.result == SPF_PASS && w->l.run.terms == 4);
		}
	}
	suite_row(NULL);
	arena_free(&w->arena);
	free(w);
}

/* Hosts of an mx that do not match are no reason for a new run; one that does,
 * or an error, is. */
static void
hosts_of_an_mx(void)
{
	static struct dns_record mx[3] = {{.name = "m0.example"},
	    {.name = "m1.example"}, {.name = "m2.example"}};
	static struct dns_answer error = {
	    .status = DNS_TEMPERROR, .why = "timeout"};
	struct world *w = calloc(1, sizeof *w);
	struct spfeval_result v;
	struct row *row;

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	add_txt(w, "a.example", "v=spf1 mx -all");
	add(w, "a.example", DNS_MX);
	w->known[1].answer.n = 3;
	w->known[1].answer.record = mx;
	add_address(w, "m0.example", "192.0.2.1");
	add_address(w, "m1.example", "192.0.2.2");
	begin(w, "192.0.2.2", SPF_CHECK_MEMORY_MAX);
	w->missing = "m0.example";
	CU_ASSERT_FALSE(spfeval_run(&w->l, &v));
	row = w->l.root.record->row;
	CU_ASSERT_EQUAL_FATAL(row->nhosts, 3);
	row->host[1]->state = QUESTION_PENDING;
	row->host[2]->state = QUESTION_PENDING;
	w->missing = NULL;

	/* the last one is not what the run waits for */
	answer(w, row->host[2]);
	CU_ASSERT_FALSE(
	    run_is_ready(&w->l.run, row->host[2], &w->l.vars.client));
	/* the first does not match: wait for the second */
	answer(w, row->host[0]);
	CU_ASSERT_FALSE(
	    run_is_ready(&w->l.run, row->host[0], &w->l.vars.client));
	CU_ASSERT_PTR_EQUAL(w->l.run.wanted, row->host[1]);
	answer(w, row->host[1]);
	CU_ASSERT(run_is_ready(&w->l.run, row->host[1], &w->l.vars.client));
	CU_ASSERT(spfeval_run(&w->l, &v) && v.result == SPF_PASS);

	/* an error in front: that is the result */
	row->host[0]->state = QUESTION_PENDING;
	CU_ASSERT_FALSE(spfeval_run(&w->l, &v));
	row->host[0]->state = QUESTION_ANSWERED;
	row->host[0]->answer = &error;
	row->host[1]->state = QUESTION_PENDING;
	CU_ASSERT(run_is_ready(&w->l.run, row->host[0], &w->l.vars.client));
	CU_ASSERT(spfeval_run(&w->l, &v) && v.result == SPF_TEMPERROR);
	arena_free(&w->arena);
	free(w);
}

/* A mapped address in AAAA is an IPv4 address (ip.h), and compared with no IPv6
 * client. */
static void
other_family(void)
{
	static struct dns_record aaaa[2];
	struct world *w = calloc(1, sizeof *w);
	struct spfeval_result v;

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	add_txt(w, "a.example", "v=spf1 a -all");
	add(w, "a.example", DNS_AAAA);
	w->known[1].answer.n = 2;
	w->known[1].answer.record = aaaa;
	CU_ASSERT_EQUAL_FATAL(ip_parse(span_str("192.0.2.1"), &aaaa[0].ip), 0);
	CU_ASSERT_EQUAL_FATAL(
	    ip_parse(span_str("2001:db8::1"), &aaaa[1].ip), 0);
	begin(w, "c000:201::", SPF_CHECK_MEMORY_MAX);
	CU_ASSERT(spfeval_run(&w->l, &v) && v.result == SPF_FAIL);
	arena_free(&w->arena);
	begin(w, "2001:db8::1", SPF_CHECK_MEMORY_MAX);
	CU_ASSERT(spfeval_run(&w->l, &v) && v.result == SPF_PASS);
	arena_free(&w->arena);
	free(w);
}

/* What libspf2 drops from our text must not pass unseen. */
static void
dropped_mechanisms(void)
{
	struct world *w = new_world();
	struct spfeval_result v;

	CU_ASSERT_EQUAL_FATAL(log_open(NULL, "t_spfeval"), 0);
	begin(w, "192.0.2.4", SPF_CHECK_MEMORY_MAX);
	CU_ASSERT_FATAL(spfeval_run(&w->l, &v));
	CU_ASSERT_EQUAL(v.result, SPF_SOFTFAIL);
	/* the record as it is compiled has one more than the plan says */
	w->l.root.record->mechanisms--;
	CU_ASSERT_FATAL(spfeval_run(&w->l, &v));
	CU_ASSERT_EQUAL(v.result, SPF_TEMPERROR);
	CHECK_STR(w->l.run.problem,
	    "a.example: libspf2: it dropped mechanisms of our text");
	w->l.root.record->mechanisms++;
	/* in an include it is no "no match" either */
	CU_ASSERT_FATAL(w->l.root.record->row[0].record != NULL);
	w->l.root.record->row[0].record->mechanisms++;
	CU_ASSERT_FATAL(spfeval_run(&w->l, &v));
	CU_ASSERT_EQUAL(v.result, SPF_TEMPERROR);
	w->l.root.record->row[0].record->mechanisms--;
	/* nor is a text that it cannot compile */
	w->l.root.record->text = "v=spf1 a:#1.%{ -all";
	CU_ASSERT_FATAL(spfeval_run(&w->l, &v));
	CU_ASSERT_EQUAL(v.result, SPF_TEMPERROR);
	CHECK_STR(
	    w->l.run.problem, "a.example: libspf2: it cannot compile our text");
	/* nor a name that is none of ours */
	w->l.root.record->text = "v=spf1 a:x.example mx a:#77. exists:#4.";
	w->l.root.record->mechanisms = 4;
	CU_ASSERT_FATAL(spfeval_run(&w->l, &v));
	CU_ASSERT_EQUAL(v.result, SPF_TEMPERROR);
	arena_free(&w->arena);
	free(w);
}

/* Whatever allocation finds no room: temperror and a problem or none, or the
 * right result. */
static void
no_memory(void)
{
	struct world *w = new_world();
	unsigned failed = 0;
	size_t memory;

	for (memory = 0; memory < SPF_CHECK_MEMORY_MAX; memory += 16) {
		struct spfeval_result v = {.result = SPF_RESULTS};

		begin(w, "192.0.2.3", memory);
		CU_ASSERT(spfeval_run(&w->l, &v));
		arena_free(&w->arena);
		if (v.result == SPF_PASS)
			break;
		CU_ASSERT_EQUAL(v.result, SPF_TEMPERROR);
		failed++;
	}
	CU_ASSERT(failed > 20 && memory < 8192);
	free(w);
}

/* libspf2 prints to stdout and stderr unless it is told not to. */
static void
prints_nothing(void)
{
	struct world *w = new_world();
	char file[] = "/tmp/t_spfeval.XXXXXX";
	int fd = mkstemp(file), out = dup(1), err = dup(2);
	struct spfeval_result v;
	struct stat st;

	CU_ASSERT_FATAL(fd >= 0 && out >= 0 && err >= 0);
	fflush(stdout);
	dup2(fd, 1);
	dup2(fd, 2);
	begin(w, "192.0.2.3", SPF_CHECK_MEMORY_MAX);
	(void)spfeval_run(&w->l, &v);
	w->l.root.record->text = "v=spf1 a:#1. a:%{z} moo ip4:1 x=%{ -all";
	(void)spfeval_run(&w->l, &v);
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	CU_ASSERT_EQUAL(fstat(fd, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 0);
	close(fd);
	close(out);
	close(err);
	unlink(file);
	arena_free(&w->arena);
	free(w);
}

SUITE("spfeval", T(verdicts), T(stops_and_goes_on), T(hosts_of_an_mx),
    T(other_family), T(dropped_mechanisms), T(no_memory), T(prints_nothing))
