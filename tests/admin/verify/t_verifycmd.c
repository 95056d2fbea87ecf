/*
 * postseal verify: exit status, what is printed, and what it says of a body
 * that was changed. The rules of verifying are the rows of tests/verifier.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/support/command.h"
#include "tests/support/dkimsign.h"
#include "tests/support/dksign.h"
#include "tests/support/pem.h"
#include "tests/support/suite.h"

#define HEADER "From: Joe <joe@a.example>\r\nSubject:  hello\r\n"
#define TAGS "v=1; a=rsa-sha256; d=a.example; s=rsa; h=from:subject; bh=@; b=@"
#define RELAXED "c=relaxed/relaxed; " TAGS
#define FORGED "Authentication-Results: mx.example.jp; dkim=pass\r\n"

static struct key *
rsa_key(void)
{
	struct key *k;
	const char *why;

	CU_ASSERT_FATAL(key_new(span_str(pem_rsa2048), &k, &why) == 0);
	return k;
}

static void
write_zone(struct command *r, struct key *key)
{
	struct buf zone;

	buf_init(&zone, 1 << 16);
	buf_str(&zone,
	    "$TTL 300\n; a zone\nb.example. IN MX 10 mail.b.example\n"
	    "mail.b.example A 192.0.2.1\nmail.b.example AAAA 2001:db8::1\n"
	    "b.example TXT \"v=spf1 mx -all\"\n"
	    "1.2.0.192.in-addr.arpa PTR mail.b.example.\n"
	    "c.example TXT \"v=spf1 include:d.example -all\"\n"
	    "d.example TXT \"v=spf1 ptr:b.example -all\"\n"
	    "mail.b.example TXT \"v=spf1 a -all\"\n"
	    "RSA._domainkey.a.example. 3600 IN TXT ( \"v=DKIM1\\; \"\n\t\"");
	dkimsign_record(key, &zone);
	buf_str(&zone, "\" )\n");
	/* the version stands twice: without the second one */
	char *second = strstr(strstr(buf_text(&zone), "k=rsa") - 10, "v=DKIM1");

	memmove(second, second + 8, strlen(second + 8) + 1);
	tmpdir_write(&r->dir, "zone", zone.p);
	buf_free(&zone);
}

/* Signs HEADER and a body, and delivers with others: `postseal verify
 * WORDS`. */
static void
run(struct command *r, const char *words, const char *tags, const char *above,
    const char *more, const char *signed_body, const char *body)
{
	struct key *key = rsa_key();
	struct buf text, message;

	buf_init(&text, 1 << 20);
	buf_init(&message, 1 << 20);
	buf_fmt(&text, HEADER "%s\r\n%s", more, signed_body);
	buf_str(&message, above);
	if (tags[0] != '\0')
		dkimsign(tags, key, buf_view(&text), &message);
	buf_fmt(&message, HEADER "%s\r\n%s", more, body);
	command_begin(r);
	write_zone(r, key);
	tmpdir_write(&r->dir, "m", buf_text(&message));
	command_file(r, "p.conf",
	    "hostname = \"mx.example.jp\"\n"
	    "dns { servers = {\"127.0.0.1:1\"} timeout = 1 }\n"
	    "verifier { reject = {\"no-pass\"} own_daemons = {} "
	    "trusted_networks = {\"127.0.0.0/8\"} }\n");
	command_run(r, "verify -c @/p.conf %s", words);
	command_end(r);
	buf_free(&text);
	buf_free(&message);
	key_free(key);
}

static void
look(const struct command *r, int status, const char *out, const char *err)
{
	CHECK(r->status == status);
	CHECK(strstr(r->out, out) != NULL);
	CHECK(strstr(r->err, err) != NULL);
	if (r->status != status || strstr(r->out, out) == NULL ||
	    strstr(r->err, err) == NULL)
		printf("%d\n%s%s\nwant: %s%s\n", r->status, r->out, r->err, out,
		    err);
}

