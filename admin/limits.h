/*
 * limits.h - by what the admin command is limited, each with its reason. Those
 * that other wings share are in common/limits.h.
 */
#ifndef POSTSEAL_ADMIN_LIMITS_H
#define POSTSEAL_ADMIN_LIMITS_H

enum {
	/* What postconf(1) prints of one parameter: a list with a thousand
	 * entries is some 50 KB. Of all it is asked at once: master.cf of a
	 * large host. And how long a program may take that does nothing but
	 * read or write two files. */
	POSTCONF_VALUE_MAX = 256 * 1024,
	PROGRAM_OUTPUT_MAX = 4 * 1024 * 1024,
	PROGRAM_SECONDS = 60,

	/* `postseal check`: addresses that mail leaves from; who has more asks
	 * of a few with --ip. Bytes of the name of a service or a restriction
	 * class of Postfix, with a NUL: they are words that people type. */
	CHECKDNS_ADDRESSES_MAX = 16,
	POSTFIX_NAME_MAX = 256,

	/* `postseal check`: addresses in rua= and ruf= of a record whose hosts
	 * are looked up: with the walks of the domain and of the HELO name
	 * those are DMARC_WALKS_MAX. */
	CHECKDMARC_REPORTS_MAX = 8,

	/* `postseal check`: how long it waits for a DNS server; one that works
	 * needs no longer for a name that is well. What one takes that has to
	 * ask another host for what it knows, microseconds. */
	CHECKSERVERS_SECONDS = 2,
	CHECKSERVERS_SLOW_US = 5000,

	/* `postseal check`: how long it waits for a milter or policy service
	 * that has to answer a question for which no DNS is needed; spawn(8)
	 * has to start it first. */
	CHECK_ANSWER_SECONDS = 10,

	/* `postseal check`: 10,000 domains with a dozen findings of 100 bytes
	 * each. */
	FINDINGS_MEMORY_MAX = 16 * 1024 * 1024,

	/* The admin command: what it prints (a config of 10,000 domains is some
	 * 2 MB), and its sentences (one for each of 10,000 bad keys). */
	TOOL_TEXT_MAX = 64 * 1024 * 1024,
	TOOL_MESSAGES_MAX = 1024 * 1024,

	/* How long a person may wait before a line says for what. */
	PROGRESS_MS = 1000,

	/* DNS questions of the admin command that are out at one time, as a
	 * careful neighbour of a resolver that the mail needs, too. */
	DNSWAIT_TOGETHER = 64,

	/* How long `postseal status` waits for each piece of an answer, of
	 * which there are CONN_OUT_MAX bytes at the most. The helper answers at
	 * once. */
	STATUS_SECONDS = 5,

	/* How long `postseal setup` and `check` wait for a daemon to take a
	 * connection; one that runs does at once. */
	SETUP_ANSWER_SECONDS = 2,

	/* How long a daemon may take to have new settings in force, a little
	 * longer than its workers may take to be ready (WORKER_READY_SECONDS),
	 * and how often it is asked meanwhile. */
	RELOAD_SECONDS = 40,
	RELOAD_ASK_MS = 50,

	/* `postseal import`: OpenDKIM has some 150 options, and nobody's files
	 * lie deeper in each other. Bytes of a list of words or users that is
	 * read. */
	IMPORT_OPTIONS_MAX = 1000,
	IMPORT_DEPTH_MAX = 5,
	IMPORT_LIST_MAX = 1024 * 1024,

	/* The same from a database: what is asked and what its client
	 * answers, and how long that may take. Rows of 10,000 domains with
	 * their keys. */
	DATABASE_TEXT_MAX = 64 * 1024,
	DATABASE_ROWS_MAX = 32 * 1024 * 1024,
	DATABASE_MS = 30 * 1000,

	/* `postseal rotate`: keys of one domain that sign at one time
	 * (SIGNATURES_MAX), and the file with their names. */
	ROTATE_KEYS_MAX = 16,
	ROTATE_STATE_MAX = 64 * 1024,

	/* Networks of internal_hosts that `postseal check` names at once: a
	 * line that can be read, and a command that is no longer than a
	 * page. */
	CHECK_NETWORKS_MAX = 16
};

#endif
