"""milter.py - the MTA's side of the milter protocol, as Postfix speaks it.

One connection, message after message. A message is a list of header fields
(name, value: bytes, the value with its leading space, folds as LF) and a body.
"""
import socket
import struct
import time

NO_REPLY = {b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000,
            b"T": 0x10000, b"L": 0x80, b"N": 0x40000, b"B": 0x80000}
NOT_SENT = {b"C": 1, b"H": 2, b"M": 4, b"R": 8, b"B": 0x10, b"L": 0x20,
            b"N": 0x40, b"T": 0x200}
LEADSPC = 0x100000
CHUNK = 65535
FINAL = (b"a", b"c", b"r", b"t", b"d")


def connected(path):
    """A socket to a filter that is just starting."""
    for _ in range(400):
        try:
            s = socket.socket(socket.AF_UNIX)
            s.connect(path)
            return s
        except OSError:
            s.close()
            time.sleep(0.025)
    raise OSError("nobody listens at " + path)


class Milter:
    def __init__(self, path):
        self.socket = connected(path)
        self.file = self.socket.makefile("rb")
        self.put(b"O", struct.pack(">III", 6, 0x1ff, 0x1fffff))
        code, data = self.get()
        if code != b"O":
            raise OSError("no answer to OPTNEG")
        self.protocol = struct.unpack(">III", data[:12])[2]
        self.send(b"C", b"localhost\x004\x00\x00127.0.0.1\x00")
        self.send(b"H", b"localhost\x00")

    def put(self, command, data):
        packet = struct.pack(">I", len(data) + 1) + command + data
        self.socket.sendall(packet)

    def get(self):
        head = self.file.read(4)
        if len(head) < 4:
            raise OSError("the filter hung up")
        data = self.file.read(struct.unpack(">I", head)[0])
        return data[:1], data[1:]

    def send(self, command, data):
        """A command and its answer, if one was agreed on."""
        if self.protocol & NOT_SENT[command]:
            return b"c"
        self.put(command, data)
        if self.protocol & NO_REPLY[command]:
            return b"c"
        return self.get()[0]

    def body(self, body):
        for at in range(0, len(body), CHUNK):
            code = self.send(b"B", body[at:at + CHUNK])
            if code != b"c":
                return code
        return b"c"

    def message(self, fields, body):
        """The last answer and the (index, name, value) that were inserted."""
        inserted = []
        self.send(b"M", b"<me@corpus.example>\x00")
        self.send(b"R", b"<you@far.example>\x00")
        self.send(b"T", b"")
        code = b"c"
        for name, value in fields:
            if not self.protocol & LEADSPC and value[:1] == b" ":
                value = value[1:]
            code = self.send(b"L", name + b"\x00" + value + b"\x00")
            if code != b"c":
                break
        if code == b"c":
            code = self.send(b"N", b"")
        if code == b"c":
            code = self.body(body)
        if code in (b"c", b"s"):
            self.put(b"E", b"")
            code, data = self.get()
            while code not in FINAL:
                if code in (b"i", b"h"):
                    at = 4 if code == b"i" else 0
                    index = struct.unpack(">I", data[:4])[0] if at else -1
                    name, value = data[at:].split(b"\x00")[:2]
                    if not self.protocol & LEADSPC:
                        value = b" " + value
                    inserted.append((index, name, value))
                code, data = self.get()
        self.put(b"A", b"")
        return code, inserted

    def close(self):
        self.put(b"Q", b"")
        self.file.close()
        self.socket.close()
