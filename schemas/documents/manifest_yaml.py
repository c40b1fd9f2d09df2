"""Read hub.yaml as a manifest, or report everything that is wrong with it; and write a manifest as YAML."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

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
from hublish.schemas.documents.hub_names import REPO_TYPES
from hublish.schemas.documents.manifest import SCHEMA_VERSION, Load, Manifest, Published
from hublish.schemas.documents.manifest_part import SEARCHED
from hublish.schemas.secrets.masking import find_tokens, holds_token, texts_in
from hublish.schemas.secrets.token_rules import WHERE_CREDENTIALS_GO
from hublish.schemas.variables.deferred import Deferred, Later, deferred_in, with_values
from hublish.schemas.variables.expansion import NO_SETTINGS, Expansion, escape, expand
from hublish.schemas.variables.lookup import ENV, NO_ENVIRONMENT, SECRET, Environment, Setting
from hublish.schemas.yaml.composing import is_plain_text
from hublish.schemas.yaml.reader import MAX_BYTES, Reading, read_yaml

D = TypeVar("D", bound=Document)
# Places of inserted values that are shown with a problem; a hostile string mentions thousands of names.
_MAX_ORIGINS = 4
# The fields of `repo` that apply to the repo, or to the act of publishing, and not to a version of its files.
_SETTINGS = frozenset(
    [
        "visibility",
        "gated",
        "space_sdk",
        "region",
        "resource_group_id",
        "endpoint",
        "moving_tags",
        "moving_branches",
        "create_pr",
        "commit_message",
        "commit_description",
        "files_per_commit",
    ]
)


@dataclass(frozen=True, slots=True)
class Effective:
    """A manifest with the values that its variables have here and now."""

    manifest: Manifest
    # The values that git and the date had, by the names that the manifest mentions.
    environment: Mapping[str, str]
    # The names that `repo.tag` mentions.
    named_after: tuple[str, ...] = ()


def read_manifest(text: bytes, source: str = "hub.yaml") -> Manifest:
    """Read and validate a manifest that needs no values from outside.

    Raises:
        InvalidDocumentError: with all problems of the file, in the order of its lines.
    """
    return resolve_manifest(text, source).manifest


def resolve_manifest(
    text: bytes,
    source: str = "hub.yaml",
    *,
    settings: Mapping[str, Setting] = NO_SETTINGS,
    environment: Environment = NO_ENVIRONMENT,
) -> Effective:
    """Read and validate a manifest with its variables replaced.

    Args:
        text: the bytes of the file.
        source: its name in diagnostics.
        settings: values that replace those under `variables`, or add to them.
        environment: the source of the other values, queried only for the names that the manifest mentions.

    Raises:
        InvalidDocumentError: with all problems of the file, in the order of its lines.
    """
    reading = _read(text, source)
    expansion = _expand(reading, settings, environment)
    manifest = _validated(Manifest, reading, expansion, _secrets(reading, expansion))
    return Effective(manifest, expansion.environment, expansion.replaced.get(("repo", "tag"), ()))


def read_load(text: bytes, source: str = "hub.yaml") -> Load:
    """Read how a release is loaded from the manifest that was published with it.

    The reader has neither the publisher's repository nor environment, and may have another version of hublish: only
    `load` and the variables that it mentions are read.

    Raises:
        InvalidDocumentError: when it is not YAML, has a newer format, or its `load` section is invalid.
    """
    reading = _read(text, source)
    data = {key: value for key, value in reading.data.items() if key in ("schema_version", "variables", "load")}
    expansion = _expand(replace(reading, data=data), NO_SETTINGS, NO_ENVIRONMENT)
    # The text may contain anything but what is read of it: that becomes part of records and messages.
    secrets = [_secret(Location(source, 1, 1))] if _hold_token(expansion.data) else []
    return _validated(Published, reading, expansion, secrets).load


def differs_only_in_settings(text: bytes, other: bytes) -> bool:
    """Return whether two manifests describe the same files, and differ only in settings of the repo or of hublish."""
    try:
        parts = [_split(read_yaml(each, "hub.yaml").data) for each in (text, other)]
    except InvalidDocumentError:
        return False
    (settings, rest), (other_settings, other_rest) = parts
    # Without a changed setting, the texts differ in a comment or in the form: that is a change of the file.
    return bool(rest == other_rest and settings != other_settings)


def _split(data: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the fields without an effect on the files of a release, and the rest."""
    repo = data.get("repo")
    fields = repo if isinstance(repo, dict) else {}
    settings = {name: value for name, value in fields.items() if name in _SETTINGS}
    rest = {name: value for name, value in fields.items() if name not in _SETTINGS}
    policy = data.get("policy")
    # Readers of a release find its waivers in its hub.yaml.
    waivers = policy.get("waivers") if isinstance(policy, dict) else None
    return (settings, policy), {**data, "repo": rest, "policy": waivers or None}


