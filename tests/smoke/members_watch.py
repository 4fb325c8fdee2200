#!/usr/bin/env python3
"""Looks at `sluice members --watch` on a terminal of its own, as its user sees it.

usage: members_watch.py COLUMNS LINES COMMAND...

Each line of standard input is a regular expression: it is answered with "seen" when the screen shows it, or with the
screen after 20 seconds. "^C" presses Ctrl-C: answered with the exit code, then what is left on the ordinary screen.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

SEQUENCE = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])")


class Screen:
    """A terminal that knows what the program may say, and refuses everything else."""

    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.other, self.cursor = False, True
        self.main, self.text = "", [""] * lines
        self.row = self.column = 0
        self.rest = ""

    def put(self, text):
        text = self.rest + text
        self.rest = ""
        while text:
            if text[0] != "\x1b":
                self.letter(text[0])
                text = text[1:]
                continue
            found = SEQUENCE.match(text)
            if not found:
                assert len(text) < 16, f"a sequence that we do not know: {text[:16]!r}"
                self.rest = text
                return
            self.sequence(found[1], found[2])
            text = text[found.end():]

    def sequence(self, what, kind):
        if kind == "m":
            return
        if what + kind in ("?1049h", "?1049l"):
            self.other = kind == "h"
            self.text = [""] * self.lines
        elif what + kind in ("?25h", "?25l"):
            self.cursor = kind == "h"
        elif what + kind == "H":
            self.row = self.column = 0
        elif what + kind == "K":
            self.text[self.row] = self.text[self.row][:self.column]
        elif what + kind == "J":
            self.text[self.row] = self.text[self.row][:self.column]
            self.text[self.row + 1:] = [""] * (self.lines - self.row - 1)
        else:
            raise AssertionError(f"a sequence that we do not know: {what}{kind}")

    def letter(self, letter):
        if not self.other:
            self.main += letter
        elif letter == "\n":
            self.row += 1
            assert self.row < self.lines, "the table is higher than the terminal"
        elif letter == "\r":
            self.column = 0
        else:
            line = self.text[self.row].ljust(self.column)
            self.text[self.row] = line[:self.column] + letter + line[self.column + 1:]
            self.column += 1
            assert self.column <= self.columns, "the table is wider than the terminal"


def pump(fd, screen, seconds):
    """False: the program has ended."""
    if not select.select([fd], [], [], seconds)[0]:
        return True
    try:
        data = os.read(fd, 65536)
    except OSError:
        data = b""
    screen.put(data.decode("utf-8"))
    return bool(data)


def see(fd, screen, pattern):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if re.search(pattern, "\n".join(screen.text), re.M):
            return "seen"
        if not pump(fd, screen, 0.2):
            return "it has ended"
    return "not seen in\n" + "\n".join(screen.text)


def main():
    columns, lines = int(sys.argv[1]), int(sys.argv[2])
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.execv(sys.argv[3], sys.argv[3:])
    screen = Screen(columns, lines)
    for line in sys.stdin:
        pattern = line.rstrip("\n")
        if pattern != "^C":
            print(see(fd, screen, pattern), flush=True)
            continue
        os.write(fd, b"\x03")
        while pump(fd, screen, 10):
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(f"exit {code}, cursor {screen.cursor}, other screen {screen.other}\n{screen.main}", flush=True)
        return
    os.kill(pid, signal.SIGKILL)


main()
