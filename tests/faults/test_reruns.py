"""Publishing twice, publishing a reviewed plan, and the order of a repo's changes around the commit."""

from collections.abc import Callable
from pathlib import Path

import pytest

import hublish
from hublish.base.errors import PlanStaleError, RemoteConflictError, RemoteError, RemoteIgnoredError
from hublish.pipeline.lock.records import plan_document, plan_pieces
from tests.faults.projects import COMMIT, LARGE, REGULAR, Release
from tests.faults.proxy import doing, instead

WRITES = "^(POST|PUT|DELETE) (?!.*/preupload/)"


@pytest.mark.parametrize("tag", [None, "v1"])
def test_publishing_twice_changes_nothing_and_keeps_the_lock_byte_for_byte(
    release: Release, by: str, tag: str | None
) -> None:
    release.declare(tag=tag)
    first = release.publish()
    lock, written = release.lock.read_bytes(), release.lock.stat().st_mtime_ns
    release.proxy.clear()
    assert release.plan().nothing_to_do
    second = release.publish()
    assert (second.created, second.commit, second.tag) == (False, first.commit, tag)
    assert release.proxy.count(WRITES) == 0
    assert release.lock.read_bytes() == lock
    assert release.lock.stat().st_mtime_ns == written
    release.lock.unlink()
    release.publish()
    assert release.lock.read_bytes() == lock
    assert release.is_published_once()


def test_a_lock_does_not_depend_on_where_the_command_was_run(
    release: Release, by_lfs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    release.publish()
    lock = release.lock.read_bytes()
    assert str(release.folder).encode() not in lock
    monkeypatch.chdir(release.folder)
    hublish.publish("hub.yaml", endpoint=release.proxy.endpoint, token=release.hub.token)
    assert release.lock.read_bytes() == lock


def test_a_release_with_later_commits_on_top_is_still_published(release: Release, by_lfs: None) -> None:
    release.declare(tag="v1")
    first = release.publish()
    lock = release.lock.read_bytes()
    release.commit_as_other()
    release.proxy.clear()
    again = release.publish()
    assert (again.created, again.commit) == (False, first.commit)
    assert release.lock.read_bytes() == lock
    assert release.proxy.count(WRITES) == 0


def test_a_squashed_release_is_still_published(release: Release, by_lfs: None) -> None:
    release.declare(tag="v1")
    first = release.publish()
    release.api.super_squash_history(release.repo_id)
    again = release.publish()
    assert (again.created, again.commit, again.verified) == (False, first.commit, True)


def test_only_the_missing_tag_is_created_again(release: Release, by_lfs: None) -> None:
    release.declare(tag="v1")
    commit = release.publish().commit
    release.api.delete_tag(release.repo_id, tag="v1")
    release.proxy.clear()
    assert release.publish().commit == commit
    assert release.head("v1") == commit
    assert [call.path.split("/")[5] for call in release.proxy.calls if call.method == "POST"] == ["tag"]


def changed_byte(release: Release) -> None:
    (release.folder / REGULAR).write_text('{"layers": 9}\n')


def changed_manifest(release: Release) -> None:
    release.manifest.write_text(release.manifest.read_text() + "\n# a remark\n")


def new_file(release: Release) -> None:
    (release.folder / "late.json").write_text("{}")


def missing_file(release: Release) -> None:
    (release.folder / "extra.json").unlink()


def moved_head(release: Release) -> None:
    release.commit_as_other()


def closed_repo(release: Release) -> None:
    release.api.update_repo_settings(release.repo_id, visibility="private")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (changed_byte, REGULAR),
        (changed_manifest, "manifest_sha256"),
        (new_file, "late.json"),
        (missing_file, "extra.json"),
        (moved_head, "parent_commit"),
        (closed_repo, "settings"),
    ],
)
@pytest.mark.parametrize("form", ["document", "file", "value"])
def test_a_stale_plan_is_refused_and_the_error_names_the_change(
    release: Release, by_lfs: None, tmp_path: Path, change: Callable[[Release], None], named: str, form: str
) -> None:
    release.create()
    (release.folder / "extra.json").write_text("{}")
    release.declare(sources=("*.bin", "*.json"), visibility="public", tag="v2")
    plan = release.plan()
    reviewed = {"value": plan, "document": plan_document(plan), "file": tmp_path / "plan.json"}[form]
    (tmp_path / "plan.json").write_bytes(b"".join(plan_pieces(plan)))
    change(release)
    before = release.head()
    release.proxy.clear()
    with pytest.raises(PlanStaleError, match=named):
        release.publish(plan=reviewed)
    assert release.proxy.count(WRITES) == 0
    assert release.head() == before


def test_a_tag_created_after_the_review_is_refused_before_anything_is_sent(release: Release, by_lfs: None) -> None:
    release.create()
    release.declare(tag="v1")
    plan = release.plan()
    release.api.create_tag(release.repo_id, tag="v1")
    release.proxy.clear()
    with pytest.raises(RemoteConflictError, match="v1"):
        release.publish(plan=plan)
    assert release.proxy.count(WRITES) == 0


def test_a_tag_deleted_after_the_review_is_named(release: Release, by_lfs: None) -> None:
    release.declare(tag="v1")
    release.publish()
    plan = release.plan()
    release.api.delete_tag(release.repo_id, tag="v1")
    with pytest.raises(PlanStaleError, match="tag"):
        release.publish(plan=plan)


