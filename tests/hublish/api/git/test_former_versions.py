"""The versions of a file in the git history."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hublish.api.git import former_versions as module
from hublish.api.git.former_versions import FormerVersions, former_versions

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A repository whose manifest is in a folder below its root."""
    (tmp_path / "release").mkdir()

    def git(*words: str, folder: Path = tmp_path) -> str:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout

    git("init", "-q", "-b", "main")
    git("config", "user.name", "a")
    git("config", "user.email", "a@example.com")
    return git


def save(run: Run, tmp_path: Path, text: str, *, name: str = "hub.lock", date: int = 0) -> Path:
    path = tmp_path / "release" / name
    path.write_text(text)
    run("add", "-A")
    run("commit", "-q", "-m", text or "empty", "--date", f"@{1_700_000_000 + date}")
    return path


def test_every_version_is_found_once_the_newest_first(run: Run, tmp_path: Path) -> None:
    for number, text in enumerate(("one", "two", "one", "three")):
        save(run, tmp_path, text, date=number)
    save(run, tmp_path, "other", name="notes.txt")
    found = former_versions(tmp_path / "release" / "hub.lock", os.environ)
    assert set(found.texts) == {b"one", b"two", b"three"}
    assert found.texts[0] == b"three"
    assert found.is_complete


def test_versions_on_other_branches_and_before_a_deletion_are_found(run: Run, tmp_path: Path) -> None:
    path = save(run, tmp_path, "first")
    run("checkout", "-q", "-b", "release")
    save(run, tmp_path, "on a branch")
    run("checkout", "-q", "main")
    run("rm", "-q", "release/hub.lock")
    run("commit", "-q", "-m", "gone")
    path.parent.mkdir(exist_ok=True)
    assert set(former_versions(path, os.environ).texts) == {b"first", b"on a branch"}


@pytest.mark.parametrize("name", ["-x.lock", "a b.lock", "*.lock", ":(top)x.lock", "ä.lock"])
def test_a_name_is_never_an_option_or_a_pattern(name: str, run: Run, tmp_path: Path) -> None:
    save(run, tmp_path, "another", name="hub.lock")
    assert former_versions(save(run, tmp_path, "mine", name=name), os.environ).texts == (b"mine",)


def test_binary_and_empty_versions_are_returned_as_they_are(run: Run, tmp_path: Path) -> None:
    path = save(run, tmp_path, "")
    path.write_bytes(b"\x00\n1 blob 5\n\xff")
    run("commit", "-q", "-a", "-m", "binary")
    assert set(former_versions(path, os.environ).texts) == {b"", b"\x00\n1 blob 5\n\xff"}


def test_a_shallow_clone_is_not_complete(run: Run, tmp_path: Path) -> None:
    save(run, tmp_path, "one")
    save(run, tmp_path, "two")
    clone = tmp_path / "clone"
    run("clone", "-q", "--depth", "1", f"file://{tmp_path}", str(clone))
    found = former_versions(clone / "release" / "hub.lock", os.environ)
    assert found == FormerVersions((b"two",), is_complete=False)


def test_what_is_left_out_of_a_large_history_is_known(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        save(run, tmp_path, f"{number}" * 10, date=number)
    monkeypatch.setattr(module, "_MOST_BYTES", 25)
    found = former_versions(tmp_path / "release" / "hub.lock", os.environ)
    assert len(found.texts) == 2
    assert not found.is_complete


def test_without_git_or_a_repository_there_are_none(tmp_path: Path) -> None:
    assert former_versions(tmp_path / "hub.lock", os.environ) == FormerVersions()
    assert former_versions(tmp_path / "hub.lock", {"PATH": ""}) == FormerVersions()
    assert former_versions(tmp_path / "none" / "hub.lock", os.environ) == FormerVersions()


def test_no_program_of_the_repository_is_run(run: Run, tmp_path: Path) -> None:
    path = save(run, tmp_path, "one")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for key in ("gpg.program", "diff.external", "core.pager", "core.fsmonitor", "diff.lock.textconv", "core.editor"):
        run("config", key, str(trap))
    run("config", "log.showSignature", "true")
    (tmp_path / ".git" / "info" / "attributes").write_text("*.lock diff=lock\n")
    assert former_versions(path, os.environ).texts == (b"one",)
    assert not (tmp_path / "sprung").exists()
