"""Which lock belongs to a manifest: `priv.lock` to the `priv.yaml` beside it, unless the caller names another file."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hublish.schemas.documents.file_names import LOCK_FILE, MANIFEST_FILE

_LOCK: Final = ".lock"
_YAML: Final = (".yaml", ".yml")


def lock_name(manifest: str) -> str:
    """Return the name of the lock of a manifest, by the manifest's name."""
    stem, suffix = os.path.splitext(manifest)  # noqa: PTH122 - a name, not a path
    # A lock given in the manifest's place is its own: its folder is then all that matters.
    return f"{stem if suffix.lower() in (*_YAML, _LOCK) else manifest}{_LOCK}"


def is_lock_name(folder: Path, name: str) -> bool:
    """Return whether a name in a folder is that of a manifest's lock: hub.lock, or the lock of another manifest there.

    Other tools have lock files as well, which may be part of a release: uv.lock, Cargo.lock.
    """
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    return name == LOCK_FILE or (suffix == _LOCK and any((folder / f"{stem}{each}").is_file() for each in _YAML))


def lock_names(folder: Path) -> Iterator[str]:
    """Yield the names of the locks that are in a folder."""
    return (name for name in os.listdir(folder) if name.endswith(_LOCK) and is_lock_name(folder, name))  # noqa: PTH208


def manifests_beside(lock: Path) -> tuple[Path, ...]:
    """Return the manifests that a lock in the same folder can belong to: the one of its name, and hub.yaml."""
    stem = os.path.splitext(lock.name)[0]  # noqa: PTH122
    names = dict.fromkeys((*(f"{stem}{suffix}" for suffix in _YAML), MANIFEST_FILE))
    return tuple(path for name in names if (path := lock.with_name(name)).is_file())
