"""What a folder's git remote says of where its release goes: the Hub's own repos, and a guess from any other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hublish.pipeline.render_card.reading import open_inside
from hublish.schemas.documents.manifest import RepoType

HUB_HOSTS: Final = ("huggingface.co", "hf.co")
_KINDS: Final[dict[str, RepoType]] = {"datasets": "dataset", "spaces": "space", "kernels": "kernel"}
_SECTION: Final = re.compile(r'\s*\[\s*remote\s+"([^"]*)"\s*\]')
_URL: Final = re.compile(r"\s*url\s*=\s*(\S+)")
_SCP: Final = re.compile(r"(?:[^@/]+@)?([A-Za-z0-9.-]+):(?!//)(.+)")
_CONFIG_LIMIT: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Remote:
    """Where git pushes to."""

    host: str
    owner: str
    name: str
    repo_type: RepoType | None
    """What kind of repo it is, on a Hub; None for any other host."""

    @property
    def shown(self) -> str:
        """The address as a person knows it, with no user and no password."""
        kind = next((f"{prefix}/" for prefix, repo_type in _KINDS.items() if repo_type == self.repo_type), "")
        return f"{self.host}/{kind}{self.owner}/{self.name}"


def git_remote(folder: Path) -> Remote | None:
    """Return the remote of the repository whose top `folder` is: one on the Hub if there is any, else `origin`."""
    found = {name: remote for name, url in _urls(_config(folder)) if (remote := parse(url))}
    on_hub = (remote for remote in found.values() if remote.repo_type)
    return next(on_hub, None) or found.get("origin") or next(iter(found.values()), None)


def parse(url: str) -> Remote | None:
    """Return what a remote's URL names; None when that is no `owner/name`."""
    scp = _SCP.fullmatch(url)
    try:
        host, path = (scp[1], scp[2]) if scp else (urlsplit(url).hostname or "", urlsplit(url).path)
    except ValueError:
        return None
    parts = path.strip("/").removesuffix(".git").split("/")
    on_hub = host.lower() in HUB_HOSTS
    kind: RepoType | None = "model" if on_hub else None
    if on_hub and parts[0] in _KINDS:
        kind, parts = _KINDS[parts[0]], parts[1:]
    if not host or len(parts) < 2 or not all(parts):
        return None
    return Remote(host.lower(), parts[-2], parts[-1], kind)


def _config(folder: Path) -> str:
    try:
        with open(open_inside(folder, ".git/config"), "rb") as file:
            return file.read(_CONFIG_LIMIT).decode("utf-8", "replace")
    except OSError:  # no repository, or a work tree whose configuration lies elsewhere
        return ""


def _urls(config: str) -> Iterator[tuple[str, str]]:
    remote = None
    for line in config.splitlines():
        if line.lstrip().startswith("["):
            section = _SECTION.match(line)
            remote = section[1] if section else None
        elif remote is not None and (found := _URL.match(line)):
            yield remote, found[1]
