"""messages.py - the corpus: messages that are hard to sign.

Each is a header that is a trap, a body that is one, or both. Everything follows
from the tables and from one seed: the same messages on every machine.
"""
import random

# name: header fields in place of the subject; a value is what stands behind the
# colon, its folds as LF
HEADERS = {
    "plain": [("Subject", " a trap")],
    "none": [],
    "nospace": [("Subject", "none behind the colon"), ("To", "x@far.example")],
    "spaces": [("subJECT", "   in front,  between\t , behind \t ")],
    "tabs": [("Subject", "\tt\ta\tb\t\t"), ("Cc", "\t\n\ta@far.example")],
    "empty": [("Subject", ""), ("Keywords", ""), ("Cc", "")],
    "blank": [("Subject", " "), ("Comments", " \t "), ("To", "\t")],
    "folded": [("Subject", " one\n two\n\tthree \n \t  four"),
               ("Cc", " a@far.example,\n\tb@far.example\n\t,c@far.example")],
    "foldfirst": [("Subject", "\n begins on the second line")],
    "foldfirst2": [("Subject", " \n\tsecond\n third")],
    "foldlast": [("Subject", " ends in a fold\n ")],
    "foldwhite": [("Subject", " a\n \n\t\n  b")],
    "crlffold": [("Subject", " a\r\n b"), ("To", "\r\n\t<c@x.example>\r\n ")],
    "foldtrail": [("Subject", " a \t\n \tb\t \n\t c")],
    "case": [("SUBJECT", " a"), ("tO", " you@far.example"),
             ("mime-VERSION", " 1.0"), ("MESSAGE-id", " <case@far.example>")],
    "8bit": [("Subject", " gr\u00fc\u00dfe \u65e5\u672c")],
    "latin1": [("Subject", b" gr\xfc\xdfe")],
    "highend": [("Subject", b" \xff\xfe\x80\xa0 \xa0"), ("To", b"\xa0 x ")],
    "eai": [("Subject", " \u4ef6\u540d"),
            ("To", " \u53d7\u4fe1@\u4f8b\u3048.example"),
            ("Reply-To", " \u9001\u4fe1@\u4f8b\u3048.example")],
    "encoded": [("Subject", " =?utf-8?q?gr=C3=BC=C3=9Fe?=\n "
                 "=?utf-8?b?5pel5pys?=")],
    "controls": [("Subject", b" \x01\x02\x07\x0b\x0c\x1b\x7f end")],
    "vtab": [("Subject", b"\x0b a \x0c\x0b b\x0b")],
    "long": [("References", "".join(
        "\n <{:040d}@far.example>".format(i) for i in range(200)))],
    "longline": [("Subject", " " + "l" * 900), ("In-Reply-To", " <" +
                  "i" * 990 + "@far.example>")],
    "longwords": [("Subject", " w" * 4000)],
    "longspace": [("Subject", " a" + " " * 4000 + "b" + "\t" * 3000)],
    "postfixmax": [("Subject", " " + "x" * 59000)],
    "received": [("Received", " from a by b;\n\tSun, 22 Nov 2026 11:00:00 +0"),
                 ("Received", " from c by a;\n\tSun, 22 Nov 2026 10:00:00 +0"),
                 ("Return-Path", " <x@far.example>"), ("Subject", " r")],
    "repeated": [("Subject", " the first"), ("Comments", " 1"),
                 ("Subject", " the second"), ("Comments", " 2"),
                 ("subject", "the  third"), ("To", " a@far.example"),
                 ("To", " b@far.example")],
    "twice": [("List-Id", " <l.far.example>"), ("List-Id", " <m.far.example>"),
              ("References", " <1@x>"), ("References", " <2@x>"),
              ("Message-ID", " <3@x>"), ("Message-ID", " <4@x>")],
    "many": [("To", " u{}@far.example".format(i)) for i in range(100)],
    "others": [("X-F{}".format(i), " {}".format(i)) for i in range(1000)],
    "list": [("Sender", " list@far.example"), ("Reply-To", " l@far.example"),
             ("List-Unsubscribe", " <https://far.example/u>,\n"
              "\t<mailto:u@far.example>"),
             ("List-Unsubscribe-Post", " List-Unsubscribe=One-Click"),
             ("List-Id", " L <l.far.example>"), ("Subject", " [l] x")],
    "resent": [("Resent-From", " a@far.example"), ("Resent-To", " b@x.example"),
               ("Resent-Date", " Sun, 22 Nov 2026 12:00:00 +0000"),
               ("Resent-Message-ID", " <r@far.example>"),
               ("Resent-Sender", " c@x.example"), ("Resent-Cc", " d@x.example")],
    "mime": [("MIME-Version", " 1.0"),
             ("Content-Type", " multipart/mixed;\n\tboundary=\"=_b\""),
             ("Content-Transfer-Encoding", " 8bit"),
             ("Content-ID", " <c@far.example>"),
             ("Content-Description", " a; b=c; bh=d")],
    "signed": [("DKIM-Signature", " v=1; a=rsa-sha256; d=far.example; s=x;\n"
                "\th=from; bh=YQ==; b=YQ=="), ("Subject", " signed before"),
               ("ARC-Seal", " i=1; a=rsa-sha256; b=YQ=="),
               ("Authentication-Results", " far.example; none")],
    "tagged": [("Subject", " v=1; b=abc; bh=def; =; ;;"),
               ("To", " b=, <b=@far.example>")],
    "colons": [("Subject", " a: b: c"), ("To", " g: a@x.example;"),
               ("X-Odd!#$%&'*+", " odd")],
    "quotes": [("Subject", " \"a  b\" (c  \\) d)  \\")],
    "dates": [("Date", " Sun, 22 Nov 2026 12:00:00 +0000 (a  comment\n\tx)"),
              ("Subject", " d")],
    "from": [("Subject", " >From  From: me"), ("FROM-X", " no From")],
}

