"""From a manifest to a sealed release: Project -> Collection -> Staged -> Release."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hublish.base.content import Content
from hublish.base.errors import SourceError
from hublish.base.values.target import Target, targets_of
from hublish.schemas.diagnose.problems import Location, Problem
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE, lock_name
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.variables.lookup import NO_ENVIRONMENT, Environment

if TYPE_CHECKING:
    from hublish.base.values.attested import Attestation
    from hublish.base.values.remote_tree import FormerRelease
    from hublish.schemas.documents.card_record import CardRecord
    from hublish.schemas.documents.lock import LockedCard


# All values are frozen: a stage returns a new value, and a reviewed plan cannot change before it is published. Those
# that exist once for each file have slots, since a release may have 100,000 files, or are tuples, which take a third of
# the time to make.
@dataclass(frozen=True)
class Project:
    """A manifest and its folder."""

    manifest: Manifest
    text: bytes
    """The manifest as written; it is published byte for byte as `hub.yaml`."""
    folder: Path
    """Absolute; sources are relative to it."""
    name: str = MANIFEST_FILE
    """The name of the file in diagnostics."""
    objects: Mapping[str, Any] = field(default_factory=dict)
    """Values in memory by an artifact's `path_in_repo`; they replace its source."""
    settings: Mapping[str, str | int] = field(default_factory=dict)
    """Values that replaced those under `variables` when the text was read."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The values from git and the clock at that time, by the names that the text mentions: `git.commit`."""
    named_after: tuple[str, ...] = ()
    """The names that the text of `repo.tag` mentions: `git.tag`."""
    lock: Path | None = None
    """The lock that the caller names; None for the one beside the manifest."""
    machine: Environment = field(default=NO_ENVIRONMENT, repr=False, compare=False)
    """The source of further values from git and the clock, asked only for those that the card mentions."""
    drafted: bool = False
    """Whether the manifest is a draft in memory: no file holds it."""

    @property
    def lock_path(self) -> Path:
        """The lock that belongs to this manifest."""
        return self.lock or self.folder / lock_name(PurePosixPath(self.name).name)

    @property
    def named_after_git(self) -> bool:
        """Whether the tag of the release is named after a state of git, rather than only a version or the clock."""
        return any(name.startswith("git.") for name in self.named_after)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets that the manifest declares; today there is one."""
        # Derived, not stored: a manifest with several repos will give several targets without a change here.
        return targets_of(self.manifest)

    @property
    def target(self) -> Target:
        """The first target, which cards and checks without a network refer to."""
        return self.targets[0]

    def shown(self, source: str) -> str:
        """Return the name of a file in the manifest's folder in diagnostics, as the manifest's own name is shown."""
        return (PurePosixPath(self.name).parent / source).as_posix()


class Kind(StrEnum):
    """The kind of a directory entry."""

    FILE = "file"
    LINK = "symbolic link"
    FOLDER = "folder"
    FIFO = "fifo"
    SOCKET = "socket"
    DEVICE = "device"


# Strings, so that views print them and JSON contains them without a table.
class Effect(StrEnum):
    """The effect of a rule on one file. The values are part of the JSON of `hublish explain`."""

    COLLECTS = "collects"
    """Includes the file, unless another rule excludes it."""
    PASSES = "passes"
    MISSES = "misses"
    """Applies to other files."""
    EXCLUDES = "keeps out"
    REFUSES = "refuses"
    """The release fails as long as the file is part of it."""
    WARNS = "warns"
    WAIVED = "is waived"
    """Would refuse the file, or warn of it, without a waiver."""
    LATER = "is asked later"
    """Applies to the converted file, which does not exist yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rule, evaluated on one file."""

    rule: str
    """Stable, for scripts: `source`, `denied`, `ignore_patterns`, `policy.pickle`."""
    effect: Effect
    text: str
    """The rule for people, as in hub.yaml: `patterns.ignore_patterns[0]: *.tmp`."""
    path: str = ""
    """The rule's field in hub.yaml: `patterns.ignore_patterns[0]`; empty for one of hublish's own."""
    hint: str = ""
    location: Location | None = None
    """The place of a rule in another file, such as a `.gitignore`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file is included, and the rule that decided."""

    included: bool
    rule: str
    """The rule for people, as in hub.yaml: `patterns.ignore_patterns[0]: *.tmp`."""
    path: str = ""
    """The rule's field in hub.yaml: `patterns.ignore_patterns[0]`; empty for one of hublish's own."""
    steps: tuple[Step, ...] = ()
    """Every rule that was evaluated, in order."""

    @classmethod
    def of(cls, steps: Iterable[Step]) -> "Verdict":
        """Return the verdict of the first rule that excludes the file, else of the one that collects it."""
        # The steps stay with the verdict, so that `hublish explain` needs no second implementation of the rules.
        evaluated = tuple(steps)
        excluding = next((step for step in evaluated if step.effect is Effect.EXCLUDES), None)
        decisive = excluding or next(step for step in evaluated if step.effect is Effect.COLLECTS)
        return cls(excluding is None, decisive.text, decisive.path, evaluated)


class Candidate(NamedTuple):
    """A file that may become part of the release."""

    path_in_repo: str
    """Its path in the repo; for a file that is converted, the expected one."""
    source: str
    """The file relative to the manifest's folder, or `<memory>`."""
    content: Content | None
    """Its bytes; None when `value` is an object in memory instead."""
    artifact: int | None
    """Index of the artifact in the manifest; None for files that hublish adds itself."""
    verdict: Verdict
    kind: Kind = Kind.FILE
    """The kind of its directory entry; only files are ever part of a release."""
    value: Any = None
    """The in-memory object of `Project.objects`."""


