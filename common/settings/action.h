/*
 * action.h - what may stand as an action: our four words, the actions
 * of Postfix's access(5), restriction classes.
 *
 * "header", "reject", "defer" and "dunno", in exactly lower case, are ours. All
 * else goes to Postfix as it stands, where case does not matter: "REJECT" is
 * Postfix's own, with its code and text. A word that Postfix does not know it
 * takes for a restriction, and answers 451 to every such mail: refused here.
 *
 * What is sent for an action is known by policyd/decide/verdict.c.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_ACTION_H
#define POSTSEAL_COMMON_SETTINGS_ACTION_H

#include "common/settings/settings.h"

/*
 * Text -> action; its text is copied into arena. A single word that is no
 * action is taken for a restriction class (settings_action_is_class()). 0;
 * -EINVAL with *ret untouched and a static reason; -ENOMEM.
 */
int settings_action_parse(struct span text, struct arena *arena,
    struct action *ret, const char **ret_why);

/* The action of a result of which a section says nothing, written "":
 * allowed where that is the default of the row. It is never given. */
extern const struct action settings_action_unset;
bool settings_action_is_set(const struct action *a);

/* As the config writes it. Borrows a. */
const char *settings_action_text(const struct action *a);

/* True if it must be one of restriction_classes. */
bool settings_action_is_class(const struct action *a);

/* True if a restriction class may have this name: letters, digits, '_' and '-',
 * and no action, which Postfix would take it for. */
bool settings_action_is_class_name(struct span name);

/* Of an access(5) action: true if Postfix goes on to the next restriction. All
 * others, restriction classes too, may permit or refuse. */
bool settings_action_goes_on(const struct action *a);

/* Of an access(5) action: true if it adds something to the message (PREPEND,
 * BCC), once more each time that it is said. */
bool settings_action_adds(const struct action *a);

/* What an administrator should know about it, in words, or NULL: that
 * Postfix permits the mail and skips all later restrictions; that it sends
 * another code. */
const char *settings_action_warning(const struct action *a);

#endif
