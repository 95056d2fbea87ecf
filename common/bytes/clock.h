/*
 * clock.h - whether this host's clock can be right.
 *
 * A board without a battery begins at 1970, or where its image was made, and
 * has no better time until NTP has answered; what is signed or kept until then
 * must not say so.
 */
#ifndef POSTSEAL_COMMON_CLOCK_H
#define POSTSEAL_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/* 2020-01-01: this was written later. */
enum { CLOCK_MIN = 1577836800 };

/* Seconds since 1970 as time(2) has them; 0: nobody knows. */
static inline uint64_t
clock_seconds(time_t now)
{
	return now < CLOCK_MIN ? 0 : (uint64_t)now;
}

#endif
