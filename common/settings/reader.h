/*
 * reader.h - the state while the config is read: what is wrong so far,
 * and the domains of all files until they are sorted.
 *
 * For read.c and given.c alone.
 */
#ifndef POSTSEAL_COMMON_SETTINGS_READER_H
#define POSTSEAL_COMMON_SETTINGS_READER_H

#include "common/io/owners.h"
#include "common/settings/rows.h"

/* One key of the text that is being read (given.h). */
struct given {
	const struct row *row;
	const char *section; /* where it stands */
	enum owner owner;
	size_t index;    /* of the owner, in the array of r */
	size_t turn;     /* when it is set */
	size_t first, n; /* its values */
	unsigned line;   /* of the last one, or of the key */
};

struct reader {
	struct settings *s;
	enum settings_scope scope;
	struct buf *why;  /* borrowed, as settings_read() has it */
	struct buf *warn; /* the same */
	struct buf note;  /* scratch for one reason */
	int error;        /* 0, -EINVAL or -ENOMEM: of all files */

	const char *file; /* that is being read, in the arena */
	bool domains_only;
	struct owners owners; /* of all files */

	/* In the order of the files; the keys of a domain follow each other in
	 * key, and domain.key is not set yet. Owned. */
	struct domain_settings *domain;
	size_t ndomains;
	size_t domain_cap;
	struct key_settings *key;
	size_t nkeys;
	size_t key_cap;

	/* In the order of the file; policyd is not set yet. Owned. */
	struct recipient_settings *recipient;
	size_t nrecipients;
	size_t recipient_cap;

	/* Of the file that is being read. Owned; the values lie in its text or
	 * in the arena. */
	struct given *given;
	size_t ngiven;
	size_t given_cap;
	struct span *value;
	size_t nvalues;
	size_t value_cap;
};

/* 0, with the defaults set, or -ENOMEM. Borrows why and warn until the end. */
int settings_reader_init(struct reader *r, const char *file,
    enum settings_scope scope, struct buf *why, struct buf *warn);

/* Frees all that is left in r. */
void settings_reader_free(struct reader *r);

/* What is wrong, as printf(3): "FILE:LINE: KEY: ..."; line 0 and key "" are
 * left out. The config will be refused. */
void settings_reader_complain(struct reader *r, unsigned line, const char *key,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same for what is only worth a warning. */
void settings_reader_warn(struct reader *r, unsigned line, const char *key,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Memory is out. */
void settings_reader_nomem(struct reader *r);

/* Makes room in *v, which has n elements of size bytes, for one more. False
 * when memory is out, which is told. */
bool settings_reader_grow(
    struct reader *r, void **v, size_t n, size_t *cap, size_t size);

/* A domain section, or in the last one a key section, begins. Its title is raw:
 * with its quotes. */
void settings_reader_domain(struct reader *r, struct span title, unsigned line);
void settings_reader_key(struct reader *r, struct span title, unsigned line);

/* A recipient section begins. */
void settings_reader_recipient(
    struct reader *r, struct span title, unsigned line);

/* All files are read: judges the whole. 0 and *ret owned, or -errno. */
int settings_reader_finish(struct reader *r, struct settings **ret);

#endif
