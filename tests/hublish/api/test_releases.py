"""The releases of a repo, compared with the locks in the git history."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

import hublish
from hublish.api.releases import ReleaseState
from hublish.base.errors import NotFoundError, UsageError
from hublish.hub.server import EmbeddedHub
from tests.isolation import GIT_AUTHOR


class Project:
    """A folder under git whose releases go to a repo of its own."""

    def __init__(self, folder: Path, server: EmbeddedHub) -> None:
        self.folder, self.repo_id = folder, f"acme/{folder.name}"
        self.api = HfApi(endpoint=server.endpoint, token=server.token)
        self.options: dict[str, Any] = {"endpoint": server.endpoint, "token": server.token}
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.folder, check=True, env={**GIT_AUTHOR, "PATH": os.environ["PATH"]})

    def publish(self, tag: str, *, saved: bool = True, **repo: Any) -> str:
        """Publish a release, and commit its lock."""
        data = {"repo": {"repo_id": self.repo_id, "tag": tag, **repo}, "artifacts": [{"source": "config.json"}]}
        (self.folder / "hub.yaml").write_text(json.dumps(data))
        (self.folder / "config.json").write_text(json.dumps({"version": tag}))
        commit = hublish.publish(self.folder / "hub.yaml", **self.options).commit
        if saved:
            self.save(f"lock of {tag}")
        return commit

    def save(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def releases(self, **options: Any) -> hublish.Releases:
        return hublish.releases(**{"manifest": self.folder / "hub.yaml", **self.options, **options})

    def states(self) -> dict[str, str]:
        return {each.tag: each.state.value for each in self.releases().releases}


@pytest.fixture
def project(own_hub: EmbeddedHub, tmp_path: Path) -> Project:
    folder = tmp_path / tmp_path.name
    folder.mkdir()
    return Project(folder, own_hub)


def test_every_release_with_a_lock_in_the_history_is_verified(project: Project) -> None:
    first, second = project.publish("v1.0.0"), project.publish("v1.1.0", saved=False)
    found = project.releases()
    assert found.ok
    assert found.head == second
    assert {each.tag: (each.commit, each.state, each.at_head) for each in found.releases} == {
        "v1.1.0": (second, ReleaseState.VERIFIED, True),
        "v1.0.0": (first, ReleaseState.VERIFIED, False),
    }
    assert [each.title for each in found.releases if each.tag == "v1.0.0"] == ["Release v1.0.0"]
    assert all(each.date is not None for each in found.releases)


def test_a_tag_that_was_moved_is_named_with_both_commits(project: Project) -> None:
    first, second = project.publish("v1.0.0"), project.publish("v1.1.0")
    project.api.delete_tag(project.repo_id, tag="v1.0.0")
    project.api.create_tag(project.repo_id, tag="v1.0.0", revision=second)
    found = project.releases()
    assert not found.ok
    moved = next(each for each in found.releases if each.tag == "v1.0.0")
    assert (moved.state, moved.commit, moved.locked_commit) == (ReleaseState.MOVED, second, first)


def test_a_tag_that_was_deleted_is_listed_and_no_failure(project: Project) -> None:
    first = project.publish("v1.0.0")
    project.publish("v1.1.0")
    project.api.delete_tag(project.repo_id, tag="v1.0.0")
    found = project.releases()
    assert found.ok
    gone = found.releases[-1]
    assert (gone.tag, gone.state, gone.commit, gone.locked_commit) == ("v1.0.0", ReleaseState.GONE, None, first)


def test_a_lock_whose_digests_differ_names_the_paths(project: Project) -> None:
    project.publish("v1.0.0", saved=False)
    lock = project.folder / "hub.lock"
    document = json.loads(lock.read_text())
    document["files"][0] |= {"sha256": "ab" * 32, "blob_id": "cd" * 20}
    document["files"].append({**document["files"][0], "path_in_repo": "zzz.bin"})
    lock.write_text(json.dumps(document))
    found = project.releases()
    assert not found.ok
    assert [(each.state, each.different) for each in found.releases] == [
        (ReleaseState.DIFFERENT, ("config.json", "zzz.bin"))
    ]


def test_tags_of_others_have_no_lock_wherever_they_are(project: Project) -> None:
    api, repo_id = project.api, project.repo_id
    first = project.publish("v1.0.0")
    api.create_branch(repo_id, branch="side")
    api.create_commit(repo_id, [CommitOperationAdd("a.txt", b"a")], commit_message="On\n\nthe side", revision="side")
    api.create_tag(repo_id, tag="side-1", revision="side", tag_message="annotated")
    api.create_tag(repo_id, tag="by-hand", revision=first, tag_message="annotated")
    found = {each.tag: each for each in project.releases().releases}
    assert found["side-1"].state is ReleaseState.UNKNOWN
    assert found["side-1"].title == "On"
    # The commit of the release, under another name.
    assert (found["by-hand"].state, found["by-hand"].commit) == (ReleaseState.VERIFIED, first)


def test_what_follows_the_releases_is_listed_apart_and_never_counts_as_moved(project: Project) -> None:
    names: dict[str, Any] = {"moving_tags": ["latest"], "moving_branches": ["stable"]}
    # A release had the name before.
    project.publish("latest")
    first = project.publish("v1.0.0", **names)
    second = project.publish("v1.1.0", saved=False, **names)
    found = project.releases()
    assert found.ok
    assert {each.tag: each.state for each in found.releases} == dict.fromkeys(
        ("v1.0.0", "v1.1.0"), ReleaseState.VERIFIED
    )
    assert [(ref.kind, ref.name, ref.at) for ref in found.moving] == [
        ("tag", "latest", second),
        ("branch", "stable", second),
    ]
    assert first != second
    # The lock names them where there is no manifest; without both they are tags as any other.
    lock = project.folder / "hub.lock"
    assert hublish.releases(project.repo_id, lock=lock, **project.options).moving == found.moving
    unknown = hublish.releases(project.repo_id, lock=project.folder / "no.lock", **project.options)
    assert (unknown.moving, "latest" in {each.tag for each in unknown.releases}) == ((), True)
    project.api.delete_tag(project.repo_id, tag="latest")
    found = project.releases()
    assert (found.ok, [ref.at for ref in found.moving]) == (True, [None, second])
    assert "latest" not in {each.tag for each in found.releases}


def test_a_pull_request_is_not_a_release(project: Project) -> None:
    project.publish("v1.0.0")
    project.api.create_commit(
        project.repo_id, [CommitOperationAdd("a.txt", b"a")], commit_message="proposed", create_pr=True
    )
    assert project.states() == {"v1.0.0": "verified"}


def test_a_squashed_branch_keeps_its_releases(project: Project) -> None:
    project.publish("v1.0.0")
    project.publish("v1.1.0")
    project.api.super_squash_history(project.repo_id)
    found = project.releases()
    assert [each.state.value for each in found.releases] == ["verified", "verified"]
    assert not any(each.at_head for each in found.releases)


def test_the_tags_of_a_long_history_have_their_titles(project: Project) -> None:
    api, repo_id = project.api, project.repo_id
    project.publish("v1.0.0")
    for number in range(12):
        add = CommitOperationAdd("a.txt", str(number).encode())
        api.create_commit(repo_id, [add], commit_message=f"Number {number}")
        api.create_tag(repo_id, tag=f"t{number:02}")
    # Commits that no branch has any more are asked for one by one.
    api.super_squash_history(repo_id)
    api.create_commit(repo_id, [CommitOperationAdd("b.txt", b"b")], commit_message="Newest")
    api.create_tag(repo_id, tag="newest")
    found = {each.tag: each for each in project.releases().releases}
    assert len(found) == 14
    assert all(found[f"t{number:02}"].title == f"Number {number}" for number in range(12))
    assert found["newest"].at_head


def test_any_repo_is_listed_by_its_id_without_a_manifest(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.publish("v1.0.0")
    monkeypatch.chdir(tmp_path)
    found = hublish.releases(project.repo_id, **project.options)
    assert [each.state for each in found.releases] == [ReleaseState.UNKNOWN]
    monkeypatch.chdir(project.folder)
    found = hublish.releases(f"{project.options['endpoint']}/{project.repo_id}", **project.options)
    assert [each.state for each in found.releases] == [ReleaseState.VERIFIED]
    with pytest.raises(NotFoundError):
        hublish.releases("acme/none", **project.options)
    with pytest.raises(UsageError):
        hublish.releases("no repo", **project.options)


def test_the_lock_of_another_repo_records_nothing(project: Project) -> None:
    project.publish("v1.0.0")
    lock = project.folder / "hub.lock"
    lock.write_text(lock.read_text().replace(project.repo_id, "acme/another"))
    project.git("rm", "-q", "--cached", "hub.lock")
    project.git("commit", "-q", "--amend", "-m", "without it")
    project.git("reflog", "expire", "--expire=now", "--all")
    assert project.states() == {"v1.0.0": "no lock"}


def test_a_damaged_version_of_the_lock_is_counted(project: Project) -> None:
    project.publish("v1.0.0")
    good = (project.folder / "hub.lock").read_text()
    (project.folder / "hub.lock").write_text("<<<<<<< HEAD\n" + good)
    project.save("a conflict")
    (project.folder / "hub.lock").write_text(good)
    found = project.releases()
    assert found.records.unreadable == 1
    assert [each.state for each in found.releases] == [ReleaseState.VERIFIED]


def test_a_repo_without_tags_has_no_releases(project: Project) -> None:
    project.publish("v1.0.0")
    project.api.create_repo("acme/empty-of-tags", exist_ok=True)
    found = hublish.releases("acme/empty-of-tags", **project.options)
    assert found.releases == ()
    assert found.ok
