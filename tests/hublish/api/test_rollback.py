"""Rolling a repo back to an earlier release, on the embedded Hub with the real client."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete

import hublish
from hublish.api.releases import ReleaseState
from hublish.base.errors import HublishError, PlanStaleError, PolicyError, RemoteIgnoredError
from hublish.cli.terminal.color import Paint
from hublish.cli.views.review import ReviewView
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.reseal import fetched_files
from tests.faults.proxy import Proxy, afterwards
from tests.hublish.api.released_project import FIRST, README, SECOND, ReleasedProject


def seen(plans: list[hublish.Plan]) -> Callable[[hublish.Plan], bool]:
    """Return a function that keeps a plan and agrees."""

    def confirm(plan: hublish.Plan) -> bool:
        plans.append(plan)
        return True

    return confirm


def test_the_whole_tree_of_a_release_comes_back_in_one_commit(released: ReleasedProject) -> None:
    before = released.titles()
    receipt = released.rollback("v1.0.0")
    assert receipt.created
    assert receipt.verified
    assert released.tree() == released.tree("v1.0.0")
    assert released.titles() == ["Roll back to v1.0.0", *before]
    assert released.is_verified()
    lock = released.lock
    assert (lock["commit"], lock["tag"], lock["restores"]) == (receipt.commit, None, "v1.0.0")
    # Neither the tags nor the releases have changed.
    found = hublish.releases(manifest=released.manifest, **released.options)
    assert {each.tag: each.state for each in found.releases} == dict.fromkeys(
        ("v1.0.0", "v1.1.0"), ReleaseState.VERIFIED
    )


def test_large_files_are_neither_downloaded_nor_sent(released: ReleasedProject, proxy: Proxy) -> None:
    proxy.clear()
    plan = released.rollback("v1.0.0").plan
    assert plan.bytes_to_send < 500
    assert proxy.count(r"^(GET|POST|HEAD) \S*(model\.bin|lfs|xet|/v1/)") == 0
    assert proxy.count(r"^GET \S*/resolve/\S*(config\.json|README\.md|data\.csv)") == 3
    assert max(len(call.body) for call in proxy.calls) < 20_000
    assert proxy.count("^PUT") == 0


def test_rolling_back_twice_does_nothing_the_second_time(released: ReleasedProject) -> None:
    first = released.rollback("v1.0.0")
    lock = released.lock
    again = released.rollback("v1.0.0")
    assert (again.created, again.commit) == (False, first.commit)
    assert again.plan.nothing_to_do
    assert released.lock == lock
    assert released.titles().count("Roll back to v1.0.0") == 1


def test_rolling_back_to_the_newest_release_keeps_its_lock(released: ReleasedProject) -> None:
    lock = (released.folder / "hub.lock").read_bytes()
    receipt = released.rollback("v1.1.0")
    assert (receipt.created, receipt.tag) == (False, "v1.1.0")
    assert (released.folder / "hub.lock").read_bytes() == lock


def test_a_rollback_is_undone_by_another(released: ReleasedProject) -> None:
    released.rollback("v1.0.0")
    released.git("commit", "-qam", "rolled back")
    receipt = released.rollback("v1.1.0", tag="v1.1.1")
    assert (receipt.tag, receipt.created) == ("v1.1.1", True)
    assert released.tree() == released.tree("v1.1.0")
    assert released.is_verified()


def test_a_commit_is_named_by_its_whole_id(released: ReleasedProject) -> None:
    commit = released.api.list_repo_refs(released.repo_id).tags[0].target_commit
    tree = released.tree(commit)
    receipt = released.rollback(commit, commit_message="Undo it")
    assert released.tree() == tree
    assert released.titles()[0] in ("Undo it", "Release v1.1.0")
    assert receipt.verified


def test_after_it_the_working_tree_is_newer(released: ReleasedProject) -> None:
    released.rollback("v1.0.0")
    status = hublish.status(released.manifest, **released.options)
    assert status.changed
    assert status.remote is not None
    assert not status.remote.any
    assert status.local is not None
    assert {file.path_in_repo for file in status.local.changed} == {"README.md", "config.json", "hub.yaml", "model.bin"}
    # The next release needs a version of its own, and is published as any other.
    released.publish("v1.2.0", {})
    assert released.is_verified()
    assert released.lock.get("restores") is None


def test_files_of_other_people_come_back_as_well(released: ReleasedProject) -> None:
    api, repo_id = released.api, released.repo_id
    api.create_commit(
        repo_id,
        [CommitOperationAdd("theirs.txt", b"theirs"), CommitOperationDelete("config.json")],
        commit_message="edits",
    )
    released.rollback("v1.0.0")
    assert released.tree() == released.tree("v1.0.0")


def test_a_file_beside_the_release_is_restored_and_audited(project: ReleasedProject) -> None:
    project.more = {"patterns": {}}
    project.publish("v0.9.0", {"config.json": "{}"})
    project.api.upload_file(path_or_fileobj=b"beside", path_in_repo="beside.txt", repo_id=project.repo_id)
    project.publish("v1.0.0", {"config.json": "[]"})
    project.api.delete_file("beside.txt", repo_id=project.repo_id)
    receipt = project.rollback("v1.0.0")
    assert project.tree() == project.tree("v1.0.0")
    assert "beside.txt" in project.tree()
    assert [file["path_in_repo"] for file in project.lock["files"]] == ["config.json", "hub.yaml"]
    assert receipt.verified
    assert project.is_verified()


def test_a_tree_without_the_file_of_the_hub_comes_back_as_well(released: ReleasedProject) -> None:
    made = released.api.create_commit(
        released.repo_id,
        [CommitOperationDelete(".gitattributes"), CommitOperationDelete("new/", is_folder=True)],
        commit_message="by hand",
    )
    released.rollback("v1.0.0")
    released.rollback(str(made.oid))
    assert released.tree() == released.tree(str(made.oid))
    assert ".gitattributes" not in released.tree()


@pytest.mark.parametrize("memory", [64 << 20, 0])
def test_a_text_of_more_than_a_megabyte_comes_back(
    memory: int, project: ReleasedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetched_files, "_MEMORY", memory)
    project.publish("v1", {"long.txt": "first line\n" * 150_000, "short.txt": "1"})
    project.publish("v2", {"long.txt": "second line\n" * 150_000, "short.txt": "2"})
    project.rollback("v1")
    assert project.tree() == project.tree("v1")


def test_a_pull_request_proposes_the_rollback_once(released: ReleasedProject) -> None:
    main = released.tree()
    released.manifest.write_text(released.manifest.read_text().replace('"tag": "v1.1.0"', '"create_pr": true'))
    first, again = released.rollback("v1.0.0"), released.rollback("v1.0.0")
    assert (first.pull_request, again.pull_request, again.created) == (1, 1, False)
    assert released.tree("refs/pr/1") == released.tree("v1.0.0")
    assert released.tree() == main


@pytest.mark.parametrize("repo", [{"revision": "next"}, {"files_per_commit": 2}], ids=["branch", "parts"])
def test_another_branch_and_many_files_are_rolled_back_the_same_way(
    repo: dict[str, Any], own_hub: EmbeddedHub, tmp_path: Path
) -> None:
    project = ReleasedProject(tmp_path / tmp_path.name, own_hub, **repo)
    project.api.create_repo(project.repo_id)
    project.publish("v1.0.0", FIRST)
    project.publish("v1.1.0", SECOND)
    project.rollback("v1.0.0")
    assert project.tree(repo.get("revision", "main")) == project.tree("v1.0.0")
    assert project.is_verified()


def test_a_missing_branch_begins_with_the_release(released: ReleasedProject) -> None:
    text = released.manifest.read_text()
    released.manifest.write_text(text.replace('"repo": {', '"repo": {"revision": "stable", '))
    released.rollback("v1.0.0", tag="v1.0.1")
    assert released.tree("stable") == released.tree("v1.0.1") == released.tree("v1.0.0")
    assert released.tree() == released.tree("v1.1.0")


@pytest.mark.parametrize("kind", ["dataset", "space"])
def test_other_types_of_repos_are_rolled_back_the_same_way(kind: str, own_hub: EmbeddedHub, tmp_path: Path) -> None:
    sdk = {"space_sdk": "static"} if kind == "space" else {}
    project = ReleasedProject(tmp_path / tmp_path.name, own_hub, repo_type=kind, **sdk)
    space = "---\ntitle: A\nsdk: static\n---\n"
    files: dict[str, bytes | str | None] = (
        {"index.html": "<p>1</p>", "README.md": space}
        if kind == "space"
        else {
            "data.csv": "a,b\n1,2\n",
            "README.md": README,
        }
    )
    project.publish("v1", files)
    project.publish("v2", {**{name: f"{text!s}\n" for name, text in files.items()}, "more.csv": "a\n"})
    project.rollback("v1")
    assert project.tree() == project.tree("v1")
    assert project.is_verified()


def test_converted_files_and_settings_come_back(own_hub: EmbeddedHub, tmp_path: Path) -> None:
    import numpy as np

    project = ReleasedProject(tmp_path / tmp_path.name, own_hub)
    arrays = project.folder / "weights.npz"
    artifacts = [{"source": "weights.npz", "path_in_repo": "model.safetensors", "serializer": "safetensors"}]
    project.more = {"artifacts": artifacts}
    np.savez(arrays, w=np.zeros(4000))
    project.publish("v1", {}, visibility="private", gated="auto")
    np.savez(arrays, w=np.ones(4000))
    project.publish("v2", {}, visibility="public", gated=False)
    shown: list[hublish.Plan] = []
    project.rollback("v1", confirm=seen(shown))
    assert {(each.name, each.before, each.after) for each in shown[0].settings} == {
        ("visibility", "public", "private"),
        ("gated", False, "auto"),
    }
    info = project.api.model_info(project.repo_id)
    assert (info.private, info.gated) == (True, "auto")
    assert project.tree() == project.tree("v1")
    assert project.is_verified()
    serializers = {file["path_in_repo"]: file["serializer"] for file in project.lock["files"]}
    assert serializers["model.safetensors"] == "safetensors"


# -------------------------------------------------------------------------------------------------- without a lock


def test_without_a_lock_every_file_is_read_and_the_plan_warns(forgotten: ReleasedProject) -> None:
    shown: list[hublish.Plan] = []
    receipt = forgotten.rollback("v1.0.0", confirm=seen(shown))
    assert [problem.code for problem in shown[0].warnings if "lock" in problem.code] == ["plan.no_lock"]
    assert receipt.verified
    assert forgotten.tree() == forgotten.tree("v1.0.0")
    assert forgotten.is_verified()
    assert {file["path_in_repo"] for file in forgotten.lock["files"]} == {*FIRST, "hub.yaml"}
    assert hublish.verify(forgotten.manifest, **forgotten.options).ok


def test_without_a_lock_the_load_plan_is_that_of_the_restored_manifest(project: ReleasedProject) -> None:
    project.more = {"load": {"allow_patterns": ["*.json"]}}
    project.publish("v1", {"config.json": "1"})
    project.api.upload_file(path_or_fileobj=b"2", path_in_repo="config.json", repo_id=project.repo_id)
    commit = project.api.list_repo_refs(project.repo_id).tags[0].target_commit
    lock = project.lock
    # The lock of another commit records hub.yaml, which the branch still has.
    project.write_lock(lock | {"commit": "0" * 40, "tag": "v0"})
    project.manifest.write_text(project.manifest.read_text().replace('"load"', '"variables": {"a": 1}, "load"'))
    project.rollback(commit)
    assert project.lock["load"]["allow_patterns"] == ["*.json"]
    assert project.lock["manifest_sha256"] == lock["manifest_sha256"]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("weights.dat", pickle.dumps({"a": print}), "policy.pickle"),
        ("notes.txt", "token = 'hf_" + "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zAbC" + "'\n", "policy.secret"),
        (".env", "A=1\n", "policy.denied"),
    ],
)
def test_a_file_that_no_lock_records_is_audited(
    name: str, data: bytes | str, code: str, forgotten: ReleasedProject
) -> None:
    api, repo_id = forgotten.api, forgotten.repo_id
    body = data if isinstance(data, bytes) else data.encode()
    made = api.create_commit(repo_id, [CommitOperationAdd(name, body)], commit_message="by hand")
    api.delete_file(name, repo_id=repo_id)
    head = api.repo_info(repo_id).sha
    with pytest.raises(PolicyError) as caught:
        forgotten.rollback(str(made.oid))
    assert code in {problem.code for problem in caught.value.problems}
    assert "aB3dE5gH7jK9mN1pQ2rS4" not in str(caught.value)
    assert api.repo_info(repo_id).sha == head
    assert not (forgotten.folder / "hub.lock").exists()


def test_a_pickle_that_the_lock_records_was_permitted(project: ReleasedProject) -> None:
    project.more = {"policy": {"pickle": "allow"}}
    project.publish("v1", {"weights.dat": pickle.dumps({"a": print})})
    project.more = {}
    project.publish("v2", {"weights.dat": "text"})
    project.rollback("v1")
    assert project.tree() == project.tree("v1")


def test_what_follows_the_releases_moves_to_the_rollback_even_after_a_failure(
    project: ReleasedProject, proxy: Proxy
) -> None:
    names: dict[str, Any] = {"moving_tags": ["latest"], "moving_branches": ["stable"]}
    project.publish("v1.0.0", FIRST, **names)
    second = project.publish("v1.1.0", SECOND, **names)
    plan = hublish.plan_rollback("v1.0.0", project.manifest, **project.options)
    assert [(str(ref), ref.at) for ref in plan.moves] == [("tag latest", second), ("branch stable", second)]
    # The commit is made, and the tag is gone: as after a kill.
    proxy.on("^POST .*/tag/", afterwards(403, b"{}"))
    with pytest.raises(HublishError, match="published as"):
        project.rollback("v1.0.0")
    proxy.clear()
    receipt = project.rollback("v1.0.0")
    assert (receipt.moving_tags, receipt.moving_branches) == (("latest",), ("stable",))
    assert project.titles().count("Roll back to v1.0.0") == 1
    refs = project.api.list_repo_refs(project.repo_id)
    at = {ref.name: ref.target_commit for ref in (*refs.tags, *refs.branches)}
    assert (at["latest"], at["stable"], at["v1.1.0"]) == (receipt.commit, receipt.commit, second)
    assert project.is_verified()
    remote = hublish.status(project.manifest, **project.options).remote
    assert remote is not None
    assert not remote.any


def test_a_reviewer_sees_the_plan_of_a_rollback(released: ReleasedProject, tmp_path: Path) -> None:
    plan = hublish.plan_rollback("v1.0.0", released.manifest, tag="v1.1.1", **released.options)
    found = hublish.review(released.manifest, plan=plan, **released.options)
    assert "v1.0.0 at " in found.html
    assert "as its lock records it" in found.html
    assert "new/notes.txt" in found.html  # deleted
    view = ReviewView(found, tmp_path / "review.html", "plan.json")
    assert "hublish rollback v1.0.0 plan.json" in "\n".join(view.human(Paint()))
    with pytest.raises(PlanStaleError) as other:
        hublish.publish(released.manifest, plan=plan, **released.options)
    assert other.value.hint == "this is the plan for `hublish rollback v1.0.0`"
    receipt = released.rollback("v1.0.0", plan=plan)
    assert (receipt.plan.sha256, receipt.tag) == (found.plan_sha256, "v1.1.1")
    add = CommitOperationAdd("theirs.txt", b"theirs")
    released.api.create_commit(released.repo_id, [add], commit_message="theirs")
    with pytest.raises(PlanStaleError):
        hublish.review(released.manifest, plan=plan, **released.options)


def test_small_files_that_the_gitignore_matches_come_back_by_git(released: ReleasedProject) -> None:
    api, repo_id = released.api, released.repo_id
    add = CommitOperationAdd(".gitignore", b"*.txt\n")
    commit = str(api.create_commit(repo_id, [add], commit_message="ignore").oid)
    api.create_commit(repo_id, [CommitOperationDelete("new/notes.txt")], commit_message="delete")
    with pytest.raises(RemoteIgnoredError, match="silently drop") as failure:
        released.rollback(commit)
    assert f"git read-tree -u --reset {commit}" in failure.value.hint
    assert "patterns" not in failure.value.hint
