"""The join of test/bench/datasets.ts with pandas: the latest feature row at or before each request.

    python datasets-pandas.py FEATURES.parquet REQUESTS.parquet OUT.parquet

Prints CPU and wall seconds, imports left out, and the peak of resident memory in MB.
"""

import json
import resource
import sys
import time

import pandas as pd

features_file, requests_file, out = sys.argv[1:]
cpu, wall = time.process_time(), time.perf_counter()
features = pd.read_parquet(features_file).sort_values("decided_ts", kind="stable")
requests = pd.read_parquet(requests_file).sort_values("requested_at", kind="stable")
joined = pd.merge_asof(
    requests, features, left_on="requested_at", right_on="decided_ts", by="instrument"
)
joined.sort_values("request_row").to_parquet(out, compression="zstd", index=False)
print(
    json.dumps(
        {
            "cpu_s": time.process_time() - cpu,
            "wall_s": time.perf_counter() - wall,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "version": pd.__version__,
        }
    )
)
