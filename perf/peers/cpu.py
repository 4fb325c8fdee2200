"""How much of a CPU each side's processes use while a contender runs, and how much anybody else."""
import os
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")
EVERY = 0.1  # seconds between two looks


def process_seconds(pid):
    """CPU time of a process and its threads, also of one that has ended and was not waited for; 0 when it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def softirq_threads(cpus):
    """Pids of the kernel's threads that finish the network's work of these CPUs when there is too much of it."""
    names = {"ksoftirqd/%d\n" % cpu for cpu in cpus}
    return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and name_of(pid) in names]


def name_of(pid):
    try:
        with open("/proc/%s/comm" % pid) as file:
            return file.read()
    except OSError:
        return ""


def busy_seconds(cpus):
    """Time that these CPUs were not idle."""
    total = 0
    with open("/proc/stat") as file:
        for line in file:
            name, *fields = line.split()
            if name in {"cpu%d" % cpu for cpu in cpus}:
                user, nice, system, _, _, irq, softirq = map(int, fields[:7])
                total += user + nice + system + irq + softirq
    return total / TICK


def shares(looks, begin):
    """Of looks (time, receiver, sender, kernel, busy), in seconds: what each used of a CPU from the first look at or after
    `begin` to the last one in which nobody had gone; "others" is all else on both CPUs. None: too short to say."""
    looks = [look for look in looks if look[0] >= begin]
    while len(looks) > 1 and any(b < a for a, b in zip(looks[-2], looks[-1])):
        looks.pop()
    if len(looks) < 2 or looks[-1][0] - looks[0][0] < 2 * EVERY:
        return None
    took, receiver, sender, kernel, busy = (b - a for a, b in zip(looks[0], looks[-1]))
    return {"receiver": receiver / took, "sender": sender / took, "kernel": kernel / took,
            "others": max(0.0, busy - receiver - sender - kernel) / took}


class Watch:
    """with Watch(cpus, receiver pids, sender pids, warm_up) as watch: ...; then watch.cpu is as shares() has it."""

    def __init__(self, cpus, receiver, sender, warm_up):
        self.cpus, self.warm_up = cpus, warm_up
        self.sides = receiver, sender, softirq_threads(cpus)
        self.looks, self.over, self.cpu = [], threading.Event(), None

    def _look(self):
        used = [sum(map(process_seconds, pids)) for pids in self.sides]
        self.looks.append((time.monotonic(), *used, busy_seconds(self.cpus)))

    def _watch(self):
        while not self.over.wait(EVERY):
            self._look()

    def __enter__(self):
        self._look()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.cpu = shares(self.looks, self.looks[0][0] + self.warm_up)
