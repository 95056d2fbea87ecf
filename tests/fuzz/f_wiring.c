/*
 * Any value of Postfix' lists: what was put in is found, in a safe place, and
 * is not put in again; what was there is still there.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "admin/postfix/wiring.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
restrictions(struct span list, enum wiring_relay relay)
{
	const struct span classes = span_str("greylist other");
	const char *why = NULL;
	struct buf once, twice;
	int rc;

	buf_init(&once, 1 << 20);
	buf_init(&twice, 1 << 20);
	rc = wiring_restrictions(
	    list, classes, relay, WIRING_CHECK, &once, &why);
	must(rc == 0 || rc == -EALREADY || (rc == -EINVAL && why != NULL));
	if (rc == -EALREADY)
		must(wiring_place(list, WIRING_CHECK) != WIRING_ABSENT);
	if (rc == 0) {
		enum wiring_place place =
		    wiring_place(buf_view(&once), WIRING_CHECK);

		must(place == WIRING_GOOD ||
		    (place == WIRING_UNSAFE && relay != WIRING_RELAY_OPEN));
		must(wiring_restrictions(buf_view(&once), classes, relay,
		         WIRING_CHECK, &twice, &why) == -EALREADY);
	}
	buf_free(&once);
	buf_free(&twice);
}

static void
milters(struct span list)
{
	static const char ours[] = "inet:127.0.0.1:8891";
	const char *why = NULL;
	struct buf once, twice;
	int rc;

	buf_init(&once, 1 << 20);
	buf_init(&twice, 1 << 20);
	rc = wiring_milters(list, ours, ours, &once, &why);
	must(rc == 0 || rc == -EALREADY || (rc == -EINVAL && why != NULL));
	if (rc == 0) {
		must(wiring_has_milter(buf_view(&once), ours));
		must(wiring_milters(buf_view(&once), ours, ours, &twice,
		         &why) == -EALREADY);
	}
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span list = span_of(data, size);

	for (int relay = WIRING_RELAY_DEFAULT; relay <= WIRING_RELAY_OPEN;
	     relay++)
		restrictions(list, relay);
	milters(list);
	return 0;
}
