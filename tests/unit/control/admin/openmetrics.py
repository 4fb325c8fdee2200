#!/usr/bin/env python3
"""Reads OpenMetrics 1.0 text as its specification has it, and complains about all that is not.

usage: openmetrics.py FILE|- [LINE...]       each LINE must begin a line of it
       openmetrics.py --golden FILE COMMAND  what COMMAND prints is good, and is FILE
       openmetrics.py --self-test
"""
import math
import re
import subprocess
import sys

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
HELP = re.compile(r'(?:[^\\"]|\\[\\n"])*')
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|[iI]nf|NaN)$")
SUFFIXES = {"gauge": [""], "counter": ["_total", "_created"], "info": ["_info"], "stateset": [""], "unknown": [""],
            "histogram": ["_bucket", "_count", "_sum", "_created"]}
RESERVED = ("_total", "_created", "_info", "_bucket", "_count", "_sum", "_gcount", "_gsum")


class Bad(Exception):
    pass


def need(true, sentence):
    if not true:
        raise Bad(sentence)


def quoted(text):
    """The text up to the quote that ends it, unescaped, and what follows."""
    out, i = "", 0
    while i < len(text) and text[i] != '"':
        if text[i] == "\\":
            need(text[i:i + 2] in ("\\\\", '\\"', "\\n"), "an escape that there is not")
            out += {"\\\\": "\\", '\\"': '"', "\\n": "\n"}[text[i:i + 2]]
            i += 2
        else:
            out += text[i]
            i += 1
    need(i < len(text), "a quote that does not end")
    return out, text[i + 1:]


def labels_of(text):
    """{name="value",...} -> a dictionary, and what follows."""
    labels = {}
    while not text.startswith("}"):
        if labels:
            need(text.startswith(","), "labels without a comma")
            text = text[1:]
        name = LABEL.match(text)
        need(name and text[name.end():].startswith('="'), "no label")
        need(name[0] not in labels and not name[0].startswith("__"), f"the label {name[0]} twice, or reserved")
        labels[name[0]], text = quoted(text[name.end() + 2:])
    return labels, text[1:]


def metadata(line, families, family):
    word = line.split(" ", 3)
    need(len(word) == 4 and word[1] in ("TYPE", "UNIT", "HELP"), "no such comment")
    what, name, value = word[1], word[2], word[3]
    need(NAME.fullmatch(name), "no name")
    if family is None or family["name"] != name:
        need(name not in families, f"{name} is not in one piece")
        need(not name.endswith(RESERVED), f"{name}: a suffix that is reserved")
        family = families[name] = {"name": name, "type": "unknown", "samples": set(), "said": set()}
    need(not family["samples"], "comments follow samples")
    need(what not in family["said"], f"{what} twice")
    family["said"].add(what)
    if what == "TYPE":
        need(value in SUFFIXES, f"no type {value}")
        family["type"] = value
    elif what == "UNIT":
        need(name.endswith("_" + value), f"{name} does not end in its unit {value}")
    else:
        need(HELP.fullmatch(value), "an escape that there is not")
    return family


def bucket(family, suffix, labels, value):
    """Of a histogram: buckets by their bounds, the last without one; then as many as that, and their sum."""
    one = family.setdefault("series", {}).setdefault(tuple(sorted((k, v) for k, v in labels.items() if k != "le")), [])
    need(value >= 0 and not math.isnan(value), "a histogram below zero")
    need(("le" in labels) == (suffix == "_bucket"), "a bucket without its bound, or a bound without its bucket")
    if suffix == "_bucket":
        bound = labels["le"]
        need(bound == "+Inf" or re.fullmatch(r"\d+\.\d+([eE][+-]?\d+)?", bound), "a bound that is no float")
        need(not one or (float(bound) > one[-1][0] and value >= one[-1][1]), "buckets that do not grow")
        one.append((float(bound), value))
    elif suffix == "_count":
        need(one and one[-1] == (math.inf, value), "a count that is not the last bucket's, which has no bound")


def sample(line, family):
    name = NAME.match(line)
    need(name and family, "a sample without a family")
    suffix = name[0][len(family["name"]):]
    kind = family["type"]
    need(name[0].startswith(family["name"]) and suffix in SUFFIXES[kind], f"{name[0]} is not of {family['name']}")
    labels, rest = labels_of(line[name.end() + 1:]) if line[name.end():].startswith("{") else ({}, line[name.end():])
    need(rest.startswith(" ") and NUMBER.match(rest[1:]), "no number, or a space too many")
    value = float(rest[1:])
    if kind == "counter":
        need(value >= 0 and not math.isnan(value), "a counter below zero")
    elif kind == "info":
        need(value == 1, "an info that is not 1")
    elif kind == "stateset":
        need(value in (0, 1) and family["name"] in labels, "a state without its name, or not 0 or 1")
    elif kind == "histogram":
        bucket(family, suffix, labels, value)
    key = (suffix, tuple(sorted(labels.items())))
    need(key not in family["samples"], "the same series twice")
    family["samples"].add(key)
    keys = {name for name in labels if name != family["name"] and (name != "le" or kind != "histogram")}
    need(family.setdefault("labels", keys) == keys or kind == "info", "labels differ within a family")


