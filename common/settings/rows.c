/*
 * The trick: what an administrator can set is told once, here. The reader, -T,
 * the sample, the manual and "did you mean" all walk these rows.
 *
 * The trap: the order of the rows is the order of what is printed, and of what
 * is said to be wrong; the rows of a section stand together. An enum's words
 * are in the order of the enum of settings.h.
 */
#include "common/limits.h"
#include "common/settings/rows.h"

#define AT(field) offsetof(struct settings, field)
#define HELO(result) AT(policyd.helo.action[result])
#define MAIL_FROM(result) AT(policyd.mail_from.action[result])
#define NULL_SENDER(result) AT(policyd.null_sender.action[result])
#define DOMAIN_AT(field) offsetof(struct domain_settings, field)
#define KEY_AT(field) offsetof(struct key_settings, field)

const struct section settings_sections[] = {
    {"dns", "", "dns", NULL, SETTINGS_ALL, "Questions to DNS.",
        .owner = OF_ALL},
    {"policyd", "", "policyd", NULL, SETTINGS_POLICYD,
        "postseal-policyd: SPF for inbound mail.", .owner = OF_ALL},
    {"policyd.helo", "policyd", "helo", NULL, SETTINGS_POLICYD,
        "What to do for each result of the HELO name: \"header\" (add the "
        "header, nothing else), \"reject\", \"defer\", \"dunno\" (nothing at "
        "all), an action of access(5) such as \"HOLD\" or \"550 5.7.23 text\", "
        "or one of restriction_classes.",
        .owner = OF_ALL},
    {"policyd.mail_from", "policyd", "mail_from", NULL, SETTINGS_POLICYD,
        "The same for the envelope sender.", .owner = OF_ALL},
    {"policyd.null_sender", "policyd", "null_sender", NULL, SETTINGS_POLICYD,
        "The same for mail with the null sender, such as bounces, of which "
        "only "
        "the HELO name can be checked. A result without an action here is "
        "judged by helo, then by mail_from.",
        .owner = OF_ALL},
    {"policyd.recipient", "policyd", "recipient", "user@example.com",
        SETTINGS_POLICYD,
        "What is different for mail to one address, or with "
        "\"@example.com\" to all of a domain; the address counts before the "
        "domain. Here may stand observe, void_lookups, trust_authenticated, "
        "the trusted_ keys, skip_header, reply_text, pass_required, "
        "exempt_domains, and helo, mail_from and null_sender with any of their "
        "keys.",
        .shares = "policyd", .owner = OF_RECIPIENT},
    {"policyd.recipient.helo", "policyd.recipient", "helo", NULL,
        SETTINGS_POLICYD, "As policyd.helo.", .shares = "policyd.helo",
        .owner = OF_RECIPIENT},
    {"policyd.recipient.mail_from", "policyd.recipient", "mail_from", NULL,
        SETTINGS_POLICYD, "As policyd.mail_from.",
        .shares = "policyd.mail_from", .owner = OF_RECIPIENT},
    {"policyd.recipient.null_sender", "policyd.recipient", "null_sender", NULL,
        SETTINGS_POLICYD, "As policyd.null_sender.",
        .shares = "policyd.null_sender", .owner = OF_RECIPIENT},
    {"signer", "", "signer", NULL, SETTINGS_SIGNER,
        "postseal-signer: DKIM for outbound mail.", .owner = OF_ALL},
    {"verifier", "", "verifier", NULL, SETTINGS_VERIFIER,
        "postseal-verifier: DKIM, SPF and DMARC of inbound mail.",
        .owner = OF_ALL},
    {"verifier.dmarc", "verifier", "dmarc", NULL, SETTINGS_VERIFIER,
        "DMARC (RFC 9989): what the domain in From wants to be done with mail "
        "that is not from it. A domain that says \"reject\" is not enough to "
        "refuse mail: the RFC says that receivers must not do so for that "
        "alone, because it hits mailing lists and forwarders, and must treat "
        "it as \"quarantine\" unless they know more. Who sets action to "
        "\"enforce\" says that he knows more: which lists and forwarders his "
        "users have.",
        .owner = OF_ALL},
    {"domain", "", "domain", "example.com", SETTINGS_SIGNER,
        "A domain whose mail is signed, and its keys. Each active key makes "
        "one signature. Such sections may also stand in domains.d/*.conf "
        "beside this file.",
        .owner = OF_DOMAIN},
    {"domain.key", "domain", "key", "2026a", SETTINGS_SIGNER,
        "The title is the selector: the key's record in DNS is "
        "2026a._domainkey.example.com.",
        .owner = OF_KEY},
};
const size_t settings_nsections =
    sizeof settings_sections / sizeof settings_sections[0];

