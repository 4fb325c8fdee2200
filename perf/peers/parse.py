"""What programs print, as numbers. Pure. Each function raises ParseError with a sentence when it is not that."""
import json


class ParseError(Exception):
    pass


def _object(text):
    try:
        value = json.loads(text)
    except ValueError:
        raise ParseError("no JSON: %r" % text.strip()[:80]) from None
    if not isinstance(value, dict):
        raise ParseError("no JSON object: %r" % text.strip()[:80])
    return value


def _number(value, *path):
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e18:
        raise ParseError("no number at %s" % ".".join(path))
    return value


def iperf3_goodput(text):
    """What the receiver got, in bytes per second, of iperf3 --json (TCP or UDP, the client's words or the server's)."""
    report = _object(text)
    if report.get("error"):
        raise ParseError("iperf3: %s" % report["error"])
    end = report.get("end")
    part = "sum_received" if isinstance(end, dict) and "sum_received" in end else "sum"
    rate = _number(report, "end", part, "bits_per_second")
    if part == "sum":  # of UDP before 3.13: what was sent
        rate *= 1 - _number(report, "end", "sum", "lost_percent") / 100
    if rate <= 0:
        raise ParseError("iperf3 received nothing")
    return {"value": rate / 8}


def driver_goodput(text):
    """Bytes per second of the line that perf/peers/driver.c prints."""
    report = _object(text)
    size, seconds = _number(report, "bytes"), _number(report, "seconds")
    if size == 0 or seconds == 0:
        raise ParseError("nothing arrived")
    return {"value": size / seconds}


def driver_rtt(text):
    """Nanoseconds: the median, and the tail beside it."""
    report = _object(text)
    if _number(report, "round_trips") == 0:
        raise ParseError("no round trip")
    return {"value": float(_number(report, "p50_ns")), "p99": float(_number(report, "p99_ns")),
            "p999": float(_number(report, "p999_ns"))}


def sluice_send(text):
    """Bytes per second of the last line of sluice send --json, of a file that the receiver has verified."""
    report = _object((text.strip().splitlines() or [""])[-1])
    if isinstance(report.get("error"), dict):
        raise ParseError("sluice send: %s" % report["error"].get("message"))
    if report.get("verified") is not True:
        raise ParseError("sluice send: not verified")
    return {"value": _number(report, "goodput_bps") / 8}


def download(size, seconds):
    """Bytes per second of a file whose transfer was timed from outside, start of the client included."""
    if size <= 0 or seconds <= 0:
        raise ParseError("nothing arrived")
    return {"value": size / seconds}
