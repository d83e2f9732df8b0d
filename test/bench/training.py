# Trains LightGBM in Python on a matrix that is handed over as files, and predicts it: the same
# library call for call as ours, through its own package. Prints CPU seconds as JSON.
import json
import sys
import time

import lightgbm
import numpy

folder = sys.argv[1]
with open(f"{folder}/request.json") as file:
    request = json.load(file)
rows, columns = request["rows"], request["columns"]
values = numpy.fromfile(f"{folder}/values.f64", dtype=numpy.float64).reshape(rows, columns)
labels = numpy.fromfile(f"{folder}/labels.f32", dtype=numpy.float32)
weights = numpy.fromfile(f"{folder}/weights.f32", dtype=numpy.float32)

seconds = []
for _ in range(request["repeats"]):
    start = time.process_time()
    data = lightgbm.Dataset(
        values, label=labels, weight=weights, feature_name=request["names"],
        params=request["params"],
    )
    booster = lightgbm.train(request["params"], data, num_boost_round=request["rounds"])
    text = booster.model_to_string()
    seconds.append(time.process_time() - start)
booster.predict(values, num_threads=1).astype(numpy.float64).tofile(f"{folder}/predicted.f64")
print(json.dumps({"version": lightgbm.__version__, "seconds": seconds, "bytes": len(text)}))
