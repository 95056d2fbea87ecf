/*
 * The trick: libspf2 only walks a list of at most eleven words and compares
 * addresses. Each word is a number of ours, and when it asks what that is, the
 * answer is there, or "try again" throws it out of the run at once.
 *
 * The trap: it gives up in more places than one would think, and then leaks
 * what it holds (interpret_or_give_up). Whatever it is given must be what it
 * expects: an answer, also when memory is out (reserve); room for its errors
 * (compile) and for its responses (room_for_response).
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h> /* spf2/spf_dns_rr.h needs it */

#include <spf2/spf.h>

#include "common/log/log.h"
#include "common/spf/spfeval.h"

enum { NO_HERROR = 0 }; /* NETDB_SUCCESS, which musl does not have */

struct eval {
	struct lookups *l;
	SPF_dns_server_t dns;
	SPF_server_t server;
	SPF_request_t request;
	SPF_dns_rr_t *reserve; /* libspf2 gives up if lookup() returns NULL */
	char receiver[16];     /* libspf2 needs one, for texts of no use here */
};

/* --- libspf2's process-wide handlers -------------------------------------- */

/* Where the run goes on that libspf2 gives up. Its handler must not return, or
 * the library aborts, and it gets no argument. */
static jmp_buf *given_up;

static void gives_up(const char *file, int line, const char *what)
    __attribute__((noreturn));

static void
gives_up(const char *file, int line, const char *what)
{
	log_event(LOG_CRIT, "libspf2", "%s:%d: %s", file, line, what);
	longjmp(*given_up, 1);
}

/* They print to stdout and stderr by default. Nothing that they say is news:
 * the result of a run tells all. */
static void
silence(void)
{
	SPF_error_handler = gives_up;
	SPF_warning_handler = NULL;
	SPF_info_handler = NULL;
	SPF_debug_handler = NULL;
}

/* --- the DNS layer -------------------------------------------------------- */

/* An answer without records. Uses up the reserve when memory is out: then the
 * run stops at this answer, and no second one is asked for. */
static SPF_dns_rr_t *
empty_answer(struct eval *r, ns_type type, int herrno)
{
	SPF_dns_rr_t *rr = SPF_dns_rr_new();

	if (rr == NULL) {
		run_no_memory(&r->l->run);
		rr = r->reserve;
		r->reserve = NULL;
		herrno = TRY_AGAIN;
	}
	if (rr != NULL) {
		rr->rr_type = type;
		rr->herrno = herrno;
		rr->source = &r->dns;
	}
	return rr;
}

static SPF_dns_rr_t *
no_answer(struct eval *r, ns_type type, enum found found)
{
	return empty_answer(
	    r, type, found == RUN_OVER ? TRY_AGAIN : HOST_NOT_FOUND);
}

/* Room for record number rr->num_rr. False: memory is out. */
static bool
add_room(struct eval *r, SPF_dns_rr_t *rr, size_t n)
{
	if (SPF_dns_rr_buf_realloc(rr, rr->num_rr, n) == SPF_E_SUCCESS)
		return true;
	run_no_memory(&r->l->run);
	rr->num_rr = 0;
	rr->herrno = TRY_AGAIN;
	return false;
}

/* An address, or none if it is of the other family: mapped ones (ip.h) of AAAA
 * are as good as others. */
static SPF_dns_rr_t *
one_address(struct eval *r, ns_type type, const struct ip *ip)
{
	SPF_dns_rr_t *rr = empty_answer(r, type, NO_HERROR);
	int family = type == ns_t_a ? AF_INET : AF_INET6;

	if (rr == NULL || rr->herrno != NO_HERROR || ip->family != family ||
	    !add_room(r, rr, sizeof(SPF_dns_rr_data_t)))
		return rr;
	if (family == AF_INET)
		memcpy(&rr->rr[0]->a, ip->b, 4);
	else
		memcpy(&rr->rr[0]->aaaa, ip->b, 16);
	rr->num_rr = 1;
	return rr;
}

/* The names of an mx: "#7:0", "#7:1", ... for row 7. */
static SPF_dns_rr_t *
mx_names(struct eval *r, const struct row *row, size_t n)
{
	SPF_dns_rr_t *rr = empty_answer(r, ns_t_mx, NO_HERROR);
	char name[32];

	for (size_t i = 0; rr != NULL && rr->herrno == NO_HERROR && i < n;
	     i++) {
		int len =
		    snprintf(name, sizeof name, "#%u:%zu", row->number, i);

		if (!add_room(r, rr, (size_t)len + 1))
			break;
		memcpy(rr->rr[rr->num_rr++]->mx, name, (size_t)len + 1);
	}
	return rr;
}

