#include <stdio.h>
#include <string.h>

#include "common/dkim/base64.h"
#include "tests/support/house.h"
#include "tests/support/rsader.h"
#include "tests/support/suite.h"

/* What a signature says, and how it ends: "bh=@" and "b=@" are made right. */
#define RSA "v=1; a=rsa-sha256; d=a.example; s=rsa; "
#define AT(s) "v=1; a=rsa-sha256; d=a.example; s=" s "; "
#define ED25519 "v=1; a=ed25519-sha256; d=a.example; s=ed; "
#define OF(d) "v=1; a=rsa-sha256; d=" d "; s=rsa; "
#define TAIL "h=from:to; bh=@; b=@"

/* What stands in the field: a result of the domain, selector and i=. */
#define SHOWN(a, d, i, s) \
	" header.d=" d " header.i=" i " header.a=" a " header.s=" s \
	" header.b=*"
#define PROPS(s) SHOWN("rsa-sha256", "a.example", "@a.example", s)
#define HAS PROPS("rsa")
#define HALF " header.d=a.example header.a=rsa-sha256 header.s=rsa header.b=*"
#define ED_HAS SHOWN("ed25519-sha256", "a.example", "@a.example", "ed")
#define KEY " (2048-bit key)"
#define PASS "dkim=pass" KEY HAS
#define PERMERROR(why) "dkim=permerror reason=\"" why "\""
#define TEMPERROR(why) "dkim=temperror reason=\"" why "\""
#define NEUTRAL(why) "dkim=neutral reason=\"" why "\""
#define POLICY(why) "dkim=policy reason=\"" why "\""
#define FAIL(why) "dkim=fail reason=\"" why "\""

static const char text[] = "From: Joe <joe@a.example>\r\n"
                           "To: ann@example.jp\r\n"
                           "Subject: hello\r\n"
                           "\r\n"
                           "Hello\r\n";

#define TWO_FROMS \
	"From: Eve <eve@b.example>\r\nFrom: Joe <joe@a.example>\r\n" \
	"To: ann@example.jp\r\n\r\nHello\r\n"
#define TYPED \
	"From: joe@a.example\r\nContent-Type: text/plain\r\n" \
	"To: ann@example.jp\r\n\r\nHello\r\n"
#define NO_BODY "From: joe@a.example\r\nTo: ann@example.jp\r\n\r\n"

#define KEY512 \
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAPikzn9XJKfhyd5XYkMOSlqp+pbsCnW3" \
	"WeQ508pxCuoz9gnTmLF4Q8aPH+yqMrZ0IqHzeDhBofDxfV6tYG6FJj8CAwEAAQ=="
#define KEY1023 \
	"MIGeMA0GCSqGSIb3DQEBAQUAA4GMADCBiAKBgGVKa34h9s4Xc6G3aqXWiEe04WAf" \
	"A4fizmYAif0DzrDOUzVOH3wueB6HfPeEQtFKn4eNH/M5sK3u+tMuDKNaTsoh50w6" \
	"CVmwGS1iK/hSEpojIRcYnK4OpT1qC0Ls4AB4ZAJ4YRo2It7Q0yQKdwZg3SCwC0PP" \
	"LPYY69Wjw70z39yBAgMBAAE="
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

#define RUN(table) \
	house_check_rows(table, sizeof table / sizeof table[0], "", text)

/* --- the ten rules that most get wrong ------------------------------------ */

static const struct house_row ten[] = {
    {"1 a tag twice", RSA "s=rsa; " TAIL, NEUTRAL("the same tag twice"), NULL,
        NULL, NULL},
    {"1 an unknown tag twice", RSA "foo=1; foo=1; " TAIL,
        NEUTRAL("the same tag twice"), NULL, NULL, NULL},
    {"1 B= is not b=", RSA "B=AAAA; " TAIL, PASS, NULL, NULL, NULL},
    {"2 i= below d=", RSA "i=joe@b.a.example; " TAIL,
        "dkim=pass" KEY SHOWN(
            "rsa-sha256", "a.example", "joe@b.a.example", "rsa"),
        NULL, NULL, NULL},
    {"2 i= at no dot", RSA "i=joe@evila.example; " TAIL,
        PERMERROR("i= is not within d=") HAS, NULL, NULL, NULL},
    {"2 i= above d=", RSA "i=@example; " TAIL,
        PERMERROR("i= is not within d=") HAS, NULL, NULL, NULL},
    {"3 From is not signed", RSA "h=to; bh=@; b=@",
        PERMERROR("From is not in h=") HALF, NULL, NULL, NULL},
    {"3 a From is not signed", RSA TAIL,
        POLICY("a From field is not signed") KEY HAS, NULL, NULL, TWO_FROMS},
    {"3 both are", RSA "h=from:from:to; bh=@; b=@", PASS, NULL, NULL,
        TWO_FROMS},
    {"4 rsa-sha1", "v=1; a=rsa-sha1; d=a.example; s=rsa; " TAIL,
        PERMERROR("rsa-sha1 is not secure")
            SHOWN("rsa-sha1", "a.example", "@a.example", "rsa"),
        NULL, NULL, NULL},
    {"4 512 bits", AT("short") TAIL,
        PERMERROR("key shorter than 1024 bits") " (512-bit key)" PROPS("short"),
        "short._domainkey.a.example TXT \"p=" KEY512 "\"", NULL, NULL},
    {"4 1023 bits", AT("short") TAIL,
        PERMERROR("key shorter than 1024 bits") " (1023-bit key)" PROPS(
            "short"),
        "short._domainkey.a.example TXT \"p=" KEY1023 "\"", NULL, NULL},
    {"5 two records, the second is it", AT("two") TAIL,
        "dkim=pass" KEY PROPS("two"),
        "two._domainkey.a.example TXT \"v=spf1 -all\"\n"
        "two._domainkey.a.example TXT \"p=$RSA\"",
        NULL, NULL},
    {"5 bare RSAPublicKey", AT("bare") TAIL, "dkim=pass" KEY PROPS("bare"),
        "bare._domainkey.a.example TXT \"p=$BARE\"", NULL, NULL},
    {"6 SERVFAIL", AT("bad") TAIL,
        TEMPERROR("DNS has no answer for the key") PROPS("bad"),
        "bad._domainkey.a.example TXT servfail", NULL, NULL},
    {"6 REFUSED", AT("bad") TAIL,
        TEMPERROR("DNS has no answer for the key") PROPS("bad"),
        "bad._domainkey.a.example TXT refused", NULL, NULL},
    {"6 timeout", AT("bad") TAIL,
        TEMPERROR("DNS has no answer for the key") PROPS("bad"),
        "bad._domainkey.a.example TXT timeout", NULL, NULL},
    {"6 bogus", AT("bad") TAIL,
        TEMPERROR("DNS has no answer for the key") PROPS("bad"),
        "bad._domainkey.a.example TXT bogus", NULL, NULL},
    {"6 no memory for the question", AT("bad") TAIL,
        TEMPERROR("no answer from DNS in time") PROPS("bad"),
        "bad._domainkey.a.example TXT nomem", NULL, NULL},
    {"7 another body", RSA "h=from:to; b=AAAA; bh=" ZEROS,
        FAIL("body hash did not verify") KEY HAS, NULL, NULL, NULL},
    {"8 l= of less", RSA "l=2; " TAIL,
        POLICY("a part of the body is not signed") KEY HAS, NULL, NULL, NULL},
    {"8 l=0", RSA "l=0; " TAIL,
        POLICY("a part of the body is not signed") KEY HAS, NULL, NULL, NULL},
};

