#!/usr/bin/env python3
"""Writes the seeds of the corpus: well-formed inputs that mutation starts from. usage: corpus.py FOLDER"""
import os
import random
import struct
import sys


def u48(value):
    return struct.pack(">Q", value)[2:]


def header(kind, flags, cid, pn, stream, offset):
    return struct.pack(">BBI", 1 << 5 | kind, flags, cid) + u48(pn) + struct.pack(">I", stream) + u48(offset)


def ack(largest, words, limits, credit):
    out = u48(largest) + struct.pack(">HBBHQ", 25, len(words), len(limits), 0, credit)
    out += b"".join(struct.pack(">Q", word) for word in words)
    return out + b"".join(struct.pack(">II", *limit) for limit in limits)


HELLO = bytes(range(16)) + struct.pack(">QQHHI", 7, 128 << 16, 1408, 1, 128)


def block(flags, codec, raw, stored):
    return struct.pack(">BBBBIII", 1 << 4 | flags, codec, 1, 0, raw, stored, 0xE3069283)


def packed(message):
    return struct.pack(">I", len(message)) + message + bytes(-len(message) % 4)


# Programs of fuzz_transport: op bytes and their arguments, little-endian as it reads them.
def t_hello(conn, reply):
    return struct.pack("<BBIBBH", conn << 5, 0, 64 << 16, 0, reply, 128)


def t_submit(conn, stream, size):
    return struct.pack("<BBH", conn << 5 | 3, stream, size // 2)


def t_ack(conn, words=(~0 & (1 << 64) - 1,) * 2):
    return struct.pack("<BQQIHB", conn << 5 | 1, *words, 128 << 16, 10, 0)


def t_wait_us(conn, us):
    return struct.pack("<BH", conn << 5 | 4, us)


def t_data(conn, record, segment, payload, flags=0):
    return struct.pack("<BBBBBBBH", conn << 5 | 8, 0, 0, flags, 1, record, segment, len(payload)) + payload


def sum16(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp(payload, options=b"", checksum=True):
    addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    size = 8 + len(payload)
    ip = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + size, 0, 0x4000, 64, 17, 0)
    ip += addresses + options
    ip = ip[:10] + struct.pack(">H", sum16(ip)) + ip[12:]
    head = struct.pack(">HHHH", 7654, 7654, size, 0)
    if checksum:
        value = sum16(addresses + struct.pack(">HH", 17, size) + head + payload) or 0xFFFF
        head = head[:6] + struct.pack(">H", value)
    return bytes([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]) + ip + head + payload


A6, B6 = bytes.fromhex("fd" + "00" * 14 + "01"), bytes.fromhex("fd" + "00" * 14 + "02")
GROUP = bytes.fromhex("ff0200000000000000000001ff000002")  # where B6 listens


def ipv6(protocol, payload, src=A6, dst=B6, hops=64):
    at = 6 if protocol == 17 else 2
    pseudo = src + dst + struct.pack(">II", len(payload), protocol)
    payload = payload[:at] + struct.pack(">H", sum16(pseudo + payload)) + payload[at + 2:]
    mac = b"\x33\x33" + dst[12:] if dst[0] == 0xFF else bytes([2, 0, 0, 0, 0, 2])
    head = struct.pack(">IHBB", 6 << 28, len(payload), protocol, hops)
    return mac + bytes([2, 0, 0, 0, 0, 1, 0x86, 0xDD]) + head + src + dst + payload


def udp6(payload):
    return ipv6(17, struct.pack(">HHHH", 7654, 7654, 8 + len(payload), 0) + payload)


def neighbour(kind, flags, target, options, **addresses):
    return ipv6(58, struct.pack(">BBHI", kind, 0, 0, flags << 24) + target + options, hops=255, **addresses)


MAC_OPTION = bytes([1, 1, 2, 0, 0, 0, 0, 1])  # source link-layer address


def arp(operation):
    a, b = bytes([2, 0, 0, 0, 0, 1]), bytes([2, 0, 0, 0, 0, 2])
    body = struct.pack(">HHBBH", 1, 0x800, 6, 4, operation) + a + bytes([10, 0, 0, 1]) + b + bytes([10, 0, 0, 2])
    return b + a + b"\x08\x06" + body + bytes(18)


def echo(payload, kind=8, options=b""):
    icmp = struct.pack(">BBHHH", kind, 0, 0, 0x1234, 1) + payload
    icmp = icmp[:2] + struct.pack(">H", sum16(icmp)) + icmp[4:]
    ip = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(icmp), 0, 0x4000, 64, 1, 0)
    ip += bytes([10, 0, 0, 1, 10, 0, 0, 2]) + options
    ip = ip[:10] + struct.pack(">H", sum16(ip)) + ip[12:]
    return bytes([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]) + ip + icmp