/* "#7." or "#7:2". False: not one of ours. */
static bool
read_name(struct eval *r, const char *name, struct row **ret, long *ret_host)
{
	char *end;
	unsigned long number;

	if (name[0] != '#')
		return false;
	number = strtoul(name + 1, &end, 10);
	*ret_host = *end == ':' ? strtol(end + 1, NULL, 10) : -1;
	*ret = lookups_row(r->l, (unsigned)number);
	return *ret != NULL;
}

/* libspf2's resolver. The type asked for does not matter: the row behind the
 * number says what is meant. */
static SPF_dns_rr_t *
look_up(SPF_dns_server_t *dns, const char *name, ns_type type, int cache)
{
	struct eval *r = dns->hook;
	const struct ip *ip;
	enum found found;
	struct row *row;
	size_t n;
	long host;

	if (!read_name(r, name, &row, &host)) {
		run_broken(
		    &r->l->run, "it asks for a name that it was not given");
		return no_answer(r, type, RUN_OVER);
	}
	if (type == ns_t_mx) {
		found = lookups_mx(r->l, row, &n);
		return found == FOUND ? mx_names(r, row, n)
		                      : no_answer(r, type, found);
	}
	found = host < 0 ? lookups_address(r->l, row, &ip)
	                 : lookups_host(r->l, row, (size_t)host, &ip);
	return found == FOUND ? one_address(r, type, ip)
	                      : no_answer(r, type, found);
}

/*
 * Compiles a text of ours and compares the count: what is over 511 bytes
 * libspf2 drops without an error. The response gets room for errors beforehand,
 * as libspf2 gives up when it finds none.
 */
static SPF_errcode_t
compile(struct eval *r, SPF_response_t *response, const struct plan *p,
    SPF_record_t **ret)
{
	static const struct plan nothing = {.text = "v=spf1"};
	enum { ROOM = 4 };
	SPF_errcode_t rc = SPF_E_NO_MEMORY;

	if (p == NULL)
		p = &nothing;
	if (response->errors == NULL) {
		response->errors = calloc(ROOM, sizeof(SPF_error_t));
		response->errors_size = ROOM;
	}
	if (response->errors != NULL)
		rc = SPF_record_compile(&r->server, response, ret, p->text);
	if (rc == SPF_E_NO_MEMORY) {
		run_no_memory(&r->l->run);
		return SPF_E_DNS_ERROR;
	}
	if (rc == SPF_E_SUCCESS && (*ret)->num_mech == p->mechanisms)
		return SPF_E_SUCCESS;
	run_broken(&r->l->run,
	    rc == SPF_E_SUCCESS ? "it dropped mechanisms of our text"
	                        : "it cannot compile our text");
	log_event(LOG_ERR, "libspf2", "%s: %s", r->l->run.problem, p->text);
	return SPF_E_DNS_ERROR;
}

/*
 * An include makes a response next (SPF_response_new), and libspf2 gives up if
 * malloc(3) finds no room for it. So we take that room first, while we can
 * still say that memory is out, and give it back: nothing is allocated between
 * the free(3) in here and libspf2's malloc(3) of the same size.
 *
 * That rests on an allocator which gives again what was just freed. glibc
 * (2.36, by its list of each thread) and musl do, also when nothing else is
 * left; hardened ones do not. With such a one libspf2 calls gives_up() above:
 * the run ends as temperror, too, and what it held is lost. t_check.c has both.
 */
static bool
room_for_response(struct eval *r)
{
	SPF_response_t *response = SPF_response_new(&r->request);

	if (response == NULL) {
		run_no_memory(&r->l->run);
		return false;
	}
	SPF_response_free(response);
	return true;
}

/* The record of an include or redirect; request->cur_dom is "#7.". */
static SPF_errcode_t
get_spf(SPF_server_t *server, SPF_request_t *request, SPF_response_t *response,
    SPF_record_t **ret)
{
	struct eval *r = server->resolver->hook;
	struct plan *p = NULL;
	struct row *row;
	long host;

	if (!read_name(r, request->cur_dom, &row, &host)) {
		run_broken(&r->l->run, "it asks for a record that is not ours");
		return SPF_E_DNS_ERROR;
	}
	if (lookups_record(r->l, row, &p) == RUN_OVER)
		return r->l->run.state == RUN_PERMERROR ? SPF_E_NOT_SPF
		                                        : SPF_E_DNS_ERROR;
	if (compile(r, response, p, ret) != SPF_E_SUCCESS ||
	    !room_for_response(r))
		return SPF_E_DNS_ERROR;
	return SPF_E_SUCCESS;
}

