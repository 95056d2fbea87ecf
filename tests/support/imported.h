/*
 * imported.h - what `postseal import` has noted, as it would print it.
 */
#ifndef POSTSEAL_TESTS_IMPORTED_H
#define POSTSEAL_TESTS_IMPORTED_H

#include "admin/import/import.h"

/* The lines of one kind; valid until the fourth call from now. */
const char *imported_notes(const struct import *im, enum import_kind kind);

#endif
