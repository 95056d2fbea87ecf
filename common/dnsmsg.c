#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/dnsmsg.h"
#include "common/dnsname.h"
#include "common/limits.h"

enum {
	HEADER_SIZE = 12,
	FLAG_QR = 0x8000, /* it is a response */
	FLAG_TC = 0x0200, /* it was cut */
	POINTER = 0xc000, /* the two bits that mark one instead of a label */
	CLASS_IN = 1,
	TYPE_CNAME = 5
};

struct message {
	const unsigned char *p;
	size_t n;
	struct span all; /* the same bytes */
	size_t answers;  /* where the answer section begins */
	unsigned count;  /* of its records */
};

/*
 * The name whose records are looked for. Owners are compared with it; most are the
 * same two octets, a pointer, as the one before, of which is known what it leads
 * to: 4,000 records of one name cost it once.
 */
struct sought {
	const struct dnsname *name;
	unsigned pointer; /* the last one, 0: none yet */
	bool leads;       /* to name */
};

struct rr {
	bool ours; /* its owner is the name sought */
	unsigned type;
	unsigned class;
	size_t data; /* offset of its RDATA */
	size_t size;
	size_t next; /* offset of what follows */
};

/* Where the records go. In the first pass record is NULL: only counts. */
struct sink {
	struct dns_record *record;
	char *text;
	size_t n;
	size_t used; /* bytes of text */
};

static unsigned
get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* --- records -------------------------------------------------------------- */

/* Reads an owner; *ret_ours: it is the name sought. A pointer seen before leads
 * from here, too, to what lies before it. */
static bool
owner_read(
    const struct message *m, struct sought *sought, size_t *at, bool *ret_ours)
{
	unsigned pointer = m->n - *at < 2 ? 0 : get16(m->p + *at);
	struct dnsname owner;

	if (pointer != 0 && pointer == sought->pointer) {
		*at += 2;
		*ret_ours = sought->leads;
		return true;
	}
	if (!dnsname_read(m->all, *at, &owner, at))
		return false;
	*ret_ours = dnsname_equal(&owner, sought->name);
	if (pointer >= POINTER) {
		sought->pointer = pointer;
		sought->leads = *ret_ours;
	}
	return true;
}

static bool
rr_read(
    const struct message *m, struct sought *sought, size_t at, struct rr *ret)
{
	if (!owner_read(m, sought, &at, &ret->ours) || m->n - at < 10)
		return false;
	ret->type = get16(m->p + at);
	ret->class = get16(m->p + at + 2);
	ret->size = get16(m->p + at + 8);
	ret->data = at + 10;
	if (ret->size > m->n - ret->data)
		return false;
	ret->next = ret->data + ret->size;
	return true;
}

/* Reads the name that is the RDATA from offset `skip` to its end. */
static bool
rr_name(const struct message *m, const struct rr *rr, size_t skip,
    struct dnsname *ret)
{
	size_t next;

	return rr->size > skip &&
	    dnsname_read(m->all, rr->data + skip, ret, &next) &&
	    next == rr->next;
}

/* Adds the bytes to the texts; NULL in the first pass. */
static const char *
sink_text(struct sink *s, const void *p, size_t n)
{
	char *to = s->record == NULL ? NULL : s->text + s->used;

	if (to != NULL && n > 0)
		memcpy(to, p, n);
	s->used += n;
	return to;
}

static bool
sink_address(struct sink *s, const struct message *m, const struct rr *rr,
    int family, size_t size)
{
	if (rr->size != size)
		return false;
	if (s->record != NULL) {
		struct ip *ip = &s->record[s->n].ip;

		ip->family = family;
		memcpy(ip->b, m->p + rr->data, size);
	}
	s->n++;
	return true;
}

static bool
sink_name(
    struct sink *s, const struct message *m, const struct rr *rr, size_t skip)
{
	char text[DNSNAME_TEXT_MAX];
	struct dnsname w;
	const char *name;

	if (!rr_name(m, rr, skip, &w))
		return false;
	name = sink_text(s, text, dnsname_text(&w, text) + 1);
	if (s->record != NULL) {
		s->record[s->n].name = name;
		if (skip > 0)
			s->record[s->n].preference =
			    (uint16_t)get16(m->p + rr->data);
	}
	s->n++;
	return true;
}

static bool
sink_txt(struct sink *s, const struct message *m, const struct rr *rr)
{
	size_t at = rr->data, start = s->used;

	if (rr->size == 0)
		return false;
	while (at < rr->next) {
		size_t n = m->p[at++];

		if (n > rr->next - at)
			return false;
		sink_text(s, m->p + at, n);
		at += n;
	}
	if (s->record != NULL)
		s->record[s->n].txt = span_of(s->text + start, s->used - start);
	s->n++;
	return true;
}

static bool
sink_record(struct sink *s, const struct message *m, const struct rr *rr,
    enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return sink_address(s, m, rr, AF_INET, 4);
	case DNS_AAAA:
		return sink_address(s, m, rr, AF_INET6, 16);
	case DNS_PTR:
		return sink_name(s, m, rr, 0);
	case DNS_MX:
		return sink_name(s, m, rr, 2);
	case DNS_TXT:
		return sink_txt(s, m, rr);
	}
	return false;
}

/* --- the answer ----------------------------------------------------------- */

/* Header and question; the reason why the message is no answer, or NULL with
 * m->answers set and *ret_rcode 0 or 3. */
