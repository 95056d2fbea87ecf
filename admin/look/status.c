#include <errno.h>
#include <stdlib.h>

#include "admin/look/status.h"
#include "admin/look/status_text.h"
#include "admin/tool/running.h"

struct options {
	const char *only; /* NULL: all */
};

/* --- asking --------------------------------------------------------------- */

static const char *
why_not(int rc)
{
	if (rc == -ENOENT || rc == -ECONNREFUSED)
		return "is not running";
	if (rc == -EACCES)
		return "cannot be asked by this user: run this as root";
	if (rc == -EBADMSG)
		return "gives an answer that makes no sense";
	return strerror(-rc);
}

/* The daemon's answer, or an object that says why there is none; NULL when
 * memory is out. *ret_good: it is an answer. */
static json_t *
answer_of(const struct endpoint_list *control, bool *ret_good)
{
	json_t *answer = NULL;
	int rc = running_status(control, &answer);

	if (rc == 0) {
		*ret_good = !json_is_string(json_object_get(answer, "error"));
		return answer;
	}
	*ret_good = false;
	return json_pack("{s:s}", "error", why_not(rc));
}

/* --- printing ------------------------------------------------------------- */

static void
put_text(const char *daemon, const json_t *answer, bool good, struct buf *out)
{
	if (good)
		status_text(answer, out);
	else
		buf_fmt(out, "%s %s%s\n", daemon,
		    json_string_value(json_object_get(answer, "error")),
		    strcmp(daemon, "postseal-policyd") == 0
		        ? " (one that Postfix starts is not asked)"
		        : "");
}

/* How many of those that were asked have answered; -errno. */
static int
ask_all(struct call *c, const struct settings *s)
{
	const struct options *o = c->options;
	const struct {
		const char *word, *daemon;
		const struct endpoint_list *control;
	} daemon[] = {
	    {"policyd", "postseal-policyd", &s->policyd.daemon.control},
	    {"signer", "postseal-signer", &s->signer.daemon.control},
	    {"verifier", "postseal-verifier", &s->verifier.daemon.control},
	};
	json_t *all = json_object();
	int good = 0, rc = 0;

	for (size_t i = 0; i < sizeof daemon / sizeof *daemon; i++) {
		json_t *answer;
		bool one;

		if (o->only != NULL && strcmp(o->only, daemon[i].word) != 0)
			continue;
		answer = answer_of(daemon[i].control, &one);
		good += one;
		if (!c->json)
			put_text(daemon[i].daemon, answer, one, &c->out);
		if (json_object_set_new(all, daemon[i].daemon, answer) != 0)
			rc = -ENOMEM;
	}
	if (rc == 0 && c->json)
		rc = subcommand_json(c, json_incref(all));
	json_decref(all);
	return rc == 0 ? good : rc;
}

static int
run(struct call *c)
{
	struct tool t;
	int good;

	if (tool_open(&t, "status", c->config, SETTINGS_ALL) != 0)
		return TOOL_FAILED;
	good = ask_all(c, t.settings);
	tool_close(&t);
	if (good < 0)
		return good;
	return good > 0 ? TOOL_OK : TOOL_FAILED;
}

static int
take_words(struct call *c, char **word, int n)
{
	struct options *o = c->options;

	if (n > 1)
		return subcommand_wrong(c, "what is", word[1]);
	if (n == 1 && strcmp(word[0], "policyd") != 0 &&
	    strcmp(word[0], "signer") != 0 && strcmp(word[0], "verifier") != 0)
		return subcommand_wrong(c, "there is no daemon", word[0]);
	o->only = word[0]; /* NULL behind the last */
	return 0;
}

const struct subcommand status_subcommand = {
    .name = "status",
    .text = "how are the running daemons?",
    .head = "usage: postseal status [-c FILE] [--json] "
            "[policyd | signer | verifier]\n"
            "\n"
            "Asks the running daemons how they are.",
    .tail = "Exit status: 0; 1 when no daemon answers, or the named one does "
            "not; 2 when the\n"
            "command line is wrong.",
    .column = 21,
    .options = &(const struct options){.only = NULL},
    .size = sizeof(struct options),
    .option =
        {
            SUBCOMMAND_CONFIG,
            {'j', "json", NULL, "for machines", .take = subcommand_take_json},
        },
    .take_words = take_words,
    .run = run,
};
