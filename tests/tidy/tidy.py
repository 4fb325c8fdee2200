#!/usr/bin/env python3
"""The style that a machine can check. usage: tidy.py ROOT | tidy.py --self-test

Prints file:line: rule for every violation. Exceptions have a reason, in EXCEPTIONS below.
"""
import os
import re
import sys

FOLDERS = ("lib", "dataplane", "control", "tests", "perf", "docs/examples")
WIDTH = 100
LINES_MAX = 700

# (file, rule): (limit or None, reason)
EXCEPTIONS = {
    ("dataplane/wire/wire.h", "width"): (120, "tables of bytes are read side by side"),
}

# Who may include whom. A folder's longest prefix counts; tests may look everywhere.
MAY_INCLUDE = {
    "lib": ("lib/",),
    "dataplane": ("lib/", "dataplane/"),
    "dataplane/wire": ("lib/base/", "dataplane/limits.h", "dataplane/drop.h", "dataplane/wire/"),
    "dataplane/transport": ("lib/base/", "dataplane/limits.h", "dataplane/drop.h",
                            "dataplane/wire/", "dataplane/transport/"),
    "control": ("lib/", "control/"),
    "control/pool": ("lib/base/", "lib/ipc/names.h", "control/pool/"),
    "control/cluster/raft": ("lib/base/", "lib/ipc/names.h", "lib/shm/seqlock.h",
                             "control/cluster/raft/"),
}

# Headers of the system that a pure folder has no business with.
PURE = ("dataplane/wire", "dataplane/transport", "control/pool", "control/cluster/raft")
PURE_HEADERS = {"assert.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "string.h", "limits.h", "math.h"}

BANNED = re.compile(
    r"(?<![\w.>])(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|atoi|atol|atof|alloca|system|rand|srand"
    r"|strtok)\s*\(")
INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)[">]')


def code_lines(text):
    """Lines without strings, character constants and comments; and the lines where /* stands."""
    out, block = [], []
    number, i, in_block = 1, 0, False
    line = ""
    while i < len(text):
        two = text[i:i + 2]
        c = text[i]
        if c == "\n":
            out.append(line)
            line, number, i = "", number + 1, i + 1
        elif in_block:
            in_block = two != "*/"
            i += 1 if in_block else 2
        elif two == "//":
            while i < len(text) and text[i] != "\n":
                i += 1
        elif two == "/*":
            block.append(number)
            in_block, i = True, i + 2
        elif c in "\"'":
            end = i + 1
            while end < len(text) and text[end] not in (c, "\n"):
                end += 2 if text[end] == "\\" else 1
            line, i = line + c + c, end + 1 if text[end:end + 1] == c else end
        else:
            line, i = line + c, i + 1
    out.append(line)
    return out, block


def folder_rule(path):
    best = None
    for folder in MAY_INCLUDE:
        if path.startswith(folder + "/") and (best is None or len(folder) > len(best)):
            best = folder
    return best


def check_include(path, line):
    match = INCLUDE.match(line)
    if not match:
        return None
    quoted, name = match.group(1) == '"', match.group(2)
    rule = folder_rule(path)
    if quoted and rule and not name.startswith(MAY_INCLUDE[rule]):
        return f"{rule} does not include {name}"
    if not quoted and path.startswith(tuple(f + "/" for f in PURE)) and name not in PURE_HEADERS:
        return f"a pure folder does not include <{name}>"
    if name.startswith("rte_ethdev") and not path.startswith(("dataplane/port/", "perf/transport/", "tests/")):
        return "rte_ethdev belongs to dataplane/port (and to the bare ports it is measured against)"
    if name.startswith("rte_") and not path.startswith(("dataplane/", "perf/", "tests/")):
        return f"{name}: DPDK belongs to the dataplane (and to what measures it)"
    return None


def check(path, text):
    """Violations of one file: (line, rule, sentence)."""
    lines = text.split("\n")
    code, block = code_lines(text)
    found = []

    def limit(rule, normal):
        return EXCEPTIONS.get((path, rule), (normal, ""))[0]

    if not lines[0].startswith("// "):
        found.append((1, "first-line", "the first line says the file's job"))
    if path.endswith(".h") and "#pragma once" not in text:
        found.append((1, "pragma", "no #pragma once"))
    if not text.endswith("\n") or text.endswith("\n\n"):
        found.append((len(lines), "end", "the file ends with one newline"))
    if len(lines) - 1 > limit("length", LINES_MAX):
        found.append((len(lines) - 1, "length", f"{len(lines) - 1} lines, more than {LINES_MAX}"))
    for number, line in enumerate(lines, 1):
        width = len(line.expandtabs(8))
        if width > limit("width", WIDTH):
            found.append((number, "width", f"{width} columns"))
        if line.startswith(" "):
            found.append((number, "tabs", "indented with spaces"))
        if line.rstrip() != line:
            found.append((number, "trailing", "white space at the end of the line"))
        sentence = check_include(path, line)
        if sentence:
            found.append((number, "include", sentence))
    for number, line in enumerate(code, 1):
        match = BANNED.search(line)
        if match:
            found.append((number, "banned", f"{match.group(1)}()"))
    found += [(number, "comment", "/* */ comment") for number in block]
    return sorted(found)


def sources(root):
    for folder in FOLDERS:
        for where, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = sorted(f for f in folders if not f.startswith((".", "build")))
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(where, name), root)


