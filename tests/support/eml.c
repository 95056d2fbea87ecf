#include <stdio.h>
#include <stdlib.h>

#include "tests/support/eml.h"

char *
eml_file(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(65536);
	size_t n;

	if (f == NULL || text == NULL) {
		perror(path);
		exit(1);
	}
	n = fread(text, 1, 65535, f);
	text[n] = '\0';
	fclose(f);
	*ret_n = n;
	return text;
}

/* Takes one field with its folds off the front of *in, CRLF made LF in
 * place. */
static struct field
take_field(char **in)
{
	char *p = *in, *to, *colon = strchr(p, ':');
	struct field f = {span_of(p, (size_t)(colon - p)), {NULL, 0}};

	for (p = to = colon + 1; *p != '\0'; p++) {
		if (p[0] == '\r' && p[1] == '\n') {
			p++;
			if (p[1] != ' ' && p[1] != '\t')
				break;
		}
		*to++ = *p;
	}
	f.value = span_of(colon + 1, (size_t)(to - colon - 1));
	*in = *p == '\0' ? p : p + 1;
	return f;
}

void
eml_parse(struct span text, struct eml *ret)
{
	char *p = malloc(text.n + 1);
	size_t n = 0;

	if (p == NULL)
		abort();
	memcpy(p, text.p, text.n);
	p[text.n] = '\0';
	ret->text = p;
	while (*p != '\0' && strncmp(p, "\r\n", 2) != 0 && n < 100)
		ret->field[n++] = take_field(&p);
	ret->fields = (struct field_list){ret->field, n};
	if (strncmp(p, "\r\n", 2) == 0)
		p += 2;
	ret->body = span_of(p, (size_t)(ret->text + text.n - p));
}

void
eml_read(const char *path, struct eml *ret)
{
	size_t n;
	char *text = eml_file(path, &n);

	eml_parse(span_of(text, n), ret);
	free(text);
}

void
eml_free(struct eml *e)
{
	free(e->text);
}
