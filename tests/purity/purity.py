#!/usr/bin/env python3
"""Which symbols do the pure libraries want from outside? Only those of the allow-list.

usage: purity.py ALLOW_LIST [--expect SYMBOL,...] ARCHIVE...

Symbols that one of the archives defines are its own business. With --expect the check must fail with
exactly these symbols: that is the test of the test.
"""
import subprocess
import sys


def symbols(archive, *options):
    """(object, symbol) of every line of nm."""
    out = subprocess.run(["nm", "-A", "-P", *options, archive], check=True, text=True,
                         capture_output=True).stdout
    found = set()
    for line in out.splitlines():
        where, rest = line.rsplit(": ", 1)
        found.add((where.rsplit("[", 1)[-1].rstrip("]"), rest.split()[0]))
    return found


def allowed(path):
    with open(path, encoding="utf-8") as lines:
        words = (line.split("#", 1)[0].strip() for line in lines)
        return {word for word in words if word}


def violations(allow, archives):
    defined, wanted = set(), set()
    for archive in archives:
        defined |= {symbol for _, symbol in symbols(archive, "--defined-only", "-g")}
        wanted |= symbols(archive, "-u")
    return sorted((o, s) for o, s in wanted if s not in allow and s not in defined)


def main(arguments):
    allow = allowed(arguments.pop(0))
    expect = None
    if arguments[0] == "--expect":
        arguments.pop(0)
        expect = set(arguments.pop(0).split(","))
    found = violations(allow, arguments)
    for where, symbol in found:
        print(f"{where}: {symbol} is not on the allow-list")
    if expect is not None:
        missing = expect ^ {symbol for _, symbol in found}
        print("the checker found exactly what it must" if not missing else
              f"the checker is wrong about {sorted(missing)}")
        return bool(missing)
    print(f"{len(arguments)} pure libraries, {len(found)} symbols that are not allowed")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
