"""Zip archives of frameworks: opened with limits, and rewritten so that equal content gives equal bytes."""

import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hublish.formats.input_files import InvalidFileError, named, opened
from hublish.formats.tensors.zip_directory import check_directory
from hublish.schemas.documents.path_rules import path_problems

_ENCRYPTED = 0x1  # bit 0 of the general purpose flags: APPNOTE.TXT, section 4.4.4
_BLOCK = 1 << 20
# Bytes that content may expand to, whatever its stored size.
_EXPANSION_FLOOR = 64 << 20
# How many times its stored size content above the floor may expand to. Weights hardly shrink, text does by ten.
_MOST_EXPANSION = 100


@contextmanager
def opened_archive(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose members are safe to read.

    Args:
        path: the archive.
        name: its name in errors.

    Raises:
        InvalidFileError: it is not a zip archive, is damaged, or holds members that no honest writer creates: repeated
            names, names that lead out of a folder, encryption, or far more data than the file has bytes.
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
    """Return the bytes of a member.

    Raises:
        InvalidFileError: it is missing, damaged or longer than `limit` bytes.
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
    # On damage, zipfile and its decompressors raise exceptions of many types.
    except Exception as error:
        msg = f"its member {name} is damaged: {error}"
        raise InvalidFileError(msg) from None


def read_json_member(archive: zipfile.ZipFile, name: str, limit: int) -> dict[str, Any]:
    """Return the JSON object in a member.

    Raises:
        InvalidFileError: as `read_member`, or it is not a JSON object.
    """
    text = read_member(archive, name, limit)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        msg = f"its member {name} is not JSON"
        raise InvalidFileError(msg) from None
    if not isinstance(value, dict):
        msg = f"its member {name} is not a JSON object"
        raise InvalidFileError(msg)
    return value


def check_expansion(content: str, expanded: int, stored: int) -> None:
    """Raise an error when `stored` bytes expand to more than honest compression achieves.

    Args:
        content: the subject of the message, with its verb: `its members expand`.
        expanded: bytes.
        stored: bytes.

    Raises:
        InvalidFileError: they expand too much.
    """
    if expanded > max(_EXPANSION_FLOOR, stored * _MOST_EXPANSION):
        msg = f"{content} to {expanded} bytes, from {stored}"
        raise InvalidFileError(msg)


def write_reproducibly(
    source: Path, target: Path, replaced: Mapping[str, bytes], renamed: Mapping[str, str] | None = None
) -> None:
    """Copy an archive without its times, its system and its compression, so that equal content gives equal bytes.

    Args:
        source: a new archive of ours.
        target: the file to create.
        replaced: other bytes for members, by name in the source.
        renamed: other names for members, by name in the source.
    """
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as after:
        for info in before.infolist():
            # A new entry has zip's epoch as its time; zipfile would otherwise record the clock and the system.
            entry = zipfile.ZipInfo((renamed or {}).get(info.filename, info.filename))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            if info.filename in replaced:
                after.writestr(entry, replaced[info.filename])
                continue
            # With the size known in advance, zipfile decides on zip64 as for any other member.
            entry.file_size = info.file_size
            with before.open(info) as member, after.open(entry, "w") as copy:
                shutil.copyfileobj(member, copy, _BLOCK)


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    seen: set[str] = set()
    for info in members:
        shown = ascii(info.filename)[:80]
        # Readers disagree on which of two equal names counts: one file could show different content to each.
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
    check_expansion("its members expand", sum(info.file_size for info in members), size)