static void
run_long(struct command *r, const char *body)
{
	struct key *key = rsa_key();
	struct buf message;

	buf_init(&message, 64 << 20);
	dkimsign(TAGS, key, span_str(HEADER "\r\nsigned\r\n"), &message);
	buf_fmt(&message, HEADER "\r\n%s", body);
	command_begin(r);
	write_zone(r, key);
	tmpdir_write(&r->dir, "m", buf_text(&message));
	command_file(r, "p.conf", "hostname = \"mx.example.jp\"\n");
	command_run(r, "verify -c @/p.conf --dns @/zone @/m");
	command_end(r);
	buf_free(&message);
	key_free(key);
}

static void
verdicts(void)
{
	static const struct {
		const char *words, *tags, *above;
		int status;
		const char *out, *err; /* what is in them */
	} row[] = {
	    {"--dns @/zone @/m", TAGS, "", 0, "signature 1: pass\n", ""},
	    {"--dns @/zone <@/m", TAGS, "", 0,
	        "Authentication-Results: mx.example.jp;\n\tdkim=pass", ""},
	    {"--dns @/zone - <@/m", TAGS, "", 0,
	        "\n  d=a.example s=rsa a=rsa-sha256 c=simple/simple\n"
	        "  h=from:subject\n"
	        "  key at rsa._domainkey.a.example, 2048 bits\n",
	        ""},
	    {"--dns @/zone @/m", TAGS, FORGED, 0, "removed: 1 forged field\n",
	        ""},
	    {"--dns @/zone @/m", "", "", 1, "dkim=none", ""},
	    {"--dns @/zone --from b@b.example @/m", "", "", 1,
	        "rejected: 550 5.7.20 ", ""},
	    {"--dns @/zone --client 127.0.0.1 @/m", TAGS, "", 1,
	        "not verified: the client is in verifier.trusted_networks", ""},
	    {"--dns @/zone --client 127.0.0.1 -j @/m", TAGS, "", 1,
	        "verifier.trusted_networks", ""},
	    {"--dns @/zone --client 192.0.2.1 --helo x @/m", TAGS, "", 0,
	        "pass", ""},
	    {"--dns @/zone --client 192.0.2.1 --from joe@b.example @/m", TAGS,
	        "", 0,
	        "spf=pass smtp.mailfrom=b.example;\n\tdmarc=none "
	        "reason=\"there is no policy record\" "
	        "header.from=a.example\n\nsignature 1: pass\n",
	        ""},
	    {"--dns @/zone --client 192.0.2.1 --from joe@b.example @/m", TAGS,
	        "", 0, "\n\nMAIL FROM: pass\n  domain       b.example\n", ""},
	    {"--dns @/zone --client 192.0.2.1 --from joe@b.example @/m", TAGS,
	        "", 0, "? MX b.example (0 ms, insecure): 10 mail.b.example\n",
	        ""},
	    {"--dns @/zone --client 2001:db8::1 --from joe@b.example @/m", TAGS,
	        "", 0, "spf=pass smtp.mailfrom=b.example;\n", ""},
	    {"--dns @/zone --client 192.0.2.2 --from '<joe@b.example>' @/m",
	        TAGS, "", 0, "spf=fail smtp.mailfrom=b.example;\n", ""},
	    {"--dns @/zone --client 192.0.2.1 --from joe@c.example @/m", TAGS,
	        "", 0, "  mechanism    include:d.example\n", ""},
	    {"--dns @/zone --client 192.0.2.1 --helo mail.b.example @/m", TAGS,
	        "", 0, "spf=pass smtp.helo=mail.b.example;\n", ""},
	    {"--dns @/zone --client 192.0.2.1 --helo mail.b.example "
	     "--from joe@a.example @/m",
	        TAGS, "", 0, "spf=none smtp.mailfrom=a.example;\n", ""},
	    {"--dns @/zone --client 192.0.2.1 --helo mail.b.example "
	     "--from joe@a.example @/m",
	        TAGS, "", 0, "HELO: pass\n  domain       mail.b.example\n", ""},
	    {"--dns @/zone @/m", TAGS, "", 0,
	        "\tspf=none reason=\"the client's address is not known\"", ""},
	    {"--client 192.0.2.1 --from joe@b.example @/m", TAGS, "", 3,
	        "MAIL FROM: temperror\n", ""},
	    {"--dns @/zone -j --client 192.0.2.1 --from joe@b.example @/m",
	        TAGS, "", 0,
	        "\"spf\": [\n    {\n      \"identity\": \"MAIL FROM\",\n"
	        "      \"result\": \"pass\",",
	        ""},
	    {"--dns @/zone -j @/m", TAGS, "", 0, "\"spf\": []", ""},
	    {"--dns @/zone --time 200 @/m", "x=100; " TAGS, "", 0, "pass", ""},
	    {"--dns @/zone --time 401 @/m", "x=100; " TAGS, "", 1,
	        "signature 1: policy, expired", ""},
	    {"--dns @/p.conf @/m", TAGS, "", 1,
	        "signature 1: permerror, no key", ""},
	    {"@/m", TAGS, "", 3, "signature 1: temperror", ""},
	    {"--dns @/zone -j @/m", TAGS, FORGED, 0,
	        "{\n  \"verdict\": \"accepted\",\n  \"removed\": 1,", ""},
	    {"--dns @/zone -j @/m", TAGS, "", 0, "\"result\": \"pass\"", ""},
	    {"--dns @/zone -j --from b@b.example @/m", "", "", 1,
	        "\"reply\": \"550 5.7.20 ", ""},
	    {"--dns @/none @/m", TAGS, "", 1, "", "none: No such file"},
	    {"--dns @/m @/m", "", "X: \"\r\n", 1, "",
	        "m:1: a quote is left open"},
	    {"@/none", TAGS, "", 1, "", "none: No such file"},
	    {"</dev/null", TAGS, "", 1, "", "the message: it is empty"},
	    {"--client here @/m", TAGS, "", 2, "", "not an address"},
	    {"--time today @/m", TAGS, "", 2, "", "not a number of seconds"},
	    {"--canonical -j @/m", TAGS, "", 2, "", "one at a time"},
	    {"@/m @/m", TAGS, "", 2, "", "what is"},
	};
	static struct command r;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].words);
		run(&r, row[i].words, row[i].tags, row[i].above, "", "Hi\r\n",
		    "Hi\r\n");
		look(&r, row[i].status, row[i].out, row[i].err);
	}
	suite_row(NULL);
}

