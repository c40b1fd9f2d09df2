"""The fields of hub.yaml: every field of the model, and its lines in hub.yaml.example."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import yaml

from docs.generate.page import REPOSITORY, code, fenced, heading, page
from docs.generate.schema_fields import Field, all_fields, fields
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.json_schema.generate import DescribedJsonSchema, plain
from hublish.schemas.vocabulary import table

EXAMPLE = Path(__file__).parents[2] / "hub.yaml.example"


def manifest_fields() -> str:
    """Return a section for each field."""
    return page(*_sections())


def declared_fields() -> tuple[Field, ...]:
    """Return the fields of the manifest at its top."""
    # Not the committed schema: that one is for editors, and allows `{{ }}` beside every type.
    return fields(plain(Manifest.model_json_schema(schema_generator=DescribedJsonSchema)))


def _sections() -> Iterator[str]:
    lines = example_lines(EXAMPLE.read_text("utf-8"))
    for field in declared_fields():
        # A field with others inside of it is shown by them.
        shown = "" if field.inside else _shown(field, lines)
        yield page(heading(2, code(field.name), field.name), _facts(field), field.meaning, _choices(field), shown)
        for inner in all_fields(field.inside):
            example = "" if inner.inside else _shown(inner, lines)
            yield page(heading(3, code(inner.name), inner.name), _facts(inner), inner.meaning, _choices(inner), example)


def _facts(field: Field) -> str:
    facts = [field.kind]
    if field.required:
        facts.append("**required**")
    if field.default not in (None, "null"):
        facts.append(f"default {code(field.default or '')}")
    return f"{' · '.join(facts)}\n{{ .facts }}"


def _choices(field: Field) -> str:
    meanings = table("choices")["entries"].get(field.name, {})
    named = [(choice.strip('"'), meanings.get(choice.strip('"'), "")) for choice in field.choices]
    return "\n".join(f"* {code(name)}: {meaning}" for name, meaning in named if meaning)


def _shown(field: Field, lines: dict[str, tuple[int, str]]) -> str:
    if field.name not in lines:
        return ""
    number, text = lines[field.name]
    link = f"[hub.yaml.example, line {number}]({REPOSITORY}/blob/main/hub.yaml.example#L{number})"
    return page(fenced("yaml", text), f"{link}\n{{ .source }}")


def example_lines(text: str) -> dict[str, tuple[int, str]]:
    """Return the number of the first line, and the lines, of each field in an example by its path."""
    root = yaml.compose(text, yaml.SafeLoader)
    assert root is not None
    return dict(_entries(root, "", text.splitlines()))


def _entries(node: yaml.Node, above: str, lines: list[str]) -> Iterator[tuple[str, tuple[int, str]]]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _entries(item, f"{above.rstrip('.')}[].", lines)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            first, last = key.start_mark.line, value.end_mark.line + (value.end_mark.column > 0)
            own = [line for line in lines[first:last] if line.strip() and not line.lstrip().startswith("#")]
            # The dash of a list is not a part of the field.
            own[0] = " " * key.start_mark.column + own[0][key.start_mark.column :]
            yield f"{above}{key.value}", (first + 1, textwrap.dedent("\n".join(own)))
            yield from _entries(value, f"{above}{key.value}.", lines)
