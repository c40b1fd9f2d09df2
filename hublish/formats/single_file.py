"""Formats whose value is one file: what it may be called, where it is written, which one it is in a release."""

from collections.abc import Mapping
from pathlib import Path

from hublish.base.errors import LoadError, SerializationError


def has_suffix(path: str, suffixes: tuple[str, ...]) -> bool:
    """Whether the path's name has one of the endings and something before it."""
    name = path.rpartition("/")[2]
    return any(name.endswith(suffix) and len(name) > len(suffix) for suffix in suffixes)


def check_suffix(path_in_repo: str, suffixes: tuple[str, ...]) -> None:
    """Refuse a path in the repo that readers of the format would not recognise.

    Raises:
        SerializationError: naming an ending that would do.
    """
    if not has_suffix(path_in_repo, suffixes):
        msg = f"path_in_repo {path_in_repo!r} does not end with {' or '.join(suffixes)}"
        raise SerializationError(msg, hint=f"write for instance path_in_repo: model{suffixes[0]}")


def place(workspace: Path, path_in_repo: str) -> Path:
    """Return where a file for the repo is written on this machine; its folder exists."""
    workspace.mkdir(parents=True, exist_ok=True)
    return workspace / path_in_repo.rpartition("/")[2]


def only(files: Mapping[str, Path], suffixes: tuple[str, ...], serializer: str) -> tuple[str, Path]:
    """Return the one file with such an ending: its path in the repo, and where it lies.

    Raises:
        LoadError: when there is none, or more than one.
    """
    found = sorted(path for path in files if has_suffix(path, suffixes))
    if not found:
        msg = f"no {' or '.join(suffixes)} file among {len(files)} files"
        raise LoadError(msg, hint="do load.allow_patterns let it in?")
    if len(found) > 1:
        msg = f"serializer {serializer} loads one file, and there are {len(found)}: {', '.join(found[:5])}"
        raise LoadError(msg, hint="let load.allow_patterns choose one of them")
    return found[0], files[found[0]]
