#include "common/milter/negotiate.h"

#include <errno.h>

enum {
	ACTIONS = SMFIF_ADDHDRS | SMFIF_SETSYMLIST,

	/*
	 * What is not needed is not sent, and what needs no answer gets none:
	 * each answer is a round trip. But NR_EOH is not asked for: in the
	 * answer to the end of the header fields we tell the MTA that a message
	 * will not be signed, and are spared its body.
	 */
	PROTOCOL = SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_SKIP |
	    SMFIP_HDR_LEADSPC | SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |
	    SMFIP_NR_RCPT | SMFIP_NR_DATA | SMFIP_NR_UNKN | SMFIP_NR_HDR |
	    SMFIP_NR_BODY
};

/* The macros that are used here are asked for, so that they come however the MTA
 * is set up. Each list takes the place of the MTA's own, so what is not asked
 * for is not sent. */
int
negotiate_answer(const struct optneg *offer, const char *mail_macros,
    struct optneg *ret, struct buf *out)
{
	const struct symlist macros[] = {
	    {SMFIM_CONNECT, "j {daemon_name} {daemon_addr} {client_addr}"},
	    {SMFIM_MAIL, mail_macros},
	    {SMFIM_RCPT, "i"},
	    {SMFIM_EOM, "i"},
	};
	bool lists = (offer->actions & SMFIF_SETSYMLIST) != 0;

	if (offer->version < MILTER_VERSION_MIN)
		return -EPROTO;
	ret->version = offer->version < MILTER_VERSION_MAX ? offer->version
	                                                   : MILTER_VERSION_MAX;
	ret->actions = offer->actions & ACTIONS;
	ret->protocol = offer->protocol & PROTOCOL;
	command_reply_optneg(
	    out, ret, macros, lists ? sizeof macros / sizeof macros[0] : 0);
	return 0;
}

bool
negotiate_silent(const struct optneg *agreed, enum milter_command c)
{
	static const uint32_t no_reply[] = {
	    [SMFIC_CONNECT] = SMFIP_NR_CONN,
	    [SMFIC_HELO] = SMFIP_NR_HELO,
	    [SMFIC_MAIL] = SMFIP_NR_MAIL,
	    [SMFIC_RCPT] = SMFIP_NR_RCPT,
	    [SMFIC_DATA] = SMFIP_NR_DATA,
	    [SMFIC_HEADER] = SMFIP_NR_HDR,
	    [SMFIC_BODY] = SMFIP_NR_BODY,
	    [SMFIC_UNKNOWN] = SMFIP_NR_UNKN,
	};

	return (size_t)c < sizeof no_reply / sizeof no_reply[0] &&
	    (agreed->protocol & no_reply[c]) != 0;
}
