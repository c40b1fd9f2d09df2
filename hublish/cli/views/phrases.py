"""Phrases that several results share."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hublish.cli.terminal.color import Paint

if TYPE_CHECKING:
    from hublish.base.values import Origin, Release, ReleaseFile, Setting, Verdict
    from hublish.schemas.diagnose.problems import Location
    from hublish.schemas.yaml.places import Places

SHORT_COMMIT = 12
SHORT_DIGEST = 16


def short(commit: str | None) -> str:
    """Return the beginning of a commit id."""
    return commit[:SHORT_COMMIT] if commit else "none"


def setting_move(setting: "Setting", missing: str = "") -> str:
    """Return how a setting changes: `public -> private`, or its new value when it had none.

    Args:
        setting: the change; `False` reads as hub.yaml spells it.
        missing: what a setting without a value shows before the arrow; default: no arrow.
    """
    after = "false" if setting.after is False else setting.after
    before = "false" if setting.before is False else setting.before or missing
    return f"{before} -> {after}" if before else after


def repo_label(repo_id: str, repo_type: str) -> str:
    """Return `acme/digits-mlp`, with its kind when it is no model."""
    return repo_id if repo_type == "model" else f"{repo_type} {repo_id}"


def kind_option(repo_type: str) -> str:
    """Return the option a load command needs for a repo of this kind, with a space before it."""
    return "" if repo_type == "model" else f" --repo-type {repo_type}"


def made_by(origin: "Origin") -> str:
    """Return what made a file: `runs/best.npz as safetensors`, `config.json`, `card`."""
    return f"{origin.source}{converted(origin)}"


def converted(origin: "Origin") -> str:
    """Return ` as safetensors` for a file that was converted, nothing for one that goes up as it is."""
    return "" if origin.serializer in ("", "copy", origin.source) else f" as {origin.serializer}"


def places_of(release: "Release") -> "Places":
    """Return where the rules of a release stand in its manifest."""
    from hublish.schemas.yaml.places import Places

    return Places.of(release.project.text, release.project.name)


def rule_with_line(verdict: "Verdict", places: "Places") -> str:
    """Return `patterns.ignore_patterns[0]: *.tmp (hub.yaml:12:21)`."""
    return with_line(verdict.rule, places.find(verdict.path))


def with_line(words: str, location: "Location | None") -> str:
    """Return words with a place behind them, when there is one."""
    return f"{words} ({location})" if location else words


def size_of(files: "Iterable[ReleaseFile]") -> int:
    """Return the bytes of all files."""
    return sum(file.size for file in files)


def next_steps(paint: Paint, *steps: str) -> list[str]:
    """Return what to type next, after an empty line."""
    first, *others = steps
    return ["", f"{paint('cyan', 'Next:')} {first}", *(f"      {step}" for step in others)]
