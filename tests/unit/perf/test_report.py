#!/usr/bin/env python3
"""The report of a run that has everything, and of one that is hostile. usage: SLUICE-PERF"""
import html.parser
import json
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

perf = sys.argv[1]
VOID = {"meta", "br"}


class Page(html.parser.HTMLParser):
    """Every element that opens closes, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.tags = [], "", {}

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open, self.getpos())
        self.open.pop()

    def handle_data(self, data):
        self.text += data


def page(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    p = Page()
    p.feed(text)
    p.close()
    assert p.open == [], p.open
    for svg in re.findall(r"<svg.*?</svg>", text, re.S):
        xml.etree.ElementTree.fromstring(svg)
        assert "nan" not in svg and "inf\"" not in svg, svg[:300]
    assert "script" not in p.tags and "src=" not in text and "@import" not in text, "not alone"
    return p


def distribution(base):
    return {"count": 9, "p50": base, "p99": 2 * base, "p99.9": 3 * base, "max": 4 * base,
            "curve": [[50, base], [99, 2 * base], [99.9, 3 * base], [100, 4 * base]]}


def row(name, ratio, **more):
    return {"id": name, "domain": name.split("/")[0], "params": name.split("/", 1)[1],
            "unit": "B/s", "better": "larger", "median": 5e9,
            "limit": {"id": name + "-limit", "median": 6e9},
            "ratio": {"median": ratio, "ci95": [ratio - .01, ratio + .01], "pairs": 30},
            "noise": [.99, 1.01], "stable": True, "hash": "1",
            "counters": {"cycles_per_byte": 1.5, "allocs": 0, "bytes_memcpy": None,
                         "syscalls": 0, "why": {"bytes_memcpy": "<because>"}}, **more}


def run(rows):
    return {"schema": "sluice-perf/1",
            "run": {"version": "1", "build": "release", "effort": "full", "command": "a & b"},
            "machine": {"processor": "<x>", "cpus": 2}, "results": rows, "failed": [],
            "noises": [{"domain": "transport", "id": "x", "ci95": [.99, 1.01], "pairs": 30}],
            "skipped": [{"id": "peers/<a>", "reason": "not \"installed\""}]}


with tempfile.TemporaryDirectory(prefix="sluice-perf-report-") as folder:
    def write(name, value):
        with open(folder + "/" + name, "w", encoding="utf-8") as f:
            f.write(value if isinstance(value, str) else json.dumps(value))
        return folder + "/" + name

    def report(*arguments, expect=0):
        out = folder + "/out.html"
        done = subprocess.run([perf, "report", out, *arguments], capture_output=True, text=True)
        assert done.returncode == expect, (arguments, done)
        return page(out) if expect == 0 else done

    def compare(a, b, *more):
        return subprocess.run([perf, "compare", a, b, *more], capture_output=True, text=True)

    goodput, rtt = "transport/goodput/memif/1500/null/none", "transport/rtt/memif/64"
    latency = {"subject": distribution(2200), "limit": distribution(1000), "ratio": {
        p: {"median": .3, "ci95": [.2, .4], "pairs": 30} for p in ("p50", "p99", "p99.9")}}
    trace = [{"t_ns": i * 1000, "event": "ack", "cwnd_segments": 4 + i % 50, "rate_Bps": 1e9,
              "srtt_ns": 20000, "cut_reason": "loss" if i % 50 == 0 else "none"}
             for i in range(4000)]
    full = run([
        row(goodput, .65, extra={"jain": .998, "hugepages": False, "raw_mode": "<copy>", "trace": trace, "waits": {"pool<lock>": 7}, "waits_ns": 2e9,
                                 "pools": [{"name": "packets", "used_max": 5, "size": 9}]}),
        row("transport/goodput/memif/9000/null/none", .5), row(rtt, .45, latency=latency)])
    slower = run([row(goodput, .5), row(rtt, .45), row("ring/new", 1)])
    a, b = write("a.json", full), write("b.json", slower)
    lines = write("trace.jsonl", "".join(json.dumps(t) + "\n" for t in trace) + "no JSON\n[]\n")

    p = report("--json", a, "--baseline", b, "--trace", lines, "--no-profile")
    assert p.text.count("FAIL: ") == 2, "above and in the audit"  # and why:
    for words in ("goodput, memif, 9000 (0.5, wanted ratio >= 0.8); round trip", "3 rows", "p50 <= 2.3 us", "2.2 us",
                  "PASS", "FAIL", "not measured", "jain 0.998, hugepages no, raw_mode <copy>", "5 of 9", "3.5",
                  "pool<lock>", "<because>", "a & b", "not \"installed\"", "<x>", "99.99 %",
                  "2 lines of it have no time", "4000 events, 80 cuts", "faster", "gone", "new"):
        assert words in p.text, words
    assert p.tags["svg"] == 1 + 1 + 3 + 3, p.tags  # bars, latency, two traces

    # Not ours, and of the wrong types everywhere: still a page, and nothing of it is markup.
    evil = "</svg><script>alert(1)</script>"
    hostile = run([row("x/" + evil, .5, extra={"trace": [{"t_ns": evil}, 5, None], evil: 1,
                                               "waits": [1], "pools": {"a": 1}}, latency={}),
                   {"id": 5, "domain": [], "ratio": "x", "noise": {}}, 7, None,
                   row("y/1", 1e308, unit=evil, median=-1e308)])
    hostile["noises"] = hostile["skipped"] = [evil, {"id": evil, "reason": evil}]
    p = report("--json", write("hostile.json", hostile), "--no-profile",
               "--baseline", a, "--trace", write("empty.jsonl", ""))
    assert evil in p.text

    assert "samples of" not in report("--json", a, "--profile", "no/such").text
    # By itself: what misses its goal, and the worst of the domain that counts cycles (none of these can be run).
    slow = run([row(goodput + "/x", .5), row(goodput + "/y", .7), row("transport/goodput/memif/9000/null/none/x", .4),
                row("transport/z", .1)])
    slow["results"][3]["counters"]["cycles_per_byte"] = None
    sampled = report("--json", write("slow.json", slow)).text.split("where the time goes")[1]
    for name, times in ((goodput + "/x", 1), (goodput + "/y", 0), ("9000/null/none/x", 1), ("transport/z", 0)):
        assert sampled.count(name) == times, (name, sampled)
    for wrong in (["--json", "/dev/null"], ["--json", a, "--baseline", "/dev/null"],
                  ["--json", a, "--no-profile", "--trace", folder + "/none"]):
        assert report(*wrong, expect=1).stderr, wrong
    for wrong in (["--json", a, "--smoke"], ["more"], ["--frobnicate"]):
        assert report(*wrong, expect=2).stderr, wrong

    assert compare(a, a).returncode == 0
    done = compare(a, b, "--json")
    told = json.loads(done.stdout)
    verdicts = {r["id"]: r["verdict"] for r in told["results"]}
    assert done.returncode == 3 and told["slower"] == 1, done
    assert verdicts == {goodput: "slower", rtt: "same", "ring/new": "new",
                        "transport/goodput/memif/9000/null/none": "gone"}, verdicts
    assert compare(b, a).returncode == 0 and "faster" in compare(b, a).stdout
    full["results"][0]["noise"] = [.6, 1.01]  # such a machine cannot tell
    assert compare(write("noisy.json", full), b).returncode == 0
