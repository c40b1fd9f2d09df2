"""A small release to publish through a proxy, and its state on the hub."""

import json
import os
import random
import re
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from huggingface_hub import HfApi

import hublish
from hublish.base.values import LocalRelease, Plan, Receipt
from tests.faults.proxy import Proxy

T = TypeVar("T")
LARGE = "weights.bin"
REGULAR = "config.json"
# The one request that publishes.
COMMIT = r"^POST /api/models/[^?]*/commit/"


def noise(size: int, seed: object) -> bytes:
    """Return bytes like those of weights: neither text nor compressible."""
    # The audit would refuse random bytes that begin like a compressed file, which two bytes may do by chance.
    return b"\xa5" * 8 + random.Random(repr(seed)).randbytes(size - 8)


@contextmanager
def polling(look: Callable[[], T], pause: float = 0.0) -> Iterator[list[T]]:
    """Collect everything that another thread finds during a `with` block, looking again after `pause` seconds."""
    seen: list[T] = []
    stop = threading.Event()

    def poll() -> None:
        while not stop.wait(pause):
            if (found := look()) not in seen:
                seen.append(found)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


class Served(Protocol):
    """A running hub, in this process or another."""

    @property
    def endpoint(self) -> str: ...
    @property
    def token(self) -> str: ...


@dataclass(frozen=True, eq=False)
class Release:
    """A project folder and its repo."""

    folder: Path
    repo_id: str
    proxy: Proxy
    hub: Served

    @classmethod
    def make(cls, folder: Path, repo_id: str, proxy: Proxy, hub: Served, **repo: Any) -> "Release":
        """Write a project with a large file, which is sent by LFS or xet, and a regular one."""
        folder.mkdir()
        # Different bytes in each project: content that the hub already stores is not sent.
        (folder / LARGE).write_bytes(noise(200_000, folder))
        (folder / REGULAR).write_text('{"layers": 3}\n')
        made = cls(folder, repo_id, proxy, hub)
        made.declare(**repo)
        return made

    def declare(self, *, sources: tuple[str, ...] = (LARGE, REGULAR), patterns: Any = None, **repo: Any) -> None:
        """Write hub.yaml; `repo` contains fields of its repo section."""
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
        """The owner's client, without the proxy."""
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
        """Return JSON from the hub, without the proxy; None after an error."""
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
        """Return the digest of each file by its path, without the hub's own `.gitattributes`."""
        entries = self.ask(f"/tree/{revision}?recursive=true") or []
        return {entry["path"]: entry.get("lfs", entry)["oid"] for entry in entries if entry["path"] != ".gitattributes"}

    def planned_tree(self) -> Mapping[str, str]:
        """Return the tree that publishing the folder creates."""
        return {
            file.path_in_repo: file.sha256 if file.path_in_repo.endswith(".bin") else file.blob_id
            for file in hublish.files(self.manifest).files
        }

    def titles(self, revision: str = "main") -> list[str]:
        """Return the titles of the commits, newest first, without the repo's initial commit."""
        commits = self.ask(f"/commits/{revision.replace('/', '%2F')}") or []
        return [commit["title"] for commit in commits if commit["title"] != "initial commit"]

    def head(self, revision: str = "main") -> str:
        """Return the commit of a revision."""
        return str(self.api.repo_info(self.repo_id, revision=revision).sha)

    def create(self) -> str:
        """Create the repo and return its first commit."""
        self.api.create_repo(self.repo_id, exist_ok=True)
        return self.head()

    def commit_as_other(self, path: str = "theirs.txt", text: str = "theirs\n") -> str:
        """Commit to main as another user would, and return the commit."""
        done = self.api.create_commit(self.repo_id, [_addition(path, text)], commit_message="another user's work")
        return str(done.oid)

    def is_published_once(self) -> bool:
        """Return whether main contains the release, made by one commit."""
        return self.tree() == self.planned_tree() and len(self.titles()) == 1


def _addition(path: str, text: str) -> Any:
    from huggingface_hub import CommitOperationAdd

    return CommitOperationAdd(path, text.encode())


def is_hex(text: str) -> bool:
    """Return whether a string is a commit id."""
    return re.fullmatch("[0-9a-f]{40}", text) is not None


def rounds(count: int) -> int:
    """Return the number of runs of a randomized test; `HUBLISH_TEST_ROUNDS=10` multiplies it by ten."""
    return count * int(os.environ.get("HUBLISH_TEST_ROUNDS", "1"))
