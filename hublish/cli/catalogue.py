"""Every command, in the order people use them: what `hublish --help` shows before any command is imported."""

from importlib import import_module
from typing import NamedTuple, cast

from hublish.cli.command import Command


class Entry(NamedTuple):
    """A command that can be asked for."""

    name: str
    """As typed: `plan`, `hub serve`."""
    summary: str
    """One line for the list of commands."""

    def load(self) -> Command:
        """Import the command's module, and no other command's."""
        module = import_module("hublish.cli.commands." + self.name.replace(" ", "_"))
        return cast("Command", module.COMMAND)


class Section(NamedTuple):
    """A heading in the list of commands."""

    title: str
    entries: tuple[Entry, ...]


SECTIONS = (
    Section(
        "Publish, in the usual order",
        (
            Entry("init", "draft a hub.yaml from what lies in a folder, or in a repo"),
            Entry("check", "validate hub.yaml, its sources and its card, offline"),
            Entry("files", "list exactly what would be uploaded, with size, sha256 and origin"),
            Entry("plan", "compare the release with the Hub and show what would change"),
            Entry("publish", "send what was planned in one commit; verify, tag and lock it"),
            Entry("verify", "compare what stands on the Hub with hub.lock"),
            Entry("status", "tell whether the working tree or the Hub drifted from hub.lock"),
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
        "Look and try, without a token",
        (
            Entry("explain", "tell which rule lets a file in or keeps it out, and what it becomes"),
            Entry("card", "render the README"),
            Entry("build", "write the release into a folder"),
            Entry("rehearse", "publish to a throwaway Hub, pull, load and compare bit by bit"),
            Entry("hub serve", "run the embedded Hub for people and test suites"),
            Entry("schema", "print a JSON Schema: manifest, lock, plan or receipt"),
            Entry("doctor", "look at token, endpoint, xet, disk and versions"),
        ),
    ),
)

ENTRIES = tuple(entry for section in SECTIONS for entry in section.entries)
