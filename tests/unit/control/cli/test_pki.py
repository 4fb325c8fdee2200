#!/usr/bin/env python3
"""Certificates as their user sees them: sluice pki, and what sluice-control --check says of them."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

CONFIGURATION = """node: a
run_dir: {folder}/run
control:
  listen: 127.0.0.1:4800
dataplane:
  workers: 1
  hugepages: auto
security:
  ca: {folder}/pki/a/ca.crt
  certificate: {folder}/pki/a/node.crt
  key: {folder}/pki/a/node.key
  keyring: {folder}/pki/a/cluster.keys
links:
  - name: l
    driver: memif
    socket: {folder}/l.sock
    role: server
    address: 10.0.0.1/24
peers: []
"""


class Stage(unittest.TestCase):
    """The authority of a cluster, and the certificate of its node a."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-test-pki-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.pki = self.folder + "/pki"
        self.good("pki", "init", "--dir", self.pki)
        self.good("pki", "issue", "a", "--dir", self.pki)

    def run_sluice(self, *arguments):
        # A terminal's user may have a path that is no text.
        done = subprocess.run([sluice, *arguments], capture_output=True, timeout=30, cwd=self.folder)
        self.assertNotIn(b"AddressSanitizer", done.stderr)
        return done

    def good(self, *arguments):
        done = self.run_sluice(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def refused(self, *arguments):
        done = self.run_sluice(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return (done.stdout + done.stderr).decode()

    def control(self, *arguments):
        return subprocess.run([sluice_control, *arguments], capture_output=True, text=True, timeout=30)

    def write(self, name, text, mode=0o600):
        with open(self.folder + "/" + name, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.folder + "/" + name, mode)

    def check(self, configuration=CONFIGURATION):
        self.write("node.yaml", configuration.format(folder=self.folder))
        return self.control("--check", "--config", self.folder + "/node.yaml")

    def says(self, code, text, configuration=CONFIGURATION):
        done = self.check(configuration)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(text, done.stdout + done.stderr)
        self.assertEqual(": good, node a" in done.stdout, code == 0)
        if code == 0:
            return
        started = self.control("--config", self.folder + "/node.yaml")
        self.assertEqual(started.returncode, code)
        self.assertIn(text, started.stderr)


class Check(Stage):
    """--check refuses what the start would refuse, in the same words."""

    def test_check__good(self):
        self.says(0, "good, node a with 1 link and 0 peers")

    def test_usage__says_what_is_wrong(self):
        for arguments, sentence in (["foo"], "'foo' is no option"), ([], "no configuration; give one"):
            done = self.control(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn("sluice-control: " + sentence, done.stderr)

    def test_check__missing(self):
        for name in "ca.crt", "node.crt", "node.key":
            os.rename(self.pki + "/a/" + name, self.folder + "/away")
            self.says(1, name + " cannot be read: No such file or directory")
            os.rename(self.folder + "/away", self.pki + "/a/" + name)

    def test_check__of_somebody_else(self):
        self.good("pki", "issue", "b", "--dir", self.pki)
        self.says(1, "node.crt is for node 'b', and this is node 'a'",
                  CONFIGURATION.replace("pki/a", "pki/b"))
        self.says(1, "pki/b/node.key is not the key of security.certificate",
                  CONFIGURATION.replace("a/node.key", "b/node.key"))
        self.good("pki", "init", "--dir", self.folder + "/other")
        self.says(1, "node.crt is not signed by security.ca",
                  CONFIGURATION.replace("pki/a/ca.crt", "other/ca.crt"))

    def test_check__no_certificate(self):
        self.says(1, "must be a regular file", CONFIGURATION.replace("pki/a/ca.crt", "pki"))
        self.write("pki/a/ca.crt", "garbage")
        self.says(1, "ca.crt holds no certificate in PEM form")

    def test_check__open_key(self):
        os.chmod(self.pki + "/a/node.key", 0o644)
        self.says(1, "is a private key that others may read (mode 644); chmod 600 it")

    def test_check__open_keyring(self):
        os.chmod(self.pki + "/a/cluster.keys", 0o640)
        self.says(1, "has the cluster's keys and others may read it (mode 640); chmod 600 it")
        os.chmod(self.pki + "/a/cluster.keys", 0o600)
        self.write("pki/a/cluster.keys", "# nothing\n")
        self.says(1, "cluster.keys: has no key")

    def test_check__hybrid_only(self):
        version = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout
        required = CONFIGURATION.replace("security:", "security:\n  pq: require")
        if tuple(map(int, version.split()[1].split(".")[:2])) < (3, 5):
            self.says(1, "security.pq: require: ", required)
        else:
            self.says(0, "good", required)


class Show(Stage):
    """pki show FOLDER says what a node would hear."""

    def states(self, code=0):
        done = self.run_sluice("pki", "show", "--json", self.pki)
        self.assertEqual(done.returncode, code, done.stdout)
        rows = json.loads(done.stdout)["certificates"]
        self.assertEqual([row["node"] for row in rows], [None, "a"])
        return [row["state"] for row in rows]

    def test_show__another_authority(self):
        self.assertEqual(self.states(), ["good", "good"])
        self.good("pki", "init", "--dir", self.pki, "--replace")
        self.assertEqual(self.states(1), ["good", "of another authority"])
        self.assertIn("state      of another authority", self.refused("pki", "show", self.pki))
        self.good("pki", "issue", "a", "--dir", self.pki, "--replace")
        self.assertEqual(self.states(), ["good", "good"])

    def test_show__path_that_is_no_text(self):
        rows = json.loads(self.run_sluice("pki", "show", "--json", b"x\xff").stdout)["certificates"]
        self.assertEqual([(row["file"], row["state"]) for row in rows], [("x\\xff", "unreadable")])
        self.assertIn("No such file", rows[0]["error"])
        self.assertIn("y\\x1b[31m cannot be read", self.refused("pki", "show", "y\x1b[31m"))

    def test_show__another_key(self):
        self.good("pki", "issue", "b", "--dir", self.folder + "/pki")
        os.rename(self.pki + "/b/node.key", self.pki + "/a/node.key")
        shutil.rmtree(self.pki + "/b")
        self.assertEqual(self.states(1), ["good", "of another key"])
        os.chmod(self.pki + "/a/node.key", 0o644)
        self.assertEqual(self.states(1), ["good", "its key cannot be used"])
        self.assertIn("others may read (mode 644); chmod 600 it", self.refused("pki", "show", self.pki))
        os.remove(self.pki + "/a/node.key")  # moved to its node
        self.assertEqual(self.states(), ["good", "good"])


class Issue(Stage):
    """What pki issue did is told."""

    def test_issue__what_the_configuration_names(self):
        text = self.good("pki", "issue", "b", "--dir", "pki")
        made = json.loads(self.good("pki", "issue", "c", "--dir", "pki", "--json"))
        real = os.path.realpath(self.pki)
        for key, file in ("ca", "ca.crt"), ("certificate", "node.crt"), ("key", "node.key"):
            self.assertIn("  %s: %s/b/%s\n" % (key, real, file), text)
            self.assertEqual(made[key], "%s/c/%s" % (real, file))

    def test_issue__no_authority(self):
        none = self.folder + "/none"
        self.assertIn("; sluice pki init makes one", self.refused("pki", "issue", "a", "--dir", none))
        os.mkdir(none)
        self.assertIn("; sluice pki init makes one", self.refused("pki", "show", none))

    def test_issue__name(self):
        self.assertIn("with a letter or digit in front", self.refused("pki", "issue", ".a", "--dir", self.pki))

    def test_init__refused_leaves_no_folder(self):
        folder = self.folder + "/new"
        done = self.run_sluice("pki", "init", "--dir", folder, "--algorithm", "ml-dsa-65")
        self.assertEqual(done.returncode == 0, os.path.exists(folder))

    def test_issue__one_day(self):
        self.good("pki", "issue", "b", "--dir", self.pki, "--days", "2")
        time.sleep(1.1)
        self.assertIn(", 1 day left\n", self.good("pki", "show", self.pki + "/b/node.crt"))

    def test_issue__ends_with_its_authority(self):
        self.good("pki", "init", "--dir", self.folder + "/short", "--days", "10")
        issue = ["pki", "issue", "--dir", self.folder + "/short"]
        self.assertIn("\nNot 365 days: it ends with its authority.\n", self.good(*issue, "a"))
        self.assertNotIn("it ends with its authority", self.good(*issue, "b", "--days", "9"))
        self.assertTrue(json.loads(self.good(*issue, "c", "--json"))["shortened"])
        self.assertFalse(json.loads(self.good(*issue, "d", "--days", "9", "--json"))["shortened"])


class Replace(Stage):
    """One authority after another, as docs/architecture.md tells it."""

    def text(self, name):
        with open(self.pki + "/" + name, encoding="utf-8") as file:
            return file.read()

    def serials(self, path):
        rows = json.loads(self.good("pki", "show", "--json", path))["certificates"]
        return [row["serial"] for row in rows]

    def test_issue__both_authorities(self):
        old = self.text("ca.crt")
        self.good("pki", "init", "--dir", self.pki, "--replace")
        new = self.text("ca.crt")
        for both in old + new, new + old:  # the key says which one signs
            self.write("pki/ca.crt", both)
            self.good("pki", "issue", "b", "--dir", self.pki, "--replace")
            self.assertEqual(self.text("b/ca.crt"), both)
            self.assertEqual(len(self.serials(self.pki + "/b/ca.crt")), 2)
            self.assertEqual(len(self.serials(self.pki)), 4)  # what the old one signed is still good
            self.assertEqual(self.good("pki", "show", self.pki + "/ca.crt").count("  serial "), 2)
            self.write("new.crt", new)
            subprocess.run(["openssl", "verify", "-CAfile", self.folder + "/new.crt", self.pki + "/b/node.crt"],
                           check=True, capture_output=True)
        self.write("pki/a/ca.crt", both)
        self.says(0, "good, node a")  # the old certificate, until its turn comes
        self.write("pki/ca.crt", new)
        self.assertIn("of another authority", self.refused("pki", "show", self.pki))
        self.write("pki/ca.crt", old)
        self.assertIn("ca.key is not the key of the ca.crt beside it",
                      self.refused("pki", "issue", "c", "--dir", self.pki))


if __name__ == "__main__":
    sluice, sluice_control = map(os.path.abspath, sys.argv[1:])
    unittest.main(argv=sys.argv[:1])
