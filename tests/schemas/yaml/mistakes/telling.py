"""What reading makes of a broken text, without what every problem has."""

from typing import NamedTuple

from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.yaml.reader import read_yaml


class Told(NamedTuple):
    """One mistake: the words, what is marked, and what to do."""

    message: str
    marked: str
    hint: str
    beside: str = ""
    """A second place: `2:1 opened here`."""


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        return read_yaml(text.encode(), "hub.yaml").problems
    except InvalidDocumentError as error:
        return error.problems


def told_by(text: str) -> Told:
    """Return the first problem of a text."""
    first = problems_of(text)[0]
    place = first.location
    assert place is not None
    assert place.text is not None
    end = place.end_column if place.end_line == place.line else None
    related = [f"{each.location.line}:{each.location.column} {each.message}" for each in first.related if each.location]
    return Told(first.message, place.text[place.column - 1 : end and end - 1], first.hint, ", ".join(related))
