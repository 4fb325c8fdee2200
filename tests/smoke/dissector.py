#!/usr/bin/env python3
"""Holds scripts/wireshark/sluice.lua against packets that are known.

usage: dissector.py --script FILE crafted|mutated|transfer FOLDER

crafted   one packet of each type and of each kind of error, written here from docs/wire.md
mutated   thousands of wrong ones, cut, longer and captured in part: no Lua error
transfer  FOLDER holds what dissector.sh left: the capture, the file, what both nodes counted
"""
import argparse
import json
import random
import struct
import subprocess
import sys

DATA, ACK, HELLO, RESET, PROBE, FLOOR, PATH = range(7)
ACK_BLOCK, ACK_NOW, FIN, KEY_PHASE, RECORD_END, RETX = 1, 2, 4, 8, 32, 64
PORT, CID = 7654, 0x01000203
ERROR = 8388608  # PI_ERROR


def fail(text):
    sys.exit("dissector: " + text)


# ---- packets, from docs/wire.md ----------------------------------------------------------------

def u48(value):
    return value.to_bytes(6, "big")


def header(kind, flags=0, pn=7, cid=CID, stream=0, record=0, within=0, version=1):
    return bytes([version << 5 | kind, flags]) + struct.pack(">I", cid) + u48(pn) \
        + struct.pack(">I", stream) + u48(record << 17 | within)


def ack(largest=70, words=(0b1011,), limits=(), delay=25, nwords=None):
    count = len(words) if nwords is None else nwords
    return u48(largest) + struct.pack(">HBBHQ", delay, count, len(limits), 3, 1 << 20) \
        + b"".join(struct.pack(">Q", w) for w in words) + b"".join(struct.pack(">II", *l) for l in limits)


def block(raw, stored=None, codec=0, flags=0, version=1, dictionary=0):
    return bytes([version << 4 | flags, codec, 1, dictionary]) + struct.pack(">III", raw, raw if stored is None else stored, 0xabcd)


def hello(flags=1):
    return bytes(range(16)) + struct.pack(">QQHHI", 0x1122, 65536, 1408, flags, 128)


