"""
Three models of a training set, each as a file that `tickloom models register` takes.

    npx tickloom dataset build --from 2014-05-01 --to 2014-05-08 --symbols oanda:EUR/USD --out out/set
    pip install pandas==3.1.1 pyarrow==26.0.1 lightgbm==4.3.0 scikit-learn==1.9.1 skl2onnx==1.20.0
    python examples/bring_your_own_model.py out/set out/models
    npx tickloom models register out/models/lightgbm.txt --dataset ds-…

Written to be run cell by cell (`# %%`) as well.
"""
# %% the set: every row is what was known when it was decided, and what then happened
import json
import pathlib
import sys

import lightgbm
import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folder, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
manifest = json.loads((folder / "_manifest.json").read_text())
features = manifest["feature_sets"][0]["features"]
rows = pd.read_parquet(folder).sort_values("decided_ts")
x, up = rows[features].to_numpy(np.float32), rows["up"].to_numpy(np.int64)
print(f"{manifest['dataset_id']}: {len(rows)} rows of {len(features)} features, {up.mean():.3f} up")

# %% older rows to train on, newer ones to look at, and an hour between: outcomes overlap
cut = rows["decided_ts"].iloc[int(len(rows) * 0.8)]
older = (rows["decided_ts"] < cut - pd.Timedelta(hours=1)).to_numpy()
newer = (rows["decided_ts"] >= cut).to_numpy()


def report(name, probability):
    auc, loss = roc_auc_score(up[newer], probability), log_loss(up[newer], probability)
    print(f"{name}: AUC {auc:.4f}, log loss {loss:.4f}, of {newer.sum()} newer rows")


# %% LightGBM takes missing values as they are
settings = dict(objective="binary", num_leaves=8, learning_rate=0.03, min_data_in_leaf=300,
                feature_fraction=0.5, lambda_l2=10, num_threads=1, seed=1, verbosity=-1)
trees = lightgbm.train(settings, lightgbm.Dataset(x[older], up[older], feature_name=features), 80)
report("lightgbm", trees.predict(x[newer]))

# %% others have to fill them in: that is part of the model, and goes into its file
linear = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(),
                       LogisticRegression(C=0.01, max_iter=2000)).fit(x[older], up[older])
report("logistic", linear.predict_proba(x[newer])[:, 1])
network = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(),
                        MLPClassifier((16,), alpha=10, max_iter=30, early_stopping=True,
                                      random_state=1)).fit(x[older], up[older])
report("network", network.predict_proba(x[newer])[:, 1])

# %% the files; ONNX without a map of classes, so that the probabilities are a plain matrix
out.mkdir(parents=True, exist_ok=True)
trees.save_model(out / "lightgbm.txt")
for name, model in [("logistic", linear), ("network", network)]:
    inputs = [("features", FloatTensorType([None, len(features)]))]
    onnx = to_onnx(model, initial_types=inputs, options={"zipmap": False}, target_opset=17)
    (out / f"{name}.onnx").write_bytes(onnx.SerializeToString())
for file in sorted(out.iterdir()):
    print(f"npx tickloom models register {file} --dataset {manifest['dataset_id']}")
