"""hub.yaml.example shows every field, each with a comment, and says what holds without it."""

import re
from collections.abc import Iterator

from pydantic import BaseModel

from hublish.schemas.documents import read_manifest
from hublish.schemas.generate import FOLDER
from hublish.schemas.manifest import Manifest
from hublish.schemas.positions import Node, format_path
from hublish.schemas.reading import read_yaml
from hublish.schemas.suggestions import fields_at


def model_fields(model: type[BaseModel], path: tuple[str | int, ...] = ()) -> Iterator[str]:
    for field in fields_at(model, path):
        here = (*path, field)
        yield format_path(here)
        inside = (*here, 0) if field == "artifacts" else here
        yield from model_fields(model, inside)


def shown_keys(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int]]:
    for key, (written, value) in node.entries.items():
        yield (*path, key), written.start
        yield from shown_keys(value, (*path, key))
    for index, item in enumerate(node.items):
        yield from shown_keys(item, (*path, index))


def test_it_reads_as_the_manifest_it_shows(example: bytes) -> None:
    found = read_manifest(example, "hub.yaml.example")
    assert found.repo.repo_id == "acme/digits-mlp"
    assert found.repo.tag == "v1.2.0"
    assert [artifact.serializer for artifact in found.artifacts] == ["safetensors", "copy"]


def test_it_shows_every_field_and_no_other(example: bytes) -> None:
    shown = {format_path(path) for path, _ in shown_keys(read_yaml(example, "x").positions.root)}
    fields = set(model_fields(Manifest))
    assert fields <= shown
    free = ("variables.", "artifacts[0].options.", "artifacts[1].", "card.metadata.", "card.variables.")
    assert {path for path in shown - fields if not path.startswith(free)} == set()


def test_every_field_has_a_comment_above_it(example: bytes) -> None:
    reading = read_yaml(example, "x")
    lines = example.decode().splitlines()
    fields = set(model_fields(Manifest))
    for path, offset in shown_keys(reading.positions.root):
        if format_path(path) in fields:
            above = lines[reading.positions.text.location(offset).line - 2]
            assert re.match(r"\s*# [A-Za-z{`]", above), format_path(path)


def test_its_first_line_names_the_schema_for_editors(example: bytes) -> None:
    first = example.decode().splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=schemas/json/(.+)", first)
    assert match
    assert (FOLDER / match[1]).is_file()
