/*
 * spawned.h - one connection on descriptors 0 and 1, as Postfix's spawn(8)
 * starts the daemon (there 0, 1 and 2 are the same socket); pipes and files do
 * too.
 *
 * The process ends at the end of its input, on SIGTERM or SIGINT, never by
 * itself: SIGHUP, SIGUSR1 and SIGUSR2 are ignored. It cannot know the service's
 * time limit, and one that went away between requests would cost the next mail
 * a second and a second header. Settings that cannot be used do not end it
 * either: then every request gets dunno (policy.h).
 */
#ifndef POSTSEAL_POLICYD_SPAWNED_H
#define POSTSEAL_POLICYD_SPAWNED_H

/*
 * Takes over descriptors 0 and 1 and puts /dev/null on 0, 1 and 2, as libraries
 * may print and 2 is the peer, too; then reads the settings in file and serves.
 * Returns the exit code of the process.
 */
int spawned_run(const char *file);

#endif
