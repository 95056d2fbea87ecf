/*
 * The two lists of policyd-spf-perl, which has no other config: words with
 * blanks or commas between. What else it does is fixed in it.
 */
#include <errno.h>
#include <string.h>

#include "admin/import/import.h"
#include "admin/limits.h"
#include "admin/tool/tool.h"
#include "common/limits.h"

bool
import_is_exempt(const char *file)
{
	const char *name = import_name(file);

	return strcmp(name, "exempt_spf_domains") == 0 ||
	    strcmp(name, "exempt_spf_addresses") == 0;
}

/* Behind what policyd-spf.conf has become, which may have that key. */
static void
put_line(struct import *im, const struct import_option *o, struct buf *line)
{
	struct buf head;

	buf_init(&head, CONFIG_FILE_MAX);
	buf_str(&head, "policyd {\n");
	buf_span(&head, buf_view(&im->policyd));
	if (buf_text(&head) != NULL &&
	    import_judge(im, o, buf_text(&head), buf_view(line), "}\n"))
		buf_span(&im->policyd, buf_view(line));
	import_whole(line, &im->policyd);
	buf_free(&head);
}

int
import_exempt(struct import *im, const char *file)
{
	const char *name = import_name(file);
	const struct import_option o = {.file = file, .line = 1, .name = name};
	bool domains = strcmp(name, "exempt_spf_domains") == 0;
	struct buf text, line;
	int rc = tool_read_file(file, IMPORT_LIST_MAX, &text);

	if (rc != 0) {
		buf_fmt(&im->why, "%s: %s\n", file, strerror(-rc));
		return rc == -ENOMEM ? rc : -EINVAL;
	}
	buf_init(&line, CONFIG_FILE_MAX);
	if (buf_text(&text) != NULL)
		import_put_list(im, &o, "policyd",
		    domains ? "exempt_domains" : "trusted_relays",
		    buf_text(&text), 1, &line);
	put_line(im, &o, &line);
	import_whole(&text, &im->policyd);
	buf_free(&text);
	buf_free(&line);
	if (im->policyd_spf || im->perl)
		return 0;
	buf_str(&im->policyd,
	    "\thelo {\n\t\tfail = \"reject\"\n"
	    "\t\ttemperror = \"defer\"\n\t}\n"
	    "\tmail_from {\n\t\ttemperror = \"defer\"\n\t}\n");
	im->perl = true;
	return 0;
}