static void
ten_rules(void)
{
	RUN(ten);
}

/* --- the tags ------------------------------------------------------------- */

static const struct house_row tags[] = {
    {"unsigned", "", "dkim=none", NULL, NULL, NULL},
    {"no From, unsigned", "", "dkim=none", NULL, NULL,
        "To: ann@example.jp\r\n\r\nHello\r\n"},
    {"good", RSA "c=relaxed/relaxed; " TAIL, PASS, NULL, NULL, NULL},
    {"simple", RSA TAIL, PASS, NULL, NULL, NULL},
    {"simple/relaxed", RSA "c=simple/relaxed; " TAIL, PASS, NULL, NULL, NULL},
    {"relaxed/simple", RSA "c=relaxed/simple; " TAIL, PASS, NULL, NULL, NULL},
    {"c= of one word", RSA "c=relaxed; " TAIL, PASS, NULL, NULL, NULL},
    {"c= in capitals", RSA "c=Relaxed/simple; " TAIL,
        PERMERROR("unknown canonicalization in c=") HALF, NULL, NULL, NULL},
    {"c= of nothing", RSA "c=; " TAIL,
        PERMERROR("unknown canonicalization in c=") HALF, NULL, NULL, NULL},
    {"c= with an end", RSA "c=simple/; " TAIL,
        PERMERROR("unknown canonicalization in c=") HALF, NULL, NULL, NULL},
    {"c= of three words", RSA "c=simple/simple/simple; " TAIL,
        PERMERROR("unknown canonicalization in c=") HALF, NULL, NULL, NULL},
    {"nowsp", RSA "c=nowsp; " TAIL,
        PERMERROR("unknown canonicalization in c=") HALF, NULL, NULL, NULL},
    {"ed25519", ED25519 TAIL, "dkim=pass (256-bit key)" ED_HAS, NULL, NULL,
        NULL},
    {"1024 bits", AT("weak") TAIL, "dkim=pass (1024-bit key)" PROPS("weak"),
        NULL, NULL, NULL},
    {"v= is last", "a=rsa-sha256; d=a.example; s=rsa; v=1; " TAIL, PASS, NULL,
        NULL, NULL},
    {"no v=", "a=rsa-sha256; d=a.example; s=rsa; " TAIL,
        PERMERROR("no v=") HALF, NULL, NULL, NULL},
    {"v=1.0", "v=1.0; a=rsa-sha256; d=a.example; s=rsa; " TAIL,
        PERMERROR("v= is not 1") HALF, NULL, NULL, NULL},
    {"v=01", "v=01; a=rsa-sha256; d=a.example; s=rsa; " TAIL,
        PERMERROR("v= is not 1") HALF, NULL, NULL, NULL},
    {"v=2", "v=2; a=rsa-sha256; d=a.example; s=rsa; " TAIL,
        PERMERROR("v= is not 1") HALF, NULL, NULL, NULL},
    {"V=1", "V=1; a=rsa-sha256; d=a.example; s=rsa; " TAIL,
        PERMERROR("no v=") HALF, NULL, NULL, NULL},
    {"no a=", "v=1; d=a.example; s=rsa; " TAIL,
        PERMERROR("no a=") " header.d=a.example header.i=@a.example "
                           "header.s=rsa header.b=*",
        NULL, NULL, NULL},
    {"a= is unknown", "v=1; a=rsa-sha512; d=a.example; s=rsa; " TAIL,
        PERMERROR("unknown algorithm in a=") " header.d=a.example "
                                             "header.i=@a.example header.s=rsa "
                                             "header.b=*",
        NULL, NULL, NULL},
    {"a= in capitals", "v=1; a=RSA-SHA256; d=a.example; s=rsa; " TAIL,
        PERMERROR("unknown algorithm in a=") " header.d=a.example "
                                             "header.i=@a.example header.s=rsa "
                                             "header.b=*",
        NULL, NULL, NULL},
    {"no d=", "v=1; a=rsa-sha256; s=rsa; " TAIL,
        PERMERROR("no d=") " header.a=rsa-sha256 header.s=rsa header.b=*", NULL,
        NULL, NULL},
    {"d= of one label", OF("example") TAIL,
        NEUTRAL("syntax error in d=") " header.a=rsa-sha256 header.s=rsa "
                                      "header.b=*",
        NULL, NULL, NULL},
    {"d= with a dot at its end", OF("a.example.") TAIL,
        NEUTRAL("syntax error in d=") " header.a=rsa-sha256 header.s=rsa "
                                      "header.b=*",
        NULL, NULL, NULL},
    {"d= with an empty label", OF("a..example") TAIL,
        NEUTRAL("syntax error in d=") " header.a=rsa-sha256 header.s=rsa "
                                      "header.b=*",
        NULL, NULL, NULL},
    {"d= of nothing", OF("") TAIL,
        NEUTRAL("syntax error in d=") " header.a=rsa-sha256 header.s=rsa "
                                      "header.b=*",
        NULL, NULL, NULL},
    {"d= an address", OF("[192.0.2.1]") TAIL,
        NEUTRAL("syntax error in d=") " header.a=rsa-sha256 header.s=rsa "
                                      "header.b=*",
        NULL, NULL, NULL},
    {"d= numbers", OF("192.0.2.1") TAIL,
        NEUTRAL("syntax error in d=") " header.a=rsa-sha256 header.s=rsa "
                                      "header.b=*",
        NULL, NULL, NULL},
    {"d= with a comment (CVE-2020-12272)", OF("a.example(.b.example") TAIL,
        NEUTRAL("syntax error in d=") " header.a=rsa-sha256 header.s=rsa "
                                      "header.b=*",
        NULL, NULL, NULL},
    {"d= in capitals", OF("A.EXAMPLE") TAIL, PASS, NULL, NULL, NULL},
    {"no s=", "v=1; a=rsa-sha256; d=a.example; " TAIL,
        PERMERROR("no s=") " header.d=a.example header.i=@a.example "
                           "header.a=rsa-sha256 header.b=*",
        NULL, NULL, NULL},
    {"s= of two labels", AT("x.y_1") TAIL, "dkim=pass" KEY PROPS("x.y_1"),
        "x.y_1._domainkey.a.example TXT \"p=$RSA\"", NULL, NULL},
    {"s= with a dot at its end", AT("rsa.") TAIL,
        NEUTRAL("syntax error in s=") " header.d=a.example "
                                      "header.i=@a.example "
                                      "header.a=rsa-sha256 header.b=*",
        NULL, NULL, NULL},
    {"s= with a blank", AT("r sa") TAIL,
        NEUTRAL("syntax error in s=") " header.d=a.example "
                                      "header.i=@a.example "
                                      "header.a=rsa-sha256 header.b=*",
        NULL, NULL, NULL},
    {"no h=", RSA "bh=@; b=@", PERMERROR("no h=") HALF, NULL, NULL, NULL},
    {"h= of nothing", RSA "h=; bh=@; b=@", NEUTRAL("syntax error in h=") HALF,
        NULL, NULL, NULL},
    {"h= with an empty name", RSA "h=from::to; bh=@; b=@",
        NEUTRAL("syntax error in h=") HALF, NULL, NULL, NULL},
    {"h= begins with a colon", RSA "h=:from; bh=@; b=@",
        NEUTRAL("syntax error in h=") HALF, NULL, NULL, NULL},
    {"h= ends with a colon", RSA "h=from:; bh=@; b=@",
        NEUTRAL("syntax error in h=") HALF, NULL, NULL, NULL},
    {"h= with white space", RSA "h=From : TO :\tsubject; bh=@; b=@", PASS, NULL,
        NULL, NULL},
    {"h= names a field that is not there", RSA "h=from:x-a:to:x-a; bh=@; b=@",
        PASS, NULL, NULL, NULL},
    {"h= names one field twice", RSA "h=from:From:FROM:to; bh=@; b=@", PASS,
        NULL, NULL, NULL},
    {"h= has a blank in a name", RSA "h=from:t o; bh=@; b=@",
        NEUTRAL("syntax error in h=") HALF, NULL, NULL, NULL},
    {"no bh=", RSA "h=from:to; b=@", PERMERROR("no bh=") HALF, NULL, NULL,
        NULL},
    {"bh= of nothing", RSA "h=from:to; bh=; b=@",
        NEUTRAL("syntax error in bh=") HALF, NULL, NULL, NULL},
    {"bh= of 31 bytes",
        RSA "h=from:to; bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==; "
            "b=AAAA",
        NEUTRAL("syntax error in bh=") HALF, NULL, NULL, NULL},
    {"bh= of 33 bytes",
        RSA "h=from:to; bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; "
            "b=AAAA",
        NEUTRAL("syntax error in bh=") HALF, NULL, NULL, NULL},
    {"no b=", RSA "h=from:to; bh=@",
        PERMERROR("no b=") " header.d=a.example header.i=@a.example "
                           "header.a=rsa-sha256 header.s=rsa",
        NULL, NULL, NULL},
    {"b= of nothing", RSA "h=from:to; bh=@; b=",
        NEUTRAL("syntax error in b=") " header.d=a.example "
                                      "header.i=@a.example "
                                      "header.a=rsa-sha256 header.s=rsa",
        NULL, NULL, NULL},
    {"b= for URLs", RSA "h=from:to; bh=@; b=AA-_",
        NEUTRAL("syntax error in b=") " header.d=a.example "
                                      "header.i=@a.example "
                                      "header.a=rsa-sha256 header.s=rsa",
        NULL, NULL, NULL},
    {"b= too short", RSA "h=from:to; bh=@; b=AAAA",
        FAIL("signature did not verify") KEY HAS, NULL, NULL, NULL},
    {"b= in other values", RSA "z=b=AAAA|x:b=@; xb=b=1; " TAIL, PASS, NULL,
        NULL, NULL},
    {"tags behind b=", RSA TAIL "; z=x; n=", PASS, NULL, NULL, NULL},
    {"a semicolon at the end", RSA TAIL ";", PASS, NULL, NULL, NULL},
    {"blanks at the end", RSA TAIL ";  ", PASS, NULL, NULL, NULL},
    {"two semicolons", RSA "; " TAIL, NEUTRAL("a tag without '='"), NULL, NULL,
        NULL},
    {"a tag of nothing", RSA "foo=; " TAIL, PASS, NULL, NULL, NULL},
    {"only a semicolon", "!DKIM-Signature: ;", NEUTRAL("a tag without '='"),
        NULL, NULL, NULL},
    {"nothing", "!DKIM-Signature: ", NEUTRAL("a tag without '='"), NULL, NULL,
        NULL},
    {"z= of garbage", RSA "z=\x80\xff|:|=; " TAIL, PASS, NULL, NULL, NULL},
    {"r=y", RSA "r=y; " TAIL, PASS, NULL, NULL, NULL},
    {"atps", RSA "atps=b.example; atpsh=none; " TAIL, PASS, NULL, NULL, NULL},
    {"q=", RSA "q=dns/txt; " TAIL, PASS, NULL, NULL, NULL},
    {"q= of several", RSA "q=http/x : dns/txt; " TAIL, PASS, NULL, NULL, NULL},
    {"q= unknown", RSA "q=dns; " TAIL, PERMERROR("unknown method in q=") HALF,
        NULL, NULL, NULL},
    {"q= of nothing", RSA "q=; " TAIL, PERMERROR("unknown method in q=") HALF,
        NULL, NULL, NULL},
    {"i= of capitals", RSA "i=@A.Example; " TAIL, PASS, NULL, NULL, NULL},
    {"i= quoted", RSA "i=j=6Fe@a.example; " TAIL,
        "~header.i=joe@a.example header.a=rsa-sha256", NULL, NULL, NULL},
    {"i= with odd bytes", RSA "i=j=3Bdkim=3Dpass@a.example; " TAIL,
        "dkim=pass" KEY SHOWN("rsa-sha256", "a.example", "@a.example", "rsa"),
        NULL, NULL, NULL},
    {"i= with an '@' in its local part", RSA "i=a@b@a.example; " TAIL,
        "dkim=pass" KEY SHOWN("rsa-sha256", "a.example", "@a.example", "rsa"),
        NULL, NULL, NULL},
    {"i= badly quoted", RSA "i=j=6@a.example; " TAIL,
        NEUTRAL("syntax error in i=") HAS, NULL, NULL, NULL},
    {"i= without '@'", RSA "i=a.example; " TAIL,
        NEUTRAL("syntax error in i=") HAS, NULL, NULL, NULL},
    {"i= of nothing", RSA "i=; " TAIL, NEUTRAL("syntax error in i=") HAS, NULL,
        NULL, NULL},
    {"i= with d= inside", RSA "i=joe@a.example.evil.example; " TAIL,
        PERMERROR("i= is not within d=") HAS, NULL, NULL, NULL},
};

