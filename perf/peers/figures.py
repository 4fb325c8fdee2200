"""Medians, intervals, ratios and rows of samples. Pure.

A sample set is one value a round; None where that round gave none. Ratios are of the same round: ours / theirs for a
rate, theirs / ours for a time, so that 1 is the peer and larger is better for us.
"""
import random
import statistics

STEAL_UNSTABLE = 0.02
SEED, RESAMPLES = 20261121, 1000
COUNTERS = ("cycles_per_byte", "allocs", "bytes_memcpy", "syscalls")


def values(samples):
    return [s for s in samples if s is not None]


def ratios(ours, theirs, better):
    pairs = [(a, b) for a, b in zip(ours, theirs) if a and b]
    return [a / b if better == "larger" else b / a for a, b in pairs]


def ci95(sample):
    """Bootstrap interval of the median; the same for the same sample."""
    pick = random.Random(SEED)
    medians = sorted(statistics.median(pick.choices(sample, k=len(sample))) for _ in range(RESAMPLES))
    return [medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)]]


def cpu(results):
    """Medians of the rounds' shares of a CPU, as cpu.shares() has them; None when no round was long enough to say."""
    known = [r["cpu"] for r in results if r and r.get("cpu")]
    return {side: statistics.median(c[side] for c in known) for side in known[0]} if known else None


def cpu_per_gigabyte(results):
    """CPU seconds of both sides and of the kernel's threads for 1e9 bytes of a rate; None where that is not known."""
    known = [r for r in results if r and r.get("cpu")]
    costs = [(r["cpu"]["receiver"] + r["cpu"]["sender"] + r["cpu"]["kernel"]) / r["value"] * 1e9 for r in known]
    return statistics.median(costs) if costs else None


def ranked(samples, better):
    """Names of those that gave a figure, best first."""
    medians = {name: statistics.median(values(s)) for name, s in samples.items() if values(s)}
    return sorted(medians, key=medians.get, reverse=better == "larger")


def best(samples, names, better):
    """The best of these names, or None when none of them gave a figure."""
    return next((n for n in ranked(samples, better) if n in names), None)


def row(name, case, samples, ours, counts):
    """One result of schema sluice-perf/1: a peer against our best, each of ours against the best peer; of both only
    names in `counts`. None when `name` or its opponent gave no figure in a common round."""
    better = case.better
    other = best(samples, counts - ours if name in ours else counts & ours, better)
    if other is None or not values(samples[name]):
        return None
    subject, limit = (name, other) if name in ours else (other, name)
    ratio = ratios(samples[subject], samples[limit], better)
    if not ratio:
        return None
    return {
        "id": case.id(name), "domain": case.domain, "params": case.id(name)[len(case.domain) + 1:], "unit": case.unit,
        "better": better, "median": statistics.median(values(samples[subject])),
        "limit": {"id": case.id(limit), "median": statistics.median(values(samples[limit]))},
        "ratio": {"median": statistics.median(ratio), "ci95": ci95(ratio), "pairs": len(ratio)},
        "counters": dict.fromkeys(COUNTERS, None) | {"why": dict.fromkeys(COUNTERS, "other programs: not counted")},
        "subject": case.id(subject),
    }


def verdict(samples, ours, counts, better):
    """Who wins, in one sentence, also when it is not us."""
    mine, peer = best(samples, counts & ours, better), best(samples, counts - ours, better)
    if not peer:
        return "no peer ran: nobody to compare with"
    ratio = ratios(samples[mine], samples[peer], better) if mine else []
    if not ratio:
        return "first is %s; Sluice did not run" % peer
    by = statistics.median(ratio)
    order = [n for n in ranked(samples, better) if n in counts]
    if order[0] == mine:
        return "Sluice is first (%s), %.2f times the best peer, %s" % (mine, by, peer)
    peers = [n for n in order if n not in ours]
    behind = [n for n in peers if order.index(n) > order.index(mine)]
    return "first is %s; Sluice (%s) reaches %.2f of it and is ahead of %d of %d" % (
        peer, mine, by, len(behind), len(peers))
