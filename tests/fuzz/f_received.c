/*
 * Any sender, HELO and result texts in the header fields and replies: one line
 * of printable ASCII within its limit, comments and quotes closed, each key
 * once, and of a sender the domain behind its last '@' or none.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "policyd/decide/verdict.h"
#include "tests/support/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts a piece off the input: its length in two bytes in front of it. */
static struct span
piece(struct span *in)
{
	struct span s;
	size_t n;

	if (in->n < 2)
		return span_of("", 0);
	n = ((size_t)(unsigned char)in->p[0] << 8 | (unsigned char)in->p[1]) %
	    2048;
	*in = span_skip(*in, 2);
	s = span_of(in->p, n < in->n ? n : in->n);
	*in = span_skip(*in, s.n);
	return s;
}

/* A piece as a C string, or NULL when it is empty; owned. */
static char *
text(struct span *in)
{
	struct span s = piece(in);

	return s.n == 0 ? NULL : strndup(s.p, s.n);
}

static void
must_be_printable(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		must(s.p[i] >= ' ' && s.p[i] <= '~');
}

/* RFC 5322: the text with comments and quoted strings taken out. */
static size_t
outside(struct span s, char *ret)
{
	bool quoted = false;
	size_t depth = 0, n = 0;

	for (size_t i = 0; i < s.n; i++) {
		must(s.p[i] != '\\');
		if (s.p[i] == '"' && depth == 0)
			quoted = !quoted;
		else if (s.p[i] == '(' && !quoted)
			depth++;
		else if (s.p[i] == ')' && !quoted)
			must(depth-- > 0);
		else if (!quoted && depth == 0)
			ret[n++] = s.p[i];
	}
	must(!quoted && depth == 0);
	ret[n] = '\0';
	return n;
}

static unsigned
count(const char *in, const char *what)
{
	unsigned n = 0;

	for (; (in = strstr(in, what)) != NULL; in++)
		n++;
	return n;
}

static void
judge_spf(struct span s)
{
	static const char *const keys[] = {
	    "client-ip=", "envelope-from=", "identity="};
	char bare[HEADER_LINE_MAX + 1];
	size_t n = outside(s, bare);

	must(s.n <= HEADER_LINE_MAX);
	must(strncmp(bare, "Received-SPF: ", 14) == 0);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		must(count(bare, keys[i]) == 1);
	must(count(bare, "=") == count(bare, ";") + 1);
	must(count(bare, "helo=") <= 1 && count(bare, "receiver=") <= 1);
	must(strcmp(bare + n - 4, "helo") == 0 ||
	    strcmp(bare + n - 8, "mailfrom") == 0);
}

/* The first '@' of the value, where OpenDMARC splits it, is followed by the
 * domain of the sender; that may be cleaned, in A-labels or without the dot at
 * its end, but has its ASCII bytes. */
static void
judge_sender(const char *text, struct span sender)
{
	const char *value = strstr(text, "envelope-from="), *end, *at;
	size_t n = sender.n;

	must(value != NULL);
	value += strlen("envelope-from=");
	end = value + strcspn(value, ";");
	at = memchr(value, '@', (size_t)(end - value));
	while (n > 0 && sender.p[n - 1] != '@')
		n--;
	must((at != NULL) == (n > 0));
	if (at == NULL)
		return;
	must(memchr(at + 1, '@', (size_t)(end - at - 1)) == NULL);
	end -= end[-1] == '"';
	must(end[-1] != '.');
	for (size_t i = n; i < sender.n; i++) {
		if ((unsigned char)sender.p[i] >= 0x80)
			return;
	}
	at++;
	if (sender.n > n && sender.p[sender.n - 1] == '.') {
		if (end - at == 1 && *at == '?')
			return;
		sender.n--;
	}
	if (sender.n - n > 253) {
		must(end - at == 1 && *at == '?');
		return;
	}
	must((size_t)(end - at) == sender.n - n);
	for (size_t i = n; i < sender.n; i++, at++)
		must(span_lower((unsigned char)*at) ==
		        span_lower((unsigned char)sender.p[i]) ||
		    *at == '?');
}

static void
judge_auth_results(struct span s)
{
	char bare[HEADER_LINE_MAX + 1];

	must(s.n <= HEADER_LINE_MAX);
	outside(s, bare);
	must(strncmp(bare, "Authentication-Results: ", 24) == 0);
	must(count(bare, ";") == 1 && count(bare, "spf=") == 1);
	must(count(bare, "smtp.helo=") + count(bare, "smtp.mailfrom=") <= 1);
	must(count(bare, "reason=") <= 1);
}

static void
judge_actions(const struct subject *s, enum identity identity,
    const struct check_result *r, struct buf *out)
{
	static const enum action_kind kinds[] = {ACTION_REJECT, ACTION_DEFER};
	static const struct policyd_settings policy = {
	    .reply_text = "{action} by {receiver}: {reason} ({domain})"};

	for (size_t i = 0; i < 2; i++) {
		struct verdict v = {kinds[i], identity, r, NULL, SKIP_NO};

		buf_clear(out);
		verdict_action(&policy, &v, s, out);
		must(buf_error(out) == 0 && out->n <= REPLY_TEXT_MAX);
		must_be_printable(buf_view(out));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size), head = piece(&in);
	unsigned char pick = head.n > 0 ? (unsigned char)head.p[0] : 0;
	enum identity identity = pick & 1 ? IDENTITY_HELO : IDENTITY_MAIL_FROM;
	struct subject s = {
	    .client = ip_bytes(pick & 2 ? "\x20\x01\xd\xb8\xff\xff\xff\xff"
	                                  "\x11\x11\x22\x22\x33\x33\x44\x44"
	                                : "\xc0\x00\x02\x01",
	        pick & 2 ? 16 : 4)};
	char *receiver = text(&in), *domain = text(&in), *mechanism = text(&in),
	     *problem = text(&in), *explanation = text(&in);
	struct check_result r = {
	    .result = (enum spf_result)(pick / 4 % SPF_RESULTS),
	    .domain = domain == NULL ? "" : domain,
	    .mechanism = mechanism,
	    .problem = problem,
	    .explanation = explanation};
	struct subject shown;
	struct buf out;

	s.receiver = receiver == NULL ? "mx.example.org" : receiver;
	s.sender = piece(&in);
	s.helo = piece(&in);
	shown = s;
	if (pick & 128) /* hide_receiver */
		shown.receiver = NULL;
	buf_init(&out, 4096);
	received_spf(&shown, identity, &r, &out);
	must(buf_error(&out) == 0);
	must_be_printable(buf_view(&out));
	judge_spf(buf_view(&out));
	judge_sender(buf_text(&out), s.sender);
	buf_clear(&out);
	received_auth_results(&s, identity, &r, &out);
	must(buf_error(&out) == 0);
	must_be_printable(buf_view(&out));
	judge_auth_results(buf_view(&out));
	judge_actions(&s, identity, &r, &out);
	buf_free(&out);
	free(receiver);
	free(domain);
	free(mechanism);
	free(problem);
	free(explanation);
	return 0;
}