# What a node says of itself: boot id, protocol, version, links.
META = (struct.pack(">BBQ", 1, 8, 7) + struct.pack(">BBHH", 2, 4, 5, 6) + bytes([3, 5]) + b"0.5.0"
        + bytes([4, 17]) + bytes(10) + b"\xff\xff" + bytes([10, 77, 1, 1, 30]) + bytes([200, 2, 1, 2]))
KEYS = b"# first\n" + b"00" * 32 + b" # seals\n" + b"0f" * 32 + b"\n"


# Programs of fuzz_swim: what is heard, behind a header or not, and time that passes (in 10 ms).
def w_hear(body, frame=False, headed=True):
    return struct.pack("<BH", headed << 1 | frame, len(body)) + body


def w_wait(ticks):
    return struct.pack("<BH", 4, ticks)


def w_name(name):
    return bytes([len(name)]) + name.encode()


def w_message(kind, body):
    return struct.pack(">BH", kind, len(body)) + body


def w_record(name, incarnation, state=1, meta=b"", last=20):
    out = struct.pack(">BI", state, incarnation) + w_name(name) + bytes([4, 10, 0, 0, last])
    return out + struct.pack(">HIH", 7000, incarnation, len(meta)) + meta


def w_rumour(kind, name, incarnation, by="b"):
    return w_message(kind, struct.pack(">I", incarnation) + w_name(name) + w_name(by))


