"""LightGBM's text -> the same model in ONNX. python lightgbm-onnx.py model.txt columns model.onnx"""
import sys

import lightgbm
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

text, columns, to = sys.argv[1], int(sys.argv[2]), sys.argv[3]
inputs = [("features", FloatTensorType([None, columns]))]
model = convert_lightgbm(lightgbm.Booster(model_file=text), initial_types=inputs, zipmap=False,
                         target_opset=15)
open(to, "wb").write(model.SerializeToString())
