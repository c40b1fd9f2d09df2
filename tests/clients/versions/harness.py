"""What the steps share: the registry, the Hub under test, and its callers. It imports huggingface_hub alone."""

import itertools
import json
import os
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Hub:
    """The Hub under test, as the owner, another user and an anonymous caller see it."""

    endpoint: str
    owner: HfApi
    eve: HfApi
    anonymous: HfApi
    folder: Path  # for files of the steps

    @classmethod
    def of_environment(cls, folder: Path) -> "Hub":
        """Return the Hub that the environment names, as for any program that uses huggingface_hub."""
        endpoint = os.environ["HF_ENDPOINT"]
        eve = HfApi(token=os.environ["EVE_TOKEN"])
        return cls(endpoint, HfApi(token=os.environ["HF_TOKEN"]), eve, HfApi(token=False), folder)

    def unused(self) -> str:
        """Return an id that no other step, and no other client, uses."""
        return f"acme/by-{os.environ['EXERCISE']}-{next(_numbers)}"

    def new(self, kind: str = "model", **files: bytes | str) -> str:
        """Create a repository with files, and return its id; `__` in their names is a slash, `_` a dot."""
        sdk = "static" if kind == "space" else None
        repo = self.owner.create_repo(self.unused(), repo_type=kind, space_sdk=sdk).repo_id
        if files:
            self.commit(repo, {spelled(name): content for name, content in files.items()}, repo_type=kind)
        return repo

    def commit(self, repo: str, files: dict[str, bytes | str], repo_type: str = "model", **more: Any) -> str:
        """Commit files, and return the id of the commit."""
        adds = [CommitOperationAdd(path, _bytes(content)) for path, content in files.items()]
        message = more.pop("message", "files")
        return str(self.owner.create_commit(repo, adds, commit_message=message, repo_type=repo_type, **more).oid)

    def cache(self) -> Path:
        """Return an empty folder, for a cache or for files."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def read(self, repo: str, path: str, **more: Any) -> bytes:
        """Download a file into an empty cache, and return its content."""
        return Path(self.owner.hf_hub_download(repo, path, cache_dir=self.cache(), **more)).read_bytes()


def spelled(name: str) -> str:
    """Return the path that a keyword spells: `data__a_txt` for data/a.txt."""
    return name.replace("__", "/").replace("_", ".")


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


Step = Callable[[Hub], None]
STEPS: list[Step] = []


def step(function: Step) -> Step:
    """Register a function as a step; its name is that of the step."""
    STEPS.append(function)
    return function


@contextmanager
def refused(expected: type[Exception], status: int | None = None) -> Iterator[None]:
    """Expect an exception of this class, and the status of the response that caused it."""
    caught: Exception | None = None
    try:
        yield
    except Exception as error:
        caught = error
    assert isinstance(caught, expected), repr(caught)
    if status is not None:
        assert isinstance(caught, HfHubHTTPError)
        assert caught.response.status_code == status, caught


def card(**metadata: object) -> str:
    """Return a card with metadata; JSON is YAML."""
    return f"---\n{json.dumps(metadata)}\n---\n# Title\n"


def weights(count: int = 4, name: str = "w") -> bytes:
    """Return a safetensors file with one tensor of zeros."""
    header = json.dumps({name: {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4 * count)
