"""Check a card's front matter offline: an error only where the Hub is known to reject the commit, else a warning.

The rules follow the Hub's documentation and observed responses of its `/api/validate-yaml`. They change on the server,
which is the authority.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, Severity
from hublish.schemas.diagnose.suggestions import misspelled, nearest, plain_name
from hublish.schemas.documents.card_values import (
    Finding,
    Written,
    carbon_findings,
    form_findings,
    gate_findings,
    items,
    language_findings,
    number_findings,
    space_findings,
    widget_findings,
)
from hublish.schemas.documents.hub_names import RepoType, check_repo_id
from hublish.schemas.vocabulary import card_fields, synonyms, vocabulary

# The longest short_description of a Space, in characters.
SHORT_DESCRIPTION = 60
# The similarity at which a suggestion helps: `pytorch` resembles `torchgeo` by 0.67.
_SIMILAR = 0.75
# The end of a license's id: its version, or `clause` of the BSD licenses.
_COMPLETION = re.compile(r"\d+|clause")

_Rule = Callable[[Mapping[str, Any]], Iterator[Finding]]


def metadata_problems(
    metadata: Mapping[str, Any],
    repo_type: RepoType,
    *,
    path: str = "card.metadata",
    written: Written = lambda place: None,  # noqa: ARG005 - a card that was built in Python has no text
    kept: bool = False,
) -> tuple[Problem, ...]:
    """Return the errors for which the Hub would reject a card, and warnings about values that its users would miss.

    Kernel cards only get warnings: the server does not validate them.

    Args:
        metadata: the front matter.
        repo_type: the type of the repo.
        path: the problems are placed below it.
        written: returns the value at a place as it is written.
        kept: whether the file is published as it is written.
    """
    rules = [
        *(rule(metadata) for rule in _RULES[repo_type]),
        form_findings(metadata, repo_type),
        number_findings(metadata, written, kept=kept),
        _misspelled(metadata, repo_type),
    ]
    # Values that a rule of their own rejects need no second finding about their type.
    first: dict[str, Finding] = {}
    for finding in (finding for rule in rules for finding in islice(rule, MAX_PROBLEMS)):
        known = first.setdefault(finding.place, finding)
        if known.severity == "warning" and finding.severity == "error":
            first[finding.place] = finding
    findings = [*first.values()]
    # Errors come first: warnings must not push them out.
    if len(findings) > MAX_PROBLEMS:
        findings.sort(key=lambda finding: finding.severity != "error")
    return tuple(
        Problem(
            code="card.refused" if (severe := finding.severity == "error" and repo_type != "kernel") else "card.advice",
            message=finding.message,
            hint=finding.hint,
            path=f"{path}.{finding.place}",
            severity="error" if severe else "warning",
            of_key=finding.of_key,
        )
        for finding in findings[:MAX_PROBLEMS]
    )


def _license(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    known = vocabulary("licenses").ids
    given = metadata.get("license")
    if given is None:
        yield Finding(
            "license", "the license is missing", "without a license, readers may not use the files", "warning"
        )
    for place, value in items("license", given):
        if not _is_known(value, known):
            hint = _likely_license(value, known) or "write `license: other` with license_name and license_link"
            yield Finding(place, "not a license id of the Hub", hint)
    if given == "other" and not metadata.get("license_name"):
        yield Finding(
            "license_name", "license: other requires a license_name", "add license_name and license_link", "warning"
        )
    elif given == "other" and not metadata.get("license_link"):
        hint = "add license_link: a URL, or the file of the release that contains it, such as LICENSE"
        yield Finding("license_link", "license: other requires a license_link", hint, "warning")


def _repo_ids(key: str, severity: Severity = "error") -> _Rule:
    def rule(metadata: Mapping[str, Any]) -> Iterator[Finding]:
        for place, value in items(key, metadata.get(key)):
            try:
                check_repo_id(value)
            except (ValueError, AttributeError, TypeError) as error:  # the value may have any type
                yield Finding(place, "not a valid id of a repo on the Hub", _likely_id(value, error), severity)

    return rule


def _one_of(key: str, severity: Severity) -> _Rule:
    def rule(metadata: Mapping[str, Any]) -> Iterator[Finding]:
        known = card_fields()[key].values
        for place, value in items(key, metadata.get(key)):
            if not _is_known(value, known):
                hint = _did_you_mean(value, known) or "write one of them"
                yield Finding(place, f"expected one of {', '.join(known)}", hint, severity)

    return rule


def _known_word(key: str, name: Literal["tasks", "libraries"]) -> _Rule:
    def rule(metadata: Mapping[str, Any]) -> Iterator[Finding]:
        for place, value in items(key, metadata.get(key)):
            known = vocabulary(name).ids
            if not _is_known(value, known):
                message = f"not one of the {name} that the Hub knows"
                near = misspelled(value, known) if isinstance(value, str) else None
                hint = f"did you mean '{near}'?" if near else f"choose one of the Hub's {name}; readers search by them"
                yield Finding(place, message, hint, "warning")

    return rule


def _model_index(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    if "model-index" in metadata:
        yield from model_index_findings(metadata["model-index"])


def _short_description(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    text = metadata.get("short_description")
    if isinstance(text, str) and len(text) > SHORT_DESCRIPTION:
        message = f"has {len(text)} characters; the Hub accepts {SHORT_DESCRIPTION}"
        yield Finding("short_description", message, "shorten it")


_RULES: Mapping[RepoType, tuple[_Rule, ...]] = {
    "model": (
        _license,
        _repo_ids("new_version", "warning"),
        language_findings,
        carbon_findings,
        widget_findings,
        gate_findings,
        _repo_ids("datasets"),
        _repo_ids("base_model"),
        _model_index,
        _one_of("base_model_relation", "warning"),
        _known_word("pipeline_tag", "tasks"),
        _known_word("library_name", "libraries"),
    ),
    "dataset": (
        _license,
        language_findings,
        gate_findings,
        _one_of("size_categories", "warning"),
        _known_word("task_categories", "tasks"),
    ),
    "space": (
        _one_of("colorFrom", "error"),
        _one_of("colorTo", "error"),
        _one_of("sdk", "warning"),
        _one_of("header", "warning"),
        _one_of("suggested_hardware", "warning"),
        _one_of("hf_oauth_scopes", "warning"),
        space_findings,
        language_findings,
        _short_description,
        _repo_ids("datasets"),
        _repo_ids("models"),
    ),
    "kernel": (_license, language_findings),
}


def _misspelled(metadata: Mapping[str, Any], repo_type: RepoType) -> Iterator[Finding]:
    # The Hub accepts any key, so only one that is nearly a known key is worth a warning.
    known = [key for key, field in card_fields().items() if repo_type in field.repo_types]
    others = synonyms("CardMetadata")
    for key in metadata:
        if key in known:
            continue
        if near := nearest(key, known, cutoff=0.85) or others.get(key):
            # A synonym leads to a key, or to a hint.
            renamed = near in card_fields()
            question, hint = (f"; did you mean '{near}'?", f"rename it to '{near}'") if renamed else ("", near)
            yield Finding(key, f"unknown to the Hub{question}", hint, "warning", of_key=True)


def _likely_id(value: object, error: Exception) -> str:
    if not isinstance(value, str) or not value:
        return "remove it, or write the id as the Hub shows it: `namespace/name`"
    if value.startswith((".", "/", "~")) or "\\" in value:
        return "write the id as the Hub shows it, `namespace/name`; readers cannot use a local path"
    return str(getattr(error, "hint", ""))


def _likely_license(value: object, known: frozenset[str]) -> str:
    """Return a hint with the id of a license that is given by its name, such as `Apache License, Version 2.0`."""
    if not isinstance(value, str):
        return ""
    words = (
        re.sub(r"\b(?:the|licen[cs]e|version|v(?=\d))\b|v(?=\d)|[,()]", " ", value.casefold()).replace("_", " ").split()
    )
    # SPDX writes `GPL-3.0-or-later`, and the Hub `gpl-3.0`.
    likely = re.sub(r"-(?:only|or-later)$", "", "-".join(words))
    if likely in known:
        return f"did you mean '{likely}'?"
    # An id without its version, or with a part of it. Several may complete it: `llama` could be any of them.
    begun = plain_name(likely)
    if same := next((name for name in sorted(known) if plain_name(name) == begun), None):
        return f"did you mean '{same}'?"
    longer = [name for name in sorted(known) if _COMPLETION.fullmatch(plain_name(name).removeprefix(begun or " "))]
    if longer := [name for name in longer if plain_name(name).startswith(begun)]:
        return f"did you mean {' or '.join(map(repr, longer))}?"
    near = misspelled(likely, known)
    return f"did you mean '{near}'?" if near else ""


def _is_known(value: object, known: tuple[str, ...] | frozenset[str]) -> bool:
    return isinstance(value, str) and value in known


def _did_you_mean(value: object, known: tuple[str, ...] | frozenset[str], cutoff: float = _SIMILAR) -> str:
    near = nearest(value, sorted(known), cutoff=cutoff) if isinstance(value, str) else None
    return f"did you mean '{near}'?" if near else ""


def model_index_findings(index: object) -> Iterator[Finding]:
    """Yield the errors for which the Hub would reject a `model-index`, the evaluation results of a model card."""
    yield from _each(index, "model-index", _model_findings)


def _model_findings(model: Mapping[str, Any], place: str) -> Iterator[Finding]:
    yield from _required(model, place, "name")
    yield from _each(model.get("results"), f"{place}.results", _result_findings)


def _result_findings(result: Mapping[str, Any], place: str) -> Iterator[Finding]:
    yield from _part_findings(result, place, "task", required=("type",))
    yield from _part_findings(result, place, "dataset", required=("type", "name"), text=("config", "split", "revision"))
    if "source" in result:
        yield from _part_findings(result, place, "source", required=("url",))
    yield from _each(result.get("metrics"), f"{place}.metrics", _metric_findings)


def _metric_findings(metric: Mapping[str, Any], place: str) -> Iterator[Finding]:
    yield from _required(metric, place, "type")
    if metric.get("value") is None:
        yield Finding(f"{place}.value", "a metric needs a value", "add `value: ...`")


def _part_findings(
    result: Mapping[str, Any], place: str, name: str, *, required: tuple[str, ...], text: tuple[str, ...] = ()
) -> Iterator[Finding]:
    part = result.get(name)
    if not isinstance(part, Mapping):
        yield Finding(f"{place}.{name}", "expected a mapping", f"write `{required[0]}: ...` below")
        return
    for key in required:
        yield from _required(part, f"{place}.{name}", key)
    for key in text:
        if key in part and not isinstance(part[key], str):
            yield Finding(f"{place}.{name}.{key}", "must be a string", "quote it")


def _required(part: Mapping[str, Any], place: str, key: str) -> Iterator[Finding]:
    if not isinstance(part.get(key), str):
        yield Finding(f"{place}.{key}", "a string is required", f"add `{key}: ...`")


def _each(
    items: object, place: str, findings: Callable[[Mapping[str, Any], str], Iterator[Finding]]
) -> Iterator[Finding]:
    if items is None:
        yield Finding(place, "a list is required", f"add `{place.rpartition('.')[2]}:` and its entries")
        return
    if not isinstance(items, list | tuple):
        yield Finding(place, "expected a list", "begin each entry with `- `")
        return
    for number, item in enumerate(items):
        if isinstance(item, Mapping):
            yield from findings(item, f"{place}[{number}]")
        else:
            yield Finding(f"{place}[{number}]", "expected a mapping", "write `key: value` lines")