# Name -> (UDP payload, what tshark must say of it, is it malformed).
CRAFTED = {
    "data, a whole record": (header(DATA, RECORD_END, stream=5, record=3) + block(10) + b"0123456789", {
        "type": "0", "pn": "7", "cid": "0x01000203", "cid.worker": "1", "cid.slot": "2", "cid.generation": "3",
        "stream.number": "1", "stream.kind": "1", "record": "3", "within": "0", "size": "26", "block.raw": "10",
        "block.codec": "0", "payload": b"0123456789".hex(), "flags.record_end": "1"}, False),
    "data packed with a dictionary": (header(DATA, RECORD_END) + block(60, 9, codec=2, dictionary=7) + b"x" * 9, {
        "block.codec": "2", "block.dictionary": "7", "block.raw": "60", "block.stored": "9"}, False),
    "data in the middle, again": (header(DATA, RETX, pn=2**48 - 1, record=2**31 - 1, within=1408) + b"x" * 1408, {
        "pn": str(2**48 - 1), "record": str(2**31 - 1), "within": "1408", "size": "1408", "flags.retx": "1"}, False),
    "data, the last byte of the largest record": (header(DATA, RECORD_END, within=65551) + b"x", {
        "within": "65551", "size": "1"}, False),
    "data with an ACK": (header(DATA, ACK_BLOCK | RECORD_END) + ack().ljust(64, b"\0") + block(1) + b"!", {
        "size": "17", "ack.packets": "69-70, 67", "ack.count": "3", "payload": "21"}, False),
    "ack": (header(ACK, ACK_BLOCK) + ack(words=(1, 1 << 63), largest=200, limits=((5, 9), (2 << 2, 77))), {
        "ack.largest": "200", "ack.delay": "25", "ack.ce": "3", "ack.credit": "1048576", "ack.packets": "200, 73",
        "limit.stream": "1,2", "limit.kind": "1,0", "limit.records": "9,77"}, False),
    "hello": (header(HELLO) + hello(), {
        "hello.session": bytes(range(16)).hex(), "hello.boot": "0x0000000000001122", "hello.credit": "65536",
        "hello.segment": "1408", "hello.reply": "1", "hello.memory": "0", "hello.records": "128",
        "session": bytes(range(16)).hex()}, False),
    "reset": (header(RESET) + b"\0\x05", {"reset.reason": "5"}, False),
    "hint": (header(RESET, cid=0) + struct.pack(">I", 0xdeadbeef), {"hint.cid": "0xdeadbeef"}, False),
    "probe with fin": (header(PROBE, FIN | ACK_NOW), {"flags.fin": "1", "flags.ack_now": "1"}, False),
    "floor": (header(FLOOR, pn=300) + u48(250), {"floor": "250"}, False),
    "path": (header(PATH, ACK_NOW) + bytes(8448), {"path": bytes(8448).hex()}, False),
    "no header": (header(DATA)[:21], {}, True),
    "another version": (header(DATA, version=2) + b"x", {"version": "2"}, True),
    "no such type": (header(7), {"type": "7"}, True),
    "data without a byte": (header(DATA), {}, True),
    "data beyond a record": (header(DATA, within=65536) + b"x" * 17, {}, True),
    "block header cut": (header(DATA) + block(9)[:15], {}, True),
    "block: codec none, sizes differ": (header(DATA) + block(9, 8) + b"x" * 8, {}, True),
    "block: longer than the packet": (header(DATA, RECORD_END) + block(9) + b"x" * 8, {}, True),
    "block: no such codec": (header(DATA) + block(9, codec=6) + b"x" * 9, {}, True),
    "block: a dictionary of another codec": (header(DATA) + block(9, codec=1, dictionary=7) + b"x" * 9, {}, True),
    "ack without a block": (header(ACK), {}, True),
    "ack: words that are not there": (header(ACK, ACK_BLOCK) + ack(nwords=2), {}, True),
    "ack: too many words": (header(ACK, ACK_BLOCK) + ack(words=(1,) * 17, largest=9999), {}, True),
    "ack: below zero": (header(ACK, ACK_BLOCK) + ack(largest=1), {}, True),
    "ack that does not fit beside data": (header(DATA, ACK_BLOCK) + ack(words=(1,) * 6, largest=999).ljust(64, b"\0"),
                                          {}, True),
    "hello cut": (header(HELLO) + hello()[:39], {}, True),
    "hello: unknown flags": (header(HELLO) + hello(flags=4), {}, True),
    "reset cut": (header(RESET) + b"\0", {}, True),
    "hint cut": (header(RESET, cid=0) + b"\0\0\0", {}, True),
    "floor above itself": (header(FLOOR, pn=300) + u48(302), {}, True),
    "probe with something": (header(PROBE) + b"x", {}, True),
}


