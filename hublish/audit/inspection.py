"""Look at one file's content: is it a pickle, does it hold a secret?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hublish.audit.containers import UnreadableError, carried_pickle, members
from hublish.audit.secrets import Secret, SecretScanner
from hublish.formats.blob import Blob, ExpandedBlob, TooLargeError
from hublish.schemas.documents.manifest import Policy

EXPANDED_LIMIT: Final = 64 << 20
"""Bytes of compressed members that are scanned for secrets, in one file."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Interest:
    """What to look for; what the policy allows is not looked for."""

    pickles: bool = True
    secrets: bool = True

    @classmethod
    def of(cls, policy: Policy) -> "Interest":
        """Take from a policy what it does not allow anyway."""
        return cls(pickles=policy.pickle != "allow", secrets=policy.secrets != "allow")


@dataclass(frozen=True, slots=True)
class HiddenSecret:
    """A secret, and the compressed member that holds it."""

    secret: Secret
    member: str | None = None
    """None when it stands in the file itself; '' for the content of a compressed file."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in one file."""

    pickle: str | None = None
    """The finding in words; None when it is none and carries none."""
    secrets: tuple[HiddenSecret, ...] = ()
    binary: bool = False
    """Whether lines and columns mean nothing."""


def inspect(blob: Blob, scanner: SecretScanner | None, interest: Interest) -> Inspection:
    """Finish the inspection of a file whose bytes went through `scanner` already.

    Args:
        blob: the same bytes, for a look at their structure.
        scanner: fed with all of them; None when secrets are not looked for.
        interest: what to look for.
    """
    found = [HiddenSecret(secret) for secret in scanner.found] if scanner else []
    if interest.secrets:
        found += _in_members(blob)
    return Inspection(
        carried_pickle(blob) if interest.pickles else None, tuple(found), scanner.binary if scanner else False
    )


def _in_members(blob: Blob) -> list[HiddenSecret]:
    """Scan compressed members; stored ones were seen with the file itself."""
    found: list[HiddenSecret] = []
    left = EXPANDED_LIMIT
    try:
        for member in members(blob, ambiguous=True) or ():
            if not isinstance(member.blob, ExpandedBlob):
                continue
            scanner = SecretScanner(None)
            for piece in _pieces(member.blob, left):
                scanner.feed(piece)
                left -= len(piece)
            found += [HiddenSecret(secret, member.name) for secret in scanner.found]
            if left <= 0:
                break
    except (UnreadableError, TooLargeError):
        # Whether what cannot be looked into may go up is decided where pickles are looked for.
        return found
    return found


def _pieces(blob: Blob, limit: int) -> Iterator[bytes]:
    offset = 0
    while offset < limit and (piece := blob.read_at(offset, min(_PIECE, limit - offset))):
        yield piece
        offset += len(piece)
