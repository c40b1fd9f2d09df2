"""A zip archive is read only when the directory and the members' own headers describe the same members."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterable

import pytest

from hublish.formats.blob import MemoryBlob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.zip_directory import MAX_DIRECTORY_SIZE, readable_members
from hublish.formats.zip_reader import read_zip

TWO = {"a": b"first", "b": b"second" * 10}
Change = Callable[[bytearray], object]


def archive(members: dict[str, bytes] | None = None, method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.comment = comment
        for name, data in (TWO if members is None else members).items():
            file.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    found = read_zip(MemoryBlob(data))
    return {member.name: found.read(member.name, 1 << 20) for member in found.members}


class Unseekable(io.RawIOBase):
    """A target that cannot go back, so that zipfile writes sizes after the data."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # bytes are enough
        self.data += bytes(data)
        return len(data)


def streamed() -> bytes:
    target = Unseekable()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in TWO.items():
            file.writestr(name, data)
    return target.data


def wide() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in TWO.items():
            with file.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(data)
    return buffer.getvalue()


def after_a_script() -> bytes:
    buffer = io.BytesIO(b"#!/bin/sh\n")
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a") as file:
        for name, data in TWO.items():
            file.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        archive(),
        archive(method=zipfile.ZIP_DEFLATED),
        archive(method=zipfile.ZIP_BZIP2),
        archive(comment=b"a comment"),
        archive(comment=b"x" * 65_535),
        streamed(),
        wide(),
        after_a_script(),
        b"#!/bin/sh\n" + archive(),
    ],
    ids=["stored", "deflated", "bzip2", "comment", "long comment", "streamed", "zip64", "script", "before the offsets"],
)
def test_every_form_that_the_format_allows_is_read(data: bytes) -> None:
    assert read(data) == TWO
    assert [member.name for member in readable_members(MemoryBlob(data))] == list(TWO)


def test_an_archive_in_an_archive_is_a_member() -> None:
    inner = archive()
    assert read(archive({"inner.zip": inner})) == {"inner.zip": inner}


def test_members_come_in_the_order_of_the_directory() -> None:
    assert list(read(archive({"b": b"", "a": b"", "c": b""}))) == ["b", "a", "c"]


def test_more_members_than_16_bits_count_are_read() -> None:
    assert len(read_zip(MemoryBlob(archive(dict.fromkeys(map(str, range(70_000)), b"")))).members) == 70_000


def edited(*changes: Change, data: bytes | None = None) -> bytes:
    content = bytearray(archive() if data is None else data)
    for change in changes:
        change(content)
    return bytes(content)


def nth(content: bytes | bytearray, signature: bytes, number: int = 0) -> int:
    place = -1
    for _ in range(number + 1):
        place = content.index(signature, place + 1)
    return place


def in_directory(place: int, form: str, value: int, number: int = 0) -> Change:
    return lambda content: struct.pack_into(form, content, nth(content, b"PK\1\2", number) + place, value)


def in_local(place: int, form: str, value: int, number: int = 0) -> Change:
    return lambda content: struct.pack_into(form, content, nth(content, b"PK\3\4", number) + place, value)


def in_end(place: int, form: str, value: int) -> Change:
    return lambda content: struct.pack_into(form, content, content.rindex(b"PK\5\6") + place, value)


def without(numbers: Iterable[int], data: bytes | None = None) -> bytes:
    """Return the archive with members missing from its directory."""
    content = archive() if data is None else data
    start, end = content.index(b"PK\1\2"), content.rindex(b"PK\5\6")
    entries = [b"PK\1\2" + entry for entry in content[start:end].split(b"PK\1\2")[1:]]
    kept = [entry for number, entry in enumerate(entries) if number not in set(numbers)]
    directory = b"".join(kept)
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(kept), len(kept), len(directory), start, 0)
    return content[:start] + directory + tail


def second_end() -> bytes:
    """Return an archive whose comment is the end of another directory."""
    inner = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)
    return archive(comment=inner)


def end_in_the_directory() -> bytes:
    buffer = io.BytesIO()
    info = zipfile.ZipInfo("a")
    info.comment = b"PK\5\6" + bytes(18)
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(info, b"first")
    return buffer.getvalue()


def hidden_first() -> bytes:
    """Return an archive that follows another one, which readers from the front find."""
    return archive({"hidden": b"evil"})[: -len(b"PK\5\6") - 18] + archive()


def shifted() -> bytes:
    """Return an archive with two directories: at the recorded offset, and before the end."""
    first, second = archive({"x": b"1"}), archive({"y": b"2"})
    directory = first.index(b"PK\1\2")
    return edited(in_end(16, "<L", directory), data=first + second)


def end_record(size: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 0, 0)


def end_record_64(size: int) -> bytes:
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, 0)
    return record + struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1) + end_record(0xFFFFFFFF)


