/*
 * Two passes over the answer section, one that judges and counts and one that
 * writes, so that an answer is one piece of memory of the right size.
 *
 * The trap is hostile: thousands of records with long owners, each of which is
 * a chain of pointers. An owner that is the same pointer as the one before is
 * not walked again (owner_read).
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/dns/dnsmsg.h"
#include "common/dns/dnsname.h"
#include "common/limits.h"

enum {
	HEADER_SIZE = 12,
	FLAG_QR = 0x8000, /* it is a response */
	FLAG_TC = 0x0200, /* it was cut */
	POINTER = 0xc000, /* the two bits that mark one instead of a label */
	CLASS_IN = 1
};

struct message {
	const unsigned char *p;
	size_t n;
	struct span all; /* the same bytes */
	size_t answers;  /* where the answer section begins */
	unsigned count;  /* of its records */
};

/*
 * The name whose records are looked for. Owners are compared with it; most are
 * the same two octets, a pointer, as the one before, of which is known what it
 * leads to: 4,000 records of one name cost it once.
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

/* The records of the answer: where their RDATA stands, and what they take. */
struct found {
	size_t n;
	size_t read;      /* those left out as doubles, too */
	size_t text;      /* bytes of all names (NUL included) or texts */
	unsigned aliases; /* followed */
	bool odd_alias;   /* the name has one that is no name */
	struct {
		uint16_t at, size;
	} data[DNS_RECORDS_MAX];
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
data_name(const struct message *m, size_t at, size_t size, size_t skip,
    struct dnsname *ret)
{
	size_t next;

	return size > skip &&
	    dnsname_read(span_of(m->all.p, at + size), at + skip, ret, &next) &&
	    next == at + size;
}

/* The strings of a TXT, one behind the other; to: NULL, or where they go.
 * Returns their length, or SIZE_MAX: no string, or one that overruns the
 * RDATA. */
static size_t
data_txt(const struct message *m, size_t at, size_t size, char *to)
{
	size_t end = at + size, used = 0;

	if (size == 0)
		return SIZE_MAX;
	while (at < end) {
		size_t n = m->p[at++];

		if (n > end - at)
			return SIZE_MAX;
		if (to != NULL)
			memcpy(to + used, m->p + at, n);
		used += n;
		at += n;
	}
	return used;
}

/* Where the name begins in the RDATA of a type that has one. */
static size_t
name_offset(enum dns_type type)
{
	return type == DNS_MX ? 2 : 0;
}

/* What the texts of the record take; SIZE_MAX: its RDATA is not of its type. */
static size_t
data_size(const struct message *m, enum dns_type type, size_t at, size_t size)
{
	char text[DNSNAME_TEXT_MAX];
	struct dnsname name;

	switch (type) {
	case DNS_A:
		return size == 4 ? 0 : SIZE_MAX;
	case DNS_AAAA:
		return size == 16 ? 0 : SIZE_MAX;
	case DNS_PTR:
	case DNS_MX:
	case DNS_CNAME:
		return data_name(m, at, size, name_offset(type), &name)
		    ? dnsname_text(&name, text) + 1
		    : SIZE_MAX;
	case DNS_TXT:
		return data_txt(m, at, size, NULL);
	}
	return SIZE_MAX;
}

/* Writes a record whose RDATA is known to be right. Its texts go to text;
 * returns their size. */
static size_t
data_write(const struct message *m, enum dns_type type, size_t at, size_t size,
    char *text, struct dns_record *ret)
{
	struct dnsname name;

	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		ret->ip.family = type == DNS_A ? AF_INET : AF_INET6;
		memcpy(ret->ip.b, m->p + at, size);
		return 0;
	case DNS_PTR:
	case DNS_MX:
	case DNS_CNAME:
		ret->name = text;
		if (type == DNS_MX)
			ret->preference = (uint16_t)get16(m->p + at);
		data_name(m, at, size, name_offset(type), &name);
		return dnsname_text(&name, text) + 1;
	case DNS_TXT:
		ret->txt = span_of(text, data_txt(m, at, size, text));
		return ret->txt.n;
	}
	return 0;
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
	return type == DNS_MX || type == DNS_PTR || type == DNS_CNAME;
}

static bool
same_data(const struct message *m, enum dns_type type, size_t a, size_t an,
    size_t b, size_t bn)
{
	size_t skip = name_offset(type);
	struct dnsname x, y;

	if (!has_names(type))
		return an == bn && memcmp(m->p + a, m->p + b, an) == 0;
	return memcmp(m->p + a, m->p + b, skip) == 0 &&
	    data_name(m, a, an, skip, &x) && data_name(m, b, bn, skip, &y) &&
	    dnsname_equal(&x, &y);
}

