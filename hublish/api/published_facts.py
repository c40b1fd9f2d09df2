"""Derive the facts of a published card again from the files on the Hub, and find those that no longer hold."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from hublish.base.errors import NotFoundError
from hublish.base.values import RemoteFile
from hublish.cards.facts.derive_facts import derive_facts
from hublish.cards.facts.fact import Fact, as_tree
from hublish.cards.named_data import DATA_LIMIT, read_data
from hublish.cards.record.fact_names import MissingError, summary, value_of
from hublish.cards.record.false_facts import NOTHING, FalseFact, Now, false_facts
from hublish.formats.front_matter import read_front_matter
from hublish.hub.client.remote_content import OnHub, ReadBudget
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.card_record import Stated
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.lock import Lock, LockedFile

if TYPE_CHECKING:
    from hublish.cards.results.result import Score
    from hublish.hub.client.hub import Hub

_ERROR: Final = re.compile(r"\.stderr(?:_text)?$")


def untrue_facts(hub: "Hub", lock: Lock, tree: Mapping[str, RemoteFile], commit: str) -> tuple[FalseFact, ...]:
    """Return the facts of the card that no longer hold: those that people changed, and those of changed files.

    Args:
        hub: the Hub.
        lock: the lock with the facts as they were published.
        tree: the files on the Hub now.
        commit: the commit that has them.

    Raises:
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    if lock.facts is None or not lock.facts.facts or CARD_FILE not in tree:
        return ()
    files = _FilesNow(hub, lock, tree, commit)
    return false_facts(lock.facts, files.card, files.now, files.published)


@dataclass(frozen=True)
class _FilesNow:
    hub: "Hub"
    lock: Lock
    tree: Mapping[str, RemoteFile]
    commit: str
    budget: ReadBudget = field(default_factory=ReadBudget)

    @cached_property
    def card(self) -> bytes:
        """The card now."""
        return self._content(self.tree[CARD_FILE]).read()

    @cached_property
    def published(self) -> bytes:
        """The card as it was published; empty if the Hub does not have it any more."""
        known = next((file for file in self.lock.files if file.path_in_repo == CARD_FILE), None)
        if known is None or self.tree[CARD_FILE].holds(known):
            return self.card
        file = RemoteFile(CARD_FILE, known.size, known.blob_id)
        try:
            return OnHub(self.hub, self.lock, self.lock.commit, file, self.budget).read()
        except NotFoundError:  # the history was squashed
            return b""

    @cached_property
    def _released(self) -> Mapping[str, tuple[LockedFile, RemoteFile]]:
        """The files that the card was rendered from, as far as the Hub has them."""
        locked = (file for file in self.lock.files if file.is_from_sources)
        return {
            file.path_in_repo: (file, self.tree[file.path_in_repo]) for file in locked if file.path_in_repo in self.tree
        }

    @cached_property
    def _facts(self) -> tuple[Fact, ...]:
        reading = None
        # Without metadata that can be read, fewer facts are known.
        with suppress(InvalidDocumentError):
            reading = read_front_matter(self.published or self.card, CARD_FILE)
        return derive_facts(
            ((path, self._content(file)) for path, (_, file) in self._released.items()),
            metadata=reading.data if reading else {},
            repo_id=self.lock.repo_id,
            repo_type=self.lock.repo_type,
            # A changed file outside of LFS has no digest that the Hub lists.
            digests={
                path: locked.sha256 if file.holds(locked) else file.sha256 or ""
                for path, (locked, file) in self._released.items()
            },
        )

    @cached_property
    def _tree(self) -> Mapping[str, Any]:
        # As templates get them.
        files = [
            {"path": path, "suffix": PurePosixPath(path).suffix, "size": file.size}
            for path, (_, file) in sorted(self._released.items())
        ]
        return {"facts": as_tree(self._facts), "files": files}

    @cached_property
    def _values(self) -> dict[str, Any]:
        """The values of data files that were read."""
        return {}

    @cached_property
    def _scores(self) -> "dict[str, Mapping[str, Score]]":
        """The scores of files with evaluation results that were read, by their places."""
        return {}

    def now(self, fact: Stated) -> Now:
        """Return the value that a fact has now."""
        root = re.split(r"[.\[{]", fact.name, maxsplit=1)[0]
        readers: Mapping[str, Callable[[Stated], Now]] = {
            "facts": self._of_facts,
            "files": self._of_facts,
            "data": self._of_file,
            "evaluation": self._of_result,
        }
        # The sources of other facts are not on the Hub. Those of the metadata are derived from the published card.
        if not fact.released or root not in readers or (fact.file == CARD_FILE and not self.published):
            return Now(fact.value, known=False)
        found = readers[root](fact)
        return Now(fact.value, known=False) if fact.file in self.budget.refused else found

    def _of_facts(self, fact: Stated) -> Now:
        try:
            value = value_of(fact.name, self._tree)
            return Now(summary(value) if fact.name == "files" else value)
        except MissingError:
            return NOTHING

    def _of_file(self, fact: Stated) -> Now:
        if fact.file not in self._released:
            return NOTHING
        if fact.file not in self._values:
            self._values[fact.file] = self._read(fact.file)
        try:
            value = value_of(fact.key, self._values[fact.file])
        except MissingError:
            return NOTHING
        return Now(value)

    def _of_result(self, fact: Stated) -> Now:
        from hublish.cards.results.recognition import scores_by_key

        if fact.file not in self._released:
            return NOTHING
        if fact.file not in self._scores:
            with suppress(OSError):
                self._scores[fact.file] = scores_by_key(self._content(self._released[fact.file][1]), fact.file)
        score = self._scores.get(fact.file, {}).get(fact.key)
        value = None if score is None else score.stderr if _ERROR.search(fact.name) else score.value
        return NOTHING if value is None else Now(value)

    def _read(self, path: str) -> Any:
        content = self._content(self._released[path][1])
        try:
            return read_data(content.read_at(0, DATA_LIMIT + 1), path)
        except (InvalidDocumentError, OSError):
            return None

    def _content(self, file: RemoteFile) -> OnHub:
        return OnHub(self.hub, self.lock, self.commit, file, self.budget)