def check(text):
    """The number of families and of samples."""
    families, family = {}, None
    need(text.endswith("# EOF\n"), "no # EOF at the end")
    lines = text.split("\n")[:-2]
    for number, line in enumerate(lines, 1):
        try:
            need(line, "an empty line")
            if line.startswith("#"):
                family = metadata(line, families, family)
            else:
                sample(line, family)
        except Bad as bad:
            raise Bad(f"line {number}: {bad}: {line}") from None
    for name, one in families.items():
        need({"TYPE", "HELP"} <= one["said"], f"{name} has no TYPE or no HELP")
        need(all(series and series[-1][0] == math.inf for series in one.get("series", {}).values()),
             f"{name} has no bucket without a bound")
    return len(families), sum(len(one["samples"]) for one in families.values())


GOOD = '# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n# HELP a_seconds it.\na_seconds{x="\\"\\\\\\n"} 1.5e-3\n'
COUNTER = "# TYPE c counter\n# HELP c it.\n"
HISTOGRAM = "# TYPE h histogram\n# HELP h it.\n"
BUCKETS = HISTOGRAM + 'h_bucket{le="0.5"} 1\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 3\nh_count 3\nh_sum 4.5\n'
BAD = ("", GOOD, "\n# EOF\n", GOOD + GOOD + "# EOF\n", GOOD.replace("1.5e-3", "x") + "# EOF\n",
       GOOD.replace("\\n", "\\t") + "# EOF\n", GOOD.replace("UNIT a_seconds seconds", "UNIT a_seconds bytes") + "# EOF\n",
       COUNTER + "c 1\n# EOF\n", COUNTER + "c_total -1\n# EOF\n", COUNTER + "c_total 1\nc_total 1\n# EOF\n",
       COUNTER + 'c_total{x="1",x="2"} 1\n# EOF\n', COUNTER + "d_total 1\n# EOF\n", "# TYPE c counter\nc_total 1\n# EOF\n",
       "# TYPE c_total counter\n# HELP c_total it.\n# EOF\n", COUNTER + 'c_total{x="1} 1\n# EOF\n',
       COUNTER + "c_total  1\n# EOF\n", COUNTER + "c_total 1\n# EOF\n# EOF\n",
       BUCKETS.replace('"1.0"} 1', '"1.0"} 0') + "# EOF\n", BUCKETS.replace('"1.0"', '"1"') + "# EOF\n",
       BUCKETS.replace('"1.0"', '"0.1"') + "# EOF\n", BUCKETS.replace("h_count 3", "h_count 4") + "# EOF\n",
       BUCKETS.replace('h_bucket{le="+Inf"} 3\n', "") + "# EOF\n", HISTOGRAM + 'h_bucket{le="1.0"} 1\n# EOF\n',
       BUCKETS.replace("h_count", 'h_count{le="1.0"}') + "# EOF\n", HISTOGRAM + "h 3\n# EOF\n",
       "# TYPE i info\n# HELP i it.\ni_info 2\n# EOF\n", "# TYPE s stateset\n# HELP s it.\ns 1\n# EOF\n")


def self_test():
    assert check(GOOD + COUNTER + "c_total 1\n# EOF\n") == (2, 2)
    assert check(BUCKETS + "# EOF\n") == (1, 5)
    for text in BAD:
        try:
            check(text)
        except Bad:
            continue
        sys.exit(f"taken for good: {text!r}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1] == "--golden":
        text = subprocess.run(sys.argv[3:], stdout=subprocess.PIPE, check=True).stdout.decode("utf-8")
        with open(sys.argv[2], encoding="utf-8") as file:
            golden = file.read()
        text = re.sub(r'([{,]version=")[^"]*', r"\1VERSION", text)  # ours changes, its place does not
    else:
        text = sys.stdin.read() if sys.argv[1] == "-" else open(sys.argv[1], encoding="utf-8").read()
        golden = None
    try:
        families, samples = check(text)
    except Bad as bad:
        sys.exit(f"no OpenMetrics: {bad}")
    if golden is not None and text != golden:
        import difflib
        sys.exit("".join(difflib.unified_diff(golden.splitlines(True), text.splitlines(True), "golden", "now")))
    for line in sys.argv[2:] if golden is None else []:
        if "\n" + line not in "\n" + text:
            sys.exit(f"no line begins with {line}")
    print(f"{families} families, {samples} samples")
    return 0


sys.exit(main())