static void
each_tag(void)
{
	RUN(tags);
}

/* --- time, and the body --------------------------------------------------- */

#define DIGITS64 \
	"0000000000000000000000000000000000000000000000000000000000000000"
#define NINES76 \
	"9999999999999999999999999999999999999999999999999999999999999999" \
	"999999999999"

static const struct house_row times[] = {
    {"expired", RSA "t=1; x=1799999699; " TAIL, POLICY("expired") HAS, NULL,
        NULL, NULL},
    {"expired, within the drift", RSA "x=1799999700; " TAIL, PASS, NULL, NULL,
        NULL},
    {"expired, no drift", RSA "x=1799999999; " TAIL, POLICY("expired") HAS,
        NULL, "drift = 0", NULL},
    {"it expires now", RSA "x=1800000000; " TAIL, PASS, NULL, "drift = 0",
        NULL},
    {"in the future", RSA "t=1800000301; " TAIL,
        POLICY("signed in the future") HAS, NULL, NULL, NULL},
    {"in the future, within the drift", RSA "t=1800000300; " TAIL, PASS, NULL,
        NULL, NULL},
    {"x= is t=", RSA "t=1800000000; x=1800000000; " TAIL,
        PERMERROR("x= is not after t=") HALF, NULL, NULL, NULL},
    {"x= before t=", RSA "t=1800000001; x=1800000000; " TAIL,
        PERMERROR("x= is not after t=") HALF, NULL, NULL, NULL},
    {"x= of 12 digits", RSA "x=999999999999; " TAIL, PASS, NULL, NULL, NULL},
    {"x= of 13 digits", RSA "x=9999999999999; " TAIL,
        NEUTRAL("syntax error in x=") HALF, NULL, NULL, NULL},
    {"t= of 13 digits", RSA "t=0000000000001; " TAIL,
        NEUTRAL("syntax error in t=") HALF, NULL, NULL, NULL},
    {"t= with a sign", RSA "t=+1; " TAIL, NEUTRAL("syntax error in t=") HALF,
        NULL, NULL, NULL},
    {"t= of nothing", RSA "t=; " TAIL, NEUTRAL("syntax error in t=") HALF, NULL,
        NULL, NULL},
    {"x= of nothing", RSA "x=; " TAIL, NEUTRAL("syntax error in x=") HALF, NULL,
        NULL, NULL},
    {"l= of all", RSA "l=7; " TAIL, PASS, NULL, NULL, NULL},
    {"l= of more", RSA "l=8; " TAIL,
        PERMERROR("l= is more than the body") KEY HAS, NULL, NULL, NULL},
    {"l= of 76 digits", RSA "l=" DIGITS64 "000000000007; " TAIL, PASS, NULL,
        NULL, NULL},
    {"l= of 76 nines", RSA "l=" NINES76 "; " TAIL,
        PERMERROR("l= is more than the body") KEY HAS, NULL, NULL, NULL},
    {"l= of 77 digits", RSA "l=" DIGITS64 "0000000000007; " TAIL,
        NEUTRAL("syntax error in l=") HALF, NULL, NULL, NULL},
    {"l= with a sign", RSA "l=-1; " TAIL, NEUTRAL("syntax error in l=") HALF,
        NULL, NULL, NULL},
    {"l= of less may pass", RSA "l=2; " TAIL, PASS, NULL,
        "partial_body = \"pass\"", NULL},
    {"l= of less, Content-Type unsigned", RSA "l=2; " TAIL,
        POLICY("Content-Type is not signed, nor is all of the body") KEY HAS,
        NULL, "partial_body = \"pass\"", TYPED},
    {"l= of less, Content-Type signed",
        RSA "l=2; h=from:to:content-type; bh=@; b=@", PASS, NULL,
        "partial_body = \"pass\"", TYPED},
    {"l= of all, Content-Type unsigned", RSA "l=7; " TAIL, PASS, NULL, NULL,
        TYPED},
    {"no body, simple", RSA TAIL, PASS, NULL, NULL, NO_BODY},
    {"no body, relaxed", RSA "c=simple/relaxed; " TAIL, PASS, NULL, NULL,
        NO_BODY},
    {"no body, simple: the hash of CRLF",
        RSA "h=from:to; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=; b=@",
        PASS, NULL, NULL, NO_BODY},
    {"no body, relaxed: the hash of nothing",
        RSA "c=simple/relaxed; h=from:to; "
            "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=@",
        PASS, NULL, NULL, NO_BODY},
    {"l=0 and no body, simple", RSA "l=0; " TAIL,
        POLICY("a part of the body is not signed") KEY HAS, NULL, NULL,
        NO_BODY},
    {"l=0 and no body, relaxed", RSA "l=0; c=simple/relaxed; " TAIL, PASS, NULL,
        NULL, NO_BODY},
    {"no CRLF at the end", RSA "l=7; " TAIL, PASS, NULL, NULL,
        "From: joe@a.example\r\nTo: ann@example.jp\r\n\r\nHello"},
    {"blank lines at the end", RSA "l=7; " TAIL, PASS, NULL, NULL,
        "From: joe@a.example\r\nTo: ann@example.jp\r\n\r\nHello\r\n\r\n\r\n"},
    {"required, and not there", RSA TAIL, PASS, NULL,
        "required_fields = {\"Date\"}", NULL},
    {"required, and not signed", RSA TAIL,
        POLICY("a required field is not signed") KEY HAS, NULL,
        "required_fields = {\"Date\", \"subject\"}", NULL},
    {"required, and signed", RSA "h=from:to:SUBJECT; bh=@; b=@", PASS, NULL,
        "required_fields = {\"Date\", \"subject\"}", NULL},
    {"below the house's minimum", AT("weak") TAIL,
        POLICY("key too short") " (1024-bit key)" PROPS("weak"), NULL,
        "minimum_bits = 2048", NULL},
    {"at the house's minimum", RSA TAIL, PASS, NULL, "minimum_bits = 2048",
        NULL},
    {"Ed25519 has no minimum", ED25519 TAIL, "dkim=pass (256-bit key)" ED_HAS,
        NULL, "minimum_bits = 2048", NULL},
};

