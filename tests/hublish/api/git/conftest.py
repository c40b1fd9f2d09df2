"""Real git repositories, apart from whatever git is configured to do on this machine."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.isolation import GIT_AUTHOR

Run = Callable[..., str]
COMMITTED = "2026-01-31T23:30:00-02:00"
"""In UTC it is the first of February already."""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which git knows who commits, and nothing else."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        **GIT_AUTHOR,
        "GIT_AUTHOR_DATE": COMMITTED,
        "GIT_COMMITTER_DATE": COMMITTED,
    }


@pytest.fixture
def repository(tmp_path: Path, environ: dict[str, str]) -> Path:
    """A folder with one commit on `main` that holds hub.yaml."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git = runner(environ)
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "hub.yaml").write_text("repo: {repo_id: a/b}\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


@pytest.fixture
def git(environ: dict[str, str]) -> Run:
    """Run git in a folder and return what it prints."""
    return runner(environ)


def runner(environ: dict[str, str]) -> Run:
    def run(folder: Path, *words: str | bytes) -> str:
        done = subprocess.run(["git", *words], cwd=folder, env=environ, capture_output=True, check=True)
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    return run


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """An environment whose git is a shell script."""

    def make(script: str) -> dict[str, str]:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "git").chmod(0o755)
        return {"PATH": f"{folder}:/usr/bin:/bin"}

    return make
