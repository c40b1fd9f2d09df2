"""The answers of `hublish explain`: every rule for a file, the files it becomes, and whether loading reads them."""

from dataclasses import dataclass
from enum import StrEnum

from hublish.base.values.sealed_release import Effect, Step
from hublish.schemas.diagnose.problems import Problem


class Outcome(StrEnum):
    """Whether a file is released."""

    IN = "in"
    OUT = "out"
    REFUSED = "refused"
    """The rules include it, and the release fails as long as they do."""
    ABSENT = "absent"
    """The file exists neither on disk nor in the release."""


class Taken(StrEnum):
    """The kind of thing that a given path names."""

    FILE = "file"
    """A file of the working tree."""
    PATH_IN_REPO = "path_in_repo"
    FOLDER = "folder"
    NOTHING = "nothing"


# One file may be collected by several artifacts, in different formats: each of them is a result of its own.
@dataclass(frozen=True, slots=True)
class Fate:
    """The result of all rules for one file, collected in one way."""

    taken: Taken
    """Whether the path names the file itself or its path in the repo."""
    source: str
    """The file relative to the manifest's folder, or its origin, such as the card."""
    artifact: int | None
    """Index of the artifact that collects it; None without one, and for files that hublish adds itself."""
    steps: tuple[Step, ...]
    """Every rule that was evaluated, in order."""
    path_in_repo: tuple[str, ...] = ()
    """Its path in the repo, if included; several when a format writes several files."""
    serializer: str = "copy"
    more: str = ""
    """Other files that may be written, when only the conversion decides."""
    loading: Step | None = None
    """The rule of the load plan that applies to an included file."""
    repeated: bool = False
    """Whether an artifact before this one includes it already: it counts once."""

    @property
    def outcome(self) -> Outcome:
        """Whether it is released."""
        effects = {step.effect for step in self.steps}
        if Effect.EXCLUDES in effects:
            return Outcome.OUT
        return Outcome.REFUSED if Effect.REFUSES in effects else Outcome.IN

    @property
    def decisive(self) -> Step:
        """The rule that decided: the first that excludes or refuses the file, else the one that collects it."""
        # In the order of evaluation: an excluded file is never refused, as no later rule applies to it.
        order = (Effect.EXCLUDES, Effect.REFUSES, Effect.COLLECTS)
        return next((step for effect in order for step in self.steps if step.effect is effect), self.steps[0])


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer for one path."""

    asked: str
    taken: Taken
    path: str = ""
    """The path below the manifest's folder, or in the repo."""
    fates: tuple[Fate, ...] = ()
    """One for each way the file is collected; empty for a folder."""
    files: tuple["Explanation", ...] = ()
    """The files of a folder."""
    near: tuple[str, ...] = ()
    """Names of similar files, when the file does not exist."""

    @property
    def outcome(self) -> Outcome:
        """The outcome; a folder is refused when one of its files is, and in when one of them is."""
        found = {fate.outcome for fate in self.fates} | {file.outcome for file in self.files}
        # One refused file fails a folder; but a file that one artifact refuses may be released by another.
        order = (Outcome.REFUSED, Outcome.IN) if self.files else (Outcome.IN, Outcome.REFUSED)
        known = next((outcome for outcome in (*order, Outcome.OUT) if outcome in found), None)
        return known or (Outcome.OUT if self.taken is Taken.FOLDER else Outcome.ABSENT)


@dataclass(frozen=True, slots=True)
class Explained:
    """The answers, and the problems of the whole release."""

    explanations: tuple[Explanation, ...]
    problems: tuple[Problem, ...] = ()
    """Errors of the sources, for which the release fails independently of the given files."""
