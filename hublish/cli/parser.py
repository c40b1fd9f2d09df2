"""Parsers that answer a mistake with what was meant, and help texts people can learn from."""

import argparse
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import NoReturn

from hublish.base.errors import UsageError
from hublish.cli.command import Command, Example
from hublish.cli.options import add_output

_WIDEST = 100
_ALIKE = 0.75
"""How alike a mistyped option must be to one that exists, before that one is suggested."""


class HelpAsked(Exception):  # noqa: N818 - a question, not an error
    """`--help` stands among the words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` where argparse would exit, and suggests the nearest option."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise UsageError(message, hint=f"`{self.prog} --help` shows what it takes")

    def print_help(self, file: object = None) -> NoReturn:  # noqa: ARG002 - argparse's signature
        """Hand the help text over, so that it is written where every result is written."""
        raise HelpAsked(self.format_help())

    def parse_all(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse every word.

        Raises:
            HelpAsked: when the words ask for help instead.
            UsageError: for anything the command does not take.
        """
        arguments, unknown = self.parse_known_args(words)
        if unknown:
            self._refuse(unknown)
        return arguments

    def _refuse(self, unknown: Sequence[str]) -> NoReturn:
        known = [option for action in self._actions for option in action.option_strings]
        for word in unknown:
            option = word.partition("=")[0]
            if near := _nearest(option, known):
                msg = f"{self.prog} has no option {option}"
                raise UsageError(msg, hint=f"did you mean {near}?")
            if word.endswith((".yaml", ".yml")) and "--file" in known:
                msg = f"{self.prog} takes the manifest as an option"
                raise UsageError(msg, hint=f"write -f {word}")
        self.error(f"unrecognized: {' '.join(unknown)}")


def parser_for(name: str, summary: str, command: Command) -> Parser:
    """Return the parser of one command."""
    parser = Parser(
        prog=f"hublish {name}",
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{paragraph(command.description)}",
        epilog=f"examples:\n{examples(command.examples)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.configure(parser)
    add_output(parser)
    return parser


def examples(listed: Iterable[Example]) -> str:
    """Return worked examples, each under what it is for."""
    return "\n".join(f"  # {example.purpose}\n  $ {example.line}" for example in listed)


def paragraph(text: str, indent: str = "") -> str:
    """Return running text broken into lines of the terminal's width."""
    width = min(_WIDEST, shutil.get_terminal_size().columns - 2)
    return textwrap.fill(" ".join(text.split()), width, initial_indent=indent, subsequent_indent=indent)


def _nearest(option: str, known: Sequence[str]) -> str | None:
    if not option.startswith("--"):
        return None
    longer = [name for name in known if name.startswith(option)]
    from difflib import get_close_matches

    alike = get_close_matches(option, known, n=1, cutoff=_ALIKE)
    return next(iter([*longer, *alike]), None)
