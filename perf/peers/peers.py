#!/usr/bin/env python3
"""sluice-perf run --peers: Sluice and what else Debian has, on the same virtual link with the same payload.

usage: sluice-perf run --peers [--filter GLOB] [--quick|--full|--smoke] [--json FILE]
       sluice-perf list --peers

Every contender runs once in every round, in a new random order: the receiver on the first CPU, the sender on the
second, over two veth pairs and a bridge made for that one figure. Prints medians, spread, and Sluice against each
(1 is equal, larger is better for Sluice), and who wins, also when it is not us.

  --filter GLOB  ids that match; * crosses slashes (peers/goodput/*/1500, peers/rtt/*)
  --quick        5 rounds, 2 s each after 1 s (the default)
  --full         11 rounds, 5 s each after 2 s
  --smoke        1 round of an instant: does everything still run; figures mean nothing
  --json FILE    also written there, schema sluice-perf/1; - for standard output

What is not installed is named, with the command that installs it, and the rest runs. Needs root for Sluice's nodes;
without, the peers run in a user namespace where the system allows one.

exit: 0 done, 1 failed, 2 usage
"""
import collections
import fnmatch
import getopt
import json
import os
import platform
import random
import signal
import subprocess
import sys
import time

import catalogue
import figures
import parse
import run
import table
from bed import Bed
from link import Link, LinkError, cpus

Plan = collections.namedtuple("Plan", "effort rounds seconds warm_up file_bytes")
QUICK = Plan("quick", 5, 2.0, 1.0, 256 << 20)
FULL = Plan("full", 11, 5.0, 2.0, 1 << 30)
SMOKE = Plan("smoke", 1, 0.2, 0.1, 4 << 20)
SEED = 20261121


class Bench:
    """What a contender may ask of the run that it is part of."""

    def __init__(self, root, build, plan):
        self.root, self.build, self.plan, self.bed = root, build, plan, Bed(root, build)

    def driver(self, name):
        path = "%s/perf/peers/peer_%s" % (self.build, name)
        return path if os.access(path, os.X_OK) else None

    def times(self, case):
        """Seconds and seconds of warm-up as words; a round trip's median needs less of both."""
        part = 1 if case.kind == "goodput" else 0.5
        return [str(self.plan.seconds * part), str(self.plan.warm_up * part)]

    def seconds(self, case):
        return sum(map(float, self.times(case)))

    def file(self, path):
        """Random bytes for those that carry files; returns how many."""
        block = random.Random(SEED).randbytes(1 << 20)
        with open(path, "wb") as file:
            for i in range(self.plan.file_bytes >> 20):
                file.write(block[i % 1021:] + block[:i % 1021])  # no two blocks alike
        return self.plan.file_bytes


class Options:
    def __init__(self, argv):
        self.plan, self.filter, self.json = QUICK, "*", None
        self.verb = argv[0] if argv else ""
        words, rest = getopt.gnu_getopt(argv[1:], "", ["peers", "filter=", "quick", "full", "smoke", "json=", "help"])
        if rest:
            raise getopt.GetoptError("%s takes no operand: %s" % (self.verb, rest[0]))
        plans = {"--quick": QUICK, "--full": FULL, "--smoke": SMOKE}
        for word, value in words:
            if word == "--help":
                print(__doc__.strip())
                sys.exit(0)
            self.plan = plans.get(word, self.plan)
            self.filter = value if word == "--filter" else self.filter
            self.json = value if word == "--json" else self.json


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def steal_ticks():
    with open("/proc/stat") as file:
        fields = [int(f) for f in file.readline().split()[1:]]
    return fields[7], sum(fields[:8])


def attempt(bench, contender, case):
    """One figure, or None after its reason was said. Also: was the machine taken away meanwhile?"""
    before = steal_ticks()
    try:
        result = contender.measure(bench, case)
    except (run.Failed, parse.ParseError, LinkError, subprocess.SubprocessError, OSError) as error:
        say("  %s: %s" % (case.id(contender.name), error))
        return None, 0
    after = steal_ticks()
    return result, (after[0] - before[0]) / max(1, after[1] - before[1])


def matches(case, contender, options):
    return case in contender.cases and fnmatch.fnmatchcase(case.id(contender.name), options.filter)


def contenders_of(case, options, bench, absent):
    """Those of the case that match and can run; the others are told once, with the way to have them."""
    chosen = []
    for c in catalogue.CONTENDERS:
        if not matches(case, c, options):
            continue
        why = catalogue.missing(c, bench.driver)
        if c.ours and not why and not bench.may_testbed:
            why = "Sluice's nodes need root (sudo)"
        if why:
            absent[c.name] = (why, c.package)
        else:
            chosen.append(c)
    return chosen


def measure_case(bench, case, chosen, order):
    """-> {name: [result or None, one a round]}, {name: largest steal}. One runs twice: the noise floor."""
    again = catalogue.floor_of(chosen)
    entries = [(c.name, c) for c in chosen] + ([(table.AGAIN, again)] if again else [])
    results = {name: [] for name, _ in entries}
    steals = dict.fromkeys(results, 0.0)
    for number in range(bench.plan.rounds):
        order.shuffle(entries)
        for name, contender in entries:
            result, steal = attempt(bench, contender, case)
            results[name].append(result)
            steals[name] = max(steals[name], steal)
        say("  round %d of %d" % (number + 1, bench.plan.rounds))
    return results, steals, again


