"""ONNX: a network computed with numpy, its weights in external data, run by onnxruntime."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import hublish
from tests.frameworks.models.data import points


def train() -> Any:
    inputs, labels = points()
    features = np.random.default_rng(1).normal(size=(4, 256)).astype(np.float32)
    hidden = np.maximum(inputs @ features, 0)
    weights, *_ = np.linalg.lstsq(hidden, np.eye(2, dtype=np.float32)[labels], rcond=None)
    nodes = [
        helper.make_node("MatMul", ["x", "features"], ["mixed"]),
        helper.make_node("Relu", ["mixed"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "weights"], ["y"]),
    ]
    initializers = [numpy_helper.from_array(features, "features"), numpy_helper.from_array(weights, "weights")]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, n]) for name, n in (("x", 4), ("y", 2)))
    graph = helper.make_graph(nodes, "classifier", [x], [y], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def publish(model: Any, repo_id: str) -> hublish.Receipt:
    receipt = hublish.push_to_hub(model, repo_id, options={"external_data": True})
    assert {"model.onnx", "model.onnx.data"} <= {file.path_in_repo for file in receipt.plan.release.files}
    return receipt


def load(repo_id: str) -> Any:
    assert hublish.load(repo_id).arrays["features"].shape == (4, 256)
    return hublish.from_hub(repo_id)


def predict(model: Any) -> NDArray[Any]:
    if isinstance(model, onnx.ModelProto):
        import onnxruntime

        model = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: NDArray[Any] = model.run(None, {"x": points()[0]})[0]
    return found
