#!/usr/bin/env python3
"""The pure parts of sluice-perf run --peers: what programs print, ratios, rows, the verdict, the table."""
import getopt
import json
import os
import sys
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
sys.path.insert(0, ROOT + "/perf/peers")
sys.dont_write_bytecode = True

import catalogue  # noqa: E402
import cpu  # noqa: E402
import figures  # noqa: E402
import parse  # noqa: E402
import peers  # noqa: E402
import table  # noqa: E402

# Of iperf 3.12, with the intervals left out.
IPERF3_TCP = """{"start": {"version": "iperf 3.12"}, "intervals": [], "end": {
 "streams": [{"sender": {"bytes": 1}}],
 "sum_sent": {"start": 0, "end": 2.000249, "seconds": 2.000249, "bytes": 4544397312, "bits_per_second": 18175326421.5,
  "retransmits": 0, "sender": true},
 "sum_received": {"start": 0, "end": 2.002, "seconds": 2.002, "bytes": 4544397312, "bits_per_second": 18159429818.2,
  "sender": true}, "cpu_utilization_percent": {"host_total": 99.1}}}"""
IPERF3_UDP = """{"start": {}, "intervals": [], "end": {"streams": [], "sum": {"start": 0, "end": 2.0, "seconds": 2.0,
 "bytes": 2000000000, "bits_per_second": 8000000000.0, "jitter_ms": 0.002, "lost_packets": 250, "packets": 1000,
 "lost_percent": 25.0, "sender": true}}}"""


class Parse(unittest.TestCase):
    def refused(self, function, *texts):
        for text in texts:
            with self.assertRaises(parse.ParseError, msg=text):
                function(text)

    def test_iperf3_tcp__what_was_received(self):
        self.assertAlmostEqual(parse.iperf3_goodput(IPERF3_TCP)["value"], 18159429818.2 / 8)

    def test_iperf3_udp__without_what_was_lost(self):
        self.assertAlmostEqual(parse.iperf3_goodput(IPERF3_UDP)["value"], 0.75e9)

    def test_iperf3__an_error_is_the_reason(self):
        with self.assertRaisesRegex(parse.ParseError, "unable to connect"):
            parse.iperf3_goodput('{"start":{},"error":"unable to connect to server"}')

    def test_iperf3__anything_else_is_refused(self):
        self.refused(parse.iperf3_goodput, "", "iperf3: no", "[]", "{}", '{"end": []}', '{"end": {"sum_received": 1}}',
                     IPERF3_TCP.replace("18159429818.2", "0"), IPERF3_TCP.replace("18159429818.2", "true"),
                     IPERF3_TCP.replace("18159429818.2", "-1"), IPERF3_TCP.replace("18159429818.2", "NaN"))

    def test_driver__goodput_and_round_trips(self):
        self.assertEqual(parse.driver_goodput('{"bytes":3000,"seconds":1.5}\n')["value"], 2000)
        trip = parse.driver_rtt('{"round_trips":9,"p50_ns":3500,"p99_ns":4200,"p999_ns":9000,"max_ns":9001}')
        self.assertEqual((trip["value"], trip["p99"], trip["p999"]), (3500, 4200, 9000))
        self.refused(parse.driver_goodput, "", "ready", '{"bytes":0,"seconds":1}', '{"bytes":1,"seconds":0}',
                     '{"bytes":"1","seconds":1}', '{"bytes":1}')
        self.refused(parse.driver_rtt, '{"round_trips":0,"p50_ns":1,"p99_ns":1,"p999_ns":1}', '{"round_trips":1}')

    def test_sluice_send__only_a_verified_file_counts(self):
        good = '{"progress": 1}\n{"verified": true, "goodput_bps": 1600000000.0}\n'
        self.assertEqual(parse.sluice_send(good)["value"], 2e8)
        self.refused(parse.sluice_send, "", good.replace("true", "false"), '{"verified": true}')
        with self.assertRaisesRegex(parse.ParseError, "no such node"):
            parse.sluice_send('{"error": {"code": "unreachable", "message": "no such node"}}')

    def test_download(self):
        self.assertEqual(parse.download(100, 4)["value"], 25)
        self.assertRaises(parse.ParseError, parse.download, 0, 1)


