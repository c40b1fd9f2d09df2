"""Containers are opened as far as possible, and those that cannot be inspected are refused with the reason."""

import gzip
import pickle
import zipfile
from collections.abc import Callable

import pytest

from hublish.audit.containers import DEPTH_LIMIT, carried_pickle
from hublish.formats import blob
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import call, encrypted, tarred, torch_zip, zipped


def nested(depth: int, content: bytes) -> bytes:
    for _ in range(depth):
        content = zipped({"inner": content})
    return content


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(100), "a container compressed with 7z"),
    "rar": (lambda: b"Rar!\x1a\x07\x01\x00" + bytes(100), "a container compressed with rar"),
    "compress": (lambda: b"\x1f\x9d\x90" + bytes(100), "a container compressed with compress"),
    "joblib's old format": (lambda: b"ZF0x10" + bytes(100), "a container compressed with joblib's old ZFile"),
    "an encrypted zip": (lambda: encrypted(zipped({"a": b"text"})), "a zip archive (member 'a': it is encrypted)"),
    "a zip with a hidden member": (
        lambda: zipped({"hidden": b"text"})[:-22] + zipped({"a": b"text"}),
        "a zip archive (a member is missing from the archive's directory)",
    ),
    "a zip without directory": (
        lambda: zipped({"a": b"text"})[:40],
        "cut short: its directory is missing)",
    ),
    "a zip with LZMA": (lambda: zipped({"a": b"t" * 99}, zipfile.ZIP_LZMA), "it is compressed with method 14"),
    "too deep": (lambda: nested(DEPTH_LIMIT + 1, b"text"), f"nested more than {DEPTH_LIMIT} deep"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_container_that_cannot_be_inspected_is_refused_and_named(content: Callable[[], bytes], reason: str) -> None:
    found = carried_pickle(MemoryBlob(content()))
    assert found is not None
    assert reason in found
    assert found.endswith("which cannot be inspected")


@pytest.mark.parametrize("depth", range(1, DEPTH_LIMIT + 1))
def test_a_pickle_is_found_down_to_the_deepest_container_that_is_opened(depth: int) -> None:
    found = carried_pickle(MemoryBlob(nested(depth, call())))
    assert found is not None
    assert "pickle of protocol 4" in found


def test_the_member_that_is_a_pickle_is_named() -> None:
    assert carried_pickle(MemoryBlob(torch_zip())) == "archive/data.pkl in it is a pickle of protocol 2"


def test_a_member_s_name_cannot_break_the_message() -> None:
    found = carried_pickle(MemoryBlob(zipped({"a\nb\x1b[2J" + "c" * 500: call()})))
    assert found is not None
    assert found.isprintable()
    assert len(found) < 200


def test_a_zip_behind_other_bytes_is_opened() -> None:
    assert carried_pickle(MemoryBlob(b"#!/bin/sh\nexit 0\n" + torch_zip())) is not None


def test_a_pickle_behind_a_large_member_is_reached() -> None:
    large = pickle.dumps(b"x" * (3 << 20), 3)[2:-1]  # without header and STOP: one huge constant
    hidden = large + b"0cos\nsystem\n(S'true'\ntR."
    for content in (hidden, gzip.compress(hidden), zipped({"a": hidden}, zipfile.ZIP_DEFLATED), tarred({"a": hidden})):
        assert carried_pickle(MemoryBlob(content)) is not None


def test_a_stream_that_expands_beyond_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob, "FLOOR", 1 << 20)
    bomb = gzip.compress(tarred({"a": bytes(8 << 20), "b": b"text"}))
    found = carried_pickle(MemoryBlob(bomb))
    assert found is not None
    assert "expands to more than" in found


def test_a_clean_archive_larger_than_every_window_is_clean() -> None:
    text = b"The weights are elsewhere, and so is the code that made them.\n" * 20_000
    members = {f"{number}.txt": text for number in range(5)}
    archives = (zipped(members, zipfile.ZIP_DEFLATED), zipped(members, zipfile.ZIP_BZIP2), tarred(members))
    assert [carried_pickle(MemoryBlob(archive)) for archive in archives] == [None] * 3
    assert [carried_pickle(MemoryBlob(gzip.compress(archive))) for archive in archives] == [None] * 3