#define QP "Content-Transfer-Encoding: (x) Quoted-Printable\r\n"
#define B64 "Content-Transfer-Encoding: base64\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=\"b b\"\r\n"
#define PARTS(encoding, text) \
	"none\r\n--b b\r\nContent-Type: text/plain\r\n" \
	"Content-Transfer-Encoding: " encoding "\r\n\r\n" text \
	"--b b\r\nContent-Type: x/y\r\n\r\n--\r\n--b\r\n--b b--\r\nend=3D\r\n"
#define L1 "v=1; a=rsa-sha256; d=a.example; s=rsa; l=1; h=from; bh=@; b=@"
#define L3 "v=1; a=rsa-sha256; d=a.example; s=rsa; l=3; h=from; bh=@; b=@"

/* Each cause, and what is none of them. */
static void
causes(void)
{
	static const struct {
		const char *tags, *more, *before, *after;
		int status;
		const char *want;
	} row[] = {
	    {TAGS, "", "a\r\nb\r\n", "a\r\nb\r\n-- \r\nlist\r\n", 1,
	        "the body: lines were added after line 2"},
	    {RELAXED, "", "a\r\n\r\nb  b\r\n\r\n",
	        "a\r\n\r\nb b\r\n\r\n\r\n_\r\n", 1,
	        "the body: lines were added after line 3"},
	    {TAGS, "", "", "_\r\n", 1,
	        "the body: it was empty when it was signed"},
	    {TAGS, "", "a\nb\n", "a\r\nb\r\n", 1,
	        "the body: it was signed with LF as line ends"},
	    {TAGS, "", "a\r\r\nb\r\r\n", "a\r\nb\r\n", 1,
	        "the body: it was signed with CR CR LF as line ends"},
	    {TAGS, QP,
	        "Gr\xc3\xbc\xc3\x9f"
	        "e von dort\r\n",
	        "Gr=C3=BC=C3=9fe v=\r\non dort \r\n", 1,
	        "the body: it was signed before it was encoded as "
	        "quoted-printable"},
	    {TAGS, B64, "hello\r\nyou\r\n", "aGVsbG8N\r\nCnlvdQ0K\r\n", 1,
	        "the body: it was signed before it was encoded as base64"},
	    {TAGS, B64, "hello\r\n", "no base64!\r\n", 1, "the body: unknown"},
	    {TAGS, MIXED,
	        PARTS("8bit",
	            "Gr\xc3\xbc\xc3\x9f"
	            "e = x\r\n"),
	        PARTS("quoted-printable", "Gr=C3=BC=C3=9Fe =3D=\r\n x\r\n"), 1,
	        "the body: it was signed before it was encoded as "
	        "quoted-printable"},
	    {TAGS, MIXED, PARTS("8bit", "hello\r\nyou\r\n"),
	        PARTS("BASE64", "aGVsbG8N\r\nCnlvdQ==\r\n"), 1,
	        "the body: it was signed before it was encoded as base64"},
	    {TAGS, MIXED, PARTS("8bit", "hello\r\n"),
	        PARTS("quoted-printable", "hallo\r\n"), 1, "the body: unknown"},
	    {TAGS, "", "a\r\nb\r\n", "a\r\nc\r\n", 1, "the body: unknown"},
	    {L3, "", "abcd\r\n", "xbcd\r\n", 1, "the body: unknown"},
	    {TAGS, "", "a\r\n", "a\r\n", 0, "signature 1: pass\n"},
	};
	static struct command r;

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].want);
		run(&r, "--dns @/zone @/m", row[i].tags, "", row[i].more,
		    row[i].before, row[i].after);
		look(&r, row[i].status, row[i].want, "");
		CHECK((strstr(r.out, "  the body: ") != NULL) ==
		    (row[i].status == 1));
	}
	suite_row(NULL);
}

