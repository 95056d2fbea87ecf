/*
 * descriptors.h - a process that has few file descriptors.
 *
 *     struct rlimit old = descriptors_limit(0);
 *     ...none can be opened
 *     descriptors_back(&old);
 */
#ifndef POSTSEAL_TESTS_DESCRIPTORS_H
#define POSTSEAL_TESTS_DESCRIPTORS_H

#include <sys/resource.h>

/* This process may open none whose number is n or more, until
 * descriptors_back() of what was before, which is returned. */
struct rlimit descriptors_limit(rlim_t n);
void descriptors_back(const struct rlimit *old);

#endif
