/*
 * shown.h - what a daemon's struct stats_report shows, as a text to compare.
 */
#ifndef POSTSEAL_TESTS_SHOWN_H
#define POSTSEAL_TESTS_SHOWN_H

#include "common/stats/stats.h"

/* Checks that want has all families in their order, a line each, as "counter
 * requests_total" or "gauge generation"; that each series is there once and
 * each counter is one series of one name; that what is told of a family ends as
 * a sentence does. */
void shown_check(const struct stats_report *report, const char *want);

#endif
