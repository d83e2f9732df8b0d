"""Computes the rows of a training set from raw rows, by looking at every row for every request.

    python3 test/oracle/datasets/point_in_time.py < rows.ndjson > joined.ndjson

Independent of the project's code, and of any library: Python 3.8 is enough. The first line is the
question (as_of, known, keep, max_age_us, features, from, to or null); every other line is one row
of `features`, `labels`, `predictions` or `requests`, in any order and however often it was
delivered. Times are integer microseconds.
"""

import json
import sys


def known_by(row, as_of):
    if "label_known_at" in row:
        return row["label_known_at"] <= as_of
    return row["known_at"] <= as_of and row["decided_ts"] <= as_of


def newest_revision(rows):
    return max(rows, key=lambda row: row["revision"]) if rows else None


def answer(features, at, question):
    """The feature row that a request at this time has, or None."""
    if question["known"] == "request":
        there = [f for f in features if f["decided_ts"] <= at and f["known_at"] <= at]
        return max(there, key=lambda f: (f["ts"], f["revision"])) if there else None
    by_ts = {}
    for feature in features:
        by_ts.setdefault(feature["ts"], []).append(feature)
    best = None
    for ts, revisions in by_ts.items():
        newest = newest_revision(revisions)
        was_served = any(each["revision"] == 0 for each in revisions)
        if (newest["decided_ts"] if was_served else ts) <= at and (best is None or ts > best["ts"]):
            best = newest
    return best


def joined(request, feature, labels, champion, question):
    too_old = False
    limit = question["max_age_us"]
    if feature is not None and limit is not None and request["ts"] - feature["ts"] > limit:
        too_old, feature = True, None
    ts = None if feature is None else feature["ts"]
    label = newest_revision([each for each in labels if each["ts"] == ts])
    said = [each["probability_up"] for each in champion if each["ts"] == ts]
    values = {name: None if feature is None else feature[name] for name in question["features"]}
    return {
        "ts": ts,
        "decided_ts": None if feature is None else feature["decided_ts"],
        "values": values,
        "up": label and label["up"],
        "forward_return": label and label["forward_return"],
        "exit_ts": label and label["exit_ts"],
        "champion_probability": said[0] if said else None,
        "missing": missing(feature, too_old, label, values),
    }


def missing(feature, too_old, label, values):
    if too_old:
        return "too_old"
    if feature is None:
        return "no_feature"
    if label is None:
        return "immature"
    if label["state"] == "void":
        return "void_" + (label["void_reason"] or "unknown")
    nulls = sum(value is None for value in values.values())
    return "warming_up" if nulls > 0.35 * len(values) else None


def main():
    question = json.loads(sys.stdin.readline())
    tables = {"features": {}, "labels": {}, "predictions": {}}
    requests = []
    for line in sys.stdin:
        row = json.loads(line)
        table, of = row.pop("table"), (row["venue"], row["symbol"])
        if table == "requests":
            requests.append(row)
        elif known_by(row, question["as_of"]):
            tables[table].setdefault(of, []).append(row)
    if question["from"] is not None:
        decisions = {
            (of, row["ts"])
            for of, rows in tables["features"].items()
            for row in rows
            if question["from"] <= row["ts"] < question["to"]
        }
        requests = [{"venue": of[0], "symbol": of[1], "ts": ts} for of, ts in sorted(decisions)]
    for number, request in enumerate(requests):
        of = (request["venue"], request["symbol"])
        features, labels, champion = (
            tables[name].get(of, []) for name in ["features", "labels", "predictions"]
        )
        if question["from"] is None:
            feature = answer(features, request["ts"], question)
        else:
            feature = newest_revision([row for row in features if row["ts"] == request["ts"]])
        row = joined(request, feature, labels, champion, question)
        if question["keep"] == "all" or row["missing"] is None:
            out = {"request_row": number, "request_ts": request["ts"], **row}
            print(json.dumps({"venue": of[0], "symbol": of[1], **out}))


main()
