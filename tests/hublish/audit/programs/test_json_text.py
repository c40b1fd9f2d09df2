"""Code in JSON is found in every encoding and spelling that `json.loads` reads, alone and in an archive."""

import base64
import io
import json
from typing import Any

import h5py
import pytest

from hublish.audit.containers import carried_pickle
from hublish.audit.programs import json_text
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import call, zipped

CODE = base64.b64encode(b"\xe3" + bytes(30)).decode()
LAMBDA = {"class_name": "Lambda", "config": {"function": [CODE, None, None], "function_type": "lambda"}}
ENCODED = base64.b64encode(call()).decode()


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(char):04X}" if char.isalnum() or char == "_" else char for char in text)


def found(data: bytes) -> str | None:
    return carried_pickle(MemoryBlob(data))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_lambda_is_found_in_every_encoding(encoding: str) -> None:
    data = json.dumps({"config": {"layers": [LAMBDA]}}).encode(encoding)
    assert "whose Lambda layer holds Python bytecode" in (found(data) or "")
    assert "config.json in it is a Keras configuration" in (found(zipped({"config.json": data})) or "")


@pytest.mark.parametrize(
    "text",
    [
        '{"\\u0063lass_name": "__lambd\\u0061__", "config": {}}',
        escaped('{"class_name": "__lambda__", "config": {}}'),
        '{"class_name": "__lambda__", "class_name": "Dense", "config": {}}',
        '{"class_name": "Dense", "class_name": "__lambda__", "config": {}}',
        " " * 10_000 + '{"class_name": "__lambda__"}',
        '{"a": "' + "x" * (3 << 20) + '", "class_name": "__lambda__"}',
        '[[[{"class_name": "__lambda__"}]]]',
    ],
    ids=range(7),
)
def test_a_lambda_is_found_in_every_spelling(text: str) -> None:
    assert "which holds Python bytecode" in (found(text.encode()) or "")


@pytest.mark.parametrize(
    "value",
    [
        {"policy_class": {":type:": "abc", ":serialized:": ENCODED}},
        {"policy_class": {":serialized:": base64.b64encode(call(0)).decode()}},
        {"type": "udt", "serializedClass": ENCODED},
        {"anything": ENCODED},
        {"anything": [1, ENCODED]},
        {"\u0061nything": " gASV" + ENCODED[4:]},
    ],
)
def test_a_pickle_in_base64_is_found(value: Any) -> None:
    assert "in base64" in (found(json.dumps(value).encode()) or "")


@pytest.mark.parametrize(
    "value",
    [
        {"chat_template": "{{ ''.__class__ }}"},
        {"chat_template": [{"name": "a", "template": "{{ x }}"}, {"name": "b", "template": "{{ ''.__class__ }}"}]},
        {"chat_template": {"default": "{{ ''.__class__ }}"}},
    ],
)
def test_a_chat_template_is_inspected(value: Any) -> None:
    assert "a chat template that reaches into Python's objects" in (found(json.dumps(value).encode()) or "")


@pytest.mark.parametrize(
    "text",
    [
        '{"class_name": "Dense", "config": {"units": 3}}',
        '{"code": "class A: \\"class_name\\": \\"__lambda__\\""}',
        '{"class_name": "__lambda__"} and more',
        '{"class_name": "__lambda__"}\n{"class_name": "__lambda__"}\n',
        '{"chat_template": "{% for m in messages %}{{ m[\'content\'] }}{% endfor %}"}',
        '{"gASV": "gASV", "image": "iVBORw0KGgo="}',
        "[" * 10_000,
    ],
)
def test_other_json_is_clean(text: str) -> None:
    assert found(text.encode()) is None


def test_a_configuration_that_is_too_large_or_too_deep_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = '{"class_name": ' + "[" * 200_000 + "]" * 200_000 + "}"
    monkeypatch.setattr(json_text, "MAX_SIZE", 1 << 20)
    for text in (deep, '{"class_name": "' + "x" * (2 << 20) + '"}'):
        assert "which cannot be inspected" in (found(text.encode()) or "")


@pytest.mark.parametrize("value", [json.dumps(LAMBDA), json.dumps(LAMBDA).encode()], ids=["text", "bytes"])
def test_a_lambda_is_found_in_an_attribute_of_an_hdf5_file(value: str | bytes) -> None:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["model_config"] = value
    assert "whose Lambda layer holds Python bytecode" in (found(stream.getvalue()) or "")
