"""The commands with their options and arguments, and the values that complete each of them."""

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

ANY_FILE: Final = ("*",)
FOLDERS: Final = ("/",)


class Value(NamedTuple):
    """The values of an option or argument, as far as a shell knows them."""

    words: tuple[str, ...] = ()
    # Suffixes of files; ANY_FILE and FOLDERS for all of them and for folders.
    files: tuple[str, ...] = ()


class Option(NamedTuple):
    """An option under all of its names."""

    names: tuple[str, ...]
    summary: str
    # None for a flag.
    value: Value | None
    repeatable: bool


class Argument(NamedTuple):
    """An argument without a name."""

    shown: str
    value: Value
    optional: bool
    repeatable: bool


class CommandNode(NamedTuple):
    """A command."""

    # One word, or two: `hub serve`.
    name: str
    summary: str
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]


# By name in the namespace of the arguments, and otherwise by the name of the value in the usage.
_BY_NAME: Final[Mapping[str, Value]] = {
    "file": Value(files=("yaml", "yml")),
    "lock": Value(files=("lock",)),
    "trusted_publishers": Value(files=("json",)),
}
_BY_METAVAR: Final[Mapping[str, Value]] = {
    "DIR": Value(files=FOLDERS),
    "FOLDER": Value(files=FOLDERS),
    "FILE": Value(files=ANY_FILE),
    "PATH": Value(files=ANY_FILE),
    "plan.json": Value(files=("json",)),
    # Folders are offered beside files, as the way to those inside.
    "plan.json|FOLDER": Value(files=("json",)),
}
FREE: Final = frozenset(
    [
        *("A", "B", "HOST", "N", "NAME", "NAME=VALUE", "NAME:TOKEN", "NEWTAG"),
        *("PATTERN", "REPO", "REPO[@REV]", "SIZE", "TAG", "TEXT", "TOKEN", "URL"),
    ]
)
"""Names of values that no shell can guess, or should not show."""


def command_node(name: str, summary: str, parser: argparse.ArgumentParser) -> CommandNode:
    """Return a command as its parser declares it."""
    actions: Sequence[argparse.Action] = parser._actions  # noqa: SLF001 - argparse has no public list
    shown = [action for action in actions if action.help is not argparse.SUPPRESS]
    options = tuple(_option(action) for action in shown if action.option_strings)
    return CommandNode(name, summary, options, tuple(_argument(each) for each in shown if not each.option_strings))


def first_words(commands: Iterable[CommandNode]) -> Mapping[str, str]:
    """Return the words that follow `hublish`, each with a summary."""
    words = {node.name.split()[0]: node.summary for node in commands}
    return {**words, "help": "show the help page of a command"}


def groups(commands: Iterable[CommandNode]) -> Mapping[str, Mapping[str, str]]:
    """Return the second words of the commands that have two, by their first."""
    found: dict[str, dict[str, str]] = {}
    for node in commands:
        first, _, second = node.name.partition(" ")
        if second:
            found.setdefault(first, {})[second] = node.summary
    return found


def _option(action: argparse.Action) -> Option:
    value = None if action.nargs == 0 else _value(action)
    repeatable = isinstance(action, argparse._AppendAction)  # noqa: SLF001 - it has no public name
    return Option(tuple(action.option_strings), _summary(action), value, repeatable)


def _argument(action: argparse.Action) -> Argument:
    shown = action.metavar if isinstance(action.metavar, str) else action.dest
    return Argument(shown, _value(action), action.nargs in ("?", "*"), action.nargs in ("*", "+"))


def _value(action: argparse.Action) -> Value:
    if action.choices is not None:
        return Value(tuple(map(str, action.choices)))
    if action.dest in ("codes", "paths"):
        from hublish.codes.explained import EXPLAINED

        return Value(tuple(EXPLAINED), ANY_FILE if action.dest == "paths" else ())
    return _BY_NAME.get(action.dest) or _BY_METAVAR.get(str(action.metavar), Value())


def _summary(action: argparse.Action) -> str:
    """Return the beginning of a help text, which fits beside the option."""
    if action.dest == "format" and action.choices:  # its help is a list of the formats
        return "the output format"
    return re.split(r" \(default|[;:] ", " ".join((action.help or "").split()), maxsplit=1)[0]
