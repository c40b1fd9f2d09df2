"""Archives of frameworks are read within limits, and written so that equal content gives equal bytes."""

import struct
import zipfile
from pathlib import Path

import pytest

from hublish.formats.blob import MemoryBlob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.zip_reader import content_of, is_zip, opened_archive, read_zip, write_reproducibly
from tests.hublish.audit.payloads import encrypted, with_bad_checksum, zipped

TEXT = b"some text " * 50


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_member_is_read_whole_as_a_stream_and_as_a_blob(method: int) -> None:
    archive = read_zip(MemoryBlob(zipped({"a": TEXT, "b": b""}, method)))
    assert archive.read("a", len(TEXT)) == TEXT
    assert archive.open("a").read() == TEXT
    assert content_of(archive.blob, archive.by_name["a"]).read_at(5, 10) == TEXT[5:15]
    assert archive.read("b", 0) == b""


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (zipped({"b": TEXT}), "it has no member a"),
        (zipped({"a": TEXT + b"x"}), "member 'a': it has 501 bytes; the limit is 500"),
        (with_bad_checksum(zipped({"a": TEXT})), "its content does not match the directory"),
        (encrypted(zipped({"a": TEXT})), "member 'a': it is encrypted"),
        (zipped({"a": TEXT}, zipfile.ZIP_LZMA), "member 'a': it is compressed with method 14"),
    ],
    ids=["missing", "too long", "damaged", "encrypted", "LZMA"],
)
def test_a_member_that_cannot_be_read_is_refused_and_named(data: bytes, problem: str) -> None:
    with pytest.raises(InvalidFileError, match=problem):
        read_zip(MemoryBlob(data)).read("a", len(TEXT))


def test_a_member_without_a_checksum_is_read() -> None:
    data = bytearray(zipped({"a": TEXT}))
    for place in (14, data.index(b"PK\1\2") + 16):
        struct.pack_into("<L", data, place, 0)
    assert read_zip(MemoryBlob(bytes(data))).read("a", len(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"../a": b""}, r"m: member '\.\./a': '\.\.' segment not allowed"),
        ({"/a": b""}, "absolute path not allowed"),
        ({"a\\b": b""}, "backslash not allowed"),
        ({"a": bytes(200_000_000)}, "its members expand to 200000000 bytes"),
    ],
)
def test_an_archive_of_a_framework_has_safe_names_and_a_limit(
    tmp_path: Path, members: dict[str, bytes], problem: str
) -> None:
    (tmp_path / "m").write_bytes(zipped(members, zipfile.ZIP_DEFLATED))
    with pytest.raises(InvalidFileError, match=problem), opened_archive(tmp_path / "m", "m"):
        pytest.fail("it was opened")


def test_a_zip_is_detected_from_its_start_and_from_its_end() -> None:
    archive = zipped({"a": TEXT})
    for data, expected in ((archive, True), (b"#!/bin/sh\n" + archive, True), (b"text with PK\5\6 in it", False)):
        assert is_zip(MemoryBlob(data), data[:512]) is expected


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    for name, method, year in (("one", zipfile.ZIP_STORED, 1990), ("two", zipfile.ZIP_DEFLATED, 2020)):
        with zipfile.ZipFile(tmp_path / name, "w", method) as file:
            for member in ("a", "b"):
                file.writestr(zipfile.ZipInfo(member, (year, 1, 1, 0, 0, 0)), TEXT)
        write_reproducibly(tmp_path / name, tmp_path / f"{name}.zip", {"a": b"replaced"}, {"b": "c"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with opened_archive(tmp_path / "one.zip", "one") as archive:
        assert {name: archive.read(name, 1000) for name in archive.by_name} == {"a": b"replaced", "c": TEXT}
