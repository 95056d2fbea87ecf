#include <stdint.h>
#include <string.h>

#include "signer/setup.h"
#include "tests/support/fixture.h"
#include "tests/support/suite.h"

/* Warnings of a config that has no other fault, by the clock of the host. */
static void
clocks(void)
{
	static const struct {
		time_t now;
		bool warns;
	} row[] = {{INT64_MIN, true}, {-1, true}, {0, true}, {1577836799, true},
	    {1577836800, false}, {4102444800, false}};
	struct fixture f;
	struct buf warn;

	fixture_make(
	    &f, "domain \"x.example\" { key \"e\" { file = \"@ed.pem\" } }\n");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const struct setup s = {f.settings, f.keys};

		buf_init(&warn, 10000);
		setup_warn(&s, row[i].now, &warn);
		CHECK_STR(buf_text(&warn),
		    row[i].warns ? "test.conf: the clock of this host says it "
		                   "is before 2020: until it is right, "
		                   "signatures have neither t= nor x=\n"
		                 : "");
		buf_free(&warn);
	}
	fixture_free(&f);
}

SUITE("setup", T(clocks))
