/*
 * limits.h - by what the verifier is limited, each with its reason. Those that
 * other wings share are in common/limits.h.
 */
#ifndef POSTSEAL_VERIFIER_LIMITS_H
#define POSTSEAL_VERIFIER_LIMITS_H

enum {
	/* Forged fields that are deleted from one message. Postfix's cleanup
	 * needs quadratic time for them: 1,000 took 0.1 s, 10,000 took 9 s,
	 * 20,000 killed it (3.7.11). A message with more is not let in. */
	STRIP_MAX = 100,

	/* Authentication-Results that are judged, whoever's they are: an id
	 * with U-labels costs 20 us. One with more is not let in either. */
	STRIP_SEEN_MAX = 1000,

	/* DKIM-Signature fields that are read, to find the author's among them.
	 * Chains of forwarders have six. */
	CANDIDATES_MAX = 64,

	/* Signatures of one message that have a result, and the largest value
	 * of verifier.signatures (rows.c). The field has room for 16 results:
	 * one more says that there are more, and one is that of SPF. */
	RESULTS_MAX = 11,

	/* Names whose keys are asked for one message while DNS has more
	 * questions than it should (resolver_busy()): of the author, of who
	 * sends for him and of a list. Silent servers of one sender must leave
	 * room for other messages; what has no key then is not evaluated. And
	 * names of DMARC beside the author's, likewise. */
	QUESTIONS_BUSY_MAX = 3,

	/* Key records at one name that are tried: two while a key is
	 * changed. */
	KEY_RECORDS_MAX = 4,

	/* Bytes of a key record: an RSA key of 8,192 bits has 1,400. */
	KEY_TEXT_MAX = 8 * 1024,

	/* Bytes of all records at one name, as they stand in memory. */
	KEY_ANSWER_MAX = 2 * KEY_TEXT_MAX,

	/* Keys that a worker keeps as OpenSSL's, so that a sender's second
	 * message does not pay for it again: some 3 KiB each. */
	PUBKEYS_MAX = 256,

	/* DMARC: walks of a message, that of the author included, each of at
	 * most eight names: mail of a good sender needs two or three, and who
	 * signs with more domains wants others to ask for him. SPF's and those
	 * of what passes come first (evaluation.c). */
	DMARC_WALKS_MAX = 10,

	/* Domains of recipients that are kept for a report's line. */
	RECIPIENT_DOMAINS_MAX = 8,

	/* A line for reports: eleven signatures of some 400 bytes. */
	AGGREGATE_LINE_MAX = 16 * 1024,

	/* Bytes of such lines in a worker's file of a day: some half a million
	 * messages. */
	DAYFILE_MAX = 256 * 1024 * 1024,

	/* How long a file that could not be opened is left alone. */
	DAYFILE_RETRY_SECONDS = 60,

	/* The Authentication-Results field: 16 results of some 250 bytes. */
	RESULTS_FIELD_MAX = 16 * 1024
};

#endif
