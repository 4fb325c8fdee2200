#!/usr/bin/env python3
"""The program's verdicts, sentences and exit codes. usage: program.py LINEAR_CHECK HISTORIES"""
import json
import os
import subprocess
import sys


def run(*arguments, feed=None):
    done = subprocess.run([sys.argv[1], *arguments], text=True, capture_output=True, input=feed)
    return done.returncode, done.stdout, done.stderr


def line(**changes):
    out = {"client": 1, "op": "put", "key": "a", "value": "x", "call_ns": 1, "return_ns": 2, "outcome": "ok"}
    out.update(changes)
    return json.dumps({key: value for key, value in out.items() if value != "absent"}) + "\n"


# What is wrong, and a word of the sentence that says so.
WRONG = (
    ("{", "one JSON object"), ("[]", "one JSON object"), ("\0", "zero"), ("\xff", "one JSON object"),
    (line(client=-1), "client"), (line(client="1"), "client"), (line(client=2**32), "client"),
    (line(key=1), "key"), (line(op="move"), "op"), (line(value=None), "value"), (line(value=7), "value"),
    (line(op="get", value="absent"), "value"), (line(call_ns=-1), "call_ns"), (line(call_ns=1.5), "call_ns"),
    (line(return_ns="absent"), "return_ns"), (line(return_ns=0), "return_ns"), (line(outcome="maybe"), "outcome"),
    (line(op="swap", held=True), "expect"), (line(op="swap", expect="y"), "held"), (line(client="absent"), "client"),
)


def main():
    folder = sys.argv[2]
    good, stale, malformed = (os.path.join(folder, name + ".jsonl") for name in ("good", "stale", "malformed"))
    code, out, _ = run(good)
    assert code == 0 and out.startswith("linearizable: 2 keys"), out
    code, out, _ = run(stale)
    assert code == 1 and "key a" in out and "puts y" in out and "sees x" in out and "puts x" not in out, out
    code, out, _ = run("--json", stale)
    told = json.loads(out)
    assert code == 1 and told["verdict"] == "not linearizable" and told["lines"] == [2, 3] and told["last_line"] == 3
    code, out, _ = run("--json", good)
    assert code == 0 and json.loads(out)["operations"] == 8
    code, _, err = run(malformed)
    assert code == 2 and "line 2" in err and "return_ns" in err, err
    for text, word in WRONG:
        code, out, err = run("-", feed=line() + text)
        assert code == 2 and "line 2" in err and word in err and not out, (text, err)
    code, out, _ = run("-", feed="")
    assert code == 0 and "0 keys" in out
    # so many puts at once that nobody tries all orders
    many = "".join(line(client=i, value=str(i), return_ns=9) for i in range(40))
    code, out, _ = run("--steps", "1000", "-", feed=many + line(op="get", value="none", call_ns=10, return_ns=11))
    assert code == 3 and "undecided" in out, out
    code, out, _ = run("--seconds", "1", "-", feed=many + line(op="get", value="none", call_ns=10, return_ns=11))
    assert code == 3, out
    for arguments in ((), (good, good), ("--steps", "0", good), ("--seconds", "x", good), ("--what", good),
                      (os.path.join(folder, "none"),)):
        code, out, err = run(*arguments)
        assert code == 2 and "linear-check" in err and not out, (arguments, err)
    code, out, _ = run("--help")
    assert code == 0 and "Exit status" in out
    print("as it must be")


main()
