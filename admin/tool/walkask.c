#include <stdio.h>

#include "admin/tool/walkask.h"

int
walkask(struct loop *loop, struct resolver *resolver, struct walk_names *names,
    size_t first, walkask_name *name, struct dnswait *q)
{
	size_t n = names->n - first;
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct span at = names->v[first + i].name;

		/* one that is too long is no name, and does not exist */
		snprintf(
		    name[i], sizeof name[i], "_dmarc.%.*s", (int)at.n, at.p);
		q[i] = (struct dnswait){.name = name[i], .type = DNS_TXT};
	}
	rc = dnswait_all(loop, resolver, q, n);
	for (size_t i = 0; i < n && rc == 0; i++)
		walk_answer(&names->v[first + i], q[i].answer);
	return rc;
}