STEPS = {
    "create": "^POST /api/repos/create",
    "branch": "^POST /api/models/[^?]*/branch/",
    "settings": "^PUT .*/settings",
    "commit": COMMIT,
    "tag": "^POST /api/models/[^?]*/tag/",
}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("revision", "step"),
    [(revision, step) for revision in ("main", "next") for step in STEPS if (revision, step) != ("main", "branch")],
)
def test_a_partly_executed_plan_converges(
    release: Release, by_lfs: None, step: str, after: bool, revision: str
) -> None:
    release.declare(tag="v1", revision=revision, gated="auto", visibility="private")
    plan = plan_document(release.plan())

    dead = instead(400)  # every further request fails, as if the publisher had been killed
    if after:
        release.proxy.on(STEPS[step], doing(lambda: release.proxy.on("", dead), first=False), times=1)
    else:
        release.proxy.on(STEPS[step], dead)
    with pytest.raises(RemoteError):
        release.publish(plan=plan)
    release.proxy.clear()
    assert release.publish(plan=plan).verified
    assert release.titles(revision)[:1] == ["Release v1"]
    assert len(release.titles(revision)) == 1
    assert release.head("v1") == release.head(revision)


def test_a_reviewed_plan_for_a_new_repo_is_refused_when_the_repo_has_files(release: Release, by_lfs: None) -> None:
    plan = release.plan()
    release.create()
    release.commit_as_other()
    with pytest.raises(PlanStaleError, match=r"theirs\.txt"):
        release.publish(plan=plan)


def test_a_new_branch_is_compared_with_the_head_of_main(release: Release, by_lfs: None) -> None:
    release.publish()
    release.commit_as_other("old.txt")
    release.declare(revision="next", patterns={"delete_patterns": ["*.txt"]})
    plan = release.plan()
    assert {change.path_in_repo: change.action for change in plan.changes} == {
        ".gitattributes": "leave",
        LARGE: "keep",
        REGULAR: "keep",
        "hub.yaml": "change",
        "old.txt": "delete",
    }
    release.publish(plan=plan)
    assert release.tree("next") == release.planned_tree()


@pytest.mark.parametrize("where", ["on the Hub", "in the release"])
def test_a_gitignore_that_drops_files_appears_in_the_plan_and_stops_publishing(
    release: Release, by_lfs: None, where: str
) -> None:
    release.create()
    if where == "on the Hub":
        release.commit_as_other(".gitignore", "*.bin\n")
    else:
        (release.folder / ".gitignore").write_text("*.bin\n")
        release.declare(sources=(LARGE, REGULAR, ".gitignore"))
    before = release.head()
    plan = release.plan()
    assert [change.path_in_repo for change in plan.changes if change.action == "ignore"] == [LARGE]
    release.proxy.clear()
    with pytest.raises(RemoteIgnoredError, match=LARGE):
        release.publish()
    assert release.proxy.count(WRITES) == 0
    assert release.head() == before


def test_a_gitignore_in_the_first_release_also_stops_publishing(release: Release, by_lfs: None) -> None:
    (release.folder / ".gitignore").write_text("*.json\n")
    release.declare(sources=(LARGE, REGULAR, ".gitignore"))
    with pytest.raises(RemoteIgnoredError, match=REGULAR):
        release.publish()
    assert release.titles() == []


def order(release: Release) -> list[str]:
    """Return the writing calls, in order."""
    names = {"create": "create", "settings": "settings", "commit": "commit", "tag": "tag"}
    words = (call.path.replace("?", "/").split("/") for call in release.proxy.calls if call.method in ("POST", "PUT"))
    return [names[word] for path in words for word in path if word in names]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("public", "private", ["settings", "commit", "tag"]),
        ("private", "public", ["commit", "settings", "tag"]),
        ("private", "private", ["commit", "tag"]),
    ],
)
def test_a_repo_becomes_private_before_and_public_after_its_files_are_sent(
    release: Release, by_lfs: None, before: str, after: str, expected: list[str]
) -> None:
    release.create()
    release.api.update_repo_settings(release.repo_id, visibility=before)  # type: ignore[arg-type]
    release.declare(visibility=after, tag="v1")
    release.publish()
    assert order(release) == expected
    assert release.api.repo_info(release.repo_id).private is (after == "private")


def test_a_repo_stays_private_when_the_release_could_not_be_verified(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    release.create()
    release.api.update_repo_settings(release.repo_id, visibility="private")
    release.declare(visibility="public")
    release.proxy.on("/tree/", instead(500), skip=1)
    with pytest.raises(RemoteError):
        release.publish()
    assert release.api.repo_info(release.repo_id).private
    release.proxy.clear()
    release.publish()
    assert not release.api.repo_info(release.repo_id).private


def test_a_new_private_gated_repo_is_never_public(release: Release, by_lfs: None) -> None:
    release.declare(visibility="private", gated="manual")
    release.publish()
    created = next(call for call in release.proxy.calls if call.path == "/api/repos/create")
    assert b'"private"' in created.body
    assert order(release) == ["create", "settings", "commit"]


def test_a_tag_on_another_commit_is_refused_before_anything_is_sent(release: Release, by_lfs: None) -> None:
    release.declare(tag="v1")
    release.publish()
    changed_byte(release)
    release.proxy.clear()
    with pytest.raises(RemoteConflictError, match="v1 is already at"):
        release.publish()
    assert release.proxy.count(WRITES) == 0


def test_a_release_whose_lock_cannot_be_written_is_locked_by_the_next_run(release: Release, by_lfs: None) -> None:
    release.proxy.on(COMMIT, doing(release.lock.mkdir), times=1)
    with pytest.raises(Exception, match=r"is published, but .*hub\.lock cannot be written"):
        release.publish()
    release.lock.rmdir()
    assert not release.publish().created
    assert release.lock.exists()
    assert release.is_published_once()
