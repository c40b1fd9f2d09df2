"""Inspect protobuf messages: graphs of TensorFlow, the Keras metadata of a SavedModel, and ONNX models."""

from typing import Final

from hublish.audit.programs.embedded import Inspect, pickle_in_value, shown
from hublish.audit.programs.json_text import json_text_program
from hublish.formats.blob import Blob, MemoryBlob, measured
from hublish.formats.input_files import InvalidFileError
from hublish.formats.protobuf_fields import Field, ProtobufReader, TooManyFieldsError

# Operations of TensorFlow that call Python, or read and write any file when a graph runs. Saving and restoring
# variables, and reading assets, are part of every SavedModel.
_PYTHON: Final = "which runs Python"
_OPERATIONS: Final = {
    **dict.fromkeys((b"PyFunc", b"PyFuncStateless", b"EagerPyFunc"), _PYTHON),
    **dict.fromkeys((b"ReadFile", b"MatchingFiles"), "which reads any file"),
    **dict.fromkeys((b"WriteFile", b"DatasetToTFRecord", b"SaveDataset", b"SaveDatasetV2"), "which writes any file"),
}
# Of ONNX Runtime: they import a module and call it.
_ONNX_OPERATIONS: Final = (b"PyOp", b"PythonOp", b"PythonOpGrad")
# Paths of field numbers to nodes, in saved_model.proto and graph.proto, and to metadata of Keras in JSON
# (saved_metadata.proto, and saved_object_graph.proto in older models).
_NODES: Final[tuple[tuple[int, ...], ...]] = ((2, 2, 1), (2, 2, 2, 1, 3), (1,), (2, 1, 3))
_KERAS: Final[tuple[tuple[int, ...], ...]] = ((1, 5), (2, 7, 1, 4, 3))
_OP: Final = 2
# onnx.proto: ModelProto.
_IR_VERSION, _GRAPH, _MODEL_METADATA, _TRAINING, _FUNCTION = 1, 7, 14, 20, 25
# Nodes, and metadata, of a graph and of a function.
_GRAPH_NODE, _GRAPH_METADATA, _FUNCTION_NODE, _FUNCTION_METADATA = 1, 16, 7, 14
_NODE_OP, _NODE_ATTRIBUTE, _NODE_METADATA = 4, 5, 9
_ATTRIBUTE_STRING, _ATTRIBUTE_GRAPH, _ATTRIBUTE_STRINGS, _ATTRIBUTE_GRAPHS = 4, 6, 9, 11
# Fields of the message itself: a frozen graph has one for each of its nodes.
_MAX_TOP_LEVEL: Final = 200_000
# Parts of everything that is searched for in a message.
_EVIDENCE: Final = (
    *(*_OPERATIONS, *_ONNX_OPERATIONS, b"class_name", b"gA"),
    *(b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\n."),
)
_PIECE: Final = 1 << 20
_HEAD: Final = 4096


def protobuf_program(blob: Blob, inspect: Inspect) -> str | None:
    """Return a description of the code in a message, or None.

    Raises:
        InvalidFileError: it cannot be inspected.
    """
    # The size of compressed bytes is known only after expanding them, so their beginning decides first.
    if not _plausible(blob):
        return None
    reader, size = ProtobufReader(blob), measured(blob)
    try:
        fields = _top_level(reader, blob, size)
    except TooManyFieldsError:
        raise
    except InvalidFileError:
        return None
    if not fields:
        return None
    numbers = {field.number for field in fields if field.sized}
    try:
        if _GRAPH in numbers and any(field.number == _IR_VERSION and not field.sized for field in fields):
            return _in_onnx(reader, size, inspect)
        return _in_tensorflow(blob, reader, size, inspect)
    except TooManyFieldsError:
        raise
    except InvalidFileError:
        # A parser rejects the whole message. Short binary files often have a valid first level by chance.
        return None


def _top_level(reader: ProtobufReader, blob: Blob, size: int) -> list[Field]:
    """Return the fields that tell the kind of a message."""
    found = []
    for count, field in enumerate(reader.fields(0, size)):
        if field.number in (_IR_VERSION, 2, _GRAPH):
            found.append(field)
        if count > _MAX_TOP_LEVEL:
            # Rows of the same letter or number have the form of a message, and are not worth reading to their end.
            if _contains(blob, _EVIDENCE):
                raise TooManyFieldsError(f"it has more than {_MAX_TOP_LEVEL} fields at its top level")
            return []
    return found


def operation_reason(name: bytes) -> str | None:
    """Return the harm that an operation of TensorFlow may do, as the end of a sentence; None for others."""
    return _OPERATIONS.get(name)


def _plausible(blob: Blob) -> bool:
    """Whether the first fields are those of a message; most other files fail at one of them."""
    head = blob.read_at(0, _HEAD)
    if len(head) < _HEAD:
        return bool(head)
    try:
        for field in ProtobufReader(MemoryBlob(head)).fields(0, 1 << 62):
            if field.end > _HEAD - 32:
                break
    except InvalidFileError:
        return False
    return True


# ---------------------------------------------------------------------------------------------- TensorFlow


def _in_tensorflow(blob: Blob, reader: ProtobufReader, size: int, inspect: Inspect) -> str | None:
    # Names are not compressed, so a graph without any need not be read node by node.
    if _contains(blob, (*_OPERATIONS,)):
        for path in _NODES:
            for field in reader.select(0, size, *path, _OP):
                if reason := _OPERATIONS.get(reader.value(field)):
                    return f"a TensorFlow graph with the operation {reader.value(field).decode()}, {reason}"
    for path in _KERAS:
        for field in reader.select(0, size, *path):
            text = reader.value(field).decode("utf-8", "replace")
            if found := json_text_program(text, inspect):
                return f"a SavedModel with {found}"
    return None


def _contains(blob: Blob, names: tuple[bytes, ...]) -> bool:
    offset, tail = 0, b""
    while piece := blob.read_at(offset, _PIECE):
        offset += len(piece)
        data = tail + piece
        if any(name in data for name in names):
            return True
        tail = data[-max(map(len, names)) :]
    return False


# ---------------------------------------------------------------------------------------------------- ONNX


def _in_onnx(reader: ProtobufReader, size: int, inspect: Inspect) -> str | None:
    for field in reader.fields(0, size):
        if not field.sized:
            continue
        found = None
        if field.number == _MODEL_METADATA:
            found = _in_pair(reader, field, inspect)
        elif field.number == _GRAPH:
            found = _in_graphs(reader, [(field, _GRAPH_NODE, _GRAPH_METADATA)], inspect)
        elif field.number == _FUNCTION:
            found = _in_graphs(reader, [(field, _FUNCTION_NODE, _FUNCTION_METADATA)], inspect)
        elif field.number == _TRAINING:
            graphs = [(one, _GRAPH_NODE, _GRAPH_METADATA) for one in reader.fields(field.begin, field.end) if one.sized]
            found = _in_graphs(reader, graphs, inspect)
        if found:
            return f"an ONNX model {found}"
    return None


def _in_graphs(reader: ProtobufReader, pending: list[tuple[Field, int, int]], inspect: Inspect) -> str | None:
    """Inspect graphs and those in the attributes of their nodes."""
    while pending:
        graph, nodes, metadata = pending.pop()
        for field in reader.fields(graph.begin, graph.end):
            found = None
            if field.sized and field.number == metadata:
                found = _in_pair(reader, field, inspect)
            elif field.sized and field.number == nodes:
                found = _in_node(reader, field, pending, inspect)
            if found:
                return found
    return None


def _in_node(
    reader: ProtobufReader, node: Field, pending: list[tuple[Field, int, int]], inspect: Inspect
) -> str | None:
    for field in reader.fields(node.begin, node.end):
        if not field.sized:
            continue
        if field.number == _NODE_OP and (name := reader.value(field)) in _ONNX_OPERATIONS:
            return f"with the operation {name.decode()}, {_PYTHON}"
        if field.number == _NODE_METADATA and (found := _in_pair(reader, field, inspect)):
            return found
        if field.number != _NODE_ATTRIBUTE:
            continue
        for part in reader.fields(field.begin, field.end):
            if part.sized and part.number in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
                pending.append((part, _GRAPH_NODE, _GRAPH_METADATA))
            elif (
                part.sized
                and part.number in (_ATTRIBUTE_STRING, _ATTRIBUTE_STRINGS)
                and (pickled := pickle_in_value(reader.value(part), inspect)) is not None
            ):
                return f"with an attribute that is {pickled}"
    return None


def _in_pair(reader: ProtobufReader, pair: Field, inspect: Inspect) -> str | None:
    parts = {field.number: reader.value(field) for field in reader.fields(pair.begin, pair.end) if field.sized}
    if (pickled := pickle_in_value(parts.get(2, b""), inspect)) is None:
        return None
    return f"whose metadata {shown(parts.get(1, b'').decode('utf-8', 'replace'))} is {pickled}"
