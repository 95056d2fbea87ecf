/* Real: no fake stands in for the loop and the sockets. */
/* Signs of life of a scripted server: when one is asked for, and what is
 * written down of it. */
#include "common/dns/dnsprobe.h"

#include "common/io/loop.h"
#include "common/limits.h"
#include "tests/support/clock.h"
#include "tests/support/dnsd.h"
#include "tests/support/pause.h"
#include "tests/support/suite.h"

enum { TIMEOUT = 8, TRY = 2000, SOON = TRY / 8 /* s, ms, ms */ };

/* Two servers: the first is looked at. */
struct world {
	struct dnsd *server;
	struct loop *loop;
	struct dns_ports *ports;
	struct dns_probes *probes;
	struct nameservers *set;
	struct nameserver *first;
};

static struct nameservers *
set_of(struct world *w, size_t n, bool tcp)
{
	struct dns_server at[2];
	struct dns_settings dns = {
	    .servers = {.v = at, .n = n}, .timeout = TIMEOUT, .tcp = tcp};
	struct nameservers_source *s;
	struct nameservers *set;

	at[0] = at[1] = (struct dns_server){
	    .ip = ip_bytes("\177\0\0\1", 4), .port = dnsd_port(w->server)};
	CU_ASSERT_FATAL(nameservers_source_new(&dns, "", &s) == 0);
	set = nameservers_now(s, 0);
	nameservers_source_free(s);
	CHECK(set->try_ms == TRY || n == 1);
	return set;
}

static void
begin(struct world *w, const char *zone, bool tcp)
{
	clock_script();
	w->server = dnsd_start(zone);
	CU_ASSERT_FATAL(loop_new(&w->loop) == 0);
	CU_ASSERT_FATAL(dns_ports_new(w->loop, 10, &w->ports) == 0);
	CU_ASSERT_FATAL(
	    dns_probes_new(w->ports, TIMEOUT * 1000, &w->probes) == 0);
	w->set = set_of(w, 2, tcp);
	w->first = &w->set->server[0];
}

static void
end(struct world *w)
{
	nameservers_drop(w->set);
	dns_probes_free(w->probes);
	dns_ports_free(w->ports);
	loop_free(w->loop);
	dnsd_stop(w->server);
}

static void
probe(struct world *w)
{
	dns_probe(w->probes, w->set, 0);
}

/* Whatever it says is a sign of life, and what is said at once no slowness. */
static void
a_prompt_server(void)
{
	static const char *const zones[] = {
	    "", ". ANY servfail\n", ". ANY garbage\n", ". ANY truncate\n"};
	struct world w;

	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		for (int tcp = 0; tcp < 2; tcp++) {
			suite_row(zones[i]);
			begin(&w, zones[i], tcp);
			w.first->silent = UINT64_MAX;
			probe(&w);
			CHECK(w.first->probed > 0 && w.first->heard == 0);
			pause_loop(w.loop, 100);
			CHECK(w.first->heard >= w.first->probed);
			CHECK(w.first->silent == 0 && w.first->slow == 0);
			CHECK(w.set->server[1].heard == 0);
			end(&w);
		}
	}
	suite_row(NULL);
}

/* The two kinds in turns, not within an eighth of a try, and none where there
 * is no other server to turn to. */
static void
not_all_the_time(void)
{
	struct nameservers *one;
	struct world w;

	begin(&w, "", false);
	one = set_of(&w, 1, false);
	dns_probe(w.probes, one, 0);
	pause_loop(w.loop, 50);
	CHECK(dnsd_total(w.server) == 0);
	nameservers_drop(one);

	for (int i = 0; i < 3; i++) {
		probe(&w);
		pause_loop(w.loop, SOON - 1);
		probe(&w);
		pause_loop(w.loop, 1);
	}
	CHECK(dnsd_count(w.server, "localhost", "A") == 1);
	CHECK(dnsd_total(w.server) == 3);
	end(&w);
}

/* One that takes longer than the pause between two copies is heard all the
 * same, and known to be slow for a while. */
static void
a_slow_server(void)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		struct world w;
		uint64_t put;

		begin(&w, "", tcp);
		dnsd_delay(w.server, TRY / 2);
		probe(&w);
		put = w.first->probed;
		for (int i = 0; i < 3; i++) {
			pause_loop(w.loop, SOON);
			probe(&w);
		}
		CHECK(dnsd_total(w.server) == 4 || tcp);
		CHECK(w.first->heard == 0);
		pause_loop(w.loop, SOON + 10);
		if (!tcp)
			CHECK(w.first->heard >= put + TRY / 2 &&
			    w.first->heard < put + TRY / 2 + 50);
		pause_loop(w.loop, TRY);
		CHECK(w.first->slow >
		    w.first->heard + NAMESERVERS_SILENT_MS - 50);
		end(&w);
	}
}

/* When nothing has come in all of the time it is not slow but silent; what
 * lies between may drop one kind alone. */
static void
slow_no_more(void)
{
	static const struct {
		const char *zone;
		bool slow;
	} row[] = {{". ANY timeout\n", true}, {"localhost ANY timeout\n", true},
	    {". ANY timeout\nlocalhost ANY timeout\n", false}};
	struct world w;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].zone);
		begin(&w, row[i].zone, false);
		dnsd_delay(w.server, TRY / 2);
		w.first->slow = UINT64_MAX;
		for (int k = 0; k < 2; k++) {
			probe(&w);
			pause_loop(w.loop, SOON);
		}
		pause_loop(w.loop, TIMEOUT * 1000 - 2 * SOON - 10);
		CHECK(w.first->slow > 0);
		pause_loop(w.loop, SOON + 20);
		CHECK((w.first->slow > 0) == row[i].slow);
		end(&w);
	}
	suite_row(NULL);
}

/* One that cannot be reached has given no sign. */
static void
nobody_is_there(void)
{
	struct world w;

	for (int tcp = 0; tcp < 2; tcp++) {
		begin(&w, "", tcp);
		dnsd_close(w.server);
		probe(&w);
		pause_loop(w.loop, 100);
		CHECK(w.first->heard == 0 && w.first->slow == 0);
		end(&w);
	}
}

/* One that was away while it was asked, and answers at once when it is back, is
 * not slow. */
static void
one_that_is_back(void)
{
	struct world w;

	begin(&w, "", false);
	dnsd_close(w.server);
	for (int i = 0; i < 6; i++) {
		probe(&w);
		pause_loop(w.loop, SOON);
	}
	CHECK(w.first->heard == 0);
	dnsd_open(w.server);
	probe(&w);
	pause_loop(w.loop, 20);
	CHECK(w.first->heard > 0);
	CHECK(w.first->slow == 0);
	end(&w);
}

/* It outlives who asked for it, and gives way to that of a new set. */
static void
sets_that_go(void)
{
	struct nameservers *old;
	struct world w;

	for (int tcp = 0; tcp < 2; tcp++) {
		begin(&w, "", tcp);
		dnsd_mute(w.server);
		for (int i = 0; i < 2; i++) { /* both kinds are out */
			probe(&w);
			pause_loop(w.loop, SOON);
		}
		old = w.set;
		w.set = set_of(&w, 2, tcp);
		w.first = &w.set->server[0];
		nameservers_drop(old);
		dnsd_open(w.server);
		probe(&w);
		pause_loop(w.loop, 100);
		CHECK(w.first->heard > 0);
		end(&w);
	}
}

SUITE("dnsprobe", T(a_prompt_server), T(not_all_the_time), T(a_slow_server),
    T(slow_no_more), T(nobody_is_there), T(one_that_is_back), T(sets_that_go))
