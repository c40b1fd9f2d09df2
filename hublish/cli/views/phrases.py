"""Phrases and values that several views share."""

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import StepLine, columns, indented, plural
from hublish.schemas.documents.hub_names import repo_path

if TYPE_CHECKING:
    from hublish.base.values import Origin, Release, ReleaseFile, Setting, Verdict, Waived
    from hublish.schemas.diagnose.problems import Location
    from hublish.schemas.documents.plan import PlanDocument, PlannedFile, PlannedSetting
    from hublish.schemas.yaml.reader import Places

# Long enough to be unique in any repo; git itself shows 7 to 12 digits.
SHORT_COMMIT = 12
SHORT_DIGEST = 16


def publishing_verb(plan: "PlanDocument") -> str:
    """Return the command that carries out a plan file: `publish`, or `rollback v1.0.0`."""
    return f"rollback {shlex.quote(plan.restores.name)}" if plan.restores else "publish"


@dataclass(frozen=True, slots=True)
class RepeatedOptions:
    """Options that the next command line needs again, each with a space before it."""

    # ` -f release/hub.yaml --lock v1.lock`, for commands that read no variables, or find them in a plan.
    file: str = ""
    # ` --local`, for commands that send requests to the Hub.
    hub: str = ""
    # ` --set version=1.2.0`, for commands that read the manifest.
    settings: str = ""
    # ` --card theirs`, for commands that compare the card with the one on the Hub.
    card: str = ""
    # ` model --repo-id acme/digits-mlp`, for commands that draft the manifest of a folder without one.
    draft: str = ""

    @property
    def release(self) -> str:
        """The options of commands that read or draft the manifest, with the variables of a plan."""
        return self.draft or self.file

    @property
    def manifest(self) -> str:
        """The options of commands that read or draft the manifest."""
        return self.release + self.settings


NO_OPTIONS = RepeatedOptions()


def next_steps(paint: Paint, *steps: str) -> list[str]:
    """Return the commands to run next, after an empty line."""
    # The first line carries the label, and the others line up below its command.
    first, *others = steps
    return ["", StepLine.of(paint("cyan", "Next:"), first), *(StepLine.of("     ", step) for step in others)]


def short(commit: str | None) -> str:
    """Return the first digits of a commit id."""
    return commit[:SHORT_COMMIT] if commit else "none"


def setting_change(setting: "Setting | PlannedSetting", missing: str = "") -> str:
    """Return `public -> private`; without a value before, `missing` takes its place, or the new value is alone."""
    before = _spelled(setting.before) or missing
    after = _spelled(setting.after)
    return f"{before} -> {after}" if before else after


def _spelled(value: str | bool | None) -> str:
    """Return the value of a setting as hub.yaml spells it; a plan document has `False` as a string."""
    return "false" if value in (False, "False") else str(value or "")


def repo_label(repo_id: str, repo_type: str) -> str:
    """Return `acme/digits-mlp`, with the type before it unless it is a model."""
    return repo_id if repo_type == "model" else f"{repo_type} {repo_id}"


def repo_outputs(repo_id: str, repo_type: str) -> dict[str, str]:
    """Return the outputs that name a repo."""
    return {"repo-id": repo_id, "repo": repo_path(repo_id, repo_type)}


def type_option(repo_type: str) -> str:
    """Return the option that a command needs to find a repo of this type, with a space before it."""
    return "" if repo_type == "model" else f" --repo-type {repo_type}"


def origin_label(origin: "Origin | PlannedFile") -> str:
    """Return the origin of a file: `runs/best.npz as safetensors`, `config.json`, `card`."""
    return f"{origin.source}{converted(origin)}"


def converted(origin: "Origin | PlannedFile") -> str:
    """Return ` as safetensors` for a converted file, nothing for one that is uploaded as it is."""
    # The card is its own origin: `card`, not `card as card`.
    return "" if origin.serializer in ("", "copy", origin.source) else f" as {origin.serializer}"


def places_of(release: "Release") -> "Places":
    """Return the places of a release's rules in its manifest."""
    from hublish.schemas.yaml.reader import Places

    return Places.of(release.project.text, release.project.name)


def waived_lines(waived: "Iterable[Waived]", paint: Paint) -> list[str]:
    """Return the waived findings, one line for each rule and file, after an empty line; none without any."""
    counts = Counter((one.path_in_repo, one.problem.code, one.reason) for one in waived)
    if not counts:
        return []
    rows = [
        (path, rule, plural(count, "finding"), f"waived: {reason}") for (path, rule, reason), count in counts.items()
    ]
    return ["", paint("yellow", "Waived findings"), *indented(columns(rows))]


def rule_with_line(verdict: "Verdict", places: "Places") -> str:
    """Return `patterns.ignore_patterns[0]: *.tmp (hub.yaml:12:21)`."""
    return with_line(verdict.rule, places.find(verdict.path))


def with_line(text: str, location: "Location | None") -> str:
    """Return a text followed by its place, if it has one."""
    return f"{text} ({location})" if location else text


def size_of(files: "Iterable[ReleaseFile]") -> int:
    """Return the total size of the files in bytes."""
    return sum(file.size for file in files)
