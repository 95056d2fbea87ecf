/*
 * rotate.h - `postseal rotate`: the next key of a domain, step by step.
 *
 * 1. makes a key of each kind that signs now, not active, and says what to publish;
 * 2. when DNS has the records, lets the new keys sign and takes the old ones out;
 * 3. keeps the old records in DNS for some days, for mail that is on its way, and
 *    says when they may go.
 *
 * Each run does the next step that can be done, so it can be run from cron. What
 * was done is in KEYDIR/DOMAIN/rotate.json. Key files are never removed; DNS is
 * never changed.
 */
#ifndef POSTSEAL_ADMIN_ROTATE_H
#define POSTSEAL_ADMIN_ROTATE_H

/* The subcommand: argv[0] is "rotate". Its exit status: 0; 1 when it failed; 2 when
 * the command line is wrong; 3 when the new records are not in DNS yet. */
int rotate_run(int argc, char **argv);

#endif
