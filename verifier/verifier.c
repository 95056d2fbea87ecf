/*
 * The trick: everything that takes time is begun at the end of the header, and
 * the time of the body is had for nothing; end() often finds all answers there.
 * What takes the worker's own time is done a piece a turn of the loop, so that
 * ten signatures of a large header let other messages through between them.
 *
 * The trap: forged fields must go on every path, also where nothing is
 * verified. So each path ends in settle(), which notes the deletions before
 * anything else.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "common/bytes/clock.h"
#include "common/bytes/domain.h"
#include "common/limits.h"
#include "common/log/log.h"
#include "common/mail/authres.h"
#include "common/milter/macros.h"
#include "common/milter/miltercounters.h"
#include "verifier/aggregate.h"
#include "verifier/counters.h"
#include "verifier/limits.h"
#include "verifier/results.h"
#include "verifier/verifier.h"

/* It cannot be judged, for a failure of ours. */
static void
undone(struct inspection *l)
{
	l->trouble = "out of memory";
	l->undone = true;
}

const char *
verifier_id(const struct settings *s)
{
	return s->verifier.authserv_id[0] != '\0' ? s->verifier.authserv_id
	                                          : s->hostname;
}

/* --- the worker's part ---------------------------------------------------- */

/* What is no name is nobody's id. */
static void
add_id(struct verifier *v, const char *name)
{
	if (authres_id(span_str(name), v->id[v->nids])) {
		v->ids[v->nids] = v->id[v->nids];
		v->nids++;
	}
}

/* The id that is written, the name of the host, strip_ids; a place for macro
 * j. */
static int
make_ids(struct verifier *v)
{
	const struct text_list *more = &v->settings->verifier.strip_ids;

	v->id = calloc(more->n + 2, sizeof *v->id);
	v->ids = calloc(more->n + 3, sizeof *v->ids);
	if (v->id == NULL || v->ids == NULL)
		return -ENOMEM;
	add_id(v, verifier_id(v->settings));
	add_id(v, v->settings->hostname);
	for (size_t i = 0; i < more->n; i++)
		add_id(v, more->v[i]);
	return 0;
}

int
verifier_init(struct verifier *v, const struct settings *settings,
    struct loop *loop, struct resolver *resolver)
{
	*v = (struct verifier){
	    .settings = settings, .loop = loop, .resolver = resolver};
	dayfile_init(&v->lines, settings->verifier.dmarc.results, 0);
	buf_init(&v->macros, CONN_OUT_MAX / 4);
	if (make_ids(v) != 0 ||
	    macros_names(&settings->verifier.own_macros, &v->macros) != 0 ||
	    verify_new(&v->verify) != 0 || pubkeys_new(&v->pubkeys) != 0) {
		verifier_free(v);
		return -ENOMEM;
	}
	return 0;
}

void
verifier_free(struct verifier *v)
{
	verify_free(v->verify);
	pubkeys_free(v->pubkeys);
	own_free(&v->own);
	buf_free(&v->macros);
	dayfile_free(&v->lines);
	free(v->id);
	free(v->ids);
	v->verify = NULL;
	v->pubkeys = NULL;
	v->id = NULL;
	v->ids = NULL;
}

/* --- the connection, and each field --------------------------------------- */

static void
resume(void *arg)
{
	session_resume(arg);
}

static void
ops_open(void *wing, void *letter, struct session *s)
{
	struct inspection *l = letter;

	l->ready = resume;
	l->ready_arg = s;
	strip_init(&l->strip);
}

static void
ops_close(void *wing, void *letter)
{
	inspection_free(letter);
}

static const char *
ops_macros(const void *wing, enum milter_stage stage)
{
	const struct verifier *v = wing;

	/* macros_names() has put its NUL */
	return stage == SMFIM_MAIL && v->macros.n > 0 ? v->macros.p : NULL;
}

/* The MTA's own name is always an id of ours, whatever authserv_id says: who
 * reads the field may know this host by it. */
