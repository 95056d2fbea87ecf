-- milter.lua - Debian's miltertest as one more MTA: miltertest -s milter.lua
--     -D socket=inet:8891@127.0.0.1
--
-- The facts that OpenDKIM's own scripts test of a signer, and what a connection
-- with several messages must do. The domains are those of etc/postseal.conf.

local function sure(good, what)
	if not good then
		error(what)
	end
end

local function open(address)
	local conn = mt.connect(socket, 40, 0.05)
	sure(conn ~= nil, "no connection")
	sure(mt.negotiate(conn, nil, nil, nil) == nil, "no negotiation")
	sure(mt.conninfo(conn, "client.example", address) == nil, "CONNECT")
	return conn
end

-- A message up to its end; fields: {name, value}. Returns the last answer.
local function message(conn, macros, fields, body)
	mt.macro(conn, SMFIC_MAIL, "i", "t-1", table.unpack(macros))
	sure(mt.mailfrom(conn, "<me@two.example>") == nil, "MAIL")
	sure(mt.rcptto(conn, "<you@far.example>") == nil, "RCPT")
	for _, f in ipairs(fields) do
		sure(mt.header(conn, f[1], f[2]) == nil, "header")
	end
	sure(mt.eoh(conn) == nil, "end of header")
	if mt.getreply(conn) == SMFIR_ACCEPT then
		return SMFIR_ACCEPT, 0
	end
	for _, piece in ipairs(body) do
		sure(mt.bodystring(conn, piece) == nil, "body")
	end
	sure(mt.eom(conn) == nil, "end of message")
	return mt.getreply(conn)
end

local function signatures(conn)
	local n = 0
	while n < 5 and mt.getheader(conn, "DKIM-Signature", n) do
		n = n + 1
	end
	return n
end

local usual = {{"From", "me@two.example"}, {"Subject", "t"},
    {"Date", "Sun, 22 Nov 2026 12:00:00 +0000"}}

-- signed, by both keys, at the top
local function signs(conn, macros, fields, body, what)
	sure(message(conn, macros, fields, body) == SMFIR_ACCEPT, what)
	sure(mt.eom_check(conn, MT_HDRINSERT, "DKIM-Signature") or
	    mt.eom_check(conn, MT_HDRADD, "DKIM-Signature"),
	    what .. ": not signed")
	sure(signatures(conn) == 2, what .. ": not two signatures")
	local text = mt.getheader(conn, "DKIM-Signature", 0)
	sure(string.find(text, "d=two.example;", 1, true), what .. ": d=")
	sure(string.find(text, "v=1;", 1, true), what .. ": v=")
	sure(not string.find(text, "l=", 1, true), what .. ": l=")
	mt.abort(conn)
end

-- accepted at the end of its header, and so without a signature
local function leaves(conn, macros, fields, what)
	local answer, rest = message(conn, macros, fields, {"text\r\n"})
	sure(answer == SMFIR_ACCEPT and rest == 0, what .. ": body was wanted")
	mt.abort(conn)
end

local conn = open("127.0.0.1")
signs(conn, {}, usual, {"text\r\n"}, "usual")
signs(conn, {}, usual, {}, "no body")
signs(conn, {}, usual, {"one\r", "\ntwo\r\n", "\r\n\r\n"}, "a body in pieces")
signs(conn, {}, {{"Received", "a\n\tb"}, {"From", "Me\n <me@two.example>"},
    {"Subject", ""}, {"X-Long", string.rep("x", 900)}}, {"text\r\n"}, "folds")
leaves(conn, {}, {{"From", "me@nokey.example"}}, "a domain without key")
leaves(conn, {}, {{"Subject", "t"}}, "no From")
leaves(conn, {}, {{"From", "me@two.example"}, {"From", "x@far.example"}},
    "two From")
-- a message that stops in the middle leaves nothing behind
sure(mt.mailfrom(conn, "<x@far.example>") == nil, "MAIL")
sure(mt.header(conn, "From", "x@far.example") == nil, "header")
mt.abort(conn)
signs(conn, {}, usual, {"text\r\n"}, "behind an ABORT")
mt.disconnect(conn)

conn = open("198.51.100.9")
leaves(conn, {}, usual, "a client outside")
signs(conn, {"{auth_type}", "PLAIN", "{auth_authen}", "me@two.example"}, usual,
    {"text\r\n"}, "an authenticated client")
leaves(conn, {}, usual, "the next message, not authenticated")
mt.disconnect(conn)
mt.echo("milter.lua: all is well")
