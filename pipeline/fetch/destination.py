"""Where downloads land and how the cache is used; the names are huggingface_hub's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.hub.client.library import cache_folder
from hublish.schemas.documents.manifest import RepoType


@dataclass(frozen=True)
class Destination:
    """Options of one download."""

    cache_dir: Path | None = None
    """None means HF_HUB_CACHE."""
    local_dir: Path | None = None
    """A folder that receives the files themselves instead of the cache."""
    force_download: bool = False
    """Download again what is there already."""
    local_files_only: bool = False
    """Never ask the network."""

    def options(self, repo_type: RepoType, commit: str) -> Mapping[str, Any]:
        """Return the keyword arguments of `hf_hub_download`."""
        return {
            "repo_type": repo_type,
            "revision": commit,
            "cache_dir": self.cache_dir,
            "local_dir": self.local_dir,
            "force_download": self.force_download,
            "local_files_only": self.local_files_only,
        }

    def records(self, repo_id: str, repo_type: RepoType) -> Path:
        """Return the folder, inside the repo's own cache folder, where hublish keeps what a commit promises.

        Deleting the repo from the cache (`hf cache rm`) deletes it too.
        """
        root = self.cache_dir or cache_folder()
        return root / "--".join([f"{repo_type}s", *repo_id.split("/")]) / "hublish"