static void
ops_macro(void *wing, void *letter, unsigned char stage, struct span name,
    struct span value)
{
	const struct verifier *v = wing;
	struct inspection *l = letter;
	const char *own =
	    macros_find(&v->settings->verifier.own_macros, name, value);

	if (own != NULL && (stage == SMFIC_CONNECT || stage == SMFIC_HELO))
		l->own_client = own;
	else if (own != NULL)
		l->own_message = own;
	if (span_eq(name, span_str("j")) || span_eq(name, span_str("{j}")))
		(void)authres_id(value, l->host);
}

static void
ops_field(void *wing, void *letter, struct span name, struct span value)
{
	struct verifier *v = wing;
	struct inspection *l = letter;
	struct authres_ids ids = {v->ids, v->nids};

	if (l->host[0] != '\0') {
		v->ids[v->nids] = l->host;
		ids.n++;
	}
	strip_field(&l->strip, &ids, name, value);
}

/* --- whose mail it is, and its envelope ----------------------------------- */

static bool
has(const struct verifier *v, const struct cidr_list *list,
    const struct origin *from)
{
	return from->known &&
	    settings_in_networks(
	        list, &from->client, origin_is_own(from, &v->own));
}

static enum whose
whose_is(const struct verifier *v, const struct inspection *l,
    const struct message *m, const struct origin *from)
{
	const struct verifier_settings *s = &v->settings->verifier;

	if (m->auth_type.n > 0 || m->auth_authen.n > 0 ||
	    l->own_client != NULL || l->own_message != NULL)
		return WHOSE_USER;
	for (size_t i = 0; i < s->own_daemons.n; i++) {
		if (strcmp(s->own_daemons.v[i], from->daemon) == 0)
			return WHOSE_USER;
	}
	if (has(v, &s->relays, from))
		return WHOSE_RELAY;
	return has(v, &s->trusted_networks, from) ? WHOSE_TRUSTED
	                                          : WHOSE_STRANGER;
}

/* Something that was asked is there, or what was asked for DMARC. */
static void
tell(void *arg)
{
	struct inspection *l = arg;

	if (!inspection_waits(l))
		l->ready(l->ready_arg);
}

/* DMARC is told as soon as it is known: it may want more answers then. */
static void
tell_spf(struct inspection *l)
{
	const struct check_result *r = l->envelope.mail_from.result;

	if (r != NULL)
		dmarc_message_spf(&l->dmarc, r->result);
}

/* That of MAIL FROM, or of HELO. */
static void
got_spf(void *arg)
{
	tell_spf(arg);
	tell(arg);
}

/* One time for all of a message, and where it is kept. */
static void
use_message(struct verifier *v, struct inspection *l, struct message *m)
{
	l->arena = &m->arena;
	if (l->now == 0)
		l->now = v->time != 0 ? v->time : (uint64_t)time(NULL);
}

/* SPF, unless it is begun. A relay's client is not the one that MAIL FROM's
 * domain may have permitted. */
static void
begin_envelope(struct verifier *v, struct inspection *l,
    const struct message *m, const struct origin *from)
{
	const struct envelope_input in = {.settings = v->settings,
	    .loop = v->loop,
	    .resolver = v->resolver,
	    .from = from,
	    .m = m,
	    .now = clock_seconds((time_t)l->now),
	    .arena = l->arena,
	    .witness = v->witness,
	    .done = got_spf,
	    .arg = l};

	if (l->envelope.begun)
		return;
	if (l->whose == WHOSE_RELAY)
		envelope_skip(&l->envelope, "the client is a relay of ours");
	else
		envelope_begin(&l->envelope, &in);
}

/* Here, and not at MAIL: the MTA shows recipients that it has taken, so who is
 * refused costs no question. And the answer has all the time of the message to
 * come. */
