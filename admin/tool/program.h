/*
 * program.h - runs a program to its end: no shell, what it says is bounded.
 */
#ifndef POSTSEAL_ADMIN_PROGRAM_H
#define POSTSEAL_ADMIN_PROGRAM_H

#include "admin/limits.h"
#include "common/bytes/buf.h"

/*
 * Runs argv (ended by NULL); its program is looked for in $PATH and then where
 * those of an administrator lie, which cron's $PATH does not have. Its standard
 * input is /dev/null, its messages are in English, what it writes to standard
 * output and error is appended to out and err. 0 and its exit status in
 * *ret_status (128 and the signal's number when one ended it); -ENOENT when
 * there is no such program; -ETIME after PROGRAM_SECONDS, -EFBIG when it says
 * too much (it is killed then); or another -errno.
 */
int program_run(
    const char *const *argv, struct buf *out, struct buf *err, int *ret_status);

/* The same, for so many milliseconds. */
int program_run_for(const char *const *argv, unsigned ms, struct buf *out,
    struct buf *err, int *ret_status);

#endif
