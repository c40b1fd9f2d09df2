"""`hublish completion`: print the completion script of a shell."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hublish.cli.arguments import add_output
from hublish.cli.commands import ENTRIES, Example, Outcome
from hublish.cli.completion import SHELLS, script_for
from hublish.cli.report import Report

if TYPE_CHECKING:
    from hublish.cli.completion.command_tree import CommandNode

DESCRIPTION = """Prints a script that completes commands, options, choices, codes, and files by their kind: manifests,
plans, locks, folders. It holds all of them, so that pressing Tab starts no Python; print it again after an update."""
EXAMPLES = (
    Example("hublish completion bash > ~/.local/share/bash-completion/completions/hublish", "for bash"),
    Example('hublish completion zsh > "${fpath[1]}/_hublish"', "for zsh"),
    Example("hublish completion fish > ~/.config/fish/completions/hublish.fish", "for fish"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="the shell")


def run(arguments: Namespace, report: Report) -> Outcome:
    report.show_text(script_for(arguments.shell, tuple(commands())))
    return Outcome(None)


def commands() -> "Iterator[CommandNode]":
    """Yield every command as a script shows it."""
    # All commands are imported, which takes a tenth of a second: only here.
    from hublish.cli.completion.command_tree import command_node

    for entry in ENTRIES:
        parser = ArgumentParser()
        entry.load().configure(parser)
        add_output(parser, entry.name)
        yield command_node(entry.name, entry.summary, parser)
