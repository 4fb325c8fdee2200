#!/usr/bin/env python3
"""Runs every benchmark for an instant: no rot. usage: smoke.py SLUICE-PERF [once]
once: whether the work repeats is left to another build.
(The domain transport, whose rows each start two nodes, codec, which has 500 of them, and aead and transform have
tests of their own: transport.py, codec.py, ciphers.py.)"""
import json
import os
import subprocess
import sys
import tempfile

perf, once = sys.argv[1], sys.argv[2:] == ["once"]
OTHERS = ("transport/", "codec/", "aead/", "cipher-pick/", "transform/")
# Of these domains not every row does the work of its limit; these do.
SAME = ("dispatch/cipher/sorted", "dispatch/codec/sorted", "handshake/tls/ed25519/x25519", "handshake/keys",
        "handshake/rekey")


def run(path):
    others = "|".join(d + "*" for d in OTHERS)
    scratch = path + ".tmp"
    os.mkdir(scratch)
    subprocess.run([perf, "run", "--smoke", "--filter", f"!({others})", "--json", path], check=True,
                   env=os.environ | {"TMPDIR": scratch})
    assert os.listdir(scratch) == [], "certificates are left behind"
    with open(path) as f:
        return json.load(f)


with tempfile.TemporaryDirectory(prefix="sluice-perf-smoke-") as folder:
    a = run(folder + "/a.json")
    b = a if once else run(folder + "/b.json")
    listed = json.loads(subprocess.run([perf, "list", "--json"], check=True, capture_output=True,
                                       text=True).stdout)
    subjects = [b["id"] for b in listed if b["limit"] and not b["id"].startswith(OTHERS)]
    assert a["schema"] == "sluice-perf/1", a["schema"]
    skipped = {s["id"] for s in a["skipped"]}
    assert a["failed"] == [], a["failed"]
    assert [r["id"] for r in a["results"]] == [i for i in subjects if i not in skipped], skipped
    for x, y in zip(a["results"], b["results"]):
        assert x["hash"] == y["hash"] != "0" * 16, x["id"] + ": its work does not repeat"
        assert x["ratio"]["median"] > 0 and x["limit"]["median"] > 0, x["id"]
        if x["domain"] in ("ring", "timer", "memory") or x["id"] in SAME:  # the same work, done twice
            assert x["hash"] == x["limit"]["hash"], x["id"] + ": not the work of its limit"
        for counter in ("cycles_per_byte", "allocs", "bytes_memcpy", "syscalls"):
            known = x["counters"][counter]
            assert known is not None or x["counters"]["why"][counter], (x["id"], counter)
            assert known is None or known >= 0, (x["id"], counter)
    ring = [r for r in a["results"] if r["id"] == "ring/spsc/batch-32"][0]["counters"]
    assert ring["bytes_memcpy"] == 64, ring
    assert ring["allocs"] in (0, None) and ring["syscalls"] in (0, None), ring
    same = subprocess.run([perf, "compare", folder + "/a.json", folder + "/a.json"],
                          check=True, capture_output=True, text=True).stdout
    assert same.count("same") == len(a["results"]), same
    # What was measured becomes a page, and a benchmark alone is sampled (or the page says why not).
    subprocess.run([perf, "report", folder + "/a.html", "--json", folder + "/a.json", "--profile",
                    "ring/spsc/batch-32"], check=True)
    with open(folder + "/a.html") as f:
        page = f.read()
    assert all(i in page for i in subjects), "a row is missing"
    assert "connections of a pool by auto-size" in page, "no plot of the pool's size"
    assert "samples of the CPU clock" in page or "Not sampled: " in page
    table = page[page.index("<h2>Handshakes</h2>"):]
    assert "not measured" not in table[:table.index("</table>")], "a handshake is missing, and no word why"
    for s in a["skipped"]:
        assert not s["id"].startswith("handshake/") or s["reason"].startswith("not here: OpenSSL"), s
    for verb in ("list", "run", "compare", "report", "spin"):
        told = subprocess.run([perf, verb, "--help"], check=True, capture_output=True, text=True).stdout
        assert told.startswith("usage: sluice-perf"), verb
    for wrong in (["run", "--filter", "no/such"], ["compare", "/dev/null", "/dev/null"], ["spin", "no"]):
        assert subprocess.run([perf] + wrong, capture_output=True).returncode == 1, wrong
    for wrong in ([], ["frobnicate"], ["run", "--frobnicate"], ["run", "ring"],
                  ["spin"], ["compare", "a"], ["report"], ["run", "--baseline", "x"], ["list", "x"], ["spin", "--json"]):
        assert subprocess.run([perf] + wrong, capture_output=True).returncode == 2, wrong
