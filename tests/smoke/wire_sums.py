#!/usr/bin/env python3
"""Sums up what passes: wire_sums.py listen INTERFACE COUNT   -> "N right, M wrong" of the UDP datagrams seen
                     wire_sums.py send INTERFACE MAC FROM TO  -> a datagram with a wrong UDP checksum, and one with a wrong
                                                                 IPv4 header checksum, each 20 times"""
import socket
import struct
import sys
import time

PORT = 7654
SO_RCVBUFFORCE = 33  # not in the module


def sum16(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def sums_right(frame):
    """True, False, or None of what is no UDP over IP."""
    if frame[12:14] == b"\x08\x00" and frame[23] == 17:
        header, total = (frame[14] & 15) * 4, struct.unpack(">H", frame[16:18])[0]
        ip, udp = frame[14 : 14 + header], frame[14 + header : 14 + total]
        return sum16(ip) == 0 and sum16(ip[12:20] + struct.pack(">HH", 17, len(udp)) + udp) == 0
    if frame[12:14] == b"\x86\xdd" and frame[20] == 17:
        udp = frame[54 : 54 + struct.unpack(">H", frame[18:20])[0]]
        return sum16(frame[22:54] + struct.pack(">HH", 17, len(udp)) + udp) == 0
    return None


def listen(interface, count):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    link.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)  # a file passes faster than this program reads
    link.bind((interface, 0))
    seen, end = [0, 0], time.monotonic() + 20
    print("listening", flush=True)
    while sum(seen) < int(count) and (left := end - time.monotonic()) > 0:
        link.settimeout(left)
        try:
            right = sums_right(link.recv(16384))
        except TimeoutError:
            break
        if right is not None:
            seen[right] += 1
    print(f"{seen[1]} right, {seen[0]} wrong")


def datagram(source, target, udp_wrong, ip_wrong):
    addresses, payload = socket.inet_aton(source) + socket.inet_aton(target), bytes(64)
    udp = struct.pack(">HHHH", PORT, PORT, 8 + len(payload), 0) + payload
    value = sum16(addresses + struct.pack(">HH", 17, len(udp)) + udp) ^ udp_wrong
    udp = udp[:6] + struct.pack(">H", value) + udp[8:]
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0) + addresses
    return ip[:10] + struct.pack(">H", sum16(ip) ^ ip_wrong) + ip[12:] + udp


def send(interface, mac, source, target):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((interface, 0))
    head = bytes.fromhex(mac.replace(":", "")) + link.getsockname()[4] + b"\x08\x00"
    for _ in range(20):
        link.send(head + datagram(source, target, 1, 0))
        link.send(head + datagram(source, target, 0, 1))


if __name__ == "__main__":
    {"listen": listen, "send": send}[sys.argv[1]](*sys.argv[2:])
