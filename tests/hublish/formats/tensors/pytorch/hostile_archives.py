"""Hostile archives and legacy files, with the error for each."""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.hublish.formats.tensors.pytorch.assembling import (
    FOUR,
    LEGACY_MAGIC,
    call,
    legacy,
    list_of,
    members,
    named,
    number,
    pickled,
    state,
    text,
    write_zip,
)
from tests.hublish.formats.tensors.pytorch.hostile_pickles import COMMAND, DAMAGED, executed

Write = Callable[[Path], object]


def edited(files: dict[str, bytes], change: Callable[[bytearray], object]) -> Write:
    def write(path: Path) -> None:
        content = bytearray(write_zip(path, files).read_bytes())
        change(content)
        path.write_bytes(content)

    return write


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Write:
    return lambda path: write_zip(path, files, method)


def raw(content: bytes) -> Write:
    return lambda path: path.write_bytes(content)


def directory(content: bytearray, nth: int = 0) -> int:
    """Return where the entry for the nth member begins in the directory."""
    place = -1
    for _ in range(nth + 1):
        place = content.index(b"PK\1\2", place + 1)
    return place


def put(place: int, form: str, value: int) -> Callable[[bytearray], object]:
    return lambda content: struct.pack_into(form, content, directory(content) + place, value)


def twice(path: Path) -> None:
    evil = pickled(call("posix.system", COMMAND))
    with zipfile.ZipFile(path, "w") as writer:
        for name, content in [*members(state()).items(), ("m/data.pkl", evil)]:
            known = name in writer.namelist()
            with pytest.warns(UserWarning, match="Duplicate") if known else nullcontext():
                writer.writestr(name, content)


def overlapping(content: bytearray) -> None:
    """Make the second member begin at the first."""
    first, second = directory(content), directory(content, 1)
    struct.pack_into("<L", content, second + 42, struct.unpack_from("<L", content, first + 42)[0])


def enormous(content: bytearray) -> None:
    """Make the first member claim two gigabytes, in both places."""
    for place in (18, directory(content) + 20):
        struct.pack_into("<LL", content, place, 2**31, 2**31)


def inflating(path: Path) -> None:
    """Write a pickle that claims to be small and expands to a gigabyte."""
    squeezed = zlib.compressobj(9, wbits=-15)
    data = b"".join(squeezed.compress(b"N" * (1 << 20)) for _ in range(64)) + squeezed.flush()
    edited(members(data), lambda content: _pretend_deflated(content, len(data)))(path)


def _pretend_deflated(content: bytearray, size: int) -> None:
    for place, method, length in ((0, 8, 22), (directory(content), 10, 24)):
        struct.pack_into("<H", content, place + method, zipfile.ZIP_DEFLATED)
        struct.pack_into("<L", content, place + length, 1000)
    assert size < 1 << 20


