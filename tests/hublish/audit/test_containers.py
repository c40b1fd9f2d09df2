"""Containers are opened as far as possible, and those that cannot be inspected are refused with the reason."""

import base64
import gzip
import json
import lzma
import pickle
import random
import struct
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from hublish.audit import containers
from hublish.audit.containers import DEPTH_LIMIT, carried_pickle, inspected
from hublish.formats import blob
from hublish.formats.blob import MemoryBlob
from hublish.formats.zip_directory import MAX_DIRECTORY_SIZE
from tests.hublish.audit.payloads import call, encrypted, npy, object_array, tarred, torch_zip, zipped


def nested(depth: int, content: bytes) -> bytes:
    for _ in range(depth):
        content = zipped({"inner": content})
    return content


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(100), "a container compressed with 7z"),
    "rar": (lambda: b"Rar!\x1a\x07\x01\x00" + bytes(100), "a container compressed with rar"),
    "lzip": (lambda: b"LZIP\x01\x0c" + bytes(100), "a container compressed with lzip"),
    "lzop": (lambda: b"\x89LZO\x00\r\n\x1a\n" + bytes(100), "a container compressed with lzop"),
    "cab": (lambda: b"MSCF" + bytes(100), "a container compressed with cab"),
    "xar": (lambda: b"xar!\x00\x1c" + bytes(100), "a container compressed with xar"),
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


def test_all_compressed_members_together_expand_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "_EXPANSION_FLOOR", 4 << 20)
    bomb = zipped({str(number): bytes(1 << 18) for number in range(10)}, zipfile.ZIP_DEFLATED)
    found = carried_pickle(MemoryBlob(zipped({"a": bomb, "b": bomb})))
    assert found is not None
    assert "expands to more than" in found


def test_a_compressed_archive_is_expanded_a_few_times_whatever_the_number_of_its_members(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    members = {str(number): random.Random(number).randbytes(300_000) for number in range(60)}
    # Once by every reader; once for every member would be 30 times as much as the archive.
    monkeypatch.setattr(containers, "_EXPANSION_FLOOR", 15 * 60 * 300_000)
    monkeypatch.setattr(containers, "_EXPANSION_RATIO", 1)
    assert carried_pickle(MemoryBlob(gzip.compress(tarred(members), 1))) is None
    assert carried_pickle(MemoryBlob(gzip.compress(zipped(members), 1))) is None


def test_more_members_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MEMBER_LIMIT", 20)
    nested_twice = zipped({str(number): zipped({"a": b"text", "b": b"text"}) for number in range(9)})
    found = carried_pickle(MemoryBlob(nested_twice))
    assert found == "a container with more than 20 members, which cannot be inspected"


def test_an_array_at_the_deepest_level_is_inspected() -> None:
    assert carried_pickle(MemoryBlob(nested(DEPTH_LIMIT, npy(np.arange(3))))) is None
    assert carried_pickle(MemoryBlob(nested(DEPTH_LIMIT, npy(object_array())))) is not None


def test_documents_in_values_of_documents_are_followed_to_a_limit() -> None:
    found = {}
    text = b"some text"
    for depth in range(1, 11):
        text = json.dumps({":serialized:": base64.b64encode(text).decode()}).encode()
        found[depth] = carried_pickle(MemoryBlob(text))
    assert found[8] is None
    assert found[9] == "a document nested more than 8 deep, which cannot be inspected"


def folder_with_content(content: bytes) -> bytes:
    """Return a zip whose member is named like a folder."""
    return zipped({"folder/": content})


torch_deflated = torch_zip(method=zipfile.ZIP_DEFLATED)
INNER: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("xz", lzma.compress),
    ("a tar", lambda data: tarred({"a": data})),
    ("a compressed tar", lambda data: gzip.compress(tarred({"a": data}))),
    ("a zip", lambda data: zipped({"a": data}, zipfile.ZIP_DEFLATED)),
]
POLYGLOTS = {
    "a zip after a tar": tarred({"a": b"text"}) + torch_zip(),
    "a zip after an array": npy(np.arange(3)) + torch_zip(),
    "a zip after a clean gzip": gzip.compress(b"text") + torch_zip(),
    "a zip after a picture": b"\x89PNG\r\n\x1a\n" + bytes(100) + torch_zip(),
    "a pickle before a zip": call() + zipped({"a": b"text"}),
    "a pickle after a zip": zipped({"a": b"text"}) + call(),
    "a zip in the comment of another": zipped({"a": b"text"})[:-2] + b"\xff\0" + torch_zip(),
    "two zips in a row": zipped({"a": b"text"}) + torch_zip(),
    "two zips in a row, the second clean": torch_zip() + zipped({"a": b"text"}),
    "a zip and many bytes": torch_zip() + bytes(1 << 17),
    "a folder with content": folder_with_content(call()),
    "a deflated folder with content": zipped({"folder/": call()}, zipfile.ZIP_DEFLATED),
    "an array of objects in a folder": folder_with_content(npy(object_array())),
    "a zip in a zip in a comment": zipped({"a": torch_zip()}),
    **{f"a zip behind other bytes in {name}": compress(b"#!/bin/sh\n" + torch_deflated) for name, compress in INNER},
}


@pytest.mark.parametrize("data", POLYGLOTS.values(), ids=POLYGLOTS)
def test_a_file_of_several_formats_is_inspected_as_each_of_them(data: bytes) -> None:
    assert carried_pickle(MemoryBlob(data)) is not None


def test_the_directory_of_a_zip_behind_other_bytes_is_bounded() -> None:
    entries = zipped({f"{number:0100}": b"" for number in range(3000)})
    directory = entries.index(b"PK\1\2")
    end = len(entries) - 22
    # The directory is repeated until it exceeds the limit, and the end record counts all of it.
    repeated = entries[directory:end] * (MAX_DIRECTORY_SIZE // (end - directory) + 1)
    record = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(repeated), directory + 4, 0)
    found = carried_pickle(MemoryBlob(b"#!\n\n" + entries[:directory] + repeated + record))
    assert found is not None
    assert found.startswith("a zip archive (")


@pytest.mark.parametrize(
    ("data", "may_be"),
    [
        (b"just text", False),
        (pickle.dumps({"a": 1}), False),
        (zipped({"a.txt": b"text"}), True),
        (gzip.compress(b"text"), True),
        (b"7z\xbc\xaf\x27\x1c" + bytes(20), True),
        (zipped({"a.txt": b"text"})[:-3], True),
    ],
    ids=["text", "a pickle", "a zip", "gzip", "an unknown compression", "a damaged zip"],
)
def test_bytes_that_no_reader_recognizes_are_not_a_container(data: bytes, may_be: bool) -> None:
    assert inspected(MemoryBlob(data))[1] is may_be