class Figures(unittest.TestCase):
    case = catalogue.GOODPUT_1500
    samples = {"us": [2.0, 4.0, 3.0], "also-us": [1.0, 1.0, 1.0], "tcp": [8.0, 8.0, None], "slow": [1.0, 2.0, 1.0],
               "lossy": [9.0, 9.0, 9.0], "dead": [None, None, None]}
    ours = {"us", "also-us"}
    counts = {"us", "also-us", "tcp", "slow", "dead"}

    def test_ratios__of_the_same_round_larger_is_better_for_us(self):
        self.assertEqual(figures.ratios([2, 4, 3], [8, 8, None], "larger"), [0.25, 0.5])
        self.assertEqual(figures.ratios([2, 4], [8, 8], "smaller"), [4, 2])

    def test_ci95__holds_the_median_and_repeats(self):
        sample = [1 + (n * 37) % 101 for n in range(101)]
        low, high = figures.ci95(sample)
        self.assertTrue(36 < low < 46 and 56 < high < 66, (low, high))
        self.assertEqual(figures.ci95(sample), [low, high])
        self.assertEqual(figures.ci95([5.0]), [5.0, 5.0])

    def row(self, name):
        return figures.row(name, self.case, self.samples, self.ours, self.counts)

    def test_row__a_peer_is_the_limit_of_our_best(self):
        row = self.row("slow")
        self.assertEqual((row["id"], row["subject"]), ("peers/goodput/slow/1500", "peers/goodput/us/1500"))
        self.assertEqual((row["median"], row["limit"]), (3.0, {"id": "peers/goodput/slow/1500", "median": 1.0}))
        self.assertEqual((row["ratio"]["median"], row["ratio"]["pairs"]), (2.0, 3))

    def test_row__ours_against_the_best_reliable_peer(self):
        row = self.row("also-us")
        self.assertEqual((row["subject"], row["limit"]["id"]), ("peers/goodput/also-us/1500", "peers/goodput/tcp/1500"))
        self.assertEqual((row["ratio"]["median"], row["ratio"]["pairs"]), (0.125, 2))

    def test_row__none_without_figures(self):
        self.assertIsNone(self.row("dead"))
        self.assertIsNone(figures.row("tcp", self.case, {"tcp": [1.0]}, self.ours, self.counts))

    def test_verdict__also_when_it_is_not_us(self):
        self.assertEqual(figures.verdict(self.samples, self.ours, self.counts, "larger"),
                         "first is tcp; Sluice (us) reaches 0.38 of it and is ahead of 1 of 2")
        self.assertEqual(figures.verdict(self.samples, self.ours, self.counts, "smaller"),
                         "Sluice is first (also-us), 1.00 times the best peer, slow")
        self.assertIn("did not run", figures.verdict({"tcp": [1.0]}, self.ours, self.counts, "larger"))
        self.assertIn("no peer", figures.verdict({"us": [1.0]}, self.ours, self.counts, "larger"))


    def test_cpu__median_of_the_rounds_that_know(self):
        rounds = [{"value": 2e9, "cpu": {"receiver": r, "sender": 1.0, "kernel": 0.3}} for r in (0.5, 0.7, 0.9)]
        self.assertEqual(figures.cpu([None, {"cpu": None}, *rounds]), {"receiver": 0.7, "sender": 1.0, "kernel": 0.3})
        self.assertAlmostEqual(figures.cpu_per_gigabyte([None, {"value": 9, "cpu": None}, *rounds]), 1.0)
        self.assertIsNone(figures.cpu_per_gigabyte([None, {"value": 9, "cpu": None}]))
        self.assertIsNone(figures.cpu([None, {"cpu": None}, {"value": 1}]))


class Cpu(unittest.TestCase):
    def test_shares__after_the_warm_up_until_one_is_gone(self):
        looks = [(0.0, 9.0, 0.0, 1.0, 20.0), (1.0, 10.0, 1.0, 1.0, 22.0), (2.0, 10.5, 2.0, 1.2, 24.0),
                 (3.0, 11.0, 3.0, 1.5, 26.0), (4.0, 11.2, 0.0, 1.6, 27.0)]
        self.assertEqual(cpu.shares(looks, 0.5), {"receiver": 0.5, "sender": 1.0, "kernel": 0.25, "others": 0.25})

    def test_shares__too_short_to_say(self):
        self.assertIsNone(cpu.shares([(0.0, 0.0, 0.0, 0.0, 0.0)], 0))
        self.assertIsNone(cpu.shares([(0.0, 0.0, 0.0, 0.0, 0.0), (0.1, 0.1, 0.1, 0.0, 0.2)], 0))
        self.assertIsNone(cpu.shares([(0.0, 5.0, 0.0, 0.0, 0.0), (9.0, 0.0, 0.0, 0.0, 9.0)], 0))

    def test_watch__sees_ourselves_work(self):
        with cpu.Watch(sorted(os.sched_getaffinity(0)), [os.getpid()], [], 0) as watch:
            until = os.times().user + 0.5
            while os.times().user < until:
                pass
        self.assertGreater(watch.cpu["receiver"], 0)
        self.assertEqual(watch.cpu["sender"], 0)


