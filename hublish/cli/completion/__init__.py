"""Completion scripts for shells: one file each, listed in `SHELLS`, all made of the same tree of commands.

A script is complete in itself: pressing Tab starts no Python.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from hublish.cli.completion.command_tree import CommandNode

SHELLS = ("bash", "zsh", "fish")


class Shell(Protocol):
    """The module of a shell."""

    def render(self, commands: "Sequence[CommandNode]") -> str:
        """Return the script that completes these commands."""


def script_for(shell: str, commands: "Sequence[CommandNode]") -> str:
    """Return the completion script for one of `SHELLS`."""
    return cast("Shell", import_module(f"{__name__}.{shell}")).render(commands)