# From as it may stand; each domain is corpus.example
FROM = [" me@corpus.example", " Me <me@corpus.example>", "me@corpus.example",
        "\n\tMe\n <me@corpus.example>", " \"A,  B\" <me@corpus.example> ",
        "  (c) me@corpus.example", " M\u00ea <me@corpus.example>",
        " <me@CORPUS.Example>", "\tme@corpus.example\t"]

TEXT = "Hello,\r\n\r\nall is well.\r\n"
BODIES = {
    "plain": TEXT,
    "empty": "",
    "crlf": "\r\n",
    "crlfs": "\r\n\r\n\r\n",
    "space": " \r\n",
    "spaces": " \r\n\t\r\n  \t \r\n",
    "spaceonly": " ",
    "trailing": "text\r\n\r\n  \r\n\t\r\n\r\n\r\n",
    "trailing2": "text \t\r\n\r\n\r\n",
    "leading": "\r\n\r\ntext\r\n",
    "inner": "a\r\n\r\n\r\n\r\nb\r\n",
    "innerwhite": "a\r\n \r\n\t \r\nb \r\n",
    "white": "two  spaces,\ta tab, behind: \t \r\n  in front\r\n\t x\r\n",
    "tabs": "\ta\tb\t\tc\t\r\n",
    "longwhite": "a" + " " * 5000 + "b" + "\t" * 5000 + "\r\n",
    "dots": ".\r\n..\r\n.x\r\n...\r\n",
    "noend": "no line end",
    "noend2": "a\r\nno line end",
    "noendwhite": "a\r\nno line end \t",
    "endblank": "a\r\n\r\n ",
    "halfend": "a\r\nhalf a line end\r",
    "8bit": "gr\u00fc\u00dfe aus \u65e5\u672c\r\n",
    "latin1": b"gr\xfc\xdfe \xa0 x\xa0\r\n",
    "binary": bytes(i for i in range(256) if i not in (0, 10, 13)) + b"\r\n",
    "nul": b"a\x00b\x00\x00\r\n\x00\r\n",
    "nulend": b"a\r\n\x00",
    "barecr": b"a\rb\r\r\nc \r\n",
    "barecrend": b"a\r\n\r\r\n",
    "crcrlf": b"a\r\r\nb \r\r\n\r\r\n",
    "barelf": b"a\nb\n\nc\r\n",
    "barelfwhite": b"a \n b\t\n\r\n",
    "barelfend": b"a\r\nb\n\n",
    "lfcr": b"a\n\rb\r\n\n\r",
    "wide": ("w" * 990 + "\r\n") * 3,
    "wider": "w" * 5000 + "\r\n",
    "bigline": "x y " * 20000 + "\r\n",
    "big": "".join("{:05d} {}\r\n".format(i, "b " * (i % 37))
                   for i in range(4000)),
    "chunk": "c" * 65533 + "\r\n" + "d\r\n",
    "chunkcut": "c" * 65534 + "\r\n" + " \r\nd \r\n",
    "chunkwhite": "c" * 65530 + " \t  \t \r\nd\r\n",
    "chunkblank": "c" * 65529 + "\r\n" * 10 + "d\r\n",
    "chunkend": "c" * 65529 + "\r\n" * 10,
    "html": "--=_b\r\nContent-Type: text/html\r\n\r\n<p>  two\r\n--=_b--\r\n",
    "header": "From: x@far.example\r\nDKIM-Signature: v=1; b=\r\n\r\n",
    "qp": "gr=C3=BC=C3=9Fe=20\r\n=\r\nsoft  =\r\n break\r\n",
    "vtab": "a\x0bb\x0c \x0b\r\n\x0b\r\n",
    "ff": "\x0c\r\n\x0c\x0c\r\n\r\n",
}