def w_page(yours, mine, records, buckets=16, round_=1):
    out = struct.pack(">BHIIHH", 2, round_, yours, mine, len(records), buckets)
    return out + b"\xff" * (buckets // 8) + b"".join(records)


W_END = 0xFFFFFFFF
W_PING = w_message(1, struct.pack(">I", 5) + w_name("self") + w_name("a"))
W_CLUSTER = 0xAF63DE4C8601EFF2  # FNV-1a of "c"


# Raft: configurations, changes of them, and messages.
def f_conf(index, *members):
    out = struct.pack(">BBQ", 1, len(members), index)
    return out + b"".join(struct.pack(">QQB", i, index, roles) + w_name(f"n{i}") for i, roles in members)


def f_changes(*changes):
    return struct.pack(">BB", 1, len(changes)) + b"".join(
        struct.pack(">BQ", kind, i) + w_name(f"n{i}") for kind, i in changes)


def f_both(conf, changes):
    return struct.pack("<H", len(conf)) + conf + changes


def f_entry(term, kind, data=b""):
    return struct.pack(">QB3xI", term, kind, len(data)) + data


def f_message(kind, conf=b"", entries=(), data=b"", flags=0, proposal=0, offset=0, total=0):
    head = struct.pack(">BBBBBBH", 1, 1, kind, flags, 0, proposal, 112)
    head += struct.pack(">12Q", 1, 2, 5, 4, 10, 2, 9, 8, 2, 77, offset, total)
    return head + struct.pack(">HHI", len(entries), len(conf), len(data)) + conf + b"".join(entries) + data


F_CONF = f_conf(4, (1, 1), (2, 1), (3, 1), (4, 4), (5, 12))


# Requests and results of the key-value state machine, and its snapshots (the first byte is the size of pieces).
def kv_request(compares, thens, elses, sequence=3):
    head = struct.pack(">BQQQBBB", 1, 1, 2, sequence, len(compares), len(thens), len(elses))
    return head + b"".join(compares + thens + elses)


def kv_sized(text, width=">H"):
    return struct.pack(width, len(text)) + text


def kv_put(key, value):
    return b"\2" + kv_sized(key) + kv_sized(value, ">I")


def kv_range(reach, key, end=None):
    return bytes([reach]) + kv_sized(key) + (b"" if end is None else kv_sized(end))


def kv_get(reach, key, end=None, after=b"", limit=0):
    return b"\1" + kv_range(reach, key, end) + kv_sized(after) + struct.pack(">I", limit)


def kv_delete(reach, key, end=None, limit=0):
    return b"\3" + kv_range(reach, key, end) + struct.pack(">I", limit)


def kv_entry(key, value, revision=1):
    return struct.pack(">HIQQQ", len(key), len(value), revision, revision, 1) + key + value


def kv_snapshot(entries, origins=1):
    head = b"\x40" + struct.pack(">IIQQQQII", 0x534c4b56, 1, 9, 12, len(entries), 64 << 20, 65536, origins)
    return head + (struct.pack(">QQQQ", 1, 2, 3, 9) + bytes(128)) * origins + b"".join(entries) + bytes(8)


# A whole one: its hash is right.
KV_WHOLE = (struct.pack(">IIQQQQII", 0x534c4b56, 1, 4, 4, 2, 1 << 20, 100, 1)
            + struct.pack(">QQQQ", 0x0102030405060708, 9, 70, 1) + struct.pack(">QQ", 0, 64) + bytes(112)
            + struct.pack(">HIQQQ", 1, 5, 1, 3, 2) + b"aagain" + struct.pack(">HIQQQ", 2, 0, 2, 2, 1) + b"ab"
            + bytes.fromhex("b29fd3d06cd3c086"))


# Programs of fuzz_ring.
def r_send(session, block_index, size):
    return struct.pack("<BBH", session << 4, block_index, size)


def r_raw(session, stream, offset, size, op):
    return struct.pack("<BIIIIHHIQ", 0x80, session, stream, offset, size, op, 0, 0, 99)


TAKE, RETURNS, DELIVER, FLUSH = bytes([3 | 8 << 3]), bytes([4]), bytes([5]), bytes([6])
RECORD = block(1, 0, 1000, 1000) + bytes(1000)


# Programs of fuzz_receiver: the first byte is --overwrite; fuzz_sender's are the answers.
def v_message(kind, transfer, size, name=None, session=0):
    out = struct.pack("<BBB", session, kind - 1, transfer - 1) + struct.pack("<I", size)[:3] + struct.pack("<H", 0o644)
    return out + (b"" if name is None else bytes([name]))


def v_block(transfer, index, size, session=0):
    return struct.pack("<BBBH", 1 | session, transfer - 1, index, size)


def v_raw(kind, content):
    content += bytes(-len(content) % 4)
    return bytes([2 + kind, len(content) // 4]) + content


def message(kind, transfer, *fields):
    out = b"SLF" + struct.pack(">BHHI", 2, kind, 0, transfer)
    return out + b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in fields)


def rpc(method, params, number="1"):
    return f'{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{params}}}'.encode()


SESSION = "4c5c494caa1f0437685df0efae9ea830"
OFFER = (f'{{"type":"offer","request":7,"session_id":"{SESSION}","service":"files","cid":16777472,"udp_port":7654,'
         '"address":"10.77.1.1","boot_id":"65b3ead2a04ebec7","segment_size":1408,"codec":2,"level":0,'
         '"controller":0,"cipher":1,"dictionary":7,"dictionary_sha256":"' + 32 * "5a" + '",'
         '"timeout_ms":5000}').encode()
CONFIG = b"""node: a
run_dir: /run/sluice/a
control: { listen: 127.0.0.1:7701 }
dataplane: { workers: 2, hugepages: off, memory_mb: 128, idle: busy, program: /opt/dp, udp_port: 7654, cores: "0-1" }
security: { cipher: "null" }
links:
- { name: ab, driver: memif, role: server, socket: /tmp/ab.sock, address: 10.77.1.1/30, mtu: 9000, mac: 02:00:00:00:00:01 }
- { name: wire, driver: af_xdp, interface: veth0, address: 10.77.8.1/24, vlan: 5 }
peers:
- { name: b, control: 127.0.0.1:7702, address: 10.77.1.2 }
- { name: c, control: 10.78.0.3:7703, address: 10.77.8.3 }
"""
# 600 bytes of one sentence, by each codec, in the order of fuzz_codec.
PACKED = {
    "lz4": "e17468652077696e646f77206f66200e00826f726b65722069730e00021c00011900020b000f2700ffff1050206f662074",
    "zstd": "28b52ffd6058014d0100d87468652077696e646f77206f662074686520776f726b657220697304002394aae062e0e700c730c7",
    "deflate": "2bc9485528cfcc4bc92f57c84f5300f3f28bb2538b14328b213c881c127354d9a832c2ca00",
    "brotli": "e24a0080c0c6d8bafed36a0411041339606f0b03f28bc06107ecacba6cda613d5210f5b49f5a6585abfceb2a",
    "snappy": "d804347468652077696e646f77206f6620050e1c6f726b6572206973090e091c0519090b" + 7 * "fe2700" + "962700",
}
# A small dictionary of zstd.
DICTIONARY = bytes.fromhex(
    "37a430ec107959522210183a493a0000000000000003c3300c035b92512b926444f6de64efad96035b5a0213040000007208"
    "650300000400c000000044440900361503000a8001881c1407400140108cd3311cd901800100000000003493e76703000000"
    "00000000000000000000000100000004000000080000002c20227374617465223a20226f70656e222c20226e6f6465223a20"
    "2262227d0a7b2222736571223a20342c20227374617465223a20226f70656e222c20226e6f6465223a202262227d0a7b2273"
    "6571223a203238736571223a203138352c20227374617465223a20226f70656e222c20226e6f6465223a202263227d0a7b22"
    "736571223a20332c20227374617465223a20226f70656e222c20226e6f6465223a202261227d0a7b22736571223a20323731"
    "2c202273746174322c20227374617465223a20226f70656e222c20226e6f6465223a202261227d0a7b22736571223a203230"
    "2c202273746174332c20227374617465223a20226f70656e222c20226e6f6465223a")
MEMBERSHIP = b"""node: a
run_dir: /run/sluice/a
control: { listen: 0.0.0.0:7701 }
security: { ca: /e/ca.crt, certificate: /e/node.crt, key: /e/node.key, keyring: /e/cluster.keys }
membership:
  cluster: mars
  preset: wan
  advertise: 192.0.2.1
  encryption: aes-256-gcm
  probe_interval_ms: 1000
  probe_timeout_ms: 500
  gossip_interval_ms: 200
  sync_interval_ms: 30000
  suspicion_multiplier: 4
  seeds: ["192.0.2.2:7701", "[2001:db8::1]:7701"]
links:
- { name: x, driver: af_packet, interface: eth9, address: 10.0.0.1/24 }
"""

POOL = b"""pool:
  preset: default
  stream_slots: 8
  node_max: 40
  min_idle: 1
  idle_timeout_ms: 60000
  relative: on
  breaker: off
  shrink_percent: 20
  lru_entries: 0
membership: { advertise: 192.0.2.1 }
links:
- { name: x, driver: af_packet, interface: eth9, address: 10.0.0.1/24 }
"""

SEEDS = {
    "wire": {
        "data": header(0, 0x20, 0x01000502, 7, 1, 1 << 17 | 1408),
        "ack": ack(256, [~0 & (1 << 64) - 1, 1], [(4, 384)], 1 << 32),
        "ack_full": ack(5000, list(range(16)), [(i << 2, i) for i in range(4)], 1 << 40),
        "ack_zero": ack(0, [1], [], 0),
        "data_ack": header(0, 1, 1, 9, 0, 0) + ack(8, [0x1ff], [], 99) + bytes(36 + 64),
        "hello": header(2, 0, 1, 0, 0, 0) + HELLO,
        "hello_alone": HELLO,
    },
    "block": {
        "raw": block(1, 0, 65536, 65536),
        "lz4": block(0, 1, 65536, 4000),
        "empty": block(0, 0, 0, 0),
    },
    "codec": {name: struct.pack("<BBH", number, 0, 599) + bytes.fromhex(stored)
              for number, (name, stored) in enumerate(PACKED.items())}
    | {"trip_" + name: struct.pack("<BBHHB", number, 1, 0, 7, 1) + 20 * b'{"seq": 1, "state": "open"}\n'
       for number, name in enumerate(PACKED)}
    | {"dictionary": struct.pack("<BBH", 251, 1, 40) + DICTIONARY,
       "dictionary_cut": struct.pack("<BBH", 251, 1, 40) + DICTIONARY[:130],
       "with_dictionary": struct.pack("<BBH", 250, 0, 599) + bytes.fromhex(PACKED["zstd"]),
       "trip_with_dictionary": struct.pack("<BBHHB", 250, 1, 0, 7, 1) + 9 * b"records of one class "},
    "swim": {
        "ping": w_hear(W_PING),
        "ping_req": w_hear(w_message(2, struct.pack(">I", 5) + w_name("c"))) + w_wait(20) + w_wait(100),
        "ack": w_wait(50) + w_hear(w_message(3, bytes(4)) + w_message(4, bytes(4))),
        "alive": w_hear(w_message(5, w_record("new", 1, meta=b"meta")) + w_message(5, w_record("new", 2))),
        "conflict": w_hear(w_message(5, w_record("a", 9)) + w_message(5, w_record("self", 9))),
        "rumours": w_hear(w_rumour(6, "a", 1) + w_rumour(6, "a", 1, "c") + w_rumour(7, "b", 1)
                          + w_rumour(8, "c", 1) + w_rumour(6, "self", 3)) + w_wait(3000) + w_hear(W_PING),
        "unknown": w_hear(w_message(99, b"later") + W_PING),
        "raw": w_hear(struct.pack(">BBBBQ", 1, 1, 1, 0, W_CLUSTER) + W_PING, headed=False),
        "version": w_hear(struct.pack(">BBBBQ", 9, 9, 9, 0, W_CLUSTER), headed=False),
        "digest": w_hear(struct.pack(">BH16Q", 1, 16, *range(16)), frame=True),
        "page": w_hear(w_page(0, 5, [w_record("x", 1), w_record("y", 2, 2), w_record("a", 1, 3),
                                     w_record("b", 1, 4)]), frame=True),
        "stream_ping": w_hear(b"\x03" + w_name("self") + w_name("a"), frame=True),
        "stream_pong": w_hear(b"\x04" + w_name("self") + w_name("a"), frame=True),
        "page_last": w_hear(w_page(W_END, W_END, [w_record("x", 1)]), frame=True),
    },
    "net": {
        "udp": udp(b"hello, sluice"),
        "udp_empty": udp(b""),
        "udp_options": udp(bytes(range(64)), options=b"\x01\x01\x01\x00"),
        "udp_no_checksum": udp(b"memory link", checksum=False),
        "echo_request": echo(bytes(range(56))),
        "echo_options": echo(b"", options=b"\x01\x01\x01\x00"),
        "echo_reply": echo(b"pong", kind=0),
        "arp_request": arp(1),
        "arp_reply": arp(2),
        "vlan_udp": udp(b"tagged")[:12] + bytes([0x81, 0, 0xE0, 5]) + udp(b"tagged")[12:],
        "udp6": udp6(b"hello, sluice"),
        "udp6_empty": udp6(b""),
        "echo6_request": ipv6(58, struct.pack(">BBHHH", 128, 0, 0, 0x1234, 1) + bytes(range(56))),
        "echo6_reply": ipv6(58, struct.pack(">BBHHH", 129, 0, 0, 0x1234, 1) + b"pong"),
        "body6": bytes([135, 0, 0, 0, 0, 0, 0, 0]) + B6 + MAC_OPTION,
        "fragment6": ipv6(44, struct.pack(">BBHI", 17, 0, 1, 7) + bytes(8)),
        "hop_by_hop6": ipv6(0, bytes([58, 0, 5, 2, 0, 0, 1, 0]) + bytes([143, 0]) + bytes(6)),
        "nd_solicit": neighbour(135, 0, B6, MAC_OPTION, dst=GROUP),
        "nd_solicit_alone": neighbour(135, 0, B6, b""),
        "nd_solicit_options": neighbour(135, 0, B6, bytes([14, 1]) + bytes(6) + MAC_OPTION, dst=GROUP),
        "nd_duplicate": neighbour(135, 0, B6, b"", src=bytes(16), dst=GROUP),
        "nd_advertise": neighbour(136, 0x60, A6, b"\2" + MAC_OPTION[1:]),
        "nd_unsolicited": neighbour(136, 0x20, A6, b"\2" + MAC_OPTION[1:], dst=bytes.fromhex("ff02" + "00" * 13 + "01")),
    },
    "ring": {
        "sends": r_send(0, 0, 1000) + r_send(1, 1, 65535) + TAKE + FLUSH + r_send(0, 2, 0) + TAKE,
        "returns": DELIVER + DELIVER + FLUSH + bytes([2, 0]) + RETURNS + bytes([2, 1]) + RETURNS,
        "out_of_range": r_raw(1, 0, 4 * 65536 - 1, 2, 1) + TAKE + TAKE,
        "close": r_raw(1, 0, 0, 0, 2) + r_raw(2, 0, 0, 0, 3) + TAKE + bytes([0xc7]) + DELIVER,
        "tail": r_send(0, 0, 9) + bytes([7]) + struct.pack("<I", 5000) + TAKE,
    },
    "transport": {
        "open": t_hello(0, 1) + t_hello(1, 0) + t_wait_us(0, 500),
        "send": t_hello(0, 1) + t_submit(0, 0, 3000) + t_submit(0, 5, 65536) + t_wait_us(0, 2000)
        + t_ack(0) + t_wait_us(0, 1000) + t_ack(0) + bytes([7 | 2 << 6]),
        "loss": t_hello(0, 1) + t_submit(0, 0, 60000) + t_wait_us(0, 500)
        + t_ack(0, (0xFFFFFFFFFFFFFFF7, 0)) + t_wait_us(0, 60000) + t_ack(0),
        "receive": t_hello(1, 0) + t_data(1, 0, 0, RECORD, 0x20) + t_data(1, 1, 0, RECORD, 0x20)
        + t_data(1, 1, 0, RECORD, 0x20) + bytes([7 | 3 << 6 | 1 << 5]),
    },
    "receiver": {
        "one_byte": b"\0" + v_message(1, 1, 1, 0) + v_block(1, 0, 1) + v_message(4, 1, 1),
        "empty_twice": b"\1" + v_message(1, 1, 0, 0) + v_message(4, 1, 0) + v_message(1, 2, 0, 0) + v_message(4, 2, 0),
        "two_blocks": b"\0" + v_message(1, 1, 65521, 1) + v_block(1, 1, 1) + v_block(1, 0, 65520) + v_message(4, 1, 65521),
        "stripe": b"\0" + v_message(1, 1, 65521, 1) + v_message(7, 1, 0, None, 0x80) + v_block(1, 1, 1, 0x80)
        + v_message(4, 1, 65521) + v_block(1, 0, 65520),
        "names": b"\1" + b"".join(v_message(1, 1 + i % 4, 9, i) for i in range(12)),
        "cancelled": b"\0" + v_message(1, 1, 100, 0) + v_message(6, 1, 0) + v_message(1, 2, 1, 1) + v_block(1, 0, 100),
        "link": b"\1" + v_message(1, 1, 0, 6) + v_message(4, 1, 0) + v_message(1, 2, 0, 9) + v_message(4, 2, 0),
        "raw": b"\0" + v_raw(0, message(3, 1, (7, bytes(8)), (8, b"why not"))) + v_raw(1, struct.pack(">QII", 0, 8, 1) + bytes(8)),
    },
    "sender": {
        "accept_done": bytes([1, 0, 4, 0, 0x41, 0, 0x44, 0]),
        "refuse_accept_done": bytes([2, 3]) + b"no!" + bytes([0x41, 0, 0x44, 0]),
        "done_too_early": bytes([1, 0, 12, 0, 4, 0, 5, 0]),
        "error": bytes([1, 0, 5, 9]) + b"disk full",
        "raw": bytes([1, 0, 0x20, 20]) + message(5, 1, (6, bytes(32))),
    },
    "admin": {
        "status": rpc("status", "{}"),
        "show": rpc("session.show", f'{{"id":"{SESSION[:9]}"}}'),
        "open": rpc("session.open", '{"node":"b","service":"files","codec":"lz4","level":3,"timeout_ms":500}'),
        "close": rpc("session.close", f'{{"id":"{SESSION}","abort":true}}', '"x"'),
        "notification": b'{"jsonrpc":"2.0","method":"version"}',
        "batch": b"[" + rpc("link.list", "{}") + b"]",
    },
    "seal": {
        "empty": b"",
        "data": b"\2" + header(0, 33, 257, 7, 0, 0) + bytes(100),
        "next_phase": b"\1" + header(0, 8, 257, 9, 0, 0) + bytes(40),
        "probe": b"\0" + header(4, 2, 257, 3, 0, 0) + bytes(16),
        "whole": bytes(8) + header(0, 0, 257, 1, 0, 0) + bytes(range(200)),
    },
    "packed": {
        "empty": b"",
        "three": packed(b"hello") + packed(b"") + packed(bytes(64)),
        "beyond": packed(b"hello") + struct.pack(">I", 65) + bytes(64),
        "cut": packed(b"hello")[:-2],
    },
    "peer": {
        "hello": b'{"type":"hello","version":7,"node":"b","to":"a"}',
        "ping": b'{"type":"ping","request":7}',
        "offer": OFFER,
        "offer6": OFFER.replace(b"10.77.1.1", b"fd77::1"),
        "accept": b'{"type":"accept","request":7,"cid":16777472,"segment_size":1408,"udp_port":7654,"cipher":1,'
                  b'"dictionary_state":3,"boot_id":"65b3ead2a04ebec7"}',
        "refuse": b'{"type":"refuse","request":7,"result":5,"text":"no such service"}',
        "frames": 2 * (struct.pack(">I", 27) + b'{"type":"pong","request":7}'),
        "sync": struct.pack(">II", 1 << 31 | 12, 7) + b"digest..",
        "sync_long": struct.pack(">II", 1 << 31 | 5 + 24 * 1024, 7),
        "no_frame": struct.pack(">I", 1 << 31),
    },
    "raft_conf": {
        "simple": f_both(F_CONF, f_changes((2, 4))),
        "joint": f_both(F_CONF, f_changes((2, 4), (3, 1), (4, 2))),
        "add": f_both(F_CONF, f_changes((0, 9), (1, 8))),
        "in_joint": f_both(f_conf(4, (1, 3), (2, 2), (3, 6), (4, 1)), f_changes((4, 1))),
        "last": f_both(f_conf(1, (1, 1)), f_changes((4, 1))),
    },
    "raft_message": {
        "append": f_message(5, entries=[f_entry(3, 1), f_entry(3, 2, b"data"),
                                        f_entry(5, 3, f_conf(13, (1, 1), (2, 3), (3, 2)))]),
        "append_reply": f_message(6, flags=5),
        "heartbeat": f_message(7),
        "install": f_message(9, conf=F_CONF, data=b"chunk", offset=3, total=9),
        "propose": f_message(14, data=b"data", proposal=2),
        "change": f_message(14, data=f_changes((0, 9), (4, 1)), proposal=3),
    },
    # Steps of one node: noise does well, what is found is kept by the fuzzer.
    "raft_core": {"noise%d" % seed: random.Random(seed).randbytes(4000) for seed in range(1, 7)},
    "meta": {
        "full": META,
        "cut": META[:-3],
        "keys": KEYS,
    },
    "store_segment": {
        "groups": bytes([1, 0, 0, 0] + [0, 3, 3, 10, 3, 200, 3, 5] * 3),
        "truncate": bytes([1, 2, 5, 1] + [0, 2, 3, 10, 3, 9, 0, 2, 129, 2, 1, 3, 4, 250, 0, 1, 3, 1]),
        "reset": bytes([1, 0, 0, 0] + [0, 2, 3, 10, 3, 9, 0, 2, 130, 90, 1, 3, 4]),
    },
    "store_meta": {
        "slot": bytes(16) + bytes(range(80)),
    },
    "kv_request": {
        "put": kv_request([], [kv_put(b"a", b"value")], []),
        "delete": kv_request([], [kv_delete(2, b"a")], []),
        "txn": kv_request([b"\1\1" + kv_sized(b"a") + kv_sized(b"v", ">I"),
                           b"\4\3" + kv_sized(b"b") + struct.pack(">Q", 9)],
                          [kv_put(b"a", b""), kv_get(3, b"a", b"c", b"b", 5), kv_delete(3, b"", b"", 2)],
                          [kv_get(1, b"a"), b"\4" + struct.pack(">IQ", 9, 4096)], 0),
        "puts": kv_request([], [kv_put(bytes([97 + i]), bytes(i)) for i in range(20)], []),
        "result": struct.pack(">BBBQB", 1, 0, 1, 9, 4) + b"\1\0\0\1" + kv_sized(b"a") + kv_sized(b"v", ">I")
                  + bytes(24) + b"\2" + bytes(8) + b"\3\1" + bytes(8) + b"\4",
        "newer": b"\2" + bytes(40),
    },
    "kv_snapshot": {
        "empty": kv_snapshot([], 0),
        "some": kv_snapshot([kv_entry(b"a", b"value"), kv_entry(b"b", b"", 9), kv_entry(b"ab", bytes(300), 2)]),
        "whole": b"\x40" + KV_WHOLE,
        "twice": kv_snapshot([kv_entry(b"a", b"value"), kv_entry(b"a", b"")]),
        "many": kv_snapshot([kv_entry(bytes([i]), bytes([i])) for i in range(100)], 0),
    },
    "keyring": {
        "sealed": b"SG\1\0" + bytes.fromhex("72cd6e84") + bytes(60),
        "clear": b"\1" + bytes(40),
    },
    "config": {
        "good": CONFIG,
        "membership": MEMBERSHIP,
        "pool": MEMBERSHIP[:MEMBERSHIP.index(b"membership")] + POOL,
        "minimal": CONFIG[:CONFIG.index(b"dataplane")] + b"security: {cipher: 'null'}\nlinks: []\npeers: []\n",
        "ipv6": CONFIG.replace(b"10.77.1.1/30", b"fd77:0:0:1::1/64").replace(b"10.77.1.2", b"fd77:0:0:1::2"),
        "dictionaries": CONFIG + b"dictionaries:\n- {id: 1, file: /etc/d/a}\n- { id: 255, file: /etc/d/b }\n",
        "alias": b"node: &x a\nrun_dir: *x\ncontrol: {listen: *x}\n",
    },
}


def main(folder):
    for target, inputs in SEEDS.items():
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        for name, content in inputs.items():
            with open(os.path.join(folder, target, name), "wb") as out:
                out.write(content)


if __name__ == "__main__":
    main(sys.argv[1])
