"""hub.yaml.example shows every field, each with a comment that describes it and its default."""

import re
from collections.abc import Iterator
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hublish.formats.format_options import SafetensorsOptions
from hublish.pipeline.draft import manifest_fields
from hublish.schemas.diagnose.problems import Node, format_path
from hublish.schemas.diagnose.suggestions import field_at, fields_at
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import read_manifest
from hublish.schemas.variables.lookup import BUILT_IN
from hublish.schemas.yaml.reader import read_yaml

# The fields with a list of mappings.
LISTS = ("artifacts", "evaluation", "waivers")


def model_fields(model: type[BaseModel], path: tuple[str | int, ...] = ()) -> Iterator[str]:
    for field in fields_at(model, path):
        here = (*path, field)
        yield format_path(here)
        inside = (*here, 0) if field in LISTS else here
        yield from model_fields(model, inside)


def shown_keys(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int]]:
    for key, (written, value) in node.entries.items():
        yield (*path, key), written.start
        yield from shown_keys(value, (*path, key))
    for index, item in enumerate(node.items):
        yield from shown_keys(item, (*path, index))


def test_the_example_is_a_valid_manifest(example: bytes) -> None:
    found = read_manifest(example, "hub.yaml.example")
    assert found.repo.repo_id == "acme/digits-mlp"
    assert found.repo.tag == "v1.2.0"
    assert [artifact.serializer for artifact in found.artifacts] == ["safetensors", "copy"]


def test_the_example_shows_every_field_and_no_other(example: bytes) -> None:
    shown = {format_path(path) for path, _ in shown_keys(read_yaml(example, "x").positions.root)}
    fields = set(model_fields(Manifest))
    assert fields <= shown
    free: tuple[str, ...] = (
        "variables.",
        "artifacts[0].options.",
        "artifacts[1].",
        "card.metadata.",
        "card.variables.",
        "card.data.",
        "card.evaluation[0].metrics.",
    )
    assert {path for path in shown - fields if not path.startswith(free)} == set()


def test_every_field_has_a_comment_above_it(example: bytes) -> None:
    reading = read_yaml(example, "x")
    lines = example.decode().splitlines()
    fields = set(model_fields(Manifest))
    for path, offset in shown_keys(reading.positions.root):
        if format_path(path) in fields:
            above = lines[reading.positions.text.location(offset).line - 2]
            assert re.match(r"\s*# [A-Za-z{`]", above), format_path(path)


def comments(example: bytes) -> dict[str, str]:
    """What is written above each key, in one piece."""
    reading = read_yaml(example, "x")
    lines = example.decode().splitlines()
    found = {}
    for path, offset in shown_keys(reading.positions.root):
        number = reading.positions.text.location(offset).line - 2
        above = []
        while number >= 0 and lines[number].lstrip().startswith("#"):
            above.append(lines[number].lstrip("# "))
            number -= 1
        found[format_path(path)] = " ".join(reversed(above))
    return found


def described(model: type[BaseModel], path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, FieldInfo]]:
    for name in fields_at(model, path):
        here = (*path, name)
        field = field_at(model, here)
        assert field is not None
        yield format_path((*path, name)), field
        yield from described(model, (*here, 0) if name in LISTS else here)


@pytest.mark.parametrize(("path", "field"), [*described(Manifest)], ids=[path for path, _ in described(Manifest)])
def test_a_comment_names_every_choice_and_the_default(path: str, field: FieldInfo, example: bytes) -> None:
    comment = comments(example)[path]
    for choice in (choice for part in (field.annotation, *get_args(field.annotation)) for choice in get_args(part)):
        if isinstance(choice, str | bool):
            assert str(choice).lower() in comment
    if isinstance(field.default, str) and field.default:
        assert "default" in comment
        assert field.default in comment


def test_comments_name_existing_fields(example: bytes) -> None:
    known = {path.rpartition(".")[2] for path in model_fields(Manifest)} | {"state_dict"}
    known |= SafetensorsOptions.model_fields.keys() | {"module:Class"}
    for path, comment in comments(example).items():
        for word in re.findall(r"`([a-z]+_[a-z_]+)`", comment):
            assert word in known, f"{path}: `{word}`"


def test_all_options_of_safetensors_are_shown_or_named(example: bytes) -> None:
    shown = read_manifest(example).artifacts[0].options.keys()
    named = set(re.findall(r"`(\w+)`", comments(example)["artifacts[0].options"]))
    assert shown <= SafetensorsOptions.model_fields.keys()
    assert SafetensorsOptions.model_fields.keys() <= shown | named


def test_every_built_in_name_is_listed(example: bytes) -> None:
    listed = set(re.findall(r"\{\{ (git\.\w+|source_date) \}\}", comments(example)["variables"]))
    assert listed == set(BUILT_IN)


def test_its_first_line_names_the_schema_for_editors(example: bytes) -> None:
    first = example.decode().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={manifest_fields._SCHEMA_FILE}"
