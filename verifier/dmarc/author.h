/*
 * author.h - who a message says it is from: the Author Domain of RFC 9989
 * section 5.3.1, and the mailing list that it says it came through.
 *
 * One From field with one domain in it, whoever reads it: common/mail/address.h
 * refuses what has two readings. All else is no author, and must be said, not
 * passed over: it is what forgers write (11.5). Encoded words are not decoded,
 * as an address never stands in one. Pure.
 */
#ifndef POSTSEAL_VERIFIER_AUTHOR_H
#define POSTSEAL_VERIFIER_AUTHOR_H

#include "common/bytes/domain.h"
#include "common/mail/field.h"

enum author_found {
	AUTHOR_ONE,
	AUTHOR_NONE,    /* no From field, or no domain in it */
	AUTHOR_SEVERAL, /* From fields, or domains */
	AUTHOR_BAD,     /* no address that all readers see alike */
	AUTHOR_NO_MEMORY
};

/*
 * Writes the domain in A-labels and lower case into ret[DOMAIN_MAX + 1];
 * letters, digits, '-', '_' and dots are all that is in it. For all but
 * AUTHOR_ONE ret is "", and *ret_why is why, static.
 */
enum author_found author_find(
    const struct field_list *fields, char *ret, const char **ret_why);

/*
 * The name of the list in List-Id, such as announce.lists.example.com (RFC 2919
 * section 2), in A-labels and lower case, into ret[DOMAIN_MAX + 1]. False, and
 * ret is "": there is not exactly one such field with a name in "<>". Anybody
 * can write it.
 */
bool author_list(const struct field_list *fields, char *ret);

#endif
