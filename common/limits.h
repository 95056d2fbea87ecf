/*
 * limits.h - what the common rooms and several wings are limited by, each with
 * its reason. What only one wing is limited by is in its own limits.h.
 *
 * Each has a test at the limit and one over it. What an administrator may want
 * to change is a key of the config instead (rows.c); its range is there.
 */
#ifndef POSTSEAL_COMMON_LIMITS_H
#define POSTSEAL_COMMON_LIMITS_H

enum {
	/* Logging: rsyslog and journald take 8 KiB and more, but classic
	 * syslogd cuts at 1 KiB with the prefix; a decision line is some 300
	 * bytes. */
	LOG_LINE_MAX = 1024,

	/* The same without the prefix (time, ident, pid). */
	LOG_TEXT_MAX = LOG_LINE_MAX - 64,

	/* What a stranger chose, in a line: three such values and all short
	 * ones fit; most addresses and names do (log_given). */
	LOG_GIVEN_MAX = 200,

	/* Config: a file of 10,000 domains is some 1.5 MB. */
	CONFIG_FILE_MAX = 16 * 1024 * 1024,

	/* Sections in sections: domain { key { } } is 2. Different keys of one
	 * section: the largest has some 15. Bytes of a key: the longest has
	 * some 20. All three leave room to tell unknown ones. */
	CONFIG_DEPTH_MAX = 4,
	CONFIG_KEYS_MAX = 48,
	CONFIG_KEY_MAX = 40,

	/* Reading: one read(2) of the worker's scratch buffer. Postfix sends
	 * body packets of 64 KiB; larger reads gain nothing. */
	READ_CHUNK = 64 * 1024,

	/* Workers of a generation: more than the cores of any mail server, and
	 * each has its caches to warm. */
	WORKERS_MAX = 64,

	/* Worker processes of all generations together: 100 reloads on two
	 * cores while a session lasts. A reload that would need more is
	 * refused, the older half is told to finish, and the next reload has
	 * room. */
	WORKERS_TOTAL_MAX = 256,

	/* Domains whose signatures are counted one by one, for metrics: each
	 * makes two time series, and who signs for more looks at the sum or the
	 * log. */
	STATS_DOMAINS_MAX = 256,

	/* Counters of one daemon: the signer's 24 reasons and all others are
	 * 70. */
	STATS_COUNTERS_MAX = 128,

	/* Control socket and metrics: connections at one time, time for a
	 * question and its answer, and without any after one could not be
	 * accepted. Administrators, their cron jobs and scrapers ask, and read
	 * at once. */
	ASKERS_MAX = 16,
	ASKERS_MS = 10 * 1000,
	ASKERS_PAUSE_MS = 1000,

	/* A question: a command; an HTTP request, of which browsers' are 1
	 * KiB. */
	CONTROL_LINE_MAX = 64,
	METRICS_REQUEST_MAX = 8 * 1024,

	/* An answer: STATS_DOMAINS_MAX make 50 KB of it; goes out in one piece
	 * with its header (CONN_OUT_MAX). */
	METRICS_TEXT_MAX = 255 * 1024,

	/* Sockets to listen on: one for Postfix, one for each other host or
	 * port. */
	LISTEN_MAX = 64,

	/* How long workers may take. A drained one has the time of a long SMTP
	 * session; one that shall finish, that of a message. On SIGTERM a
	 * service manager waits, and so does the mail: for a request as long as
	 * it may last by default (time_limit is 20 s; a longer one may be cut)
	 * and less than TimeoutStopSec of the units (30 s). */
	WORKER_DRAIN_SECONDS = 3600,
	WORKER_FINISH_SECONDS = 300,
	WORKER_READY_SECONDS = 30,
	SUPERVISOR_STOP_SECONDS = 25,

	/* A worker shows that it is alive; one that has not for so many times
	 * (half a minute, so that a busy or swapping machine does not lose one)
	 * is killed, and after two it gets no new connection until it moves. */
	WORKER_BEAT_MS = 5000,
	WORKER_BEATS_MISSED_MAX = 6,

	/* A connection that was handed over while its worker was told to finish
	 * is told so then: its peer has sent its first bytes by now. */
	WORKER_LATE_MS = 1000,

	/* Connections of one worker: ten times what Postfix makes with 1,000
	 * smtpd processes, and some 20 MB. Where RLIMIT_NOFILE allows fewer:
	 * what is left when DNS has its quarter (DNS_PORTS) and the worker its
	 * own descriptors (log, channel, events, keys). */
	WORKER_CONNECTIONS_MAX = 10000,
	WORKER_DESCRIPTORS = 32,

	/* When all places are taken: how long a connection has for its first
	 * command, which Postfix sends at once, and how long one must be quiet
	 * between messages to be given up. Its SMTP client has paused for as
	 * long: its next message is tempfailed, or what milter_default_action
	 * says. */
	WORKER_NEW_MS = 1000,
	WORKER_QUIET_MS = 60 * 1000,

