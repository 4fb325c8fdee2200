"""Results for people. Pure."""
import catalogue
import figures

AGAIN = "(again)"


def amount(value, unit):
    return "%.2f Gb/s" % (value * 8 / 1e9) if unit == "B/s" else "%.1f us" % (value / 1e3)


HEAD = "%-18s %12s  %-16s %5s %5s %5s %6s %8s  %-12s %6s  %s"
BUSY = 0.1  # of one CPU, used by anybody else, from which a figure is marked


def line(c, case, results, row):
    got = [r["value"] for r in results if r]
    spread = "%s to %s" % tuple(amount(v, case.unit).split()[0] for v in (min(got), max(got)))
    ratio = ("%.3f" % row["ratio"]["median"], "%.3f to %.3f" % tuple(row["ratio"]["ci95"])) if row else ("-", "")
    cpu = figures.cpu(results)
    shares = ["%.0f%%" % (100 * cpu[side]) if cpu else "?" for side in ("receiver", "sender", "kernel", "others")]
    cost = figures.cpu_per_gigabyte(results) if case.unit == "B/s" else None
    shares.append("?" if cost is None else "%.2f" % cost)
    marks = ("" if row is None or row["stable"] else "  (steal)") + ("  (busy)" if cpu and cpu["others"] > BUSY else "")
    return HEAD % (c.name, amount(figures.statistics.median(got), case.unit), spread, *shares, c.cipher, *ratio) + marks


def case_text(case, chosen, results, rows, floor):
    """Best first, those without a figure last; then what each ran with."""
    by_name = {c.name: row for c in chosen for row in rows if row["id"] == case.id(c.name)}
    by = {c.name: c for c in chosen}
    order = figures.ranked({name: [r and r["value"] for r in results[name]] for name in by}, case.better)
    out = ["", HEAD % (case.id("..."), "median", "spread", "recv", "send", "kern", "others", "s/GB", "cipher", "ratio", "95 %")]
    out += [line(by[name], case, results[name], by_name.get(name)).rstrip() for name in order]
    out += ["%-18s gave no figure" % c.name for c in chosen if c.name not in order]
    out.append("ratio: Sluice's best against the peer; each of Sluice's against the best peer; larger is better for Sluice")
    out.append("recv, send, kern: CPU time of that side's processes and of the kernel's network threads, of one CPU; others: all "
               "else on both; s/GB: CPU seconds of the first three for a gigabyte")
    beside = [c.name for c in chosen if not c.counts]
    if beside:
        out.append("shown, not taken for the best: " + ", ".join(beside))
    if floor:
        out.append("noise floor: %.3f to %.3f (%s against itself)" % (*floor["ci95"], floor["id"]))
    out.append("options:")
    for c in chosen:
        out.append("  %-16s %s" % (c.name, c.options))
        if c.apart:
            out.append("  %-16s not comparable: %s" % ("", c.apart))
    return "\n".join(out)


def warnings(run, machine):
    """What takes the meaning from every figure, in sentences, or nothing."""
    out = []
    if run["effort"] == "smoke":
        out.append("effort smoke: this shows that everything runs; the figures mean nothing")
    if run["build"] != "release":
        out.append("not a release build (%s): Sluice's figures are about the compiler's flags" % run["build"])
    if machine["load"] > machine["cpus"] / 2:
        out.append("the machine is busy: load %.1f" % machine["load"])
    return "".join("warning: %s\n" % text for text in out)


def absent_text(absent):
    if not absent:
        return "every contender was here"
    out = ["not here:"] + ["  %-16s %s" % (name, why) for name, (why, _) in absent.items()]
    packages = sorted({p for _, package in absent.values() for p in package.split()})
    if packages:
        out.append("to have them: scripts/setup --peers, then scripts/dev perf run --peers  (%s)" % " ".join(packages))
    return "\n".join(out)


def list_text():
    """Every id, as `sluice-perf list` prints its own: id, unit, against whom."""
    return "\n".join("%-34s %-5s %s" % (case.id(c.name), case.unit, "the best peer" if c.ours else "the best of Sluice")
                     for case in catalogue.CASES for c in catalogue.CONTENDERS if case in c.cases)
