"""Plan documents for the tests of this stage: an ordinary second release, with any field changed."""

from typing import Any

from hublish.schemas.documents.manifest import Policy
from hublish.schemas.documents.plan import LastRelease, PlanDocument, PlannedFile

OLD, HEAD = "1" * 40, "2" * 40
MB, GB = 1_000_000, 1_000_000_000


def file(path: str, size: int = 80 * MB, before: int | None = None, action: str = "", **fields: Any) -> PlannedFile:
    """A file that changes from a size, or is added without one."""
    kind = action or ("add" if before is None else "change")
    known = {"action": kind, "path_in_repo": path, "size": size, "before_size": before}
    digest = None if kind in ("delete", "leave") else "a" * 64
    return PlannedFile(**{**known, "sha256": digest, **fields})


def last(**fields: Any) -> LastRelease:
    known = {"repo_id": "acme/digits", "repo_type": "model", "endpoint": "https://hub", "revision": "main"}
    return LastRelease(**{**known, "commit": HEAD, "tag": "v1.0.0", **fields})


ORDINARY = (
    file("model.safetensors", 81 * MB, 80 * MB),
    file("README.md", 2_000, 1_900),
    file("config.json", 900, 800),
    file("eval/v1.1.0.json", 5_000),
    file("LICENSE", 11_000, action="keep"),
    file("notes.md", 10, action="leave"),
)


def planned(*files: PlannedFile, **fields: Any) -> PlanDocument:
    """An ordinary second release, with more files and with other fields."""
    known: dict[str, Any] = {
        "repo_id": "acme/digits",
        "repo_type": "model",
        "endpoint": "https://hub",
        "revision": "main",
        "create_pr": False,
        "repo_exists": True,
        "parent_commit": HEAD,
        "manifest_sha256": "f" * 64,
        "commit_message": "Release v1.1.0",
        "tag": "v1.1.0",
        "bytes_to_send": 81 * MB,
        "settings": (),
        "files": (*ORDINARY, *files),
        "excluded": (),
        "nothing_to_do": False,
        "visibility": "public",
        "gated": "false",
        "remote_files": 50,
        "remote_bytes": 90 * MB,
        "last_release": last(),
        "policy": Policy(),
        "released_policy": Policy(),
    }
    return PlanDocument(**{**known, **fields})