def run(root):
    files, count = 0, 0
    for path in sources(root):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            text = source.read()
        files += 1
        for number, rule, sentence in check(path, text):
            print(f"{path}:{number}: {rule}: {sentence}")
            count += 1
    print(f"{files} files, {count} violations")
    return files == 0 or count > 0


# Each rule must fire on its example and on nothing else.
GOOD = '// A file.\n#include "lib/base/bytes.h"\n\nint x; // system("x") /* in a comment */\n'
BAD = (
    ("first-line", "dataplane/a.c", "int x;\n"),
    ("pragma", "dataplane/a.h", "// A header.\nint x;\n"),
    ("end", "dataplane/a.c", "// A file.\nint x;"),
    ("length", "dataplane/a.c", "// A file.\n" + "int x;\n" * 700),
    ("width", "dataplane/a.c", "// A file.\n\t" + "x" * 93 + "\n"),
    ("tabs", "dataplane/a.c", "// A file.\n    int x;\n"),
    ("trailing", "dataplane/a.c", "// A file.\nint x; \n"),
    ("include", "dataplane/a.c", '// A file.\n#include "control/loop.h"\n'),
    ("include", "control/a.c", '// A file.\n#include "dataplane/limits.h"\n'),
    ("include", "lib/a.c", '// A file.\n#include "dataplane/limits.h"\n'),
    ("include", "dataplane/wire/a.c", '// A file.\n#include "dataplane/transport/transport.h"\n'),
    ("include", "dataplane/transport/a.c", "// A file.\n#include <time.h>\n"),
    ("include", "dataplane/app/a.c", "// A file.\n#include <rte_ethdev.h>\n"),
    ("include", "control/a.c", "// A file.\n#include <rte_ring.h>\n"),
    ("banned", "lib/a.c", "// A file.\nint x = atoi(s);\n"),
    ("banned", "lib/a.c", "// A file.\nint x = rand ();\n"),
    ("comment", "lib/a.c", "// A file.\nint x; /* old */\n"),
)


def self_test():
    failed = 0
    for path, text in (("lib/a.c", GOOD), ("tests/a.c", GOOD.replace("lib/", "control/")),
                       ("lib/a.c", '// A file.\nint operand(x);\nchar *s = "a // b /* c";\n'),
                       ("lib/a.c", "// A file.\nint y = entry->system(1) + a.rand(2);\n")):
        if check(path, text):
            print(f"fires on good text: {check(path, text)}")
            failed += 1
    for rule, path, text in BAD:
        rules = [r for _, r, _ in check(path, text)]
        if rules != [rule]:
            print(f"{rule}: found {rules} in {text[:60]!r}")
            failed += 1
    print(f"{len(BAD) + 4} examples, {failed} wrong")
    return failed > 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(self_test() if sys.argv[1] == "--self-test" else run(sys.argv[1]))
