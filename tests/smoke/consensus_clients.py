#!/usr/bin/env python3
"""Clients of a cluster's keys and values: what they did and saw, one line an operation, for linear-check.

consensus_clients.py HISTORY SOCKET...: two clients for each socket, until SIGTERM
"""
import json
import random
import signal
import socket
import sys
import threading
import time

KEYS = ["a", "b", "c", "d", "e"]
REFUSED = {-32000, -32002, -32003, -32005, -32602}  # for sure nothing was done
NOT_FOUND = -32002


class Node:
    def __init__(self, path):
        self.path = path
        self.connection = None
        self.file = None

    def call(self, method, params):
        """The answer; None: nobody knows."""
        if self.connection is None:
            self.connection = socket.socket(socket.AF_UNIX)
            self.connection.settimeout(20)
            self.connection.connect(self.path)
            self.file = self.connection.makefile("rb")
        self.connection.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")
        line = self.file.readline()
        if not line.endswith(b"\n"):
            raise OSError("hung up")
        return json.loads(line)

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class Client(threading.Thread):
    def __init__(self, number, path, write):
        super().__init__()
        self.number, self.node, self.write = number, Node(path), write
        self.random = random.Random(number)
        self.sequence = 0
        self.sent = False

    def value(self):
        self.sequence += 1
        return "%d-%d" % (self.number, self.sequence)

    def run(self):
        while not over.is_set():
            try:
                self.step()
            except OSError:
                self.node.close()
                over.wait(0.1)
            over.wait(self.random.random() * 0.02)

    def step(self):
        key, dice = self.random.choice(KEYS), self.random.random()
        if dice < 0.45:
            self.operate("get", key, "kv.get", {"key": key})
        elif dice < 0.8:
            value = self.value()
            self.operate("put", key, "kv.put", {"key": key, "value": value}, value=value)
        elif dice < 0.87:
            self.operate("delete", key, "kv.delete", {"key": key})
        else:
            self.swap(key)

    def operate(self, op, key, method, params, **line):
        """One operation and its line. What was sent and has no answer is unknown."""
        line.update(client=self.number, op=op, key=key, call_ns=time.monotonic_ns())
        sent = False
        try:
            if self.node.connection is None:
                self.node.call("version", {})
            sent = True
            answer = self.node.call(method, dict(params, timeout_ms=5000))
        except OSError:
            if sent and op != "get":
                self.write(dict(line, outcome="unknown"))
            raise
        line["return_ns"] = time.monotonic_ns()
        self.finish(op, line, answer)

    def finish(self, op, line, answer):
        code = answer.get("error", {}).get("code")
        if code is None:
            if op == "get":
                line["value"] = answer["result"]["value"]
            if op == "delete":
                line["held"] = answer["result"]["deleted"] > 0
            if op == "swap":
                line["held"] = True
            self.write(dict(line, outcome="ok"))
        elif op == "get" and code == NOT_FOUND:
            self.write(dict(line, outcome="ok", value=None))
        elif op == "swap" and "nothing was done" in answer["error"]["message"]:
            self.write(dict(line, outcome="ok", held=False))
        elif code in REFUSED:
            self.write(dict(line, outcome="failed")) if op != "get" else None
        elif op != "get":
            line.pop("return_ns")
            self.write(dict(line, outcome="unknown"))

    def swap(self, key):
        """A put at the revision that was read: the value that must be there is the one of that revision."""
        if self.node.connection is None:
            self.node.call("version", {})
        answer = self.node.call("kv.get", {"key": key, "timeout_ms": 5000})
        result = answer.get("result")
        if result is None and answer["error"]["code"] != NOT_FOUND:
            return
        value = self.value()
        self.operate("swap", key, "kv.put",
                     {"key": key, "value": value, "if_revision": result["mod_revision"] if result else 0},
                     value=value, expect=result["value"] if result else None)


def main():
    lock = threading.Lock()
    with open(sys.argv[1], "w", buffering=1) as file:
        def write(line):
            with lock:
                file.write(json.dumps(line) + "\n")
        clients = [Client(2 * i + j, path, write) for i, path in enumerate(sys.argv[2:]) for j in range(2)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()


over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
main()
