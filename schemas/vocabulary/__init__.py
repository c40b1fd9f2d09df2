"""Lists and tables that others define, as JSON with its source and date.

The lists of the Hub's identifiers are written by `refresh.mjs`; the tables of `hublish init` are edited by hand.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A list of identifiers the Hub knows."""

    source: str
    """Where it was taken from, with the version."""
    date: str
    """When that version was published: YYYY-MM-DD."""
    ids: frozenset[str]


@cache
def vocabulary(name: Literal["licenses", "tasks", "libraries"]) -> Vocabulary:
    """Return a list of identifiers, read on first use."""
    data = _read(name)
    return Vocabulary(data["source"], data["date"], frozenset(data["ids"]))


@cache
def table(name: Literal["license_texts", "model_tasks", "never_released"]) -> Mapping[str, Any]:
    """Return a table with its `source`, `date` and `note`, read on first use; callers must not change it."""
    return _read(name)


def _read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
    return data
