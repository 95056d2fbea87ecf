#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/dns/dnsmsg.h"
#include "common/dns/dnsname.h"
#include "common/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum dns_type types[] = {
    DNS_A, DNS_AAAA, DNS_TXT, DNS_MX, DNS_PTR, DNS_CNAME};

/* Header and question, so that not every input must invent them. */
static const unsigned char head[] = "\0\0\201\200\0\1\0\0\0\0\0\0"
                                    "\1a\7example\0\0\0\0\1";

static void
want(bool ok)
{
	if (!ok)
		abort();
}

/* A name without escapes is one that can be asked, and comes out the same. */
static size_t
check_name(const char *name)
{
	char again[DNSNAME_TEXT_MAX];
	struct dnsname wire;
	size_t n = strlen(name);

	want(n < DNSNAME_TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		want(name[i] > ' ' && name[i] < 0x7f);
	if (n > 0 && strchr(name, '\\') == NULL) {
		want(dnsname_parse(span_str(name), &wire) == 0);
		want(dnsname_text(&wire, again) == n);
		want(strcmp(name, again) == 0);
	}
	return n + 1;
}

static size_t
check_record(const struct dns_record *r, enum dns_type type)
{
	volatile char last;

	switch (type) {
	case DNS_A:
		want(r->ip.family == AF_INET);
		return 0;
	case DNS_AAAA:
		want(r->ip.family == AF_INET6);
		return 0;
	case DNS_PTR:
	case DNS_CNAME:
		want(r->preference == 0);
		return check_name(r->name);
	case DNS_MX:
		return check_name(r->name);
	case DNS_TXT:
		if (r->txt.n > 0)
			last = r->txt.p[r->txt.n - 1];
		(void)last;
		return r->txt.n;
	}
	return 0;
}

static void
check(struct span msg, enum dns_type type)
{
	struct dns_answer *a;
	size_t text = 0;
	bool names = type == DNS_MX || type == DNS_PTR || type == DNS_CNAME;
	struct dnsname name;

	want(dnsname_parse(span_str("a.example"), &name) == 0);
	want(dnsmsg_read(msg, &name, type, &a) == 0);
	want((a->status == DNS_TEMPERROR) == (a->why != NULL));
	want((a->status == DNS_FOUND) == (a->n > 0));
	want(a->security == DNS_INSECURE);
	for (size_t i = 0; i < a->n; i++)
		text += check_record(&a->record[i], type);
	want(a->n <= (names ? DNS_NAMES_MAX : DNS_RECORDS_MAX));
	want(names || text <= DNS_TEXT_MAX);
	want(a->size == sizeof *a + a->n * sizeof *a->record + text);
	dns_answer_free(dns_answer_hold(a));
	dns_answer_free(a);
}

/* The first byte: the type, and whether the rest is a whole message or flags,
 * number of records, and the answer section of one. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum dns_type type;
	unsigned char *msg;
	size_t n = sizeof head - 1;

	if (size < 5 || size > 65000)
		return 0;
	type = types[data[0] % (sizeof types / sizeof types[0])];
	if (data[0] >= 0xc0) {
		check(span_of(data + 1, size - 1), type);
		return 0;
	}
	msg = malloc(n + size - 5);
	want(msg != NULL);
	memcpy(msg, head, n);
	memcpy(msg + 2, data + 1, 2);
	memcpy(msg + 6, data + 3, 2);
	msg[n - 3] = (unsigned char)type;
	memcpy(msg + n, data + 5, size - 5);
	check(span_of(msg, n + size - 5), type);
	free(msg);
	return 0;
}
