#!/usr/bin/env python3
"""Every codec at one block size, and the report's table of codecs. usage: codec.py SLUICE-PERF"""
import json
import subprocess
import sys
import tempfile

perf = sys.argv[1]
SIZE = "1350"
DEFAULTS = ("lz4/1", "zstd/1", "deflate/1", "brotli/6", "snappy/0")

with tempfile.TemporaryDirectory(prefix="sluice-perf-codec-") as folder:
    out = folder + "/run.json"
    subprocess.run([perf, "run", "--smoke", "--filter", f"codec/*/{SIZE}/*", "--json", out], check=True)
    with open(out) as f:
        run = json.load(f)
    listed = json.loads(subprocess.run([perf, "list", "--json"], check=True, capture_output=True, text=True).stdout)
    wanted = {b["id"] for b in listed if b["limit"] and not b["rare"] and b["id"].startswith("codec/")
              and f"/{SIZE}/" in b["id"]}
    rows = {r["id"]: r for r in run["results"]}
    assert run["failed"] == [] and set(rows) == wanted and len(wanted) == 5 * 5 * 2, run["failed"]
    for name, row in rows.items():
        assert row["hash"] == row["limit"]["hash"] != "0" * 16, name + ": not the work of its limit"
        assert row["extra"]["ratio"] >= 1 or name.endswith("decode"), name
        assert row["counters"]["allocs"] in (0, None), name
        assert row["counters"]["bytes_memcpy"] == 0, name
    for codec in DEFAULTS:
        at = f"codec/{codec}/{SIZE}/"
        assert rows[at + "text/encode"]["extra"]["ratio"] > 1.2, at
        assert rows[at + "zero/encode"]["extra"]["ratio"] > 10, at
        assert rows[at + "random/encode"]["extra"]["ratio"] == 1, at
    # Every level of every codec has its rows: five sizes, five corpora, both ways.
    families = {}
    for bench in listed:
        if bench["limit"] and bench["id"].startswith("codec/"):
            codec, level = bench["id"].split("/")[1:3]
            families.setdefault((codec, int(level)), set()).add(bench["id"])
            assert bench["rare"] == (f"{codec}/{level}" not in DEFAULTS), bench
    assert all(len(ids) == 5 * 5 * 2 for ids in families.values())
    assert set(families) == {(codec, level) for codec, levels in (
        ("lz4", range(1, 17)), ("zstd", range(1, 20)), ("deflate", range(1, 4)), ("brotli", range(1, 10)),
        ("snappy", [0])) for level in levels}, sorted(families)
    # Levels that are not the default: by name only.
    for filter, count in (("codec/*/512/text/decode", 5), ("codec/zstd/*/512/text/decode", 1),
                          ("codec/zstd/19/512/text/*", 2), ("codec/zstd/1*/512/text/decode", 1), ("codec/lz4/16/512/text/decode", 1)):
        by_name = folder + "/name.json"
        subprocess.run([perf, "run", "--smoke", "--filter", filter, "--json", by_name], check=True)
        with open(by_name) as f:
            assert len(json.load(f)["results"]) == count, filter
    # With a dictionary: the same work as the library's own call with the same one.
    with_one = folder + "/dictionary.json"
    subprocess.run([perf, "run", "--smoke", "--filter", "dictionary/*", "--json", with_one], check=True)
    with open(with_one) as f:
        run = json.load(f)
    rows_with = {r["id"]: r for r in run["results"]}
    assert run["failed"] == [] and set(rows_with) == {
        b["id"] for b in listed if b["limit"] and b["id"].startswith("dictionary/")} and len(rows_with) == 6
    for name, row in rows_with.items():
        assert row["hash"] == row["limit"]["hash"] != "0" * 16, name + ": not the work of its limit"
        assert row["counters"]["allocs"] in (0, None) and row["counters"]["bytes_memcpy"] == 0, name
    name = f"zstd/1/{SIZE}/json/encode"
    assert rows_with["dictionary/" + name]["extra"]["ratio"] > 1.2 * rows["codec/" + name]["extra"]["ratio"]
    page = folder + "/page.html"
    subprocess.run([perf, "report", page, "--json", out, "--no-profile"], check=True)
    with open(page) as f:
        text = f.read()
    table = text[text.index("<h2>Codecs</h2>"):]
    table = table[:table.index("</table>")]
    for codec in ("lz4", "zstd", "deflate", "brotli", "snappy"):
        assert f"<td>{codec}</td>" in table, codec
    assert "not measured" not in table, table
