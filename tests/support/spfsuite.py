#!/usr/bin/python3
"""spfsuite.py FILE.yml.gz - the public SPF test suite as lines for a C program.

Debian's python3-spf installs the suites of RFC 4408 and RFC 7208. Each scenario
becomes "zone" lines in the format of zone.h, and "case" lines behind them:

    scenario<TAB>description
    zone<TAB>example.com TXT "v=spf1 -all"
    case<TAB>id<TAB>client<TAB>helo<TAB>sender<TAB>results<TAB>explanation

results are words joined by commas, the explanation is "" where the suite says
nothing or DEFAULT. A record that the suite writes as SPF is published as TXT
unless the name has TXT records of its own; a bare TIMEOUT stands for all types
that the name does not list. A TXT record without strings is published as that.
"""
import gzip
import sys

import yaml

TYPES = ("A", "AAAA", "MX", "PTR", "TXT", "CNAME")


def escape(text, special):
    """Bytes that zone.h would not read as themselves become \\DDD."""
    out = []
    for b in text.encode("utf-8"):
        plain = 0x21 <= b <= 0x7E and chr(b) not in special
        out.append(chr(b) if plain else "\\%03d" % b)
    return "".join(out)


def name(text):
    return escape(text, '\\"#;') or "."


def strings(value):
    parts = [value] if isinstance(value, str) else list(value)
    return " ".join('"%s"' % escape(p, '\\"') for p in parts) or "\\# 0"


def data(kind, value):
    if kind == "TXT":
        return strings(value)
    if kind == "MX":
        return "%d %s" % (value[0], name(value[1]))
    if kind in ("PTR", "CNAME"):
        return name(value)
    return str(value)


def records(entries):
    """(type, value) of one name, with TXT made of SPF; "TIMEOUT" last."""
    pairs = [p for e in entries if e != "TIMEOUT" for p in e.items()]
    if not any(kind == "TXT" for kind, _ in pairs):
        pairs += [("TXT", value) for kind, value in pairs if kind == "SPF"]
    pairs = [p for p in pairs if p[0] in TYPES and p[1] != "NONE"]
    if "TIMEOUT" in entries:
        there = {kind for kind, _ in pairs}
        pairs += [(kind, "TIMEOUT") for kind in TYPES
                  if kind not in there and kind != "CNAME"]
    return pairs


def line(*fields):
    for f in fields:
        if "\t" in f or "\n" in f:
            raise ValueError("a field with a tab or line end: %r" % f)
    print("\t".join(fields))


def scenario(s):
    line("scenario", s["description"].strip())
    for owner, entries in s["zonedata"].items():
        for kind, value in records(entries):
            text = "timeout" if value == "TIMEOUT" else data(kind, value)
            line("zone", "%s %s %s" % (name(owner), kind, text))
    for ident, t in s["tests"].items():
        result = t["result"]
        words = [result] if isinstance(result, str) else result
        explanation = t.get("explanation", "")
        line("case", ident, t["host"], t["helo"], t["mailfrom"],
             ",".join(words), "" if explanation == "DEFAULT" else explanation)


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    with gzip.open(sys.argv[1], "rb") as f:
        for s in yaml.safe_load_all(f):
            scenario(s)


main()
