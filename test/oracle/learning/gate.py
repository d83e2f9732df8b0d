"""Writes gate.json: p-values of a studentised block bootstrap, by NumPy, for src/learning/gate.ts.

Independent of the project's code: same definition (mean over rows, standard error from block sums,
positive lag-1 covariance of neighbours in the sample's error only), other generator, 400 000
resamples.

Run: pip install numpy; python test/oracle/learning/gate.py
"""

import json
from pathlib import Path

import numpy as np

RESAMPLES = 400_000


def standard_error(sums, rows, lag):
    residual = sums - sums.sum(-1, keepdims=True) / rows.sum(-1, keepdims=True) * rows
    total = (residual**2).sum(-1)
    if lag:
        total = total + 2 * np.maximum((residual[..., 1:] * residual[..., :-1]).sum(-1), 0)
    count = sums.shape[-1]
    return np.sqrt(total * count / (count - 1)) / rows.sum(-1)


def p_value(gains, rows, rng):
    sums = gains * rows
    mean = sums.sum() / rows.sum()
    t = mean / standard_error(sums, rows, True)
    at_least = 0
    for _ in range(40):
        drawn = rng.integers(0, len(sums), (RESAMPLES // 40, len(sums)))
        s, n = sums[drawn], rows[drawn]
        with np.errstate(divide="ignore", invalid="ignore"):
            again = (s.sum(-1) / n.sum(-1) - mean) / standard_error(s, n, False)
        at_least += int(np.sum(~(again < t)))
    return (at_least + 1) / (RESAMPLES + 1)


rng = np.random.default_rng(7)
alternating = np.array([0.05, -0.02, 0.06, -0.01, 0.04, -0.03, 0.05, -0.02, 0.03, -0.01])
skewed = np.array([0.03, 0.02, 0.03, 0.04, 0.02, 0.03, -0.12, 0.03, 0.04, 0.03, 0.02, 0.04])
even = np.full(12, 120)
cases = [
    {"name": "alternating", "gains": alternating, "rows": even[:10]},
    {"name": "the same in runs", "gains": np.sort(alternating), "rows": even[:10]},
    {"name": "one block far below", "gains": skewed, "rows": even},
    {"name": "one block far above", "gains": 0.02 - skewed, "rows": even},
    {"name": "blocks of unequal rows", "gains": skewed, "rows": np.arange(5, 125, 10)},
]
out = [
    {
        "name": case["name"],
        "gains": case["gains"].tolist(),
        "rows": case["rows"].tolist(),
        "p_value": p_value(case["gains"], case["rows"], rng),
    }
    for case in cases
]
source = f"NumPy {np.__version__}, {Path(__file__).name}, {RESAMPLES} resamples"
target = Path(__file__).with_name("gate.json")
target.write_text(json.dumps({"source": source, "cases": out}, indent=1) + "\n")
