#include "tests/support/house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/dksign.h"
#include "tests/support/loop_fake.h"
#include "tests/support/must.h"
#include "tests/support/pem.h"
#include "tests/support/resolver_zone.h"
#include "tests/support/suite.h"

enum {
	TEXT_MAX = 4 << 20,
	LINE_SIZE = 4096,
	TURNS_MAX = 100,
	SPKI_HEAD = 32 /* base64 in front of the RSAPublicKey of 2,048 bits */
};

/* --- the house ------------------------------------------------------------ */

static struct key *
key_from(const char *pem)
{
	struct key *k;
	const char *why;

	must(key_new(span_str(pem), &k, &why) == 0);
	return k;
}

void
house_open(struct house *h, const char *config)
{
	struct buf text, why;

	buf_init(&text, TEXT_MAX);
	buf_init(&why, TEXT_MAX);
	buf_fmt(
	    &text, "hostname = \"mx.example.jp\"\nverifier {\n%s\n}\n", config);
	if (settings_parse("test.conf", buf_view(&text), SETTINGS_VERIFIER,
	        &h->settings, &why, &why) != 0) {
		printf("%s", buf_text(&why));
		exit(1);
	}
	must(loop_new(&h->loop) == 0);
	must(resolver_new(h->loop, &h->settings->dns, &h->resolver) == 0);
	must(verifier_init(&h->v, h->settings, h->loop, h->resolver) == 0);
	h->v.time = HOUSE_NOW;
	h->rsa = key_from(pem_rsa2048);
	h->weak = key_from(pem_rsa1024);
	h->ed = key_from(pem_ed25519);
	buf_init(&h->field, TEXT_MAX);
	house_zone(h,
	    "rsa._domainkey.a.example TXT \"v=DKIM1; k=rsa; p=$RSA\"\n"
	    "weak._domainkey.a.example TXT \"v=DKIM1; k=rsa; p=$WEAK\"\n"
	    "ed._domainkey.a.example TXT \"v=DKIM1; k=ed25519; p=$ED\"\n"
	    "rsa._domainkey.b.a.example TXT \"p=$RSA\"\n"
	    "_dmarc.a.example TXT cached\n"
	    "_dmarc.b.example TXT cached\n"
	    "_dmarc.example TXT cached\n"
	    "rsa._domainkey.list.example TXT \"p=$RSA\"\n");
	buf_free(&text);
	buf_free(&why);
}

void
house_close(struct house *h)
{
	verifier_free(&h->v);
	resolver_free(h->resolver);
	loop_free(h->loop);
	settings_free(h->settings);
	key_free(h->rsa);
	key_free(h->weak);
	key_free(h->ed);
	buf_free(&h->field);
}

/* --- its DNS -------------------------------------------------------------- */

static void
put_key(struct key *k, size_t skip, struct buf *out)
{
	struct buf text;

	buf_init(&text, LINE_SIZE);
	must(key_public(k, &text) == 0);
	buf_span(out, span_skip(buf_view(&text), skip));
	buf_free(&text);
}

void
house_zone(struct house *h, const char *text)
{
	const struct {
		const char *word;
		struct key *key;
		size_t skip;
	} word[] = {{"$RSA", h->rsa, 0}, {"$WEAK", h->weak, 0},
	    {"$ED", h->ed, 0}, {"$BARE", h->rsa, SPKI_HEAD}};
	struct buf out;

	buf_init(&out, TEXT_MAX);
	while (text != NULL && *text != '\0') {
		size_t i = 0, n = sizeof word / sizeof word[0];

		while (i < n &&
		    strncmp(text, word[i].word, strlen(word[i].word)) != 0)
			i++;
		if (i == n) {
			buf_byte(&out, *text++);
			continue;
		}
		put_key(word[i].key, word[i].skip, &out);
		text += strlen(word[i].word);
	}
	if (out.n > 0)
		resolver_zone_load(h->resolver, buf_text(&out));
	buf_free(&out);
}

/* --- its mail ------------------------------------------------------------- */

static struct key *
key_for(const struct house *h, const char *tags)
{
	if (strstr(tags, "s=ed;") != NULL)
		return h->ed;
	return strstr(tags, "s=weak;") != NULL ? h->weak : h->rsa;
}

static void
put_line(
    const struct house *h, struct span line, struct span text, struct buf *out)
{
	struct buf tags;

	buf_init(&tags, TEXT_MAX);
	buf_span(&tags, line);
	if (line.p[0] == '!') {
		buf_span(out, span_skip(line, 1));
		buf_str(out, "\r\n");
	} else if (line.p[0] == '%') {
		dksign(buf_text(&tags) + 1,
		    strstr(buf_text(&tags), "s=weak;") != NULL ? pem_rsa1024
		                                               : pem_rsa2048,
		    text, out);
	} else {
		dkimsign(
		    buf_text(&tags), key_for(h, buf_text(&tags)), text, out);
	}
	buf_free(&tags);
}

void
house_mail(
    const struct house *h, const char *lines, const char *text, struct buf *out)
{
	struct span rest = span_str(lines);

	while (rest.n > 0) {
		size_t n = span_find(rest, '\n');

		if (n > 0)
			put_line(h, span_of(rest.p, n), span_str(text), out);
		rest = span_skip(rest, n + 1);
	}
	buf_str(out, text);
}

static void
turn(void *arg)
{
	loop_fake_turn(arg);
}

