"""kill -9 while a card with the edits of people is merged and published: a rerun converges, and keeps the edits."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

import hublish
from hublish.hub.server import EmbeddedHub
from tests.faults.zygote import Zygote
from tests.hublish.api.test_card_merge import NOTE, Author, by_hand, server

__all__ = ["server"]

# In each of two processes.
KILLS = 20
OURS = "Ours, and deleted."
EDITS = ("license: mit # checked by legal\nlanguage: [en]\n", "- mine\n", NOTE, "## Funding\n\nBy *us*.\n")


def more(version: int, paragraphs: int = 0) -> dict[str, str]:
    """Return a text whose second paragraph people have deleted, between two that each version changes."""
    rest = "".join(f"\n\nParagraph {number}." for number in range(paragraphs))
    text = f"Text of version {version}.\n\n{OURS}\n\nText again of version {version}."
    return {"more": f"The first paragraph.\n\n{text}{rest}\n\nThe last paragraph."}


def edited(card: str) -> str:
    assert OURS in card
    return by_hand(card.replace(f"{OURS}\n\n", ""))


def jobs(author: Author) -> dict[str, object]:
    home = author.folder.parent / "hf"
    return {
        "do": "publish",
        "manifest": str(author.folder / "hub.yaml"),
        **author.options,
        "home": str(home),
        "errors": str(author.folder.parent / "errors.txt"),
        "xet": False,
    }


def author_of(server: EmbeddedHub, folder: Path) -> Author:
    """Return the author of a repo whose first card people have edited, and whose second is not published."""
    folder.mkdir()
    author = Author(server, folder)
    author.publish(1, variables=more(1))
    author.edit(edited)
    author.declare(2, variables=more(2))
    return author


def seconds_of(author: Author, publishers: Zygote) -> float:
    """Return how long a publisher takes that is not killed."""
    start = time.monotonic()
    publishers.start(jobs(author))
    assert publishers.line() == "0"
    return time.monotonic() - start


@pytest.mark.parametrize("part", range(2))
def test_a_merge_that_is_killed_at_any_time_is_continued(
    part: int, server: EmbeddedHub, publishers: Zygote, tmp_path: Path
) -> None:
    seconds_of(author_of(server, tmp_path / f"first-{part}"), publishers)  # it waits for the imports
    usual = seconds_of(author_of(server, tmp_path / f"usual-{part}"), publishers)
    codes, moved = [], 0
    for number in range(part * KILLS, (part + 1) * KILLS):
        author = author_of(server, tmp_path / f"merge-{number}")
        before = author.read()
        pid = publishers.start(jobs(author))
        # Often near the end of the run, where it commits and writes the lock; a busy machine takes longer than usual.
        time.sleep(usual * random.Random(number).uniform(0.2, 1.4))
        with suppress(ProcessLookupError):  # it had ended
            os.kill(pid, signal.SIGKILL)
        codes.append(int(publishers.line()))
        killed = author.read()
        author.publish(2, variables=more(2))
        # The card had its old bytes or the merged ones, and these have every edit.
        card = author.read()
        assert killed in (before, card)
        moved += killed == card
        check_merged(author)
    assert -signal.SIGKILL in codes
    assert 0 < moved < KILLS


def check_merged(author: Author) -> None:
    """Assert that the second release is complete, and that it and the next one keep the edits."""
    card = author.readme
    assert all(edit in card for edit in EDITS)
    assert (OURS in card, card.count("Text of version 2.")) == (False, 1)
    # The repo's creation, two releases, and the edit between them.
    assert len(author.api.list_repo_commits(author.repo_id)) == 4
    assert not author.publish(2, variables=more(2)).created
    assert hublish.verify(author.folder / "hub.yaml", **author.options).ok
    author.publish(3, variables=more(3))
    assert all(edit in author.readme for edit in EDITS)
    assert OURS not in author.readme


@pytest.mark.parametrize("paragraphs", [0, 600], ids=["a short card", "a card whose record fills no commit message"])
@pytest.mark.parametrize("lock", ["an older lock", "no lock"])
def test_a_deletion_beside_a_change_lasts_without_the_newest_lock(
    lock: str, paragraphs: int, server: EmbeddedHub, tmp_path: Path
) -> None:
    folder = tmp_path / f"lock-{paragraphs}-{len(lock)}"
    folder.mkdir()
    author = Author(server, folder)
    author.publish(1, variables=more(1, paragraphs))
    old = (folder / "hub.lock").read_bytes()
    author.edit(edited)
    author.publish(2, variables=more(2, paragraphs))
    card = author.read()
    assert OURS.encode() not in card
    (folder / "hub.lock").unlink()
    if lock == "an older lock":
        (folder / "hub.lock").write_bytes(old)
    assert not author.publish(2, variables=more(2, paragraphs)).created
    assert author.read() == card
    author.publish(3, variables=more(3, paragraphs))
    assert OURS not in author.readme
    assert all(edit in author.readme for edit in EDITS)
