"""Before an upload: how will each file be stored, is it ignored, and what is there already?"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hublish.hub.server.access import authorize_contribution, authorize_write, repo_of
from hublish.hub.server.http import Request, Response, bad_request, json_response
from hublish.hub.server.hub import Hub
from hublish.hub.server.names import path_problem
from hublish.hub.server.snapshots import Snapshot, open_snapshot
from hublish.hub.server.upload_modes import ignore_rule, lfs_rule, looks_binary
from hublish.schemas.documents.file_names import GITATTRIBUTES, GITIGNORE

MAX_FILES = 1000
"""In one call; the client sends 256."""


@dataclass(frozen=True, slots=True)
class _Rules:
    lfs: Callable[[str], bool | None]
    ignored: Callable[[str], bool]
    largest_regular: int

    def upload_mode(self, path: str, size: int, sample: bytes) -> str:
        if size == 0:
            return "regular"
        by_rule = self.lfs(path)
        if size > self.largest_regular or by_rule or (by_rule is None and looks_binary(sample)):
            return "lfs"
        return "regular"


def preupload(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/preupload/V[?create_pr=1]`."""
    repo = repo_of(request)
    pull_request = request.flag("create_pr") or request.params["revision"].startswith("refs/pr/")
    (authorize_contribution if pull_request else authorize_write)(hub, request, repo)
    body = request.json_object()
    files = body.get("files")
    if not isinstance(files, list) or len(files) > MAX_FILES:
        raise bad_request(f'"files" must be a list of at most {MAX_FILES} files')
    with open_snapshot(hub, repo, request.params["revision"]) as snapshot:
        rules = _rules(snapshot, body.get("gitIgnore"))
        return json_response({"files": [_file(snapshot, rules, file) for file in files]})


def _rules(snapshot: Snapshot, gitignore: object) -> _Rules:
    content = gitignore.encode() if isinstance(gitignore, str) else snapshot.read(GITIGNORE) or b""
    return _Rules(
        lfs=lfs_rule(snapshot.read(GITATTRIBUTES) or b""),
        ignored=ignore_rule(content),
        largest_regular=snapshot.hub.limits.regular_file,
    )


def _file(snapshot: Snapshot, rules: _Rules, file: Any) -> dict[str, Any]:
    path, size, sample = _parse(file)
    answer = {
        "path": path,
        "uploadMode": rules.upload_mode(path, size, sample),
        "shouldIgnore": rules.ignored(path),
    }
    entry = snapshot.find(path)
    if entry and not entry.is_folder:
        facts = snapshot.hub.facts.of(snapshot.git, entry.sha)
        answer["oid"] = facts.pointer.sha256 if facts.pointer else entry.sha
    return answer


def _parse(file: Any) -> tuple[str, int, bytes]:
    if not isinstance(file, dict) or not isinstance(file.get("path"), str):
        raise bad_request("A file needs a path")
    path, size = file["path"], file.get("size")
    if problem := path_problem(path):
        raise bad_request(f"Invalid path {path!r}: {problem}")
    if not isinstance(size, int) or size < 0:
        raise bad_request(f"Invalid size of {path!r}")
    try:
        return path, size, base64.b64decode(file.get("sample") or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise bad_request(f"Invalid sample of {path!r}") from None