static void
times_and_bodies(void)
{
	RUN(times);
}

/* --- the key's record ----------------------------------------------------- */

#define X(record) "x._domainkey.a.example TXT \"" record "\"\n"
#define XPASS "dkim=pass" KEY PROPS("x")
#define XBAD(why) PERMERROR(why) PROPS("x")
#define EDX "v=1; a=ed25519-sha256; d=a.example; s=e2; "

static const struct house_row keys[] = {
    {"no name", AT("x") TAIL, XBAD("no key"), NULL, NULL, NULL},
    {"no TXT", AT("x") TAIL, XBAD("no key"),
        "x._domainkey.a.example A 192.0.2.1", NULL, NULL},
    {"names below", AT("x") TAIL, XBAD("no key"),
        "y.x._domainkey.a.example TXT \"p=$RSA\"", NULL, NULL},
    {"revoked", AT("x") TAIL, XBAD("key revoked"), X("v=DKIM1; p="), NULL,
        NULL},
    {"revoked, with a blank", AT("x") TAIL, XBAD("key revoked"),
        X("v=DKIM1; p= ;"), NULL, NULL},
    {"no p=", AT("x") TAIL, XBAD("no valid key record"), X("v=DKIM1; k=rsa"),
        NULL, NULL},
    {"no key at all", AT("x") TAIL, XBAD("no valid key record"),
        X("v=spf1 -all"), NULL, NULL},
    {"an empty record", AT("x") TAIL, XBAD("no valid key record"), X(""), NULL,
        NULL},
    {"no v=", AT("x") TAIL, XPASS, X("p=$RSA"), NULL, NULL},
    {"v= second", AT("x") TAIL, XBAD("no valid key record"),
        X("k=rsa; v=DKIM1; p=$RSA"), NULL, NULL},
    {"v=DKIM2", AT("x") TAIL, XBAD("no valid key record"), X("v=DKIM2; p=$RSA"),
        NULL, NULL},
    {"v=dkim1", AT("x") TAIL, XBAD("no valid key record"), X("v=dkim1; p=$RSA"),
        NULL, NULL},
    {"a tag twice", AT("x") TAIL, XBAD("no valid key record"),
        X("p=$RSA; p=$RSA"), NULL, NULL},
    {"k= unknown", AT("x") TAIL, XBAD("no valid key record"),
        X("k=dsa; p=$RSA"), NULL, NULL},
    {"k= is not of a=", "v=1; a=ed25519-sha256; d=a.example; s=rsa; " TAIL,
        PERMERROR("the key is not of the kind in a=")
            SHOWN("ed25519-sha256", "a.example", "@a.example", "rsa"),
        NULL, NULL, NULL},
    {"a= is not of k=", "v=1; a=rsa-sha256; d=a.example; s=ed; " TAIL,
        PERMERROR("the key is not of the kind in a=") PROPS("ed"), NULL, NULL,
        NULL},
    {"p= in strings", AT("x") TAIL, XPASS,
        "x._domainkey.a.example TXT \"v=DKIM1; \" \"p=\" \"$RSA\"", NULL, NULL},
    {"p= with white space", AT("x") TAIL, XPASS, X("p= $RSA\t ;n=a note"), NULL,
        NULL},
    {"p= with junk behind it", AT("x") TAIL, XBAD("p= is no base64"),
        X("p=$RSA\\\""), NULL, NULL},
    {"p= is base64 of no key", AT("x") TAIL, XBAD("p= is no RSA key"),
        X("p=AAAA"), NULL, NULL},
    {"p= has bytes behind the key", AT("x") TAIL, XBAD("p= is no RSA key"),
        X("p=$RSA"
          "AAAA"),
        NULL, NULL},
    {"Ed25519 as SubjectPublicKeyInfo", EDX TAIL,
        PERMERROR("p= is no Ed25519 key")
            SHOWN("ed25519-sha256", "a.example", "@a.example", "e2"),
        "e2._domainkey.a.example TXT \"k=ed25519; p=MCowBQYDK2VwAyEA$ED\"",
        NULL, NULL},
    {"h=sha1", AT("x") TAIL, XBAD("the key is not for sha256"),
        X("h=sha1; p=$RSA"), NULL, NULL},
    {"h= of several", AT("x") TAIL, XPASS, X("h=sha1 : sha256; p=$RSA"), NULL,
        NULL},
    {"h= of nothing", AT("x") TAIL, XBAD("the key is not for sha256"),
        X("h=; p=$RSA"), NULL, NULL},
    {"s=tlsrpt", AT("x") TAIL, XBAD("the key is not for mail"),
        X("s=tlsrpt; p=$RSA"), NULL, NULL},
    {"s=*", AT("x") TAIL, XPASS, X("s=*; p=$RSA"), NULL, NULL},
    {"s= of several", AT("x") TAIL, XPASS, X("s=tlsrpt:email; p=$RSA"), NULL,
        NULL},
    {"t=y", AT("x") TAIL, "dkim=pass" KEY " (testing)" PROPS("x"),
        X("t=y; p=$RSA"), NULL, NULL},
    {"t=y and a bad signature", AT("x") "h=from:to; bh=@; b=AAAA",
        FAIL("signature did not verify") KEY " (testing)" PROPS("x"),
        X("t=y; p=$RSA"), NULL, NULL},
    {"t=s", AT("x") TAIL, XPASS, X("t=s; p=$RSA"), NULL, NULL},
    {"t=s, i= below d=", AT("x") "i=@b.a.example; " TAIL,
        PERMERROR("i= is not d=, as the key demands")
            SHOWN("rsa-sha256", "a.example", "@b.a.example", "x"),
        X("t=s; p=$RSA"), NULL, NULL},
    {"t=y:s, i= below d=", AT("x") "i=@b.a.example; " TAIL,
        PERMERROR("i= is not d=, as the key demands") " (testing)" SHOWN(
            "rsa-sha256", "a.example", "@b.a.example", "x"),
        X("t=y:s; p=$RSA"), NULL, NULL},
    {"t=s, i= in capitals", AT("x") "i=@A.EXAMPLE; " TAIL, XPASS,
        X("t=s; p=$RSA"), NULL, NULL},
    {"g= is history", AT("x") TAIL, XPASS, X("g=; p=$RSA"), NULL, NULL},
    {"unknown tags", AT("x") TAIL, XPASS, X("u=1; p=$RSA; y=2"), NULL, NULL},
    {"T=s is not t=s", AT("x") "i=@b.a.example; " TAIL,
        "~dkim=pass (2048-bit key) header.d", X("T=s; p=$RSA"), NULL, NULL},
    {"a CNAME", AT("x") TAIL, XPASS,
        "x._domainkey.a.example CNAME k1.esp.example\n"
        "k1.esp.example CNAME k2.esp.example\n"
        "k2.esp.example TXT \"p=$RSA\"",
        NULL, NULL},
    {"a CNAME to nothing", AT("x") TAIL, XBAD("no key"),
        "x._domainkey.a.example CNAME k1.esp.example", NULL, NULL},
    {"two keys, the first is it", AT("x") TAIL, XPASS, X("p=$RSA") X("p=$WEAK"),
        NULL, NULL},
    {"two keys, the second is it", AT("x") TAIL, XPASS,
        X("p=$WEAK") X("p=$RSA"), NULL, NULL},
    {"revoked, and a key", AT("x") TAIL, XPASS, X("p=") X("p=$RSA"), NULL,
        NULL},
    {"junk, and revoked", AT("x") TAIL, XBAD("key revoked"),
        X("v=spf1 -all") X("p="), NULL, NULL},
    {"keys of two kinds", AT("x") TAIL, XPASS,
        X("k=ed25519; p=$ED") X("p=$RSA"), NULL, NULL},
    {"two keys, and neither is it", AT("x") TAIL,
        FAIL("signature did not verify") " (1024-bit key)" PROPS("x"),
        X("p=$WEAK") X("k=ed25519; p=$ED"), NULL, NULL},
    {"the fourth key is it", AT("x") TAIL, XPASS,
        X("p=; n=1") X("p=; n=2") X("p=; n=3") X("p=$RSA"), NULL, NULL},
    {"the fifth key is not tried", AT("x") TAIL, XBAD("key revoked"),
        X("p=; n=1") X("p=; n=2") X("p=; n=3") X("p=; n=4") X("p=$RSA"), NULL,
        NULL},
    {"what is no key does not count", AT("x") TAIL, XPASS,
        X("a") X("b") X("c") X("d") X("e") X("p=$RSA"), NULL, NULL},
};

