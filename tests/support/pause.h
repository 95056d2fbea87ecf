/* pause.h - time that passes in a test, in the real loop. */
#ifndef POSTSEAL_TESTS_PAUSE_H
#define POSTSEAL_TESTS_PAUSE_H

#include "common/io/loop.h"

/* Runs the loop for ms, or until something else stops it. */
void pause_loop(struct loop *l, unsigned ms);

#endif
