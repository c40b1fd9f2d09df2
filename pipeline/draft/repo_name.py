"""Choose the repo_id of a draft: as given, else from the folder's git remote, else from the folder's name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hublish.base.content import open_below
from hublish.pipeline.draft.commented_yaml import Field
from hublish.schemas.documents.hub_names import URL_KINDS, RepoType, check_repo_id
from hublish.schemas.secrets.masking import holds_token

PLACEHOLDER: Final = "your-name"
"""An owner that the Hub accepts, for the user to replace."""
# The name if a folder's own name has no character that the Hub accepts.
_FALLBACK: Final = "release"
# The Hub accepts 96 characters for a whole repo_id.
_LONGEST: Final = 90
_HUB_HOSTS: Final = ("huggingface.co", "hf.co")
_KINDS: Final = {prefix: kind for prefix, kind in URL_KINDS.items() if kind != "model"}
# The lines of a git configuration that name remotes. Git itself is not run: the folder's configuration could make it
# run other programs.
_SECTION: Final = re.compile(r'\s*\[\s*remote\s+"([^"]*)"\s*\]')
_URL: Final = re.compile(r"\s*url\s*=\s*(\S+)")
# The short form of an SSH address, `git@host:owner/name`.
_SCP: Final = re.compile(r"(?:[^@/]+@)?([A-Za-z0-9.-]+):(?!//)(.+)")
_CONFIG_LIMIT: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Remote:
    """The repository that git pushes to."""

    host: str
    owner: str
    name: str
    repo_type: RepoType | None
    """The type of a Hub repo; None for other hosts."""

    @property
    def shown(self) -> str:
        """The address without user and password."""
        kind = next((f"{prefix}/" for prefix, repo_type in _KINDS.items() if repo_type == self.repo_type), "")
        return f"{self.host}/{kind}{self.owner}/{self.name}"


def repo_name(given: str | None, remote: Remote | None, folder: str) -> Field:
    """Return the repo_id of a draft; an open field if the user must confirm or replace it."""
    if given is not None:
        return Field("repo_id", given)
    if remote is None:
        why = f"fill in: your user or organization instead of {PLACEHOLDER}"
        return Field("repo_id", f"{PLACEHOLDER}/{legal_name(folder)}", why, open=True)
    repo_id = f"{legal_name(remote.owner)}/{legal_name(remote.name)}"
    if remote.repo_type:
        return Field("repo_id", repo_id, f"from the git remote {remote.shown}")
    why = f"inferred from the git remote {remote.shown}: check that the owner has this name on the Hub"
    return Field("repo_id", repo_id, why, open=True)


def legal_name(name: str) -> str:
    """Return a name as similar to `name` as the Hub accepts."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:_LONGEST]
    plain = re.sub(r"-{2,}", "-", re.sub(r"\.{2,}", ".", plain))
    # Each step can expose another ending that the Hub rejects: `a.git-.git`.
    while (shorter := plain.strip("-.").removesuffix(".git")) != plain:
        plain = shorter
    try:
        return _FALLBACK if holds_token(plain) else check_repo_id(plain)
    except ValueError:
        return _FALLBACK


def git_remote(folder: Path) -> Remote | None:
    """Return the remote of the git repository at `folder`: one on the Hub, else `origin`, else the first."""
    # A clone of a Hub repo may have `origin` elsewhere, for example a mirror on GitHub.
    found = {name: remote for name, url in _urls(_config(folder)) if (remote := parse_remote(url))}
    on_hub = (remote for remote in found.values() if remote.repo_type)
    return next(on_hub, None) or found.get("origin") or next(iter(found.values()), None)


def parse_remote(url: str) -> Remote | None:
    """Return the repository at a git URL; None if its path does not end with `owner/name`."""
    scp = _SCP.fullmatch(url)
    try:
        host, path = (scp[1], scp[2]) if scp else (urlsplit(url).hostname or "", urlsplit(url).path)
    except ValueError:
        return None
    parts = path.strip("/").removesuffix(".git").split("/")
    # Only an address on the Hub states the type of the repo: `datasets/acme/rows`.
    on_hub = host.lower() in _HUB_HOSTS
    kind: RepoType | None = "model" if on_hub else None
    if on_hub and parts[0] in _KINDS:
        kind, parts = _KINDS[parts[0]], parts[1:]
    if not host or len(parts) < 2 or not all(parts):
        return None
    return Remote(host.lower(), parts[-2], parts[-1], kind)


def _config(folder: Path) -> str:
    try:
        with open(open_below(folder, ".git/config"), "rb") as file:
            return file.read(_CONFIG_LIMIT).decode("utf-8", "replace")
    except OSError:  # not a repository, or a work tree whose configuration is elsewhere
        return ""


def _urls(config: str) -> Iterator[tuple[str, str]]:
    remote = None
    for line in config.splitlines():
        if line.lstrip().startswith("["):
            section = _SECTION.match(line)
            remote = section[1] if section else None
        elif remote is not None and (found := _URL.match(line)):
            yield remote, found[1]
