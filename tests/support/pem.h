/*
 * pem.h - private keys for tests, made once with "openssl genpkey": making them
 * takes longer than most tests. They sign nothing outside of this tree.
 */
#ifndef POSTSEAL_TESTS_PEM_H
#define POSTSEAL_TESTS_PEM_H

extern const char pem_ed25519[];
extern const char pem_rsa2048[];
extern const char pem_rsa1024[]; /* allowed, and warned of */

#endif