def wide_end(place: int) -> bytes:
    """Return an archive whose locator points to a place, counted from the right one."""
    data = archive()
    end, directory = len(data) - 22, data.index(b"PK\1\2")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2, 2, end - directory, directory)
    return data[:end] + record + struct.pack("<4sLQL", b"PK\6\7", 0, end + place, 1) + data[end:]


def test_a_zip64_record_where_its_locator_points_is_read() -> None:
    assert read(wide_end(0)) == TWO
    assert read(b"#!/bin/sh\n" + wide_end(0)) == TWO


REFUSED: dict[str, tuple[bytes, str]] = {
    "no bytes": (b"", "not a zip archive, or cut short"),
    "other bytes": (b"x" * 100_000, "not a zip archive, or cut short"),
    "an end cut short": (b"PK\5\6" + bytes(17), "not a zip archive, or cut short"),
    "a huge directory": (end_record(MAX_DIRECTORY_SIZE + 1), "takes 10000001 bytes; the limit is 10000000"),
    "a huge zip64 directory": (end_record_64(2**40), f"directory takes {2**40} bytes"),
    "no zip64 record": (end_record(0xFFFFFFFF), "zip64 directory is damaged"),
    "a locator alone": (struct.pack("<4sLQL", b"PK\6\7", 0, 2**63, 1) + end_record(1), "zip64 directory is damaged"),
    "a zip64 record of another directory": (
        archive()[:-22] + end_record_64(50)[:-22] + archive()[-22:],
        "zip64 directory is damaged",
    ),
    "a locator that points elsewhere": (wide_end(-10), "directory is ambiguous"),
    "a directory elsewhere": (edited(in_end(12, "<L", 10)), "ambiguous|damaged"),
    "two directories": (shifted(), "ambiguous"),
    "a wrong number of entries": (edited(in_end(8, "<H", 1), in_end(10, "<H", 1)), "directory is ambiguous"),
    "a second end in the comment": (second_end(), "a member is missing from the archive's directory"),
    "an end within the directory": (end_in_the_directory(), "more than one end"),
    "two members of one name": (
        edited(
            lambda c: c.__setitem__(nth(c, b"PK\3\4", 1) + 30, ord("a")),
            lambda c: c.__setitem__(nth(c, b"PK\1\2", 1) + 46, ord("a")),
        ),
        "two members are named 'a'",
    ),
    "another name in the member": (edited(lambda c: c.__setitem__(30, ord("x"))), "own header disagree"),
    "a longer name in the member": (edited(in_local(26, "<H", 2)), "own header disagree"),
    "another method in the member": (edited(in_local(8, "<H", 8)), "own header disagree"),
    "another size in the member": (edited(in_local(22, "<L", 4)), "own header disagree"),
    "another size in the member, though one follows": (
        edited(in_local(6, "<H", 8), in_directory(8, "<H", 8), in_local(22, "<L", 4)),
        "own header disagree",
    ),
    "a wide size that is missing": (edited(in_local(18, "<L", 0xFFFFFFFF)), "own header disagree"),
    "another wide size in the member": (
        edited(lambda c: struct.pack_into("<2L", c, 18, 0xFFFFFFFF, 0xFFFFFFFF), data=wide()).replace(
            struct.pack("<2H2Q", 1, 16, 5, 5), struct.pack("<2H2Q", 1, 16, 5, 6)
        ),
        "own header disagree",
    ),
    "a stored member of two sizes": (edited(in_directory(24, "<L", 7)), "it is stored, and takes 5 bytes for 7"),
    "a place without a member": (edited(in_directory(42, "<L", 7)), "place without a member"),
    "one member for two names": (edited(in_directory(42, "<L", 0, 1)), "own header disagree|overlaps"),
    "members that overlap": (
        edited(in_directory(20, "<L", 50), in_directory(24, "<L", 50), in_local(18, "<L", 50), in_local(22, "<L", 50)),
        "member 'b' overlaps member 'a'",
    ),
    "a member over the directory": (
        edited(
            *(in_directory(place, "<L", 999, 1) for place in (20, 24)),
            *(in_local(place, "<L", 999, 1) for place in (18, 22)),
        ),
        "member 'b' overlaps the directory",
    ),
    "a member missing at the front": (without([0]), "a member is missing from the archive's directory"),
    "a member missing at the end": (without([1]), "a member is missing from the archive's directory"),
    "an archive before the archive": (hidden_first(), "a member is missing from the archive's directory"),
}


@pytest.mark.parametrize(("data", "problem"), REFUSED.values(), ids=REFUSED)
def test_an_archive_that_readers_could_understand_differently_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(InvalidFileError, match=problem):
        read_zip(MemoryBlob(data))


def test_a_refused_archive_can_still_be_searched() -> None:
    assert [member.name for member in readable_members(MemoryBlob(without([0])))] == ["b"]
    assert list(readable_members(MemoryBlob(b"not a zip"))) == []
