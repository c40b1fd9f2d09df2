"""Edits on the Hub since the last release, which the next one would not keep."""

from dataclasses import replace
from typing import Any

import pytest

from hublish.base.values import Change, Plan
from hublish.pipeline.compare.remote_edits import with_last_release
from hublish.schemas.documents.lock import Lock, LockedCard, LockedFile
from hublish.schemas.documents.manifest import Load
from tests.hublish.cli.views.values import COMMIT, Make

MAKE = Make()
# The blob that `Make.remote` has, and another one.
SAME, OTHER = "ef" * 20, "00" * 20


def lock(*files: tuple[str, str]) -> Lock:
    locked = [LockedFile(path_in_repo=path, size=1, sha256="ab" * 32, blob_id=blob) for path, blob in files]
    target = {"repo_id": "acme/digits-mlp", "endpoint": "https://hub.example", "revision": "main", "commit": COMMIT}
    return Lock(**target, manifest_sha256="a" * 64, load=Load(), tag="v1", files=tuple(locked))


def merged(change: Change) -> Change:
    assert change.file is not None
    card = LockedCard(sha256="ab" * 32, blob_id=OTHER, outline="")
    return replace(change, file=change.file._replace(origin=change.file.origin._replace(card=card)))


CARD = MAKE.change("README.md", 1, 2)


@pytest.mark.parametrize(
    ("change", "blob", "fields", "edited"),
    [
        (MAKE.change("a.json", 1, 2), OTHER, {}, True),
        (MAKE.change("a.json", 1, 2), SAME, {}, False),
        (MAKE.delete("a.json", 1), OTHER, {}, True),
        (MAKE.delete("a.json", 1), SAME, {}, False),
        (MAKE.keep("a.json"), OTHER, {}, False),
        (MAKE.leave("a.json"), OTHER, {}, False),
        (MAKE.add("a.json", 1), OTHER, {}, False),
        # The Hub writes it itself.
        (MAKE.change(".gitattributes", 1, 2), OTHER, {}, False),
        (CARD, OTHER, {}, True),
        # A merged card has the edits of people in it.
        (merged(CARD), OTHER, {}, False),
        (merged(CARD), OTHER, {"card": "ours"}, True),
    ],
)
def test_an_edit_counts_when_it_would_be_lost(change: Change, blob: str, fields: dict[str, Any], edited: bool) -> None:
    plan = MAKE.plan(change, **fields)
    last = lock((change.path_in_repo, blob), ("other.json", OTHER))
    assert with_last_release(plan, last, last).edited == ({change.path_in_repo} if edited else set())


def test_a_file_that_was_not_released_was_not_edited() -> None:
    last = lock(("other.json", OTHER))
    assert not with_last_release(MAKE.plan(MAKE.change("a.json", 1, 2)), last, last).edited


def test_a_release_to_another_target_says_nothing_about_files() -> None:
    plan = with_last_release(MAKE.plan(MAKE.change("a.json", 1, 2)), lock(("a.json", OTHER)), None)
    assert not plan.edited
    assert plan.last is not None
    assert (plan.last.repo_id, plan.last.commit, plan.last.tag) == ("acme/digits-mlp", COMMIT, "v1")


def test_without_a_lock_nothing_is_known() -> None:
    plan: Plan = MAKE.plan(MAKE.change("a.json", 1, 2))
    assert with_last_release(plan, None, None) is plan
