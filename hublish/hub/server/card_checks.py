"""The Hub's checks of the metadata in a README; the allowed values are data in `card_rules.json`."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hublish.formats.front_matter import front_matter

# Bytes of the metadata block, at most.
MAX_BYTES = 256 << 10

_REPO_ID = re.compile(r"(?:[\w.-]{1,96}/)?[\w][\w.-]{0,95}", re.ASCII)


class FrontMatterError(ValueError):
    """The block at the top of the file is not usable metadata."""


class _Loader(yaml.SafeLoader):
    """Safe YAML 1.2 without aliases, whose expansion is unbounded."""

    # Not the reader of the schemas: it refuses more than the Hub does, and a rehearsal must accept the same cards.
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's API

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it out
            raise yaml.composer.ComposerError(None, None, "aliases are not supported", event.start_mark)
        return super().compose_node(parent, index)


# Other scalars stay strings: dates, `no`, 0x10, .inf. Numbers are short enough to be finite.
_SCALARS = {
    "bool": (r"(?:true|True|TRUE|false|False|FALSE)\Z", "tTfF"),
    "null": (r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    "int": (r"[-+]?(?:0|[1-9][0-9]{0,17})\Z", "-+0123456789"),
    "float": (r"[-+]?(?:\.[0-9]{1,18}|[0-9]{1,18}\.?[0-9]{0,18})(?:[eE][-+]?[0-9]{1,2})?\Z", "-+.0123456789"),
}
for _name, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), list(_first))


def read_metadata(readme: str) -> dict[str, Any] | None:
    """Return the metadata of a README, or None; raise FrontMatterError for one that the Hub cannot read."""
    block = front_matter(readme)
    if block is None:
        return None
    metadata = read_yaml(block)
    if metadata is not None and not isinstance(metadata, dict):
        raise FrontMatterError("the metadata must be a mapping of names to values")
    return metadata


def read_yaml(text: str) -> Any:
    """Return the value in a YAML document; raise FrontMatterError for one that the Hub cannot read."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise FrontMatterError(f"the metadata is larger than {MAX_BYTES} bytes")
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a subclass of SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FrontMatterError(f"the metadata is not valid YAML: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem} (line {error.problem_mark.line + 1})"
    return (str(error).splitlines() or ["too deeply nested"])[0]


@dataclass(frozen=True, slots=True)
class Report:
    """The findings about one card."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, list[dict[str, str]]]:
        """Return the report in the form that the client parses after any status."""
        return {
            "errors": [{"message": message} for message in self.errors],
            "warnings": [{"message": message} for message in self.warnings],
        }

    def to_text(self) -> str:
        """Return the report in the form for people."""
        findings = (("Error", self.errors), ("Warning", self.warnings))
        return "\n".join(f"- {kind}: {message}" for kind, messages in findings for message in messages)


def card_data(readme: bytes | None) -> dict[str, Any] | None:
    """Return the metadata of a README as the repository's info shows it, or None without any."""
    try:
        return read_metadata((readme or b"").decode("utf-8", "replace"))
    except FrontMatterError:
        return None


def validate(kind: str, readme: str) -> Report:
    """Check the README of a repository of type `kind`; only errors make the Hub refuse it."""
    try:
        metadata = read_metadata(readme)
    except FrontMatterError as error:
        return Report((f"YAML Metadata Error: {error}",), ())
    if not metadata:
        # The client prints warnings and goes on.
        return Report((), ("empty or missing yaml metadata in repo card",))
    checks = [_common(metadata), _space(metadata) if kind == "space" else _of_models(metadata)]
    return Report(tuple(error for check in checks for error in check), ())


@cache
def rules() -> dict[str, Any]:
    """Return the allowed values."""
    content: dict[str, Any] = json.loads(Path(__file__).with_name("card_rules.json").read_text("utf-8"))
    return content


def _one_of(name: str, value: Any, allowed: list[str]) -> Iterator[str]:
    if value not in allowed:
        yield f'"{name}" must be one of [{", ".join(allowed)}]'


def _common(metadata: dict[str, Any]) -> Iterator[str]:
    if "license" in metadata:
        for _, value in _listed("license", metadata["license"]):  # a list of licenses is accepted, too
            yield from _one_of("license", value, rules()["license"])
    for name, kind in (("datasets", "dataset"), ("base_model", "model"), ("language", None), ("tags", None)):
        if name in metadata:
            yield from _strings(name, metadata[name], kind)


def _listed(name: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, list):
        return [(name, value)]
    return [(f"{name}[{index}]", item) for index, item in enumerate(value)]


def _strings(name: str, value: Any, kind: str | None) -> Iterator[str]:
    """Check one or several strings, which name repositories of type `kind` if there is one."""
    for place, item in _listed(name, value):
        if not isinstance(item, str):
            yield f'"{place}" must be a string'
        # The usual mistake is a path of the machine that trained the model (`./runs/best`).
        elif kind and (not _REPO_ID.fullmatch(item) or ".." in item or "--" in item):
            yield f'"{place}" with value "{item}" is not valid. If possible, use a {kind} id from the Hub.'


def _space(metadata: dict[str, Any]) -> Iterator[str]:
    known = rules()
    for name, allowed in (("colorFrom", "color"), ("colorTo", "color"), ("sdk", "sdk")):
        if name in metadata:
            yield from _one_of(name, metadata[name], known[allowed])
    description = metadata.get("short_description", "")
    longest = known["short_description_length"]
    if not isinstance(description, str) or len(description) > longest:
        yield f'"short_description" length must be less than or equal to {longest} characters long'


def _of_models(metadata: dict[str, Any]) -> Iterator[str]:
    if metadata.get("widget") is not None and not isinstance(metadata["widget"], list):
        yield '"widget" must be an array'
    if "model-index" in metadata:
        yield from _each("model-index", metadata["model-index"], _model)


def _each(place: str, values: Any, check: Callable[[str, dict[str, Any]], Iterator[str]]) -> Iterator[str]:
    if not isinstance(values, list):
        yield f'"{place}" must be an array'
        return
    for index, value in enumerate(values):
        if isinstance(value, dict):
            yield from check(f"{place}[{index}]", value)
        else:
            yield f'"{place}[{index}]" must be of type object'


def _model(place: str, model: dict[str, Any]) -> Iterator[str]:
    yield from _required(place, model, "name")
    yield from _each(f"{place}.results", model.get("results"), _result)


def _result(place: str, result: dict[str, Any]) -> Iterator[str]:
    for name, required, optional in (
        ("task", ("type",), ("name",)),
        ("dataset", ("type", "name"), ("config", "split", "revision")),
    ):
        section = result.get(name)
        if not isinstance(section, dict):
            yield f'"{place}.{name}" is required'
            continue
        given = [key for key in optional if section.get(key) is not None]
        yield from _required(f"{place}.{name}", section, *required, *given)
    yield from _each(f"{place}.metrics", result.get("metrics"), _metric)


def _metric(place: str, metric: dict[str, Any]) -> Iterator[str]:
    yield from _required(place, metric, "type")
    if "value" not in metric:
        yield f'"{place}.value" is required'


def _required(place: str, section: dict[str, Any], *names: str) -> Iterator[str]:
    for name in names:
        if section.get(name) is None:
            yield f'"{place}.{name}" is required'
        elif not isinstance(section[name], str):
            yield f'"{place}.{name}" must be a string'
