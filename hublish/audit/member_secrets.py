"""Search the members of containers for secrets: of archives and compressed files within each other, as for pickles."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hublish.audit.containers import DEPTH_LIMIT, MEMBER_LIMIT, members
from hublish.audit.secret_scan import Secret, SecretScanner
from hublish.formats.blob import FLOOR, RATIO, Blob, MemoryBlob, SliceBlob, TooLargeError, measured
from hublish.formats.tar_archives import Member, UnreadableError

# Bytes that are read at once.
_PIECE: Final = 1 << 20
# Members of up to this size are kept in memory while their own members are read: reading them again would expand them
# again.
_KEPT: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class HiddenSecret:
    """A secret, and the member that contains it."""

    secret: Secret
    member: str | None = None
    """None when it is in the file itself; '' for the content of a compressed file."""


@dataclass(slots=True)
class MemberSearch:
    """The search of one file's members.

    Args:
        size: of the file in bytes; it bounds the bytes that are expanded.
    """

    size: int
    found: list[HiddenSecret] = field(default_factory=list)
    unsearched: str = ""
    """A description of the first part that could not be searched."""
    _members: int = 0
    _expanded: int = 0

    def run(self, blob: Blob, path: str = "", depth: int = DEPTH_LIMIT) -> None:
        """Search the members of a container at every depth; other bytes have none."""
        try:
            for member in self._opened(blob, path):
                if not depth:
                    self._give_up(path, f"it is nested more than {DEPTH_LIMIT} deep")
                    return
                inner = _joined(path, member.name)
                self.run(self._scanned(member, inner), inner, depth - 1)
        except UnreadableError as error:
            self._give_up(path, str(error))
        except TooLargeError:
            self._give_up(path, f"it expands to more than {FLOOR >> 30} GiB")

    def _opened(self, blob: Blob, path: str) -> Iterator[Member]:
        # Both readings of an ambiguous container are searched; whether it may be uploaded is decided elsewhere.
        for member in members(blob, ambiguous=True) or ():
            self._members += 1
            if self._members > MEMBER_LIMIT:
                self._give_up(path, f"it has more than {MEMBER_LIMIT} members")
                return
            yield member

    def _scanned(self, member: Member, path: str) -> Blob:
        """Scan a member that is not a part of bytes scanned before, and return its bytes."""
        if isinstance(member.blob, SliceBlob):
            return member.blob
        scanner, kept = SecretScanner(), bytearray()
        for piece in self._pieces(member.blob, path):
            scanner.feed(piece)
            if len(kept) <= _KEPT:
                kept += piece
        self.found += [HiddenSecret(secret, path) for secret in scanner.found]
        return MemoryBlob(bytes(kept)) if len(kept) <= _KEPT else member.blob

    def _pieces(self, blob: Blob, path: str) -> Iterator[bytes]:
        offset = 0
        while piece := blob.read_at(offset, _PIECE):
            # As many bytes as one stream may expand to, for all members together.
            if self._expanded > max(FLOOR, RATIO * self.size):
                self._give_up(path, f"the file expands to more than {FLOOR >> 30} GiB")
                return
            yield piece
            offset += len(piece)
            self._expanded += len(piece)

    def _give_up(self, path: str, reason: str) -> None:
        self.unsearched = self.unsearched or (f"{path}: {reason}" if path else reason)


def search_members(blob: Blob) -> MemberSearch:
    """Return the finished search of the members of a file."""
    search = MemberSearch(measured(blob))
    search.run(blob)
    return search


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path and name else path or name
