/*
 * fixture.h - a signer for tests: settings, key files in a directory of its
 * own, keyring and scratch memory.
 *
 * Config text names files of that directory with '@' in front: "@ed.pem",
 * "@rsa.pem" (2,048 bits), "@short.pem" (1,024), all mode 0600; "@open.pem",
 * mode 0644; "@garbage.pem", which is no key; "@twisted.pem", an RSA key whose
 * parts do not fit, which only signing shows; "@none.pem" does not exist.
 */
#ifndef POSTSEAL_TESTS_FIXTURE_H
#define POSTSEAL_TESTS_FIXTURE_H

#include "common/settings/settings.h"
#include "signer/keys/keyring.h"
#include "signer/signer.h"
#include "tests/support/logged.h"
#include "tests/support/tmpdir.h"

struct fixture {
	struct tmpdir dir;
	struct settings *settings;
	struct keyring *keys;
	struct signer signer;
	struct buf why; /* what keyring_open() said */
	struct buf warn;
	struct logged log;
};

/* config is the whole text of a config file. Aborts the test program when
 * settings or memory fail; bad keys are told in why. The directory stays until
 * fixture_free(); the log goes into a file there. */
void fixture_make(struct fixture *f, const char *config);

/* The same; files() first writes more files into the directory. */
void fixture_make_with(struct fixture *f, const char *config,
    void (*files)(const struct tmpdir *d));

void fixture_free(struct fixture *f);

/* Key i of a domain section; borrows. */
struct key *fixture_key(const struct fixture *f, const char *domain, size_t i);

/* A message from alice@ed.example with folds, spaces and empty lines at its
 * end; one of a domain that is not in a config of ours. */
extern const char fixture_message[], fixture_foreign[];

/* The path of "@name" into path[TMPDIR_PATH_MAX]; returns path. */
char *fixture_file(const struct fixture *f, const char *name, char *path);

/* What was logged since the last call; borrows until the next. */
const char *fixture_logged(struct fixture *f);

/* How many lines text has. */
unsigned fixture_lines(const char *text);

#endif
