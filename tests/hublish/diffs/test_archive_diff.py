"""Archives are compared by their members: names, sizes and checksums."""

import io
import zipfile

import pytest

from hublish.base.content import InMemory
from hublish.diffs.compare_files import diff_file
from tests.hublish.diffs.sides import compared, entries, tarred, zipped

BEFORE = {"same": "1", "changed": "22", "longer": "3", "gone": "4"}
AFTER = {"same": "1", "changed": "23", "longer": "3" * 2000, "new": "55"}
CHANGES = [
    ("changed", "2 B", "2 B, other content"),
    ("longer", "1 B", "2.0 KB"),
    ("gone", "1 B", None),
    ("new", None, "2 B"),
]


@pytest.mark.parametrize(
    ("path", "sides"),
    [
        ("a.zip", [zipped(each) for each in (BEFORE, AFTER)]),
        ("a.keras", [zipped(each, compressed=True) for each in (BEFORE, AFTER)]),
        ("pytorch_model.bin", [zipped(BEFORE), zipped(AFTER, compressed=True)]),
        ("a.tar", [tarred({name: text.encode() for name, text in each.items()}) for each in (BEFORE, AFTER)]),
        (
            "a.tar.gz",
            [tarred({name: text.encode() for name, text in each.items()}, "w:gz") for each in (BEFORE, AFTER)],
        ),
        ("a.txz", [tarred({name: text.encode() for name, text in each.items()}, "w:xz") for each in (BEFORE, AFTER)]),
        ("no_suffix", [tarred({name: text.encode() for name, text in each.items()}) for each in (BEFORE, AFTER)]),
    ],
    ids=["zip", "keras", "bin", "tar", "tgz", "txz", "no suffix"],
)
def test_archives_are_compared_by_member(path: str, sides: list[bytes]) -> None:
    diff = compared(path, *sides)
    assert (diff.kind, diff.summary) == ("archive", "2 changed, 1 added, 1 removed of 4 members")
    assert entries(diff) == CHANGES
    assert compared(path, None, sides[1]).summary.startswith("added: 4 members, ")


def test_archives_whose_members_are_the_same_have_other_bytes() -> None:
    diff = compared("a.zip", zipped(BEFORE), zipped(BEFORE, compressed=True))
    assert (diff.summary, diff.entries) == ("the same 4 members, in other bytes", ())


def test_members_of_the_same_name_are_all_compared() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", "22")
    diff = compared("a.zip", zipped({"a": "1"}), stream.getvalue())
    assert entries(diff) == [("a (no. 2)", None, "2 B")]


@pytest.mark.parametrize("cut", [1, 30, 60])
def test_a_damaged_archive_is_compared_by_size_with_the_reason(cut: int) -> None:
    diff = compared("a.zip", zipped(BEFORE), zipped(AFTER)[:-cut])
    assert diff.kind == "binary"
    assert "archive" in diff.summary


@pytest.mark.parametrize(
    "damaged",
    [tarred({"a": b"1" * 3000})[:1500], tarred({"a": b"1" * 9000}, "w:gz")[:-20], b"\x1f\x8b\x08\0 no stream"],
    ids=["tar", "gzip", "no stream"],
)
def test_a_damaged_tar_is_compared_by_its_readable_members(damaged: bytes) -> None:
    assert compared("a.tar.gz", tarred({"a": b"1"}), damaged).kind in ("binary", "archive")


def test_of_a_large_zip_only_the_directory_is_read() -> None:
    reads: list[int] = []

    class Counted(InMemory):
        def read_at(self, offset: int, length: int) -> bytes:
            reads.append(length)
            return super().read_at(offset, length)

    before, after = ({"weights": "x" * 9_000_000, "config": text} for text in ("1", "2"))
    diff = diff_file("a.zip", Counted(zipped(before)), Counted(zipped(after)))
    assert entries(diff) == [("config", "1 B", "1 B, other content")]
    assert sum(reads) < 3_000_000
