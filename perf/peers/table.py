"""Results for people. Pure."""
import catalogue
import figures

AGAIN = "(again)"


def amount(value, unit):
    return "%.2f Gb/s" % (value * 8 / 1e9) if unit == "B/s" else "%.1f us" % (value / 1e3)


def line(case, name, samples, row):
    got = figures.values(samples)
    middle = figures.statistics.median(got)
    spread = "%s to %s" % tuple(amount(v, case.unit).split()[0] for v in (min(got), max(got)))
    ratio = "%7.3f  %.3f to %.3f" % (row["ratio"]["median"], *row["ratio"]["ci95"]) if row else "      -"
    steal = "" if row is None or row["stable"] else "  (steal)"
    return "%-18s %12s  %-18s %s%s" % (name, amount(middle, case.unit), spread, ratio, steal)


def case_text(case, chosen, samples, rows, floor):
    """Best first, those without a figure last; then what each ran with."""
    by_name = {c.name: row for c in chosen for row in rows if row["id"] == case.id(c.name)}
    order = figures.ranked(samples, case.better)
    out = ["", "%-18s %12s  %-18s %7s  %s" % (case.id("..."), "median", "spread", "ratio", "95 %")]
    out += [line(case, name, samples[name], by_name.get(name)) for name in order]
    out += ["%-18s gave no figure" % c.name for c in chosen if c.name not in order]
    out.append("ratio: Sluice's best against the peer; each of Sluice's against the best peer; larger is better for Sluice")
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
