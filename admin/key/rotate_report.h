/*
 * rotate_report.h - what a step of `postseal rotate` has done and found, as
 * text for people or as JSON.
 *
 * rotate.c fills it in; nothing is found out here.
 */
#ifndef POSTSEAL_ADMIN_ROTATE_REPORT_H
#define POSTSEAL_ADMIN_ROTATE_REPORT_H

#include "admin/key/domainkey.h"
#include "admin/key/genkey.h"
#include "admin/key/rotate_state.h"

enum { ROTATE_DAY = 24 * 60 * 60 };

/* What is asked of it. */
struct rotate {
	const char *config, *keydir;
	const char *domain; /* A-labels */
	unsigned keep;      /* days; 0: as the config says (rotate_keep) */
	unsigned every; /* days: begins only when the newest key is so old, and
	                 * says nothing while there is nothing to do */
	bool status;    /* only says how far it is */
	bool again; /* the records were printed a moment ago: not once more */
};

/* How far it is, and what comes next. */
enum rotate_progress {
	ROTATE_FAILED,  /* it is not known */
	ROTATE_NONE,    /* no rotation is under way: one begins */
	ROTATE_MAKING,  /* a run was cut off: the new keys are made */
	ROTATE_PUBLISH, /* DNS is to get the new records */
	ROTATE_READY,   /* DNS has them: the new keys begin to sign */
	ROTATE_UNTOLD,  /* the running signer is to be told of that */
	ROTATE_KEEP,    /* the new keys sign; wait until old mail has come */
	ROTATE_REMOVE,  /* the old records are to be removed */
	ROTATE_DONE     /* the old private keys are of no use */
};

enum rotate_published { ROTATE_UNSAID, ROTATE_THERE, ROTATE_GONE };

struct rotate_old {
	char *file; /* owned: the private key, where there is one; or NULL */
	enum rotate_published record; /* in DNS */
	const char *problem;          /* of DNS; a literal, or NULL */
};

struct rotate_report {
	const struct rotate *o; /* borrowed */
	enum rotate_progress progress;
	struct genkey_pair made;   /* by this step */
	struct domainkey *key;     /* owned: those of the config, */
	size_t n;                  /* where they were looked at */
	struct rotate_names names; /* of the new keys */
	struct rotate_names old_names;
	struct rotate_old old[ROTATE_KEYS_MAX]; /* of each of those */
	bool activated;                         /* this step let them sign */
	bool in_force; /* this step has told the running signer */
	int64_t now;   /* UNIX */
	int64_t until; /* nothing comes before; 0: now */
	unsigned kept; /* days that old records stay */
};

/* Frees what it holds. */
void rotate_report_clear(struct rotate_report *r);

/* Days from now until then; 0: none. */
int64_t rotate_report_days(const struct rotate_report *r);

/* Appends it for people; nothing where cron has to send no mail. */
void rotate_report_print(const struct rotate_report *r, struct buf *out);

/* The same for --json. Owned; NULL: memory is out. */
struct json_t *rotate_report_json(const struct rotate_report *r);

#endif
