#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "admin/key/rotate_state.h"

bool
rotate_names_have(const struct rotate_names *names, const char *selector)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->v[i], selector) == 0)
			return true;
	}
	return false;
}

int
rotate_names_add(struct rotate_names *names, const char *selector)
{
	size_t n = strlen(selector);

	if (rotate_names_have(names, selector))
		return 0;
	if (names->n == ROTATE_KEYS_MAX || n > DOMAIN_MAX)
		return -EMSGSIZE;
	memcpy(names->v[names->n++], selector, n + 1);
	return 0;
}

void
rotate_names_remove(struct rotate_names *names, size_t at)
{
	names->n--;
	memmove(names->v[at], names->v[at + 1],
	    (names->n - at) * sizeof names->v[0]);
}

/* --- reading -------------------------------------------------------------- */

static bool
read_names(const json_t *list, struct rotate_names *ret)
{
	if (!json_is_array(list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s == NULL || !domain_is_name(span_str(s)) ||
		    rotate_names_add(ret, s) != 0)
			return false;
	}
	return true;
}

static bool
read_all(const json_t *o, struct rotate_state *s)
{
	const json_t *made = json_object_get(o, "made");
	const json_t *activated = json_object_get(o, "activated");

	s->made = json_is_true(made);
	s->activated = json_integer_value(activated);
	/* earlier versions did not know */
	s->in_force = json_integer_value(json_object_get(o, "in_force"));
	return read_names(json_object_get(o, "new"), &s->new) &&
	    read_names(json_object_get(o, "old"), &s->old) &&
	    json_is_boolean(made) && json_is_integer(activated) &&
	    s->activated >= 0 && s->in_force >= 0;
}

enum parse
rotate_state_parse(struct span text, struct rotate_state *ret)
{
	struct rotate_state *s = calloc(1, sizeof *s);
	json_t *o = json_loadb(
	    text.n == 0 ? "" : text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	bool good = s != NULL && read_all(o, s);

	if (good)
		*ret = *s;
	json_decref(o);
	free(s);
	return good ? PARSE_OK : PARSE_BAD;
}

/* --- writing -------------------------------------------------------------- */

static json_t *
names_json(const struct rotate_names *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->n; i++) {
		if (json_array_append_new(list, json_string(names->v[i])) !=
		    0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

int
rotate_state_print(const struct rotate_state *s, struct buf *out)
{
	json_t *o =
	    json_pack("{s:o, s:o, s:b, s:I, s:I}", "new", names_json(&s->new),
	        "old", names_json(&s->old), "made", (int)s->made, "activated",
	        (json_int_t)s->activated, "in_force", (json_int_t)s->in_force);
	char *text = o == NULL ? NULL : json_dumps(o, JSON_INDENT(2));

	json_decref(o);
	if (text == NULL)
		return -ENOMEM;
	buf_fmt(out, "%s\n", text);
	free(text);
	return buf_error(out);
}