const struct row settings_rows[] = {
    {"", "hostname", ROW_HOST, AT(hostname), NULL,
        .help = "Name of this host in headers and replies; the signer prefers "
                "Postfix's {j}. Default: what gethostname(2) says; DNS is not "
                "asked.",
        .sample = "mx.example.com"},
    {"", "log", ROW_LOG, AT(log), "syslog",
        .help = "\"syslog\", \"syslog:/path\" of a socket, \"stderr\", or the "
                "path of a file; under systemd in /var/log/postseal, as the "
                "units let the daemons write nowhere else."},

    {"dns", "servers", ROW_SERVERS, AT(dns.servers), "",
        .help = "Resolvers, in the order in which they are asked: \"address\" "
                "or \"address:port\", IPv6 with a port as "
                "\"[address]:port\", link-local with its interface as "
                "\"fe80::53%eth0\". Empty: those of /etc/resolv.conf, with its "
                "options timeout:, attempts:, rotate, use-vc and trust-ad.",
        .max = NAMESERVERS_MAX},
    {"dns", "timeout", ROW_NUMBER, AT(dns.timeout), "5",
        .help = "Seconds for one question, all tries together.", .min = 1,
        .max = 60},
    {"dns", "prefetch", ROW_BOOL, AT(dns.prefetch), "true",
        .help = "Ask early what an SPF record may need, where answers take "
                "longer than 5 ms: fewer round trips, a few more questions."},
    {"dns", "trust_ad", ROW_BOOL, AT(dns.trust_ad), "false",
        .help = "Believe resolvers that say that they have validated an answer "
                "(DNSSEC, the AD bit). Only for resolvers on this host, or "
                "reached by a path that nobody else can write to. \"options "
                "trust-ad\" of /etc/resolv.conf means the same for the servers "
                "there."},
    {"dns", "trust_anchor", ROW_FILE, 0, NULL,
        .gone = "the resolvers validate (trust_ad)"},

    {"policyd", "user", ROW_USER, AT(policyd.daemon.user), "postseal-policyd",
        .help = "User that the standing daemon becomes.", .general = true},
    {"policyd", "listen", ROW_ENDPOINTS, AT(policyd.daemon.listen),
        "unix:/var/spool/postfix/postseal/policyd.sock",
        .help = "Where the standing daemon listens: \"unix:/path\" or "
                "\"inet:address:port\", where every local user can ask. Not "
                "set: also on inet:127.0.0.1:10031, as it was before. (Not "
                "used where spawn(8) starts it.)",
        .general = true, .laid = true},
    {"policyd", "socket_mode", ROW_MODE, AT(policyd.daemon.socket_mode), "0660",
        .help = "Mode of the socket of unix:.", .general = true},
    {"policyd", "socket_group", ROW_GROUP, AT(policyd.daemon.socket_group),
        "postfix", .help = "Group of the socket of unix:. Empty: that of user.",
        .general = true},
    {"policyd", "control", ROW_ENDPOINTS, AT(policyd.daemon.control),
        "unix:/run/postseal/policyd.sock",
        .help = "Where the standing daemon answers \"postseal status\": a "
                "socket for root and the group of user. Empty: nowhere.",
        .max = 1, .general = true},
    {"policyd", "metrics", ROW_ENDPOINTS, AT(policyd.daemon.metrics), "",
        .help = "Where the standing daemon serves its counters over HTTP, for "
                "Prometheus: \"127.0.0.1:9114\". There is no password, so "
                "keep it off the Internet.",
        .max = 1, .general = true},
    {"policyd", "observe", ROW_BOOL, AT(policyd.observe), "false",
        .help = "Refuse and defer nothing: add the header and log what would "
                "be done."},
    {"policyd", "time_limit", ROW_NUMBER, AT(policyd.time_limit), "20",
        .help = "Seconds for one request; what is not decided then is "
                "temperror. Postfix itself waits for "
                "smtpd_policy_service_timeout, 100 seconds.",
        .min = 1, .max = 90, .general = true},
    {"policyd", "void_lookups", ROW_NUMBER, AT(policyd.void_lookups), "2",
        .help = "Questions of one check that may find nothing (RFC 7208 "
                "section 4.6.4).",
        .min = 0, .max = 10},
    {"policyd", "trusted_networks", ROW_NETWORKS, AT(policyd.trusted_networks),
        "127.0.0.0/8 ::1/128 this-host",
        .help =
            "Clients of our own users: they are not checked; \"this-host\" "
            "for the addresses of this host, read anew each minute. (Not for "
            "relays, such as a backup MX or a forwarder: see "
            "trusted_relays.)"},
    {"policyd", "trust_authenticated", ROW_BOOL,
        AT(policyd.trust_authenticated), "true",
        .help = "Do not check clients that logged in by SASL: they are "
                "at home, wherever their address is."},
    {"policyd", "trusted_relays", ROW_CIDRS, AT(policyd.trusted_relays), "",
        .help = "Addresses of relays, such as a backup MX or a forwarder: "
                "what they bring is from strangers, but their address says "
                "nothing about it, so it is not checked."},
    {"policyd", "trusted_certificates", ROW_PRINTS,
        AT(policyd.trusted_certificates), "",
        .help = "Fingerprints of TLS client certificates, or of their public "
                "keys, with the digest of smtpd_tls_fingerprint_digest; "
                "these clients are not checked. For relays without a fixed "
                "address."},
    {"policyd", "trusted_clients", ROW_DOMAINS, AT(policyd.trusted_clients), "",
        .help = "Domains: a client whose name is one of them or lies below it "
                "is not checked. Postfix has looked up that the name leads "
                "back to the client."},
    {"policyd", "trusted_helo", ROW_DOMAINS, AT(policyd.trusted_helo), "",
        .help = "HELO names: a client that says one of them and has one of its "
                "addresses is not checked. For relays whose address changes."},
    {"policyd", "trusted_forwarders", ROW_DOMAINS,
        AT(policyd.trusted_forwarders), "",
        .help = "Domains of forwarders and backup MXs: mail from a client that "
                "passes SPF for one of them is taken as not checked, unless it "
                "passes for its sender.",
        .max = SPF_FORWARDERS_MAX},
    {"policyd", "skip_header", ROW_BOOL, AT(policyd.skip_header), "false",
        .help = "Add a header also to mail of our own users "
                "(trusted_networks, trust_authenticated): why it is not "
                "checked. Mail of relays (the other trusted_ keys) always has "
                "one, so that the signer knows it for mail from outside."},
    {"policyd", "header", ROW_ENUM, AT(policyd.header), "received-spf",
        .help = "Header that is added: \"received-spf\", "
                "\"authentication-results\" or \"none\".",
        .words = "received-spf|authentication-results|none", .general = true},
    {"policyd", "hide_receiver", ROW_BOOL, AT(policyd.hide_receiver), "false",
        .help = "Leave our hostname out of Received-SPF. "
                "(Authentication-Results cannot be without.)",
        .general = true},
    {"policyd", "reply_text", ROW_REPLY, AT(policyd.reply_text), "{reason}",
        .help = "What reject and defer say, after the code. Put in are "
                "{action}, {reason}, {result}, {identity}, {domain}, {client} "
                "and {receiver}."},
    {"policyd", "pass_required", ROW_DOMAINS, AT(policyd.pass_required), "",
        .help = "Sender domains whose mail must pass: any other result of MAIL "
                "FROM is refused, temperror for now only. For domains that are "
                "often forged; those below them are not meant."},
    {"policyd", "exempt_domains", ROW_DOMAINS, AT(policyd.exempt_domains), "",
        .help = "Sender domains whose mail is not checked; those below them "
                "are not meant. Anybody can write such a sender: where you "
                "know who sends the mail, use one of the trusted_ keys."},
    {"policyd", "restriction_classes", ROW_CLASSES,
        AT(policyd.restriction_classes), "",
        .help = "Names of smtpd_restriction_classes of main.cf that may be "
                "actions below. Postfix answers 451 to every mail whose action "
                "it does not know.",
        .general = true},

    {"policyd.helo", "check", ROW_BOOL, AT(policyd.helo.check), "true",
        .help = "Check the HELO name."},
    {"policyd.helo", "no_mail_only", ROW_BOOL, AT(policyd.helo.no_mail_only),
        "false",
        .help = "Do what fail says for names with the record \"v=spf1 -all\" "
                "only, which never send mail; else a fail adds the header."},
    {"policyd.helo", "fail", ROW_ACTION, HELO(SPF_FAIL), "header",
        .help = "The domain says that this client may not use its name."},
    {"policyd.helo", "softfail", ROW_ACTION, HELO(SPF_SOFTFAIL), "header",
        .help = "It says that this client probably may not."},
    {"policyd.helo", "temperror", ROW_ACTION, HELO(SPF_TEMPERROR), "header",
        .help = "DNS gave no answer."},
    {"policyd.helo", "permerror", ROW_ACTION, HELO(SPF_PERMERROR), "header",
        .help = "The domain's record is broken."},
    {"policyd.helo", "neutral", ROW_ACTION, HELO(SPF_NEUTRAL), "header",
        .help = "The domain says nothing for or against this client."},
    {"policyd.helo", "none", ROW_ACTION, HELO(SPF_NONE), "header",
        .help = "The domain has no record."},
    {"policyd.helo", "pass", ROW_ACTION, HELO(SPF_PASS), "header",
        .help = "This client may."},

    {"policyd.mail_from", "check", ROW_BOOL, AT(policyd.mail_from.check),
        "true", .help = "Check the envelope sender."},
    {"policyd.mail_from", "no_mail_only", ROW_BOOL,
        AT(policyd.mail_from.no_mail_only), "false",
        .help = "The same as in helo."},
    {"policyd.mail_from", "fail", ROW_ACTION, MAIL_FROM(SPF_FAIL), "reject",
        .help = "The domain says that this client may not use its name."},
    {"policyd.mail_from", "softfail", ROW_ACTION, MAIL_FROM(SPF_SOFTFAIL),
        "header", .help = "It says that this client probably may not."},
    {"policyd.mail_from", "temperror", ROW_ACTION, MAIL_FROM(SPF_TEMPERROR),
        "header", .help = "DNS gave no answer."},
    {"policyd.mail_from", "permerror", ROW_ACTION, MAIL_FROM(SPF_PERMERROR),
        "header", .help = "The domain's record is broken."},
    {"policyd.mail_from", "neutral", ROW_ACTION, MAIL_FROM(SPF_NEUTRAL),
        "header",
        .help = "The domain says nothing for or against this client."},
    {"policyd.mail_from", "none", ROW_ACTION, MAIL_FROM(SPF_NONE), "header",
        .help = "The domain has no record."},
    {"policyd.mail_from", "pass", ROW_ACTION, MAIL_FROM(SPF_PASS), "header",
        .help = "This client may."},

    {"policyd.null_sender", "check", ROW_BOOL, AT(policyd.null_sender.check),
        "true",
        .help = "Check mail with the null sender, where helo or mail_from is "
                "checked."},
    {"policyd.null_sender", "no_mail_only", ROW_BOOL,
        AT(policyd.null_sender.no_mail_only), "false",
        .help = "The same as in helo, for the fail of this section."},
    {"policyd.null_sender", "fail", ROW_ACTION, NULL_SENDER(SPF_FAIL), "",
        .help = "The HELO name's domain says that this client may not use it."},
    {"policyd.null_sender", "softfail", ROW_ACTION, NULL_SENDER(SPF_SOFTFAIL),
        "", .help = "It says that this client probably may not."},
    {"policyd.null_sender", "temperror", ROW_ACTION, NULL_SENDER(SPF_TEMPERROR),
        "", .help = "DNS gave no answer."},
    {"policyd.null_sender", "permerror", ROW_ACTION, NULL_SENDER(SPF_PERMERROR),
        "", .help = "The domain's record is broken."},
    {"policyd.null_sender", "neutral", ROW_ACTION, NULL_SENDER(SPF_NEUTRAL), "",
        .help = "The domain says nothing for or against this client."},
    {"policyd.null_sender", "none", ROW_ACTION, NULL_SENDER(SPF_NONE), "",
        .help = "The domain has no record."},
    {"policyd.null_sender", "pass", ROW_ACTION, NULL_SENDER(SPF_PASS), "",
        .help = "This client may."},

    {"signer", "user", ROW_USER, AT(signer.daemon.user), "postseal-signer",
        .help = "User that the daemon becomes."},
    {"signer", "listen", ROW_ENDPOINTS, AT(signer.daemon.listen),
        "unix:/var/spool/postfix/postseal/signer.sock",
        .help = "Where it listens: \"unix:/path\" or \"inet:address:port\", "
                "where every local user can have mail signed. Not set: also "
                "on inet:127.0.0.1:8891, as it was before; postseal setup "
                "sets it. OpenDKIM's spellings are understood too.",
        .laid = true},
    {"signer", "socket_mode", ROW_MODE, AT(signer.daemon.socket_mode), "0660",
        .help = "Mode of the socket of unix:."},
    {"signer", "socket_group", ROW_GROUP, AT(signer.daemon.socket_group),
        "postfix",
        .help = "Group of the socket of unix:. Empty: that of user."},
    {"signer", "control", ROW_ENDPOINTS, AT(signer.daemon.control),
        "unix:/run/postseal/signer.sock",
        .help = "Where it answers \"postseal status\": a socket for root and "
                "the group of user. Empty: nowhere.",
        .max = 1},
    {"signer", "metrics", ROW_ENDPOINTS, AT(signer.daemon.metrics), "",
        .help = "Where it serves its counters over HTTP, for Prometheus: "
                "\"127.0.0.1:9115\". There is no password, so keep it off "
                "the Internet.",
        .max = 1},
    {"signer", "workers", ROW_NUMBER, AT(signer.workers), "0",
        .help = "Worker processes. 0: one for each core.", .min = 0, .max = 64},
    {"signer", "internal_hosts", ROW_HOSTS, AT(signer.internal_hosts),
        "127.0.0.1 ::1 this-host",
        .help = "Clients whose mail is signed: addresses and networks; "
                "\"this-host\" for the addresses of this host, read anew each "
                "minute; names, "
                "\".example.com\" for all below, as Postfix has looked them "
                "up; \"!\" in front takes out; \"file:/path\" has an entry a "
                "line, \"refile:/path\" may have \"*.example.com\". OpenDKIM's "
                "InternalHosts, TrustedHosts and dkim-milter's ilist can be "
                "named here as they are."},
    {"signer", "ignore_hosts", ROW_HOSTS, AT(signer.ignore_hosts), "",
        .help = "Clients whose mail is left alone, also when they are internal "
                "or have authenticated. OpenDKIM's PeerList."},
    {"signer", "external_ignore", ROW_HOSTS, AT(signer.external_ignore), "",
        .help = "Other clients that may send mail from our domains: it is not "
                "signed, and not worth a notice in the log. OpenDKIM's "
                "ExternalIgnoreList."},
    {"signer", "sign_daemons", ROW_WORDS, AT(signer.sign_daemons), "",
        .help = "Services whose mail is signed, whoever the client is, by "
                "milter_macro_daemon_name in master.cf, such as "
                "\"ORIGINATING\"."},
    {"signer", "never_sign_daemons", ROW_WORDS, AT(signer.never_sign_daemons),
        "",
        .help = "Services whose mail is never signed, by the same name. For "
                "the smtpd after a content filter, and for fetchmail: mail "
                "from outside comes in there from 127.0.0.1. Where "
                "postseal-policyd adds no header, this alone keeps it "
                "unsigned."},
    {"signer", "sign_macros", ROW_MACROS, AT(signer.sign_macros), "",
        .help = "Macros of the MTA that say whose mail is signed: \"{name}\" "
                "(has any value but an empty one) or "
                "\"{name}=value|value\"."},
    {"signer", "list_domains", ROW_DOMAINS, AT(signer.list_domains), "",
        .help = "From domains that only mailing lists of yours write as, such "
                "as lists.example.com. A list that writes its own address into "
                "From keeps the marks of mail that came in; what has such a "
                "From, and comes through one of list_daemons or from one of "
                "list_hosts, is signed all the same, if the client may have "
                "mail signed."},
    {"signer", "list_daemons", ROW_WORDS, AT(signer.list_daemons), "",
        .help = "Services that only the program for mailing lists hands mail "
                "to, by milter_macro_daemon_name in master.cf, such as "
                "\"LISTS\". Not the name of the host, which each service has "
                "by default. See list_domains."},
    {"signer", "list_hosts", ROW_HOSTS, AT(signer.list_hosts), "",
        .help = "Other hosts on which only mailing lists run. (This host "
                "never counts, as content filters hand in mail from it, too: "
                "use list_daemons.) See list_domains."},
    {"signer", "auth_table", ROW_ROWS, AT(signer.auth_table), "",
        .help = "Which From addresses a login may use: a line has the login "
                "and patterns, such as \"bob *@example.com\". Mail of a "
                "login with another From is not signed. \"%\" is the login: "
                "\"inline:* %\" is a table of one line that lets each use its "
                "own address only, \"inline:* *\" lets each use any. Lines of "
                "inline: are separated by \";\"."},
    {"signer", "match_envelope", ROW_BOOL, AT(signer.match_envelope), "false",
        .help = "Sign only when the domains of From and of the envelope sender "
                "are the same, or one is below the other and both belong to "
                "one domain section (see subdomains). Bounces have no sender "
                "and are signed; those of a login if auth_table lets it use "
                "this From."},
    {"signer", "exempt_domains", ROW_DOMAINS, AT(signer.exempt_domains), "",
        .help = "From domains that are never signed."},
    {"signer", "exempt_recipients", ROW_WORDS, AT(signer.exempt_recipients), "",
        .help = "Mail to one of these is not signed: \"user@example.com\", "
                "\"example.com\", \".example.com\" for all below; \"*\" "
                "stands for anything. OpenDKIM's DontSignMailTo."},
    {"signer", "key_table", ROW_TABLE, AT(signer.key_table), "",
        .help = "OpenDKIM's KeyTable: \"name domain:selector:/path\" a line."},
    {"signer", "signing_table", ROW_TABLE, AT(signer.signing_table), "",
        .help = "OpenDKIM's SigningTable: who signs for an address. "
                "\"refile:/path\" has patterns that are tried in the order of "
                "the file; \"file:/path\" has names that are looked up. "
                "\"keylist:/path\" is dkim-milter's keylist and needs no "
                "key_table. A domain section counts before it."},
    {"signer", "sign_all", ROW_BOOL, AT(signer.sign_all), "false",
        .help = "Sign with the keys of all rows of signing_table that match, "
                "and not with the first's. OpenDKIM's MultipleSignatures."},
    {"signer", "at_risk", ROW_EITHER, AT(signer.at_risk_skip), "sign",
        .help = "Mail with lines over 998 bytes, or with a "
                "Content-Transfer-Encoding of 8bit or binary, which Postfix "
                "may have to rewrite for the next host, so that the signature "
                "breaks: \"sign\" all the same, or \"skip\". Each is logged.",
        .words = "sign|skip"},
    {"signer", "at_risk_8bit", ROW_BOOL, AT(signer.at_risk_8bit), "true",
        .help =
            "An encoding of 8bit or binary is a risk. \"false\" is for who "
            "has disable_mime_output_conversion set to yes in main.cf, where "
            "Postfix does not rewrite it."},
    {"signer", "canonicalization", ROW_CANON, AT(signer), "relaxed/relaxed",
        .help = "Of header and body, each \"simple\" or \"relaxed\" (RFC 6376 "
                "section 3.4). One word is that of the header; the body is "
                "simple then."},
    {"signer", "sign_headers", ROW_FIELDS, AT(signer.sign_headers), "*",
        .help =
            "Header fields that are signed, all that are there of each "
            "name; with \"!\" after it, one more cannot be added "
            "without breaking the signature (but a missing Date or "
            "Message-ID can, as servers do so). \"*\" stands for From!, "
            "Reply-To!, Subject!, To!, Cc!, MIME-Version!, Content-Type! "
            "and Content-Transfer-Encoding!; Date, Message-ID, "
            "In-Reply-To, References, Content-ID, Content-Description and "
            "the List- fields, with the \"!\" if they are there; Sender "
            "and the Resent- fields. postseal-signer(8) has the reasons. "
            "A name that stands twice counts as it stands last; with \"-\" in "
            "front it is taken out again. For "
            "senders who want a field of their own signed, or {\"*\", "
            "\"To\"} because a server after them adds a missing To, or "
            "{\"*\", \"-Date\", \"-Message-ID\"} because it replaces "
            "these.",
        .max = SIGN_HEADERS_MAX},
    {"signer", "signature_ttl", ROW_NUMBER, AT(signer.signature_ttl), "0",
        .help = "Seconds until a signature expires (x=); 0: never, because "
                "mail may wait in queues for five days and be verified by who "
                "fetches or forwards it weeks later, while who sends signed "
                "mail again does so within hours. For bulk senders that is "
                "done to; not under a week (604800).",
        .min = 0, .max = 31536000},
    {"signer", "rotate_keep", ROW_NUMBER, AT(signer.rotate_keep), "7",
        .help = "Days that \"postseal rotate\" wants the record of an old key "
                "left in DNS after the new key signs. Mail waits in queues for "
                "five days, and who verifies it when it is read comes later.",
        .min = 1, .max = 3650},
    {"signer", "verify_own", ROW_BOOL, AT(signer.verify_own), "false",
        .help = "Verify each signature with the public half of its key before "
                "it is added. For machines whose memory is not trusted."},
    {"signer", "on_bad_key", ROW_EITHER, AT(signer.bad_key_tempfail),
        "tempfail",
        .help = "Mail that cannot be signed for a fault of ours: no key of its "
                "domain can be used, or memory or OpenSSL fail. \"unsigned\" "
                "lets it go out so, \"tempfail\" makes the client try again. "
                "While one key is good it signs, and the log tells of the "
                "others.",
        .words = "unsigned|tempfail"},
    {"signer", "on_key_mismatch", ROW_EITHER, AT(signer.key_mismatch_skip),
        "sign",
        .help = "What to do with a key whose record in DNS is missing or has "
                "another key; all are compared every hour. \"sign\" signs "
                "all the same and leaves an error in the log, \"skip\" signs "
                "with the other keys of the domain alone. When DNS does not "
                "answer, keys sign.",
        .words = "sign|skip"},
    {"signer", "strict_start", ROW_BOOL, AT(signer.strict_start), "false",
        .help = "Do not start when a key cannot be used. Else the other "
                "domains go on."},
    {"signer", "key_permissions", ROW_EITHER, AT(signer.key_permissions_refuse),
        "refuse",
        .help =
            "Key files, and a key_table with keys in its rows, that others may "
            "read or change: \"refuse\" or \"warn\".",
        .words = "warn|refuse"},

    {"verifier", "user", ROW_USER, AT(verifier.daemon.user),
        "postseal-verifier", .help = "User that the daemon becomes."},
    {"verifier", "listen", ROW_ENDPOINTS, AT(verifier.daemon.listen),
        "unix:/var/spool/postfix/postseal/verifier.sock",
        .help = "Where it listens: \"unix:/path\" or \"inet:address:port\"."},
    {"verifier", "socket_mode", ROW_MODE, AT(verifier.daemon.socket_mode),
        "0660", .help = "Mode of the socket of unix:."},
    {"verifier", "socket_group", ROW_GROUP, AT(verifier.daemon.socket_group),
        "postfix",
        .help = "Group of the socket of unix:. Empty: that of user."},
    {"verifier", "control", ROW_ENDPOINTS, AT(verifier.daemon.control),
        "unix:/run/postseal/verifier.sock",
        .help = "Where it answers \"postseal status\": a socket for root and "
                "the group of user. Empty: nowhere.",
        .max = 1},
    {"verifier", "metrics", ROW_ENDPOINTS, AT(verifier.daemon.metrics), "",
        .help = "Where it serves its counters over HTTP, for Prometheus: "
                "\"127.0.0.1:9116\". There is no password, so keep it off "
                "the Internet.",
        .max = 1},
    {"verifier", "workers", ROW_NUMBER, AT(verifier.workers), "0",
        .help = "Worker processes. 0: one for each core.", .min = 0, .max = 64},
    {"verifier", "authserv_id", ROW_ID, AT(verifier.authserv_id), "",
        .help = "The name in Authentication-Results, by which readers know "
                "our results: one name, and always the same. Empty: hostname."},
    {"verifier", "strip_ids", ROW_WORDS, AT(verifier.strip_ids), "",
        .help = "Further names of this house: Authentication-Results of "
                "strangers with one of them are removed. \"*.example.jp\" "
                "for all names below example.jp. (authserv_id, hostname and "
                "the name by which Postfix calls itself always count.)"},
    {"verifier", "trusted_networks", ROW_NETWORKS,
        AT(verifier.trusted_networks), "127.0.0.0/8 ::1/128 this-host",
        .help = "This host and its filters, and clients of our own users: "
                "their mail is not verified, and nothing is removed from it. "
                "\"this-host\" as in policyd.trusted_networks."},
    {"verifier", "relays", ROW_CIDRS, AT(verifier.relays), "",
        .help = "Addresses of relays, such as a secondary MX or a forwarder "
                "of ours, that may lie in trusted_networks: what they bring is "
                "from strangers. None of it is refused, as the relay would "
                "send a bounce to a sender who may be forged: with more forged "
                "fields than can be removed (100) it goes to Postfix's hold "
                "queue."},
    {"verifier", "own_daemons", ROW_WORDS, AT(verifier.own_daemons),
        "ORIGINATING",
        .help = "Services of master.cf that take mail of our users only, by "
                "their milter_macro_daemon_name: like mail of clients that "
                "logged in, theirs is not verified; forged fields are removed "
                "from it."},
    {"verifier", "own_macros", ROW_MACROS, AT(verifier.own_macros), "",
        .help = "Macros of the MTA that say the same of a message, as in "
                "signer.sign_macros: \"{name}\" (has any value but an empty "
                "one) or \"{name}=value|value\". \"{cert_subject}=Ann|Joe\" "
                "is for users with a TLS client certificate from a CA that "
                "Postfix trusts (smtpd_tls_CAfile)."},
    {"verifier", "time_limit", ROW_NUMBER, AT(verifier.time_limit), "10",
        .help = "Seconds for the questions of one message; what has not come "
                "then, a key or an SPF result, is temperror. (A stop waits for "
                "half a minute.)",
        .min = 1, .max = 25},
    {"verifier", "void_lookups", ROW_NUMBER, AT(verifier.void_lookups), "2",
        .help = "As in policyd: questions of one SPF check that may find "
                "nothing.",
        .min = 0, .max = 10},
    {"verifier", "signatures", ROW_NUMBER, AT(verifier.signatures), "10",
        .help = "Signatures of a message that are evaluated, those of the "
                "author's domain first.",
        .min = 1, .max = 11},
    {"verifier", "minimum_bits", ROW_NUMBER, AT(verifier.minimum_bits), "1024",
        .help = "Signatures of shorter RSA keys are \"policy\". (Below 1024 "
                "they are permerror, whatever this says: RFC 8301.)",
        .min = 1024, .max = 4096},
    {"verifier", "partial_body", ROW_EITHER, AT(verifier.partial_body_pass),
        "policy",
        .help = "A signature that verifies, but leaves an end of the body "
                "unsigned (l=), where anybody can add text: \"policy\" or "
                "\"pass\".",
        .words = "policy|pass"},
    {"verifier", "required_fields", ROW_WORDS, AT(verifier.required_fields), "",
        .help = "Header fields that a signature must cover where they are "
                "there, such as Subject; else it is \"policy\". From is always "
                "required."},
    {"verifier", "drift", ROW_NUMBER, AT(verifier.drift), "300",
        .help = "Seconds by which clocks may differ, for t= and x=.", .min = 0,
        .max = 86400},
    {"verifier", "domainkeys", ROW_BOOL, AT(verifier.domainkeys), "false",
        .help = "Verify DomainKey-Signature, too, the forerunner of DKIM, for "
                "those who read domainkeys= since dk-milter. With its rsa-sha1 "
                "it proves little, and it counts for nothing else."},
    {"verifier", "domainkeys_min_bits", ROW_NUMBER,
        AT(verifier.domainkeys_min_bits), "1024",
        .help = "DomainKeys of shorter RSA keys are \"policy\". (Old ones "
                "have 512 bits, which anybody can break.)",
        .min = 512, .max = 4096},
    {"verifier", "on_temperror", ROW_EITHER, AT(verifier.temperror_defer),
        "accept",
        .help = "Mail of which no signature passes, and that of the author's "
                "domain cannot be judged, as DNS does not answer: \"accept\", "
                "or \"defer\" (451 4.7.5).",
        .words = "accept|defer"},
    {"verifier", "reject", ROW_REFUSALS, AT(verifier.reject), "",
        .help =
            "What is refused (RFC 7372): \"no-pass\", mail of which no "
            "signature verifies (550 5.7.20); \"not-acceptable\", mail of "
            "which one does, but is \"policy\" (5.7.21); \"not-aligned\", "
            "mail of which no signature passes that is aligned with the "
            "author's domain (5.7.22); \"spf-fail\", mail whose envelope "
            "sender is \"fail\", unless it passes DMARC (5.7.23). Much good "
            "mail has no signature, or one that a mailing list broke. Never "
            "refused: bounces, mail of trusted_forwarders, and what could "
            "not be judged; nor, for a signature, mail with a List-Id, or "
            "of keys with t=y."},

    {"verifier.dmarc", "check", ROW_BOOL, AT(verifier.dmarc.check), "true",
        .help = "Evaluate DMARC for mail of strangers, and say dmarc= in "
                "Authentication-Results."},
    {"verifier.dmarc", "action", ROW_ENUM, AT(verifier.dmarc.action), "observe",
        .help =
            "What is done for the policy: \"observe\", nothing but that "
            "field; \"mark\", also a field X-Postseal-DMARC: quarantine, or "
            "reject, for a filter or Sieve after us; \"enforce\", the same, "
            "and mail is refused (550 5.7.26) whose policy is reject and that "
            "no exception below fits. See the beginning of this section.",
        .words = "observe|mark|enforce"},
    {"verifier.dmarc", "quarantine", ROW_EITHER,
        AT(verifier.dmarc.quarantine_hold), "mark",
        .help =
            "Mail whose policy is quarantine, or reject with action "
            "\"mark\": \"mark\", or also \"hold\", Postfix's hold queue. "
            "Mail stays there for good, until somebody looks at it and types "
            "postsuper -H or postsuper -d: nothing tells the recipient.",
        .words = "mark|hold"},
    {"verifier.dmarc", "unusable_from", ROW_EITHER,
        AT(verifier.dmarc.unusable_from_reject), "accept",
        .help = "Mail with no or several From fields or author domains, or "
                "with a From that cannot be read, for which there is no DMARC: "
                "\"accept\", or \"reject\" with action \"enforce\" (550 "
                "5.7.1).",
        .words = "accept|reject"},
    {"verifier.dmarc", "exempt", ROW_DOMAINS, AT(verifier.dmarc.exempt), "",
        .help = "Author domains whose mail is never refused, but marked as "
                "ever, because anybody can write them into From. Domains below "
                "them are not meant."},
    {"verifier.dmarc", "enforce", ROW_DOMAINS, AT(verifier.dmarc.enforce), "",
        .help = "Author domains whose mail is treated as if their policy were "
                "reject, also if they say none. For domains that are often "
                "forged; those below them are not meant."},
    {"verifier.dmarc", "trusted_forwarders", ROW_FORWARDERS,
        AT(verifier.dmarc.trusted_forwarders), "",
        .help =
            "Whose mail is marked, and never refused: clients with such an "
            "address, mail with a signature of a domain that passes "
            "(\"dkim:list.example\"), mail whose envelope sender passes SPF "
            "(\"spf:relay.example\")."},
    {"verifier.dmarc", "lists", ROW_EITHER, AT(verifier.dmarc.lists_reject),
        "mark",
        .help =
            "Mail that would be refused and has a List-Id of the domain of a "
            "signature that passes, or of an envelope sender that passes SPF, "
            "or below it: \"mark\" or \"reject\". (That says whose list it "
            "would be, not that it is one: any stranger who signs with a "
            "domain of his own and writes a List-Id of it gets the mark "
            "instead of the refusal. If that is too much, say \"reject\" and "
            "name the lists of your users in trusted_forwarders.)",
        .words = "mark|reject"},
    {"verifier.dmarc", "on_temperror", ROW_EITHER,
        AT(verifier.dmarc.temperror_defer), "accept",
        .help = "Mail that cannot be judged, as DNS does not answer: "
                "\"accept\", or \"defer\" with action \"enforce\" (451 "
                "4.7.1). verifier.on_temperror counts beside it.",
        .words = "accept|defer"},
    {"verifier.dmarc", "results", ROW_FILE, AT(verifier.dmarc.results), "",
        .help =
            "A folder for results: one line of JSON a message with all "
            "that aggregate reports need (RFC 9990). Each worker has a file "
            "there, a new one each day (UTC): 2026-11-30.1.jsonl. When the "
            "disk is full, lines are dropped and counted, and no mail waits. "
            "Let it be a disk of this host. Empty: none are written."},

    {"domain", "subdomains", ROW_BOOL, DOMAIN_AT(subdomains), "false",
        .help = "Sign for the domains below this one, too, that have no "
                "section of their own."},

    {"domain.key", "file", ROW_FILE, KEY_AT(file), NULL,
        .help = "The private key, PEM. The algorithm is the key's.",
        .sample = "/etc/postseal/keys/example.com/2026a.private"},
    {"domain.key", "active", ROW_BOOL, KEY_AT(active), "true",
        .help = "false: does not sign yet, its record is not yet in DNS."},
};
const size_t settings_nrows = sizeof settings_rows / sizeof settings_rows[0];
