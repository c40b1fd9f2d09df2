"""The view of a status, for people, programs and scripts."""

from dataclasses import replace

import pytest

from hublish.api.status import RemoteDrift, Status
from hublish.api.verify import Verification
from hublish.base.errors import OfflineError
from hublish.base.values import Release, Setting
from hublish.base.values.moving_ref import MovingRef
from hublish.base.values.publication import ChangedFile, LocalDrift
from hublish.cli.views.phrases import RepeatedOptions
from hublish.cli.views.status import StatusView
from hublish.schemas.documents.lock import Lock, LockedFile
from hublish.schemas.documents.manifest import Load
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import COMMIT, PARENT, Make, Show

LOCK = Lock(
    repo_id="acme/digits-mlp",
    endpoint="https://hub.example",
    revision="main",
    commit=COMMIT,
    tag="v1.2.0",
    manifest_sha256="a" * 64,
    load=Load(),
    files=tuple(
        LockedFile(path_in_repo=path, size=1, sha256="b" * 64, blob_id="c" * 40)
        for path in ("config.json", "model.bin")
    ),
)
SAME = RemoteDrift("https://hub.example", True, COMMIT, 0, COMMIT, Verification(LOCK, (), (), ()))
MOVED = RemoteDrift(
    "https://hub.example",
    True,
    PARENT,
    2,
    PARENT,
    Verification(
        LOCK,
        missing=("model.bin",),
        extra=("evil.py",),
        different=("config.json",),
        moved=(MovingRef("tag", "latest", PARENT),),
    ),
    (Setting("visibility", "private", "public"),),
)
GONE = RemoteDrift(
    "https://hub.example", True, None, None, None, Verification(LOCK, ("config.json", "model.bin"), (), ())
)
DRIFTED = LocalDrift(
    4,
    added=("new.json",),
    changed=(ChangedFile("config.json", "other bytes"), ChangedFile("model.bin", "dtype None -> float16")),
    removed=("old.json",),
)
RAISED = LocalDrift(2, settings=(Setting("tag", "v1.2.0", "v1.3.0"),))


@pytest.fixture
def status(make: Make) -> Status:
    """Nothing has drifted."""
    project = make.project()
    return Status(
        project, Release(project, (make.file("config.json"), make.file("model.bin"))), LOCK, LocalDrift(2), SAME
    )


CASES: dict[str, dict[str, object]] = {
    "same": {},
    "drifted": {"local": DRIFTED, "remote": MOVED},
    "raised": {"local": RAISED},
    "offline": {"local": DRIFTED, "remote": None},
    "offline_same": {"remote": None},
    "unreachable": {"remote": None, "error": OfflineError("the Hub cannot be reached")},
    "unpublished": {"lock": None, "local": None, "remote": None},
    "gone": {"remote": replace(GONE, repo_exists=False)},
    "branch_gone": {"remote": GONE},
    "tag_gone": {"remote": replace(SAME, tag_at=None)},
    "squashed": {"remote": replace(SAME, head=PARENT, commits_since=None)},
}


@pytest.mark.parametrize("case", CASES)
def test_both_halves_come_before_the_verdict(case: str, status: Status, show: Show, golden: Golden) -> None:
    golden(f"status_{case}", show(StatusView(replace(status, **CASES[case]))))  # type: ignore[arg-type]  # fields of Status


def test_colors_mark_added_removed_and_changed(status: Status, show: Show, golden: Golden) -> None:
    golden("status_color", show(StatusView(replace(status, local=DRIFTED, remote=MOVED)), color=True))


def test_the_next_step_repeats_the_options(status: Status, show: Show) -> None:
    view = StatusView(replace(status, local=RAISED), RepeatedOptions(" -f a/hub.yaml", " --local", " --set version=2"))
    assert "Next: hublish plan -f a/hub.yaml --set version=2 --local  shows" in show(view)


def test_quiet_prints_one_difference_per_line(status: Status) -> None:
    assert list(StatusView(status).quiet()) == []
    assert list(StatusView(replace(status, local=DRIFTED, remote=MOVED)).quiet()) == [
        "local + new.json",
        "local ~ config.json",
        "local ~ model.bin",
        "local - old.json",
        "remote ~ main",
        "remote ~ tag v1.2.0",
        "remote ~ tag latest",
        "remote - model.bin",
        "remote ~ config.json",
        "remote + evil.py",
        "remote ~ visibility",
    ]


def test_json_has_both_halves(status: Status) -> None:
    assert StatusView(replace(status, local=DRIFTED, remote=MOVED)).document() == {
        "changed": True,
        "lock": {
            "repo_id": "acme/digits-mlp",
            "repo_type": "model",
            "revision": "main",
            "commit": COMMIT,
            "tag": "v1.2.0",
            "files": 2,
        },
        "local": {
            "changed": True,
            "files": 4,
            "added": ["new.json"],
            "different": [
                {"path_in_repo": "config.json", "reason": "other bytes"},
                {"path_in_repo": "model.bin", "reason": "dtype None -> float16"},
            ],
            "removed": ["old.json"],
            "settings": [],
        },
        "remote": {
            "changed": True,
            "endpoint": "https://hub.example",
            "repo_exists": True,
            "head": PARENT,
            "commits_since": 2,
            "tag_at": PARENT,
            "missing": ["model.bin"],
            "different": ["config.json"],
            "extra": ["evil.py"],
            "moved": [{"kind": "tag", "name": "latest", "at": PARENT}],
            "settings": [{"name": "visibility", "before": "private", "after": "public"}],
        },
        "error": None,
    }


def test_json_has_null_for_an_unknown_half(status: Status) -> None:
    document = StatusView(replace(status, remote=None, error=OfflineError("no network"))).document()
    assert (document["changed"], document["remote"], document["error"]["code"]) == (False, None, "remote.offline")
    unpublished = StatusView(replace(status, lock=None, local=None, remote=None)).document()
    assert (unpublished["changed"], unpublished["lock"], unpublished["local"]) == (True, None, None)


def test_as_markdown_both_halves_are_tables(status: Status, as_markdown: Show) -> None:
    shown = as_markdown(StatusView(replace(status, local=DRIFTED, remote=MOVED)))
    assert shown.startswith("### `acme/digits-mlp` at `main`, locked at 0123456789ab\n\n**Drifted: ")
    assert "| removed | `old.json` | no longer part of the release |" in shown
    assert "#### Hub, changes since the lock" in shown