static void
key_records(void)
{
	RUN(keys);
}

/* A record of KEY_TEXT_MAX bytes is read, and of one more is not. */
static void
long_record(void)
{
	for (size_t more = 0; more < 2; more++) {
		static const char head[] = "p=$RSA; n=";
		const size_t rsa = 392; /* base64 of 2,048 bits */
		size_t n = KEY_TEXT_MAX - (sizeof head - 1 - 4 + rsa) + more;
		struct buf zone;
		struct house_row row = {"a long record", AT("x") TAIL,
		    more == 0 ? XPASS : XBAD("key record too long"), NULL, NULL,
		    NULL};

		buf_init(&zone, 2 * KEY_TEXT_MAX);
		buf_fmt(&zone, "x._domainkey.a.example TXT \"%s", head);
		while (n-- > 0)
			buf_byte(&zone, 'n');
		buf_str(&zone, "\"");
		row.zone = buf_text(&zone);
		house_check_rows(&row, 1, "", text);
		buf_free(&zone);
	}
}

/* The longest key is used, and one that is longer is not, nor is one whose
 * exponent would cost more. */
static void
large_keys(void)
{
	static const struct {
		int bits;
		unsigned long e;
		const char *want;
	} large[] = {
	    {PUBKEY_RSA_BITS_MAX, 65537,
	        FAIL("signature did not verify") " (8192-bit key)" PROPS("x")},
	    {PUBKEY_RSA_BITS_MAX + 1, 65537, XBAD("the key is too long")},
	    {PUBKEY_RSA_BITS_MAX, (1ul << 32) + 1,
	        XBAD("the key has a bad exponent")},
	};

	for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
		unsigned char der[RSADER_MAX], b[SIGNATURE_BYTES_MAX] = {0};
		size_t n = rsader(large[i].bits, large[i].e, false, der);
		struct house_row row = {
		    large[i].want, NULL, large[i].want, NULL, NULL, NULL};
		struct buf lines, zone;

		buf_init(&lines, 1 << 20);
		buf_init(&zone, 1 << 20);
		buf_str(&lines, AT("x") "h=from:to; bh=@; b=");
		CHECK(base64_add(&lines, b, sizeof b) == 0);
		buf_str(&zone, "x._domainkey.a.example TXT \"p=");
		CHECK(base64_add(&zone, der, n) == 0);
		buf_str(&zone, "\"");
		row.lines = buf_text(&lines);
		row.zone = buf_text(&zone);
		house_check_rows(&row, 1, "", text);
		buf_free(&lines);
		buf_free(&zone);
	}
}