static void
ops_recipient(void *wing, void *letter, struct message *m,
    const struct origin *from, struct span address)
{
	struct verifier *v = wing;
	struct inspection *l = letter;

	l->whose = whose_is(v, l, m, from);
	if (l->whose != WHOSE_STRANGER && l->whose != WHOSE_RELAY)
		return;
	use_message(v, l, m);
	if (v->settings->verifier.dmarc.results != NULL)
		aggregate_recipient(l, address);
	begin_envelope(v, l, m, from);
}

/* --- the end of the header ------------------------------------------------ */

/* The canonical bytes of the body that a signature covers. */
static uint64_t
part_of(const struct signature *s)
{
	return s->has_length ? s->length : BODYHASH_ALL;
}

/* The hash of the body that a signature needs, with those of the others. 0 or
 * -ENOMEM. */
static int
want_body(struct inspection *l, const struct signature *s)
{
	struct body *b = &l->body[s->body_canon];

	if (b->hash == NULL && bodyhash_new(&b->hash) != 0)
		return -ENOMEM;
	if (b->wanted)
		return bodyhash_also(b->hash, part_of(s));
	bodyhash_begin_part(b->hash, s->body_canon, part_of(s));
	b->wanted = true;
	return 0;
}

static struct judge_input
input_of(struct verifier *v, const struct inspection *l,
    const struct field_list *fields, size_t which)
{
	return (struct judge_input){.settings = &v->settings->verifier,
	    .fields = fields,
	    .candidate = l->picked.v[which],
	    .now = l->now,
	    .verify = v->verify,
	    .pubkeys = v->pubkeys};
}

/* The DomainKeys signature, where they are wanted. 0 or -ENOMEM. */
static int
begin_domainkeys(
    struct verifier *v, struct inspection *l, const struct field_list *fields)
{
	const struct verifier_settings *s = &v->settings->verifier;
	int rc = 0;

	if (s->domainkeys)
		rc = dkmessage_begin(
		    fields, s->signatures, l->arena, &l->domainkeys);
	if (l->domainkeys != NULL && l->domainkeys->judging)
		(void)keyfetch_ask(&l->keys, dkmessage_name(l->domainkeys));
	return rc;
}

/* Puts the questions and begins the hashes that the signatures need; drops
 * those whose keys may not be asked for. 0 or -ENOMEM. */
static int
begin(struct verifier *v, struct inspection *l, const struct field_list *fields)
{
	struct picked *p = &l->picked;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct judge_input in = input_of(v, l, fields, i);
		struct candidate *c = p->v[i];
		struct judged early;

		if (!judge_early(&in, &early)) {
			if (!keyfetch_ask(&l->keys, c->s.name))
				continue;
			if (want_body(l, &c->s) != 0)
				return -ENOMEM;
		}
		p->v[n++] = c;
	}
	l->unasked = n < p->n;
	p->more += p->n - n;
	p->n = n;
	return begin_domainkeys(v, l, fields);
}

/* The domain that SPF is asked of. Where memory was out for it, it may be the
 * author's: then DMARC must not say that nothing passes. */
static const char *
sender_of(const struct inspection *l)
{
	return l->envelope.mail_from.result == &check_no_memory
	    ? l->author
	    : envelope_domain(&l->envelope);
}

/* The author's domain is known, or why there is none. 0 or -ENOMEM. */
static int
begin_dmarc(struct verifier *v, struct inspection *l, enum author_found found,
    const char *why)
{
	const struct verifier_settings *s = &v->settings->verifier;
	const char *sender = sender_of(l);
	struct dmarc_input in = {.resolver = v->resolver,
	    .turn = l->keys.turn,
	    .author = l->author,
	    .picked = &l->picked,
	    .every = s->dmarc.results != NULL ||
	        results_refuse(s, RESULTS_NOT_ALIGNED),
	    .arena = l->arena,
	    .done = tell,
	    .arg = l};

	if (!s->dmarc.check)
		return 0;
	if (found != AUTHOR_ONE) {
		dmarc_message_cannot(&l->dmarc, DMARC_RESULT_PERMERROR, why);
		return 0;
	}
	/* a copy, as the check is gone when it has its result */
	if (sender != NULL &&
	    (in.sender = arena_dup(l->arena, span_str(sender))) == NULL)
		return -ENOMEM;
	if (dmarc_message_begin(&l->dmarc, &in) != 0)
		return -ENOMEM;
	tell_spf(l);
	return 0;
}

