/*
 * OpenDKIM's one key for all: Domain, KeyFile and Selector, as sections of
 * domains.
 */
#include <string.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

struct single {
	struct import *im;
	const struct import_single *k;
};

/* One section of a domain: `key "s" { file = "/k" }`. */
static void
put_key(struct single *d, const struct import_option *selector,
    const struct import_option *keyfile, struct buf *out)
{
	const char *file;

	if (selector == NULL || keyfile == NULL)
		return;
	file = import_path(d->im, keyfile, keyfile->value);
	if (file == NULL)
		return;
	buf_str(out, "\tkey ");
	tool_config_string(selector->value, out);
	buf_str(out, " {\n");
	import_string(out, 2, "file", file);
	buf_str(out, "\t}\n");
}

/* opendkim knows a pattern in a refile alone, where it signs as the domain
 * of From. */
static bool
is_pattern(struct single *d, struct span one)
{
	struct buf why;

	if (memchr(one.p, '*', one.n) == NULL)
		return false;
	buf_init(&why, CONFIG_FILE_MAX);
	if (strncasecmp(d->k->domain->value, "refile:", 7) == 0)
		buf_fmt(&why,
		    "\"%.*s\" is a pattern, and a section is of one domain: "
		    "write \"*@%.*s all\" into a file, set signing_table = "
		    "\"refile:FILE\", write \"all %%:SELECTOR:KEYFILE\" "
		    "into another, and set key_table",
		    (int)one.n, one.p, (int)one.n, one.p);
	else
		buf_fmt(&why,
		    "\"%.*s\" is no domain: opendkim takes it for a pattern "
		    "only in a refile:, and so it never signed by it",
		    (int)one.n, one.p);
	if (buf_text(&why) != NULL)
		import_wrong(d->im, d->k->domain, buf_text(&why));
	buf_free(&why);
	return true;
}

static void
add_domain(void *arg, struct span one)
{
	struct single *d = arg;
	struct buf *out = &d->im->domains;
	size_t before = out->n, keys;

	if (is_pattern(d, one))
		return;
	buf_str(out, "domain ");
	buf_quoted(out, one);
	buf_str(out, " {\n");
	if (d->k->subdomains != NULL && import_is_true(d->k->subdomains->value))
		import_key(out, 1, "subdomains", "true");
	keys = out->n;
	put_key(d, d->k->selector, d->k->keyfile, out);
	put_key(d, d->k->selector2, d->k->keyfile2, out);
	keys = out->n - keys;
	buf_str(out, "}\n");
	if (keys == 0 ||
	    !import_judge(d->im, d->k->domain, "", buf_view(out), ""))
		out->n = before;
}

/* "Domain", "KeyFile" and "Selector": a section for each domain. */
static void
add_domains(struct single *d)
{
	struct buf words;

	if ((d->k->keyfile == NULL || d->k->selector == NULL) &&
	    (d->k->keyfile2 == NULL || d->k->selector2 == NULL)) {
		import_wrong(d->im, d->k->domain,
		    "KeyFile or Selector is missing beside it");
		return;
	}
	buf_init(&words, IMPORT_LIST_MAX + 2);
	if (import_dataset(d->im, d->k->domain, &words) &&
	    buf_text(&words) != NULL)
		import_items(buf_text(&words), add_domain, d);
	import_whole(&words, &d->im->domains);
	buf_free(&words);
}

void
import_domains(struct import *im, const struct import_single *k, bool tables)
{
	const struct import_option *const all[] = {k->domain, k->keyfile,
	    k->selector, k->keyfile2, k->selector2, k->subdomains};
	struct single d = {im, k};

	if (k->domain != NULL && !tables) {
		add_domains(&d);
		return;
	}
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (all[i] != NULL)
			import_left(im, all[i],
			    tables ? "beside a KeyTable it does not count"
			           : "without Domain it does nothing");
	}
}
