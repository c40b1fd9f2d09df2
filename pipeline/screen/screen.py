"""Collection -> Staged: check names, sizes, counts and secrets against the policy and the Hub's limits.

These stages replace `Serialize` and `Seal` in `hublish check`, which runs before every commit.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from hublish.audit.file_audit import audit_secrets
from hublish.audit.fingerprint import Inspection
from hublish.audit.path_audit import FILE_LIMIT, count_problems, first_match, name_problems, size_problems
from hublish.audit.policy import commit_problems
from hublish.audit.waivers import Waivers, is_readable
from hublish.base.content import Content, ContentChangedError, InMemory
from hublish.base.errors import PolicyError
from hublish.base.patterns import matching, near_misses
from hublish.base.values import Collection, Origin, Staged, StagedFile
from hublish.formats.catalogue import COPY
from hublish.schemas.diagnose.problems import (
    MAX_PROBLEMS,
    Location,
    Problem,
    Related,
    Severity,
    counted,
    errors_in,
    warnings_in,
)
from hublish.schemas.documents.file_names import CARD_FILE, GITIGNORE
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.path_rules import collisions

# A larger one was not written by a person.
_LARGEST_GITIGNORE: Final = 1 << 20
# Searching fewer bytes takes less time than opening the cache.
_WORTH_RECALLING: Final = 16 << 20
Recall = Callable[[Content], Inspection | None]
"""Return the secrets that an earlier run found in the same bytes; None when they must be read."""
# The index of the artifact that each path_in_repo comes from; None for the files that hublish adds itself.
_Artifacts = Mapping[str, int | None]


@dataclass(frozen=True)
class Outline:
    """List the files by their names, without converting them."""

    title: ClassVar[str] = "listing the files without converting them"

    def run(self, collection: Collection) -> Staged:
        """Return every included file with its own bytes, unconverted."""
        files = tuple(
            StagedFile(
                candidate.path_in_repo,
                # A value in memory has no bytes yet; its size is unknown, as for every converted file.
                candidate.content or InMemory(b""),
                Origin(candidate.artifact, candidate.source, COPY, verdict=candidate.verdict),
            )
            for candidate in collection.included
        )
        return Staged(collection, files, collection.warnings)


@dataclass(frozen=True)
class Screen:
    """Check an outline by names, sizes and counts, and report each problem at the field of the manifest that causes it.

    Files that are uploaded unchanged are searched for secrets too, so that a secret is refused here and not only by a
    later step.

    Args:
        recall: answers for large files.

    Raises (from `run`):
        PolicyError: naming every file that must not be uploaded, with the artifact it comes from.
    """

    title: ClassVar[str] = "screening names, sizes, counts and secrets"

    recall: Recall | None = None

    def run(self, staged: Staged) -> Staged:
        """Return the outline with the warnings that were found."""
        warnings = (*staged.warnings, *(found := screen_problems(staged, self.recall)))
        if errors := errors_in(found):
            problems = (*errors[:MAX_PROBLEMS], *warnings_in(warnings))
            raise PolicyError(f"{counted(errors)} with the files to upload", problems=problems)
        return replace(staged, warnings=warnings)


def screen_problems(staged: Staged, recall: Recall | None = None) -> tuple[Problem, ...]:
    """Return the errors and warnings about the names, sizes, counts and secrets of an outline."""
    manifest = staged.collection.project.manifest
    artifacts = {file.path_in_repo: file.origin.artifact for file in staged.files}
    waivers = Waivers(manifest.policy)
    found = [*_problems(staged.files, artifacts, manifest, waivers), *_collisions(artifacts, manifest)]
    # While names are refused, the load plan may match the names that replace them.
    if not errors_in(found):
        found += _unmatched_load_patterns(staged)
    found += [*_dropped(staged), *_secrets(staged.files, manifest, waivers, recall)]
    return (*found, *(_unused(staged, waivers) if waivers else ()))


@dataclass(frozen=True)
class ScreenCard:
    """Search the rendered card for secrets.

    Raises (from `run`):
        PolicyError: naming every secret.
    """

    title: ClassVar[str] = "searching the card for secrets"

    def run(self, staged: Staged) -> Staged:
        """Return the release with the warnings that were found."""
        manifest = staged.collection.project.manifest
        # A README that an artifact supplies has been searched with the other files.
        card = [file for file in staged.files if file.origin.artifact is None]
        found = [*_secrets(card, manifest, Waivers(manifest.policy))]
        if errors := errors_in(found):
            raise PolicyError(f"{counted(errors)} with the card", problems=[*found, *staged.warnings])
        return replace(staged, warnings=(*staged.warnings, *found))

    def works_on(self, staged: Staged) -> bool:
        """Return whether hublish adds a card."""
        return staged.collection.project.manifest.card is not None


def _secrets(
    files: Iterable[StagedFile], manifest: Manifest, waivers: Waivers, recall: Recall | None = None
) -> Iterator[Problem]:
    for file in sorted(files, key=lambda file: file.path_in_repo):
        if _is_searched(file, manifest):
            source = file.path_in_repo if file.origin.artifact is None else file.origin.source
            # Sealing reports files that cannot be read.
            with suppress(OSError, ContentChangedError):
                known = recall(file.content) if recall and file.content.size >= _WORTH_RECALLING else None
                problems = audit_secrets(file.path_in_repo, source, file.content, manifest.policy, known)
                yield from waivers.left_of_content(file.path_in_repo, problems)


def _is_searched(file: StagedFile, manifest: Manifest) -> bool:
    readable = is_readable(manifest.policy, file.path_in_repo, file.content.size)
    return readable and _is_unconverted(file, manifest)


def _unused(staged: Staged, waivers: Waivers) -> Iterator[Problem]:
    """Yield the waivers without effect, as far as that is known before files are converted and searched for pickles."""
    manifest = staged.collection.project.manifest
    searched = {file.path_in_repo for file in staged.files if _is_searched(file, manifest)}
    names = {file.path_in_repo for file in staged.files}
    # Converting and rendering add files.
    is_whole = manifest.card is None and all(_is_unconverted(file, manifest) for file in staged.files)

    def is_known(rule: str, path: str) -> bool:
        return is_whole if path not in names else path in searched and rule != "policy.pickle"

    return waivers.unused(names, is_known)


def _problems(
    files: Sequence[StagedFile], artifacts: _Artifacts, manifest: Manifest, waivers: Waivers
) -> Iterator[Problem]:
    # A count concerns a folder: it is reported at the first artifact with a file in it.
    for problem in count_problems(file.path_in_repo for file in files):
        path = next(_below(problem.path, artifacts), None)
        place = "artifacts" if path is None else _path_field(artifacts[path], manifest)
        yield replace(problem, path=place, message=f"{_prefix(problem)}{problem.message}")
    for file in sorted(files, key=lambda file: file.path_in_repo):
        for problem, rule in _file_problems(file, manifest, waivers):
            place = _path_field(file.origin.artifact, manifest)
            related = (Related("the rule", rule),) if rule else ()
            yield replace(problem, path=place, message=f"{_prefix(problem)}{problem.message}", related=related)
    yield from commit_problems(manifest)


def _file_problems(file: StagedFile, manifest: Manifest, waivers: Waivers) -> Iterator[tuple[Problem, str]]:
    """Yield the problems with one file, each with the field of the manifest that sets the rule; empty for our own."""
    path, policy, size = file.path_in_repo, manifest.policy, file.content.size
    for problem in waivers.left_of_names(name_problems(path, policy), {}):
        pattern = first_match(path, policy.deny_patterns) if problem.code == "policy.denied" else None
        yield problem, "" if pattern is None else f"policy.deny_patterns[{policy.deny_patterns.index(pattern)}]"
    if _is_unconverted(file, manifest):
        # The default limit has no line in the manifest that could be shown.
        own_limit = "max_file_size" in policy.model_fields_set and policy.max_file_size < size <= FILE_LIMIT
        rule = "policy.max_file_size" if own_limit else ""
        found = waivers.left_of_names(size_problems(path, size, policy.max_file_size), {path: size})
        yield from ((problem, rule) for problem in found)


def _is_unconverted(file: StagedFile, manifest: Manifest) -> bool:
    """Return whether the size is known already: conversion may shrink a file, or split it."""
    artifact = file.origin.artifact
    return artifact is None or manifest.artifacts[artifact].serializer == COPY


def _collisions(artifacts: _Artifacts, manifest: Manifest) -> Iterator[Problem]:
    """Yield the names that cannot exist side by side, each at the artifact that comes second."""
    for one, two, why in collisions(artifacts):
        # At the later artifact: its author probably did not know the earlier name.
        first, second = sorted((one, two), key=lambda path: (_order(artifacts[path]), path))
        # Composed and decomposed accents are drawn in the same way: only their code points show the difference.
        look_alike = unicodedata.normalize("NFC", first) == unicodedata.normalize("NFC", second)
        quoted = ascii if look_alike else "'{}'".format
        yield Problem(
            "policy.collision",
            f"{quoted(first)} and {quoted(second)}: {why}",
            "give one of them another path_in_repo, or exclude it",
            _path_field(artifacts[second], manifest),
            related=(Related(f"'{first}' comes from here", _path_field(artifacts[first], manifest)),),
        )


def _dropped(staged: Staged) -> Iterator[Problem]:
    """Yield an error for each rule of the release's own `.gitignore` that makes the Hub drop files of the release."""
    own = next((file for file in staged.files if file.path_in_repo == GITIGNORE), None)
    if own is None or own.content.size > _LARGEST_GITIGNORE:
        return
    # Imported here: only such a release needs git's rules.
    from hublish.base.gitignore import GitIgnore

    try:
        rules = GitIgnore.read(own.content.read_at(0, own.content.size), own.origin.source)
    except (ContentChangedError, OSError):  # sealing reports it
        return
    manifest = staged.collection.project.manifest
    paths = [*(file.path_in_repo for file in staged.files), *([CARD_FILE] if manifest.card else [])]
    dropped: dict[Location, list[str]] = {}
    for path in sorted(set(paths)):
        if rule := rules.rule_for(path):
            dropped.setdefault(rule.location, []).append(path)
    hint = "change that .gitignore, or exclude the files on purpose with patterns.ignore_patterns"
    for location, (first, *others) in dropped.items():
        more = f" and {len(others):,} more" if others else ""
        message = f"'{first}'{more}: a rule of the release's own {GITIGNORE} makes the Hub drop it"
        yield Problem("plan.remote_ignored", message, hint, _path_field(own.origin.artifact, manifest), location)