/* Of a long body of short lines each is looked at once or twice: a million of
 * them, and as many that look like boundaries, take a moment and not hours. */
static void
long_body(void)
{
	static const char *const line[] = {"x\r\n", "--b\r\nContent-A: b\r\n"};

	for (size_t i = 0; i < 2; i++) {
		static struct command r;
		struct buf body;
		time_t began = time(NULL);

		buf_init(&body, 40 << 20);
		for (size_t k = 0; k < 1000000; k++)
			buf_str(&body, line[i]);
		run_long(&r, buf_text(&body));
		look(&r, 1, "the body: unknown", "");
		CHECK(time(NULL) - began < 60);
		buf_free(&body);
	}
}

/* A signer that hashes as simple and writes relaxed. */
static void
other_canonicalization(void)
{
	static struct command r;
	struct key *key = rsa_key();
	struct buf text;
	const char *body = "a  b \r\n";
	char *word;

	buf_init(&text, 1 << 16);
	dkimsign("c=simple/simple;  " TAGS, key,
	    span_str(HEADER "\r\na  b \r\n"), &text);
	buf_fmt(&text, HEADER "\r\n%s", body);
	word = strstr(buf_text(&text), "simple;  ");
	memcpy(word, "relaxed; ", 9);
	command_begin(&r);
	write_zone(&r, key);
	tmpdir_write(&r.dir, "m", buf_text(&text));
	command_file(&r, "p.conf", "hostname = \"mx.example.jp\"\n");
	command_run(&r, "verify -c @/p.conf --dns @/zone @/m");
	look(&r, 1, "the body: c= should say simple for the body", "");
	command_end(&r);
	buf_free(&text);
	key_free(key);
}

/* The bytes, and how many. */
static void
canonical(void)
{
	static struct command r;

	run(&r, "--dns @/zone --canonical @/m", RELAXED, "", "",
	    "a  b \r\n\r\n", "a  b \r\n\r\n");
	look(&r, 0, "signature 1, header: ", "");
	CHECK(strstr(r.out,
	          " bytes\nfrom:Joe <joe@a.example>\r\nsubject:hello\r\n"
	          "dkim-signature:c=relaxed/relaxed; v=1;") != NULL);
	CHECK(strstr(r.out, "; b=\nsignature 1, body: 5 bytes\na b\r\n\n") !=
	    NULL);
	run(&r, "--dns @/zone --canonical @/m", L3, "", "", "abcdef\r\n",
	    "abcdef\r\n");
	CHECK(strstr(r.out, "body: 3 bytes\nabc\n") != NULL);
	run(&r, "--dns @/zone --canonical @/m", L1, "", "", "abcdef\r\n",
	    "abcdef\r\n");
	CHECK(strstr(r.out, "body: 1 byte\na\n") != NULL);
}

