"""The evidence of a shadow, computed once more from rows, by another program and in another way.

Reads JSON from standard input: rows of [decided_us, candle_us, candidate, reference, up], the first
session and the end of the last, the horizon and the lateness in microseconds. Writes for each
session its bets, its gain and the logarithm of each component's growth. Standard library alone.
"""

import json
import math
import sys

MINUTE = 60_000_000
DAY = 86_400_000_000


def clip(p):
    return min(0.98, max(0.02, p))


def log_mean(logs):
    top = max(logs)
    return top + math.log(math.fsum(math.exp(x - top) for x in logs) / len(logs))


def session(rows, tracks, steps):
    placed, taken = [], set()
    for decided, _, p, q, up in rows:
        step = decided % DAY // MINUTE
        if step < steps - tracks and step not in taken:
            taken.add(step)
            placed.append((step, clip(p), clip(q), up))
    if not placed:
        return None
    logs, gain = [], math.fsum(
        math.log(p / q) if up else math.log((1 - p) / (1 - q)) for _, p, q, up in placed
    )
    for cap in (0.5, 0.9):
        for stake in (0.125, 0.25, 0.5, 1, 2, 4):
            track = [0.0] * tracks
            for step, p, q, up in placed:
                won, lost = math.log(p / q), math.log((1 - p) / (1 - q))
                worst = max(-won, -lost)
                if worst > 1e-9:
                    bet = min(stake, cap / worst) * (won if up else lost)
                    track[step % tracks] += math.log1p(bet)
            logs.append(log_mean(track))
    return {"bets": len(placed), "gain": gain, "logs": logs}


def main():
    task = json.load(sys.stdin)
    known_after = task["horizon_us"] + task["lateness_us"]
    tracks = -(-known_after // MINUTE) + 1
    days = {}
    for row in task["rows"]:
        start = row[0] // DAY * DAY
        if task["from_us"] <= start and start + DAY <= task["until_us"]:
            days.setdefault(start, []).append(row)
    found = []
    for start in sorted(days):
        values = session(sorted(days[start]), tracks, DAY // MINUTE)
        if values is not None:
            found.append({"session_ts": start, **values})
    json.dump(found, sys.stdout)


main()
