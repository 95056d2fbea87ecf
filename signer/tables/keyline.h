/*
 * keyline.h - a private key on one line, as OpenDKIM's KeyTable may have it: a
 * PEM file whose line ends are "\n" (two letters) or white space, or only the
 * base64 of its DER.
 *
 * It becomes a PEM file's text, in one place, with no copy of a part of it
 * anywhere. Whether it is a key, keyfile.c says; the line is the caller's to
 * wipe.
 */
#ifndef POSTSEAL_SIGNER_KEYLINE_H
#define POSTSEAL_SIGNER_KEYLINE_H

#include "common/bytes/arena.h"
#include "common/bytes/span.h"

/* A C string in the arena, for the caller to wipe; NULL when memory is out. */
char *keyline_pem(struct span key, struct arena *arena);

#endif
