"""Every command: one file each, listed in `SECTIONS` in the order in which people use them.

A new command is a file with the members of `Command`, and a line in `SECTIONS`. `hublish --help` needs this list only,
and a command is imported when it runs. A command imports slow modules inside `run`, after parsing succeeded.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from hublish.cli.report import Report, View

# Every run creates the classes below, and creating a dataclass takes eight times as long as a named tuple.


class Example(NamedTuple):
    """A command line to copy."""

    # As typed, beginning with `hublish`.
    line: str
    purpose: str


class Outcome(NamedTuple):
    """The result of a command."""

    # None when the command has written its result itself.
    view: View | None
    exit_code: int = 0


class Command(NamedTuple):
    """The members of a command's module, which has the command's name. The constants are in capitals there."""

    # A paragraph for `--help`, after the summary.
    description: str
    examples: tuple[Example, ...]
    # Declares the arguments.
    configure: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Report], Outcome]


class Entry(NamedTuple):
    """A line in the list of commands."""

    # As typed: `plan`, `hub serve`.
    name: str
    summary: str

    def load(self) -> Command:
        """Import this command, and no other."""
        module = import_module(f"{__name__}.{self.name.replace(' ', '_')}")
        return Command(module.DESCRIPTION, module.EXAMPLES, module.configure, module.run)


class Section(NamedTuple):
    """A heading in the list of commands."""

    title: str
    entries: tuple[Entry, ...]


SECTIONS = (
    Section(
        "Publish, in the usual order",
        (
            Entry("init", "draft a hub.yaml from the files in a folder, or from a repo"),
            Entry("check", "validate hub.yaml, its sources and its card, offline"),
            Entry("files", "list exactly what would be uploaded, with size, sha256 and origin"),
            Entry("plan", "compare the release with the Hub and show what would change"),
            Entry("review", "write one page on which a reviewer approves or stops the release"),
            Entry("show", "show a saved plan again, in any format"),
            Entry("publish", "upload the release in one commit, then verify, tag and lock it"),
            Entry("verify", "compare the files on the Hub with the lock"),
            Entry("diff", "show what changed between two releases, or a release and this tree"),
            Entry("status", "report whether the working tree or the Hub drifted from the lock"),
            Entry("releases", "list tags with dates and commits, and whether each is verified"),
            Entry("rollback", "make one commit with exactly the files of an earlier release"),
            Entry("sign", "sign a release that is on the Hub already, in a pull request"),
            Entry("attest", "describe and sign such a release, in a pull request"),
            Entry("deprecate", "point readers of a repo to another one, in its card"),
        ),
    ),
    Section(
        "Use a release",
        (
            Entry("pull", "download a release and check every byte"),
            Entry("load", "pull a release and describe its tensors"),
        ),
    ),
    Section(
        "Inspect and try, without a token",
        (
            Entry("audit", "find pickles, secrets and unsafe names, in a release or any folder"),
            Entry("explain", "show which rule includes or excludes a file, or explain a code"),
            Entry("card", "render the README"),
            Entry("build", "write the release into a folder"),
            Entry("rehearse", "publish to a throwaway Hub, pull, load and compare bit by bit"),
            Entry("hub serve", "run the embedded Hub for people and test suites"),
            Entry("schema", "print a JSON Schema, or a complete hub.yaml"),
            Entry("completion", "print the completion script for bash, zsh or fish"),
            Entry("doctor", "check token, endpoint, xet, disk and versions"),
        ),
    ),
)

ENTRIES = tuple(entry for section in SECTIONS for entry in section.entries)
