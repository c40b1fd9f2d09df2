"""Discussions and pull requests: one JSON file each, in the repository's folder."""

import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hublish.hub.server.files import read_json, write_json
from hublish.hub.server.git.refs import Refs
from hublish.hub.server.repositories import timestamp


@dataclass(frozen=True, slots=True)
class Discussion:
    """A discussion or pull request as it is stored."""

    num: int
    title: str
    author: str
    created_at: str
    status: str
    """`draft`, `open`, `closed` or `merged`."""
    pull_request: bool
    base_commit: str | None = None
    """Where a pull request branched off; None for a discussion."""
    merge_commit: str | None = None
    events: tuple[dict[str, Any], ...] = field(default=())
    """In the Hub's own form, oldest first."""

    @property
    def ref(self) -> str:
        """The ref of a pull request's commits."""
        return f"refs/pr/{self.num}"

    @property
    def is_active(self) -> bool:
        """Tell whether it is neither closed nor merged."""
        return self.status in ("draft", "open")

    def with_event(self, kind: str, author: str, data: dict[str, Any]) -> "Discussion":
        """Return the discussion with one more event at its end."""
        return replace(self, events=(*self.events, new_event(kind, author, data)))


def new_event(kind: str, author: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return an event: `comment`, `status-change`, `commit` or `title-change`."""
    return {
        "id": secrets.token_hex(12),
        "type": kind,
        "createdAt": timestamp(),
        "author": {"name": author},
        "data": data,
    }


def comment_data(text: str, author: str) -> dict[str, Any]:
    """Return the data of a new comment."""
    latest = {"raw": text, "html": "", "updatedAt": timestamp(), "author": {"name": author}}
    return {"edited": False, "hidden": False, "latest": latest, "history": [], "numEdits": 0}


class Discussions:
    """The discussions of one repository. Writers hold the repository's lock."""

    def __init__(self, repository: Path) -> None:
        self._folder = repository / "hub" / "discussions"
        self._scratch = repository / "hub" / "scratch"
        self._refs = Refs(repository, self._scratch)

    def next_number(self) -> int:
        """Return a number no discussion has, nor any pull request's ref a crash may have left."""
        taken = [int(path.stem) for path in self._folder.glob("*.json")]
        taken += [int(name.rpartition("/")[2]) for name in self._refs.list("refs/pr/")]
        return max(taken, default=0) + 1

    def get(self, num: int) -> Discussion | None:
        """Return a discussion, or None."""
        content = read_json(self._folder / f"{num}.json")
        return Discussion(**{**content, "events": tuple(content["events"])}) if content else None

    def list(self) -> list[Discussion]:
        """Return all discussions, newest first."""
        numbers = sorted((int(path.stem) for path in self._folder.glob("*.json")), reverse=True)
        return [found for number in numbers if (found := self.get(number))]

    def save(self, discussion: Discussion) -> None:
        """Store a discussion, atomically."""
        write_json(self._folder / f"{discussion.num}.json", asdict(discussion), scratch=self._scratch)
