/*
 * scan.h - the syntax of the config: text -> items, in one pass.
 *
 *     file    = *item
 *     item    = key "=" (value / "{" [value *("," value) [","]] "}")
 *             / key [value] "{" *item "}"
 *     key     = letters, digits, '_' and '-'
 *     value   = word / "..." (only \" and \\ are escapes) / '...'
 *     word    = letters, digits and _ - . : / @ [ ]
 *     comment = '#' or "//" up to the end of the line, or as in C; it does not
 *               begin in the middle of a word
 * A string ends in the line where it begins. It looks like libconfuse's;
 * refused is what that one lets pass: a file that ends in a section or a
 * comment, bytes that are in no token, ${VAR} of the environment, "+=",
 * include(), a key twice.
 *
 * Which keys there are, and what a value means, is not known here (read.c).
 */
#ifndef POSTSEAL_COMMON_SETTINGS_SCAN_H
#define POSTSEAL_COMMON_SETTINGS_SCAN_H

#include "common/bytes/span.h"

enum scan_kind { SCAN_VALUE, SCAN_LIST, SCAN_SECTION, SCAN_TITLED };

enum scan_top {
	TOP_OTHER, /* no section of the top level */
	TOP_IN,    /* a section in scope */
	TOP_OUT /* out of scope: nothing in it is judged, but that it closes */
};

struct scan_item {
	const char *key;   /* "policyd.helo.fail", titles left out */
	struct span title; /* SCAN_TITLED: as written, with its quotes */
	enum scan_kind kind;
	unsigned line;  /* of the key */
	const char *at; /* in the text: of a section its key, else its value */
};

/* All is borrowed for the call. */
struct scan_events {
	/* An item begins: a section before what is in it, a key before its
	 * values. */
	void (*item)(void *arg, const struct scan_item *item);

	/* A value of the last item: raw, with its quotes. May be NULL. */
	void (*value)(void *arg, struct span raw, unsigned line);

	/* The innermost item that has begun ends in front of p. May be NULL. */
	void (*end)(void *arg, const char *p);

	/* What is wrong, once; key is "" outside any item. */
	void (*bad)(void *arg, unsigned line, const char *key, const char *why);

	/* What a key of the top level is. */
	enum scan_top (*top)(void *arg, struct span key);
};

/* Reads text to its end, or to what is wrong. 0, or -EINVAL behind bad(). */
int settings_scan(
    struct span text, const struct scan_events *events, void *arg);

#endif