# random bodies are made of these
PIECES = [" ", "\t", "\r\n", "\r\n\r\n", "a", "bc", " \r\n", "\t \r\n", ".", "  ",
          "\u00fc", "x" * 70]

# what never may be signed: such a field cannot arrive as it is
UNSOUND = {
    "barecr": [("Subject", " a\rb")],
    "lfonly": [("Subject", " a\nb")],
    "lfend": [("Subject", " a\n")],
    "lflf": [("Subject", " a\n\n b")],
    "name": [("Sub ject", " a"), ("To", " a\nX-Injected: b")],
}


def raw(text):
    return text if isinstance(text, bytes) else text.encode()


def make(header, body, i=0):
    """Header fields as bytes, and the body."""
    fields = list(header)
    fields.insert(i % (len(fields) + 1), ("From", FROM[i % len(FROM)]))
    if i % 3 == 0:
        fields += [("Date", " Sun, 22 Nov 2026 12:00:00 +0000"),
                   ("Message-ID", " <{}@corpus.example>".format(i))]
    return [(raw(n), raw(v)) for n, v in fields], raw(body)


def kind_of(body):
    """The trap that a random body is."""
    last = body.rpartition("\r\n")[2]
    if last == "":
        return "random"
    if last.strip(" \t") == "":
        return "randomnoendblank"
    return "randomnoend" + ("white" if last[-1] in " \t" else "")


def corpus():
    """Yields (name, header trap, body trap, fields, body, signed)."""
    dice = random.Random(6376)
    for header in HEADERS:
        yield ("h-" + header, header, "plain") + make(
            HEADERS[header], BODIES["plain"], 1) + (True,)
    for body in BODIES:
        yield ("b-" + body, "plain", body) + make(
            HEADERS["plain"], BODIES[body], 2) + (True,)
    headers, bodies = sorted(HEADERS), [b for b in sorted(BODIES)
                                        if len(BODIES[b]) < 20000]
    for i in range(300):
        header, body = dice.choice(headers), dice.choice(bodies)
        yield ("{}-{}-{}".format(i, header, body), header, body) + make(
            HEADERS[header], BODIES[body], i) + (True,)
    for i in range(150):
        header = dice.choice(headers)
        body = "".join(dice.choice(PIECES) for _ in range(dice.randrange(60)))
        yield ("r{}-{}".format(i, header), header, kind_of(body)) + make(
            HEADERS[header], body, i) + (True,)
    for name, header in UNSOUND.items():
        yield ("u-" + name, name, "plain") + make(
            header, BODIES["plain"]) + (False,)
