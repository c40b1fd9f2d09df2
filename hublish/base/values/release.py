"""From a manifest to sealed files: Project -> Collection -> Staged -> Release."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from hublish.base.content import Content
from hublish.base.errors import SourceError
from hublish.base.values.target import Target, targets_of
from hublish.schemas.diagnose.problems import Location, Problem
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest import Manifest


@dataclass(frozen=True)
class Project:
    """A manifest and the folder it speaks of."""

    manifest: Manifest
    text: bytes
    """The manifest as written; it is published byte for byte as `hub.yaml`."""
    folder: Path
    """Absolute; sources are relative to it."""
    name: str = MANIFEST_FILE
    """How diagnostics call the file."""
    objects: Mapping[str, Any] = field(default_factory=dict)
    """In-memory values by an artifact's `path_in_repo`; they stand in for its source."""
    settings: Mapping[str, str | int] = field(default_factory=dict)
    """Values that stood in for those under `variables` when the text was read."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What git and the date said then, by the names that the text mentions: `git.commit`."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """Where the release goes; today a manifest declares one place."""
        return targets_of(self.manifest)

    @property
    def target(self) -> Target:
        """The first target: the one that cards and checks without a network speak of."""
        return self.targets[0]


class Kind(StrEnum):
    """What a name on disk stands for."""

    FILE = "file"
    LINK = "symbolic link"
    FOLDER = "folder"
    FIFO = "fifo"
    SOCKET = "socket"
    DEVICE = "device"


class Effect(StrEnum):
    """What a rule does to one file."""

    COLLECTS = "collects"
    """It lets the file in, unless another rule keeps it out."""
    PASSES = "passes"
    MISSES = "misses"
    """It speaks of other files."""
    EXCLUDES = "keeps out"
    REFUSES = "refuses"
    """The release fails as long as the file is part of it."""
    WARNS = "warns"
    LATER = "is asked later"
    """Of what the file is converted to, once it is."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rule, and what it says about one file."""

    rule: str
    """Stable, for scripts: `source`, `denied`, `ignore_patterns`, `policy.pickle`."""
    effect: Effect
    text: str
    """For people, who find it again in hub.yaml: `patterns.ignore_patterns[0]: *.tmp`."""
    path: str = ""
    """Where the rule stands in hub.yaml: `patterns.ignore_patterns[0]`; empty for one of hublish's own."""
    hint: str = ""
    location: Location | None = None
    """Where it stands, for a rule of another file, such as a `.gitignore`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file is in, and the rule that decided."""

    included: bool
    rule: str
    """The rule in words a person finds again in hub.yaml: `patterns.ignore_patterns[0]: *.tmp`."""
    path: str = ""
    """Where that rule stands in hub.yaml: `patterns.ignore_patterns[0]`; empty for one of hublish's own."""
    steps: tuple[Step, ...] = ()
    """Every rule that was asked, in order."""

    @classmethod
    def of(cls, steps: Iterable[Step]) -> "Verdict":
        """Judge by rules in their order: the first that keeps the file out decides, else the one that collects it."""
        asked = tuple(steps)
        out = next((step for step in asked if step.effect is Effect.EXCLUDES), None)
        decisive = out or next(step for step in asked if step.effect is Effect.COLLECTS)
        return cls(out is None, decisive.text, decisive.path, asked)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that was considered."""

    path_in_repo: str
    """Where it goes; before serialization, for a file that is converted."""
    source: str
    """The file relative to the manifest's folder, or what made it."""
    content: Content | None
    """Where its bytes are; None when `value` holds the object instead."""
    artifact: int | None
    """Index of the artifact in the manifest; None for what hublish adds by itself."""
    verdict: Verdict
    kind: Kind = Kind.FILE
    """What the name stands for; only files are ever part of a release."""
    value: Any = None
    """The in-memory object of `Project.objects`."""


@dataclass(frozen=True)
class Collection:
    """Every file that was considered, each with its verdict, sorted by path_in_repo."""

    project: Project
    candidates: tuple[Candidate, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def included(self) -> tuple[Candidate, ...]:
        """The files that are part of the release."""
        return tuple(candidate for candidate in self.candidates if candidate.verdict.included)


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a file: enough to make it again."""

    artifact: int | None
    source: str
    serializer: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    verdict: Verdict = Verdict(included=True, rule="")
    """The rule that let it in."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file as it will go up."""

    path_in_repo: str
    content: Content
    origin: Origin


@dataclass(frozen=True)
class Staged:
    """Every file in its final format."""

    collection: Collection
    files: tuple[StagedFile, ...]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A sealed file."""

    path_in_repo: str
    size: int
    sha256: str
    blob_id: str
    """git's id of the bytes as a blob: what the Hub shows for files outside LFS."""
    content: Content
    origin: Origin


@dataclass(frozen=True)
class Release:
    """Sealed: after this nothing is read that was not hashed. Sorted by path_in_repo."""

    project: Project
    files: tuple[ReleaseFile, ...]
    excluded: tuple[Candidate, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def with_files(self, *files: ReleaseFile) -> "Release":
        """Return the release with more files, such as a signature over those that it has.

        Raises:
            SourceError: naming every path that the release has already.
        """
        added: dict[str, ReleaseFile] = {}
        known, problems = {file.path_in_repo for file in self.files}, []
        for file in files:
            if file.path_in_repo in known or file.path_in_repo in added:
                problems.append(Problem("source.collision", f"'{file.path_in_repo}' is in the release already"))
            added[file.path_in_repo] = file
        if problems:
            msg = "a file cannot be added to the release in the place of another"
            raise SourceError(msg, hint="leave the other out with patterns.ignore_patterns", problems=problems)
        return replace(self, files=tuple(sorted((*self.files, *files), key=lambda file: file.path_in_repo)))
