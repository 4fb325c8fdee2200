#!/usr/bin/env python3
"""Every cipher both ways, alone and in one pass with a codec, and the report's table. usage: ciphers.py SLUICE-PERF"""
import json
import subprocess
import sys
import tempfile

perf = sys.argv[1]

with tempfile.TemporaryDirectory(prefix="sluice-perf-ciphers-") as folder:
    out = folder + "/run.json"
    subprocess.run([perf, "run", "--smoke", "--filter", "@(aead|cipher-pick|transform)/*", "--json", out], check=True)
    with open(out) as f:
        run = json.load(f)
    listed = json.loads(subprocess.run([perf, "list", "--json"], check=True, capture_output=True, text=True).stdout)
    wanted = {b["id"] for b in listed if b["limit"] and b["id"].startswith(("aead/", "cipher-pick/", "transform/"))}
    rows = {r["id"]: r for r in run["results"]}
    skipped = {s["id"] for s in run["skipped"]}
    assert run["failed"] == [] and set(rows) == wanted - skipped, (run["failed"], wanted - skipped - set(rows))
    # Three ciphers of two libraries, five sizes, both ways, against the library out of place and in place.
    parts = [set(p) for p in zip(*(i.split("/")[1:] for i in wanted if i.startswith("aead/")))]
    assert [len(p) for p in parts] == [3, 2, 2, 5, 2], parts
    assert sum(i.startswith("aead/") for i in wanted) == 3 * 2 * 2 * 5 * 2
    for name, row in rows.items():
        assert row["hash"] == row["limit"]["hash"] != "0" * 16, name + ": not the work of its limit"
        assert row["counters"]["allocs"] in (0, None), name
        assert row["counters"]["bytes_memcpy"] == 0, name
    for mtu in ("1500", "9000"):
        at = f"transform/lz4/aes-256-gcm/{mtu}/"
        for corpus in ("text", "binary", "json", "zero"):
            assert rows[at + corpus + "/out"]["extra"]["ratio"] > 1.14, at + corpus
        assert rows[at + "random/in"]["extra"]["ratio"] == 1, at
    page = folder + "/page.html"
    subprocess.run([perf, "report", page, "--json", out, "--no-profile"], check=True)
    with open(page) as f:
        text = f.read()
    table = text[text.index("<h2>Ciphers</h2>"):]
    table = table[:table.index("</table>")]
    assert table.count("GB/s") == 4 * 6 - table.count("not measured"), table
    assert skipped or "not measured" not in table, table
