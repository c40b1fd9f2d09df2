"""Gather the facts of a release for its card, and the values of the files that `card.data` names."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from hublish.base.errors import CardError
from hublish.base.values import Project, StagedFile
from hublish.cards.named_data import DATA_LIMIT, read_data
from hublish.pipeline.render_card.card_files import read_inside
from hublish.pipeline.render_card.card_template import CardTemplate
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.manifest import Card
from hublish.schemas.variables.lookup import NoValueError

if TYPE_CHECKING:
    from hublish.cards.facts.fact import Fact
    from hublish.cards.facts.release_state import Commit, Previous
    from hublish.schemas.documents.lock import Lock

Digests = Callable[[Project, Sequence[StagedFile]], Mapping[str, str]]
"""Return the SHA-256 of each file by its path."""

_FACTS: Final = re.compile(r"\bfacts\b")
_GIT: Final = re.compile(r"""\.git\b|\[["']git["']\]""")
_CHANGES: Final = re.compile(r"\bchanges\b")
_DIGESTS: Final = re.compile(r"\b(?:changes|sha256)\b")


def no_digests(project: Project, files: Sequence[StagedFile]) -> Mapping[str, str]:
    """Return zeros for each digest, without reading the files; for cards that are checked and not kept."""
    del project
    return {file.path_in_repo: "0" * 64 for file in files}


def release_facts(
    project: Project,
    files: Sequence[StagedFile],
    metadata: Mapping[str, Any],
    template: CardTemplate | None,
    digests: Digests,
    *,
    drawn: bool = False,
    names: str = "",
) -> tuple["Fact", ...]:
    """Return the facts of a release. Those that take time are left out where the card does not mention them.

    Args:
        project: the manifest, and the source of the values of git.
        files: the files of the release, without its card.
        metadata: the card's metadata.
        template: the card's template; None for all facts.
        digests: called if the card shows digests, or changes since the last release.
        drawn: whether pictures or the record need them too.
        names: the names of values in the texts of the card.
    """
    searched = None if template is None else "\n".join((*template.texts, names))

    def mentions(pattern: re.Pattern[str]) -> bool:
        return searched is None or pattern.search(searched) is not None

    if not (drawn or mentions(_FACTS)):
        return ()
    from hublish.cards.facts.derive_facts import derive_facts
    from hublish.pipeline.render_card.training_logs import logs_beside

    shows_commit = template is None or _shows_commit(project, template) or _GIT.search(names) is not None
    last = _last_release(project) if shows_commit or mentions(_CHANGES) else None
    known = digests(project, files) if last is not None or mentions(_DIGESTS) else {}
    state = _state_of_same_release(project, last, known, with_commit=shows_commit)
    facts = derive_facts(
        ((file.path_in_repo, file.content) for file in files),
        beside=logs_beside(project, files),
        metadata=metadata,
        repo_id=project.target.repo_id,
        repo_type=project.target.repo_type,
        digests=known,
        commit=_commit(project) if shows_commit and not _has_commit(state) else None,
        previous=_previous(last) if state is None and mentions(_CHANGES) else None,
    )
    return (*facts, *(state or ()))


def _state_of_same_release(
    project: Project, last: "Lock | None", digests: Mapping[str, str], *, with_commit: bool
) -> "tuple[Fact, ...] | None":
    """Return the facts of git and of changes that the last release stated, if this is the same one; else None.

    Otherwise, a card that was published would differ from the one that is rendered afterwards: the lock then records
    this very release, and committing it makes another commit.
    """
    if last is None or last.tag != project.target.tag or last.facts is None:
        return None
    if {file.path_in_repo: file.sha256 for file in last.files if file.is_from_sources} != digests:
        return None
    from hublish.cards.facts.fact import Fact

    # A text of the card may have shown the commit, and not the template.
    state = ((name, value) for name, value in last.facts.state.items() if with_commit or not name.startswith("git."))
    return tuple(Fact(name, value, key=name.partition(".")[2], released=False) for name, value in state)


def _has_commit(state: "tuple[Fact, ...] | None") -> bool:
    return state is not None and any(fact.name.startswith("git.") for fact in state)


def _shows_commit(project: Project, template: CardTemplate) -> bool:
    """Return whether a card shows the commit, for which git is started.

    A built-in template shows it only for a release that is named after git. In any other card, it would change with
    every commit, so that each commit would need a release.
    """
    return project.named_after_git or (not template.built_in and _GIT.search(template.text) is not None)


def _commit(project: Project) -> "Commit | None":
    from hublish.cards.facts.release_state import Commit

    def value(name: str) -> str:
        try:
            return project.environment.get(name) or project.machine.value(name)
        except NoValueError:  # no repository, or no tag: templates test for it
            return ""

    commit, date = value("git.commit"), value("source_date")
    return Commit(commit, value("git.tag") if commit else "", date) if commit or date else None


def _previous(lock: "Lock | None") -> "Previous | None":
    if lock is None:
        return None
    from hublish.cards.facts.release_state import Previous

    # The card, its pictures and other files that are made with it are not facts of the release: they follow from them.
    kept = {file.path_in_repo: file.sha256 for file in lock.files if file.is_from_sources}
    return Previous(lock.tag or lock.commit, kept)


def _last_release(project: Project) -> "Lock | None":
    """Return the lock of the last release to the manifest's repo; None without one that can be read."""
    if not project.text:  # not a manifest of a file: no lock belongs to it
        return None
    try:
        # A pipe in its place would wait for a writer.
        if not project.lock_path.is_file():
            return None
        # Imported here: most checks find no lock.
        from hublish.schemas.documents.lock import read_lock

        lock = read_lock(project.lock_path.read_bytes())
    except (OSError, InvalidDocumentError):
        return None
    target = project.target
    if lock.repo_type != target.repo_type:
        return None
    # A name without a namespace belongs to the account of the token, which is unknown offline.
    locked = lock.repo_id if "/" in target.repo_id else lock.repo_id.rpartition("/")[2]
    return lock if locked.casefold() == target.repo_id.casefold() else None


def read_named_data(project: Project, card: Card) -> Mapping[str, Any]:
    """Return the values of the files of `card.data`, by name.

    Raises:
        CardError: with the problems of every file that cannot be read.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, path in card.data.items():
        place = f"card.data.{name}"
        try:
            values[name] = read_data(read_inside(project.folder, path, place, DATA_LIMIT), project.shown(path))
        except CardError as error:
            problems += error.problems
        except InvalidDocumentError as error:
            # One without a place in the file gets that of the line that names the file.
            problems += (
                each if each.location else Problem(each.code, each.message, each.hint, place) for each in error.problems
            )
    if problems:
        msg = "the data of the card cannot be read"
        raise CardError(msg, problems=problems)
    return values
