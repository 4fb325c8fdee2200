#!/usr/bin/env python3
"""Runs every row of the domain transport for an instant: two nodes and a link each. usage: transport.py SLUICE-PERF"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

perf = sys.argv[1]
with tempfile.TemporaryDirectory(prefix="sluice-perf-transport-") as folder:
    path = folder + "/a.json"
    subprocess.run([perf, "run", "--smoke", "--filter", "transport/*", "--json", path], check=True)
    with open(path) as f:
        run = json.load(f)
    listed = json.loads(subprocess.run([perf, "list", "--json"], check=True, capture_output=True, text=True).stdout)

skipped = {s["id"] for s in run["skipped"]}
rows = {r["id"]: r for r in run["results"]}
assert run["failed"] == [], run["failed"]
for bench in listed:
    if bench["limit"] and bench["id"].startswith("transport/"):
        assert bench["id"] in rows or bench["id"] in skipped, bench["id"]
for name, row in rows.items():
    assert int(row["hash"], 16) == 1, name + ": a record was lost, came twice, or out of order"
    assert row["median"] > 0 and row["limit"]["median"] > 0, name

# Into a packet and out of it, each byte once at each node (with headers and what is sent again); nothing is allocated.
plain = rows["transport/goodput/memif/9000/null/none"]["counters"]
assert 1.9 < plain["bytes_memcpy"] < 4, plain
assert plain["allocs"] in (0, None), plain
# A cipher's pass is no copy, and no key that it changes is allocated.
for mtu in (1500, 9000):
    for link, codec in (("memif", "none"), ("vhost", "none"), ("memif", "lz4")):
        sealed = rows[f"transport/goodput/{link}/{mtu}/aes-256-gcm/{codec}"]["counters"]
        assert sealed["bytes_memcpy"] == 0 and sealed["allocs"] in (0, None), sealed
# How fair the law is, sim_bulk judges; here only that each sample says it.
for sessions in (2, 8):
    assert rows[f"transport/fairness/memif/{sessions}"]["extra"]["jain"] > 0, sessions

# Each row on two nodes tells what was in use and where it waited, of its own time only.
for name, row in rows.items():
    extra = row.get("extra", {})
    if "/loss/" in name or "/controllers/" in name:
        continue
    pools = {p["name"]: p for p in extra["pools"]}
    assert len(pools) == 8 and all(0 <= p["used_max"] <= p["size"] for p in pools.values()), (name, pools)
    assert 0 < extra["waits"]["a turns of the loop"] <= extra["waits_ns"] / 20, (name, extra)
goodput = {p["name"]: p["used_max"] for p in rows["transport/goodput/memif/1500/null/none"]["extra"]["pools"]}
assert goodput["send buffers, a"] == 64 and goodput["receive blocks, b"] > 0, goodput

# With applications attached: no copy more than without (headers and what is sent again apart), nothing allocated there either.
attached = rows["transport/goodput-app/memif/1500/null/none"]
assert 1.9 < attached["counters"]["bytes_memcpy"] < 4 and attached["counters"]["allocs"] in (0, None), attached
assert attached["extra"]["waits"]["b shares: ring of returned blocks"] > 0, attached
assert rows["transport/rtt-app/memif/64"]["latency"]["subject"]["count"] > 0


def children(pid):
    """All processes that a process started, and those that they did."""
    found, fresh = set(), {pid}
    while fresh:
        parents, fresh = fresh, set()
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/stat") as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue  # it ended meanwhile
            if parent in parents and int(entry) not in found:
                fresh.add(int(entry))
        found |= fresh
    return found


def runs(pid):
    """Not ended; somebody may still have to hear of its end."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(.05)
    return what()


def begin():
    """A run of one row with applications: its harness, the process of its nodes, the applications at rest."""
    run = subprocess.Popen([perf, "run", "--smoke", "--filter", "transport/goodput-app/memif/1500/1K"],
                           stderr=subprocess.PIPE, text=True)
    for line in run.stderr:  # the noise floor has been measured, by a process that is gone
        if line.startswith("id "):
            break
    assert wait_for(lambda: len(children(run.pid)) == 3, 20), "no node and two applications"
    nodes = children(run.pid)
    applications = {pid for pid in nodes if not children(pid)}
    return run, nodes - applications, applications


# The harness dies: the nodes and their applications go by themselves, wherever they are.
for seconds in (0, .3, .6):
    harness, nodes, applications = begin()
    time.sleep(seconds)
    harness.send_signal(signal.SIGKILL)
    harness.wait()
    assert wait_for(lambda: not any(map(runs, nodes | applications)), 20), "somebody stays"

# An application dies: its row fails with a sentence, and everybody goes.
for which in (min, max):
    harness, nodes, applications = begin()
    os.kill(which(applications), signal.SIGKILL)
    told = harness.stderr.read()
    assert harness.wait() == 1 and "an application's process ended" in told, told
    assert not any(map(runs, nodes | applications)), "somebody stays"
