/*
 * recordcmd.h - `postseal record`: the DNS records of a domain's keys, to
 * publish.
 *
 * From the private keys that the config and its tables name; DNS is not asked,
 * so it says the same at any time. Whether DNS has them: testkey.h.
 */
#ifndef POSTSEAL_ADMIN_RECORDCMD_H
#define POSTSEAL_ADMIN_RECORDCMD_H

#include "admin/tool/subcommand.h"

/* Its exit status: 0; 1 when there is no such key, or one cannot be used; 2
 * when the command line is wrong. */
extern const struct subcommand record_subcommand;

#endif
