-- Wireshark and tshark read Sluice's packets: every field of docs/wire.md, and what is wrong with one.
--
--	tshark -X lua_script:scripts/wireshark/sluice.lua -i eth0
--	wireshark -X lua_script:scripts/wireshark/sluice.lua capture.pcapng
--
-- Every packet must pass here without a Lua error, whatever its bytes and however few of them were
-- captured: nothing is read that `Bytes:has` did not answer for.
local sluice = Proto("sluice", "Sluice")

-- The numbers of dataplane/wire/wire.h and limits.h.
local VERSION = 1
local HEADER_SIZE, TAG_SIZE = 22, 16
local ACK_FIXED, ACK_RIDE_SIZE, ACK_WORDS_MAX, ACK_LIMITS_MAX = 20, 64, 16, 4
local HELLO_SIZE, BLOCK_SIZE, RECORD_RAW_MAX = 40, 16, 65536
local DATA, ACK, HELLO, RESET, PROBE, FLOOR, PATH = 0, 1, 2, 3, 4, 5, 6

local types = {
	[DATA] = "DATA", [ACK] = "ACK", [HELLO] = "HELLO", [RESET] = "RESET", [PROBE] = "PROBE", [FLOOR] = "FLOOR",
	[PATH] = "PATH",
}
local kinds = { [0] = "ordered", [1] = "unordered", [2] = "urgent, ordered", [3] = "urgent, unordered" }
local codecs = { [0] = "none", [1] = "lz4", [2] = "zstd", [3] = "deflate", [4] = "brotli", [5] = "snappy" }
local CODEC_COUNT = 6

sluice.prefs.ports = Pref.range("UDP ports", "7654-7669", "Worker w listens on udp_port + w", 65535)
sluice.prefs.encrypted = Pref.bool("Packets are encrypted", false,
	"The session's cipher is not null: what follows the header is opaque, and a tag of 16 bytes ends it")

