#!/usr/bin/env python3
"""What ran on Debian 13, by suite, from meson's logs. usage: debian13_summary.py [--json] LOGS"""
import collections
import glob
import json
import os
import ssl
import subprocess
import sys


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]


def versions():
    with open("/etc/debian_version", encoding="utf-8") as file:
        debian = file.read().strip()
    return {"debian": debian, "openssl": ssl.OPENSSL_VERSION, "dpdk": first_line("pkg-config", "--modversion", "libdpdk"),
            "gcc": first_line("gcc", "-dumpfullversion"), "clang": first_line("clang", "-dumpversion"),
            "kernel": os.uname().release}


def main():
    words = sys.argv[1:]
    suites = collections.defaultdict(collections.Counter)
    failed, skipped = [], []
    for log in sorted(glob.glob(os.path.join(words[-1], "*.json"))):
        with open(log, encoding="utf-8") as file:
            for test in map(json.loads, file):
                result = {"OK": "passed", "SKIP": "skipped"}.get(test["result"], "failed")
                suite, name = test["name"].split(" / ", 1)
                for one in suite.split(":")[-1].split("+"):
                    suites[one][result] += 1
                if result == "failed":
                    failed.append(name)
                elif result == "skipped":
                    skipped.append(name)
    here = versions()
    if "--json" in words:
        print(json.dumps({"versions": here, "suites": suites, "failed": failed, "skipped": skipped}))
    else:
        print("\n" + ", ".join(f"{name} {version}" for name, version in here.items()))
        for suite, counts in suites.items():
            print(f"  {suite:8}" + ", ".join(f"{n} {result}" for result, n in counts.items()))
        for what, names in (("failed", failed), ("skipped", skipped)):
            if names:
                print(f"  {what}: {', '.join(names)}")
    return 1 if failed or not suites else 0


sys.exit(main())
