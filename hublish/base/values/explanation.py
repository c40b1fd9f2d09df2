"""Why a file is in a release, or out of it: every rule that was asked, what it becomes, and who reads it back."""

from dataclasses import dataclass
from enum import StrEnum

from hublish.base.values.release import Effect, Step
from hublish.schemas.diagnose.problems import Problem


class Outcome(StrEnum):
    """What becomes of a file."""

    IN = "in"
    OUT = "out"
    REFUSED = "refused"
    """The rules let it in, and the release fails as long as they do."""
    ABSENT = "absent"
    """There is no such file, on disk or in the release."""


class Taken(StrEnum):
    """What a path that was asked for was taken as."""

    FILE = "file"
    """Of the working tree."""
    PATH_IN_REPO = "path_in_repo"
    FOLDER = "folder"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Fate:
    """What the rules make of one file, collected in one way."""

    taken: Taken
    """What the path names here: the file itself, or what it becomes."""
    source: str
    """The file relative to the manifest's folder, or what makes it."""
    artifact: int | None
    """Index of the artifact that collects it; None when none does, and for what hublish adds by itself."""
    steps: tuple[Step, ...]
    """Every rule that was asked, in order."""
    path_in_repo: tuple[str, ...] = ()
    """Where it goes, or would go; several when a format makes several files of it."""
    serializer: str = "copy"
    more: str = ""
    """What else it may become, when only converting tells."""
    loading: Step | None = None
    """What the load plan says, for a file that is in."""
    repeated: bool = False
    """Whether it is in already, by an artifact before this one: it counts once."""

    @property
    def outcome(self) -> Outcome:
        """What becomes of it."""
        effects = {step.effect for step in self.steps}
        if Effect.EXCLUDES in effects:
            return Outcome.OUT
        return Outcome.REFUSED if Effect.REFUSES in effects else Outcome.IN

    @property
    def decisive(self) -> Step:
        """The rule that decided: the first that keeps it out or refuses it, else the one that collects it."""
        for effect in (Effect.EXCLUDES, Effect.REFUSES, Effect.COLLECTS):
            found = next((step for step in self.steps if step.effect is effect), None)
            if found is not None:
                return found
        return self.steps[0]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What becomes of the path that was asked for."""

    asked: str
    taken: Taken
    path: str = ""
    """The path below the manifest's folder, or in the repo."""
    fates: tuple[Fate, ...] = ()
    """One for each way the file is collected; of a folder, none."""
    files: tuple["Explanation", ...] = ()
    """Of a folder, what is in it."""
    near: tuple[str, ...] = ()
    """When there is no such file: those that were perhaps meant."""

    @property
    def outcome(self) -> Outcome:
        """What becomes of it; of a folder, in as soon as one of its files is, refused when one of them is."""
        found = {fate.outcome for fate in self.fates} | {file.outcome for file in self.files}
        order = (Outcome.REFUSED, Outcome.IN) if self.files else (Outcome.IN, Outcome.REFUSED)
        known = next((outcome for outcome in (*order, Outcome.OUT) if outcome in found), None)
        return known or (Outcome.OUT if self.taken is Taken.FOLDER else Outcome.ABSENT)


@dataclass(frozen=True, slots=True)
class Explained:
    """The answers, and what is wrong with the release as a whole."""

    explanations: tuple[Explanation, ...]
    problems: tuple[Problem, ...] = ()
    """Errors of the sources, the release fails for them whatever becomes of the files that were asked about."""
