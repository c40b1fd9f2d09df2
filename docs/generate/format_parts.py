"""The reference of formats: suffixes, required packages and options of each serializer."""

import re
from collections.abc import Iterator
from pathlib import Path

from docs.generate.page import code, heading, page, table
from docs.generate.schema_fields import Field, fields
from hublish.formats import registry
from hublish.formats.catalogue import FORMATS, FormatEntry
from hublish.formats.describe_formats import described_format

PINS = Path(__file__).parents[2] / "tests" / "frameworks"


def formats() -> str:
    """Return a table of the formats, and a section for each."""
    rows = [_row(entry) for entry in FORMATS.values()]
    return page(table(("Serializer", "Content", "Suffixes"), rows), *map(_format, FORMATS.values()))


def pinned_versions() -> dict[str, str]:
    """Return the versions of packages that the tests of formats install."""
    lines = [line for path in sorted(PINS.glob("requirements*.txt")) for line in path.read_text("utf-8").splitlines()]
    pins = [line.partition(" ")[0].partition("==") for line in lines if "==" in line and not line.startswith("#")]
    return {name: version for name, _, version in pins}


def _row(entry: FormatEntry) -> tuple[str, str, str]:
    return f"[{code(entry.name)}](#{entry.name})", _described(entry), ", ".join(map(code, entry.suffixes))


def _described(entry: FormatEntry) -> str:
    return str(described_format(entry, registry.get(entry.name))["description"])


def _format(entry: FormatEntry) -> str:
    about = described_format(entry, registry.get(entry.name))
    return page(
        heading(2, code(entry.name), entry.name), _described(entry), *_needs(entry), *_options(fields(about["options"]))
    )


def _needs(entry: FormatEntry) -> Iterator[str]:
    versions = pinned_versions()
    for each in entry.requires:
        # A package by its name, or as the extra of the same name.
        names = re.findall(r"[a-z][\w-]*", each.install.partition("#")[0])
        tested = ", ".join(f"{name} {versions[name]}" for name in names if name in versions)
        yield f"Needs {code(each.command)}" + (f"; tested with {tested}." if tested else ".")


def _options(options: tuple[Field, ...]) -> Iterator[str]:
    rows = [(code(option.name), option.kind, code(option.default or ""), option.meaning) for option in options]
    if rows:
        yield table(("Option", "Type", "Default", "Meaning"), rows)
