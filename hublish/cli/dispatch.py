"""From the words typed to an exit code."""

import sys
from collections.abc import Sequence

from hublish._version import __version__
from hublish.base.errors import UsageError
from hublish.cli.catalogue import ENTRIES, Entry
from hublish.cli.early import format_asked, token_given
from hublish.cli.failures import report
from hublish.cli.lifetime import brief
from hublish.cli.overview import group_overview, overview
from hublish.cli.parser import HelpAsked, parser_for
from hublish.cli.report.terminal import Terminal, standard_terminal

USAGE = 2
HELP = ("-h", "--help")
VERSION = ("-V", "--version")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line, the program's name left out, and return its exit code.

    Args:
        argv: the words; None takes those of this process, which then is the command's own.
    """
    if argv is None:
        with brief():
            return main(sys.argv[1:])
    words = list(argv)
    terminal = standard_terminal(format_asked(words), token_given(words))
    try:
        return run(words, terminal)
    except BaseException as failure:
        return report(failure, terminal)


def run(words: Sequence[str], terminal: Terminal) -> int:
    """Run one command line on a terminal.

    Raises:
        UsageError: when it names no command, or one that does not take the rest.
        HublishError: whatever the command refuses or fails at.
    """
    if not words:
        terminal.say(overview().rstrip())
        return USAGE
    if words[0] in VERSION:
        terminal.show_text(f"hublish {__version__}\n")
        return 0
    if words[0] in HELP:
        terminal.show_text(overview())
        return 0
    if words[0] == "help":
        return run([*words[1:], "--help"], terminal)
    return _run_command(words, terminal)


def find(words: Sequence[str]) -> tuple[Entry, Sequence[str]]:
    """Return the command that is asked for and the words that follow its name.

    Raises:
        UsageError: when there is no such command, with the nearest one.
    """
    for entry in ENTRIES:
        length = len(entry.name.split())
        if " ".join(words[:length]) == entry.name:
            return entry, words[length:]
    if words[0].startswith("-"):
        msg = f"{words[0]} stands before any command"
        raise UsageError(msg, hint="the command comes first, its options follow: hublish plan --json")
    raise _unknown(words, _group(words[0]))


def _unknown(words: Sequence[str], group: tuple[Entry, ...]) -> UsageError:
    if group and len(words) == 1:
        return UsageError(f"`hublish {words[0]}` needs a command", hint=f"such as `hublish {group[0].name}`")
    name = " ".join(words[:2]) if group else words[0]
    from difflib import get_close_matches

    near = get_close_matches(name, [entry.name for entry in group or ENTRIES], n=1)
    hint = f"did you mean `hublish {near[0]}`?" if near else "`hublish --help` lists the commands"
    return UsageError(f"unknown command: {name}", hint=hint)


def _run_command(words: Sequence[str], terminal: Terminal) -> int:
    if _group(words[0]) and list(words[1:]) in [[option] for option in HELP]:
        terminal.show_text(group_overview(words[0], _group(words[0])))
        return 0
    entry, rest = find(words)
    command = entry.load()
    try:
        arguments = parser_for(entry.name, entry.summary, command).parse_all(rest)
    except HelpAsked as asked:
        terminal.show_text(asked.text)
        return 0
    outcome = command.run(arguments, terminal)
    if outcome.view is not None:
        terminal.show(outcome.view)
    return outcome.exit_code


def _group(word: str) -> tuple[Entry, ...]:
    return tuple(entry for entry in ENTRIES if entry.name.startswith(f"{word} "))