/* Reads the signatures and begins. l->trouble says why not. */
static void
start(struct verifier *v, struct inspection *l, struct message *m)
{
	struct field_list fields = message_fields(m);
	enum author_found found;
	const char *why;
	size_t n;

	switch (m->trouble) {
	case MESSAGE_FINE:
		break;
	case MESSAGE_HEADERS_LARGE:
		l->trouble = "the header is too large";
		return;
	case MESSAGE_FIELDS_MANY:
		l->trouble = "too many header fields";
		return;
	case MESSAGE_NO_MEMORY:
		undone(l);
		return;
	}
	keyfetch_begin(
	    &l->keys, v->resolver, resolver_turn(v->resolver), tell, l);
	found = author_find(&fields, l->author, &why);
	l->list = field_find(&fields, "List-Id", &n) != NULL;
	if (found == AUTHOR_NO_MEMORY ||
	    pick(&fields, span_str(l->author), v->settings->verifier.signatures,
	        l->arena, &l->picked) != 0 ||
	    begin(v, l, &fields) != 0 || begin_dmarc(v, l, found, why) != 0)
		undone(l);
}

/* --- the word ------------------------------------------------------------- */

/* Removes what is forged. More than can be removed does not go in: it was made
 * by hand, and is refused. Not to a relay, which would tell a sender who may be
 * anybody: it is held, or put off by an MTA that cannot. GO_ON when all is
 * well. */
static enum milter_word
strip(const struct inspection *l, struct edits *e)
{
	struct span why =
	    span_str("too many forged Authentication-Results fields");

	if (!l->strip.full) {
		strip_edits(&l->strip, e);
		return MILTER_GO_ON;
	}
	if (l->whose != WHOSE_RELAY)
		return edits_reply(e, 550, "5.7.1", why);
	if (l->may_hold)
		return edits_quarantine(e, why);
	return edits_reply(e, 451, "4.7.1", why);
}

/* All that will be known of a stranger's message is known: DMARC, and the order
 * of the results. */
static void
conclude(struct verifier *v, struct inspection *l, const struct message *m,
    const struct origin *from)
{
	struct field_list fields = message_fields(m);
	char list[DOMAIN_MAX + 1];
	const struct disposition_input in = {
	    .settings = &v->settings->verifier.dmarc,
	    .client = from->known ? &from->client : NULL,
	    .list = list,
	    .relayed = l->whose == WHOSE_RELAY,
	    .unasked = l->unasked};

	(void)author_list(&fields, list);
	if (l->trouble != NULL && in.settings->check)
		dmarc_message_cannot(&l->dmarc,
		    l->undone ? DMARC_RESULT_TEMPERROR : DMARC_RESULT_PERMERROR,
		    l->trouble);
	dmarc_message_end(&l->dmarc, &in);
	results_merge(l);
	results_sort(l);
}

/* A field of ours on top of all, if its value could be made. */
static void
insert(struct edits *e, const char *name, const struct buf *value)
{
	if (buf_error(value) != 0)
		edits_fail(e, buf_error(value));
	else
		(void)edits_insert(e, 0, span_str(name), buf_view(value));
}

/* Our own fields, the results above the mark. */
static void
write_fields(struct verifier *v, struct inspection *l, struct edits *e)
{
	const enum dmarc_policy mark = l->dmarc.disposition.mark;
	struct buf field;

	buf_init(&field, RESULTS_FIELD_MAX);
	if (mark != DMARC_NONE) {
		buf_fmt(&field, " %s", dmarc_policy_word(mark));
		insert(e, DMARC_MARK_NAME, &field);
	}
	buf_clear(&field);
	results_write(l, verifier_id(v->settings), &field);
	insert(e, AUTHRES_NAME, &field);
	buf_free(&field);
}

