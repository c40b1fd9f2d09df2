"""A small release to publish through a proxy, and what became of it on the hub."""

import json
import os
import random
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from huggingface_hub import HfApi

import hublish
from hublish.base.values import LocalRelease, Plan, Receipt
from tests.faults.proxy import Proxy

LARGE = "weights.bin"
REGULAR = "config.json"
COMMIT = r"^POST /api/models/[^?]*/commit/"
"""The one request that publishes."""


def noise(size: int, seed: object) -> bytes:
    """Bytes that look like weights: nothing in them is text or compresses."""
    return random.Random(repr(seed)).randbytes(size)


class Served(Protocol):
    """A hub that runs, here or in another process."""

    @property
    def endpoint(self) -> str: ...
    @property
    def token(self) -> str: ...


@dataclass(frozen=True, eq=False)
class Release:
    """A project folder, and the repo it goes to."""

    folder: Path
    repo_id: str
    proxy: Proxy
    hub: Served

    @classmethod
    def make(cls, folder: Path, repo_id: str, proxy: Proxy, hub: Served, **repo: Any) -> "Release":
        """Write a project with a large file, which goes by LFS or xet, and a regular one."""
        folder.mkdir()
        # Bytes of its own: what the hub has already is not sent.
        (folder / LARGE).write_bytes(noise(200_000, folder))
        (folder / REGULAR).write_text('{"layers": 3}\n')
        made = cls(folder, repo_id, proxy, hub)
        made.declare(**repo)
        return made

    def declare(self, *, sources: tuple[str, ...] = (LARGE, REGULAR), patterns: Any = None, **repo: Any) -> None:
        """Write hub.yaml; `repo` holds fields of its repo section."""
        manifest: dict[str, Any] = {
            "schema_version": 1,
            "repo": {"repo_id": self.repo_id, **repo},
            "artifacts": [{"source": source} for source in sources],
        }
        if patterns:
            manifest["patterns"] = patterns
        # JSON is YAML.
        self.manifest.write_text(json.dumps(manifest, indent=2) + "\n")

    @property
    def manifest(self) -> Path:
        return self.folder / "hub.yaml"

    @property
    def lock(self) -> Path:
        return self.folder / "hub.lock"

    @property
    def api(self) -> HfApi:
        """The owner's client, straight to the hub."""
        return HfApi(endpoint=self.hub.endpoint, token=self.hub.token)

    def plan(self, **options: Any) -> Plan:
        """Plan through the proxy."""
        return hublish.plan(self.manifest, **{"endpoint": self.proxy.endpoint, "token": self.hub.token, **options})

    def publish(self, **options: Any) -> Receipt:
        """Publish through the proxy."""
        return hublish.publish(self.manifest, **{"endpoint": self.proxy.endpoint, "token": self.hub.token, **options})

    def pull(self, **options: Any) -> LocalRelease:
        """Pull through the proxy."""
        return hublish.pull(self.repo_id, **{"endpoint": self.proxy.endpoint, "token": self.hub.token, **options})

    def ask(self, path: str) -> Any:
        """Ask the hub itself; None when it answers with an error."""
        request = urllib.request.Request(
            f"{self.hub.endpoint}/api/models/{self.repo_id}{path}",
            headers={"Authorization": f"Bearer {self.hub.token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)
        except OSError:
            return None

    def tree(self, revision: str = "main") -> Mapping[str, str]:
        """What stands there: the digest of each file by its path, without the hub's own `.gitattributes`."""
        entries = self.ask(f"/tree/{revision}?recursive=true") or []
        return {entry["path"]: entry.get("lfs", entry)["oid"] for entry in entries if entry["path"] != ".gitattributes"}

    def planned_tree(self) -> Mapping[str, str]:
        """What the folder would make of it."""
        return {
            file.path_in_repo: file.sha256 if file.path_in_repo.endswith(".bin") else file.blob_id
            for file in hublish.files(self.manifest).files
        }

    def titles(self, revision: str = "main") -> list[str]:
        """The titles of the commits, newest first, without the one that made the repo."""
        commits = self.ask(f"/commits/{revision.replace('/', '%2F')}") or []
        return [commit["title"] for commit in commits if commit["title"] != "initial commit"]

    def head(self, revision: str = "main") -> str:
        """The commit a revision stands at."""
        return str(self.api.repo_info(self.repo_id, revision=revision).sha)

    def create(self) -> str:
        """Make the repo; return its first commit."""
        self.api.create_repo(self.repo_id, exist_ok=True)
        return self.head()

    def somebody_commits(self, path: str = "theirs.txt", text: str = "theirs\n") -> str:
        """Let somebody else commit to main; return the commit."""
        done = self.api.create_commit(self.repo_id, [_addition(path, text)], commit_message="somebody else's work")
        return str(done.oid)

    def is_published_once(self) -> bool:
        """Whether main holds the release, made by one commit."""
        return self.tree() == self.planned_tree() and len(self.titles()) == 1


def _addition(path: str, text: str) -> Any:
    from huggingface_hub import CommitOperationAdd

    return CommitOperationAdd(path, text.encode())


def is_hex(text: str) -> bool:
    """Whether a text is a commit."""
    return re.fullmatch("[0-9a-f]{40}", text) is not None


def rounds(count: int) -> int:
    """How often a test with chance in it runs: `HUBLISH_TEST_ROUNDS=10` makes it ten times as often."""
    return count * int(os.environ.get("HUBLISH_TEST_ROUNDS", "1"))