void
house_mta(struct house *h, struct mta *m)
{
	mta_init(m, &verifier_ops, &h->v);
	m->idle = turn;
	m->idle_arg = h->loop;
}

void
house_connect(struct house *h, struct mta *m, const char *address)
{
	house_mta(h, m);
	CHECK(mta_open(m));
	mta_connect(m, address);
}

char
house_deliver(struct house *h, struct mta *m, struct span message)
{
	house_connect(h, m, "192.0.2.1");
	return mta_message(m, NULL, message);
}

char
house_wait(struct house *h, struct mta *m, char r)
{
	for (int i = 0; i < TURNS_MAX && session_waiting(m->session); i++) {
		CHECK(r == 0);
		loop_fake_turn(h->loop);
		if (session_resumed(m->session))
			r = mta_answer(m, false);
	}
	CHECK(!session_waiting(m->session));
	return r;
}

void
house_wait_session(struct house *h, struct session *s, struct buf *out)
{
	for (int i = 0; i < TURNS_MAX && session_waiting(s); i++) {
		loop_fake_turn(h->loop);
		if (session_resumed(s))
			session_answer(s, false, out);
	}
}

const char *
house_whole_field(struct house *h, struct mta *m)
{
	const char *text;

	if (m->ninserted == 0)
		return "none";
	text = buf_text(&m->inserted[m->ninserted - 1].value); /* the top */
	buf_clear(&h->field);
	for (; *text != '\0'; text++) {
		if (*text != '\n')
			buf_byte(&h->field, *text == '\t' ? ' ' : *text);
	}
	text = buf_text(&h->field);
	text = strstr(text, "; ");
	return text == NULL ? "no result" : text + 2;
}

const char *
house_deleted(struct house *h, const struct mta *m)
{
	static const char name[] = "Authentication-Results";
	struct span rest = buf_view(&m->done);
	bool inserted = false;

	buf_clear(&h->field);
	while (rest.n > 0) {
		struct span line = span_of(rest.p, span_find(rest, '\n'));
		struct span index = span_skip(line, 2);

		/* ours, once inserted, would be the first of its name */
		CHECK(!inserted || line.p[0] != 'm');
		inserted = inserted || line.p[0] == 'i';
		rest = span_skip(rest, line.n + 1);
		if (line.p[0] != 'm')
			continue;
		CHECK(line.p[line.n - 1] == '|'); /* nothing: a deletion */
		line = span_skip(index, span_find(index, ' ') + 1);
		index.n = span_find(index, ' ');
		line.n = span_find(line, '|');
		if (h->field.n > 0)
			buf_byte(&h->field, ' ');
		if (!span_ieqs(line, name))
			buf_span(&h->field, line);
		buf_span(&h->field, index);
	}
	return buf_text(&h->field);
}

/* Where the one result of a method stands, behind those of DKIM: "; spf=".
 * NULL: there is none. */
static char *
find_one(char *field, const char *method)
{
	char *at = strstr(field, method);

	CHECK(at == NULL || strstr(at + 1, method) == NULL);
	return at;
}

/* That result, without those behind it. */
static const char *
one_result(struct house *h, struct mta *m, const char *method)
{
	char *at, *end;

	if (strcmp(house_whole_field(h, m), "none") == 0)
		return "none";
	at = find_one(h->field.p, method);
	if (at == NULL)
		return "no result";
	end = strstr(at + 1, "; ");
	if (end != NULL)
		*end = '\0';
	return at + 2;
}

const char *
house_spf(struct house *h, struct mta *m)
{
	return one_result(h, m, "; spf=");
}

const char *
house_dmarc(struct house *h, struct mta *m)
{
	return one_result(h, m, "; dmarc=");
}

const char *
house_mark(const struct mta *m)
{
	struct buf value;

	if (m->ninserted != 2)
		return "none";
	CHECK_STR(m->inserted[0].name, DMARC_MARK_NAME);
	value = m->inserted[0].value;
	return buf_text(&value) + 1;
}

const char *
house_field(struct house *h, struct mta *m)
{
	static const char b[] = "header.b=";
	const char *text = house_whole_field(h, m), *at;
	struct buf out;

	buf_init(&out, TEXT_MAX);
	while ((at = strstr(text, b)) != NULL) {
		at += strlen(b);
		buf_add(&out, text, (size_t)(at - text));
		buf_byte(&out, '*');
		text = at + strcspn(at, "; ");
	}
	buf_str(&out, text);
	buf_free(&h->field);
	h->field = out;
	if (m->ninserted > 0 && buf_text(&h->field) != NULL) {
		char *spf = find_one(h->field.p, "; spf=");

		CHECK(spf != NULL);
		if (spf != NULL)
			*spf = '\0';
	}
	return buf_text(&h->field);
}

void
house_check_rows(
    const struct house_row *row, size_t n, const char *config, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		const struct house_row *r = &row[i];
		struct house h;
		struct buf message;
		struct mta m;
		const char *got;

		suite_row(r->name);
		house_open(&h, r->config == NULL ? config : r->config);
		house_zone(&h, r->zone);
		buf_init(&message, TEXT_MAX);
		house_mail(
		    &h, r->lines, r->text == NULL ? text : r->text, &message);
		CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
		got = house_field(&h, &m);
		if (r->want[0] != '~')
			CHECK_STR(got, r->want);
		else if (strstr(got, r->want + 1) == NULL)
			CHECK_STR(got, r->want + 1);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
	suite_row(NULL);
}
