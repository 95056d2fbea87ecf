/*
 * again.h - a command of ours in a message, as it is to be typed.
 *
 * Who reads "postseal setup a.example --apply" types that. Where this call
 * looks at another config, another Postfix or another folder of keys, the
 * command must, too, or it changes the wrong ones.
 */
#ifndef POSTSEAL_ADMIN_AGAIN_H
#define POSTSEAL_ADMIN_AGAIN_H

/* A call begins, with this config, and then has this option, by its long name:
 * only "config", "postfix" and "directory" mean the same to other commands.
 * Both borrow until the next call begins. */
void again_begin(const char *config);
void again_given(const char *option, const char *argument);

/* The command: "postseal", the words (as by printf(3)), the first of which is a
 * subcommand, and of those options the ones that it takes. Borrowed until the
 * next is asked for. Where memory is out: "postseal". */
const char *again(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
