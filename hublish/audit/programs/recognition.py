"""Detect a program in a file that is neither a pickle nor a container."""

from hublish.audit.programs.arrow_metadata import arrow_program
from hublish.audit.programs.embedded import Inspect
from hublish.audit.programs.gguf_metadata import gguf_program
from hublish.audit.programs.json_text import json_program
from hublish.audit.programs.msgpack_arrays import msgpack_program
from hublish.audit.programs.protobuf_messages import protobuf_program
from hublish.audit.programs.protobuf_text import text_graph_program
from hublish.audit.programs.yaml_text import yaml_program
from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

_READERS = {
    "a JSON file": json_program,
    "a YAML file": yaml_program,
    "a GGUF file": gguf_program,
    "an Arrow or Parquet file": arrow_program,
    "a protobuf text": text_graph_program,
    "a MessagePack file": msgpack_program,
    # Last, because rows of the same letter have the form of a message too.
    "a protobuf message": protobuf_program,
}


def program_in(blob: Blob, inspect: Inspect) -> str | None:
    """Return a description of the code that loading a file runs, or the reason why that is unknown; None without any.

    Args:
        blob: the bytes.
        inspect: describes the pickle in a part of the file, such as a value of its metadata.
    """
    for kind, reader in _READERS.items():
        try:
            if found := reader(blob, inspect):
                return found
        except InvalidFileError as error:
            return f"{kind} ({error.message}), which cannot be inspected"
    return None
