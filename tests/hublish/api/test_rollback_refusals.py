"""Rollbacks that are refused, and leave the repo as it was."""

import re

import pytest

import hublish
from hublish.base.errors import (
    DeclinedError,
    HublishError,
    IntegrityError,
    NotFoundError,
    PlanStaleError,
    PolicyError,
    RemoteConflictError,
    UsageError,
)
from hublish.pipeline.reseal import fetched_files
from tests.faults.proxy import Proxy, corrupted, edited
from tests.hublish.api.released_project import ReleasedProject


@pytest.mark.parametrize("memory", [64 << 20, 0])
@pytest.mark.parametrize("case", ["released", "forgotten"])
def test_other_bytes_than_the_hub_lists_are_never_published(
    case: str, memory: int, proxy: Proxy, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    project: ReleasedProject = request.getfixturevalue(case)
    monkeypatch.setattr(fetched_files, "_MEMORY", memory)
    head = project.tree()
    proxy.on(r"^GET \S*/resolve/\S*old/data\.csv", edited(corrupted))
    with pytest.raises(IntegrityError, match=r"other bytes of 'old/data\.csv' than it lists"):
        project.rollback("v1.0.0")
    assert project.tree() == head
    proxy.clear()
    project.rollback("v1.0.0")
    assert project.tree() == project.tree("v1.0.0")


def test_a_tag_that_was_moved_is_refused(released: ReleasedProject) -> None:
    api, repo_id = released.api, released.repo_id
    head = api.repo_info(repo_id).sha
    first = next(tag.target_commit for tag in api.list_repo_refs(repo_id).tags if tag.name == "v1.0.0")
    api.delete_tag(repo_id, tag="v1.0.0")
    api.create_tag(repo_id, tag="v1.0.0", revision=str(head))
    with pytest.raises(RemoteConflictError, match=f"hublish rollback {first}"):
        released.rollback("v1.0.0")
    assert api.repo_info(repo_id).sha == head
    released.rollback(first)
    assert released.tree() == released.tree(first)


def test_a_tag_that_was_deleted_is_found_in_the_lock(released: ReleasedProject) -> None:
    released.api.delete_tag(released.repo_id, tag="v1.0.0")
    with pytest.raises(NotFoundError, match=r"has no tag v1\.0\.0 any more; a lock records it at [0-9a-f]{40}"):
        released.rollback("v1.0.0")


@pytest.mark.parametrize(
    ("named", "hint"),
    [
        ("v1.0", r"did you mean 'v1\.[01]\.0'"),
        ("main", "it is a branch"),
        ("0123456789", "all digits"),
        ("completely-different", "lists the tags"),
        ("refs/pr/1", "lists the tags"),
        ("../../x", "lists the tags"),
        ("\x1b[31m", "lists the tags"),
    ],
)
def test_a_name_that_is_neither_tag_nor_commit_is_explained(named: str, hint: str, released: ReleasedProject) -> None:
    with pytest.raises(NotFoundError, match="neither a tag") as caught:
        released.rollback(named)
    assert re.search(hint, caught.value.hint)


def test_a_commit_that_does_not_exist_is_refused(released: ReleasedProject) -> None:
    with pytest.raises(NotFoundError):
        released.rollback("0" * 40)


@pytest.mark.parametrize("options", [{"tag": "a b"}, {"tag": "-x"}, {"commit_message": ""}, {"commit_message": "a\nb"}])
def test_a_tag_or_message_that_no_commit_can_have_is_refused(
    options: dict[str, str], released: ReleasedProject
) -> None:
    with pytest.raises(UsageError):
        released.rollback("v1.0.0", **options)


def test_a_commit_in_between_is_never_overwritten(released: ReleasedProject) -> None:
    def commit_first(plan: hublish.Plan) -> bool:
        released.api.upload_file(path_or_fileobj=b"x", path_in_repo="theirs.txt", repo_id=released.repo_id)
        return True

    with pytest.raises(RemoteConflictError):
        released.rollback("v1.0.0", confirm=commit_first)
    assert "theirs.txt" in released.tree()
    assert "config.json" in released.tree()


def test_a_new_tag_at_another_release_is_refused_before_anything_is_written(released: ReleasedProject) -> None:
    head = released.tree()
    with pytest.raises(RemoteConflictError, match=r"the tag v1\.1\.0 is already at"):
        released.rollback("v1.0.0", tag="v1.1.0")
    assert released.tree() == head


def test_large_files_that_the_hub_has_lost_are_refused(released: ReleasedProject) -> None:
    api, repo_id = released.api, released.repo_id
    first = next(tag.target_commit for tag in api.list_repo_refs(repo_id).tags if tag.name == "v1.0.0")
    for tag in ("v1.0.0", "v1.1.0"):
        api.delete_tag(repo_id, tag=tag)
    api.super_squash_history(repo_id)
    head = released.tree()
    with pytest.raises(HublishError):
        released.rollback(first)
    assert released.tree() == head


def test_a_plan_that_is_declined_changes_nothing(released: ReleasedProject) -> None:
    head = released.tree()
    with pytest.raises(DeclinedError):
        released.rollback("v1.0.0", confirm=lambda _: False)
    assert released.tree() == head


def test_a_reviewed_plan_is_carried_out_or_refused_when_the_head_has_moved(released: ReleasedProject) -> None:
    plan = hublish.plan_rollback("v1.0.0", released.manifest, **released.options)
    released.api.upload_file(path_or_fileobj=b"x", path_in_repo="theirs.txt", repo_id=released.repo_id)
    with pytest.raises(PlanStaleError):
        released.rollback("v1.0.0", plan=plan)
    fresh = hublish.plan_rollback("v1.0.0", released.manifest, **released.options)
    assert released.rollback("v1.0.0", plan=fresh).created


def test_a_reviewed_plan_that_is_done_is_not_stale(project: ReleasedProject) -> None:
    project.more = {"patterns": {}}
    project.publish("v0.9.0", {"config.json": "{}"})
    project.api.upload_file(path_or_fileobj=b"beside", path_in_repo="beside.txt", repo_id=project.repo_id)
    project.publish("v1.0.0", {"config.json": "[]"})
    project.api.delete_file("beside.txt", repo_id=project.repo_id)
    plan = hublish.plan_rollback("v1.0.0", project.manifest, **project.options)
    first, again = (project.rollback("v1.0.0", plan=plan) for _ in range(2))
    assert (first.created, again.created, again.commit) == (True, False, first.commit)
    with pytest.raises(PlanStaleError, match="restores changed"):
        hublish.publish(project.manifest, plan=plan, **project.options)


def test_a_secret_in_the_message_is_refused(released: ReleasedProject) -> None:
    with pytest.raises(PolicyError):
        released.rollback("v1.0.0", commit_message="because of hf_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAbC")
