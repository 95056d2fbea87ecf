/*
 * limits.h - by what the signer is limited, each with its reason. Those that
 * other wings share are in common/limits.h.
 */
#ifndef POSTSEAL_SIGNER_LIMITS_H
#define POSTSEAL_SIGNER_LIMITS_H

enum {
	/* Names in h= of a signature: a message that names one field hundreds
	 * of times is no mail; Postfix's header_size_limit (100 KiB) would cut
	 * a longer one. */
	HDRSEL_MAX = 512,

	/* What is kept of the MIME structure of a message, to see what Postfix
	 * would see: parts in parts (its mime_nesting_limit is 100, and the
	 * first does not count), their boundaries (100 of 76 bytes, twice) and
	 * one Content-Type field or line. Mail of programs has 5 parts in each
	 * other, and fields of 300 bytes. */
	MIMEWALK_DEPTH_MAX = 101,
	MIMEWALK_BOUNDS_MAX = 16 * 1024,
	MIMEWALK_LINE_MAX = 8 * 1024,

	/* The value of a DKIM-Signature: h= as above fills some 20 KiB. */
	SIGFIELD_MAX = 32 * 1024,

	/* A key file: RSA of 4,096 bits is 3.3 KiB of PEM. */
	KEY_FILE_MAX = 16 * 1024,

	/* The helper compares all keys with DNS every hour, or sooner when DNS
	 * did not answer; a few at a time, as a careful neighbour of a resolver
	 * that the mail needs, too. */
	KEYCHECK_MS = 3600 * 1000,
	KEYCHECK_AGAIN_MS = 300 * 1000,
	KEYCHECK_TOGETHER = 32,

	/* Tables of the signer. A file of 100,000 rows that hold their keys is
	 * some 200 MB and better kept as key files; 10,000 of them fit. A row:
	 * a key of 4,096 bits is 3.3 KiB. As much of a word as shows which one
	 * is wrong. */
	TABLE_FILE_MAX = 64 * 1024 * 1024,
	TABLE_ROWS_MAX = 200 * 1000,
	TABLE_LINE_MAX = 8 * 1024,
	TABLE_TOLD_MAX = 256,

	/* Signatures of one message: with sign_all each row that matches makes
	 * one. Verifiers look at a few; opendkim's at 3. */
	SIGNATURES_MAX = 16,

	/* Names of hosts in the Received-SPF and Authentication-Results of one
	 * message that are compared with ours; one with more is not signed. A
	 * message passes 50 hosts at most (Postfix's hopcount_limit), and a
	 * comparison asks all patterns of a table. */
	INBOUND_NAMES_MAX = 50,

	/* Signatures with a key's d= and s= in a message that are verified, to
	 * see if the message needs another one. Who hands one in again has one
	 * of each; a sender could put in thousands that are none. */
	SIGNED_TRIED_MAX = 2
};

#endif
