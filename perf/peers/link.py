"""Two hosts and a bridge between them: three network namespaces without names, two veth pairs.

A namespace lives as long as its holder, a process that reads a pipe of ours: whatever ends us, kill -9 too, ends
the holders, and with them namespaces and interfaces. The shape is that of scripts/testbed --link veth.
"""
import os
import subprocess
import time

SENDER, RECEIVER = "10.79.0.1", "10.79.0.2"


class LinkError(Exception):
    """The machine refuses a namespace or an interface; the sentence says which."""


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise LinkError("ip %s: %s" % (" ".join(words), done.stderr.strip()))


def cpus():
    """CPU of the receiver, CPU of the sender: 0 and 1 where we may use them; the same one twice if it is alone."""
    may = sorted(os.sched_getaffinity(0))
    return may[0], may[1 % len(may)]


def pinned(cpu, command):
    """The command on one CPU, ended with us."""
    return ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(cpu), *command]


class Link:
    """with Link(mtu, offloads) as link: link.receiver([...]) is that command inside the receiver's namespace."""

    def __init__(self, mtu, offloads=True):
        self.mtu, self.offloads, self.holders = mtu, offloads, []

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for holder in self.holders:
            holder.stdin.close()
        for holder in self.holders:
            holder.wait()

    def _hold(self):
        holder = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "cat"],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.holders.append(holder)
        ours = os.readlink("/proc/self/ns/net")
        while holder.poll() is None:
            if os.readlink("/proc/%d/ns/net" % holder.pid) != ours:
                return str(holder.pid)
            time.sleep(0.002)
        raise LinkError("no network namespace: %s" % holder.stderr.read().strip())

    def _make(self):
        sender, receiver, bridge = self._hold(), self._hold(), self._hold()
        self._run(bridge, "ip", "link", "add", "br0", "mtu", str(self.mtu), "type", "bridge",
                  "stp_state", "0", "forward_delay", "0")
        self._run(bridge, "ip", "link", "set", "br0", "up")
        for pid, address, port in ((sender, SENDER, "port-a"), (receiver, RECEIVER, "port-b")):
            ip("link", "add", "dp0", "netns", pid, "mtu", str(self.mtu), "type", "veth",
               "peer", "name", port, "netns", bridge, "mtu", str(self.mtu))
            self._run(bridge, "ip", "link", "set", port, "master", "br0", "up")
            self._run(pid, "ip", "address", "add", address + "/24", "dev", "dp0")
            self._run(pid, "ip", "link", "set", "dp0", "up")
            if not self.offloads:
                self._run(pid, "ethtool", "-K", "dp0", "tso", "off", "gso", "off", "gro", "off")

    def _run(self, pid, *command):
        done = subprocess.run(["nsenter", "--net=/proc/%s/ns/net" % pid, *command], capture_output=True, text=True)
        if done.returncode != 0:
            raise LinkError("%s: %s" % (" ".join(command), done.stderr.strip()))

    def _inside(self, holder, cpu, command):
        return pinned(cpu, ["nsenter", "--net=/proc/%d/ns/net" % self.holders[holder].pid, *command])

    def sender(self, command):
        return self._inside(0, cpus()[1], command)

    def receiver(self, command):
        return self._inside(1, cpus()[0], command)