/* What is done at the end of each message, verified or not: the forged fields
 * out, ours in. Of a failure to note an edit the engine makes a TEMPFAIL, and
 * says why. */
static enum milter_word
settle(struct verifier *v, struct inspection *l, const struct message *m,
    const struct origin *from, struct edits *e)
{
	enum milter_word word = strip(l, e);

	if (word != MILTER_GO_ON) {
		l->reply = e->text;
		return word;
	}
	if (l->whose == WHOSE_USER)
		return MILTER_ACCEPT;
	conclude(v, l, m, from);
	word = results_word(l, &v->settings->verifier, m->sender, e);
	if (word == MILTER_REPLY || word == MILTER_QUARANTINE)
		l->reply = e->text;
	if (word != MILTER_GO_ON && word != MILTER_QUARANTINE)
		return word;
	write_fields(v, l, e);
	if (e->error != 0)
		return MILTER_TEMPFAIL;
	return word == MILTER_QUARANTINE ? word : MILTER_ACCEPT;
}

/* The body is complete. */
static void
end_bodies(struct inspection *l)
{
	for (size_t i = 0; i < BODIES; i++) {
		struct body *b = &l->body[i];

		if (!b->wanted || b->done)
			continue;
		b->done = true;
		if (bodyhash_end(b->hash, NULL) != 0)
			undone(l);
	}
}

static void
judge_one(
    const struct inspection *l, struct judge_input *in, struct judged *ret)
{
	const struct signature *s = &in->candidate->s;
	const struct bodyhash *body = l->body[s->body_canon].hash;

	in->bodyhash = bodyhash_digest(body, part_of(s));
	in->body_length = bodyhash_length(body);
	in->key = keyfetch_answer(&l->keys, s->name, &in->key_too_long);
	judge(in, ret);
}

static void
judge_domainkeys(struct verifier *v, struct inspection *l)
{
	const struct dns_answer *key;
	bool too_long;

	if (l->domainkeys == NULL)
		return;
	key =
	    keyfetch_answer(&l->keys, dkmessage_name(l->domainkeys), &too_long);
	dkmessage_judge(l->domainkeys, key, too_long,
	    v->settings->verifier.domainkeys_min_bits, v->pubkeys);
}

/* Judges up to the first signature that may cost something: 1 MB of header to
 * be hashed, and keys of 8,192 bits. True if it was not the last one. */
static bool
judge_some(struct verifier *v, struct inspection *l, const struct message *m)
{
	struct field_list fields = message_fields(m);
	bool early = true;

	while (early && l->nresults < l->picked.n) {
		struct judge_input in = input_of(v, l, &fields, l->nresults);
		struct result *r = &l->result[l->nresults++];

		*r = (struct result){
		    .candidate = in.candidate, .number = l->nresults - 1};
		early = judge_early(&in, &r->judged);
		if (!early)
			judge_one(l, &in, &r->judged);
		dmarc_message_signature(&l->dmarc, r->number, r->judged.result);
	}
	return l->nresults < l->picked.n;
}

static uint64_t
left_ms(const struct verifier *v, const struct inspection *l, uint64_t now)
{
	uint64_t limit = 1000 * (uint64_t)v->settings->verifier.time_limit;
	uint64_t took = now - l->asked_ms;

	return took < limit ? limit - took : 0;
}

/* --- as the engine has it ------------------------------------------------- */

static enum milter_word
ops_headers(void *wing, void *letter, struct message *m,
    const struct origin *from, uint32_t may, struct edits *e)
{
	struct verifier *v = wing;
	struct inspection *l = letter;

	l->whose = whose_is(v, l, m, from);
	if (l->whose == WHOSE_TRUSTED)
		return MILTER_ACCEPT;
	if (l->whose == WHOSE_USER)
		return settle(v, l, m, from, e);
	l->may_hold = (may & SMFIF_QUARANTINE) != 0;
	use_message(v, l, m);
	begin_envelope(v, l, m, from); /* of one without a recipient */
	l->asked_ms = loop_now(v->loop);
	start(v, l, m);
	return MILTER_GO_ON;
}