/* --- the run -------------------------------------------------------------- */

/*
 * Without an explanation of its own, sender and HELO libspf2 expands nothing.
 * Its limits are above ours, so that it never speaks first.
 */
static void
set_up(struct eval *r, struct lookups *l)
{
	const struct ip *client = &l->vars.client;

	*r = (struct eval){.l = l,
	    .dns = {.lookup = look_up, .get_spf = get_spf, .name = "postseal"},
	    .server = {.max_dns_mech = 1000,
	        .max_dns_ptr = 1000,
	        .max_dns_mx = 1000},
	    .request = {.client_ver = client->family, .cur_dom = "#"},
	    .receiver = "postseal"};
	r->dns.hook = r;
	r->server.resolver = &r->dns;
	r->server.rec_dom = r->receiver;
	r->request.spf_server = &r->server;
	if (client->family == AF_INET)
		memcpy(&r->request.ipv4, client->b, 4);
	else
		memcpy(&r->request.ipv6, client->b, 16);
}

static enum spf_result
result_of(struct lookups *l, SPF_result_t result)
{
	switch (result) {
	case SPF_RESULT_NEUTRAL:
		return SPF_NEUTRAL;
	case SPF_RESULT_PASS:
		return SPF_PASS;
	case SPF_RESULT_FAIL:
		return SPF_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return SPF_SOFTFAIL;
	case SPF_RESULT_INVALID:
	case SPF_RESULT_NONE:
	case SPF_RESULT_TEMPERROR:
	case SPF_RESULT_PERMERROR:
		break;
	}
	/* Our text gives it no reason for an error of its own. */
	run_broken(&l->run, "no result");
	return SPF_TEMPERROR;
}

/*
 * One run. The record of the check's own domain is compiled here and the ones
 * of includes and redirects in get_spf(), which libspf2 calls in the midst of
 * it; what their words stand for it asks look_up(). Each of these may end the
 * run.
 */
static void
interpret(struct eval *r, struct spfeval_result *ret)
{
	SPF_response_t *response = SPF_response_new(&r->request);
	SPF_record_t *record = NULL;
	struct plan *p = NULL;

	r->reserve = SPF_dns_rr_new();
	if (response == NULL || r->reserve == NULL) {
		run_no_memory(&r->l->run);
	} else if (lookups_record(r->l, &r->l->root, &p) == FOUND &&
	    compile(r, response, p, &record) == SPF_E_SUCCESS) {
		response->spf_record_exp = record;
		(void)SPF_record_interpret(record, &r->request, response, 0);
		if (r->l->run.state == RUN_ON) {
			ret->result =
			    result_of(r->l, SPF_response_result(response));
			ret->matched =
			    SPF_response_reason(response) == SPF_REASON_MECH;
		}
	}
	if (record != NULL)
		SPF_record_free(record);
	if (response != NULL)
		SPF_response_free(response);
	if (r->reserve != NULL)
		SPF_dns_rr_free(r->reserve);
}

/* What it held when libspf2 gave it up is lost, as nobody can say in what state
 * it is; that happens only when memory is out, or by a fault of libspf2. */
static void
interpret_or_give_up(struct eval *r, struct spfeval_result *ret)
{
	jmp_buf here;

	given_up = &here;
	if (setjmp(here) == 0)
		interpret(r, ret);
	else if (r->l->run.state == RUN_ON)
		run_broken(&r->l->run, "it gave up");
	given_up = NULL;
}

bool
spfeval_run(struct lookups *l, struct spfeval_result *ret)
{
	struct spfeval_result verdict = {.result = SPF_TEMPERROR};
	struct eval r;

	silence();
	run_begin(&l->run, l->plan, l->nplans);
	set_up(&r, l);
	interpret_or_give_up(&r, &verdict);
	run_end(&l->run, l->root.record);
	switch (l->run.state) {
	case RUN_ON:
		break;
	case RUN_PENDING:
		return false;
	case RUN_NONE:
		verdict = (struct spfeval_result){.result = SPF_NONE};
		break;
	case RUN_TEMPERROR:
		verdict = (struct spfeval_result){.result = SPF_TEMPERROR};
		break;
	case RUN_PERMERROR:
		verdict = (struct spfeval_result){.result = SPF_PERMERROR};
		break;
	}
	*ret = verdict;
	return true;
}
