"""What a command is: words to learn it from, its arguments, and one function that does it.

Named tuples here and in the catalogue: every run makes these classes, and a dataclass takes eight times as long.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import NamedTuple

from hublish.cli.report.interface import View
from hublish.cli.report.terminal import Terminal


class Example(NamedTuple):
    """A command line a person can copy."""

    line: str
    """As typed, beginning with `hublish`."""
    purpose: str
    """What it is for."""


class Outcome(NamedTuple):
    """What a command came to."""

    view: View | None
    """The result to show; None when the command has shown everything itself."""
    exit_code: int = 0


class Command(NamedTuple):
    """One command. Its module is named after it and holds it as `COMMAND`."""

    description: str
    """A paragraph for `--help`."""
    examples: tuple[Example, ...]
    configure: Callable[[ArgumentParser], None]
    """Declares the arguments."""
    run: Callable[[Namespace, Terminal], Outcome]
    """Does the work. What is slow to import is imported in here."""
