"""Recognize the folders that a release was downloaded to. What is in them was written by its publisher."""

import os
import re
from pathlib import Path
from typing import Final

from hublish.pipeline.fetch.local_folder import CLIENT_RECORDS, RECORD_SUFFIX
from hublish.schemas.documents.file_names import SIGNATURE_FILE
from hublish.schemas.documents.hub_names import URL_KINDS, repo_path

_CACHED: Final = re.compile(r"(?P<kind>\w+?s)--(?P<id>[^/]+)")


def repo_of_snapshot(folder: Path) -> str | None:
    """Return the repo of a folder that is a snapshot in huggingface_hub's cache; None for any other folder."""
    parts = folder.resolve().parts
    if len(parts) < 3 or parts[-2] != "snapshots":
        return None
    found = _CACHED.fullmatch(parts[-3])
    if found is None or found["kind"] not in URL_KINDS:
        return None
    return repo_path(found["id"].replace("--", "/"), URL_KINDS[found["kind"]])


def is_downloaded(folder: Path) -> bool:
    """Return whether a folder is a signed release, a snapshot in the cache, or one that the client downloaded to."""
    signed = os.path.lexists(folder / SIGNATURE_FILE)
    return signed or (folder / CLIENT_RECORDS).is_dir() or repo_of_snapshot(folder) is not None


def release_around(file: Path) -> Path | None:
    """Return the folder of the release that a file came with; None for a file of the caller's own."""
    return next((folder for folder in file.absolute().parents if _came_with(folder, file.absolute())), None)


def _came_with(folder: Path, file: Path) -> bool:
    # The client records what it downloaded. A clone has no records: there, a signature marks the folder.
    if os.path.lexists(folder / SIGNATURE_FILE) or repo_of_snapshot(folder) is not None:
        return True
    return os.path.lexists(folder / CLIENT_RECORDS / f"{file.relative_to(folder)}{RECORD_SUFFIX}")
