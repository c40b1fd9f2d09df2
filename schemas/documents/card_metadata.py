"""Offline lint of a card's front matter: advice, and an error only where the Hub is known to refuse the commit.

The rules are those of the Hub's documentation and of what its `/api/validate-yaml` was seen to answer. They change on
the server, which has the last word.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, Severity
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.card_fields import COLORS, KEYS, RELATIONS, SDKS, SHORT_DESCRIPTION, SIZE_CATEGORIES
from hublish.schemas.documents.manifest import RepoType
from hublish.schemas.documents.model_index import model_index_findings
from hublish.schemas.documents.references import check_repo_id
from hublish.schemas.vocabulary import vocabulary

_NO_PART_OF_AN_ID = re.compile(r"\b(?:the|licen[cs]e|version)\b|\bv(?=\d)|[,()_]")


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a rule says about one place in the front matter."""

    place: str
    message: str
    severity: Severity
    hint: str = ""


_Rule = Callable[[Mapping[str, Any]], Iterator[_Finding]]


def metadata_problems(
    metadata: Mapping[str, Any], repo_type: RepoType, *, path: str = "card.metadata"
) -> tuple[Problem, ...]:
    """Return what the Hub would refuse (errors), and what its users would miss (warnings).

    Args:
        metadata: the front matter as plain data.
        repo_type: the kind of repo the card is for; the server validates no kernel cards, so those get warnings only.
        path: where the front matter stands in its document, for the problems' paths.
    """
    rules = [*(rule(metadata) for rule in _RULES[repo_type]), _misspelt(metadata, KEYS[repo_type])]
    findings = [finding for rule in rules for finding in islice(rule, MAX_PROBLEMS)]
    if len(findings) > MAX_PROBLEMS:
        findings.sort(key=lambda finding: finding.severity != "error")
    return tuple(
        Problem(
            code="card.refused" if (severe := finding.severity == "error" and repo_type != "kernel") else "card.advice",
            message=finding.message,
            hint=finding.hint,
            path=f"{path}.{finding.place}",
            severity="error" if severe else "warning",
        )
        for finding in findings[:MAX_PROBLEMS]
    )


def _license(metadata: Mapping[str, Any]) -> Iterator[_Finding]:
    known = vocabulary("licenses").ids
    given = metadata.get("license")
    if given is None:
        yield _Finding("license", "no license is given", "warning", "readers may not use what has no license")
    for place, value in _items("license", given):
        if not _is_known(value, known):
            hint = _likely_license(value, known) or "write `license: other` with license_name and license_link"
            yield _Finding(place, "not a license id the Hub knows", "error", hint)
    if given == "other" and not metadata.get("license_name"):
        yield _Finding(
            "license_name", "license: other needs a license_name", "warning", "name it, and add license_link"
        )


def _repo_ids(key: str) -> _Rule:
    def rule(metadata: Mapping[str, Any]) -> Iterator[_Finding]:
        for place, value in _items(key, metadata.get(key)):
            try:
                check_repo_id(value)
            except (ValueError, AttributeError, TypeError) as error:
                yield _Finding(place, "not the id of a repo on the Hub", "error", _likely_id(value, error))

    return rule


def _one_of(key: str, known: tuple[str, ...], severity: Severity) -> _Rule:
    def rule(metadata: Mapping[str, Any]) -> Iterator[_Finding]:
        for place, value in _items(key, metadata.get(key)):
            if not _is_known(value, known):
                hint = _did_you_mean(value, known) or "write one of them"
                yield _Finding(place, f"expected one of {', '.join(known)}", severity, hint)

    return rule


def _known_word(key: str, name: Literal["tasks", "libraries"]) -> _Rule:
    def rule(metadata: Mapping[str, Any]) -> Iterator[_Finding]:
        for place, value in _items(key, metadata.get(key)):
            known = vocabulary(name).ids
            if not _is_known(value, known):
                message = f"not among the {name} the Hub knows"
                hint = _did_you_mean(value, known) or f"see the {name} on the Hub; readers search by them"
                yield _Finding(place, message, "warning", hint)

    return rule


def _model_index(metadata: Mapping[str, Any]) -> Iterator[_Finding]:
    if "model-index" in metadata:
        for place, message, hint in model_index_findings(metadata["model-index"]):
            yield _Finding(place, message, "error", hint)


def _short_description(metadata: Mapping[str, Any]) -> Iterator[_Finding]:
    text = metadata.get("short_description")
    if isinstance(text, str) and len(text) > SHORT_DESCRIPTION:
        message = f"has {len(text)} characters; the Hub takes {SHORT_DESCRIPTION}"
        yield _Finding("short_description", message, "error", "shorten it")


_RULES: Mapping[RepoType, tuple[_Rule, ...]] = {
    "model": (
        _license,
        _repo_ids("datasets"),
        _repo_ids("base_model"),
        _model_index,
        _one_of("base_model_relation", RELATIONS, "warning"),
        _known_word("pipeline_tag", "tasks"),
        _known_word("library_name", "libraries"),
    ),
    "dataset": (
        _license,
        _one_of("size_categories", SIZE_CATEGORIES, "warning"),
        _known_word("task_categories", "tasks"),
    ),
    "space": (
        _one_of("colorFrom", COLORS, "error"),
        _one_of("colorTo", COLORS, "error"),
        _one_of("sdk", SDKS, "warning"),
        _short_description,
        _repo_ids("datasets"),
        _repo_ids("models"),
    ),
    "kernel": (_license,),
}


def _items(key: str, value: object) -> Iterator[tuple[str, Any]]:
    """Yield the place and value of each element: the Hub takes one value or a list of them; null is no value."""
    if isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield f"{key}[{number}]", item
    elif value is not None:
        yield key, value


def _misspelt(metadata: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[_Finding]:
    # The Hub takes any key, so only what is nearly a known one is worth a word.
    for key in metadata:
        if key not in known and (near := nearest(key, known, cutoff=0.85)):
            yield _Finding(
                key, f"means nothing to the Hub; did you mean '{near}'?", "warning", f"rename it to '{near}'"
            )


def _likely_id(value: object, error: Exception) -> str:
    if not isinstance(value, str) or not value:
        return "remove it, or write the id as the Hub shows it: `namespace/name`"
    if value.startswith((".", "/", "~")) or "\\" in value:
        return "write the id as the Hub shows it, `namespace/name`; a local path means nothing to readers"
    return str(getattr(error, "hint", ""))


def _likely_license(value: object, known: frozenset[str]) -> str:
    """Return the id of a license that is given by its name: `MIT License`, `Apache License, Version 2.0`."""
    if not isinstance(value, str):
        return ""
    words = (
        re.sub(r"\b(?:the|licen[cs]e|version|v(?=\d))\b|v(?=\d)|[,()]", " ", value.casefold()).replace("_", " ").split()
    )
    likely = "-".join(words)
    near = likely if likely in known else nearest(likely, sorted(known), cutoff=0.7)
    return f"did you mean '{near}'?" if near else _did_you_mean(value, known, cutoff=0.7)


def _is_known(value: object, known: tuple[str, ...] | frozenset[str]) -> bool:
    return isinstance(value, str) and value in known


def _did_you_mean(value: object, known: tuple[str, ...] | frozenset[str], cutoff: float = 0.6) -> str:
    near = nearest(value, sorted(known), cutoff=cutoff) if isinstance(value, str) else None
    return f"did you mean '{near}'?" if near else ""