def _validated(model: type[D], reading: Reading, expansion: Expansion, secrets: Iterable[Problem] = ()) -> D:
    found = [*secrets, *reading.problems, *expansion.problems]
    try:
        document = model.model_validate(expansion.data, context=SEARCHED)
    except ValidationError as error:
        found += _diagnosed(error, model, reading, expansion)
    else:
        if not found:
            return document
    found += _card_problems(reading, expansion)
    raise InvalidDocumentError(_in_order(found))


def locate(problems: Iterable[Problem], text: bytes, source: str = "hub.yaml") -> tuple[Problem, ...]:
    """Return problems that were found after reading, with the line and column of their paths in the manifest.

    Raises:
        InvalidDocumentError: when `text` is not YAML.
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


def _read(text: bytes, source: str) -> Reading:
    try:
        return read_yaml(text, source)
    except InvalidDocumentError as error:
        secrets = _secrets_in(SourceText(text[:MAX_BYTES].decode("utf-8", "replace"), source))
        raise InvalidDocumentError(_in_order([*secrets, *error.problems])) from None


def _expand(reading: Reading, settings: Mapping[str, Setting], environment: Environment) -> Expansion:
    try:
        return expand(reading, settings, environment)
    except InvalidDocumentError as error:
        secrets = _secrets_in(reading.positions.text)
        raise InvalidDocumentError(_in_order([*secrets, *reading.problems, *error.problems])) from None


def _diagnosed(
    error: ValidationError, model: type[Document], reading: Reading, expansion: Expansion
) -> Iterable[Problem]:
    from hublish.schemas.diagnose.diagnosis import diagnose  # only needed when the manifest is invalid

    reported = {format_path(path) for path in reading.refused | expansion.unresolved}
    replaced = {format_path(path): names for path, names in expansion.replaced.items()}
    for problem in diagnose(error, model, expansion.data, family="manifest", positions=reading.positions):
        if problem.path not in reported:
            yield _with_origins(problem, replaced.get(problem.path, ()), reading, expansion)


def _card_problems(reading: Reading, expansion: Expansion) -> Iterable[Problem]:
    """Return the problems of the card's metadata in an invalid manifest, as far as it can be read."""
    from hublish.schemas.documents.card_metadata import metadata_problems  # only needed when the manifest is invalid

    card, repo = expansion.data.get("card"), expansion.data.get("repo")
    metadata = card.get("metadata") if isinstance(card, dict) else None
    if not isinstance(metadata, dict):
        return
    kind = repo.get("repo_type", "model") if isinstance(repo, dict) else "model"
    reported = {format_path(path) for path in reading.refused | expansion.unresolved}
    # Their values are known when the card is rendered.
    reported |= {format_path(path) for path, _ in deferred_in(metadata, ("card", "metadata"))}

    def written(place: str) -> str | None:
        return reading.positions.plain_text(("card", "metadata", *parse_path(place)))

    for problem in metadata_problems(metadata, kind if kind in REPO_TYPES else "model", written=written):
        # A key that seems to be missing may be the one that makes the manifest invalid, in another place.
        if problem.path not in reported and reading.positions.has(parse_path(problem.path)):
            yield _located(problem, reading.positions)


def _with_origins(problem: Problem, names: Sequence[str], reading: Reading, expansion: Expansion) -> Problem:
    """Return the problem of an expanded string with the places of the first few values in it."""
    written = reading.data.get("variables") or {}
    few = names[:_MAX_ORIGINS]
    outside = [name for name in few if name not in written or written[name] != expansion.data["variables"][name]]
    related = tuple(
        Related("the value", f"variables.{name}", reading.positions.value(("variables", name)))
        for name in few
        if name not in outside
    )
    origins = f"the value of {', '.join(map(repr, outside))} comes from outside" if outside else ""
    # A hint may repeat the string, and the values of environment variables may be private.
    kept = "" if any(name.startswith(ENV) for name in names) else problem.hint
    hint = "; ".join(part for part in (kept, origins) if part)
    return replace(problem, hint=hint, related=(*problem.related, *related))


