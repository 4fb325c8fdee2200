"""Sluice on the same shape of link: scripts/testbed, anew for every figure, so that idle nodes never stand beside a peer."""
import json
import os
import shutil
import subprocess
import tempfile

import parse
import run
from cpu import Watch
from link import cpus, pinned

SENDER_NODE, RECEIVER_NODE = "a", "b"


class Bed:
    def __init__(self, root, build):
        self.testbed, self.build, self.folder = root + "/scripts/testbed", build, None

    def _call(self, *words):
        done = run.start([self.testbed, *words], self._env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            out = done.communicate(timeout=180)[0]
        except BaseException:
            done.terminate()  # it takes back what it has made
            done.wait()
            raise
        if done.returncode != 0:
            said = [line for line in out.strip().splitlines() if line.strip()] or ["(nothing)"]
            raise run.Failed("testbed %s: %s" % (words[0], said[-1][:200]))

    def _env(self):
        return {"SLUICE_TESTBED": self.folder + "/bed", "SLUICE_BUILD": self.build}

    def _node(self, node):
        return {"SLUICE_NODE": "%s/bed/%s/control.sock" % (self.folder, node)}

    def up(self, driver, mtu):
        self.folder = tempfile.mkdtemp(prefix="sluice-peers-", dir="/dev/shm")
        self._call("up", "2", "--link", "veth", "--driver", driver, "--mtu", str(mtu), "--cipher", "null", "--owner", str(os.getpid()))
        for node, cpu in ((RECEIVER_NODE, cpus()[0]), (SENDER_NODE, cpus()[1])):
            for pid in self._processes(node):
                subprocess.run(["taskset", "-acp", str(cpu), str(pid)], check=True, stdout=subprocess.DEVNULL)

    def _processes(self, node):
        out = subprocess.run([self.build + "/control/sluice", "status", "--json"], check=True, capture_output=True,
                             text=True, env=dict(os.environ, **self._node(node))).stdout
        status = json.loads(out)
        with open("%s/bed/%s/serve.pid" % (self.folder, node)) as file:
            return [status["control"]["pid"], status["dataplane"]["pid"], int(file.read().split(":")[0])]

    def down(self):
        """Harmless when nothing is up."""
        if self.folder is None:
            return
        try:
            self._call("down")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def application(self, bench, case, driver):
        """Two applications on libsluice, perf/peers/peer_sluice.c."""
        def command(side):
            return [bench.driver("sluice"), side, "127.0.0.1", "1", case.kind, *bench.times(case), str(case.mtu),
                    RECEIVER_NODE]
        try:
            self.up(driver, case.mtu)
            return run.driver(bench, case, pinned(cpus()[0], command("receive")), pinned(cpus()[1], command("send")),
                              (self._node(RECEIVER_NODE), self._node(SENDER_NODE)),
                              (self._processes(RECEIVER_NODE), self._processes(SENDER_NODE)))
        finally:
            self.down()

    def file(self, bench, case, driver):
        """sluice send of a file on tmpfs to the node that serves into tmpfs."""
        try:
            self.up(driver, case.mtu)
            bench.file(self.folder + "/file")
            send = run.start(pinned(cpus()[1], [self.build + "/control/sluice", "send", "--json", "--codec", "none",
                                                self.folder + "/file", RECEIVER_NODE]),
                             self._node(SENDER_NODE), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                sides = self._processes(RECEIVER_NODE), [send.pid, *self._processes(SENDER_NODE)]
                with Watch(cpus(), *sides, 0) as watch:
                    out = run.words(send, run.PATIENCE + 20 * bench.plan.seconds)
                return dict(parse.sluice_send(out), cpu=watch.cpu)
            finally:
                run.end(send)
        finally:
            self.down()
