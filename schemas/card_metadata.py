"""Offline lint of a card's front matter: advice, and an error only where the Hub is known to refuse the commit.

The rules are those of the Hub's documentation and of what its `/api/validate-yaml` was seen to answer. They change on
the server, which has the last word.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hublish.schemas.manifest import RepoType
from hublish.schemas.model_index import model_index_findings
from hublish.schemas.problems import Problem, Severity
from hublish.schemas.references import check_repo_id
from hublish.schemas.suggestions import nearest
from hublish.schemas.vocabulary import vocabulary

_COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
_SDKS = ("gradio", "docker", "static")
_RELATIONS = ("adapter", "merge", "quantized", "finetune")
_SIZES = (
    *("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B"),
    *("1B<n<10B", "10B<n<100B", "100B<n<1T", "n>1T"),
)
_SHORT_DESCRIPTION = 60
_NO_PART_OF_AN_ID = re.compile(r"\b(?:the|licen[cs]e|version)\b|\bv(?=\d)|[,()_]")

_COMMON_KEYS = ("license", "license_name", "license_link", "language", "tags", "datasets", "thumbnail")
_KEYS: Mapping[RepoType, tuple[str, ...]] = {
    "model": (
        *_COMMON_KEYS,
        *("library_name", "pipeline_tag", "metrics", "base_model", "base_model_relation", "new_version", "widget"),
        *("model-index", "co2_eq_emissions", "inference", "extra_gated_prompt", "extra_gated_fields"),
    ),
    "dataset": (
        *_COMMON_KEYS,
        *("pretty_name", "size_categories", "task_categories", "task_ids", "source_datasets", "multilinguality"),
        *("annotations_creators", "language_creators", "language_details", "paperswithcode_id", "configs"),
        *("dataset_info", "viewer", "extra_gated_prompt", "extra_gated_fields", "train-eval-index", "license_details"),
    ),
    "space": (
        *_COMMON_KEYS,
        *("title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file", "app_port"),
        *("app_build_command", "base_path", "suggested_hardware", "fullWidth", "header", "short_description"),
        *("models", "pinned", "hf_oauth", "disable_embedding", "custom_headers", "preload_from_hub"),
    ),
    "kernel": _COMMON_KEYS,
}


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
    findings = [finding for rule in _RULES[repo_type] for finding in rule(metadata)]
    findings += _misspelt(metadata, _KEYS[repo_type])
    return tuple(
        Problem(
            code="card.refused" if (severe := finding.severity == "error" and repo_type != "kernel") else "card.advice",
            message=finding.message,
            hint=finding.hint,
            path=f"{path}.{finding.place}",
            severity="error" if severe else "warning",
        )
        for finding in findings
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
    if isinstance(text, str) and len(text) > _SHORT_DESCRIPTION:
        message = f"has {len(text)} characters; the Hub takes {_SHORT_DESCRIPTION}"
        yield _Finding("short_description", message, "error", "shorten it")


_RULES: Mapping[RepoType, tuple[_Rule, ...]] = {
    "model": (
        _license,
        _repo_ids("datasets"),
        _repo_ids("base_model"),
        _model_index,
        _one_of("base_model_relation", _RELATIONS, "warning"),
        _known_word("pipeline_tag", "tasks"),
        _known_word("library_name", "libraries"),
    ),
    "dataset": (
        _license,
        _one_of("size_categories", _SIZES, "warning"),
        _known_word("task_categories", "tasks"),
    ),
    "space": (
        _one_of("colorFrom", _COLORS, "error"),
        _one_of("colorTo", _COLORS, "error"),
        _one_of("sdk", _SDKS, "warning"),
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