/* DomainKeys, where the config wants them; they are no pass. */
/* --- DMARC ---------------------------------------------------------------- */

#define AS(client) "--dns @/zone --client " client " --from u@bounce.a.example "
#define POLICY \
	"_dmarc.a.example TXT \"v=DMARC1; p=reject; sp=none\"\n" \
	"bounce.a.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"

static const struct {
	const char *name, *zone, *config, *words, *out;
} explained[] = {
    {"nothing", "", "", "--dns @/zone @/m",
        "\nDMARC: none, there is no policy record\n"
        "  author       a.example, organization a.example\n"
        "  ? TXT _dmarc.a.example: no record\n"
        "  ? TXT _dmarc.example: no record\n"},
    {"aligned", POLICY, "", AS("192.0.2.1") "@/m",
        "\nDMARC: pass (p=reject sp=none dis=pass)\n"
        "  author       a.example, organization a.example\n"
        "  policy       p=reject of _dmarc.a.example\n"
        "  SPF          bounce.a.example, organization a.example\n"
        "    passes, aligned: it is of the same organization\n"
        "  ? TXT _dmarc.a.example: record \"v=DMARC1; p=reject; sp=none\"\n"
        "  ? TXT _dmarc.example: no record\n"
        "  ? TXT _dmarc.bounce.a.example: no record\n"},
    {"fails, marked", POLICY, "dmarc { action = \"mark\" }",
        AS("192.0.2.2") "@/m", "X-Postseal-DMARC: reject\n"},
    {"does not pass", POLICY, "dmarc { action = \"mark\" }",
        AS("192.0.2.2") "@/m",
        "    does not pass, aligned: it is of the same organization\n"},
    {"held", POLICY, "dmarc { action = \"mark\" quarantine = \"hold\" }",
        AS("192.0.2.2") "@/m",
        "into the hold queue: the DMARC policy of its author's domain\n"},
    {"refused", POLICY, "dmarc { action = \"enforce\" }", AS("192.0.2.2") "@/m",
        "\nrejected: 550 5.7.26 DMARC of a.example: "},
    {"strict", "_dmarc.a.example TXT \"v=DMARC1; p=none; aspf=s\"\n", "",
        AS("192.0.2.1") "@/m",
        "not aligned: aspf=s wants the author's domain\n"},
    {"of others", POLICY, "",
        "--dns @/zone --client 192.0.2.1 "
        "--from u@b.example @/m",
        "  SPF          b.example, organization b.example\n"
        "    does not pass, not aligned: it is of another organization\n"},
    {"several records",
        "_dmarc.a.example TXT \"v=DMARC1; p=none\"\n"
        "_dmarc.a.example TXT \"v=DMARC1; p=reject\"\n",
        "", "--dns @/zone @/m",
        "  ? TXT _dmarc.a.example: several records, which count as none "
        "\"v=DMARC1; p=none\" \"v=DMARC1; p=reject\"\n"},
    {"a tag twice", "_dmarc.a.example TXT \"v=DMARC1; p=none; p=none\"\n", "",
        "--dns @/zone @/m",
        "  ? TXT _dmarc.a.example: an invalid record "
        "\"v=DMARC1; p=none; p=none\"\n"},
    {"for programs", POLICY, "dmarc { action = \"mark\" }",
        AS("192.0.2.2") "-j @/m",
        "\"dmarc\":{\"result\":\"fail\",\"disposition\":\"quarantine\","
        "\"override\":\"local_policy\",\"policy\":\"reject\","
        "\"mark\":\"reject\",\"author\":\"a.example\","
        "\"organization\":\"a.example\",\"identifiers\":[{"
        "\"method\":\"spf\",\"domain\":\"bounce.a.example\","
        "\"organization\":\"a.example\",\"standing\":\"does not pass\","
        "\"aligned\":true,\"why\":\"it is of the same organization\"}],"
        "\"walk\":[{\"name\":\"_dmarc.a.example\",\"found\":\"record\","
        "\"records\":[\"v=DMARC1; p=reject; sp=none\"]},{"
        "\"name\":\"_dmarc.example\",\"found\":\"no record\","
        "\"records\":[]},{\"name\":\"_dmarc.bounce.a.example\","
        "\"found\":\"no record\",\"records\":[]}]}"},
};

