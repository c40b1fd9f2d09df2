"""Pickles in the metadata of GGUF files are found in any spelling, and so are chat templates; tokens are clean."""

import base64
import struct

import pytest

from hublish.audit.containers import carried_pickle
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import call

STRING, ARRAY = 8, 9


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(key: str, kind: int, value: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text(key) + struct.pack("<I", kind) + value


def texts(*values: str) -> bytes:
    return struct.pack("<IQ", STRING, len(values)) + b"".join(map(text, values))


def integers(kind: int, form: str, data: bytes) -> bytes:
    return struct.pack(f"<IQ{len(data)}{form}", kind, len(data), *data)


ENCODED = base64.b64encode(call()).decode()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (STRING, text(call(0).decode())),
        (STRING, text(ENCODED)),
        (ARRAY, texts("clean", ENCODED)),
        (ARRAY, texts(*["token"] * 100_000, call(0).decode())),
        (ARRAY, integers(0, "B", call())),
        (ARRAY, integers(5, "i", call())),
        (ARRAY, integers(10, "Q", call())),
    ],
)
def test_a_pickle_in_a_value_is_found(kind: int, value: bytes) -> None:
    found = carried_pickle(MemoryBlob(gguf("a.key", kind, value)))
    assert found is not None
    assert "a GGUF file whose metadata a.key is a pickle" in found


@pytest.mark.parametrize("key", ["tokenizer.chat_template", "tokenizer.chat_template.tool_use"])
def test_a_template_that_leaves_the_sandbox_is_found(key: str) -> None:
    found = carried_pickle(MemoryBlob(gguf(key, STRING, text("{{ ''.__class__ }}"))))
    assert found == "a GGUF file with a chat template that reaches into Python's objects"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (STRING, text("A model. It speaks.\nThe end.")),
        (ARRAY, texts("I1\n.", "N.", "(.", "...", "é.", "\n\n.", "c\n\n.") * 50),
        (ARRAY, integers(5, "i", bytes([1, 3, 6]) * 50)),
        (STRING, text("{% for m in messages %}{{ m['role'] ~ m['content'] }}{% endfor %}")),
    ],
)
def test_a_clean_value_is_clean(kind: int, value: bytes) -> None:
    assert carried_pickle(MemoryBlob(gguf("tokenizer.chat_template", kind, value))) is None


@pytest.mark.parametrize(
    "data",
    [
        b"GGUF" + struct.pack("<IQQ", 1, 0, 1) + bytes(40),
        b"GGUF" + struct.pack(">IQQ", 3, 0, 1) + bytes(40),
        gguf("key", STRING, text("cut"))[:-1],
        gguf("key", 77, b"unknown type"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused(data: bytes) -> None:
    found = carried_pickle(MemoryBlob(data))
    assert found is not None
    assert found.endswith("which cannot be inspected")


def test_prose_that_begins_like_the_format_is_clean() -> None:
    assert carried_pickle(MemoryBlob(b"GGUF is a format of weights.\n")) is None
