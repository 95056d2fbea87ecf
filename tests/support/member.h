/*
 * member.h - members of a JSON object, as tests look at them. NULL, or false,
 * where there is none.
 */
#ifndef POSTSEAL_TESTS_MEMBER_H
#define POSTSEAL_TESTS_MEMBER_H

#include <stdbool.h>

#include <jansson.h>

/* Borrowed from o. */
static inline const char *
text_of(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static inline bool
is_true(const json_t *o, const char *name)
{
	return json_is_true(json_object_get(o, name));
}

#endif
