"""How the Hub would take each file: asked while planning, because the client drops ignored files without a word."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hublish.base.errors import RemoteError
from hublish.base.values import ReleaseFile, Target
from hublish.hub.client.hub import Hub, quote

SAMPLE_BYTES = 512
"""What the Hub looks at to tell text from binary."""
_FILES = 256  # the Hub's limit for one call


@dataclass(frozen=True, slots=True)
class UploadMode:
    """How the Hub would take a file."""

    mode: Literal["lfs", "regular"]
    ignored: bool
    """A .gitignore, in the release or on the Hub, makes the Hub drop the file."""


def upload_modes(
    hub: Hub, target: Target, revision: str, files: Sequence[tuple[ReleaseFile, bytes]], gitignore: str | None
) -> Mapping[str, UploadMode]:
    """Ask how the Hub would take each file, given with its first bytes, and whether a .gitignore drops it.

    Raises:
        RemoteError: when the Hub cannot be asked, or leaves a file out of its answer.
    """
    answers: dict[str, UploadMode] = {}
    for start in range(0, len(files), _FILES):
        answers.update(_asked(hub, target, revision, files[start : start + _FILES], gitignore))
    return answers


def _asked(
    hub: Hub, target: Target, revision: str, files: Sequence[tuple[ReleaseFile, bytes]], gitignore: str | None
) -> dict[str, UploadMode]:
    body: dict[str, Any] = {"files": [_described(*item) for item in files]}
    if gitignore is not None:
        body["gitIgnore"] = gitignore
    path = f"{target.repo_type}s/{target.repo_id}/preupload/{quote(revision)}"
    action = f"asking {target.repo_id} how it takes {len(files)} files"
    answer = hub.ask(action, "POST", path, json=body, params={"create_pr": "1"} if target.create_pr else None)
    with hub.speaking(action):
        modes = {entry["path"]: _mode(entry) for entry in answer["files"]}
    missing = next((file.path_in_repo for file, _ in files if file.path_in_repo not in modes), None)
    if missing is not None:
        msg = f"{action}: the answer says nothing about '{missing}'"
        raise RemoteError(msg)
    return modes


def _mode(entry: Mapping[str, Any]) -> UploadMode:
    # What is not "regular" is treated as large: read again and compared while it is sent.
    return UploadMode("regular" if entry["uploadMode"] == "regular" else "lfs", bool(entry.get("shouldIgnore")))


def _described(file: ReleaseFile, sample: bytes) -> dict[str, Any]:
    return {"path": file.path_in_repo, "size": file.size, "sample": base64.b64encode(sample).decode("ascii")}
