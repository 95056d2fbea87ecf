#!/usr/bin/python3
"""pyspfcount.py ZONE CASES - how many questions python3-spf puts.

ZONE has lines "name TYPE data", CASES lines "client sender". For each case a line
is printed: the result and the number of questions.
"""
import shlex
import sys

import spf


def read_zone(path):
    zone = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = shlex.split(line)
            if not words:
                continue
            name, kind, data = words[0].lower(), words[1], words[2:]
            if kind == "TXT":
                value = ("".join(data).encode(),)
            elif kind == "MX":
                value = (int(data[0]), data[1])
            else:
                value = data[0]
            zone.setdefault((name, kind), []).append(value)
    return zone


def main(zone_path, cases_path):
    zone = read_zone(zone_path)
    asked = []

    def lookup(name, kind, strict=True, timeout=20):
        asked.append((name, kind))
        for value in zone.get((name, kind), []):
            yield (name, kind), value

    spf.DNSLookup = lookup
    with open(cases_path, encoding="ascii") as cases:
        for case in cases:
            client, sender = case.split()
            asked.clear()
            query = spf.query(i=client, s=sender, h="mail.helo.example",
                              strict=True)
            result = query.check()[0]
            print(result, len(asked))


main(sys.argv[1], sys.argv[2])
