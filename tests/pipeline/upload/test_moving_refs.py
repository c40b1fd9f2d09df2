"""Tags and branches that follow the releases: set after the verification, and never moved over commits of others."""

from collections.abc import Callable
from typing import Any

import pytest

import hublish
from hublish.api.read_project import read_lock_file
from hublish.base.errors import PlanStaleError, RemoteConflictError, RemoteError
from hublish.base.values import Action
from tests.faults.projects import COMMIT, REGULAR, Release
from tests.faults.proxy import Answer, Call, Forward, doing, instead, lost_after

MOVES = r"^(?:POST|DELETE) /api/models/[^?]*/(?:tag|branch)/"
NAMES: dict[str, Any] = {"moving_tags": ["latest"], "moving_branches": ["stable"]}


def declare(release: Release, version: int, **repo: Any) -> None:
    """Declare a version with other bytes and a tag of its own, which `latest` and `stable` follow."""
    (release.folder / REGULAR).write_text(f'{{"layers": {version}}}\n')
    release.declare(**{"tag": f"v{version}", **NAMES, **repo})


def refs(release: Release) -> dict[str, str]:
    """Return the commit of each tag, and of each branch but main."""
    found = release.api.list_repo_refs(release.repo_id)
    return {ref.name: ref.target_commit for ref in (*found.tags, *found.branches) if ref.name != "main"}


@pytest.fixture
def published(release: Release, by_lfs: None, sleeps: list[float]) -> str:
    """Publish the first version and return its commit."""
    declare(release, 1)
    commit = release.publish().commit
    release.proxy.clear()
    return commit


def test_each_release_takes_them_along(release: Release, published: str) -> None:
    assert refs(release) == {"v1": published, "latest": published, "stable": published}
    declare(release, 2)
    plan = release.plan()
    assert [(ref.kind, ref.name, ref.at) for ref in plan.moves] == [
        ("tag", "latest", published),
        ("branch", "stable", published),
    ]
    receipt = release.publish(plan=plan)
    assert (receipt.moving_tags, receipt.moving_branches) == (("latest",), ("stable",))
    assert refs(release) == {"v1": published, **dict.fromkeys(("v2", "latest", "stable"), receipt.commit)}
    lock = read_lock_file(release.lock)
    assert (lock.lock_version, lock.moving_tags, lock.moving_branches) == (2, ("latest",), ("stable",))
    assert {release.pull(revision=name).plan.release.commit for name in ("latest", "stable")} == {receipt.commit}
    assert len(release.titles()) == 2


def test_one_that_is_at_the_release_is_not_touched(release: Release, published: str) -> None:
    plan = release.plan()
    assert plan.nothing_to_do
    assert release.publish(plan=plan).moving_tags == ("latest",)
    assert release.proxy.count(MOVES) == 0


def test_a_branch_moves_in_one_request_and_a_tag_in_two(release: Release, published: str) -> None:
    declare(release, 2, tag=None)
    release.publish()
    calls = [f"{call.method} {call.path.rsplit('/', 2)[-2]}" for call in release.proxy.calls if call.method != "GET"]
    assert calls[-3:] == ["DELETE tag", "POST tag", "POST branch"]


@pytest.mark.parametrize("name", ["latest", "stable"])
@pytest.mark.parametrize("gone", [False, True])
def test_an_unchanged_release_only_moves_what_is_elsewhere(
    release: Release, published: str, name: str, gone: bool
) -> None:
    kind = "tag" if name == "latest" else "branch"
    getattr(release.api, f"delete_{kind}")(release.repo_id, **{kind: name})
    first = release.ask("/commits/main")[-1]["id"]
    if not gone:
        getattr(release.api, f"create_{kind}")(release.repo_id, **{kind: name}, revision=first)
    plan = release.plan()
    assert not plan.nothing_to_do
    assert [(ref.name, ref.at) for ref in plan.moves] == [(name, None if gone else first)]
    receipt = release.publish(plan=plan)
    assert (receipt.created, receipt.commit, refs(release)[name]) == (False, published, published)
    assert release.proxy.count(COMMIT) == 0


