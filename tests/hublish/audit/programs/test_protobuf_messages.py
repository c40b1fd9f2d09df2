"""Graphs of TensorFlow with operations that run Python, Keras metadata with code, and pickles in ONNX, are found."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from hublish.audit.containers import carried_pickle
from hublish.audit.programs import protobuf_messages
from hublish.formats import protobuf_fields
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import call
from tests.hublish.formats.protobuf import message, number, text

LAMBDA = json.dumps({"class_name": "Lambda", "config": {"function": {"class_name": "__tuple__"}}})
X = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])


def node(op: str) -> bytes:
    return message(1, text(1, "a node"), text(2, op), message(5, text(1, "dtype")))


def saved_model(op: str = "SaveV2", metadata: str = "{}") -> bytes:
    graph = message(2, *[node("Const")] * 3, node(op), number(3, 7))
    return number(1, 1) + message(2, message(1, text(1, "")), graph, _user_object(metadata))


def _user_object(metadata: str) -> bytes:
    return message(7, message(1, message(4, text(1, "_tf_keras_layer"), text(3, metadata))))


def in_function(op: str) -> bytes:
    function = message(1, message(1, text(1, "inner")), message(3, text(1, "a node"), text(2, op)))
    return number(1, 1) + message(2, message(2, node("Const"), message(2, function)))


def keras_metadata(metadata: str) -> bytes:
    return message(1, number(2, 1), text(3, "root.layer"), text(4, "_tf_keras_layer"), text(5, metadata))


def found(data: bytes) -> str | None:
    return carried_pickle(MemoryBlob(data))


@pytest.mark.parametrize("op", ["PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile"])
def test_an_operation_that_runs_python_or_opens_files_is_found(op: str) -> None:
    for data in (saved_model(op), in_function(op), node("Const") + node(op)):
        assert f"a TensorFlow graph with the operation {op}, which" in (found(data) or "")


@pytest.mark.parametrize(
    "disguise",
    [
        lambda data: message(9, b"\xff" * 10) + data,  # an unknown field
        lambda data: data + number(1000, 1),
        lambda data: b"\xf3\x3f" + data[:2] + b"\xf4\x3f" + data,  # an unknown group
        lambda data: b"\x88\x80\x00\x01" + data,  # a tag of more bytes than necessary
        lambda data: data + message(2, b""),
    ],
    ids=range(5),
)
def test_a_disguise_that_parsers_accept_does_not_help(disguise: Any) -> None:
    assert found(disguise(saved_model("PyFunc"))) is not None


@pytest.mark.parametrize("data", [saved_model(metadata=LAMBDA), keras_metadata(LAMBDA)], ids=["model", "metadata"])
def test_a_lambda_in_keras_metadata_is_found(data: bytes) -> None:
    assert found(data) == "a SavedModel with a Keras configuration whose Lambda layer holds Python bytecode"


@pytest.mark.parametrize(
    "data",
    [
        saved_model(),
        saved_model("RestoreV2"),
        saved_model("MyPyFuncs"),
        saved_model(metadata='{"class_name": "Dense", "config": {}}'),
        keras_metadata('{"class_name": "Dense", "config": {}}'),
        saved_model() + b"PyFunc, and a rest that is no field",
        b"PyFunc\n",
    ],
    ids=range(7),
)
def test_an_ordinary_graph_is_clean(data: bytes) -> None:
    assert found(data) is None


def model(*nodes: Any, **properties: str) -> bytes:
    made = helper.make_model(helper.make_graph(list(nodes), "graph", [X], [Y]))
    helper.set_model_props(made, properties)
    return bytes(made.SerializeToString())


RELU = helper.make_node("Relu", ["x"], ["y"])
PYTHON = helper.make_node("PyOp", ["x"], ["y"], domain="com.microsoft", module="os", class_name="system")
BRANCH = helper.make_graph([PYTHON], "branch", [], [Y])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (model(RELU, note=call(0).decode()), "whose metadata note is a pickle"),
        (model(RELU, note=base64.b64encode(call()).decode()), "in base64"),
        (model(PYTHON), "with the operation PyOp, which runs Python"),
        (model(helper.make_node("If", ["x"], ["y"], then_branch=BRANCH, else_branch=BRANCH)), "the operation PyOp"),
        (
            model(helper.make_node("Custom", ["x"], ["y"], domain="d", blob=call())),
            "an attribute that is a pickle",
        ),
    ],
    ids=range(5),
)
def test_code_in_an_onnx_model_is_found(data: bytes, reason: str) -> None:
    assert "an ONNX model" in (found(data) or "")
    assert reason in (found(data) or "")


def test_code_in_a_function_of_an_onnx_model_is_found() -> None:
    function = helper.make_function("d", "f", ["x"], ["y"], [PYTHON], [helper.make_opsetid("com.microsoft", 1)])
    made = helper.make_model(helper.make_graph([RELU], "graph", [X], [Y]), functions=[function])
    assert "PyOp" in (found(made.SerializeToString()) or "")


def test_an_ordinary_onnx_model_is_clean() -> None:
    custom = helper.make_node("FusedMatMul", ["x"], ["y"], domain="com.microsoft", note="a text.\n")
    assert found(model(RELU, custom, author="me.\nAnd you.", version="1")) is None


def test_a_message_of_too_many_fields_is_refused_if_it_may_hold_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf_messages, "_MAX_TOP_LEVEL", 3000)
    monkeypatch.setattr(protobuf_fields, "MAX_FIELDS", 10_000)
    for rows in (b"x" * 8000, number(9, 1) * 4000):
        assert found(rows) is None
        assert "which cannot be inspected" in (found(rows + saved_model("PyFunc")) or "")
    nested = message(2, message(2, message(1, number(9, 1) * 11_000), node("PyFunc")))
    assert "which cannot be inspected" in (found(nested) or "")


@given(st.binary(max_size=300))
def test_any_bytes_are_inspected_without_an_error(data: bytes) -> None:
    found(b"\x08\x01\x12" + data)
