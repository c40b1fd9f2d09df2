"""Inspect a file and all that it contains for pickles and other code, through every format recognized in it.

The audit refuses a container that cannot be inspected, one that two readers could understand differently, and one
that exceeds a limit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from hublish.audit.format_readers import (
    NUMPY,
    Finding,
    Reader,
    ambiguous_zip_members,
    compressed_content,
    find_hdf5,
    zip_members,
)
from hublish.formats.blob import FLOOR, RATIO, Allowance, Blob, ExpandedBlob, TooLargeError, random_access
from hublish.formats.tar_archives import Member, UnreadableError, tar_members

# Levels of nested containers that are opened: a `.nemo` is a tar with a zip with a pickle.
DEPTH_LIMIT: Final = 4
# Levels of documents in values of documents: a model of Keras has its description in metadata, as JSON in JSON.
_PART_LIMIT: Final = 8
# Members of one file, at all levels: shards of data sets have some 10,000.
MEMBER_LIMIT: Final = 200_000
# Bytes that all compressed members of one file may expand to, and how many times the size of a large file.
_EXPANSION_FLOOR: Final = 4 * FLOOR
_EXPANSION_RATIO: Final = 2 * RATIO
# Bytes that every reader receives of a file, to recognize its format.
HEAD: Final = 1024
# Characters of a member's name in messages.
_NAME_LENGTH: Final = 80


# Imported on use: hardly any file of a release needs these readers, and loading them takes longer than to search it.
def _numpy_arrays(blob: Blob, head: bytes) -> Iterator[Member | Finding] | None:
    if not head.startswith(NUMPY):
        return None
    from hublish.audit.numpy_arrays import numpy_arrays

    return numpy_arrays(blob)


def _hdf5_values(blob: Blob, head: bytes) -> Iterator[Member | Finding] | None:
    base = find_hdf5(blob, head)
    if base is None:
        return None
    from hublish.audit.hdf5_files import hdf5_values

    return hdf5_values(blob, base)


# Every format whose content a loader may unpickle or run. All readers that recognize a file inspect it, in this order.
READERS: Final[tuple[Reader, ...]] = (compressed_content, tar_members, zip_members, _numpy_arrays, _hdf5_values)


def members(blob: Blob, *, ambiguous: bool = False) -> Iterator[Member] | None:
    """Return the members of a container; None when the bytes are not a container.

    Args:
        blob: the bytes.
        ambiguous: open also a container that two readers could understand differently.

    Raises:
        UnreadableError: here or while iterating, when it cannot be inspected.
    """
    zips = ambiguous_zip_members if ambiguous else zip_members
    found = _opened(blob, tuple(zips if reader is zip_members else reader for reader in READERS))
    return (one for one in chain.from_iterable(found) if isinstance(one, Member)) if found else None


def carried_pickle(blob: Blob) -> str | None:
    """Return a description of the first pickle that a file is or contains, or the reason why that is unknown.

    Returns None for a clean file. Examples: `a pickle of protocol 2`, `archive/data.pkl in it is a pickle of
    protocol 2`, `a container compressed with 7z, which cannot be inspected`.
    """
    return inspected(blob)[0]


def inspected(blob: Blob) -> tuple[str | None, bool]:
    """Return the description of `carried_pickle`, and whether the file may be a container.

    Most files are none, and every reader of containers has looked at them: a search of their members needs no second
    look.
    """
    search = _Search(Allowance(max(_EXPANSION_FLOOR, _EXPANSION_RATIO * (blob.size or 0))))
    try:
        return search.carried(blob, DEPTH_LIMIT), search.is_container
    except UnreadableError as error:
        return f"{error}, which cannot be inspected", True
    except TooLargeError:
        return f"compressed and expands to more than {FLOOR >> 30} GiB, which cannot be inspected", True


@dataclass(slots=True)
class _Search:
    """The search of one file."""

    allowance: Allowance
    """For the compressed members of all levels: a few bytes may expand to many bombs."""
    members: int = 0
    """Members inspected so far."""
    is_container: bool = False
    """Whether a reader has recognized the file, or a part of it."""

    def carried(self, blob: Blob, depth: int, parts: int = _PART_LIMIT) -> str | None:
        # Imported on use: a search for secrets alone needs neither.
        from hublish.audit.pickles import pickle_in
        from hublish.audit.programs.recognition import program_in

        # The members first, so that one is named; the container itself may still be a pickle to another loader.
        if opened := _opened(blob, READERS):
            self.is_container = True
            for one in chain.from_iterable(opened):
                if (description := self._description(one, depth, parts)) is not None:
                    return description
        if (found := program_in(blob, lambda part: self._in_part(part, depth, parts))) is not None:
            return found
        return pickle_in(blob)

    def _in_part(self, part: Blob, depth: int, parts: int) -> str | None:
        if not parts:
            raise UnreadableError(f"a document nested more than {_PART_LIMIT} deep")
        return self.carried(part, depth, parts - 1)

    def _description(self, one: Member | Finding, depth: int, parts: int) -> str | None:
        if isinstance(one, Finding):
            return one.description
        if not depth:
            raise UnreadableError(f"a container nested more than {DEPTH_LIMIT} deep")
        if isinstance(one.blob, ExpandedBlob):
            one.blob.allowance = self.allowance
        self.members += 1
        if self.members > MEMBER_LIMIT:
            raise UnreadableError(f"a container with more than {MEMBER_LIMIT} members")
        # Every reader of a compressed stream would expand it again, and those that go back would do so often.
        with random_access(one.blob) as blob:
            kind = self.carried(blob, depth - 1, parts)
        if kind is None:
            return None
        return f"{_shown(one.name)} in it is {kind}" if one.name else f"compressed, and contains {kind}"


def _opened(blob: Blob, readers: tuple[Reader, ...]) -> list[Iterator[Member | Finding]]:
    head = blob.read_at(0, HEAD)
    return [found for reader in readers if (found := reader(blob, head)) is not None]


def _shown(name: str) -> str:
    printable = "".join(char if char.isprintable() else "?" for char in name)
    return printable if len(printable) <= _NAME_LENGTH else f"…{printable[-_NAME_LENGTH:]}"