/* As many CNAMEs as our zones follow, and some that go round. (Those of an
 * answer are read by dnsmsg.c, which is tested with 1,500.) */
static void
long_chain(void)
{
	enum { LAST = 38 };

	for (int round = 0; round < 2; round++) {
		struct house_row row = {"a chain of CNAMEs", AT("x") TAIL,
		    round == 1 ? TEMPERROR("DNS has no answer for the key")
		                     PROPS("x")
		               : XPASS,
		    NULL, NULL, NULL};
		struct buf zone;

		buf_init(&zone, 1 << 20);
		buf_str(&zone, "x._domainkey.a.example CNAME k0.example\n");
		for (int i = 0; i < LAST; i++)
			buf_fmt(
			    &zone, "k%d.example CNAME k%d.example\n", i, i + 1);
		buf_fmt(&zone, "k%d.example %s\n", LAST,
		    round == 1 ? "CNAME k5.example" : "TXT \"p=$RSA\"");
		row.zone = buf_text(&zone);
		house_check_rows(&row, 1, "", text);
		buf_free(&zone);
	}
}

/* --- several signatures --------------------------------------------------- */

#define LIST OF("list.example") TAIL "\n"
#define LIST_HAS SHOWN("rsa-sha256", "list.example", "@list.example", "rsa")
#define JUNK(n) AT("none") "n=" n "; " TAIL "\n"

static const struct house_row several[] = {
    {"the author's comes first", LIST RSA TAIL, PASS "; dkim=pass" KEY LIST_HAS,
        NULL, NULL, NULL},
    {"a domain above the author's", LIST RSA TAIL,
        PASS "; dkim=pass" KEY LIST_HAS, NULL, NULL,
        "From: joe@b.a.example\r\nTo: ann@example.jp\r\n\r\nHello\r\n"},
    {"the author's fails, the other passes",
        RSA "h=from:to; bh=@; b=AAAA\n" LIST,
        "dkim=pass" KEY LIST_HAS "; " FAIL("signature did not verify") KEY HAS,
        NULL, NULL, NULL},
    {"all kinds, in order",
        AT("bad") "l=1; " TAIL "\n" AT("none") TAIL
        "\n!DKIM-Signature: b\n" RSA "l=2; " TAIL "\n" RSA
        "h=from:to; bh=@; b=AAAA\n" LIST RSA TAIL,
        PASS "; dkim=pass" KEY LIST_HAS "; " FAIL("signature did not verify")
            KEY HAS "; " POLICY("a part of the body is not signed") KEY HAS
        "; " NEUTRAL("a tag without '='") "; " PERMERROR("no key")
            PROPS("none") "; " TEMPERROR("DNS has no answer for the key")
                PROPS("bad"),
        "bad._domainkey.a.example TXT servfail", NULL, NULL},
    {"copies are one", RSA TAIL "\n" RSA TAIL "\n" RSA TAIL, PASS, NULL, NULL,
        NULL},
    {"junk on top does not push the author's out",
        LIST OF("b.example") TAIL "\n" OF("c.example") TAIL "\n" RSA TAIL,
        PASS "; " POLICY("not evaluated") " (3 more)", NULL, "signatures = 1",
        NULL},
    {"two of three", LIST OF("b.example") TAIL "\n" RSA TAIL,
        PASS "; dkim=pass" KEY LIST_HAS
             "; " POLICY("not evaluated") " (1 more)",
        NULL, "signatures = 2", NULL},
    {"a signature of a signature", RSA "h=from:to:dkim-signature; bh=@; b=@\n",
        PASS, NULL, NULL, NULL},
    {"two Froms have no author", LIST RSA "h=from:from; bh=@; b=@",
        "dkim=pass" KEY HAS "; " POLICY("a From field is not signed")
            KEY LIST_HAS,
        NULL, NULL, TWO_FROMS},
};