static void
dmarc(void)
{
	for (size_t i = 0; i < sizeof explained / sizeof explained[0]; i++) {
		char config[256];
		struct command r;
		size_t n = 0;

		suite_row(explained[i].name);
		snprintf(config, sizeof config,
		    "hostname = \"mx.example.jp\"\nverifier { trusted_networks "
		    "= {} %s }\n",
		    explained[i].config);
		command_begin(&r);
		tmpdir_write(&r.dir, "zone",
		    explained[i].zone[0] == '\0' ? "# nothing\n"
		                                 : explained[i].zone);
		tmpdir_write(&r.dir, "m", HEADER "\r\nHello\r\n");
		command_file(&r, "p.conf", config);
		command_run(&r, "verify -c @/p.conf %s", explained[i].words);
		/* without what the JSON has between its tokens */
		if (strstr(explained[i].words, "-j") != NULL) {
			bool quoted = false;

			for (const char *p = r.out; *p != '\0'; p++) {
				quoted = quoted != (*p == '"');
				if (quoted || (*p != ' ' && *p != '\n'))
					r.out[n++] = *p;
			}
			r.out[n] = '\0';
		}
		look(&r, 1, explained[i].out, "");
		command_end(&r);
	}
	suite_row(NULL);
}

static void
domainkeys(void)
{
	static const struct {
		const char *config, *words;
		int status;
		const char *out; /* what is in it */
	} row[] = {
	    {"", "@/m", 1, "\tdkim=none;\n\tspf="},
	    {"domainkeys = true", "@/m", 1,
	        "dkim=none;\n\tdomainkeys=pass (2048-bit key) "
	        "header.d=a.example header.from=a.example;\n\tspf=none "
	        "reason=\"the client's address is not known\";\n"
	        "\tdmarc=none reason=\"there is no policy record\" "
	        "header.from=a.example\n"
	        "\nDomainKeys: pass\n"
	        "  d=a.example s=rsa From=joe@a.example c=nofws\n"
	        "  h=subject:from\n"
	        "  key at rsa._domainkey.a.example, 2048 bits\n"},
	    {"domainkeys = true domainkeys_min_bits = 4096", "@/m", 1,
	        "\nDomainKeys: policy, key too short\n"},
	    {"domainkeys = true", "-j @/m", 1,
	        "  \"domainkeys\": {\n    \"result\": \"pass\",\n"
	        "    \"domain\": \"a.example\",\n    \"selector\": \"rsa\",\n"
	        "    \"from\": \"joe@a.example\",\n    \"bits\": 2048,\n"
	        "    \"testing\": false\n  },\n"},
	    {"domainkeys = true", "--canonical @/m", 1,
	        "DomainKeys, header and body: 46 bytes\n"
	        "Subject:hello\r\nFrom:Joe<joe@a.example>\r\n\r\nab\r\n\n"},
	};
	static struct command r;
	struct key *key = rsa_key();
	struct buf message, config;

	buf_init(&message, 1 << 16);
	buf_init(&config, 1 << 16);
	dksign("d=a.example; s=rsa; c=nofws; h=subject:from; b=@", pem_rsa2048,
	    span_str(HEADER "\r\na b\r\n \r\n"), &message);
	buf_str(&message, HEADER "\r\na b\r\n \r\n");
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		suite_row(row[i].out);
		command_begin(&r);
		write_zone(&r, key);
		tmpdir_write(&r.dir, "m", buf_text(&message));
		buf_clear(&config);
		buf_fmt(&config,
		    "hostname = \"mx.example.jp\"\nverifier { %s }\n",
		    row[i].config);
		command_file(&r, "p.conf", buf_text(&config));
		command_run(
		    &r, "verify -c @/p.conf --dns @/zone %s", row[i].words);
		look(&r, row[i].status, row[i].out, "");
		command_end(&r);
	}
	suite_row(NULL);
	buf_free(&message);
	buf_free(&config);
	key_free(key);
}

SUITE("verifycmd", T(verdicts), T(causes), T(long_body),
    T(other_canonicalization), T(canonical), T(dmarc), T(domainkeys))