PLAIN = members(state())
FLAG = 8  # of a directory's entry
ARCHIVES: dict[str, tuple[Write, str]] = {
    "two members of one name": (twice, r"two members are named 'm/data\.pkl'"),
    "members that overlap": (edited(PLAIN, overlapping), "own header disagree|overlaps"),
    "a member beyond the file": (edited(PLAIN, put(42, "<L", 2**31)), "place without a member|damaged"),
    "a member larger than the file": (
        edited(PLAIN, enormous),
        "overlaps",
    ),
    "sizes that differ": (edited(PLAIN, put(24, "<L", 7)), "it is stored, and takes"),
    "an encrypted member": (edited(PLAIN, put(FLAG, "<H", 1)), "it is encrypted"),
    "a strongly encrypted member": (edited(PLAIN, put(FLAG, "<H", 0x40)), "it is encrypted"),
    "another name in the member": (
        edited(PLAIN, lambda content: content.__setitem__(slice(30, 40), b"m/evil.pkl")),
        "own header disagree",
    ),
    "another method in the member": (edited(PLAIN, lambda c: c.__setitem__(8, 8)), "own header disagree"),
    "an unknown compression": (edited(PLAIN, put(10, "<H", 99)), "own header disagree"),
    "a wrong checksum": (edited(PLAIN, put(16, "<L", 1)), "does not match the directory"),
    "compressed storages": (archive(PLAIN, zipfile.ZIP_DEFLATED), "is compressed, which torch.save never does"),
    "an inflating pickle": (inflating, "does not match the directory"),
    "a pickle of 30 MB": (archive(members(b"\x80\x02" + b"N0" * 15_000_000)), "the limit is 25000000"),
    "a path that climbs": (archive({**PLAIN, "m/../../canary": b""}), r"'\.\.' segment not allowed"),
    "an absolute path": (archive({**PLAIN, "/canary": b""}), "absolute path not allowed"),
    "a Windows path": (archive({**PLAIN, "m\\..\\canary": b""}), "backslash not allowed"),
    "a drive": (archive({**PLAIN, "C:/canary": b""}), "absolute path not allowed"),
    "two roots": (archive({**PLAIN, "n/data.pkl": state()}), r"2 members of the archive are a data\.pkl"),
    "no pickle": (archive({"m/version": b"3\n"}), r"0 members of the archive are a data\.pkl"),
    "an unknown byte order": (archive(members(state(), order=b"middle")), "byte order b'middle' is not known"),
    "a byte order of megabytes": (archive(members(state(), order=b"x" * 2**22)), "the limit is 16"),
    "no directory": (raw(b"PK\3\4" + b"x" * 1000), "its directory is missing"),
    "an archive after other bytes": (
        lambda path: path.write_bytes(b"PK\3\4junk" + write_zip(path, PLAIN).read_bytes()),
        "bytes precede the archive",
    ),
    "a directory of gigabytes": (
        edited(PLAIN, lambda c: struct.pack_into("<L", c, c.index(b"PK\5\6") + 12, 2**31)),
        "directory takes 2147483648 bytes",
    ),
    "an empty archive": (raw(b"PK\5\6" + bytes(18)), "not a PyTorch checkpoint"),
    "an emptied archive": (
        edited(PLAIN, lambda c: c.__setitem__(slice(directory(c), c.index(b"PK\5\6") + 20), b"PK\5\6" + bytes(16))),
        "a member is missing from the archive's directory",
    ),
    "a tar": (raw(bytes(257) + b"ustar" + bytes(250)), "a checkpoint in a tar"),
    "an empty file": (raw(b""), "not a PyTorch checkpoint"),
    "text": (raw(b"version https://git-lfs.github.com/spec/v1\n"), "not a PyTorch checkpoint"),
    "a bare pickle": (raw(executed(os.system, "touch canary")), "not a PyTorch checkpoint"),
    "missing script code": (
        archive({**members(pickled(named("__torch__.M") + b")\x81}b")), "m/constants.pkl": b"", "m/code/x.py": b""}),
        r"code 'code/__torch__\.py' is missing",
    ),
    "a script that names a function": (
        archive({**members(state(call("posix.system", COMMAND))), "m/constants.pkl": b"", "m/code/x.py": b""}),
        r"posix\.system",
    ),
    "a script without a module": (
        archive({**PLAIN, "m/constants.pkl": b"", "m/code/x.py": b""}),
        "has no module",
    ),
    "legacy: a call": (raw(legacy(executed(os.system, "touch canary"), {})), r"\.system"),
    "legacy: a call in the preamble": (raw(LEGACY_MAGIC + pickled(call("posix.system", COMMAND))), "preamble has"),
    "legacy: nothing more": (raw(LEGACY_MAGIC), DAMAGED),
    "legacy: another protocol": (raw(LEGACY_MAGIC + pickled(number(1000))), "protocol 1001"),
    "legacy: a storage cut short": (raw(legacy(state(), {"0": FOUR})[:-1]), "extends past the end"),
    "legacy: a storage of another size": (raw(legacy(state(), {"0": FOUR[:8]})), "has 8 bytes, not 16"),
    "legacy: a huge count": (
        raw(legacy(state(), {})[: -len(pickled(list_of()))] + pickled(list_of(text("0"))) + b"\xff" * 8),
        "extends past the end",
    ),
    "legacy: a storage too many": (raw(legacy(state(), {"0": FOUR, "1": FOUR})), "belongs to no tensor"),
    "legacy: bytes left over": (raw(legacy(state(), {"0": FOUR}) + b"x"), "1 bytes follow the last storage"),
    "legacy: keys that repeat": (
        raw(legacy(state(), {})[: -len(pickled(list_of()))] + pickled(list_of(text("0"), text("0")))),
        "list of storages is damaged",
    ),
    "legacy: keys that are not a list": (
        raw(legacy(state(), {})[: -len(pickled(list_of()))] + pickled(number(1))),
        "list of storages is damaged",
    ),
}
