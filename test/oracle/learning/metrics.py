"""Writes metrics.json: scikit-learn's and SciPy's numbers for the metrics of src/learning/metrics.ts.

Run: pip install scikit-learn scipy; python test/oracle/learning/metrics.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.stats import spearmanr
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

rng = np.random.default_rng(20240601)
cases = []
for rows, digits in ((400, 2), (57, 1), (300, 6)):
    # Rounded, so that scores tie; 0.5 itself is moved away, because there the hit rate has no call.
    probability = np.round(rng.beta(4, 4, rows), digits)
    probability = np.where(probability == 0.5, 0.51, probability)
    up = (rng.random(rows) < probability * 0.6 + 0.2).astype(int)
    share, predicted = calibration_curve(up, probability, n_bins=10, strategy="uniform")
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], probability))
    weights = counts[counts > 0] / rows
    realised = np.round(rng.standard_t(3, rows) * 0.002, 4)
    expected = np.round(realised * 0.1 + rng.normal(0, 0.001, rows), 4)
    cases.append(
        {
            "up": up.tolist(),
            "probability": probability.tolist(),
            "realised": realised.tolist(),
            "expected": expected.tolist(),
            "auc": roc_auc_score(up, probability),
            "log_loss": log_loss(up, probability),
            "brier": brier_score_loss(up, probability),
            "hit_rate": accuracy_score(up, probability > 0.5),
            "share_up": share.tolist(),
            "mean_predicted": predicted.tolist(),
            "calibration_error": float(np.sum(weights * np.abs(share - predicted))),
            "rank_correlation": float(spearmanr(realised, expected).statistic),
        }
    )
source = f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}, {Path(__file__).name}"
target = Path(__file__).with_name("metrics.json")
target.write_text(json.dumps({"source": source, "cases": cases}) + "\n")