def test_declaring_one_for_a_published_release_makes_no_commit(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    release.declare(tag="v1")
    commit = release.publish().commit
    release.declare(tag="v1", moving_tags=["latest"])
    plan = release.plan()
    assert {change.action for change in plan.changes} == {Action.KEEP, Action.LEAVE}
    receipt = release.publish(plan=plan)
    assert (receipt.created, receipt.commit, receipt.moving_tags) == (False, commit, ("latest",))


def test_a_branch_with_a_commit_of_its_own_is_refused_before_anything_is_written(
    release: Release, published: str
) -> None:
    other = release.api.upload_file(
        path_or_fileobj=b"theirs", path_in_repo="theirs.txt", repo_id=release.repo_id, revision="stable"
    ).oid
    declare(release, 2)
    release.proxy.clear()
    plan = release.plan()
    assert [(problem.path, other[:12] in problem.message) for problem in plan.refusals] == [
        ("repo.moving_branches[0]", True)
    ]
    with pytest.raises(RemoteConflictError, match=other[:12]):
        release.publish()
    assert release.proxy.count("^(?:PUT|DELETE|POST)(?!.*/(?:preupload|validate-yaml))") == 0
    release.api.create_tag(release.repo_id, tag="kept", revision=other)  # now the commit stays
    release.publish()
    assert refs(release)["stable"] == release.head()


def test_a_branch_far_behind_is_found_in_the_history(release: Release, published: str) -> None:
    release.api.delete_tag(release.repo_id, tag="v1")
    for number in range(51):  # more commits than one page of the history has
        release.commit_as_other(text=f"{number}\n")
    declare(release, 2)
    release.publish()
    assert refs(release)["stable"] == release.head()


def test_a_branch_that_another_user_commits_to_meanwhile_is_not_moved(release: Release, published: str) -> None:
    declare(release, 2)

    def commit() -> None:
        release.api.upload_file(
            path_or_fileobj=b"theirs", path_in_repo="theirs.txt", repo_id=release.repo_id, revision="stable"
        )

    release.proxy.on(COMMIT, doing(commit, first=False), times=1)
    with pytest.raises(RemoteConflictError, match="the branch stable") as failure:
        release.publish()
    theirs = refs(release)["stable"]
    assert theirs in failure.value.message
    assert theirs != release.head()


def test_a_newer_release_that_moved_them_meanwhile_stays(release: Release, published: str) -> None:
    declare(release, 2)
    newer: list[str] = []

    def publish_another() -> None:
        newer.append(release.commit_as_other())
        for kind, name in (("tag", "latest"), ("branch", "stable")):
            getattr(release.api, f"delete_{kind}")(release.repo_id, **{kind: name})
            getattr(release.api, f"create_{kind}")(release.repo_id, **{kind: name}, revision=newer[0])

    release.proxy.on(COMMIT, doing(publish_another, first=False), times=1)
    receipt = release.publish()
    assert (receipt.moving_tags, receipt.moving_branches) == ((), ())
    assert {refs(release)[name] for name in ("latest", "stable")} == {newer[0]}


def test_a_release_that_another_publisher_made_before_is_left_behind(release: Release, published: str) -> None:
    first = release.ask("/commits/main")[-1]["id"]
    release.api.delete_tag(release.repo_id, tag="latest")
    release.api.create_tag(release.repo_id, tag="latest", revision=first)
    declare(release, 2)

    def move() -> None:
        release.api.delete_tag(release.repo_id, tag="latest")
        release.api.create_tag(release.repo_id, tag="latest", revision=published)

    release.proxy.on(COMMIT, doing(move), times=1)
    assert release.publish().moving_tags == ("latest",)
    assert refs(release)["latest"] == release.head()


def only_creates(call: Call, forward: Forward) -> Answer:
    """Create a branch as Hubs do that do not know `overwrite`."""
    from dataclasses import replace

    return forward(replace(call, body=call.body.replace(b"overwrite", b"override_")))


@pytest.mark.parametrize(
    ("pattern", "behavior"),
    [
        (r"/branch/stable", only_creates),
        (r"/branch/stable", instead(200)),  # it accepts the request, and does not move the branch
        (r"^POST .*/tag/", lost_after),
        (r"^DELETE .*/tag/", lost_after),
        (r"^POST .*/branch/", lost_after),
        (r"^DELETE .*/tag/", instead(503)),
        (r"^POST .*/tag/", instead(500)),
    ],
)
def test_they_move_on_a_hub_that_fails_or_only_creates_refs(
    release: Release, published: str, pattern: str, behavior: Callable[[Call, Forward], Answer]
) -> None:
    declare(release, 2, tag=None)
    release.proxy.on(pattern, behavior, times=1)
    receipt = release.publish()
    assert {refs(release)[name] for name in ("latest", "stable")} == {receipt.commit}


@pytest.mark.parametrize("refused", ["DELETE", "POST"])
def test_publishing_again_moves_a_tag_that_the_hub_did_not_move(release: Release, published: str, refused: str) -> None:
    declare(release, 2)
    plan = release.plan()
    release.proxy.on(rf"^{refused} .*/tag/(?!.*v2)", instead(403), skip=1 if refused == "POST" else 0)
    with pytest.raises(RemoteError) as failure:
        release.publish(plan=plan)
    commit = release.head()
    assert commit in failure.value.message
    assert "latest" in failure.value.message
    release.proxy.clear()
    # The reviewed plan as well: half of it is done.
    receipt = release.publish(plan=plan)
    assert (receipt.created, receipt.commit) == (False, commit)
    assert refs(release)["latest"] == commit
    assert len(release.titles()) == 2


def test_a_plan_is_stale_when_what_moves_is_elsewhere_since(release: Release, published: str) -> None:
    declare(release, 2)
    plan = release.plan()
    release.api.delete_tag(release.repo_id, tag="latest")
    first = release.ask("/commits/main")[-1]["id"]
    release.api.create_tag(release.repo_id, tag="latest", revision=first)
    with pytest.raises(PlanStaleError) as failure:
        release.publish(plan=plan)
    assert [problem.code for problem in failure.value.problems] == ["plan.stale.moves"]


def test_verify_and_status_report_what_no_longer_follows(release: Release, published: str) -> None:
    options: dict[str, Any] = {"endpoint": release.proxy.endpoint, "token": release.hub.token}
    assert hublish.verify(release.manifest, **options).ok
    assert not hublish.status(release.manifest, **options).changed
    first = release.ask("/commits/main")[-1]["id"]
    release.api.delete_branch(release.repo_id, branch="stable")
    release.api.delete_tag(release.repo_id, tag="latest")
    release.api.create_tag(release.repo_id, tag="latest", revision=first)
    found = hublish.verify(release.manifest, **options)
    assert not found.ok
    assert [(str(ref), ref.at) for ref in found.moved] == [("tag latest", first), ("branch stable", None)]
    status = hublish.status(release.manifest, **options)
    assert status.remote is not None
    assert status.remote.verification.moved == found.moved
    # Another name in the manifest is a change that publishing would make.
    declare(release, 1, moving_tags=["newest"])
    local = hublish.status(release.manifest, **options).local
    assert local is not None
    assert [(each.name, each.before, each.after) for each in local.settings] == [("moving_tags", "latest", "newest")]