@dataclass(frozen=True)
class Collection:
    """Every candidate with its verdict, sorted by path_in_repo."""

    project: Project
    candidates: tuple[Candidate, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def included(self) -> tuple[Candidate, ...]:
        """The files that are part of the release."""
        return tuple(candidate for candidate in self.candidates if candidate.verdict.included)


# Recorded in the lock: the same source, serializer and parameters give the same bytes again.
class Origin(NamedTuple):
    """The origin of a file, in enough detail to make it again."""

    artifact: int | None
    source: str
    serializer: str
    parameters: Mapping[str, Any] = MappingProxyType({})
    verdict: Verdict = Verdict(included=True, rule="")
    """The rule that included it."""
    facts: "CardRecord | None" = None
    """For README.md: the facts that it states."""
    card: "LockedCard | None" = None
    """For README.md: the record of the rendered card, whose merge with the one on the Hub this file is."""
    source_sha256: str | None = None
    """The digest of the source of a converted file, where the conversion knew it."""


# StagedFile and ReleaseFile are two types, so that mypy rejects an unsealed file where a digest is needed.
class StagedFile(NamedTuple):
    """A file as it will be uploaded."""

    path_in_repo: str
    content: Content
    origin: Origin


@dataclass(frozen=True)
class Staged:
    """Every file in its final format."""

    collection: Collection
    files: tuple[StagedFile, ...]
    warnings: tuple[Problem, ...] = ()
    facts: Mapping[str, Any] | None = None
    """The facts of the files that a card states, by name: `model.parameters`; None if they were not derived."""

    @property
    def readme(self) -> StagedFile | None:
        """README.md; None without one."""
        return next((file for file in self.files if file.path_in_repo == CARD_FILE), None)


class ReleaseFile(NamedTuple):
    """A sealed file."""

    path_in_repo: str
    size: int
    sha256: str
    blob_id: str
    """git's id of the bytes as a blob, which the Hub shows for files outside LFS."""
    content: Content
    origin: Origin
    data: bytes | None = None
    """The bytes that were hashed, of a small file that is sent from memory; None when it is read again."""


class Waived(NamedTuple):
    """A finding of the audit that the policy accepts for its file."""

    problem: Problem
    reason: str
    """As it is written under `policy.waivers`."""
    path_in_repo: str
    """The path of the file."""


@dataclass(frozen=True)
class Release:
    """A sealed release: from here on, only hashed bytes are read. Sorted by path_in_repo."""

    project: Project
    files: tuple[ReleaseFile, ...]
    excluded: tuple[Candidate, ...] = ()
    warnings: tuple[Problem, ...] = ()
    waived: tuple[Waived, ...] = ()
    """The findings that the policy waives, sorted by path and rule."""
    facts: Mapping[str, Any] | None = None
    """As in `Staged`."""
    former: "FormerRelease | None" = None
    """The release that this one restores, with its whole tree; None for a release from sources."""
    attestation: "Attestation | None" = None
    """The signature and the claims; None for a release that is not signed."""

    def with_files(self, *files: ReleaseFile) -> "Release":
        """Return the release with more files, such as a signature over those that it has.

        Raises:
            SourceError: naming every path that the release has already.
        """
        # Refused rather than replaced: the reviewed plan contains the file of that path.
        known, problems = {file.path_in_repo for file in self.files}, []
        for file in files:
            if file.path_in_repo in known:
                problems.append(Problem("source.collision", f"'{file.path_in_repo}' is in the release already"))
            known.add(file.path_in_repo)
        if problems:
            msg = "a file cannot be added to the release in the place of another"
            raise SourceError(msg, hint="exclude the other with patterns.ignore_patterns", problems=problems)
        # Sorted as `Seal` does, since the order of files is part of plans and locks.
        return replace(self, files=tuple(sorted((*self.files, *files), key=lambda file: file.path_in_repo)))