def frame(payload):
    udp = struct.pack(">HHHH", PORT, PORT, 8 + len(payload), 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0x4000, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    return bytes(12) + b"\x08\0" + ip + udp + payload


def pcap_write(path, frames):
    """`frames`: (bytes, how many of them were captured)."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, (data, there) in enumerate(frames):
            out.write(struct.pack("<IIII", i, 0, there, len(data)) + data[:there])


def pcap_read(path):
    with open(path, "rb") as capture:
        data = capture.read()
    frames, at = [], 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return frames


# ---- tshark ------------------------------------------------------------------------------------

def tshark(script, path, *words):
    run = subprocess.run(["tshark", "-X", "lua_script:" + script, "-r", path, *words],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0 or "Lua" in run.stderr or "Lua Error" in run.stdout:
        fail(f"tshark ended with {run.returncode}: {run.stderr}\n"
             + "\n".join(line for line in run.stdout.splitlines() if "Lua Error" in line)[:2000])
    return run.stdout


def rows(script, path, names, *words):
    """One dict a packet; a field that occurs several times joined by commas."""
    arguments = [word for name in names for word in ("-e", name)]
    out = tshark(script, path, *words, "-T", "fields", "-E", "separator=|", "-E", "aggregator=,", *arguments)
    return [dict(zip(names, line.split("|"))) for line in out.splitlines()]


def flag(value):
    return {"True": "1", "False": "0"}.get(value, value)


# ---- the checks --------------------------------------------------------------------------------

def crafted(script, folder):
    path = folder + "/crafted.pcap"
    names = sorted({"sluice." + name for _, fields, _ in CRAFTED.values() for name in fields})
    names += ["_ws.expert.severity", "_ws.expert.message"]
    pcap_write(path, [(frame(p), len(frame(p))) for p, _, _ in CRAFTED.values()])
    # The session that HELLO named is known from then on; each packet is judged alone.
    for (name, (_, fields, malformed)), row in zip(CRAFTED.items(), rows(script, path, names)):
        for field, want in fields.items():
            if flag(row["sluice." + field]) != want:
                fail(f"{name}: {field} is {row['sluice.' + field]}, not {want}")
        said = str(ERROR) in row["_ws.expert.severity"].split(",")
        if said != malformed:
            fail(f"{name}: {'not ' if malformed else ''}malformed: {row['_ws.expert.message']}")
    sealed = rows(script, path, ["sluice.sealed", "sluice.tag", "sluice.ack.largest"], "-o", "sluice.encrypted:TRUE", "-c", "1")
    whole = next(iter(CRAFTED.values()))[0]
    if sealed != [{"sluice.sealed": whole[22:-16].hex(), "sluice.tag": whole[-16:].hex(), "sluice.ack.largest": ""}]:
        fail(f"an encrypted packet is not opaque: {sealed}")
    pcap_write(path, [(frame(p), len(frame(p))) for p in (whole, header(DATA, KEY_PHASE) + bytes(40))])
    phases = rows(script, path, ["sluice.phase", "_ws.col.Info"], "-o", "sluice.encrypted:TRUE")
    said = [(row["sluice.phase"], row["_ws.col.Info"].split("key phase ")[-1][:1]) for row in phases]
    if said != [("0", "0"), ("1", "1")]:
        fail(f"the key phase is not shown: {phases}")
    print(f"- {len(CRAFTED)} crafted packets are read as they are")


def mutate(rng, payload):
    data = bytearray(payload[:rng.choice((2000, 200, 90))])
    for _ in range(rng.randrange(5)):
        if data:
            data[rng.randrange(min(len(data), 120))] = rng.choice((0, 1, 16, 17, 255, rng.randrange(256)))
    if rng.random() < 0.3:
        del data[rng.randrange(len(data) + 1):]
    if rng.random() < 0.2:
        data += rng.randbytes(rng.randrange(100))
    return bytes(data)


def mutated(script, folder):
    rng, path, frames = random.Random(20261121), folder + "/mutated.pcap", []
    payloads = [p for p, _, _ in CRAFTED.values()]
    for _ in range(6000):
        data = frame(mutate(rng, rng.choice(payloads)))
        frames.append((data, rng.randrange(14, len(data) + 1) if rng.random() < 0.4 else len(data)))
    pcap_write(path, frames)
    for preference in ("sluice.encrypted:FALSE", "sluice.encrypted:TRUE"):
        out = tshark(script, path, "-o", preference, "-V")
        if out.count("\nSluice") < len(frames) // 2:
            fail(f"only {out.count(chr(10) + 'Sluice')} of {len(frames)} mutated packets came to the dissector")
    print(f"- {len(frames)} mutated packets, no Lua error")


def load(path):
    with open(path, encoding="utf-8") as text:
        return json.loads(text.read().strip().splitlines()[-1])


def packet_numbers(side, packets):
    """Each packet has the next number; what it acknowledges was sent."""
    numbers = [int(p["sluice.pn"]) for p in packets]
    if numbers != list(range(1, len(numbers) + 1)):
        fail(f"packet numbers of {side} are not 1, 2, 3, ...: {numbers[:20]}")
    return numbers


def acknowledged(packets):
    got = set()
    for p in packets:
        for run in p["sluice.ack.packets"].split(","):
            low, _, high = run.strip().partition("-")
            got |= set(range(int(low), int(high or low) + 1)) if low else set()
    return got


def file_of(packets):
    """The bytes of the file: records of stream 1, each behind 16 bytes of block header and 16 of its chunk's."""
    records = {}
    for p in packets:
        if p["sluice.type"] == "0" and int(p["sluice.stream.number"]) == 1:
            at = max(int(p["sluice.within"]) - 16, 0)
            records.setdefault(int(p["sluice.record"]), {})[at] = bytes.fromhex(p["sluice.payload"])
    return b"".join(b"".join(pieces[at] for at in sorted(pieces))[16:] for _, pieces in sorted(records.items()))


def transfer(script, folder):
    path = folder + "/capture"
    names = ["ip.src", "udp.port", "frame.protocols", "sluice.pn", "sluice.type", "sluice.size", "sluice.flags.retx",
             "sluice.stream.number", "sluice.record", "sluice.within", "sluice.payload", "sluice.ack.packets",
             "sluice.session", "_ws.expert.severity", "_ws.expert.message"]
    packets = [p for p in rows(script, path, names) if p["udp.port"]]
    for p in packets:
        if not p["frame.protocols"].endswith(":sluice") or str(ERROR) in p["_ws.expert.severity"].split(","):
            fail(f"malformed, or not Sluice: {p}")
    if len({p["sluice.session"] for p in packets}) != 1 or not packets[0]["sluice.session"]:
        fail("not all packets are known to be of the one session")
    sides = {node: [p for p in packets if p["ip.src"] == load(f"{folder}/links-{node}")["links"][0]["address"].split("/")[0]]
             for node in "ab"}
    workers = {node: load(f"{folder}/worker-{node}")["workers"][0] for node in "ab"}
    sent = load(folder + "/sent")
    for node, peer in ("ab", "ba"):
        counts = (len(sides[node]), workers[node]["tx_packets"], workers[peer]["rx_packets"])
        if len(set(counts)) != 1:
            fail(f"packets from {node}: tshark sees {counts[0]}, {node} sent {counts[1]}, {peer} received {counts[2]}")
        data = [p for p in sides[node] if p["sluice.type"] == "0"]
        payload = sum(int(p["sluice.size"]) for p in data)
        if payload != workers[node]["bytes_memcpy_sealed"]:
            fail(f"{payload} bytes in DATA packets from {node}, which sealed {workers[node]['bytes_memcpy_sealed']}")
        numbers = packet_numbers(node, sides[node])
        acks = [p for p in sides[peer] if p["sluice.ack.packets"]]
        eliciting = {int(p["sluice.pn"]) for p in sides[node] if p["sluice.type"] in "046"}
        got = acknowledged(acks)
        if not eliciting <= got or not got <= set(numbers):
            fail(f"{peer} acknowledges what {node} did not send, or not all of it")
        print(f"- from {node}: {len(numbers)} packets, {len(data)} of data; acknowledged in {len(acks)}")
    again = sum(flag(p["sluice.flags.retx"]) == "1" for p in sides["a"])
    if again != sent["retransmits"]:
        fail(f"{again} packets of a are marked as sent again, a counts {sent['retransmits']}")
    with open(folder + "/file", "rb") as file:
        if file_of(sides["a"]) != file.read():
            fail("the payloads are not the file")
    frames = pcap_read(path)
    pcap_write(folder + "/cut.pcap", [(f, max(14, min(len(f), 40 + i % 120))) for i, f in enumerate(frames)])
    tshark(script, folder + "/cut.pcap", "-V")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--script", required=True)
    parser.add_argument("check", choices=("crafted", "mutated", "transfer"))
    parser.add_argument("folder")
    options = parser.parse_args()
    {"crafted": crafted, "mutated": mutated, "transfer": transfer}[options.check](options.script, options.folder)


if __name__ == "__main__":
    main()