/* Notes the record, if its RDATA is right and not there yet. An address twice
 * says no more than once: it is not looked for. */
static void
found_add(struct found *f, const struct message *m, enum dns_type type,
    const struct rr *rr)
{
	size_t text = data_size(m, type, rr->data, rr->size);

	if (text == SIZE_MAX)
		return;
	if (++f->read > DNS_RECORDS_MAX)
		return;
	for (size_t i = 0; type != DNS_A && type != DNS_AAAA && i < f->n; i++) {
		if (same_data(m, type, f->data[i].at, f->data[i].size, rr->data,
		        rr->size))
			return;
	}
	f->data[f->n].at = (uint16_t)rr->data;
	f->data[f->n].size = (uint16_t)rr->size;
	f->n++;
	f->text += text;
}

/*
 * Reads the answer section once. The records of (name, type) are noted; a CNAME
 * of name makes its target name, so that a chain in its own order is followed
 * to its end. NULL, or what is wrong with the section.
 */
static const char *
read_section(const struct message *m, enum dns_type type, struct dnsname *name,
    struct found *f)
{
	struct sought sought = {.name = name};
	struct dnsname target;
	size_t at = m->answers;
	struct rr rr;

	for (unsigned i = 0; i < m->count; i++, at = rr.next) {
		if (has_names(type) && f->read == DNS_NAMES_MAX)
			break;
		if (!rr_read(m, &sought, at, &rr))
			return "malformed answer";
		if (rr.class != CLASS_IN || !rr.ours)
			continue;
		if (rr.type == (unsigned)type)
			found_add(f, m, type, &rr);
		if (f->read > DNS_RECORDS_MAX)
			return "too many records";
		if (rr.type != DNS_CNAME || f->read > 0)
			continue;
		f->odd_alias = !data_name(m, rr.data, rr.size, 0, &target);
		if (f->odd_alias)
			continue;
		*name = target;
		f->aliases++;
		sought = (struct sought){.name = name};
	}
	return NULL;
}

static int
make_answer(enum dns_status status, const char *why, size_t n, size_t text,
    struct dns_answer **ret)
{
	size_t size =
	    sizeof(struct dns_answer) + n * sizeof(struct dns_record) + text;
	struct dns_answer *a;

	a = calloc(1, size);
	if (a == NULL)
		return -ENOMEM;
	*a = (struct dns_answer){.status = status,
	    .why = why,
	    .size = size,
	    .n = n,
	    .record = (struct dns_record *)(a + 1)};
	*ret = a;
	return 0;
}

static int
make_found(const struct message *m, enum dns_type type, const struct found *f,
    struct dns_answer **ret)
{
	int err = make_answer(DNS_FOUND, NULL, f->n, f->text, ret);
	struct dns_record *record;
	char *text;

	if (err != 0)
		return err;
	record = (struct dns_record *)(*ret + 1);
	text = (char *)(record + f->n);
	for (size_t i = 0; i < f->n; i++)
		text += data_write(
		    m, type, f->data[i].at, f->data[i].size, text, &record[i]);
	return 0;
}

/* From the asked name along its CNAMEs to the records. */
static int
read_answer(const struct message *m, struct dnsname *name, enum dns_type type,
    struct dns_answer **ret)
{
	struct found f;
	const char *why;

	f.n = f.read = f.text = 0;
	f.aliases = 0;
	f.odd_alias = false;
	for (unsigned pass = 0; pass <= DNS_CNAME_MAX; pass++) {
		unsigned before = f.aliases;

		why = read_section(m, type, name, &f);
		if (why == NULL && f.odd_alias && f.read == 0)
			why = "malformed answer";
		if (why != NULL)
			return dnsmsg_error(why, ret);
		if (f.n > 0)
			return make_found(m, type, &f, ret);
		if (f.aliases == before)
			return make_answer(DNS_NODATA, NULL, 0, 0, ret);
	}
	return dnsmsg_error("CNAME loop", ret);
}

int
dnsmsg_read(struct span msg, const struct dnsname *name, enum dns_type type,
    struct dns_answer **ret)
{
	struct message m = {
	    .p = (const unsigned char *)msg.p, .n = msg.n, .all = msg};
	struct dnsname owner = *name; /* then those of its CNAMEs */
	unsigned rcode;
	const char *why = read_head(&m, name, type, &rcode);

	if (why != NULL)
		return dnsmsg_error(why, ret);
	if (rcode != 0)
		return make_answer(DNS_NXDOMAIN, NULL, 0, 0, ret);
	return read_answer(&m, &owner, type, ret);
}

int
dnsmsg_error(const char *why, struct dns_answer **ret)
{
	return make_answer(DNS_TEMPERROR, why, 0, 0, ret);
}