static const char *
read_head(struct message *m, const struct dnsname *name, enum dns_type type,
    unsigned *ret_rcode)
{
	static const char *const rcode[] = {
	    NULL, "FORMERR", "SERVFAIL", NULL, "NOTIMP", "REFUSED"};
	struct dnsname asked;
	unsigned flags;
	size_t at;

	if (m->n < HEADER_SIZE)
		return "malformed answer";
	flags = get16(m->p + 2);
	*ret_rcode = flags & 15;
	if ((flags & FLAG_QR) == 0)
		return "malformed answer";
	if (*ret_rcode > 5)
		return "unusual RCODE";
	if (rcode[*ret_rcode] != NULL)
		return rcode[*ret_rcode];
	if ((flags & FLAG_TC) != 0)
		return "truncated answer";
	if (get16(m->p + 4) != 1 ||
	    !dnsname_read(m->all, HEADER_SIZE, &asked, &at) || m->n - at < 4)
		return "malformed answer";
	if (!dnsname_equal(&asked, name) ||
	    get16(m->p + at) != (unsigned)type ||
	    get16(m->p + at + 2) != CLASS_IN)
		return "answer to another question";
	m->answers = at + 4;
	m->count = get16(m->p + 6);
	return NULL;
}

static bool
has_names(enum dns_type type)
{
	return type == DNS_MX || type == DNS_PTR;
}

/*
 * One pass over the answer section: every record of (name, type) goes to the
 * sink; *ret_alias is the name's CNAME, its n 0 when it has none. NULL, or what is
 * wrong with the section.
 */
static const char *
read_section(const struct message *m, const struct dnsname *name,
    enum dns_type type, struct sink *sink, struct dnsname *ret_alias)
{
	static const char malformed[] = "malformed answer";
	struct sought sought = {.name = name};
	size_t at = m->answers;
	struct rr rr;

	ret_alias->n = 0;
	for (unsigned i = 0; i < m->count; i++, at = rr.next) {
		if (has_names(type) && sink->n == DNS_NAMES_MAX)
			break;
		if (!rr_read(m, &sought, at, &rr))
			return malformed;
		if (rr.class != CLASS_IN || !rr.ours)
			continue;
		if (rr.type == (unsigned)type &&
		    !sink_record(sink, m, &rr, type))
			return malformed;
		if (sink->n > DNS_RECORDS_MAX)
			return "too many records";
		if (rr.type == TYPE_CNAME && ret_alias->n == 0 &&
		    !rr_name(m, &rr, 0, ret_alias))
			return malformed;
	}
	return NULL;
}

static int
make_answer(enum dns_status status, const char *why, size_t n, size_t text,
    struct dns_answer **ret, struct sink *ret_sink)
{
	struct dns_record *record;
	size_t size = sizeof(struct dns_answer) + n * sizeof *record + text;
	struct dns_answer *a;

	a = calloc(1, size);
	if (a == NULL)
		return -ENOMEM;
	record = (struct dns_record *)(a + 1);
	*a = (struct dns_answer){.status = status,
	    .why = why,
	    .size = size,
	    .n = n,
	    .record = record};
	if (ret_sink != NULL)
		*ret_sink = (struct sink){
		    .record = record, .text = (char *)(record + n)};
	*ret = a;
	return 0;
}

/* Walks from the asked name along its CNAMEs to the records. */
static int
read_answer(const struct message *m, struct dnsname *name, enum dns_type type,
    struct dns_answer **ret)
{
	struct sink sink = {.n = 0}, out;
	struct dnsname alias;
	const char *why;
	int err;

	for (unsigned hops = 0;; hops++) {
		if (hops > DNS_CNAME_MAX)
			return make_answer(DNS_NXDOMAIN, NULL, 0, 0, ret, NULL);
		why = read_section(m, name, type, &sink, &alias);
		if (why != NULL)
			return dnsmsg_error(why, ret);
		if (sink.n > 0 || alias.n == 0)
			break;
		*name = alias;
	}
	if (sink.n == 0)
		return make_answer(DNS_NODATA, NULL, 0, 0, ret, NULL);
	err = make_answer(DNS_FOUND, NULL, sink.n, sink.used, ret, &out);
	if (err == 0)
		read_section(m, name, type, &out, &alias);
	return err;
}

int
dnsmsg_read(struct span msg, struct span name, enum dns_type type,
    struct dns_answer **ret)
{
	struct message m = {
	    .p = (const unsigned char *)msg.p, .n = msg.n, .all = msg};
	struct dnsname asked;
	unsigned rcode;
	const char *why;

	if (dnsname_parse(name, &asked) != 0)
		return -EINVAL;
	why = read_head(&m, &asked, type, &rcode);
	if (why != NULL)
		return dnsmsg_error(why, ret);
	if (rcode != 0)
		return make_answer(DNS_NXDOMAIN, NULL, 0, 0, ret, NULL);
	return read_answer(&m, &asked, type, ret);
}

int
dnsmsg_error(const char *why, struct dns_answer **ret)
{
	return make_answer(DNS_TEMPERROR, why, 0, 0, ret, NULL);
}

struct dns_answer *
dns_answer_refuse(struct dns_answer *a, const char *why)
{
	struct dns_answer *small;

	*a = (struct dns_answer){.status = DNS_TEMPERROR,
	    .security = a->security,
	    .why = why,
	    .size = sizeof *a};
	small = realloc(a, sizeof *a);
	if (small == NULL)
		return a;
	return small;
}

void
dns_answer_free(struct dns_answer *a)
{
	free(a);
}
