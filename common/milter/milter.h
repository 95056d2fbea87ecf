/*
 * milter.h - the numbers of the milter protocol, versions 2 to 6.
 *
 * As Postfix's milter8.c speaks it and sendmail's mfdef.h names it; the names
 * are the field's (SMFIC: command, SMFIR: reply, SMFIF: action, SMFIP: protocol
 * bit). Packets are cut by frame.h, payloads read by command.h, their order is
 * session.h's affair. What
 * no wing ever sends is not listed.
 */
#ifndef POSTSEAL_COMMON_MILTER_H
#define POSTSEAL_COMMON_MILTER_H

enum {
	MILTER_VERSION_MIN = 2, /* what sendmail 8.10 spoke; older has no OPTNEG
				 * bits that we could rely on */
	MILTER_VERSION_MAX = 6
};

/* The command byte of a packet from the MTA. */
enum milter_command {
	SMFIC_ABORT = 'A', /* forget the message, keep the connection's facts */
	SMFIC_BODY = 'B',  /* a piece of the body, at most 65,535 bytes */
	SMFIC_CONNECT = 'C', /* the SMTP client */
	SMFIC_MACRO = 'D',   /* macros for the command that follows; no reply */
	SMFIC_BODYEOB = 'E', /* end of message; the only time for edits */
	SMFIC_HELO = 'H',
	SMFIC_QUIT_NC = 'K', /* version 6: the connection begins anew */
	SMFIC_HEADER = 'L',
	SMFIC_MAIL = 'M',
	SMFIC_EOH = 'N', /* end of headers */
	SMFIC_OPTNEG = 'O',
	SMFIC_QUIT = 'Q',
	SMFIC_RCPT = 'R',
	SMFIC_DATA = 'T', /* from version 4 */
	SMFIC_UNKNOWN =
	    'U' /* from version 3: an SMTP command unknown to the MTA */
};

/* The command byte of a packet to the MTA. */
enum milter_reply {
	SMFIR_ACCEPT =
	    'a', /* this message (at CONNECT, HELO: connection) as it is */
	SMFIR_CONTINUE = 'c',
	SMFIR_OPTNEG = 'O',
	SMFIR_REJECT = 'r',
	SMFIR_REPLYCODE = 'y', /* "550 5.7.1 text" */
	SMFIR_SKIP = 's', /* version 6: no more BODY packets of this message */

	/* only in answer to BODYEOB, before the last word */
	SMFIR_ADDHEADER = 'h',
	SMFIR_CHGHEADER = 'm', /* without a value: deletes it */
	SMFIR_INSHEADER = 'i',
	SMFIR_PROGRESS = 'p', /* still at it: the MTA's clock starts anew */
	SMFIR_QUARANTINE = 'q'
};

/* What a milter may do to a message: offered by the MTA, asked for by us. */
enum milter_action {
	SMFIF_ADDHDRS = 0x001, /* ADDHEADER and INSHEADER */
	SMFIF_CHGHDRS = 0x010,
	SMFIF_QUARANTINE = 0x020,
	SMFIF_SETSYMLIST = 0x100 /* the reply to OPTNEG may name macros */
};

/* What the MTA need not send (NO), or wait for (NR), and what else it can. */
enum milter_protocol {
	SMFIP_NOCONNECT = 0x000001,
	SMFIP_NOHELO = 0x000002,
	SMFIP_NOMAIL = 0x000004,
	SMFIP_NORCPT = 0x000008,
	SMFIP_NOBODY = 0x000010,
	SMFIP_NOHDRS = 0x000020,
	SMFIP_NOEOH = 0x000040,
	SMFIP_NR_HDR = 0x000080,
	SMFIP_NOUNKNOWN = 0x000100,
	SMFIP_NODATA = 0x000200,
	SMFIP_SKIP = 0x000400,
	SMFIP_RCPT_REJ = 0x000800,
	SMFIP_NR_CONN = 0x001000,
	SMFIP_NR_HELO = 0x002000,
	SMFIP_NR_MAIL = 0x004000,
	SMFIP_NR_RCPT = 0x008000,
	SMFIP_NR_DATA = 0x010000,
	SMFIP_NR_UNKN = 0x020000,
	SMFIP_NR_EOH = 0x040000,
	SMFIP_NR_BODY = 0x080000,
	SMFIP_HDR_LEADSPC =
	    0x100000 /* header values with their leading space */
};

/* Where a macro list of SETSYMLIST belongs. It replaces that stage's list. */
enum milter_stage {
	SMFIM_CONNECT = 0,
	SMFIM_HELO = 1,
	SMFIM_MAIL = 2,
	SMFIM_RCPT = 3,
	SMFIM_DATA = 4,
	SMFIM_EOM = 5,
	SMFIM_EOH = 6
};

#endif