def _unmatched_load_patterns(staged: Staged) -> Iterator[Problem]:
    """Yield the patterns of the load plan that match nothing: consumers would miss files."""
    manifest = staged.collection.project.manifest
    paths = [*(file.path_in_repo for file in staged.files), *([CARD_FILE] if manifest.card else [])]
    # A converted file may become several, whose names are not known yet.
    severity: Severity = "error" if all(_is_unconverted(file, manifest) for file in staged.files) else "warning"
    for index, pattern in enumerate(manifest.load.allow_patterns):
        if not matching(paths, [pattern], None):
            hint = near_misses(pattern, staged.collection.included)
            path = f"load.allow_patterns[{index}]"
            yield Problem("source.pattern", f"pattern '{pattern}' matched nothing", hint, path, severity=severity)


def _prefix(problem: Problem) -> str:
    return f"'{problem.path}': " if problem.path else ""


def _below(folder: str, artifacts: _Artifacts) -> Iterator[str]:
    """Yield the files in a folder, whose path ends with a slash and is `/` alone for the root."""
    return (path for path in artifacts if folder.endswith("/") and path.startswith(folder.lstrip("/")))


def _order(artifact: int | None) -> int:
    return -1 if artifact is None else artifact


def _path_field(artifact: int | None, manifest: Manifest) -> str:
    """Return the field that decides the path in the repo of an artifact's files."""
    if artifact is None:
        return "artifacts"
    return f"artifacts[{artifact}].{'path_in_repo' if manifest.artifacts[artifact].path_in_repo else 'source'}"
