"""The manifest from bytes: what it says, or everything that is wrong with it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml
from pydantic import ValidationError

from hublish.schemas.diagnose.problems import (
    MAX_PROBLEMS,
    InvalidDocumentError,
    Location,
    Positions,
    Problem,
    Related,
    SourceText,
    by_place,
    format_path,
    parse_path,
)
from hublish.schemas.documents.field_types import Document
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest import Load, Manifest, Published
from hublish.schemas.secrets.masking import find_tokens, holds_token, redact
from hublish.schemas.secrets.token_rules import WHERE_CREDENTIALS_GO
from hublish.schemas.variables.expansion import NO_SETTINGS, Expansion, escape, expand
from hublish.schemas.variables.lookup import ENV, NOWHERE, SECRET, Setting, Surroundings
from hublish.schemas.yaml.composing import is_plain_text
from hublish.schemas.yaml.reader import MAX_BYTES, Reading, read_yaml

_MOST_ORIGINS = 4
"""How many places that a value comes from are shown beside a text: a hostile one mentions thousands."""


@dataclass(frozen=True, slots=True)
class Effective:
    """A manifest as it counts here and now."""

    manifest: Manifest
    surroundings: Mapping[str, str]
    """What git and the date said, by the names that the manifest mentions."""


def read_manifest(text: bytes, source: str = MANIFEST_FILE) -> Manifest:
    """Read and validate a manifest that its own text makes complete.

    Args:
        text: the file as it lies on disk.
        source: how diagnostics call it.

    Raises:
        InvalidDocumentError: with every problem of the file, in the order of its lines.
    """
    return resolve_manifest(text, source).manifest


def resolve_manifest(
    text: bytes,
    source: str = MANIFEST_FILE,
    *,
    settings: Mapping[str, Setting] = NO_SETTINGS,
    surroundings: Surroundings = NOWHERE,
) -> Effective:
    """Read and validate a manifest, with its variables replaced.

    Args:
        text: the file as it lies on disk.
        source: how diagnostics call it.
        settings: values that stand in for those under `variables`, or add to them.
        surroundings: what git, the date and the environment say; asked only for what the manifest mentions.

    Raises:
        InvalidDocumentError: with every problem of the file, in the order of its lines.
    """
    reading = _reading(text, source)
    expansion = _expansion(reading, settings, surroundings)
    found = [*_secrets(reading, expansion), *reading.problems, *expansion.problems]
    try:
        manifest = Manifest.model_validate(expansion.data)
    except ValidationError as error:
        found += _said(error, Manifest, reading, expansion)
    else:
        if not found:
            return Effective(manifest, expansion.surroundings)
    raise InvalidDocumentError(_in_order(found))


def read_load(text: bytes, source: str = MANIFEST_FILE) -> Load:
    """Read how a release is loaded from the manifest that was published with it.

    Who loads has neither its repository nor its environment, and may have another hublish: only `load` and the
    variables it mentions are looked at.

    Raises:
        InvalidDocumentError: when it is no YAML document, of a newer format, or its `load` does not stand.
    """
    reading = _reading(text, source)
    data = {key: value for key, value in reading.data.items() if key in ("schema_version", "variables", "load")}
    expansion = _expansion(replace(reading, data=data), NO_SETTINGS, NOWHERE)
    found = [*reading.problems, *expansion.problems]
    try:
        published = Published.model_validate(expansion.data)
    except ValidationError as error:
        found += _said(error, Published, reading, expansion)
    else:
        if not found:
            return published.load
    raise InvalidDocumentError(_in_order(found))


def locate(problems: Iterable[Problem], text: bytes, source: str = MANIFEST_FILE) -> tuple[Problem, ...]:
    """Return problems found after reading, each with the line and column of its path in the manifest.

    Raises:
        InvalidDocumentError: when `text` is no YAML document.
    """
    positions = read_yaml(text, source).positions
    return tuple(_located(problem, positions) for problem in problems)


def _located(problem: Problem, positions: Positions) -> Problem:
    related = tuple(
        replace(each, location=positions.value(parse_path(each.path))) if each.path else each
        for each in problem.related
    )
    if problem.location is not None or not problem.path:
        return replace(problem, related=related)
    place = positions.key if problem.of_key else positions.value
    return replace(problem, location=place(parse_path(problem.path)), related=related)


def _reading(text: bytes, source: str) -> Reading:
    try:
        return read_yaml(text, source)
    except InvalidDocumentError as error:
        secrets = _secrets_in(SourceText(text[:MAX_BYTES].decode("utf-8", "replace"), source))
        raise InvalidDocumentError(_in_order([*secrets, *error.problems])) from None


def _expansion(reading: Reading, settings: Mapping[str, Setting], surroundings: Surroundings) -> Expansion:
    try:
        return expand(reading, settings, surroundings)
    except InvalidDocumentError as error:
        raise InvalidDocumentError(_in_order([*_shown_secrets(reading), *reading.problems, *error.problems])) from None


def _said(error: ValidationError, model: type[Document], reading: Reading, expansion: Expansion) -> Iterable[Problem]:
    told = {format_path(path) for path in reading.refused | expansion.unresolved}
    from hublish.schemas.diagnose.diagnosis import diagnose  # for a manifest that does not stand

    said = diagnose(error, model, expansion.data, family="manifest", positions=reading.positions)
    replaced = {format_path(path): names for path, names in expansion.replaced.items()}
    for problem in said:
        if problem.path not in told:
            yield _with_origins(problem, replaced.get(problem.path, ()), reading, expansion)


def _with_origins(problem: Problem, names: Sequence[str], reading: Reading, expansion: Expansion) -> Problem:
    """Say of a text that does not stand where the values in it come from, the first few."""
    written = reading.data.get("variables") or {}
    few = names[:_MOST_ORIGINS]
    outside = [name for name in few if name not in written or written[name] != expansion.data["variables"][name]]
    related = tuple(
        Related("the value", f"variables.{name}", reading.positions.value(("variables", name)))
        for name in few
        if name not in outside
    )
    origins = f"the value of {_listed(outside)} comes from outside" if outside else ""
    # What to write instead repeats the text; what the environment says is nobody's business.
    told = "" if any(name.startswith(ENV) for name in names) else problem.hint
    hint = "; ".join(part for part in (told, origins) if part)
    return replace(problem, hint=hint, related=(*problem.related, *related))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _shown_secrets(reading: Reading) -> Iterable[Problem]:
    return _secrets_in(reading.positions.text)


def _secrets(reading: Reading, expansion: Expansion) -> Iterable[Problem]:
    text = reading.positions.text
    shown = tuple(_shown_secrets(reading))
    yield from shown
    # Escapes, variables and settings can put one together that the text does not show.
    hidden = "\\" in text.text or expansion.data is not reading.data
    told = shown or any(problem.code == SECRET for problem in expansion.problems)
    if hidden and not told and any(map(holds_token, _texts(expansion.data))):
        yield _secret(Location(text.source, 1, 1))


def _is_pieced_together(problem: Problem) -> bool:
    """Whether it is a secret that no line shows whole: then any line may show a piece of it."""
    return problem.code == SECRET and problem.location is not None and problem.location.text is None


def _secrets_in(text: SourceText) -> Iterable[Problem]:
    # The manifest is published as written: a token in a comment is as public as any other.
    return (_secret(text.location(start, end)) for start, end in find_tokens(text.text))


def _secret(place: Location) -> Problem:
    return Problem(SECRET, "secret in manifest", WHERE_CREDENTIALS_GO, location=place)


def _texts(data: Any) -> Iterable[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for item in data:
            yield from _texts(item)
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _texts(value)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    clean = [
        replace(each, message=redact(each.message), hint=redact(each.hint), path=redact(each.path)) for each in problems
    ]
    if any(map(_is_pieced_together, clean)):
        clean = [replace(each, location=each.location and replace(each.location, text=None)) for each in clean]
    ordered = sorted(clean, key=by_place)
    return tuple(ordered[:MAX_PROBLEMS])


# PyYAML decides by the rules of YAML 1.1 whether a text needs quotes; 1.2 reads a few more forms as numbers.
_ODD = re.compile("[\x85\u2028\u2029\ufeff]|^[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LETTERS = ("y", "Y", "n", "N")
"""Booleans of YAML 1.1 that PyYAML takes for texts; other readers do not."""
_RESOLVED = "# hub.yaml with every default shown and every variable replaced, by `hublish check --resolved`.\n"


def dump_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as YAML, without what is left at its default.

    Reading it back gives an equal manifest: texts are quoted where any reader of YAML 1.1 or 1.2 would take them for
    something else, and braces are escaped, since the variables are replaced already.
    """
    fields = manifest.model_dump(mode="json", exclude_defaults=True)
    return _dumped({"schema_version": manifest.schema_version, **fields}).encode("utf-8")


def dump_resolved(manifest: Manifest) -> bytes:
    """Return the manifest as YAML with every default, under a line that says so; it too reads back as itself."""
    return (_RESOLVED + _dumped(manifest.model_dump(mode="json"))).encode("utf-8")


def dump_yaml(data: Mapping[str, Any]) -> str:
    """Return plain data as YAML that any reader of 1.1 or 1.2 reads back equal, keys in their order."""
    text: str = yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 would misread too, and writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value out as often as it stands there."""
        del data
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    if _ODD.search(text):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    style = None if is_plain_text(text) and text not in _LETTERS else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _dumped(fields: Mapping[str, Any]) -> str:
    # `variables` is the one section whose texts are never expanded.
    return dump_yaml({key: value if key == "variables" else _escaped(value) for key, value in fields.items()})


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value
