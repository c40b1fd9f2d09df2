"""Argument parsers that suggest the nearest option, and help pages with worked examples."""

import argparse
from collections.abc import Iterable, Sequence
from typing import NoReturn

from hublish.base.errors import UsageError
from hublish.cli.arguments import add_output
from hublish.cli.commands import SECTIONS, Command, Entry, Example
from hublish.cli.exit_codes import FAILED, INTERRUPTED, USAGE
from hublish.cli.terminal.text import columns, indented

PROGRAM = "hublish"
# The widest line of running text that reads well.
_WIDEST = 100
# How similar a mistyped option must be to an existing one to be suggested; difflib's scale, 1 is equal.
_SIMILAR = 0.75

# The shortest way from a folder to a release that others can load.
_EXAMPLES = (
    Example("hublish publish model --repo-id acme/digits-mlp", "release a folder that has no hub.yaml"),
    Example("hublish init", "draft a hub.yaml for this folder, with the reason for every choice"),
    Example("hublish rehearse", "try everything first: no token, no network"),
    Example("hublish plan --out plan.json", "save the changes to a file, for a review"),
    Example("hublish publish plan.json", "publish exactly the reviewed plan, or nothing"),
    Example("hublish pull acme/digits-mlp@v1.2.0", "download a release, every byte checked"),
)

_HELP = (
    ("COMMAND --help", "description, options and worked examples of a command"),
    ("--version", "the version"),
)

EXIT_CODES = (
    (0, "done, also when there was nothing to do"),
    (FAILED, "refused or failed; the reason is on standard error"),
    (USAGE, "wrong usage"),
    (INTERRUPTED, "interrupted"),
)

ENVIRONMENT = (
    ("HF_TOKEN", "the access token (default: the one saved by `hf auth login`)"),
    ("HF_OIDC_RESOURCE", "a repo, in CI: exchange the job's ID token for a token of this repo"),
    ("HF_ENDPOINT", "the Hub, when neither --endpoint nor the manifest names one"),
    ("HF_HOME", "the folder of token and download cache; HF_HUB_CACHE for the cache alone"),
    ("HF_HUB_OFFLINE", "1: use the cache, send no request"),
    ("HF_HUB_DISABLE_PROGRESS_BARS, CI", "set: no progress bars"),
    ("NO_COLOR", "set: no colors"),
    ("HF_DEBUG", "1: a traceback with every error"),
)


class HelpRequested(Exception):  # noqa: N818 - it is not an error
    """The arguments contain `--help`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` where argparse would exit, and suggests the nearest option."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise UsageError(message, hint=f"see `{self.prog} --help`")

    def print_help(self, file: object = None) -> NoReturn:  # noqa: ARG002 - argparse's signature
        """Raise the help text, so that it is written like every other result."""
        # argparse would write to stdout itself, past the escaping and the handling of closed streams.
        raise HelpRequested(self.format_help())

    def parse_all(self, argv: Sequence[str]) -> argparse.Namespace:
        """Parse all arguments.

        Raises:
            HelpRequested: when the arguments ask for help.
            UsageError: when the command does not take one of them.
        """
        # parse_args() would report unknown arguments itself, without a suggestion.
        arguments, unknown = self.parse_known_args(argv)
        if unknown:
            self._refuse(unknown)
        return arguments

    def _refuse(self, unknown: Sequence[str]) -> NoReturn:
        known = [option for action in self._actions for option in action.option_strings]
        for argument in unknown:
            option = argument.partition("=")[0]
            if near := _nearest(option, known):
                raise UsageError(f"{self.prog} has no option {option}", hint=f"did you mean {near}?")
            # Most tools take their file as an argument; here those are plans, paths and repos.
            if argument.endswith((".yaml", ".yml")) and "--file" in known:
                raise UsageError(f"{self.prog} takes the manifest as an option", hint=f"write -f {argument}")
        self.error(f"unrecognized: {' '.join(unknown)}")


def parser_for(entry: Entry, command: Command, program: str = PROGRAM) -> Parser:
    """Return the parser of one command; its help page shows the program as it was started."""
    parser = Parser(
        prog=f"{program} {entry.name}",
        description=f"{entry.summary[0].upper()}{entry.summary[1:]}.\n\n{_paragraph(command.description)}",
        epilog=f"examples:\n{_examples(command.examples, program)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # A script with an abbreviation would break when a later version adds a similar option.
        allow_abbrev=False,
    )
    command.configure(parser)
    add_output(parser, entry.name)
    return parser


def overview(program: str = PROGRAM) -> str:
    """Return `hublish --help`: the whole tool on one page."""
    parts = [
        f"usage: {program} COMMAND [options]",
        _paragraph(
            "Turn a checked-in hub.yaml into a release on the Hugging Face Hub: planned, audited, published in one "
            "commit, verified, and loaded back byte for byte."
        ),
        *_sections(),
        _table("Help", [(f"{program} {rest}", meaning) for rest, meaning in _HELP]),
        f"Examples:\n{_examples(_EXAMPLES, program)}",
        _table("Exit codes", [(str(code), meaning) for code, meaning in EXIT_CODES]),
        _paragraph(
            "With --detailed-exitcode, plan and status exit with 0 for no change, 1 for an error, 2 for changes.", "  "
        ),
        _table("Environment", ENVIRONMENT),
    ]
    return "\n\n".join(parts) + "\n"


def group_overview(name: str, entries: tuple[Entry, ...], program: str = PROGRAM) -> str:
    """Return the help page of the commands that share a first word, such as `hub`."""
    usage = f"usage: {program} {name} COMMAND [options]"
    rows = [(f"{program} {entry.name}", entry.summary) for entry in entries]
    return "\n\n".join([usage, "\n".join(indented(columns(rows)))]) + "\n"


def _sections() -> list[str]:
    # One table for all sections, so that the summaries line up across them.
    lines = iter(columns([(entry.name, entry.summary) for section in SECTIONS for entry in section.entries]))
    return ["\n".join([f"{section.title}:", *(f"  {next(lines)}" for _ in section.entries)]) for section in SECTIONS]


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"{title}:", *indented(columns(rows))])


def _examples(listed: Iterable[Example], program: str) -> str:
    lines = ((example.purpose, example.line.removeprefix(PROGRAM)) for example in listed)
    return "\n".join(f"  # {purpose}\n  $ {program}{rest}" for purpose, rest in lines)


def _paragraph(text: str, indent: str = "") -> str:
    """Return running text, wrapped to the width of the terminal."""
    # argparse wraps its own texts two cells before the edge, too.
    # Imported on use: a command line without a mistake shows no help.
    import shutil
    import textwrap

    width = min(_WIDEST, shutil.get_terminal_size().columns - 2)
    return textwrap.fill(" ".join(text.split()), width, initial_indent=indent, subsequent_indent=indent)


def _nearest(option: str, known: Sequence[str]) -> str | None:
    if not option.startswith("--"):
        return None
    # An abbreviation is the likeliest mistake: argparse accepts those by default.
    longer = [name for name in known if name.startswith(option)]
    from difflib import get_close_matches

    similar = get_close_matches(option, known, n=1, cutoff=_SIMILAR)
    return next(iter([*longer, *similar]), None)
