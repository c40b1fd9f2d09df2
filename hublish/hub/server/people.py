"""Likes and followers, and how users and organizations are shown."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hublish.hub.server.accounts import avatar_of
from hublish.hub.server.durable_files import locked, read_json, write_json
from hublish.hub.server.repositories import timestamp
from hublish.hub.server.stores import Hub


class Likes:
    """The users who like one repository, each with the time; stored in its folder, so that a move keeps them."""

    def __init__(self, repository: Path) -> None:
        self._path = repository / "hub" / "likes.json"
        self._scratch = repository / "hub" / "scratch"

    def list(self) -> dict[str, str]:
        """Return the time of each like by user, the oldest first."""
        return dict(read_json(self._path, {}))

    def since(self, seconds: int) -> int:
        """Count the likes since a time."""
        earliest = timestamp(seconds)
        return sum(time >= earliest for time in self.list().values())

    def add(self, user: str, time: str) -> None:
        """Record a like, or keep an existing one; call it with the repository's lock held."""
        if user not in (known := self.list()):
            write_json(self._path, {**known, user: time}, scratch=self._scratch)

    def remove(self, user: str) -> None:
        """Take a like back; call it with the repository's lock held."""
        if user in (known := self.list()):
            write_json(self._path, {name: known[name] for name in known if name != user}, scratch=self._scratch)


class Follows:
    """Who follows whom: by user, the names of users and organizations with the time."""

    def __init__(self, root: Path) -> None:
        self._path = root / "follows.json"
        self._lock = root / "locks" / "follows.lock"
        self._scratch = root / "incoming"

    def of(self, user: str) -> list[str]:
        """Return the names that a user follows, the oldest first."""
        return list(self._read().get(user, {}))

    def followers(self, name: str) -> list[str]:
        """Return the users who follow a user or an organization, by name."""
        return sorted(user for user, followed in self._read().items() if name in followed)

    def set(self, user: str, name: str, time: str | None) -> None:
        """Follow a user or an organization since `time`, or no longer when it is None."""
        with locked(self._lock):
            known = self._read()
            followed = known.get(user, {})
            others = {other: since for other, since in followed.items() if other != name}
            known[user] = others if time is None else {**others, name: followed.get(name, time)}
            write_json(self._path, known, scratch=self._scratch)

    def _read(self) -> dict[str, dict[str, str]]:
        return dict(read_json(self._path, {}))


def people(hub: Hub, names: Iterable[str]) -> list[dict[str, Any]]:
    """Return users in the form of lists of people."""
    known = {account.user: account.full_name for account in hub.accounts.all()}
    return [person(name, known.get(name, "")) for name in names]


def person(name: str, full_name: str) -> dict[str, Any]:
    """Return a user in the form of lists of people."""
    user = {"_id": name, "user": name, "type": "user", "fullname": full_name or name, "avatarUrl": avatar_of(name)}
    return {**user, "isPro": False, "isFollowing": False}


def organization(hub: Hub, name: str) -> dict[str, Any]:
    """Return an organization in the form of lists of them."""
    full_name = hub.accounts.full_name(name)
    return {"_id": name, "type": "org", "name": name, "fullname": full_name, "avatarUrl": avatar_of(name)}
