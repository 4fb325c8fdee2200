#!/usr/bin/env python3
"""Asks by ARP, in a VLAN or in none: vlan_stranger.py INTERFACE OWN-ADDRESS ADDRESS VLAN (0: no tag)
Prints the VLAN of the answer (0: no tag), or "none" when nobody answers within a second."""
import socket
import struct
import sys
import time

SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID, ETH_P_ALL = 263, 8, 1 << 4, 3


def answer_vlan(link, own, address):
    """VLAN of the next ARP reply from `address`; None when the frame is anything else."""
    frame, control, _, _ = link.recvmsg(2048, 256)
    vlan = 0
    for level, kind, data in control:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tag, _ = struct.unpack("=IIIHHHH", data[:20])
            vlan = tag & 0xFFF if status & TP_STATUS_VLAN_VALID else 0
    if frame[12:14] == b"\x81\x00":
        vlan, frame = struct.unpack(">H", frame[14:16])[0] & 0xFFF, frame[:12] + frame[16:]
    is_reply = frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2" and frame[28:32] == address
    return vlan if is_reply and frame[38:42] == own else None


def main(interface, own, address, vlan):
    own, address = socket.inet_aton(own), socket.inet_aton(address)
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    link.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    link.bind((interface, 0))
    mac = link.getsockname()[4]  # a bridge keeps what goes to others
    tag = struct.pack(">HH", 0x8100, int(vlan)) if int(vlan) else b""
    arp = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + mac + own + bytes(6) + address
    link.send(b"\xff" * 6 + mac + tag + b"\x08\x06" + arp + bytes(18))
    end = time.monotonic() + 1
    while (left := end - time.monotonic()) > 0:
        link.settimeout(left)
        try:
            found = answer_vlan(link, own, address)
        except TimeoutError:
            break
        if found is not None:
            print(found)
            return
    print("none")


if __name__ == "__main__":
    main(*sys.argv[1:])
