"""Inspect graphs of TensorFlow in protobuf's text format: `saved_model.pbtxt` and `graph.pbtxt`.

The format: https://protobuf.dev/reference/protobuf/textformat-spec/. Adjacent strings are one string.
"""

import re
from typing import Final

from hublish.audit.programs.embedded import Inspect
from hublish.audit.programs.protobuf_messages import operation_reason
from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

MAX_SIZE: Final = 256 << 20
"""Bytes of a graph that is inspected; it has no weights of a large model, which take four times as many bytes."""
_GAP: Final = rb"(?:\s|#[^\n]*\n)*"
# The first field of a GraphDef, a SavedModel or a MetaGraphDef.
_BEGIN: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?" + _GAP + rb"(?:node|library|versions?|saved_model_schema_version|meta_graphs|meta_info_def|"
    rb"graph_def|saver_def|collection_def|signature_def|asset_file_def|object_graph_def)" + _GAP + rb"[:{<\[]"
)
_STRING: Final = rb"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
_OPERATION: Final = re.compile(rb"\bop" + _GAP + rb":" + _GAP + rb"((?:(?:" + _STRING + rb")" + _GAP + rb")+)")
_PART: Final = re.compile(_STRING)


def text_graph_program(blob: Blob, _inspect: Inspect) -> str | None:
    """Return a description of the code in a graph, or None.

    Raises:
        InvalidFileError: it cannot be inspected.
    """
    head = blob.read_at(0, 4096)
    # Comments may take any length.
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"#":
        head = blob.read_at(0, MAX_SIZE)
    if not _BEGIN.match(head):
        return None
    text = blob.read_at(0, MAX_SIZE + 1)
    if len(text) > MAX_SIZE:
        raise InvalidFileError(f"a graph of TensorFlow of more than {MAX_SIZE >> 20} MiB")
    for match in _OPERATION.finditer(text):
        name = b"".join(map(_value, _PART.findall(match[1])))
        if reason := operation_reason(name):
            return f"a TensorFlow graph with the operation {name.decode()}, {reason}"
    return None


def _value(literal: bytes) -> bytes:
    if b"\\" not in literal:
        return literal[1:-1]
    # Python's escapes include those of the format, except that \? means ?.
    return (
        literal[1:-1].decode("latin-1").encode("ascii", "replace").decode("unicode_escape").encode("utf-8", "replace")
    )
