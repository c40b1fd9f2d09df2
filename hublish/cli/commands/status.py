"""`hublish status`: has anything drifted from the lock?"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.failures import FAILED
from hublish.cli.options import add_manifest, add_remote, again, manifest, remote
from hublish.cli.report.terminal import Format, Terminal

CHANGES = 2


def _configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    parser.add_argument("--lock", metavar="FILE", type=Path, help="the lock (default: hub.lock beside the manifest)")
    parser.add_argument("--offline", action="store_true", help="compare the working tree alone, and ask no Hub")
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit with 0 for no change, 1 for an error, 2 for changes"
    )
    add_remote(parser)


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    import hublish
    from hublish.cli.views.status import StatusView

    found = hublish.status(
        manifest(arguments, terminal),
        lock=arguments.lock,
        offline=arguments.offline,
        **remote(arguments),
        progress=terminal.progress(),
    )
    terminal.warn(found.release.warnings)
    if found.error is not None and terminal.format is not Format.JSON:
        terminal.tell(found.error)
    changed = arguments.detailed_exitcode and found.changed
    return Outcome(StatusView(found, again(arguments)), FAILED if found.error else CHANGES if changed else 0)


COMMAND = Command(
    description="""Seals the release as `files` does and compares it with hub.lock: what was added, changed or removed
    here, and whether the version moved on. Then lists what stands on the Hub: whether the branch or the tag moved,
    which files differ from the lock, which settings from the manifest. It only reads. When the Hub cannot be reached
    the local half is still told, and the exit code is 1; --offline does not ask.""",
    examples=(
        Example("hublish status", "is there anything to publish, and did anybody else?"),
        Example("hublish status --offline", "has the working tree drifted? No network"),
        Example("hublish status --detailed-exitcode -q", "in CI: 2 means a drift, one a line"),
    ),
    configure=_configure,
    run=_run,
)
