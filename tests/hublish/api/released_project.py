"""A folder under git whose releases go to a repo of its own, through a proxy that can fail."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

import hublish
from tests.faults.projects import Served, noise
from tests.isolation import GIT_AUTHOR

Files = Mapping[str, bytes | str | None]
"""The content of each file to write; None deletes it."""

README = "---\nlicense: mit\n---\n# Digits\n"


class ReleasedProject:
    """A folder under git whose releases go to a repo of its own."""

    def __init__(self, folder: Path, hub: Served, endpoint: str = "", **repo: Any) -> None:
        self.folder, self.repo_id = folder, f"acme/{folder.name}"
        self.repo: dict[str, Any] = {"repo_id": self.repo_id, **repo}
        self.more: dict[str, Any] = {}
        self.kind = repo.get("repo_type", "model")
        self.api = HfApi(endpoint=hub.endpoint, token=hub.token)
        self.options: dict[str, Any] = {"endpoint": endpoint or hub.endpoint, "token": hub.token}
        (folder / "files").mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    @property
    def manifest(self) -> Path:
        return self.folder / "hub.yaml"

    @property
    def lock(self) -> dict[str, Any]:
        return json.loads((self.folder / "hub.lock").read_text())  # type: ignore[no-any-return]

    def write_lock(self, lock: dict[str, Any]) -> None:
        """Replace the lock, and forget the history of it."""
        (self.folder / "hub.lock").write_text(json.dumps(lock))
        shutil.rmtree(self.folder / ".git")

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.folder, check=True, env={**GIT_AUTHOR, "PATH": os.environ["PATH"]})

    def write(self, files: Files) -> None:
        for name, data in files.items():
            path = self.folder / "files" / name
            if data is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)

    def publish(self, tag: str, files: Files, *, saved: bool = True, **repo: Any) -> str:
        """Publish the files with a tag, and commit the lock."""
        self.write(files)
        data = {
            "repo": {**self.repo, "tag": tag, **repo},
            "artifacts": [{"source": "files/**"}],
            "patterns": {"delete_patterns": ["*"]},
            **self.more,
        }
        self.manifest.write_text(json.dumps(data))
        commit = hublish.publish(self.manifest, **self.options).commit
        if saved:
            self.git("add", "-A")
            self.git("commit", "-q", "-m", tag)
        return commit

    def rollback(self, revision: str, **options: Any) -> hublish.Receipt:
        return hublish.rollback(revision, self.manifest, **{**self.options, **options})

    def tree(self, revision: str = "main") -> dict[str, str]:
        """Return the id of the blob of every file, pointers included."""
        entries = self.api.list_repo_tree(self.repo_id, recursive=True, revision=revision, repo_type=self.kind)
        return {entry.path: entry.blob_id for entry in entries if hasattr(entry, "blob_id")}

    def titles(self) -> list[str]:
        return [commit.title for commit in self.api.list_repo_commits(self.repo_id, repo_type=self.kind)]

    def is_verified(self) -> bool:
        return hublish.verify(self.manifest, **self.options).ok


FIRST: Files = {
    "config.json": '{"version": 1}',
    "model.bin": noise(200_000, 1),
    "README.md": README,
    "old/data.csv": "a,b\n",
}
SECOND: Files = {
    "config.json": '{"version": 2}',
    "model.bin": noise(300_000, 2),
    "README.md": README + "\nBetter.\n",
    "old/data.csv": None,
    "new/extra.bin": noise(90_000, 3),
    "new/notes.txt": "new\n",
}