local f = {
	version = ProtoField.uint8("sluice.version", "Version", base.DEC, nil, 0xe0),
	type = ProtoField.uint8("sluice.type", "Type", base.DEC, types, 0x1f),
	flags = ProtoField.uint8("sluice.flags", "Flags", base.HEX),
	cid = ProtoField.uint32("sluice.cid", "Connection id of the receiver", base.HEX),
	cid_worker = ProtoField.uint8("sluice.cid.worker", "Worker", base.DEC),
	cid_slot = ProtoField.uint16("sluice.cid.slot", "Slot", base.DEC),
	cid_generation = ProtoField.uint8("sluice.cid.generation", "Generation", base.DEC),
	pn = ProtoField.uint64("sluice.pn", "Packet number", base.DEC),
	stream = ProtoField.uint32("sluice.stream", "Stream", base.HEX),
	stream_number = ProtoField.uint32("sluice.stream.number", "Number", base.DEC, nil, 0xfffffffc),
	stream_kind = ProtoField.uint32("sluice.stream.kind", "Kind", base.DEC, kinds, 0x3),
	offset = ProtoField.uint64("sluice.offset", "Offset", base.HEX),
	record = ProtoField.uint32("sluice.record", "Record", base.DEC, nil, 0xfffffffe),
	within = ProtoField.uint24("sluice.within", "Byte within the record", base.DEC, nil, 0x01ffff),
	session = ProtoField.string("sluice.session", "Session, as its HELLO said"),

	ack = ProtoField.none("sluice.ack", "ACK block"),
	ack_largest = ProtoField.uint64("sluice.ack.largest", "Largest packet number", base.DEC),
	ack_delay = ProtoField.uint16("sluice.ack.delay", "Delay (us)", base.DEC),
	ack_nwords = ProtoField.uint8("sluice.ack.nwords", "Words", base.DEC),
	ack_nlimits = ProtoField.uint8("sluice.ack.nlimits", "Limits", base.DEC),
	ack_ce = ProtoField.uint16("sluice.ack.ce", "Packets marked CE", base.DEC),
	ack_credit = ProtoField.uint64("sluice.ack.credit", "Credit (bytes)", base.DEC),
	ack_word = ProtoField.uint64("sluice.ack.word", "Word", base.HEX),
	ack_packets = ProtoField.string("sluice.ack.packets", "Received"),
	ack_count = ProtoField.uint32("sluice.ack.count", "Packets received", base.DEC),
	ack_padding = ProtoField.bytes("sluice.ack.padding", "Padding"),
	limit = ProtoField.none("sluice.limit", "Limit"),
	limit_stream = ProtoField.uint32("sluice.limit.stream", "Stream", base.DEC, nil, 0xfffffffc),
	limit_kind = ProtoField.uint32("sluice.limit.kind", "Kind", base.DEC, kinds, 0x3),
	limit_records = ProtoField.uint32("sluice.limit.records", "First record not taken", base.DEC),

	hello_session = ProtoField.bytes("sluice.hello.session", "Session id"),
	hello_boot = ProtoField.uint64("sluice.hello.boot", "Boot id", base.HEX),
	hello_credit = ProtoField.uint64("sluice.hello.credit", "Credit (bytes)", base.DEC),
	hello_segment = ProtoField.uint16("sluice.hello.segment", "Segment size", base.DEC),
	hello_flags = ProtoField.uint16("sluice.hello.flags", "Flags", base.HEX),
	hello_reply = ProtoField.bool("sluice.hello.reply", "Reply", 16, nil, 0x1),
	hello_memory = ProtoField.bool("sluice.hello.memory", "Sent on a link that is memory", 16, nil, 0x2),
	hello_records = ProtoField.uint32("sluice.hello.records", "Records of each stream", base.DEC),

	block = ProtoField.none("sluice.block", "Block header"),
	block_version = ProtoField.uint8("sluice.block.version", "Version", base.DEC, nil, 0xf0),
	block_flags = ProtoField.uint8("sluice.block.flags", "Flags", base.HEX, nil, 0x0f),
	block_message_end = ProtoField.bool("sluice.block.message_end", "Ends a message", 8, nil, 0x1),
	block_packed = ProtoField.bool("sluice.block.packed", "A record of messages", 8, nil, 0x2),
	block_codec = ProtoField.uint8("sluice.block.codec", "Codec", base.DEC, codecs),
	block_level = ProtoField.uint8("sluice.block.level", "Level", base.DEC),
	block_dictionary = ProtoField.uint8("sluice.block.dictionary", "Dictionary", base.DEC),
	block_raw = ProtoField.uint32("sluice.block.raw", "Raw size", base.DEC),
	block_stored = ProtoField.uint32("sluice.block.stored", "Stored size", base.DEC),
	block_crc = ProtoField.uint32("sluice.block.crc32c", "CRC32C of the stored bytes", base.HEX),

	reason = ProtoField.uint16("sluice.reset.reason", "Reason", base.DEC),
	hint = ProtoField.uint32("sluice.hint.cid", "Connection id that its sender does not know", base.HEX),
	floor = ProtoField.uint64("sluice.floor", "Lowest tracked packet number", base.DEC),
	payload = ProtoField.bytes("sluice.payload", "Bytes of the record"),
	size = ProtoField.uint32("sluice.size", "Bytes of the record in this packet", base.DEC),
	probe = ProtoField.bytes("sluice.path", "Bytes that ask whether a packet of this size passes"),
	phase = ProtoField.uint8("sluice.phase", "Key phase (lowest bit)", base.DEC, nil, 0x08),
	sealed = ProtoField.bytes("sluice.sealed", "Encrypted: ACK block and payload"),
	tag = ProtoField.bytes("sluice.tag", "Tag of the cipher"),
}
local flag_fields = {
	{ 0x01, "ACK_BLOCK", "ack_block", "An ACK block stands before the payload" },
	{ 0x02, "ACK_NOW", "ack_now", "Acknowledge without delay" },
	{ 0x04, "FIN", "fin", "Everything was delivered: close" },
	{ 0x08, "KEY_PHASE", "key_phase", "Key phase" },
	{ 0x10, "COMPRESSED", "compressed", "The record's stored bytes are not its raw bytes" },
	{ 0x20, "RECORD_END", "record_end", "The payload ends a record" },
	{ 0x40, "RETX", "retx", "These bytes were sent before" },
	{ 0x80, "CE", "ce", "Congestion experienced" },
}
for _, flag in ipairs(flag_fields) do
	flag.key = "flag_" .. flag[3]
	f[flag.key] = ProtoField.bool("sluice.flags." .. flag[3], flag[4], 8, nil, flag[1])
end

