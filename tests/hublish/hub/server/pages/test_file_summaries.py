"""The headers of weights and tables."""

import json
import struct

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.base.content import InMemory
from hublish.hub.server.pages import file_summaries
from hublish.hub.server.pages.file_summaries import Summary, summary_of
from tests.hublish.hub.server.pages.conftest import Browser


def safetensors(tensors: dict[str, tuple[str, list[int]]], width: int = 4) -> bytes:
    """Return a file of zeros; all types have the same width."""
    header, end = dict[str, object](), 0
    for name, (dtype, shape) in tensors.items():
        size = width
        for each in shape:
            size *= each
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


def test_a_page_shows_the_tensors_of_a_file(browser: Browser, api: HfApi, repo: str) -> None:
    data = safetensors({"encoder.weight<b>": ("F32", [10, 20]), "scale": ("F32", [])})
    api.create_commit(repo, [CommitOperationAdd("model.safetensors", data)], commit_message="weights")
    page = browser.page(f"/{repo}/blob/main/model.safetensors")
    assert "2 tensors, 201 parameters" in page.text
    assert "encoder.weight<b> F32 10 x 20 800 B" in page.words
    assert "scale F32 scalar 4 B" in page.words


def test_a_summary_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_summaries, "MOST_ROWS", 3)
    found = summary_of("a.safetensors", InMemory(safetensors({f"t{n}": ("F32", [1]) for n in range(9)})))
    assert isinstance(found, Summary)
    assert (len(found.rows), found.total) == (3, 9)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.safetensors", b""),
        ("a.safetensors", b"\xff" * 8),
        ("a.safetensors", struct.pack("<Q", 9) + b"{" * 9),
        ("a.safetensors", struct.pack("<Q", 2) + b"[]"),
        ("a.gguf", b""),
        ("a.gguf", b"GGUF" + b"\xff" * 60),
        ("a.parquet", b""),
        ("a.parquet", b"PAR1" + b"\xff" * 30 + b"PAR1"),
        ("a.parquet", b"PAR1\x15\x04\x08\x00\x00\x00PARE"),
    ],
)
def test_a_damaged_header_is_a_reason(name: str, data: bytes) -> None:
    found = summary_of(name, InMemory(data))
    assert isinstance(found, str)
    assert found.startswith("The header of this file cannot be read: ")


def test_a_table_shows_its_columns() -> None:
    arrow, parquet = (pytest.importorskip(name) for name in ("pyarrow", "pyarrow.parquet"))
    sink = arrow.BufferOutputStream()
    parquet.write_table(arrow.table({"id": [1, 2], "text": ["a", "b"]}), sink)
    found = summary_of("data/train.PARQUET", InMemory(sink.getvalue().to_pybytes()))
    assert isinstance(found, Summary)
    assert (found.title, list(found.rows)) == ("2 rows, 2 columns", [("id", "int64"), ("text", "string")])


def test_a_gguf_file_shows_its_metadata_and_tensors() -> None:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    metadata = text("general.architecture") + struct.pack("<I", 8) + text("llama")
    tensor = text("output") + struct.pack("<IQQIQ", 2, 4, 8, 0, 0)
    data = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + metadata + tensor
    data += bytes(-len(data) % 32) + bytes(4 * 8 * 4)
    found = summary_of("a.gguf", InMemory(data))
    assert isinstance(found, Summary)
    assert found.title == "GGUF 3, 1 tensors, 32 parameters"
    assert found.metadata == [("general.architecture", "llama")]
    assert [row[0] for row in found.rows] == ["output"]


def test_another_file_has_no_header() -> None:
    assert summary_of("a.txt", InMemory(b"text")) == ""
