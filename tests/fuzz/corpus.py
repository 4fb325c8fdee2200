#!/usr/bin/env python3
"""Writes the seeds of the corpus: well-formed inputs that mutation starts from. usage: corpus.py FOLDER"""
import os
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


def arp(operation):
    a, b = bytes([2, 0, 0, 0, 0, 1]), bytes([2, 0, 0, 0, 0, 2])
    body = struct.pack(">HHBBH", 1, 0x800, 6, 4, operation) + a + bytes([10, 0, 0, 1]) + b + bytes([10, 0, 0, 2])
    return b + a + b"\x08\x06" + body + bytes(18)


# Programs of fuzz_ring.
def r_send(session, block_index, size):
    return struct.pack("<BBH", session << 4, block_index, size)


def r_raw(session, stream, offset, size, op):
    return struct.pack("<BIIIIHHIQ", 0x80, session, stream, offset, size, op, 0, 0, 99)


TAKE, RETURNS, DELIVER, FLUSH = bytes([3 | 8 << 3]), bytes([4]), bytes([5]), bytes([6])
RECORD = block(1, 0, 1000, 1000) + bytes(1000)
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
    "net": {
        "udp": udp(b"hello, sluice"),
        "udp_empty": udp(b""),
        "udp_options": udp(bytes(range(64)), options=b"\x01\x01\x01\x00"),
        "udp_no_checksum": udp(b"memory link", checksum=False),
        "arp_request": arp(1),
        "arp_reply": arp(2),
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
}


def main(folder):
    for target, inputs in SEEDS.items():
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        for name, content in inputs.items():
            with open(os.path.join(folder, target, name), "wb") as out:
                out.write(content)


if __name__ == "__main__":
    main(sys.argv[1])
