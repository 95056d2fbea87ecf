/*
 * A published record: read, planned for a client, and compiled and run by
 * libspf2. The first byte chooses the client; every question is answered with
 * nothing, so that evaluation goes to the record's end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/spf/spfeval.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every term lies in the record, and the reader comes to an end. */
static void
read_terms(struct span txt)
{
	enum record_step step;
	struct record r;
	struct term t;
	const char *why = NULL;

	record_open(&r, txt);
	while ((step = record_next(&r, &t, &why)) == RECORD_TERM) {
		must(is_inside(t.text, txt));
		must(is_inside(t.domain, txt));
		must(t.text.n > 0 && t.bits4 <= 32 && t.bits6 <= 128);
	}
	if (step == RECORD_BAD) {
		must(is_inside(t.text, txt));
		must(why != NULL);
	}
}

struct world {
	struct span txt;
	struct dns_answer answer;
	struct dns_record record;
	struct lookups l;
};

/* The record at a.example and below every name that is asked for TXT. */
static enum ask
ask(void *arg, struct question *q, struct dns_answer **ret_answer)
{
	static struct dns_answer nothing = {.status = DNS_NODATA};
	struct world *w = arg;

	must(q->name.n <= DOMAIN_MAX);
	*ret_answer = q->type == DNS_TXT ? &w->answer : &nothing;
	return domain_is_name(q->name) ? ASK_READY : ASK_BADNAME;
}

static void
evaluate(struct span txt, const struct ip *client)
{
	struct macro_vars vars = {.sender = span_str("u.v-w@a.example"),
	    .local = span_str("u.v-w"),
	    .origin = span_str("a.example"),
	    .helo = span_str("mail.example.org"),
	    .client = *client,
	    .receiver = "unknown"};
	struct world w = {.txt = txt, .record = {.txt = txt}};
	struct spfeval_result v;
	struct arena a;

	w.answer = (struct dns_answer){
	    .status = DNS_FOUND, .n = 1, .record = &w.record};
	arena_init(&a, SPF_CHECK_MEMORY_MAX);
	lookups_init(&w.l, &a, &vars, span_str("a.example"), 100, ask, &w);
	must(spfeval_run(&w.l, &v));
	/* there is neither an error of DNS nor a lack of memory: libspf2 took
	 * every text that we gave it */
	must(v.result != SPF_TEMPERROR);
	must(w.l.run.terms <= SPF_TERMS_MAX);
	must(w.l.run.problem == NULL ||
	    strlen(w.l.run.problem) <= RUN_PROBLEM_MAX);
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const clients[] = {"192.0.2.1", "10.0.0.1",
	    "2001:db8::1", "::1", "255.255.255.255", "fe80::1"};
	struct span txt;
	struct ip client;

	if (size == 0)
		return 0;
	must(ip_parse(span_str(clients[data[0] % 6]), &client) == 0);
	txt = span_of(data + 1, size - 1);
	if (!record_is_spf(txt))
		return 0;
	read_terms(txt);
	evaluate(txt, &client);
	return 0;
}
