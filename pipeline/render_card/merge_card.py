"""Staged -> Staged: README.md with the edits that people made to it on the Hub."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from hublish.base.content import InMemory, blob_hasher
from hublish.base.errors import CardError
from hublish.base.values import RemoteFile, Staged, StagedFile
from hublish.cards.merging.card_parts import Outline
from hublish.cards.merging.merge import ON_THE_HUB, Conflict, Merged, kept_card, merge_cards
from hublish.formats.front_matter import front_matter_fault
from hublish.schemas.diagnose.problems import Location, Problem, shortened
from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.lock import LockedCard

CONFLICT: Final = "card.conflict"
# A longer file was not written by a person, and would cost a long download.
_LARGEST: Final = 4 << 20
_LINES_SHOWN: Final = 30
_LONGEST_LINE: Final = 200
_TRAILER: Final = "Hublish-Card: "
# The rest of a longer record is dropped: it is part of the message of every commit.
_LONGEST_TRAILER: Final = 4000
_DECIDE: Final = (
    "edit README.md on the Hub or the card here until they agree; or publish with --card theirs to keep the one on the "
    "Hub, or with --card ours to replace it"
)


@dataclass(frozen=True)
class PublishedCard:
    """The card on the Hub as the merge needs it; nothing is requested before the card is rendered and differs."""

    remote: RemoteFile | None
    """README.md at the head; None without one."""
    read: Callable[[], bytes]
    """Returns its bytes."""
    records: Callable[[], Iterable[Outline]]
    """Returns the outlines of our earlier renderings that are known, the likeliest first."""
    last: LockedCard | None = None
    """The record of the lock."""
    decision: CardDecision = MERGE
    generated: bool = False
    """Whether README.md was generated although the manifest declares no card."""


@dataclass(frozen=True)
class MergeCard:
    """Merge the rendered card with the one on the Hub, and record the rendered one as the base of the next merge."""

    published: PublishedCard | None = field(default=None, repr=False)
    title: ClassVar[str] = "merging the card with the one on the Hub"

    def run(self, staged: Staged) -> Staged:
        """Return the release with the card to publish.

        Raises:
            CardError: people and we changed the same place, or the card on the Hub cannot be merged.
            RemoteError: the Hub cannot be read.
        """
        if self.published is None or not self.works_on(staged):
            return staged
        try:
            return _with_merged(staged, self.published)
        except CardError as error:
            error.problems += staged.warnings
            raise

    def works_on(self, staged: Staged) -> bool:
        """Return whether there may be a card of people, and README.md of the release is rendered."""
        declared = staged.collection.project.manifest.card is not None
        return self.published is not None and (declared or self.published.generated)


def trailer(record: LockedCard, published: str) -> str:
    """Return the line for the message of a commit that records the rendered card, for releases without a lock.

    Args:
        record: the rendered card.
        published: the sha256 of README.md in the commit. When it is the rendered card, the line need not describe it.
    """
    outline = Outline.read(record.outline)
    limit = 0 if published == record.sha256 else _LONGEST_TRAILER
    return _TRAILER + (outline.record(limit) if outline else "")


def recorded(message: str) -> Outline | None:
    """Return the outline that the message of a commit records; None without one."""
    lines = [line for line in message.splitlines() if line.startswith(_TRAILER)]
    return Outline.read(lines[-1].removeprefix(_TRAILER)) if lines else None


def _with_merged(staged: Staged, published: PublishedCard) -> Staged:
    own = staged.readme
    if own is None:
        return staged
    data = own.content.read()
    rendered = LockedCard(sha256=hashlib.sha256(data).hexdigest(), blob_id=_blob_id(data), outline="")
    merged = _published(data, rendered, published)
    outline = merged.outline or Outline.of(data.decode("utf-8", "surrogateescape"))
    record = rendered.model_copy(update={"outline": outline.record()})
    text = merged.text.encode("utf-8", "surrogateescape")
    origin = own.origin._replace(card=record)
    readme = StagedFile(CARD_FILE, own.content if text == data else InMemory(text), origin)
    files = tuple(readme if file is own else file for file in staged.files)
    deleted = (_DELETED,) if published.remote is None and published.last is not None else ()
    warnings = (*staged.warnings, *deleted, *_kept(merged), *_hidden(merged.text))
    return replace(staged, files=files, warnings=warnings)


def _published(data: bytes, rendered: LockedCard, published: PublishedCard) -> Merged:
    """Return the README to publish, and what is to be known about the one on the Hub."""
    remote, ours = published.remote, data.decode("utf-8", "surrogateescape")
    if remote is None or published.decision == "ours" or remote.holds(rendered):
        return Merged(ours)
    last = published.last
    # Unchanged since the last release: it has no edits.
    if published.decision == MERGE and last is not None and remote.holds(last):
        return Merged(ours)
    theirs = published.read() if remote.size <= _LARGEST else b""
    if remote.size > _LARGEST or (b"\0" in theirs and published.decision == MERGE):
        message = "the README.md on the Hub is not text" if theirs else f"it has more than {_LARGEST >> 20} MiB"
        raise _refused([Problem(CONFLICT, message, path=CARD_FILE)])
    # Bytes that are not UTF-8 are kept as they are.
    text = theirs.decode("utf-8", "surrogateescape")
    if published.decision == "theirs":
        return kept_card(ours, text)
    merged = merge_cards(ours, text, _base(text, tuple(published.records())))
    if merged.conflicts:
        raise _refused([_problem(conflict, text) for conflict in merged.conflicts])
    return merged


def _base(card: str, records: tuple[Outline, ...]) -> Outline | None:
    """Return the record of the release that a card on the Hub comes from; None without one."""
    if len(records) < 2:
        return records[0] if records else None
    # A proposal may not have been merged, and another machine may have published since.
    published = Outline.of(card)
    return max(records, key=lambda outline: outline.similarity(published))


def _refused(problems: list[Problem]) -> CardError:
    return CardError("the card conflicts with the one on the Hub", hint=_DECIDE, problems=problems)


def _problem(conflict: Conflict, text: str) -> Problem:
    lines = conflict.diff.splitlines()[2:]
    shown = [shortened(line, _LONGEST_LINE) for line in lines[:_LINES_SHOWN] if not line.startswith("@@")]
    if len(lines) > _LINES_SHOWN:
        shown.append(f"... and {len(lines) - _LINES_SHOWN} more lines")
    diff = "\n".join(("- on the Hub, + in this release:", *shown)) if shown else ""
    written = text.splitlines()[conflict.line - 1 : conflict.line]
    place = Location(ON_THE_HUB, conflict.line, 1, text=written[0] if written else "")
    return Problem(CONFLICT, conflict.message, diff, conflict.path, place)


def _kept(merged: Merged) -> Iterable[Problem]:
    for each in merged.differing:
        message = f"'{each.path}' stays as it is on the Hub: there is no record that hublish wrote it"
        hint = f"in this release: {shortened(' '.join(each.ours.split()), _LONGEST_LINE)}; --card ours replaces it"
        place = Location(ON_THE_HUB, each.line, 1)
        yield Problem("card.kept", message, hint, each.path, place, severity="warning")


def _hidden(card: str) -> Iterable[Problem]:
    """Yield a warning about metadata that readers of the merged card do not find."""
    if fault := front_matter_fault(card):
        message = f"the Hub or other readers may not find the metadata: {fault.message}"
        place = Location(ON_THE_HUB, fault.line, 1)
        yield Problem("card.front_matter", message, fault.hint, location=place, severity="warning")


_DELETED: Final = Problem(
    "card.deleted",
    "README.md of the last release was deleted on the Hub, and is added again",
    "remove `card` from the manifest to publish without one",
    "card",
    severity="warning",
)


def _blob_id(data: bytes) -> str:
    hasher = blob_hasher(len(data))
    hasher.update(data)
    return hasher.hexdigest()
