"""A real model repo on a Hub, and processes that read it like other users."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hublish.hub.server import EmbeddedHub
from hublish.schemas.documents.lock import Lock, read_lock

BIN = Path(sys.executable).parent
WEIGHTS = "model.safetensors"
MANIFEST = """\
repo:
  repo_id: {repo_id}
  tag: v1
artifacts:
  - source: model/model.safetensors
    serializer: safetensors
    options: {{max_shard_size: {max_shard_size}}}
  - source: model/*.json
  - source: model/*.txt
  - source: model/README.md
  - source: model/1_Pooling
    path_in_repo: 1_Pooling
"""


@dataclass(frozen=True)
class Published:
    """The published model, with its files in `model/` of a folder with a manifest."""

    folder: Path
    repo_id: str
    hub: EmbeddedHub
    by: str
    """The transfer of large files in both directions: `lfs` or `xet`."""
    home: Path
    """The home of readers, with their caches."""
    lock_path: Path

    def declare(self, max_shard_size: str) -> None:
        """Write the manifest."""
        self.manifest.write_text(MANIFEST.format(repo_id=self.repo_id, max_shard_size=max_shard_size))

    @property
    def manifest(self) -> Path:
        return self.folder / f"{self.repo_id.rpartition('/')[2]}.yaml"

    @property
    def lock(self) -> Lock:
        return read_lock(self.lock_path.read_bytes())

    @property
    def files(self) -> Mapping[str, Path]:
        """Return every file of the model, by path_in_repo."""
        root = self.folder / "model"
        return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}

    def run(self, *command: str, token: bool = False) -> str:
        """Run a command that is configured for the Hub only by its environment, and return its output."""
        settings = {"HF_ENDPOINT": self.hub.endpoint, "HF_HOME": str(self.home)}
        if token:
            settings["HF_TOKEN"] = self.hub.token
        if self.by == "lfs":
            settings["HF_HUB_DISABLE_XET"] = "1"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        program = BIN / command[0]
        words = [str(program) if program.exists() else command[0], *command[1:]]
        done = subprocess.run(words, env=inherited | settings, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def snapshot(self) -> Path:
        """Download the tag with `hf download`, and return its folder in the cache."""
        return Path(self.run("hf", "download", self.repo_id, "--revision", "v1", "--format", "quiet").strip())


def sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
