"""Which repo a folder's release goes to: what was asked for, what its git remote says, or a name made of its own."""

import re
from dataclasses import dataclass
from typing import Final

from hublish.pipeline.draft.remotes import Remote
from hublish.schemas.documents.references import check_repo_id
from hublish.schemas.secrets.masking import holds_token

PLACEHOLDER: Final = "your-name"
"""The owner nobody told us: a name the Hub takes, that a person replaces."""
_NAMELESS: Final = "release"
_LONGEST: Final = 90


@dataclass(frozen=True, slots=True)
class Named:
    """A repo_id and how sure it is."""

    repo_id: str
    why: str
    open: bool = False
    """Whether a person has to look at it before anything is published."""


def named(asked: str | None, remote: Remote | None, folder: str) -> Named:
    """Return the repo_id of a draft.

    Args:
        asked: what the user said, which is valid; None when nothing was said.
        remote: the folder's git remote, if it has one.
        folder: the folder's name.
    """
    if asked is not None:
        return Named(asked, "")
    if remote is not None:
        repo_id = f"{legal(remote.owner)}/{legal(remote.name)}"
        if remote.repo_type:
            return Named(repo_id, f"from the git remote {remote.shown}")
        why = f"guessed from the git remote {remote.shown}: is the owner called so on the Hub?"
        return Named(repo_id, why, open=True)
    return Named(f"{PLACEHOLDER}/{legal(folder)}", f"fill in: your user or organisation instead of {PLACEHOLDER}", True)


def legal(name: str) -> str:
    """Return a name as near to `name` as the Hub takes it."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:_LONGEST]
    plain = re.sub(r"-{2,}", "-", re.sub(r"\.{2,}", ".", plain))
    while (shorter := plain.strip("-.").removesuffix(".git")) != plain:
        plain = shorter
    try:
        return _NAMELESS if holds_token(plain) else check_repo_id(plain)
    except ValueError:
        return _NAMELESS
