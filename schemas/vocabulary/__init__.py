"""The Hub's own lists of words, as data with its source and date; `refresh.mjs` writes them."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal


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
    """Return a list, read when it is first asked for."""
    data = json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
    return Vocabulary(data["source"], data["date"], frozenset(data["ids"]))
