"""Every contender: what it is called, what it needs, which options it runs with, what does not compare.

A contender measures itself once: measure(bench, case) -> {"value": ...}, in case.unit.
"""
import collections
import shutil

from link import RECEIVER, Link
import run

PORT = "7000"

# A case: what is measured, over which MTU, in which unit. A goodput's id ends with the MTU, a round trip's with bytes.
Case = collections.namedtuple("Case", "kind mtu unit better")
Case.domain = "peers"
Case.id = lambda case, name: "peers/%s/%s/%d" % (case.kind, name, case.mtu if case.kind == "goodput" else 64)

GOODPUT_1500 = Case("goodput", 1500, "B/s", "larger")
GOODPUT_9000 = Case("goodput", 9000, "B/s", "larger")
RTT = Case("rtt", 1500, "ns", "smaller")
CASES = (GOODPUT_1500, GOODPUT_9000, RTT)

# needs: programs of the system; driver: ours, built where its library is; package: what brings either. counts: the
# best of Sluice, and the best peer, are looked for among these: those that do the same work. cipher: what the payload
# is encrypted with on this link.
Contender = collections.namedtuple(
    "Contender", "name ours needs driver package cases measure options apart counts cipher",
                                   defaults=("", True, "none"))

BUFFERS = "12 MiB of buffer and window each side, 8 MiB of UDP socket"
ENCRYPTED = "encrypts; Sluice runs with the cipher null"


def driver(name, mode="", offloads=True):
    def measure(bench, case):
        words = [bench.driver(name), "%s", RECEIVER, PORT, case.kind, *bench.times(case), str(case.mtu)]
        words += [mode] if mode else []
        with Link(case.mtu, offloads) as link:
            return run.driver(bench, case, link.receiver(["receive" if w == "%s" else w for w in words]),
                              link.sender(["send" if w == "%s" else w for w in words]))
    return measure


def iperf3(*words, offloads=True):
    def measure(bench, case):
        size = ["-l", str(case.mtu - 28)] if "-u" in words else ["-l", "128K"]
        with Link(case.mtu, offloads) as link:
            return run.iperf3(bench, link.receiver(["iperf3", "-s", "-1", "--forceflush", "-p", PORT]),
                              link.sender(["iperf3", "-c", RECEIVER, "-p", PORT, "-J", *size, *words]))
    return measure


def ngtcp2(bench, case):
    with Link(case.mtu) as link:
        return run.ngtcp2(bench, case, link)


def sluice(kind, driver_name):
    def measure(bench, case):
        return getattr(bench.bed, kind)(bench, case, driver_name)
    return measure


def kernel(name, needs, cases, measure, options, apart="", counts=True):
    return Contender(name, False, needs, None, " ".join(needs), cases, measure, options, apart, counts)


def library(name, package, cases, options, apart="", mode="", binary=None, counts=True, cipher="none"):
    binary = binary or name
    return Contender(name, False, (), binary, package, cases, driver(binary, mode), options, apart, counts, cipher)


BULK = (GOODPUT_1500, GOODPUT_9000)
ALL = (GOODPUT_1500, GOODPUT_9000, RTT)
SLUICE_OPTIONS = "cipher null, codec none, one worker a side, idle adaptive, libsluice applications on their worker's core"

CONTENDERS = (
    Contender("sluice-af_packet", True, (), "sluice", "", ALL, sluice("application", "af_packet"), SLUICE_OPTIONS),
    Contender("sluice-af_xdp", True, (), "sluice", "", (GOODPUT_1500, RTT), sluice("application", "af_xdp"),
              SLUICE_OPTIONS, "af_xdp has no frames of 9000 bytes"),
    Contender("sluice-send", True, (), None, "", BULK, sluice("file", "af_packet"),
              "sluice send to sluice serve over af_packet, file and inbox on tmpfs",
              "a file, SHA-256 at both ends: more work than any other row", False),
    kernel("iperf3-tcp", ("iperf3",), BULK, iperf3(),
           "one stream, 128 KiB writes, the kernel's own window, TSO and GRO",
           "segments of 64 KiB cross the veth whole: its packets are not of this MTU"),
    kernel("iperf3-tcp-mtu", ("iperf3", "ethtool"), BULK, iperf3(offloads=False),
           "the same with TSO, GSO and GRO off: packets of the MTU"),
    kernel("iperf3-udp", ("iperf3",), BULK, iperf3("-u", "-b", "0", "-w", "4M"),
           "unbounded, datagrams of the MTU, 4 MiB of socket; what was received counts",
           "not reliable, not paced: loses what the receiver cannot take", False),
    library("srt", "libsrt-openssl-dev", ALL, "file mode, a stream (round trips: messages), MSS = MTU; " + BUFFERS,
            "its packets are at most 1500 bytes (row 9000)"),
    library("srt-aes128", "libsrt-openssl-dev", BULK, "the same with AES-128", ENCRYPTED, "aes128", "srt",
            cipher="AES-128-CTR"),
    library("udt", "libudt-dev", ALL, "UDT 4, MSS = MTU; " + BUFFERS),
    library("enet", "libenet-dev", ALL, "reliable packets of 64 KiB, 8 MiB of UDP socket; its window is at most 64 KiB",
            "its packets are at most 4096 bytes (row 9000)"),
    library("usrsctp", "libusrsctp-dev", ALL, "one stream over UDP, SCTP_NODELAY; 12 MiB of buffer each side"),
    Contender("ngtcp2", False, ("gtlsclient", "gtlsserver", "openssl"), None, "ngtcp2-client ngtcp2-server openssl",
              BULK, ngtcp2, "HTTP/3 GET with the example programs, AES-128-GCM, cubic, GSO, 16 MiB windows",
              ENCRYPTED + "; timed from outside, handshake included", True, "AES-128-GCM"),
    library("tcp", "", (RTT,), "kernel sockets, TCP_NODELAY, spinning on recv", "", "tcp", "socket"),
    library("tcp-wait", "", (RTT,), "the same, blocking in recv", "", "tcp-wait", "socket"),
    library("udp", "", (RTT,), "kernel sockets, spinning on recv", "not reliable", "udp", "socket", False),
    library("udp-wait", "", (RTT,), "the same, blocking in recv", "not reliable", "udp-wait", "socket", False),
)


# Runs twice in every round, and its distance from itself is the noise floor: the steadiest, which is the kernel.
FLOOR = ("iperf3-tcp", "tcp")


def floor_of(chosen):
    """The contender for the noise floor, or None without a peer."""
    peers = [c for c in chosen if not c.ours]
    return next((c for c in peers if c.name in FLOOR), peers[0] if peers else None)


def missing(contender, driver_path):
    """Why it cannot run here, or ''."""
    absent = [n for n in contender.needs if not shutil.which(n, path=run.PATH)]
    if absent:
        return "no %s here" % ", ".join(absent)
    if contender.driver and not driver_path(contender.driver):
        return "this build has no driver for it" if contender.ours else "its library was not there at the build"
    return ""
