/*
 * rows.h - the table of all keys and sections, for the files of
 * settings.h alone; everyone else asks settings_each().
 */
#ifndef POSTSEAL_COMMON_SETTINGS_ROWS_H
#define POSTSEAL_COMMON_SETTINGS_ROWS_H

#include "common/settings/settings.h"

/* How the value of a key is written -> its type in struct settings. */
enum row_type {
	/* Text -> const char *. */
	ROW_HOST,  /* name of a host */
	ROW_ID,    /* the same, or "" */
	ROW_LOG,   /* what log_open() takes */
	ROW_USER,  /* name of a user */
	ROW_GROUP, /* name of a group, "" for none -> NULL */
	ROW_FILE,  /* absolute path */
	ROW_TABLE, /* the same behind a type of OpenDKIM; "" -> NULL */
	ROW_ROWS,  /* the same, or "inline:" and the rows */

	ROW_NUMBER, /* strictly decimal, min..max -> unsigned */
	ROW_BOOL,   /* true or false -> bool */
	ROW_ENUM,   /* one of words, in the order of the enum -> unsigned */
	ROW_EITHER, /* first or second of two words -> false or true */
	ROW_MODE,   /* octal -> mode_t */
	ROW_CANON,  /* "header/body" -> those fields of signer_settings */
	ROW_ACTION, /* -> struct action */
	ROW_REPLY,  /* template of reply.h -> const char * */

	/* Lists -> struct X_list. */
	ROW_CLASSES,    /* restriction classes -> text */
	ROW_CIDRS,      /* networks -> cidr */
	ROW_NETWORKS,   /* the same, or "this-host" */
	ROW_HOSTS,      /* networks, names, files of such -> text */
	ROW_WORDS,      /* words without spaces -> text */
	ROW_MACROS,     /* "{name}", "{name}=value|value" -> text */
	ROW_DOMAINS,    /* names, as A-labels -> text */
	ROW_PRINTS,     /* fingerprints of certificates -> text */
	ROW_FIELDS,     /* names of header fields, "!" behind -> text */
	ROW_REFUSALS,   /* words of verifier.reject -> text */
	ROW_FORWARDERS, /* networks, "dkim:" and "spf:" names -> forwarder */
	ROW_ENDPOINTS,  /* where to listen -> endpoint */
	ROW_SERVERS     /* DNS servers -> dns_server */
};

struct row {
	const char *section; /* "" or the path of a struct section */
	const char *name;
	enum row_type type;
	size_t at; /* in the struct of its section's owner */
	/* The default as in the config but without quotes, the values of a list
	 * parted by spaces; NULL: none. */
	const char *value;
	const char *help;   /* one paragraph */
	unsigned min, max;  /* ROW_NUMBER; of a list max: values, 0: any */
	const char *words;  /* ROW_ENUM, ROW_EITHER: "a|b|c" */
	const char *sample; /* for the sample file, where value is NULL */
	bool general;       /* not in sections that share its own */
	bool laid; /* set in the sample file, and so in each new config: not to
	            * be set means more than its default */
	/* The key is not used any more, and why: read with a warning, shown
	 * nowhere, so that a config from before goes on. */
	const char *gone;
};

/* In which struct the fields of a section's rows are. */
enum owner {
	OF_ALL,      /* settings */
	OF_DOMAIN,   /* domain_settings */
	OF_KEY,      /* key_settings */
	OF_RECIPIENT /* recipient_settings: a policyd of its own */
};

struct section {
	const char *path;   /* "policyd.helo" */
	const char *parent; /* "policyd"; "": the file */
	const char *name;   /* "helo" */
	const char *title;  /* an example for the sample file; NULL: has none */
	enum settings_scope scope;
	const char *help;
	const char *shares; /* path of a section whose rows may stand in this
	                     * one, too, but those that are general; or NULL */
	enum owner owner;   /* a section that has a title begins one */
};

extern const struct row settings_rows[];
extern const size_t settings_nrows;

/* Parents before their children. */
extern const struct section settings_sections[];
extern const size_t settings_nsections;

#endif
