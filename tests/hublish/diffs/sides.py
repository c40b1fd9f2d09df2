"""Short ways to compare the two sides of a file in tests."""

import io
import tarfile
import zipfile
from typing import Any, Literal

import numpy as np
from safetensors.numpy import save

from hublish.base.content import InMemory
from hublish.diffs.compare_files import diff_file
from hublish.diffs.differences import FileDiff


def compared(path: str, before: bytes | None, after: bytes | None, *, values: bool = False) -> FileDiff:
    sides = (None if side is None else InMemory(side) for side in (before, after))
    return diff_file(path, *sides, values=values)


def marked(diff: FileDiff, marks: str = "+-") -> list[str]:
    """Return the changed lines with their marks."""
    return [f"{line.mark}{line.text}" for hunk in diff.hunks for line in hunk.lines if line.mark in marks]


def entries(diff: FileDiff) -> list[tuple[str, str | None, str | None]]:
    return [(entry.name, entry.before, entry.after) for entry in diff.entries]


def weights(metadata: dict[str, str] | None = None, **tensors: Any) -> bytes:
    return save({name: np.asarray(value) for name, value in tensors.items()}, metadata)


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def zipped(members: dict[str, str], *, compressed: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def tarred(members: dict[str, bytes], mode: Literal["w", "w:gz", "w:bz2", "w:xz"] = "w") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()