	/* What one connection may have queued for a peer that does not read. A
	 * milter reply is under 70 KiB, a policy reply under 2 KiB. */
	CONN_OUT_MAX = 256 * 1024,

	/* A milter packet: the largest that Postfix sends is a body chunk of
	 * 65,536 bytes; macros and headers (60,000) are smaller. */
	MILTER_PACKET_MAX = 1024 * 1024,

	/* A milter packet arrives in one piece, and header and body packets in
	 * one stream, as fast as the MTA reads its own queue file. A new
	 * connection speaks at once. */
	MILTER_PACKET_MS = 60 * 1000,

	/* A connection that has negotiated, and on which no command has come.
	 * Postfix sends the first one with the negotiation; a stopped machine
	 * takes a while. */
	MILTER_FIRST_MS = 180 * 1000,

	/* Between milter commands the MTA waits for its client, and Postfix
	 * sends the header only when it has all of the message, however slowly
	 * that came. libmilter, which MTAs are made for, waits 7,210
	 * seconds. */
	MILTER_COMMAND_MS = 7260 * 1000,

	/* A milter that waits for something at the end of a message tells the
	 * MTA so now and then: Postfix waits 300 s for an answer
	 * (milter_content_timeout), others less. In all it waits for less than
	 * WORKER_FINISH_SECONDS. */
	MILTER_PROGRESS_MS = 20 * 1000,
	MILTER_WAIT_MAX_MS = 240 * 1000,

	/* All header fields of a message together; Postfix's own
	 * header_size_limit is 100 KiB a field. Over it the message goes on
	 * unsigned. */
	MESSAGE_HEADERS_MAX = 1024 * 1024,

	/* Header fields of a message: 1,000 Received and trace fields are a
	 * mail loop long before. */
	MESSAGE_FIELDS_MAX = 10000,

	/* Of a mechanism in headers and logs; a term may have 64 KiB. */
	SPF_MECHANISM_MAX = 255,

	/* RFC 7208 section 4.6.4. */
	SPF_TERMS_MAX = 10, /* DNS terms of one check */
	SPF_NAMES_MAX = 10, /* MX names (more: permerror), PTR (rest ignored) */

	/* DNS questions of one check that is evaluated term by term: its
	 * record, and each term with its names. What is asked early never makes
	 * them more. (The names of the client for %{p}, and the explanation,
	 * are not in it.) */
	SPF_QUESTIONS_MAX = 1 + SPF_TERMS_MAX * (1 + SPF_NAMES_MAX),

	/* Of these, so many without an answer when no more is asked early. A
	 * record with ten terms is asked in one go, and a sender whose record
	 * leads to somebody's silent name servers has 10 questions put there,
	 * not 100. */
	SPF_UNANSWERED_MAX = 10,

	/* How long a fail waits for its explanation, with all questions for
	 * that; one that is lost is put again after its server's share of the
	 * time, with one server after 2.5 seconds. The explanation is a
	 * courtesy (RFC 7208 section 6.2), and Postfix and the client wait for
	 * it. */
	SPF_EXPLAIN_MS = 3000,

	/* DNS in one worker. Each question has a port or a connection by TCP,
	 * hence a descriptor, at each server that was asked and may still
	 * answer; further questions wait for a free one, and what is kept for
	 * later makes room. That matters when servers are dead: 2,048 are
	 * never more than a quarter of the descriptors allowed, and some at
	 * least, however few are. Questions that may be out: some 1 KiB
	 * each. */
	DNS_PORTS = 2048,
	DNS_FEWEST_PORTS = 16,
	DNS_PORT_WAIT_MS = 50, /* until one that found none tries again */

	/* A port serves so many questions, and for so long. One to which
	 * anything but its answer comes is given up at once; this bounds what
	 * is left for who has found one out in another way. So many are kept
	 * while nothing is asked: what a busy worker has in flight, 1 MB in the
	 * kernel. */
	DNS_PORT_QUESTIONS = 256,
	DNS_PORT_MS = 5000,
	DNS_PORTS_KEPT = 256,
	DNS_QUESTIONS_MAX = 4096,

	/* What answers may have over UDP: it passes every path without
	 * fragments, which get lost and can be forged (DNS flag day 2020). */
	DNS_UDP_SIZE = 1232,

	/* Servers that are asked; resolv.conf(5) has three at the most. Each
	 * has its time for a try: more would not get their turn. */
	NAMESERVERS_MAX = 8,

	/* The shortest time for a try, where there is so much for each server:
	 * a resolver far away that must ask others needs it, and a second copy
	 * would not make it faster. Also between two signs of life that one is
	 * asked for which counts as silent. */
	NAMESERVERS_TRY_MS = 1000,

	/* How long a server that is silent is asked last, unless it says
	 * something; and how long one counts as slow. */
	NAMESERVERS_SILENT_MS = 60 * 1000,

	/* Between looks at resolv.conf(5); how long the servers of before go on
	 * when it names none or cannot be read; its bytes, a few lines. */
	NAMESERVERS_LOOK_MS = 1000,
	NAMESERVERS_GRACE_MS = 5 * 1000,
	RESOLVCONF_MAX = 64 * 1024,

