#!/usr/bin/env python3
"""Nothing connects but the pool of control connections; Unix sockets of this machine are allowed by name.

connects.py ROOT        0: so it is; 1: says who does
connects.py --self-test
"""
import os
import re
import sys

# Who may call what. connect(2) of the first is the pool's transport, of the others a Unix socket.
ALLOWED = {
    r"\bconnect\s*\(": {
        "control/net/conn.c",
        "control/admin/server.c",
        "control/cli/connect.c",
        "control/plane/attach.c",
        "lib/client/attach.c",
        "dataplane/app/door_socket.c",
        "dataplane/port/socket.c",
    },
    r"\bconn_dial\s*\(": {"control/net/conn.c", "control/net/conn.h", "control/net/calls_channel.c"},
    r"\b(IORING_OP_CONNECT|io_uring_prep_connect|SYS_connect|BIO_new_connect|BIO_s_connect|BIO_do_connect)\b": set(),
}
UNIX = ALLOWED[r"\bconnect\s*\("] - {"control/net/conn.c"}


def code(text):
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S))


def faults(files):
    """{path: text} -> what is wrong, and which permission nobody uses."""
    wrong, used = [], set()
    for path, text in sorted(files.items()):
        text = code(text)
        for call, allowed in ALLOWED.items():
            if not re.search(call, text):
                continue
            used.add((call, path))
            if path not in allowed:
                wrong.append("%s connects by itself (%s): requests go through control/net/calls.h" % (path, call))
            elif path in UNIX and re.search(r"\bAF_INET6?\b", text):
                wrong.append("%s may connect to Unix sockets only" % path)
    for call, allowed in ALLOWED.items():
        wrong += ["%s does not connect any more: take it out of connects.py" % path
                  for path in sorted(allowed) if path in files and (call, path) not in used]
    return wrong


def read(root):
    files = {}
    for folder in ("control", "lib", "dataplane"):
        for at, _, names in os.walk(os.path.join(root, folder)):
            for name in names:
                if name.endswith((".c", ".h")):
                    path = os.path.join(at, name)
                    files[os.path.relpath(path, root)] = open(path).read()
    return files


def self_test():
    assert faults({"control/x.c": "a = connect(fd, to, size);"})
    assert faults({"control/x.c": "conn_dial (&c, loop, address, 1);"})
    assert faults({"lib/client/attach.c": "connect(fd, a, b); socket(AF_INET, 0, 0);"})
    assert faults({"control/cli/connect.c": "nothing();"})
    assert faults({"control/x.c": "io_uring_prep_connect(sqe, fd, to, size);"})
    assert not faults({"control/x.c": '// connect(fd)\nputs("connect(2)"); reconnect(x);'})
    assert not faults({"control/cli/connect.c": "connect(fd, a, b); socket(AF_UNIX, 0, 0);"})


if __name__ == "__main__":
    if sys.argv[1] == "--self-test":
        self_test()
    else:
        found = faults(read(sys.argv[1]))
        print("\n".join(found), end="\n" if found else "")
        sys.exit(1 if found else 0)
