"""Publishing, on the embedded Hub with the real client."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from huggingface_hub import HfApi

import hublish
from hublish.base.errors import DeclinedError, PlanStaleError, RemoteConflictError
from hublish.base.values import Plan
from hublish.pipeline.lock.records import plan_pieces

RELEASED = ["config.json", "data/big.bin", "hub.yaml", "model.safetensors"]


def test_publishing_makes_one_commit_a_tag_and_a_lock(manifest: Path, api: HfApi) -> None:
    receipt = hublish.publish(manifest, endpoint="embedded")
    assert receipt.created
    assert receipt.verified
    titles = [commit.title for commit in api.list_repo_commits("acme/digits")]
    assert titles == ["Release 1.2.0", "initial commit"]
    assert {tag.name: tag.target_commit for tag in api.list_repo_refs("acme/digits").tags} == {"v1.2.0": receipt.commit}
    assert sorted(api.list_repo_files("acme/digits")) == [".gitattributes", *RELEASED]
    lock = json.loads((manifest.parent / "hub.lock").read_text())
    assert (lock["commit"], lock["tag"]) == (receipt.commit, "v1.2.0")
    assert [file["path_in_repo"] for file in lock["files"]] == RELEASED


def test_publishing_twice_does_nothing_the_second_time(manifest: Path, api: HfApi) -> None:
    first = hublish.publish(manifest, endpoint="embedded")
    lock = (manifest.parent / "hub.lock").read_bytes()
    second = hublish.publish(manifest, endpoint="embedded")
    assert not second.created
    assert second.plan.nothing_to_do
    assert second.commit == first.commit
    assert (manifest.parent / "hub.lock").read_bytes() == lock
    assert len(api.list_repo_commits("acme/digits")) == 2


def test_only_changed_files_are_sent_and_only_matching_files_are_deleted(manifest: Path, api: HfApi) -> None:
    hublish.publish(manifest, endpoint="embedded")
    for path in ("old/a.bin", "mine.txt"):
        api.upload_file(path_or_fileobj=b"x", path_in_repo=path, repo_id="acme/digits")
    (manifest.parent / "runs" / "config.json").write_text('{"hidden": 4}')
    manifest.write_text(manifest.read_text().replace("1.2.0", "1.3.0"))
    plan = hublish.plan(manifest, endpoint="embedded")
    assert {change.path_in_repo: change.action.value for change in plan.changes} == {
        ".gitattributes": "leave",
        "config.json": "change",
        "data/big.bin": "keep",
        "hub.yaml": "change",
        "mine.txt": "leave",
        "model.safetensors": "keep",
        "old/a.bin": "delete",
    }
    receipt = hublish.publish(manifest, plan=plan, endpoint="embedded")
    assert receipt.tag == "v1.3.0"
    assert "mine.txt" in api.list_repo_files("acme/digits")
    assert "old/a.bin" not in api.list_repo_files("acme/digits")


@pytest.mark.parametrize(("old", "new"), [("notes", "notes/first.txt"), ("notes/first.txt", "notes")])
def test_a_deleted_file_gives_its_name_to_a_folder_and_a_folder_to_a_file(
    manifest: Path, api: HfApi, old: str, new: str
) -> None:
    hublish.publish(manifest, endpoint="embedded")
    api.upload_file(path_or_fileobj=b"old", path_in_repo=old, repo_id="acme/digits")
    added = f"artifacts:\n  - {{source: notes.txt, path_in_repo: {new}}}"
    text = manifest.read_text().replace("1.2.0", "1.3.0").replace("old/*", old)
    manifest.write_text(text.replace("artifacts:", added))
    (manifest.parent / "notes.txt").write_text("new")
    hublish.publish(manifest, endpoint="embedded")
    assert [path for path in api.list_repo_files("acme/digits") if path.startswith("notes")] == [new]


def test_a_released_version_never_moves(manifest: Path, api: HfApi) -> None:
    receipt = hublish.publish(manifest, endpoint="embedded")
    (manifest.parent / "runs" / "config.json").write_text('{"hidden": 5}')
    with pytest.raises(RemoteConflictError, match=r"v1\.2\.0 is already at"):
        hublish.publish(manifest, endpoint="embedded")
    assert api.repo_info("acme/digits").sha == receipt.commit


def test_a_reviewed_plan_is_published_from_its_file(manifest: Path, tmp_path: Path) -> None:
    reviewed = tmp_path / "plan.json"
    reviewed.write_bytes(b"".join(plan_pieces(hublish.plan(manifest, endpoint="embedded"))))
    assert hublish.publish(manifest, plan=reviewed, endpoint="embedded").created


def test_a_plan_is_stale_when_a_byte_moved_since_the_review(manifest: Path, api: HfApi) -> None:
    plan = hublish.plan(manifest, endpoint="embedded")
    (manifest.parent / "runs" / "config.json").write_text('{"hidden": 6}')
    with pytest.raises(PlanStaleError) as caught:
        hublish.publish(manifest, plan=plan, endpoint="embedded")
    assert [problem.message for problem in caught.value.problems] == [
        "'config.json' has other bytes than were reviewed"
    ]
    assert not api.repo_exists("acme/digits")


def test_a_plan_that_is_not_confirmed_is_not_published(manifest: Path, api: HfApi) -> None:
    shown: list[Plan] = []

    def decline(plan: Plan) -> bool:
        shown.append(plan)
        return False

    with pytest.raises(DeclinedError):
        hublish.publish(manifest, confirm=decline, endpoint="embedded")
    assert len(shown) == 1
    assert not api.repo_exists("acme/digits")


@pytest.mark.usefixtures("hub")
def test_a_pull_request_leaves_main_alone_and_is_proposed_once(manifest: Path, api: HfApi) -> None:
    manifest.write_text(manifest.read_text().replace('tag: "v{{ version }}"', "create_pr: true"))
    api.create_repo("acme/digits")
    main = api.repo_info("acme/digits").sha
    first = hublish.publish(manifest, endpoint="embedded")
    second = hublish.publish(manifest, endpoint="embedded")
    assert (first.pull_request, first.revision) == (1, "refs/pr/1")
    assert (second.pull_request, second.created, second.commit) == (1, False, first.commit)
    assert api.repo_info("acme/digits").sha == main


def test_a_branch_that_is_missing_is_created_from_main(manifest: Path, api: HfApi) -> None:
    api.create_repo("acme/digits")
    manifest.write_text(manifest.read_text().replace("repo:\n", "repo:\n  revision: next\n"))
    receipt = hublish.publish(manifest, endpoint="embedded")
    assert api.repo_info("acme/digits", revision="next").sha == receipt.commit
    assert api.list_repo_files("acme/digits") == [".gitattributes"]


@pytest.mark.parametrize("repo_type", ["dataset", "kernel"])
def test_other_types_of_repos_are_published_the_same_way(repo_type: str, manifest: Path, api: HfApi) -> None:
    manifest.write_text(manifest.read_text().replace("repo:\n", f"repo:\n  repo_type: {repo_type}\n"))
    receipt = hublish.publish(manifest, endpoint="embedded")
    assert api.repo_info("acme/digits", repo_type=repo_type).sha == receipt.commit


def test_a_private_repo_is_private_from_its_first_moment(manifest: Path, api: HfApi) -> None:
    manifest.write_text(manifest.read_text().replace("repo:\n", "repo:\n  visibility: private\n"))
    hublish.publish(manifest, endpoint="embedded")
    assert api.repo_info("acme/digits").private
    manifest.write_text(manifest.read_text().replace("private", "public"))
    receipt = hublish.publish(manifest, endpoint="embedded")
    assert [(setting.before, setting.after) for setting in receipt.plan.settings] == [("private", "public")]
    assert not api.repo_info("acme/digits").private


def test_arrays_in_memory_replace_a_source(
    folder: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "hub.yaml").write_text(
        "repo: {repo_id: acme/memory}\nartifacts: [{source: anything, path_in_repo: m.safetensors, "
        "serializer: safetensors}]\n"
    )
    project = hublish.read_project(folder / "hub.yaml", objects={"m.safetensors": arrays})
    hublish.publish(project, endpoint="embedded")
    (local,) = hublish.pull(lock=folder / "hub.lock", endpoint="embedded", allow_patterns="*.safetensors").files
    back = safetensors.numpy.load_file(local.path)
    assert {name: array.tobytes() for name, array in back.items()} == {n: a.tobytes() for n, a in arrays.items()}
