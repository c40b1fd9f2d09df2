"""`hublish build`: the release as a folder."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.options import add_manifest, again, manifest
from hublish.cli.report.terminal import Terminal


def _configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("build"), help="a folder that is new or empty (default: build)"
    )


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    import hublish
    from hublish.cli.views.files import BuildView

    release = hublish.build(manifest(arguments, terminal), arguments.out, progress=terminal.progress())
    terminal.warn(release.warnings)
    return Outcome(BuildView(release, arguments.out, again(arguments)))


COMMAND = Command(
    description="""Writes the sealed release into a folder, file by file as it would stand on the Hub, card and
    manifest included. The same input gives the same bytes. A folder that holds anything is refused.""",
    examples=(
        Example("hublish build", "write the release to build/"),
        Example("hublish build --out /tmp/release", "to another folder"),
        Example("hublish build --out /tmp/release --json", "with every digest, for another program"),
    ),
    configure=_configure,
    run=_run,
)
