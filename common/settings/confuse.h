/*
 * confuse.h - libconfuse: text of a file -> values in the settings.
 *
 * The one user of libconfuse. Its tables are made from settings_rows.h; every
 * key is text or a list of texts to it, since its own numbers read 010 as 8.
 * The text comes from settings_scan(), which refuses what libconfuse takes too
 * easily.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_CONFUSE_H
#define POSTSEAL_COMMON_SETTINGS_CONFUSE_H

#include "common/settings/reader.h"

/* Said of a text that settings_scan() let through and libconfuse does not read
 * to its end; it is the last line then. */
#define SETTINGS_CONFUSE_STOPS "libconfuse stops here, or has no memory"

/*
 * Sets what text says; changes text (a check that all was read is appended).
 * The domains and keys from first_domain and first_key on are those of this
 * text, in its order. What is wrong is told to r.
 */
void settings_confuse_read(
    struct reader *r, struct buf *text, size_t first_domain, size_t first_key);

#endif
