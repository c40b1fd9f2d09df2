"""What a command is: words to learn it from, its arguments, and one function that does it."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass

from hublish.cli.terminal import Terminal
from hublish.cli.view import View


@dataclass(frozen=True, slots=True)
class Example:
    """A command line a person can copy."""

    line: str
    """As typed, beginning with `hublish`."""
    purpose: str
    """What it is for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to."""

    view: View | None
    """The result to show; None when the command has shown everything itself."""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """One command. Its module is named after it and holds it as `COMMAND`."""

    description: str
    """A paragraph for `--help`."""
    examples: tuple[Example, ...]
    configure: Callable[[ArgumentParser], None]
    """Declares the arguments."""
    run: Callable[[Namespace, Terminal], Outcome]
    """Does the work. What is slow to import is imported in here."""