def case_rows(case, chosen, results, steals, again):
    """Prints the table of a case; -> its rows and its noise floor."""
    samples = {name: [r and r["value"] for r in rs] for name, rs in results.items()}
    floor = None
    if again:
        same = figures.ratios(samples[again.name], samples.pop(table.AGAIN), case.better)
        floor = {"domain": case.domain, "id": case.id(again.name), "ci95": figures.ci95(same),
                 "pairs": len(same)} if same else None
    ours, counts = {c.name for c in chosen if c.ours}, {c.name for c in chosen if c.counts}
    rows = []
    for c in chosen:
        row = figures.row(c.name, case, samples, ours, counts)
        if row:
            row.update(stable=steals[c.name] < figures.STEAL_UNSTABLE, hash="", noise=floor and floor["ci95"],
                       beside=c.ours or not c.counts,
                       extra={"rounds": results[c.name], "options": c.options, "not_comparable": c.apart,
                              "cipher": c.cipher, "cpu": figures.cpu(results[c.name]),
                              "cpu_seconds_per_gigabyte": cost(case, results[c.name])})
            rows.append(row)
    say(table.case_text(case, chosen, results, rows, floor))
    say("verdict: " + figures.verdict(samples, ours, counts, case.better) + "\n")
    return rows, floor


def cost(case, results):
    return figures.cpu_per_gigabyte(results) if case.unit == "B/s" else None


def machine():
    receiver, sender = cpus()
    return {"kernel": platform.release(), "architecture": platform.machine(), "cpus": os.cpu_count(),
            "pinned_to": receiver, "sender_on": sender, "load": os.getloadavg()[0]}


def command(options, glob):
    return "scripts/dev perf run --peers --%s --filter '%s'" % (options.plan.effort, glob)


def run_object(options):
    return {"version": os.environ.get("SLUICE_PERF_VERSION", ""), "build": os.environ.get("SLUICE_PERF_BUILD", ""),
            "effort": options.plan.effort, "seed": SEED,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "filter": options.filter,
            "command": command(options, options.filter)}


def run_cases(bench, options):
    order, absent = random.Random(SEED), {}
    document = {"schema": "sluice-perf/1", "run": run_object(options), "machine": machine(), "noises": [],
                "results": [], "skipped": [], "failed": []}
    say("receiver on CPU %d, sender on CPU %d%s" % (*cpus(), "" if len(set(cpus())) > 1 else
                                                   " (only one: they share it, no figure means anything)"))
    say(table.warnings(document["run"], document["machine"]))
    for case in catalogue.CASES:
        chosen = contenders_of(case, options, bench, absent)
        if not chosen:
            continue
        say("%s, MTU %d: %s" % (case.kind, case.mtu, ", ".join(c.name for c in chosen)))
        results, steals, again = measure_case(bench, case, chosen, order)
        rows, floor = case_rows(case, chosen, results, steals, again)
        document["results"] += rows
        document["noises"] += [dict(floor, command=command(options, case.id("*")))] if floor else []
        document["failed"] += [{"id": case.id(c.name), "reason": "no figure in any round"}
                               for c in chosen if not any(results[c.name])]
    document["skipped"] = [{"id": "peers/*/%s/*" % name, "reason": why} for name, (why, _) in absent.items()]
    say(table.absent_text(absent))
    return document


def user_namespace(argv):
    """Without root: the same command where we are root of a namespace, which is enough for links, not for nodes."""
    if os.environ.get("SLUICE_PEERS_UNPRIVILEGED"):
        return
    probe = subprocess.run(["unshare", "--user", "--map-root-user", "--net", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        say("sluice-perf: needs root (sudo): links are network namespaces, and this system lets only root make them")
        sys.exit(1)
    os.environ["SLUICE_PEERS_UNPRIVILEGED"] = "1"
    os.execvp("unshare", ["unshare", "--user", "--map-root-user", sys.executable, *argv])


def write(path, document):
    text = json.dumps(document, indent=1)
    if path == "-":
        print(text)
    else:
        with open(path, "w") as file:
            file.write(text + "\n")


def main(argv):
    """argv: ROOT BUILD VERB OPTIONS..., as perf/peers.c gives them."""
    try:
        options = Options(argv[3:])
    except getopt.GetoptError as error:
        say("sluice-perf: %s (sluice-perf run --peers --help tells how)" % error)
        return 2
    if options.verb == "list":
        print(table.list_text())
        return 0
    if not any(matches(case, c, options) for case in catalogue.CASES for c in catalogue.CONTENDERS):
        say("sluice-perf: nothing matches '%s' (sluice-perf list --peers)" % options.filter)
        return 1
    if os.geteuid() != 0:
        user_namespace(argv)
    bench = Bench(argv[1], argv[2], options.plan)
    bench.may_testbed = "SLUICE_PEERS_UNPRIVILEGED" not in os.environ
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        with Link(1500):
            pass  # now, in one sentence, rather than once for every row
        document = run_cases(bench, options)
        if options.json:
            write(options.json, document)
        if document["failed"]:
            return 1
    except (LinkError, OSError) as error:
        say("sluice-perf: %s" % error)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