local fields = {}
for _, field in pairs(f) do
	fields[#fields + 1] = field
end
sluice.fields = fields

local function fault(name, text)
	return ProtoExpert.new("sluice." .. name, text, expert.group.MALFORMED, expert.severity.ERROR)
end
local e = {
	short = fault("short", "The packet ends before this"),
	version = fault("bad_version", "Not version 1 of Sluice"),
	type = fault("bad_type", "No such packet type"),
	ack = fault("bad_ack", "The ACK block says what no receiver may"),
	place = fault("bad_place", "Bytes outside of a record, or none"),
	block = fault("bad_block", "The block header says what no sender may"),
	value = fault("bad_value", "A value that no sender may send"),
	excess = fault("excess", "Bytes behind what this packet type has"),
	cut = ProtoExpert.new("sluice.cut", "The capture has only the beginning of this packet",
		expert.group.UNDECODED, expert.severity.NOTE),
	retx = ProtoExpert.new("sluice.resent", "Sent again", expert.group.SEQUENCE, expert.severity.NOTE),
	hint = ProtoExpert.new("sluice.stranger", "The sender has no such connection (unauthenticated)",
		expert.group.SEQUENCE, expert.severity.WARN),
}
local experts = {}
for _, field in pairs(e) do
	experts[#experts + 1] = field
end
sluice.experts = experts

-- Who HELLO said a connection belongs to: receiver's address, port and connection id -> session id.
local sessions = {}
function sluice.init()
	sessions = {}
end

-- What of a packet may be read. `size`: as it was sent; `there`: as much of it as was captured.
local Bytes = {}
Bytes.__index = Bytes

local function bytes_of(tvb, tree)
	return setmetatable({ tvb = tvb, tree = tree, size = tvb:reported_len(), there = tvb:captured_len() }, Bytes)
end

-- May `size` bytes at `at` be read? If not, the tree says why: they were never sent (malformed), or not captured.
function Bytes:has(at, size)
	if at + size > self.size then
		self.tree:add_proto_expert_info(e.short)
		return false
	end
	if at + size > self.there then
		self.tree:add_proto_expert_info(e.cut)
		return false
	end
	return true
end

-- As many of `size` bytes as were captured, or nothing.
function Bytes:add_rest(field, at, size)
	local there = math.min(size, self.there - at)
	if there > 0 then
		self.tree:add(field, self.tvb(at, there))
	end
	if there < size then
		self.tree:add_proto_expert_info(e.cut)
	end
end

function Bytes:u48(at)
	return self.tvb(at, 2):uint() * 2 ^ 32 + self.tvb(at + 2, 4):uint()
end

local function decimal(number)
	return string.format("%.0f", number)
end

-- ---- ACK block ---------------------------------------------------------------------------------

-- The runs of packet numbers that the words name, the largest first: text, how many, and the smallest of all.
local function ack_runs(bytes, at, nwords, largest)
	local runs, count, first, last, least = {}, 0, nil, nil, nil
	local function give()
		if first then
			runs[#runs + 1] = first == last and decimal(first) or decimal(last) .. "-" .. decimal(first)
		end
		first, last = nil, nil
	end
	for half = 0, 2 * nwords - 1 do
		-- Bits 0 to 31 of a word are its second half.
		local word = bytes.tvb(at + 8 * math.floor(half / 2) + 4 * (1 - half % 2), 4):uint()
		for bit = 0, 31 do
			local pn = largest - 32 * half - bit
			if math.floor(word / 2 ^ bit) % 2 == 1 then
				first, last, least = first or pn, pn, pn
				count = count + 1
			else
				give()
			end
		end
	end
	give()
	return table.concat(runs, ", "), count, least
end

local function ack_limits(bytes, tree, at, nlimits)
	for i = 0, nlimits - 1 do
		local limit = tree:add(f.limit, bytes.tvb(at + 8 * i, 8))
		limit:add(f.limit_stream, bytes.tvb(at + 8 * i, 4))
		limit:add(f.limit_kind, bytes.tvb(at + 8 * i, 4))
		limit:add(f.limit_records, bytes.tvb(at + 8 * i + 4, 4))
	end
end

-- `room`: the block must end before. Returns where it ends, or nil when it is not all there, and its line for the list.
local function ack_block(bytes, at, room)
	if not bytes:has(at, ACK_FIXED) then
		return nil
	end
	local tvb = bytes.tvb
	local nwords, nlimits = tvb(at + 8, 1):uint(), tvb(at + 9, 1):uint()
	local size = ACK_FIXED + 8 * nwords + 8 * nlimits
	local tree = bytes.tree:add(f.ack, tvb(at, ACK_FIXED))
	tree:add(f.ack_largest, tvb(at, 6))
	tree:add(f.ack_delay, tvb(at + 6, 2))
	tree:add(f.ack_nwords, tvb(at + 8, 1))
	tree:add(f.ack_nlimits, tvb(at + 9, 1))
	tree:add(f.ack_ce, tvb(at + 10, 2))
	tree:add(f.ack_credit, tvb(at + 12, 8))
	if nwords > ACK_WORDS_MAX or nlimits > ACK_LIMITS_MAX or size > room then
		tree:add_proto_expert_info(e.ack, "more words or limits than fit")
		return nil
	end
	if not bytes:has(at, size) then
		return nil
	end
	tree:set_len(size)
	local largest, words = bytes:u48(at), at + ACK_FIXED
	for i = 0, nwords - 1 do
		tree:add(f.ack_word, tvb(words + 8 * i, 8))
	end
	local text, count, least = ack_runs(bytes, words, nwords, largest)
	tree:add(f.ack_packets, tvb(words, 8 * nwords), text):set_generated()
	tree:add(f.ack_count, tvb(words, 8 * nwords), count):set_generated()
	if least and least < 0 then
		tree:add_proto_expert_info(e.ack, "a packet number below zero")
	end
	ack_limits(bytes, tree, words + 8 * nwords, nlimits)
	tree:append_text(": " .. text)
	return at + size, string.format("acks %d to %s", count, decimal(largest))
end

-- ---- DATA --------------------------------------------------------------------------------------

local function block_header(bytes, at, payload_size, ends)
	if not bytes:has(at, BLOCK_SIZE) then
		return
	end
	local tvb = bytes.tvb
	local tree = bytes.tree:add(f.block, tvb(at, BLOCK_SIZE))
	local flags, codec = tvb(at, 1):uint() % 16, tvb(at + 1, 1):uint()
	local raw, stored = tvb(at + 4, 4):uint(), tvb(at + 8, 4):uint()
	local dictionary = tvb(at + 3, 1):uint()
	tree:add(f.block_version, tvb(at, 1))
	local flag_tree = tree:add(f.block_flags, tvb(at, 1))
	flag_tree:add(f.block_message_end, tvb(at, 1))
	flag_tree:add(f.block_packed, tvb(at, 1))
	tree:add(f.block_codec, tvb(at + 1, 1))
	tree:add(f.block_level, tvb(at + 2, 1))
	tree:add(f.block_dictionary, tvb(at + 3, 1))
	tree:add(f.block_raw, tvb(at + 4, 4))
	tree:add(f.block_stored, tvb(at + 8, 4))
	tree:add(f.block_crc, tvb(at + 12, 4))
	tree:append_text(string.format(": %s%s, %d bytes, %d stored", codecs[codec] or "?",
		dictionary > 0 and " with dictionary " .. dictionary or "", raw, stored))
	local function bad(why)
		tree:add_proto_expert_info(e.block, why)
	end
	if math.floor(tvb(at, 1):uint() / 16) ~= 1 then
		bad("not version 1")
	end
	if flags > 2 then
		bad("flags that exclude each other, or unknown ones")
	end
	if codec >= CODEC_COUNT then
		bad("no such codec")
	end
	if dictionary > 0 and codecs[codec] ~= "zstd" then
		bad("a dictionary, and the codec is not zstd")
	end
	if raw > RECORD_RAW_MAX or stored > RECORD_RAW_MAX then
		bad("larger than a record")
	elseif codec == 0 and raw ~= stored then
		bad("codec none, and the stored size is not the raw size")
	elseif ends and stored + BLOCK_SIZE ~= payload_size or stored + BLOCK_SIZE < payload_size then
		bad("the packet has not the bytes that the block header says")
	end
end

local function data_packet(bytes, at, header)
	local size = bytes.size - at
	local text = string.format("stream %d record %d @%d +%d%s", math.floor(header.stream / 4), header.record,
		header.within, size, header.flag.RECORD_END and " end" or "")
	bytes.tree:add(f.size, math.max(size, 0)):set_generated()
	if size <= 0 or header.within + size > RECORD_RAW_MAX + BLOCK_SIZE then
		bytes.tree:add_proto_expert_info(e.place)
	elseif header.within == 0 then
		block_header(bytes, at, size, header.flag.RECORD_END)
		if size > BLOCK_SIZE then
			bytes:add_rest(f.payload, at + BLOCK_SIZE, size - BLOCK_SIZE)
		end
	else
		bytes:add_rest(f.payload, at, size)
	end
	return bytes.size, text
end

-- ---- the other types ---------------------------------------------------------------------------

local function hello_packet(bytes, at, header)
	if not bytes:has(at, HELLO_SIZE) then
		return bytes.size
	end
	local tree, tvb = bytes.tree, bytes.tvb
	local flags = tvb(at + 34, 2):uint()
	sessions[header.place] = tostring(tvb(at, 16):bytes()):lower()
	tree:add(f.hello_session, tvb(at, 16))
	tree:add(f.hello_boot, tvb(at + 16, 8))
	tree:add(f.hello_credit, tvb(at + 24, 8))
	tree:add(f.hello_segment, tvb(at + 32, 2))
	local flag_tree = tree:add(f.hello_flags, tvb(at + 34, 2))
	flag_tree:add(f.hello_reply, tvb(at + 34, 2))
	flag_tree:add(f.hello_memory, tvb(at + 34, 2))
	tree:add(f.hello_records, tvb(at + 36, 4))
	if flags > 3 then
		flag_tree:add_proto_expert_info(e.value, "unknown flags")
	end
	return at + HELLO_SIZE,
		string.format("%s session %s", flags % 2 == 1 and "reply" or "open", sessions[header.place]:sub(1, 8))
end

local function reset_packet(bytes, at, header)
	if header.cid == 0 then
		if not bytes:has(at, 4) then
			return bytes.size
		end
		bytes.tree:add(f.hint, bytes.tvb(at, 4))
		bytes.tree:add_proto_expert_info(e.hint)
		return at + 4, string.format("hint: no connection %08x", bytes.tvb(at, 4):uint())
	end
	if not bytes:has(at, 2) then
		return bytes.size
	end
	bytes.tree:add(f.reason, bytes.tvb(at, 2))
	return at + 2, "reason " .. bytes.tvb(at, 2):uint()
end

local function floor_packet(bytes, at, header)
	if not bytes:has(at, 6) then
		return bytes.size
	end
	local floor = bytes:u48(at)
	bytes.tree:add(f.floor, bytes.tvb(at, 6))
	if floor > header.pn + 1 then
		bytes.tree:add_proto_expert_info(e.value, "a floor above the packet itself")
	end
	return at + 6, "floor " .. decimal(floor)
end

local function path_packet(bytes, at)
	bytes:add_rest(f.probe, at, bytes.size - at)
	return bytes.size, string.format("%d bytes", bytes.size - at)
end

local function empty_packet(_, at)
	return at
end

local packets = {
	[DATA] = data_packet, [ACK] = empty_packet, [HELLO] = hello_packet, [RESET] = reset_packet,
	[PROBE] = empty_packet, [FLOOR] = floor_packet, [PATH] = path_packet,
}

-- ---- a packet ----------------------------------------------------------------------------------

local function header_flags(tvb, tree)
	local value, set, names = tvb(1, 1):uint(), {}, {}
	local flags = tree:add(f.flags, tvb(1, 1))
	for _, flag in ipairs(flag_fields) do
		flags:add(f[flag.key], tvb(1, 1))
		if math.floor(value / flag[1]) % 2 == 1 then
			set[flag[2]] = true
			names[#names + 1] = flag[2]
		end
	end
	flags:append_text(" " .. table.concat(names, " "))
	return set, names
end

local function header_read(bytes, pinfo)
	local tvb, tree = bytes.tvb, bytes.tree
	local header = { type = tvb(0, 1):uint() % 32, cid = tvb(2, 4):uint(), pn = bytes:u48(6) }
	header.stream = tvb(12, 4):uint()
	header.record = math.floor(tvb(16, 4):uint() / 2)
	header.within = tvb(19, 3):uint() % 2 ^ 17
	header.place = string.format("%s %d %08x", tostring(pinfo.dst), pinfo.dst_port, header.cid)
	tree:add(f.version, tvb(0, 1))
	tree:add(f.type, tvb(0, 1))
	header.flag, header.names = header_flags(tvb, tree)
	local cid = tree:add(f.cid, tvb(2, 4))
	cid:add(f.cid_worker, tvb(2, 1))
	cid:add(f.cid_slot, tvb(3, 2))
	cid:add(f.cid_generation, tvb(5, 1))
	tree:add(f.pn, tvb(6, 6))
	local stream = tree:add(f.stream, tvb(12, 4))
	stream:add(f.stream_number, tvb(12, 4))
	stream:add(f.stream_kind, tvb(12, 4))
	local offset = tree:add(f.offset, tvb(16, 6))
	offset:add(f.record, tvb(16, 4))
	offset:add(f.within, tvb(19, 3))
	return header
end

local function sealed_packet(bytes, header)
	local size = bytes.size - HEADER_SIZE - TAG_SIZE
	bytes.tree:add(f.phase, bytes.tvb(1, 1))
	if size < 0 then
		bytes.tree:add_proto_expert_info(e.short)
		return "sealed"
	end
	bytes:add_rest(f.sealed, HEADER_SIZE, size)
	bytes:add_rest(f.tag, HEADER_SIZE + size, TAG_SIZE)
	return string.format("%d bytes sealed, key phase %d", size, header.flag.KEY_PHASE and 1 or 0)
end

local function plain_packet(bytes, header)
	local at, said, text = HEADER_SIZE, nil, nil
	if header.flag.ACK_BLOCK or header.type == ACK then
		local room = header.type == DATA and ACK_RIDE_SIZE or bytes.size
		if not header.flag.ACK_BLOCK then
			bytes.tree:add_proto_expert_info(e.ack, "an ACK without an ACK block")
			return nil
		end
		at, said = ack_block(bytes, HEADER_SIZE, room)
		if not at then
			return nil
		end
		if header.type == DATA then
			local rest = HEADER_SIZE + ACK_RIDE_SIZE
			if not bytes:has(HEADER_SIZE, ACK_RIDE_SIZE) then
				return said
			end
			if rest > at then
				bytes:add_rest(f.ack_padding, at, rest - at)
			end
			at = rest
		end
	end
	at, text = packets[header.type](bytes, at, header)
	if at < bytes.size then
		bytes.tree:add_proto_expert_info(e.excess)
	end
	return (text or "") .. (said and text and ", " or "") .. (said or "")
end

function sluice.dissector(tvb, pinfo, root)
	local tree = root:add(sluice, tvb())
	local bytes = bytes_of(tvb, tree)
	pinfo.cols.protocol = "Sluice"
	if not bytes:has(0, HEADER_SIZE) then
		pinfo.cols.info = "Sluice: shorter than a header"
		return tvb:captured_len()
	end
	local header = header_read(bytes, pinfo)
	if math.floor(tvb(0, 1):uint() / 32) ~= VERSION then
		tree:add_proto_expert_info(e.version)
		pinfo.cols.info = "Sluice: another version"
		return tvb:captured_len()
	end
	local name = types[header.type]
	if not name then
		tree:add_proto_expert_info(e.type)
		pinfo.cols.info = "Sluice: no such packet type"
		return tvb:captured_len()
	end
	if header.flag.RETX then
		tree:add_proto_expert_info(e.retx)
	end
	local text
	if sluice.prefs.encrypted and header.cid ~= 0 then
		text = sealed_packet(bytes, header)
	else
		text = plain_packet(bytes, header)
	end
	if sessions[header.place] then
		tree:add(f.session, tvb(2, 4), sessions[header.place]):set_generated()
	end
	local line = string.format("%s pn %s cid %08x %s", name, decimal(header.pn), header.cid, text or "malformed")
	if #header.names > 0 then
		line = line .. " [" .. table.concat(header.names, " ") .. "]"
	end
	tree:append_text(", " .. line)
	pinfo.cols.info = line
	return tvb:captured_len()
end

local udp, ports = DissectorTable.get("udp.port"), nil
local function listen()
	if ports ~= sluice.prefs.ports then
		if ports then
			udp:remove(ports, sluice)
		end
		ports = sluice.prefs.ports
		udp:add(ports, sluice)
	end
end
sluice.prefs_changed = listen
listen()
