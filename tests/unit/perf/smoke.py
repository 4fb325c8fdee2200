#!/usr/bin/env python3
"""Runs every benchmark for an instant: no rot. usage: smoke.py SLUICE-PERF"""
import json
import subprocess
import sys
import tempfile

perf = sys.argv[1]


def run(path):
    subprocess.run([perf, "run", "--smoke", "--json", path], check=True)
    with open(path) as f:
        return json.load(f)


with tempfile.TemporaryDirectory(prefix="sluice-perf-smoke-") as folder:
    a, b = run(folder + "/a.json"), run(folder + "/b.json")
    listed = subprocess.run([perf, "list"], check=True, capture_output=True, text=True).stdout
    subjects = [line.split()[0] for line in listed.splitlines() if "(a limit)" not in line]
    assert a["schema"] == "sluice-perf/1", a["schema"]
    assert [r["id"] for r in a["results"]] == subjects, "run does not run what list lists"
    for x, y in zip(a["results"], b["results"]):
        assert x["hash"] == y["hash"] != "0" * 16, x["id"] + ": its work does not repeat"
        assert x["ratio"]["median"] > 0 and x["limit"]["median"] > 0, x["id"]
    same = subprocess.run([perf, "compare", folder + "/a.json", folder + "/a.json"],
                          check=True, capture_output=True, text=True).stdout
    assert same.count("same") == len(subjects), same
    for wrong in (["run", "--filter", "no/such"], ["compare", "/dev/null", "/dev/null"]):
        assert subprocess.run([perf] + wrong, capture_output=True).returncode == 1, wrong
    for wrong in ([], ["frobnicate"], ["run", "--frobnicate"], ["run", "ring"]):
        assert subprocess.run([perf] + wrong, capture_output=True).returncode == 2, wrong
