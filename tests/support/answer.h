/*
 * answer.h - what DNS has answered, as text for CHECK_STR().
 */
#ifndef POSTSEAL_TESTS_ANSWER_H
#define POSTSEAL_TESTS_ANSWER_H

#include "common/dns/resolver.h"

/* The answer to a question for that type as one line: "found 10 mx.example | 20
 * mx2.example", "temperror timeout". Borrows until the next call. */
const char *answer_text(const struct dns_answer *a, enum dns_type type);

#endif
