#!/usr/bin/env python3
"""The law of each congestion controller, line by line over a trace of `sluice session trace --json`.

usage: trace_law.py CONTROLLER FILE

Written from the description in docs/wire.md, not from the code: what a line says of the window must
follow from the line before, and the rate from the window and the round trip time. After a gap (an
event "lost") nothing is concluded from what came before.
"""
import json
import sys

FIELDS = {"t_ns", "event", "cwnd_segments", "rate_Bps", "rtt_ns", "srtt_ns", "in_flight",
          "newly_acked", "segment_bytes", "limited_by", "cut_reason"}
LIMITS = {"nothing", "cwnd", "pacer", "credit", "stream", "pn_span", "app"}


def near(a, b):
    return abs(a - b) <= 1e-9 * max(1.0, abs(b))


class Law:
    """What every controller shares; `grown` and `cut` say what an ACK or a cut may leave."""

    def __init__(self, controller):
        self.controller = controller
        self.last = None
        self.counts = {"start": 0, "ack": 0, "cut": 0, "path": 0, "lost": 0}

    def fail(self, number, line, why):
        sys.exit(f"line {number}: {why}\n  {line}\n  after {self.last}")

    def grown(self, before, line):
        """The least and the most that the window may be after this ACK."""
        n = line["newly_acked"] if line["limited_by"] in ("cwnd", "pacer") else 0
        additive = before + n / before
        if self.controller == "aimd":
            return additive, additive
        if self.controller == "aimd-ss":  # slow start, or additive once it is over
            return additive, before + n
        return before, max(before + n, before * 1.5)

    def cut(self, before, line):
        if self.controller != "cubic":
            return max(before / 2, 1.0)
        return 1.0 if line["cut_reason"] == "timeout" else min(before, max(before * 0.7, 2.0))

    def rate(self, number, line):
        if line["srtt_ns"] == 0:
            return
        # rate = window * segment / srtt
        segment = line["rate_Bps"] * line["srtt_ns"] / line["cwnd_segments"] / 1e9
        if abs(segment - line["segment_bytes"]) > 0.01 * segment:
            self.fail(number, line, f"the rate is that of segments of {segment:.1f} bytes")

    def path(self, before, line):
        """The window of larger packets holds as many bytes, but not fewer packets than a new one."""
        same = before * self.last["segment_bytes"] / line["segment_bytes"]
        return max(same, min(before, 4.0)) if same < before else before

    def step(self, number, line):
        if line.get("event") == "lost":
            self.counts["lost"] += line["count"]
            if set(line) != {"event", "count"} or line["count"] <= 0:
                self.fail(number, line, "a gap has a count")
            self.last = None
            return
        if set(line) != FIELDS:
            self.fail(number, line, f"fields {sorted(set(line) ^ FIELDS)}")
        if line["limited_by"] not in LIMITS or line["event"] not in self.counts:
            self.fail(number, line, "a name that is not in the schema")
        if (line["event"] == "cut") != (line["cut_reason"] in ("loss", "timeout")):
            self.fail(number, line, "cuts, and only cuts, have a reason")
        self.counts[line["event"]] += 1
        self.rate(number, line)
        if self.last:
            self.follows(number, line)
        self.last = line

    def follows(self, number, line):
        before = self.last["cwnd_segments"]
        if line["t_ns"] < self.last["t_ns"]:
            self.fail(number, line, "time goes back")
        if line["event"] == "cut":
            if not near(line["cwnd_segments"], self.cut(before, line)):
                self.fail(number, line, "not the cut of the law")
            return
        if line["event"] == "path":
            if not near(line["cwnd_segments"], self.path(before, line)):
                self.fail(number, line, "not the window of packets of another size")
            return
        if line["segment_bytes"] != self.last["segment_bytes"]:
            self.fail(number, line, "segments change without saying so")
        low, high = self.grown(before, line)
        if not low - 1e-9 * low <= line["cwnd_segments"] <= high + 1e-9 * high:
            self.fail(number, line, f"the law allows {low} to {high}")
        srtt = self.last["srtt_ns"]
        smooth = (7 * srtt + line["rtt_ns"]) // 8
        if srtt and line["srtt_ns"] not in (srtt, smooth):
            self.fail(number, line, f"the smoothed round trip would be {smooth}")


def main(controller, path):
    law = Law(controller)
    with open(path, encoding="utf-8") as lines:
        for number, text in enumerate(lines, 1):
            law.step(number, json.loads(text))
    print(f"{controller}: {law.counts}, segments of {law.last['segment_bytes']} bytes")
    if law.counts["start"] != 1 or law.counts["ack"] < 20:
        sys.exit("a transfer has one start and many ACKs")


if __name__ == "__main__":
    main(*sys.argv[1:])
