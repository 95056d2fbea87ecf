/*
 * scan.h - the syntax of the config, before libconfuse sees it.
 *
 * libconfuse 3.3 is laxer than postseal.conf(5) promises. It takes a file that
 * ends inside a section or a comment, skips bytes it does not know ('*', a lone
 * CR), stops at a NUL, puts in ${VAR} from the environment, takes `a|b = 1` and
 * `"a" = 1` for keys, appends with "+=", cuts a string at "\0", counts lines
 * wrongly behind a comment, and of two equal keys it takes the last. All that
 * is refused here, or taken out (comments).
 *
 * The syntax, a part of libconfuse's:
 *     file    = *item
 *     item    = key "=" (value / "{" [value *("," value) [","]] "}")
 *             / key [value] "{" *item "}"
 *     key     = letters, digits, '_' and '-'
 *     value   = word / "..." (only \" and \\ are escapes) / '...'
 *     word    = letters, digits and _ - . : / @ [ ]
 *     comment = '#' or "//" up to the end of the line, or as in C; it does not
 *               begin in the middle of a word
 * A string ends in the line where it begins.
 *
 * Which keys there are is not known here (settings_read.c).
 */
#ifndef POSTSEAL_COMMON_SETTINGS_SCAN_H
#define POSTSEAL_COMMON_SETTINGS_SCAN_H

#include "common/bytes/buf.h"

enum scan_kind { SCAN_VALUE, SCAN_LIST, SCAN_SECTION, SCAN_TITLED };

enum scan_top {
	TOP_OTHER, /* no section of the top level */
	TOP_IN,    /* a section in scope */
	TOP_OUT /* out of scope: nothing in it is judged, but that it closes */
};

struct scan_item {
	const char *key;   /* "policyd.helo.fail", titles left out */
	struct span title; /* SCAN_TITLED: as written, without its quotes */
	enum scan_kind kind;
	unsigned line;
};

struct scan_events {
	/* One item, a section before what is in it; borrowed for the call. */
	void (*item)(void *arg, const struct scan_item *item);

	/* What is wrong, once; key is "" outside any item. */
	void (*bad)(void *arg, unsigned line, const char *key, const char *why);

	/* What a key of the top level is. */
	enum scan_top (*top)(void *arg, struct span key);
};

/*
 * Reads text and appends to clean what libconfuse shall read: the same items on
 * the same lines, without comments, skipped sections and titles, NUL-free. (For
 * each title libconfuse searches all that it has, and of two equal sections it
 * keeps the last.) 0; -EINVAL when bad() was called; -EMSGSIZE or -ENOMEM from
 * clean.
 */
int settings_scan(struct span text, const struct scan_events *events, void *arg,
    struct buf *clean);

#endif
