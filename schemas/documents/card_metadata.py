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
    widget_findings,
)
from hublish.schemas.documents.hub_names import RepoType, check_repo_id
from hublish.schemas.documents.model_index import evaluation_findings
from hublish.schemas.vocabulary import card_fields, synonyms, vocabulary

# The longest short_description of a Space, in characters.
SHORT_DESCRIPTION = 60
_SENSITIVE = "not-for-all-audiences"
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
    repo_id: str = "",
    gated: bool = True,
) -> tuple[Problem, ...]:
    """Return the errors for which the Hub would reject a card, and warnings about values that its users would miss.

    Kernel cards only get warnings: the server does not validate them.

    Args:
        metadata: the front matter.
        repo_type: the type of the repo.
        path: the problems are placed below it.
        written: returns the value at a place as it is written.
        kept: whether the file is published as it is written.
        repo_id: the repo of the card, if it is known.
        gated: whether readers must request access to it, or whether that is unknown.
    """
    rules = [
        *(rule(metadata) for rule in _RULES[repo_type]),
        _about_itself(metadata, repo_id),
        _about_gates(metadata, gated=gated),
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
    for key in ("license_name", "license_link"):
        # A list may contain `other`, and a link may lead to the text of a license with an id.
        if key == "license_name" and metadata.get(key) and isinstance(given, str) and given in known - {"other"}:
            hint = "remove it, or write `license: other`"
            yield Finding(key, f"has no effect with `license: {given}`", hint, "warning")
        elif key in metadata and isinstance(metadata[key], str) and not metadata[key].strip():
            yield Finding(key, "is empty", "write it, or remove the key", "warning")


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


def _base_model(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    relation, base = metadata.get("base_model_relation"), metadata.get("base_model")
    if relation is not None and not base:
        yield Finding(
            "base_model_relation", "has no effect without base_model", "add `base_model: owner/name`", "warning"
        )
    elif relation == "merge" and (isinstance(base, str) or (isinstance(base, list | tuple) and len(base) == 1)):
        hint = "list every model of the merge, or write another relation"
        yield Finding("base_model_relation", "a merge of one model", hint, "warning")


def _metrics(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    # Any name is accepted: only a clear misspelling is worth a warning.
    known = vocabulary("metrics").ids
    for place, value in items("metrics", metadata.get("metrics")):
        if isinstance(value, str) and value not in known and (near := misspelled(value, known)):
            yield Finding(place, "not a metric that the Hub knows", f"did you mean '{near}'?", "warning")


def _tags(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    # The tag that hides content from general audiences: misspelled, it hides nothing.
    for place, value in items("tags", metadata.get("tags")):
        if isinstance(value, str) and value != _SENSITIVE and misspelled(value, [_SENSITIVE]):
            yield Finding(place, f"did you mean '{_SENSITIVE}'?", f"write `{_SENSITIVE}`", "warning")


def _about_itself(metadata: Mapping[str, Any], repo_id: str) -> Iterator[Finding]:
    hints = {
        "new_version": "write it on the card of the old version, with the id of the new one",
        "base_model": "write the id of the model that it was derived from",
    }
    for key, hint in hints.items():
        for place, value in items(key, metadata.get(key)):
            if repo_id and value == repo_id:
                yield Finding(place, "names the repo of this card", hint, "warning")


def _about_gates(metadata: Mapping[str, Any], *, gated: bool) -> Iterator[Finding]:
    if "gated" in metadata:
        hint = "write it as `repo.gated` instead: auto, manual or false"
        yield Finding("gated", "is a setting of the repo, which no card changes", hint, "warning")
    key = next((key for key in metadata if key.startswith("extra_gated_")), None)
    if key is not None and not gated:
        hint = "set `repo.gated` to auto or manual, or remove it"
        yield Finding(key, "has no effect unless readers must request access", hint, "warning")


def _short_description(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    text = metadata.get("short_description")
    if isinstance(text, str) and len(text) > SHORT_DESCRIPTION:
        message = f"has {len(text)} characters; the Hub accepts {SHORT_DESCRIPTION}"
        yield Finding("short_description", message, "shorten it")


# The rules of one type of repo are imported for its cards: `check` must start fast.
def _dataset(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    from hublish.schemas.documents.dataset_metadata import dataset_findings

    yield from dataset_findings(metadata)


def _space(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    from hublish.schemas.documents.space_settings import space_findings

    yield from space_findings(metadata)


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
        evaluation_findings,
        _base_model,
        _metrics,
        _tags,
        _repo_ids("buckets", "warning"),
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
        _dataset,
        _tags,
    ),
    "space": (
        _one_of("colorFrom", "error"),
        _one_of("colorTo", "error"),
        _one_of("sdk", "warning"),
        _one_of("header", "warning"),
        _one_of("suggested_hardware", "warning"),
        _one_of("hf_oauth_scopes", "warning"),
        _space,
        language_findings,
        _short_description,
        _tags,
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
