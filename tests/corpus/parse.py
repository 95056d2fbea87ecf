"""parse.py - a message as SMTP carries it, cut into fields and body.

Only CRLF ends a line (RFC 5321 section 2.3.8); the first empty line ends the
header. Values begin right behind the colon and keep their folds.
"""
import re


def fields_of(message):
    header, _, body = message.partition(b"\r\n\r\n")
    fields = []
    for line in re.split(rb"\r\n(?![ \t])", header):
        name, _, value = line.partition(b":")
        fields.append((name, value))
    return fields, body
