"""The card on the Hub, and the records of our own earlier renderings: the other two sides of a merge."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from hublish.api.session import Session
from hublish.base.errors import RemoteError
from hublish.base.values import Head
from hublish.cards.merging.card_parts import Outline
from hublish.hub.client import commit_record, transfer
from hublish.pipeline.render_card.merge_card import PublishedCard, recorded
from hublish.schemas.documents.card_decision import CardDecision
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE
from hublish.schemas.documents.lock import Lock


def published_card(
    session: Session, head: Head, last: Lock | None, decision: CardDecision, *, generated: bool = False
) -> PublishedCard:
    """Return the card at the head of a session's target.

    Args:
        session: the session.
        head: the head that the release is compared with.
        last: the lock of the last release; None without one.
        decision: what becomes of the card on the Hub.
        generated: whether README.md was generated although the manifest declares no card.
    """
    hub, target = session.hub, session.target
    remote, commit = head.files.get(CARD_FILE), head.commit or head.default_commit or ""

    def read(revision: str = commit) -> bytes:
        return transfer.read(hub, target, CARD_FILE, revision, size=remote.size if remote else transfer.SMALL_BYTES)

    def records() -> Iterator[Outline]:
        found = list(_of_lock(last, read))
        yield from found
        # Another release may have followed the locked one, from a machine with another lock.
        if found and last is not None and last.commit == commit:
            return
        of_commits = list(_of_commits(session, commit, read))
        yield from of_commits
        if not found and not of_commits and _is_ours(session, commit):
            yield _outline(read())

    return PublishedCard(remote, read, records, last.card if last else None, decision, generated=generated)


def _of_lock(last: Lock | None, read: Callable[[str], bytes]) -> Iterator[Outline]:
    if last is None:
        return
    if last.card is not None:
        if outline := Outline.read(last.card.outline):
            yield outline
    elif any(file.path_in_repo == CARD_FILE for file in last.files):
        # Earlier versions published exactly what they rendered. The commit may be gone after a squash.
        with suppress(RemoteError):
            yield _outline(read(last.commit))


def _of_commits(session: Session, commit: str, read: Callable[[str], bytes]) -> Iterator[Outline]:
    """Yield the newest record of a commit message: releases need not have a lock."""
    try:
        messages = commit_record.messages(session.hub, session.target, commit)
    except RemoteError:  # this Hub lists no history
        return
    for at, message in messages.items():
        if outline := recorded(message):
            if outline.keys is not None:
                yield outline
                return
            # The record of a card that was published as it was rendered is short.
            with suppress(RemoteError):
                card = _outline(read(at))
                yield card if card.is_same(outline) else outline
            return


def _is_ours(session: Session, commit: str) -> bool:
    """Return whether README.md has not changed since it was published together with a manifest of hublish."""
    # Earlier versions left no other record of a release whose lock was not kept.
    try:
        paths = CARD_FILE, MANIFEST_FILE
        found = commit_record.last_commits(session.hub, session.target, paths, commit)
    except RemoteError:
        return False
    return MANIFEST_FILE in found and found.get(CARD_FILE) == found[MANIFEST_FILE]


def _outline(data: bytes) -> Outline:
    return Outline.of(data.decode("utf-8", "surrogateescape"))