static void
ops_body(void *wing, void *letter, struct span in)
{
	struct inspection *l = letter;

	for (size_t i = 0; i < BODIES; i++) {
		if (l->body[i].wanted)
			bodyhash_feed(l->body[i].hash, in);
	}
	dkmessage_feed(l->domainkeys, in);
}

static enum milter_word
ops_end(void *wing, void *letter, struct message *m, const struct origin *from,
    bool late, struct edits *e)
{
	struct verifier *v = wing;
	struct inspection *l = letter;
	uint64_t now = loop_now(v->loop), left = left_ms(v, l, now);

	end_bodies(l);
	if (l->ended_ms == 0)
		l->ended_ms = now;
	l->waited_ms = now - l->ended_ms;
	if (m->trouble == MESSAGE_NO_MEMORY)
		undone(l);
	if (inspection_waits(l) && !late && left > 0)
		return edits_wait(e, left);
	envelope_end(&l->envelope);
	tell_spf(l);
	if (l->trouble == NULL && judge_some(v, l, m)) {
		l->ready(l->ready_arg); /* now the others' turn */
		return edits_wait(e, left);
	}
	/* what is aligned is known now, and may need more answers */
	if (inspection_waits(l) && !late && left > 0)
		return edits_wait(e, left);
	if (l->trouble == NULL)
		judge_domainkeys(v, l);
	return settle(v, l, m, from, e);
}

/* The line for reports, where they are wanted. What is lost is counted, and
 * logged once for each reason. */
static void
keep_line(struct verifier *v, const struct inspection *l,
    const struct message *m, const struct origin *from, enum milter_word said)
{
	struct buf line;
	int rc;

	if (v->lines.folder == NULL || !aggregate_counts(l, said))
		return;
	buf_init(&line, AGGREGATE_LINE_MAX);
	aggregate_write(l, m, from, &line);
	rc = buf_error(&line);
	if (rc == 0)
		rc = dayfile_append(&v->lines, l->now, buf_view(&line));
	buf_free(&line);
	stats_add(v->stats, rc == 0 ? VERIFIER_LINES : VERIFIER_LINES_LOST, 1);
	if (rc != 0 && rc != -EAGAIN && rc != v->lines_error)
		log_event(LOG_WARNING, "results_lost", "%s: %s",
		    v->lines.folder, strerror(-rc));
	if (rc != -EAGAIN)
		v->lines_error = rc;
}

static void
ops_through(void *wing, void *letter, const struct message *m,
    const struct origin *from, enum milter_word said, const char *why)
{
	verifier_log(wing, letter, m, from, said, why);
	keep_line(wing, letter, m, from, said);
}

static void
ops_reset(void *wing, void *letter)
{
	inspection_reset(letter);
}

static size_t
ops_held(const void *letter)
{
	const struct inspection *l = letter;

	return envelope_held(&l->envelope) + keyfetch_held(&l->keys);
}

static void
ops_error(void *wing)
{
	const struct verifier *v = wing;

	stats_add(v->stats, MILTER_COUNT_ERROR, 1);
}

const struct milter_ops verifier_ops = {
    .actions = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE,

    /* Most mail from outside is signed, and its body is wanted: its pieces need
     * no answer, nor does the end of the header, where nothing is said. */
    .steps = SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_SKIP | SMFIP_NR_CONN |
        SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |
        SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY,
    .letter_size = sizeof(struct inspection),
    .open = ops_open,
    .close = ops_close,
    .macros = ops_macros,
    .macro = ops_macro,
    .recipient = ops_recipient,
    .field = ops_field,
    .headers = ops_headers,
    .body = ops_body,
    .end = ops_end,
    .through = ops_through,
    .reset = ops_reset,
    .held = ops_held,
    .error = ops_error,
};
