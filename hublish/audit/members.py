"""What a container yields, and how it says that it cannot be looked into."""

from dataclasses import dataclass

from hublish.audit.blob import Blob


@dataclass(frozen=True, slots=True)
class Member:
    """A file within a container."""

    name: str
    blob: Blob


class UnreadableError(Exception):
    """A container whose content stays unseen; the message says what it is."""