static void
several_signatures(void)
{
	RUN(several);
}

/* Mail with n signatures of list.example, all different, and the author's
 * below. */
static void
put_many(const struct house *h, unsigned n, bool copies, struct buf *out)
{
	struct buf lines;

	buf_init(&lines, 4 << 20);
	for (unsigned i = 0; i < n; i++)
		buf_fmt(&lines, OF("list.example") "n=%u; " TAIL "\n",
		    copies ? 0 : i);
	buf_str(&lines, RSA TAIL);
	house_mail(h, buf_text(&lines), text, out);
	buf_free(&lines);
}

static size_t
count(const char *in, const char *what)
{
	size_t n = 0;

	while ((in = strstr(in, what)) != NULL) {
		in += strlen(what);
		n++;
	}
	return n;
}

static void
many_signatures(void)
{
	static const struct {
		unsigned n; /* beside the author's */
		bool copies;
		const char *config;
		size_t passes;
		const char *more; /* said at the end */
		bool author;
	} many[] = {
	    {9, false, "", 10, NULL, true},
	    {10, false, "", 10, "(1 more)", true},
	    {10, false, "signatures = 11", 11, NULL, true},
	    {11, false, "signatures = 11", 11, "(1 more)", true},
	    {63, false, "", 10, "(54 more)", true},
	    /* the author's is the 65th field */
	    {64, false, "", 10, "(55 more)", false},
	    {300, false, "", 10, "(291 more)", false},
	    {300, true, "", 2, NULL, true},
	};

	for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
		struct house h;
		struct mta m;
		struct buf message;
		char name[64];
		const char *got;

		snprintf(name, sizeof name, "%u signatures, row %zu",
		    many[i].n + 1, i);
		suite_row(name);
		house_open(&h, many[i].config);
		buf_init(&message, 4 << 20);
		put_many(&h, many[i].n, many[i].copies, &message);
		CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
		got = house_field(&h, &m);
		CHECK(count(got, "dkim=pass") == many[i].passes);
		CHECK(
		    (strncmp(got, PASS, strlen(PASS)) == 0) == many[i].author);
		CHECK(many[i].more == NULL ? strstr(got, "more)") == NULL
		                           : strstr(got, many[i].more) != NULL);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
	suite_row(NULL);
}

/* --- names that are not ASCII, and odd headers ---------------------------- */

#define BUECHER \
	"b\xc3\xbc" \
	"cher.example"
#define BUECHER_A "xn--bcher-kva.example"
#define BUECHER_KEY \
	"rsa._domainkey." BUECHER_A " TXT \"p=$RSA\"\n" \
	"sch\xc3\xb6n._domainkey." BUECHER_A " TXT \"p=\"\n" \
	"xn--schn-7qa._domainkey." BUECHER_A " TXT \"p=$RSA\"\n"

static const struct house_row odd[] = {
    {"U-labels in d=", OF(BUECHER) TAIL,
        "dkim=pass" KEY SHOWN("rsa-sha256", BUECHER_A, "@" BUECHER_A, "rsa"),
        BUECHER_KEY, NULL, NULL},
    {"U-labels in d= and i=", OF(BUECHER) "i=joe@x." BUECHER "; " TAIL,
        "dkim=pass" KEY SHOWN(
            "rsa-sha256", BUECHER_A, "joe@x." BUECHER_A, "rsa"),
        BUECHER_KEY, NULL, NULL},
    {"A-labels in d=, U-labels in i=", OF(BUECHER_A) "i=@" BUECHER "; " TAIL,
        "dkim=pass" KEY SHOWN("rsa-sha256", BUECHER_A, "@" BUECHER_A, "rsa"),
        BUECHER_KEY, NULL, NULL},
    {"U-labels in s=",
        "v=1; a=rsa-sha256; d=" BUECHER_A "; s=sch\xc3\xb6n; " TAIL,
        "dkim=pass" KEY SHOWN(
            "rsa-sha256", BUECHER_A, "@" BUECHER_A, "xn--schn-7qa"),
        BUECHER_KEY, NULL, NULL},
    {"a local part that is not ASCII",
        OF(BUECHER) "i=j\xc3\xbcrg@" BUECHER "; " TAIL,
        "dkim=pass" KEY SHOWN("rsa-sha256", BUECHER_A, "@" BUECHER_A, "rsa"),
        BUECHER_KEY, NULL, NULL},
    {"bytes that are not UTF-8 in d=", OF("b\xfc.example") TAIL,
        NEUTRAL("syntax error in d=") " header.a=rsa-sha256 header.s=rsa "
                                      "header.b=*",
        NULL, NULL, NULL},
    {"an author with U-labels is the author", LIST OF(BUECHER_A) TAIL,
        "dkim=pass" KEY SHOWN("rsa-sha256", BUECHER_A, "@" BUECHER_A,
            "rsa") "; dkim=pass" KEY LIST_HAS,
        BUECHER_KEY, NULL,
        "From: joe@" BUECHER "\r\nTo: a@b.example\r\n\r\nHello\r\n"},
    {"fields that are not UTF-8", RSA "h=from:to:subject; bh=@; b=@", PASS,
        NULL, NULL,
        "From: joe@a.example\r\nTo: a@b.example\r\nSubject: \xfc\xff\r\n\r\n"
        "Hello\r\n"},
    {"folds", RSA "c=simple/simple; h=from:to:subject; bh=@; b=@", PASS, NULL,
        NULL,
        "From: joe@a.example\r\nTo: a@b.example\r\nSubject: a\r\n\tb \r\n"
        "  c\r\n\r\nHello\r\n"},
    {"no blank behind the colon", RSA "c=simple/simple; " TAIL, PASS, NULL,
        NULL, "From:joe@a.example\r\nTo:  a@b.example\r\n\r\nHello\r\n"},
    {"a body of dots and bare blanks", RSA "c=relaxed/relaxed; " TAIL, PASS,
        NULL, NULL,
        "From: joe@a.example\r\nTo: a@b.example\r\n\r\n..\r\n \t\r\n a  b "
        "\r\n\r\n"},
};

static void
odd_names(void)
{
	RUN(odd);
}

