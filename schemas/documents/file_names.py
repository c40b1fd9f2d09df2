"""The names of the files that hublish, git and the Hub give a meaning to."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MANIFEST_FILE: Final = "hub.yaml"
"""The manifest, on disk and in the repo, where the load section is read from."""

LOCK_FILE: Final = "hub.lock"
"""The record of the last release, next to the manifest; never part of a release."""

CARD_FILE: Final = "README.md"
"""The card of a repo."""

GITIGNORE: Final = ".gitignore"
"""Makes the Hub drop files from a commit; only the one at the root of the repo counts."""

GITATTRIBUTES: Final = ".gitattributes"
"""The Hub writes this file itself: it is never deleted, and a change of it is never a difference."""

SIGNATURE_FILE: Final = "model.sig"
"""The signature over the files of a release, in the format of OpenSSF Model Signing."""

CLAIMS_FILE: Final = "claims.jsonl"
"""Signed in-toto statements about the files of a release, one a line."""

BOM_FILE: Final = "bom.cdx.json"
"""The bill of materials of a release, in the format of CycloneDX."""

ATTESTATION_FILES: Final = (SIGNATURE_FILE, CLAIMS_FILE, BOM_FILE)
"""The files that prove who released the others, and how."""

UNSIGNED_FILES: Final = (GITATTRIBUTES, CLAIMS_FILE, SIGNATURE_FILE)
"""The files that no signature covers: the Hub writes the first, and the others hold signatures themselves."""

TRUST_FILE: Final = "trust.yaml"
"""The signers whose releases a reader accepts, in the folder where commands run."""

STATE_FOLDER: Final = ".hublish"
"""Holds the embedded Hub, next to the manifest."""

LOCK_SUFFIX: Final = ".lock"
"""The suffix of locks."""

_YAML: Final = (".yaml", ".yml")


def manifest_file(path: Path) -> Path:
    """Return the manifest that a path names: hub.yaml of a folder, or the file itself."""
    return path / MANIFEST_FILE if path.is_dir() else path


def lock_name(manifest: str) -> str:
    """Return the name of the lock of a manifest, by the manifest's name: `priv.lock` for `priv.yaml`."""
    stem, suffix = os.path.splitext(manifest)  # noqa: PTH122 - a name, not a path
    # A lock given in the manifest's place is its own: its folder is then all that matters.
    return f"{stem if suffix.lower() in (*_YAML, LOCK_SUFFIX) else manifest}{LOCK_SUFFIX}"


def is_lock_name(folder: Path, name: str) -> bool:
    """Return whether a name in a folder is that of a manifest's lock: hub.lock, or the lock of another manifest there.

    Other tools have lock files as well, which may be part of a release: uv.lock, Cargo.lock.
    """
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    return name == LOCK_FILE or (suffix == LOCK_SUFFIX and any((folder / f"{stem}{each}").is_file() for each in _YAML))


def lock_names(folder: Path) -> Iterator[str]:
    """Yield the names of the locks that are in a folder."""
    return (name for name in os.listdir(folder) if name.endswith(LOCK_SUFFIX) and is_lock_name(folder, name))  # noqa: PTH208


def manifests_beside(lock: Path) -> tuple[Path, ...]:
    """Return the manifests that a lock in the same folder can belong to: the one of its name, and hub.yaml."""
    stem = os.path.splitext(lock.name)[0]  # noqa: PTH122
    names = dict.fromkeys((*(f"{stem}{suffix}" for suffix in _YAML), MANIFEST_FILE))
    return tuple(path for name in names if (path := lock.with_name(name)).is_file())