class Catalogue(unittest.TestCase):
    def test_floor_of__the_kernel_where_it_is(self):
        by = {c.name: c for c in catalogue.CONTENDERS}
        self.assertEqual(catalogue.floor_of([by["sluice-af_packet"], by["srt"], by["tcp"]]).name, "tcp")
        self.assertEqual(catalogue.floor_of([by["sluice-af_packet"], by["srt"]]).name, "srt")
        self.assertIsNone(catalogue.floor_of([by["sluice-af_packet"]]))

    def test_ids__are_paths_and_differ(self):
        ids = [case.id(c.name) for c in catalogue.CONTENDERS for case in c.cases]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertIn("peers/goodput/iperf3-tcp/1500", ids)
        self.assertIn("peers/rtt/udt/64", ids)
        self.assertEqual(table.list_text().count("\n") + 1, len(ids))

    def test_drivers__have_a_source(self):
        for name in {c.driver for c in catalogue.CONTENDERS if c.driver}:
            sources = [ROOT + "/perf/peers/peer_" + name + end for end in (".c", ".cpp")]
            self.assertTrue(any(map(os.path.exists, sources)), name)

    def test_missing__says_what_and_setup_has_its_package(self):
        with open(ROOT + "/scripts/setup") as file:
            setup = file.read()
        for c in catalogue.CONTENDERS:
            for package in c.package.split():
                self.assertIn(package, setup, c.name)
            if c.driver:
                self.assertNotEqual(catalogue.missing(c, lambda name: None), "", c.name)
                self.assertEqual(catalogue.missing(c._replace(needs=()), lambda name: "/bin/true"), "", c.name)
        nobody = catalogue.CONTENDERS[0]._replace(needs=("no-such-program",))
        self.assertIn("no-such-program", catalogue.missing(nobody, lambda name: "/bin/true"))


class Table(unittest.TestCase):
    def test_case_text__best_first_and_who_gave_nothing(self):
        case = catalogue.GOODPUT_1500
        chosen = [c for c in catalogue.CONTENDERS if c.name in ("sluice-af_packet", "udt", "enet", "iperf3-udp")]
        samples = {"sluice-af_packet": [1e8, 2e8], "udt": [4e8, 4e8], "enet": [None, None], "iperf3-udp": [5e8, 5e8]}
        results = {name: [v and {"value": v} for v in s] for name, s in samples.items()}
        results[table.AGAIN] = [{"value": 4.0e8}, {"value": 5.0e8}]
        again = next(c for c in chosen if c.name == "udt")
        rows, floor = peers.case_rows(case, chosen, results, dict.fromkeys(results, 0.0), again)
        text = table.case_text(case, chosen, results, rows, floor)
        names = [line.split()[0] for line in text.splitlines()[2:6]]
        self.assertEqual(names, ["iperf3-udp", "udt", "sluice-af_packet", "enet"])
        self.assertIn("enet               gave no figure", text)
        self.assertIn("not taken for the best: iperf3-udp", text)
        self.assertEqual(floor["pairs"], 2)
        self.assertEqual(json.loads(json.dumps(rows))[0]["limit"]["id"], "peers/goodput/udt/1500")
        self.assertEqual({r["id"].split("/")[2]: r["beside"] for r in rows},
                         {"sluice-af_packet": True, "udt": False, "iperf3-udp": True})

    def test_warnings__what_makes_figures_meaningless(self):
        good = {"effort": "quick", "build": "release"}
        self.assertEqual(table.warnings(good, {"load": 0.5, "cpus": 2}), "")
        bad = table.warnings({"effort": "smoke", "build": "debug"}, {"load": 1.5, "cpus": 2})
        self.assertEqual(bad.count("warning: "), 3)


class Command(unittest.TestCase):
    def test_options(self):
        o = peers.Options(["run", "--peers", "--full", "--filter", "peers/rtt/*", "--json", "-"])
        self.assertEqual((o.plan.effort, o.filter, o.json), ("full", "peers/rtt/*", "-"))
        for wrong in (["run", "--peers", "udt"], ["run", "--peers", "--frobnicate"], ["run", "--filter"]):
            self.assertRaises(getopt.GetoptError, peers.Options, wrong)


if __name__ == "__main__":
    unittest.main()
