"""The forward verbs, on the embedded Hub with the real client."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import safetensors.numpy
from huggingface_hub import HfApi

import hublish
from hublish.pipeline.errors import (
    ClientTooOldError,
    DeclinedError,
    ManifestInvalidError,
    PlanStaleError,
    RemoteConflictError,
    SourceChangedError,
    SourceError,
    UsageError,
)
from hublish.pipeline.records import canonical_json, plan_document
from hublish.pipeline.values import Action, Plan

RELEASED = ["config.json", "data/big.bin", "hub.yaml", "model.safetensors"]


def test_files_lists_exactly_what_would_be_uploaded_and_why_the_rest_is_not(manifest: Path) -> None:
    release = hublish.files(manifest)
    assert [file.path_in_repo for file in release.files] == RELEASED
    assert [(item.path_in_repo, item.verdict.rule) for item in release.excluded] == [
        ("data/note.tmp", "patterns.ignore_patterns[0]: *.tmp")
    ]
    config = release.files[0]
    assert config.sha256 == hashlib.sha256(b'{"hidden": 3}').hexdigest()
    assert (
        config.blob_id
        == subprocess.run(["git", "hash-object", "--stdin"], input=b'{"hidden": 3}', capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )


def test_files_are_the_same_from_run_to_run(manifest: Path) -> None:
    first, second = ([(file.path_in_repo, file.sha256) for file in hublish.files(manifest).files] for _ in range(2))
    assert first == second


def test_build_writes_the_release_as_a_folder(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    release = hublish.build(manifest, out)
    built = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    assert sorted(built) == RELEASED
    for file in release.files:
        assert hashlib.sha256(built[file.path_in_repo].read_bytes()).hexdigest() == file.sha256


def test_build_leaves_no_folder_when_a_file_changes_after_it_was_sealed(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = shutil.copyfile

    def copy_and_change(source: Path, target: Path, *, follow_symlinks: bool) -> None:
        original(source, target, follow_symlinks=follow_symlinks)
        Path(source).write_bytes(b"other bytes")

    monkeypatch.setattr("hublish.publishing.shutil.copyfile", copy_and_change)
    with pytest.raises(SourceChangedError):
        hublish.build(manifest, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_build_refuses_a_folder_that_holds_anything(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageError, match="is not empty"):
        hublish.build(manifest, tmp_path)


def test_a_plan_shows_every_file_and_writes_nothing(manifest: Path, api: HfApi) -> None:
    plan = hublish.plan(manifest, endpoint="embedded")
    assert [(change.action, change.path_in_repo) for change in plan.changes] == [
        (Action.ADD, path) for path in RELEASED
    ]
    assert [setting.name for setting in plan.settings] == ["repo"]
    assert plan.tag == "v1.2.0"
    assert not api.repo_exists("acme/digits")
    assert not (manifest.parent / "hub.lock").exists()


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


def test_only_what_changed_is_sent_and_only_what_may_be_deleted_is(manifest: Path, api: HfApi) -> None:
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


def test_a_released_version_never_moves(manifest: Path, api: HfApi) -> None:
    receipt = hublish.publish(manifest, endpoint="embedded")
    (manifest.parent / "runs" / "config.json").write_text('{"hidden": 5}')
    with pytest.raises(RemoteConflictError, match=r"v1\.2\.0 already stands"):
        hublish.publish(manifest, endpoint="embedded")
    assert api.repo_info("acme/digits").sha == receipt.commit


def test_a_reviewed_plan_is_published_from_its_file(manifest: Path, tmp_path: Path) -> None:
    reviewed = tmp_path / "plan.json"
    reviewed.write_text(canonical_json(plan_document(hublish.plan(manifest, endpoint="embedded"))))
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


def test_a_person_who_says_no_stops_everything(manifest: Path, api: HfApi) -> None:
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
def test_other_kinds_of_repos_are_published_alike(repo_type: str, manifest: Path, api: HfApi) -> None:
    if repo_type == "kernel" and huggingface_hub.__version__ < "2.3":
        pytest.skip("the installed client cannot commit to kernels; the next test shows what it says")
    manifest.write_text(manifest.read_text().replace("repo:\n", f"repo:\n  repo_type: {repo_type}\n"))
    receipt = hublish.publish(manifest, endpoint="embedded")
    assert api.repo_info("acme/digits", repo_type=repo_type).sha == receipt.commit


def test_a_kernel_is_refused_with_a_client_that_cannot_commit_to_it(
    manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub, "__version__", "2.2.1")
    manifest.write_text(manifest.read_text().replace("repo:\n", "repo:\n  repo_type: kernel\n"))
    with pytest.raises(ClientTooOldError, match=r"2\.3 or newer; 2\.2\.1 is installed"):
        hublish.publish(manifest, endpoint="embedded")


def test_a_private_repo_is_private_from_its_first_moment(manifest: Path, api: HfApi) -> None:
    manifest.write_text(manifest.read_text().replace("repo:\n", "repo:\n  visibility: private\n"))
    hublish.publish(manifest, endpoint="embedded")
    assert api.repo_info("acme/digits").private
    manifest.write_text(manifest.read_text().replace("private", "public"))
    with pytest.raises(RemoteConflictError):  # the manifest is part of the release, so the version has to be raised
        hublish.publish(manifest, endpoint="embedded")
    manifest.write_text(manifest.read_text().replace("1.2.0", "1.2.1"))
    receipt = hublish.publish(manifest, endpoint="embedded")
    assert [(setting.before, setting.after) for setting in receipt.plan.settings] == [("private", "public")]
    assert not api.repo_info("acme/digits").private


def test_arrays_in_memory_stand_in_for_a_source(
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


def test_check_gives_warnings_and_raises_with_lines_and_columns(manifest: Path) -> None:
    (manifest.parent / "data" / "note.tmp").unlink()
    warnings = hublish.check(manifest)
    assert [(problem.message, str(problem.location)) for problem in warnings] == [
        ("pattern '*.tmp' matched nothing", f"{manifest}:14:21")
    ]
    manifest.write_text(manifest.read_text().replace("runs/model.npz", "runs/modle.npz"))
    with pytest.raises(SourceError) as caught:
        hublish.check(manifest)
    (problem,) = caught.value.problems
    assert (str(problem.location), problem.path) == (f"{manifest}:8:13", "artifacts[0].source")
    assert "runs/model.npz" in problem.hint


def test_a_manifest_that_is_not_there_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ManifestInvalidError, match="there is no"):
        hublish.check(tmp_path / "hub.yaml")


def test_a_card_is_rendered_or_there_is_none(manifest: Path) -> None:
    with pytest.raises(UsageError, match="declares no card"):
        hublish.card(manifest)
    manifest.write_text(manifest.read_text() + "card: {metadata: {license: mit}}\n")
    text = hublish.card(manifest)
    assert text.startswith("---\n")
    assert "license: mit" in text