	/* An answer that takes longer does not come from the cache of a
	 * resolver nearby, which gives it within 1 or 2 ms, but from far: 10 to
	 * 100 ms. Then SPF asks early what it may need next. */
	DNS_PATIENCE_MS = 5,

	/* How often an answer is read again because its CNAMEs do not stand in
	 * the order in which they lead on, as all servers send them; more is a
	 * loop. 64 KiB could hold a chain of 4,000 in reverse. */
	DNS_CNAME_MAX = 16,

	/* Records of one answer. Published sets of addresses have a few, large
	 * ones some dozens; 255 fill the largest UDP answer that resolvers take
	 * (4,096 bytes). 64 KiB could hold 4,000, and a sender have 100 such
	 * answers: more is an error, as to leave some out could change a
	 * verdict. Of the names of MX and PTR nobody wants more than ten; the
	 * first 100 are read. */
	DNS_RECORDS_MAX = 1000,
	DNS_NAMES_MAX = 100,

	/* The texts of one answer, joined: TXT fills a message at the most. */
	DNS_TEXT_MAX = 64 * 1024,

	/* Tags of a DKIM-Signature, a key record or a DMARC record: all that
	 * RFCs know are 16, and unknown ones are to be ignored (RFC 6376
	 * section 3.2), so there is room for many. Each is compared with all
	 * before it. */
	TAGLIST_MAX = 64,

	/* An Authentication-Results field that is read to see whose it is.
	 * Those of large providers have 2 KiB. */
	AUTHRES_MAX = 16 * 1024,

	/* Names in h= of a signature that is verified: ours has at most
	 * HDRSEL_MAX, and nobody needs more than a message has fields. Each
	 * costs a comparison of names in a sorted list. */
	SIGNATURE_NAMES_MAX = 1024,

	/* Bytes of b=: an RSA key of PUBKEY_RSA_BITS_MAX. */
	SIGNATURE_BYTES_MAX = 1024,

	/* i= without its quoting: a local part of 64 octets and a domain of 255
	 * (RFC 5321 section 4.5.3.1), of which software is seen to make twice
	 * as much. */
	SIGNATURE_IDENTITY_MAX = 512,

	/* RSA keys of strangers: RFC 8301 section 3.2 wants 1,024 to 4,096
	 * bits. One of 8,192 costs some 100 us, one of 16,384 four times
	 * that. */
	PUBKEY_RSA_BITS_MAX = 8192,

	/* What all connections of a milter's worker hold of messages and
	 * unfinished packets: 4,000 with 32 KiB each. One alone comes to 5 MiB
	 * at the most. Beyond it the one that holds most is cut. */
	MILTER_HELD_MAX = 128 * 1024 * 1024,

	/* Entries of sign_headers: all registered names of mail header fields
	 * are some 120. Bytes of one: with what h= puts around it, a line of
	 * 78. */
	SIGN_HEADERS_MAX = 200,
	SIGN_HEADER_MAX = 74,

	/* Local part and domain of an address with their quotes undone: 64 and
	 * 255 octets in RFC 5321 section 4.5.3.1, and U-labels are longer. */
	ADDRESS_MAX = 1024,

	/* trusted_forwarders: each is a check of its own for a message that
	 * does not pass, all at once. Who has more relays than this lists
	 * addresses. */
	SPF_FORWARDERS_MAX = 64,

	/* An explanation TXT that is read, and what it may become (RFC 7208
	 * section 6.2 allows limits): a reply line holds 400 bytes of it. */
	SPF_EXPLAIN_MAX = 4096,
	SPF_EXPLANATION_MAX = 1000,

	/* Memory of one check beside the answers: 21 records of 11 rows and 220
	 * questions (names of 253 bytes) are some 110 KiB. */
	SPF_CHECK_MEMORY_MAX = 256 * 1024,

	/* The answers that one check holds. 111 answers of RFC 7208's largest
	 * check are some 20 KiB, with records of 4 KiB and sets of 50 addresses
	 * 150 KiB. Also how much a run may have to look through: 10,000
	 * addresses are 0.1 ms. Beyond it an answer is an error. */
	SPF_ANSWERS_MAX = 256 * 1024,

	/* One answer of the client's own zone, its PTR names or the addresses
	 * of one (eleven at the most): some 100 long names, or 600 addresses.
	 * They do not count with the others, so that a client cannot spend what
	 * the sender's record needs; beyond it the name is not validated. */
	SPF_CLIENT_ANSWER_MAX = 16 * 1024,

	/* A header line must stay under 998 bytes (RFC 5322 section 2.1.1). */
	HEADER_LINE_MAX = 990,

	/* A reply line: 512 with code and CRLF (RFC 5321 section 4.5.3.1.5),
	 * and Postfix puts "<recipient>: Recipient address rejected: "
	 * before. */
	REPLY_TEXT_MAX = 400
};

#endif
