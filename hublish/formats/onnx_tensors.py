"""The weights of an ONNX model by type and shape, without the package onnx; the data is skipped.

The messages: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Weights are initializers, or the values of nodes
`Constant`, in the graph and in the graphs of its nodes, such as the branches of an `If`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.protobuf_fields import Field, ProtobufReader

# Fields of one model: far more than a graph of 20,000 nodes has.
_MAX_FIELDS: Final = 500_000
_MAX_NAME: Final = 200
# Numbers of fields in ModelProto, GraphProto, NodeProto, AttributeProto and TensorProto.
_PRODUCER, _PRODUCER_VERSION, _GRAPH = 2, 3, 7
_NODE, _INITIALIZER = 1, 5
_ATTRIBUTE: Final = 5
_TENSOR: Final = 5
_INNER: Final = (6, 11)  # one graph, or several
_DIMENSIONS, _TYPE, _TENSOR_NAME = 1, 2, 8
_MAX_DIMENSIONS: Final = 64
_MAX_TENSOR_NAME: Final = 4096
# TensorProto.DataType by its number, with the names of safetensors.
_TYPES: Final = {
    1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 8: "STRING", 9: "BOOL", 10: "F16", 11: "F64",
    12: "U32", 13: "U64", 14: "C64", 15: "C128", 16: "BF16", 17: "F8_E4M3", 18: "F8_E4M3FNUZ", 19: "F8_E5M2",
    20: "F8_E5M2FNUZ", 21: "U4", 22: "I4", 23: "F4", 24: "F8_E8M0", 25: "U2", 26: "I2",
}  # fmt: skip


class OnnxTensor(NamedTuple):
    """One weight."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """The contents of a model that its header would name, if the format had one."""

    producer: str
    producer_version: str
    tensors: tuple[OnnxTensor, ...]
    """The weights without scalars."""


def read_onnx_tensors(blob: Blob, size: int) -> OnnxModel:
    """Return the weights of a model.

    Raises:
        InvalidFileError: it is not a model, is damaged, or has too many parts.
    """
    reader = ProtobufReader(blob, _MAX_FIELDS)
    names = {_PRODUCER: "", _PRODUCER_VERSION: ""}
    graphs: list[Field] = []
    for field in reader.fields(0, size):
        if field.sized and field.number == _GRAPH:
            graphs.append(field)
        elif field.sized and field.number in names and field.end - field.begin <= _MAX_NAME:
            names[field.number] = reader.value(field).decode("utf-8", "replace")
    if not graphs:
        raise InvalidFileError("not an ONNX model: it has no graph")
    return OnnxModel(names[_PRODUCER], names[_PRODUCER_VERSION], tuple(_tensors(reader, graphs)))


def _tensors(reader: ProtobufReader, pending: list[Field]) -> Iterator[OnnxTensor]:
    # A stack instead of recursion: graphs may be nested as deep as the file allows.
    while pending:
        graph = pending.pop()
        for field in reader.fields(graph.begin, graph.end):
            if field.sized and field.number == _INITIALIZER:
                yield from _described(reader, field)
            elif field.sized and field.number == _NODE:
                yield from _in_node(reader, field, pending)


def _in_node(reader: ProtobufReader, node: Field, pending: list[Field]) -> Iterator[OnnxTensor]:
    """Yield the tensors in the attributes of a node, and add the graphs in them to those that are left."""
    for attribute in reader.select(node.begin, node.end, _ATTRIBUTE):
        for part in reader.fields(attribute.begin, attribute.end):
            if part.sized and part.number == _TENSOR:
                yield from _described(reader, part)
            elif part.sized and part.number in _INNER:
                pending.append(part)


def _described(reader: ProtobufReader, tensor: Field) -> Iterator[OnnxTensor]:
    kind, name, shape = 0, "", list[int]()
    for field in reader.fields(tensor.begin, tensor.end):
        if field.number == _DIMENSIONS:
            for length in reader.integers(field):
                shape.append(length)
                # A negative length is a huge one without its sign.
                if len(shape) > _MAX_DIMENSIONS or math.prod(shape) >= 1 << 53:
                    raise InvalidFileError("a tensor has an impossible shape")
        elif field.number == _TYPE:
            kind = next(reader.integers(field), 0)
        elif field.number == _TENSOR_NAME and field.sized and field.end - field.begin <= _MAX_TENSOR_NAME:
            name = reader.value(field).decode("utf-8", "replace")
    if shape:
        yield OnnxTensor(name, _TYPES.get(kind, f"type {kind}"), tuple(shape))
