"""Zip archives that frameworks write: opened with limits, and written anew so that equal content is equal bytes."""

import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hublish.formats.input_files import InvalidFileError, named, opened
from hublish.formats.tensors.zip_directory import check_directory
from hublish.schemas.documents.names import path_problems

_ENCRYPTED = 0x1
_BLOCK = 1 << 20
_FLOOR = 64 << 20
_MOST_EXPANSION = 100
"""How many times its size an archive above the floor may expand to; weights hardly shrink, text does by ten."""


@contextmanager
def opened_archive(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose members may be read.

    Args:
        path: where it lies.
        name: how errors call it.

    Raises:
        InvalidFileError: when it is none, is damaged, or holds what an honest writer never makes: names twice or
            leading out of a folder, encryption, far more data than the file has bytes.
    """
    with named(name), opened(path) as (descriptor, identity), os.fdopen(descriptor, "rb", closefd=False) as file:
        check_directory(file)
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
            msg = f"damaged archive: {error}"
            raise InvalidFileError(msg) from None
        with archive:
            _check_members(archive.infolist(), identity.size)
            yield archive


def read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Read a member whole.

    Raises:
        InvalidFileError: when it is missing, damaged or longer than `limit` bytes.
    """
    try:
        info = archive.getinfo(name)
    except KeyError:
        msg = f"it has no member {name}"
        raise InvalidFileError(msg) from None
    if info.file_size > limit:
        msg = f"its member {name} has {info.file_size} bytes; the limit is {limit}"
        raise InvalidFileError(msg)
    try:
        return archive.read(info)
    # zipfile and its decompressors meet damage with errors of many kinds.
    except Exception as error:
        msg = f"its member {name} is damaged: {error}"
        raise InvalidFileError(msg) from None


def write_reproducibly(
    source: Path, target: Path, replaced: Mapping[str, bytes], renamed: Mapping[str, str] | None = None
) -> None:
    """Copy an archive so that no time, no system and no compression shows in the bytes.

    Args:
        source: an archive just written.
        target: the file to create.
        replaced: other bytes for members, by name in the source.
        renamed: other names for members, by name in the source.
    """
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as after:
        for info in before.infolist():
            # The epoch of zip; what zipfile sets by itself is the time and the system it runs on.
            entry = zipfile.ZipInfo((renamed or {}).get(info.filename, info.filename))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            if info.filename in replaced:
                after.writestr(entry, replaced[info.filename])
                continue
            entry.file_size = info.file_size
            with before.open(info) as member, after.open(entry, "w") as copy:
                shutil.copyfileobj(member, copy, _BLOCK)


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    seen: set[str] = set()
    for info in members:
        shown = ascii(info.filename)[:80]
        if info.filename in seen:
            msg = f"two members are named {shown}"
            raise InvalidFileError(msg)
        seen.add(info.filename)
        if problems := path_problems(info.filename.rstrip("/")):
            msg = f"member {shown}: {problems[0]}"
            raise InvalidFileError(msg)
        if info.flag_bits & _ENCRYPTED:
            msg = f"member {shown} is encrypted"
            raise InvalidFileError(msg)
    expanded = sum(info.file_size for info in members)
    if expanded > max(_FLOOR, size * _MOST_EXPANSION):
        msg = f"its members expand to {expanded} bytes, from {size}"
        raise InvalidFileError(msg)
