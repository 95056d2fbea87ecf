/*
 * invocation.h - a command of ours in a message, as it is to be typed.
 *
 * Who reads "postseal setup a.example --apply" types that. Where this process
 * looks at another config, another Postfix or another folder of keys, the
 * command must, too, or it changes the wrong ones.
 */
#ifndef POSTSEAL_ADMIN_INVOCATION_H
#define POSTSEAL_ADMIN_INVOCATION_H

/* A subcommand begins to run, with this config; then, of each option that it is
 * given: its long name, and its argument. Others than "config", "postfix" and
 * "directory" mean nothing to other commands, and are passed over. Both borrow
 * until the next one begins. */
void invocation_begin(const char *config);
void invocation_given(const char *option, const char *argument);

/* The command: "postseal", the words (as by printf(3)), the first of which is a
 * subcommand, and of those options the ones that it takes, their paths
 * absolute. Borrowed until the next is asked for. Where memory is out:
 * "postseal". */
const char *invocation(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

#endif
