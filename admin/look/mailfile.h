/*
 * mailfile.h - a message from a file, given to a struct message as a milter
 * would get it.
 *
 * Lines may end in LF or CRLF; a "From " line of a mailbox in front is skipped;
 * what is no header field begins the body, as sendmail(1) has it. What becomes
 * of the message is its caller's affair.
 */
#ifndef POSTSEAL_ADMIN_MAILFILE_H
#define POSTSEAL_ADMIN_MAILFILE_H

#include <stdio.h>

#include "common/mail/message.h"

/*
 * Reads in to its end: the fields into m, then calls headers(arg) once, then
 * body(arg) with the body in pieces, each line with CRLF, which m counts. 0, or
 * -EIO when it cannot be read.
 */
int mailfile_feed(FILE *in, struct message *m, void (*headers)(void *arg),
    void (*body)(void *arg, struct span in), void *arg);

#endif
