"""Size and LFS pointer of git blobs, remembered: a listing of thousands of files reads each blob once."""

from dataclasses import dataclass

from hublish.hub.server.git.pointer import Pointer, parse_pointer
from hublish.hub.server.git.repository import GitRepository

MAX_REMEMBERED = 200_000
"""Blobs; about 30 MB."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a listing says about a file."""

    size: int
    """Bytes of the file itself; for a large one not of its pointer."""
    pointer: Pointer | None
    pointer_size: int
    """Bytes of the blob in git."""


class BlobFacts:
    """Facts by blob id. An id fixes the content, so what is remembered can never be stale."""

    def __init__(self) -> None:
        self._facts: dict[str, Facts] = {}

    def of(self, git: GitRepository, sha: str) -> Facts:
        """Return the facts of a blob that is in `git`."""
        facts = self._facts.get(sha)
        if facts is None:
            facts = _read(git.blob(sha))
            if len(self._facts) >= MAX_REMEMBERED:
                self._facts.clear()
            self._facts[sha] = facts
        return facts


def _read(data: bytes) -> Facts:
    pointer = parse_pointer(data)
    return Facts(pointer.size if pointer else len(data), pointer, len(data))
