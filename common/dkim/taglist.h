/*
 * taglist.h - tag=value lists: RFC 6376 section 3.2.
 *
 * For DKIM-Signature values and key records. Names are case-sensitive; white
 * space and folds (CRLF or LF) around names and values are not part of them,
 * but inside a value they stay. Bytes from 0x80 on are let into values (RFC
 * 8616 section 5). What the tags mean is known by sigfield.c and keyrecord.c.
 */
#ifndef POSTSEAL_SIGNER_TAGLIST_H
#define POSTSEAL_SIGNER_TAGLIST_H

#include "common/limits.h" /* TAGLIST_MAX */
#include "common/bytes/span.h"

struct tag {
	struct span name;
	struct span value; /* trimmed; empty is a value, too */
};

struct taglist {
	struct tag v[TAGLIST_MAX]; /* in the order of the text */
	size_t n;
};

/*
 * Reads the whole text; the spans point into it. PARSE_OK, or PARSE_BAD with
 * *ret untouched and a static reason: a duplicate tag makes the whole list
 * invalid, so do an empty list and more than TAGLIST_MAX tags. Never
 * PARSE_MORE.
 */
enum parse taglist_parse(
    struct span text, struct taglist *ret, const char **ret_why);

/* The tag of that name, or NULL. Borrows from list. */
const struct tag *taglist_find(const struct taglist *list, const char *name);

/* Takes the first item off *list, a list parted by ':' as in h=, t= and s=,
 * and returns it trimmed of white space and folds. Ends when list->n is 0. */
struct span taglist_item(struct span *list);

/* The span without white space and line ends at both ends. */
struct span taglist_trim(struct span s);

#endif
