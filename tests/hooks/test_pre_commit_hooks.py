"""Users' repos run the hooks of .pre-commit-hooks.yaml from a clone of this one, as pre-commit installs them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.isolation import GIT_ALONE, GIT_AUTHOR

pytest.importorskip("pre_commit", reason="one of the tools of developers")

ROOT = Path(__file__).parents[2]
# Installing hublish takes most of it.
DEADLINE = 900
MANIFEST = """\
schema_version: 1
repo: {repo_id: acme/digits}
artifacts: [{source: data/*}]
card: {metadata: {license: mit, pipeline_tag: tabular-classification}}
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    clone = tmp_path_factory.mktemp("clone") / "hublish"
    run("git", "clone", "--quiet", str(ROOT), str(clone), folder=ROOT)
    return clone


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environments that pre-commit installs, once for all tests."""
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's repo with a release."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "model.safetensors").write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    (folder / "hub.yaml").write_text(MANIFEST)
    run("git", "init", "--quiet", folder=folder)
    commit(folder)
    return folder


def run(*command: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **GIT_ALONE, **GIT_AUTHOR, **environ}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=DEADLINE)


def commit(folder: Path) -> None:
    run("git", "add", "--all", folder=folder)
    run("git", "commit", "--quiet", "--message", "change", folder=folder)


def pre_commit(project: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *arguments]
    own = {"PRE_COMMIT_HOME": str(home), "HF_HOME": str(home / "hf"), "PRE_COMMIT_COLOR": "never"}
    return run(*command, folder=project, **own)


def try_repo(clone: Path, project: Path, home: Path, hook: str) -> subprocess.CompletedProcess[str]:
    return pre_commit(project, home, "try-repo", str(clone), hook, "--all-files", "--verbose")


def test_pre_commit_accepts_the_list(tmp_path: Path) -> None:
    ended = pre_commit(tmp_path, tmp_path, "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml"))
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("hook", ["hublish-check", "hublish-audit"])
def test_a_good_release_passes(clone: Path, project: Path, home: Path, hook: str) -> None:
    ended = try_repo(clone, project, home, hook)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Passed" in ended.stdout


def test_a_manifest_without_its_source_fails_the_check(clone: Path, project: Path, home: Path) -> None:
    shutil.rmtree(project / "data")
    commit(project)
    ended = try_repo(clone, project, home, "hublish-check")
    assert ended.returncode == 1
    assert "hub.yaml:3:22" in ended.stdout


def test_a_pickle_in_a_released_file_fails_the_audit(clone: Path, project: Path, home: Path) -> None:
    (project / "data" / "notes.txt").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    commit(project)
    ended = try_repo(clone, project, home, "hublish-audit")
    assert ended.returncode == 1
    assert "policy.pickle" in ended.stdout


def test_a_commit_that_only_deletes_a_source_is_stopped(clone: Path, project: Path, home: Path) -> None:
    head = run("git", "rev-parse", "HEAD", folder=clone).stdout.strip()
    config = f"repos: [{{repo: '{clone}', rev: {head}, hooks: [{{id: hublish-check}}, {{id: hublish-audit}}]}}]\n"
    (project / ".pre-commit-config.yaml").write_text(config)
    commit(project)
    assert pre_commit(project, home, "install").returncode == 0
    run("git", "rm", "--quiet", "data/model.safetensors", folder=project)
    own = {"PRE_COMMIT_HOME": str(home), "HF_HOME": str(home / "hf")}
    ended = run("git", "commit", "--message", "delete the model", folder=project, **own)
    assert ended.returncode == 1
    assert "hublish check" in ended.stderr + ended.stdout
    assert "hublish audit" in ended.stderr + ended.stdout
