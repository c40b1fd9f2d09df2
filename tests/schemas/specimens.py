"""One document of each kind that hublish writes."""

from typing import Any

from hublish.schemas.documents.lock import Lock, LockedFile
from hublish.schemas.documents.manifest import Load
from hublish.schemas.documents.plan import ExcludedFile, PlanDocument, PlannedFile, PlannedSetting
from hublish.schemas.documents.receipt import ReceiptDocument


def make_lock(**changes: Any) -> Lock:
    fields: dict[str, Any] = {
        "repo_id": "acme/digits",
        "endpoint": "embedded",
        "revision": "main",
        "commit": "0" * 40,
        "manifest_sha256": "1" * 64,
        "load": Load(allow_patterns=("*.safetensors",)),
        "files": (
            LockedFile(path_in_repo="b/ü.bin", size=3, sha256="2" * 64, blob_id="4" * 40, parameters={"n": [1]}),
            LockedFile(path_in_repo="a.json", size=0, sha256="3" * 64, blob_id="5" * 40, source="runs/a.json"),
        ),
    }
    return Lock(**{**fields, **changes})


PLAN = PlanDocument(
    repo_id="acme/digits",
    repo_type="model",
    endpoint="embedded",
    revision="main",
    create_pr=False,
    repo_exists=True,
    parent_commit="0" * 40,
    manifest_sha256="1" * 64,
    commit_message="Release",
    tag="v1",
    bytes_to_send=3,
    settings=(PlannedSetting(name="visibility", before="private", after="public"),),
    files=(
        PlannedFile(action="add", path_in_repo="a.bin", size=3, sha256="2" * 64, upload_mode="lfs"),
        PlannedFile(action="leave", path_in_repo="odd\\name", size=1),
    ),
    excluded=(ExcludedFile(path_in_repo="x.tmp", source="x.tmp", reason="patterns.ignore_patterns[0]: *.tmp"),),
    nothing_to_do=False,
)

RECEIPT = ReceiptDocument(
    commit="0" * 40, created=True, url="http://x", pull_request=3, tag=None, verified=True, plan=PLAN
)