/* A header beyond what is kept is not verified, and is said so. */
static void
large_headers(void)
{
	static const struct {
		unsigned fields, bytes;
		const char *want;
	} large[] = {
	    {9996, 10, PASS},
	    {9997, 10, NEUTRAL("too many header fields")},
	    {15, 60000, PASS},
	    {18, 60000, NEUTRAL("the header is too large")},
	};

	for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
		struct house h;
		struct mta m;
		struct buf message;

		suite_row(large[i].want);
		house_open(&h, "");
		buf_init(&message, 4 << 20);
		for (unsigned n = 0; n < large[i].fields; n++)
			buf_fmt(
			    &message, "X-A: %*s\r\n", (int)large[i].bytes, "a");
		house_mail(&h, RSA TAIL, text, &message);
		CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
		CHECK_STR(house_field(&h, &m), large[i].want);
		mta_free(&m);
		buf_free(&message);
		house_close(&h);
	}
	suite_row(NULL);
}

/* However a connection is cut into reads, and a body into chunks. */
static void
cuts(void)
{
	struct buf message;
	struct house h;

	house_open(&h, "");
	buf_init(&message, 1 << 20);
	house_mail(&h, RSA "c=relaxed/relaxed; " TAIL "\n" ED25519 TAIL, text,
	    &message);
	for (size_t cut = 1; cut < 80; cut++) {
		struct mta m;

		house_mta(&h, &m);
		m.cut = cut;
		CHECK(mta_open(&m));
		mta_connect(&m, "192.0.2.1");
		CHECK(mta_message(&m, NULL, buf_view(&message)) == 'a');
		CHECK_STR(house_field(&h, &m),
		    PASS "; dkim=pass (256-bit key)" ED_HAS);
		mta_free(&m);
	}
	buf_free(&message);
	house_close(&h);
}

/* Names in h=, most of fields that are not there. */
static void
many_names(void)
{
	static const size_t names[] = {
	    SIGNATURE_NAMES_MAX, SIGNATURE_NAMES_MAX + 1, 10000};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct house_row row = {"many names in h=", NULL,
		    i == 0 ? PASS : NEUTRAL("too many names in h=") HALF, NULL,
		    NULL, NULL};
		struct buf lines;

		buf_init(&lines, 1 << 20);
		buf_str(&lines, RSA "h=from");
		for (size_t n = 1; n < names[i]; n++)
			buf_fmt(&lines, ":x%zu", n % 500);
		buf_str(
		    &lines, i == 0 ? "; bh=@; b=@" : "; bh=" ZEROS "; b=AAAA");
		row.lines = buf_text(&lines);
		house_check_rows(&row, 1, "", text);
		buf_free(&lines);
	}
}

/* Tags, most of which nobody knows. */
static void
many_tags(void)
{
	for (size_t more = 0; more < 2; more++) {
		struct house_row row = {"many tags", NULL,
		    more == 0 ? PASS : NEUTRAL("too many tags"), NULL, NULL,
		    NULL};
		struct buf lines;

		buf_init(&lines, 1 << 20);
		for (size_t n = 7; n < TAGLIST_MAX + more; n++)
			buf_fmt(&lines, "x%zu=; ", n);
		buf_str(&lines, RSA TAIL);
		row.lines = buf_text(&lines);
		house_check_rows(&row, 1, "", text);
		buf_free(&lines);
	}
}

/* A CRLF that two chunks of a body share (mta.c sends 65,535 bytes at a
 * time). */
static void
chunks(void)
{
	static const char *const canon[] = {"", "c=simple/relaxed; "};

	for (size_t i = 0; i < 2 * 4; i++) {
		struct buf mail, message, lines;
		struct house h;
		struct mta m;

		house_open(&h, "");
		buf_init(&mail, 1 << 20);
		buf_init(&message, 1 << 20);
		buf_init(&lines, 1000);
		buf_str(&mail, "From: joe@a.example\r\nTo: b\r\n\r\n");
		for (size_t k = 0; k < 65532 + i % 4; k++)
			buf_byte(&mail, 'a');
		buf_str(&mail, " \r\nb\r\n");
		buf_fmt(&lines, RSA "%s" TAIL, canon[i / 4]);
		house_mail(&h, buf_text(&lines), buf_text(&mail), &message);
		CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
		CHECK_STR(house_field(&h, &m), PASS);
		mta_free(&m);
		buf_free(&mail);
		buf_free(&message);
		buf_free(&lines);
		house_close(&h);
	}
}

/* An MTA that cuts the space off a value: what stood there is a guess. */
static void
no_leading_space(void)
{
	static const struct {
		const char *canon, *text, *want;
	} guess[] = {
	    {"c=relaxed; ", "From: joe@a.example\r\nTo: b\r\n\r\nx\r\n", PASS},
	    {"c=relaxed; ", "From:joe@a.example\r\nTo:  b\r\n\r\nx\r\n", PASS},
	    {"", "From: joe@a.example\r\nTo: b\r\n\r\nx\r\n", PASS},
	    {"", "From:joe@a.example\r\nTo: b\r\n\r\nx\r\n",
	        FAIL("signature did not verify") KEY HAS},
	};

	for (size_t i = 0; i < sizeof guess / sizeof guess[0]; i++) {
		struct buf message, lines;
		struct house h;
		struct mta m;

		suite_row(guess[i].text);
		house_open(&h, "");
		buf_init(&message, 1 << 20);
		buf_init(&lines, 1000);
		buf_fmt(&lines, RSA "%s" TAIL, guess[i].canon);
		house_mail(&h, buf_text(&lines), guess[i].text, &message);
		house_mta(&h, &m);
		m.offer.protocol &= ~(uint32_t)SMFIP_HDR_LEADSPC;
		CHECK(mta_open(&m));
		mta_connect(&m, "192.0.2.1");
		CHECK(mta_message(&m, NULL, buf_view(&message)) == 'a');
		CHECK_STR(house_field(&h, &m), guess[i].want);
		mta_free(&m);
		buf_free(&message);
		buf_free(&lines);
		house_close(&h);
	}
	suite_row(NULL);
}

/* A field is folded, and what an MTA would make of CRLF is not in it
 * (mta.c). */
static void
folded(void)
{
	struct buf message;
	struct house h;
	struct mta m;

	house_open(&h, "");
	buf_init(&message, 1 << 20);
	house_mail(&h, RSA "i=joe@b.a.example; " TAIL, text, &message);
	CHECK(house_deliver(&h, &m, buf_view(&message)) == 'a');
	CHECK(m.inserted[0].index == 0);
	CHECK_STR(m.inserted[0].name, "Authentication-Results");
	CHECK(strstr(buf_text(&m.inserted[0].value),
	          " mx.example.jp;\n\tdkim=pass (2048-bit key) "
	          "header.d=a.example header.i=joe@b.a.example\n"
	          "\theader.a=rsa-sha256 header.s=rsa header.b=") != NULL);
	mta_free(&m);
	buf_free(&message);
	house_close(&h);
}

SUITE("verifier", T(ten_rules), T(each_tag), T(times_and_bodies),
    T(key_records), T(long_record), T(large_keys), T(long_chain),
    T(several_signatures), T(many_signatures), T(odd_names), T(large_headers),
    T(cuts), T(many_names), T(many_tags), T(chunks), T(no_leading_space),
    T(folded))
