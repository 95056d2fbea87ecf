/*
 * spfdiff - reads zones and cases of tests/fuzz/spfdiff, prints our results.
 *
 *     scenario                                 a new, empty zone
 *     zone<TAB>LINE                            a line of zone.h
 *     case<TAB>client<TAB>helo<TAB>sender      gives: result<TAB>why
 *
 * The order in which answers arrive changes with every case.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/spfrun.h"

enum { LINE_MAX_BYTES = 64 * 1024, FIELDS = 4, VOIDS = 1000 };

static void
run_case(struct spfrun *s, unsigned number, char **f)
{
	struct spfrun_result r;

	spfrun_choose(s, &spfrun_ways[number % SPFRUN_WAYS]);
	s->void_max = VOIDS;
	r = spfrun_check(s, f[1], f[2], f[3]);
	printf("%s\t%s %s terms=%u\n", spf_result_word(r.result), r.mechanism,
	    r.problem, r.lookups);
}

int
main(void)
{
	static char line[LINE_MAX_BYTES];
	char *f[FIELDS];
	unsigned cases = 0;
	struct spfrun s;

	spfrun_open(&s);
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *p = line;
		size_t n = 0;

		line[strcspn(line, "\n")] = '\0';
		while (n < FIELDS && p != NULL)
			f[n++] = strsep(&p, "\t");
		if (strcmp(f[0], "scenario") == 0) {
			spfrun_close(&s);
			spfrun_open(&s);
		} else if (strcmp(f[0], "zone") == 0 && n == 2) {
			spfrun_zone(&s, f[1]);
		} else if (strcmp(f[0], "case") == 0 && n == FIELDS) {
			run_case(&s, cases++, f);
		} else {
			return 2;
		}
	}
	spfrun_close(&s);
	return 0;
}
