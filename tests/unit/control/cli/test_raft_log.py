#!/usr/bin/env python3
"""The log of a node from outside: sluice raft log verify, dump. usage: test_raft_log.py SLUICE MAKE_LOG"""
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SEGMENT = "log.0000000000000001"


class RaftLog(unittest.TestCase):
    """Entries 1 to 30 in three groups of a block, a snapshot up to 5, term 5 at the end."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-test-raft-log-")
        self.addCleanup(shutil.rmtree, self.folder)
        subprocess.run([make_log, self.folder], check=True, timeout=60)

    def run_sluice(self, *arguments):
        done = subprocess.run([sluice, "raft", "log", *arguments], capture_output=True, text=True,
                              timeout=30)
        self.assertNotIn("AddressSanitizer", done.stderr)
        return done

    def flip(self, name, at):
        with open(os.path.join(self.folder, name), "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 4]))

    def contents(self):
        found = {}
        for name in os.listdir(self.folder):
            with open(os.path.join(self.folder, name), "rb") as file:
                found[name] = file.read()
        return found

    def test_verify_says_what_is_there(self):
        before = self.contents()
        done = self.run_sluice("verify", "--folder", self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("entries 1 to 30, the last of term 5, in 3 groups", done.stdout)
        self.assertIn("up to entry 5 of term 4, 1,000 bytes, 1 members, whole", done.stdout)
        self.assertIn("term       5, voted for", done.stdout)
        self.assertIn("verdict    clean\n", done.stdout)
        self.assertEqual(before, self.contents())

    def test_verify_as_json(self):
        done = self.run_sluice("verify", "--folder", self.folder, "--json")
        found = json.loads(done.stdout)
        self.assertEqual((found["verdict"], found["first"], found["last"], found["term"]),
                         ("clean", 1, 30, 5))
        self.assertEqual(found["snapshots"][0]["index"], 5)
        self.assertNotIn("records", found)

    def test_dump_shows_every_record(self):
        done = self.run_sluice("dump", "--folder", self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in ("  entry 1  term 4  data  100 bytes\n", "  entries from 12 on are gone\n",
                     "  entry 30  term 5  data  100 bytes\n"):
            self.assertIn(line, done.stdout)
        found = json.loads(self.run_sluice("dump", "--folder", self.folder, "--json").stdout)
        self.assertEqual(len(found["records"]), 10 + 2 + 1 + 19)
        found = json.loads(self.run_sluice("dump", "--folder", self.folder, "--json", "--from",
                                           "20", "--limit", "3").stdout)
        self.assertEqual([r["index"] for r in found["records"]], [20, 21, 22])

    def test_rot_is_told_and_nothing_changed(self):
        self.flip(SEGMENT, 4096 + 700)
        before = self.contents()
        done = self.run_sluice("verify", "--folder", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("verdict    rotten: segment 1 is damaged at byte 4096", done.stdout)
        self.assertIn("quarantine until the log reaches entry 30 of term 5", done.stdout)
        found = json.loads(self.run_sluice("verify", "--folder", self.folder, "--json").stdout)
        self.assertEqual((found["verdict"], found["last"], found["durable_index"]),
                         ("rotten", 10, 30))
        self.assertEqual(before, self.contents())

    def test_a_torn_end_is_no_damage(self):
        with open(os.path.join(self.folder, SEGMENT), "r+b") as file:
            file.seek(8192 + 1024)
            file.write(bytes(512))
        done = self.run_sluice("verify", "--folder", self.folder)
        self.assertEqual(done.returncode, 0)
        self.assertIn("verdict    torn: a write to segment 1 at byte 8192", done.stdout)

    def test_damaged_metadata(self):
        self.flip("meta", 40)
        done = self.run_sluice("verify", "--folder", self.folder)
        self.assertEqual(done.returncode, 0)
        self.assertIn("one of the two slots", done.stdout)
        self.flip("meta", 4096 + 40)
        done = self.run_sluice("verify", "--folder", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("both slots of the metadata are damaged", done.stderr)

    def test_a_running_node_keeps_it(self):
        folder = os.open(self.folder, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX)
        done = self.run_sluice("verify", "--folder", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("stop it first", done.stderr)

    def test_wrong_usage(self):
        for arguments, words in ((("verify",), "needs --folder"), (("mend", "--folder", "x"), "one of: verify, dump"),
                                 (("--folder", "x"), "one of: verify, dump")):
            done = self.run_sluice(*arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)
        done = self.run_sluice("verify", "--folder", self.folder + "/none")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be read: No such file", done.stderr)
        empty = tempfile.mkdtemp(dir=self.folder)
        self.assertIn("no log in this folder", self.run_sluice("verify", "--folder", empty).stderr)

    def test_help(self):
        done = self.run_sluice("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("usage: sluice raft log verify|dump [OPTION]...", done.stdout)


if __name__ == "__main__":
    sluice, make_log = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