def _secrets(reading: Reading, expansion: Expansion) -> Iterable[Problem]:
    text = reading.positions.text
    visible = tuple(_secrets_in(text))
    yield from visible
    # Escapes, folded lines, variables and settings can assemble a token that the text does not contain.
    reported = visible or any(problem.code == SECRET for problem in expansion.problems)
    if not reported and _hold_token(expansion.data):
        yield _secret(Location(text.source, 1, 1))


def _is_assembled(problem: Problem) -> bool:
    """Return whether it is a secret that no line contains as a whole: any line may then show a part of it."""
    return problem.code == SECRET and problem.location is not None and problem.location.text is None


def _secrets_in(text: SourceText) -> Iterable[Problem]:
    # Comments count: the manifest is published as it is written.
    return (_secret(text.location(start, end)) for start, end in find_tokens(text.text))


def _secret(place: Location) -> Problem:
    return Problem(SECRET, "secret in manifest", WHERE_CREDENTIALS_GO, location=place)


def _hold_token(data: Any) -> bool:
    return holds_token("\n".join(texts_in(data)))


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    clean = list(problems)
    if any(map(_is_assembled, clean)):
        clean = [replace(each, location=each.location and replace(each.location, text=None)) for each in clean]
    ordered = sorted(clean, key=by_place)
    return tuple(ordered[:MAX_PROBLEMS])


# Manifests are written with PyYAML, which also reads them. ruamel.yaml preserves comments, which a generated file does
# not have, and importing it would add 50 ms to every `hublish check`.

# PyYAML quotes by the rules of YAML 1.1; YAML 1.2 reads a few more forms as numbers. It writes these characters bare.
_NEEDS_DOUBLE_QUOTES = re.compile("[\x85\u2028\u2029\ufeff]|^[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Booleans of YAML 1.1 that PyYAML reads as strings, unlike other readers.
_LETTERS = ("y", "Y", "n", "N")
_RESOLVED = "# hub.yaml with all defaults and the values of its variables, written by `hublish check --resolved`.\n"


def dump_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as YAML without the fields that have their default.

    Reading it back gives an equal manifest: strings are quoted wherever a reader of YAML 1.1 or 1.2 would read them as
    another type, and braces are escaped, because the variables are replaced already.
    """
    fields = _fields(manifest, exclude_defaults=True)
    return _dump({"schema_version": manifest.schema_version, **fields}).encode("utf-8")


def dump_load(load: Load) -> bytes:
    """Return the part of a manifest that loading reads, as `read_load` reads it."""
    fields = load.model_dump(mode="json", exclude_defaults=True)
    return _dump({"schema_version": SCHEMA_VERSION, **({"load": fields} if fields else {})}).encode("utf-8")


def dump_resolved(manifest: Manifest) -> bytes:
    """Return the manifest as YAML with all defaults, below a comment line; it reads back as itself, too."""
    return (_RESOLVED + _dump(_fields(manifest, exclude_defaults=False))).encode("utf-8")


def _fields(manifest: Manifest, *, exclude_defaults: bool) -> dict[str, Any]:
    fields: dict[str, Any] = manifest.model_dump(mode="json", exclude_defaults=exclude_defaults)
    card = manifest.card
    if card is None:
        return fields
    later = deferred_in({"metadata": card.metadata, "variables": card.variables}, ("card",))
    # As plain data, they would be strings with escaped braces.
    restored: dict[str, Any] = with_values(fields, dict(later))
    return restored


def dump_yaml(data: Mapping[str, Any] | list[Any]) -> str:
    """Return plain data as YAML that readers of 1.1 and 1.2 read back equal, with its keys in their order."""
    plain = data if isinstance(data, list) else dict(data)
    text: str = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes strings that readers of YAML 1.1 or 1.2 would misread, and writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: a value is written as often as it occurs."""
        del data
        return True


def _represent_string(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    if _NEEDS_DOUBLE_QUOTES.search(text):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    style = None if is_plain_text(text) and text not in _LETTERS else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_string)


def _dump(fields: Mapping[str, Any]) -> str:
    # The strings of `variables` are never expanded.
    return dump_yaml({key: value if key == "variables" else _escaped(value) for key, value in fields.items()})


def _escaped(value: Any) -> Any:
    if isinstance(value, Deferred):
        return "".join(piece.written if isinstance(piece, Later) else escape(piece) for piece in value.pieces)
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value
