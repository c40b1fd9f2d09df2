"""What an ONNX model holds, read without onnx: its tensors, and the files beside it that keep their data.

Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.protobuf_wire import Span, fields, numbers, text
from hublish.schemas.documents.path_rules import path_problems

MAX_PARTS: Final = 5_000_000
"""Messages that are looked into; a model of 100,000 nodes has about a million."""
_MAX_DEPTH = 32
_MAX_DIMENSIONS = 32
_IR_VERSION, _GRAPH, _OPSET = 1, 7, 8
_EXTERNAL = 1  # TensorProto.DataLocation
# Where a message may hold further messages that may hold tensors: field by kind of message.
_INSIDE: Final = {
    "model": {_GRAPH: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "initializer", 15: "sparse_initializer"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "sparse_initializer": {1: "tensor", 2: "tensor"},
}
_TYPED: Final = frozenset({4, 5, 7, 10, 11})  # float_data, int32_data, int64_data, double_data, uint64_data
_TENSORS: Final = frozenset({"tensor", "initializer"})


@dataclass(frozen=True, slots=True)
class External:
    """Data in a file beside the model."""

    location: str
    """Relative to the model's folder."""
    offset: int
    length: int | None
    """None: to the end of the file."""


@dataclass(frozen=True, slots=True)
class OnnxTensor:
    """A tensor, described."""

    name: str
    type: int
    """TensorProto.DataType."""
    shape: tuple[int, ...]
    raw: Span | None
    """Where its bytes lie in the model; None when they lie elsewhere or in typed fields."""
    typed: tuple[int | Span, ...]
    """The values of its typed fields: runs of them, or single numbers."""
    external: External | None
    initializer: bool
    """Whether it is a weight of the graph itself, rather than a constant inside a node."""


def read_model(data: memoryview) -> tuple[OnnxTensor, ...]:
    """Return every tensor of a model, in the order they are met.

    Raises:
        InvalidFileError: when it is no ONNX model, is damaged, or names data outside its folder.
    """
    whole = Span(0, len(data))
    if not {_IR_VERSION, _GRAPH} <= {number for number, _ in fields(data, whole)}:
        msg = "not an ONNX model: it has no version or no graph"
        raise InvalidFileError(msg)
    return tuple(_tensors(data, whole))


def _tensors(data: memoryview, whole: Span) -> Iterator[OnnxTensor]:
    waiting: list[tuple[str, Span, int]] = [("model", whole, 0)]
    for _ in range(MAX_PARTS):
        if not waiting:
            return
        kind, span, depth = waiting.pop()
        if kind in _TENSORS:
            yield _tensor(data, span, kind == "initializer" and depth == 2)
            continue
        if depth > _MAX_DEPTH:
            msg = f"its graphs are nested more than {_MAX_DEPTH} deep"
            raise InvalidFileError(msg)
        inside = [
            (_INSIDE[kind][number], found, depth + 1)
            for number, found in fields(data, span)
            if number in _INSIDE[kind] and isinstance(found, Span)
        ]
        waiting += reversed(inside)
    msg = f"it has more than {MAX_PARTS} parts"
    raise InvalidFileError(msg)


def _tensor(data: memoryview, span: Span, initializer: bool) -> OnnxTensor:
    shape: list[int] = []
    name, kind, location = "", 0, 0
    raw: Span | None = None
    typed: list[int | Span] = []
    external: dict[str, str] = {}
    for number, found in fields(data, span):
        if number == 1:
            shape += _dimensions(data, found, len(shape))
        elif number == 2 and isinstance(found, int):
            kind = found
        elif number == 8:
            name = text(data, found)
        elif number == 9 and isinstance(found, Span):
            raw = found
        elif number in _TYPED:
            typed.append(found)
        elif number == 13 and isinstance(found, Span):
            external |= _entry(data, found)
        elif number == 14 and isinstance(found, int):
            location = found
    place = _external(name, external) if location == _EXTERNAL else None
    return OnnxTensor(name, kind, tuple(shape), raw, tuple(typed), place, initializer)


def _dimensions(data: memoryview, found: int | Span, before: int) -> list[int]:
    dimensions: list[int] = []
    for length in numbers(data, found):
        if length >= 1 << 63 or before + len(dimensions) >= _MAX_DIMENSIONS:
            msg = f"a tensor has a negative dimension, or more than {_MAX_DIMENSIONS}"
            raise InvalidFileError(msg)
        dimensions.append(length)
    return dimensions


def _entry(data: memoryview, span: Span) -> dict[str, str]:
    pair = {number: text(data, found) for number, found in fields(data, span) if number in (1, 2)}
    return {pair.get(1, ""): pair.get(2, "")}


def _external(name: str, entries: dict[str, str]) -> External:
    location = entries.get("location", "")
    if problems := path_problems(location):
        msg = f"tensor {ascii(name)[:80]} has its data in {ascii(location)[:80]}: {problems[0]}"
        raise InvalidFileError(msg, hint="external data lies beside the model or below")
    try:
        offset, length = int(entries.get("offset") or 0), int(entries["length"]) if entries.get("length") else None
    except ValueError:
        offset, length = -1, None
    if offset < 0 or (length is not None and length < 0):
        msg = f"tensor {ascii(name)[:80]} has an offset or a length that is no number"
        raise InvalidFileError(msg)
    return External(location, offset, length)
