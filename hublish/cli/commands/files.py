"""`hublish files`: exactly what would be uploaded."""

from argparse import ArgumentParser, Namespace

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.options import add_manifest, manifest
from hublish.cli.report.terminal import Terminal
from hublish.pipeline.render_card.rendering import prestarted


def _configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    parser.add_argument(
        "--excluded", action="store_true", help="list what was considered and left out, and by which rule"
    )
    parser.add_argument("--why", action="store_true", help="show the rule that lets each file in, with its line")
    parser.add_argument("--whole-digests", action="store_true", help="show all 64 digits of every sha256")


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    with prestarted(arguments.file):
        import hublish
        from hublish.cli.views.files import FilesView

        release = hublish.files(manifest(arguments, terminal), progress=terminal.progress())
    terminal.warn(release.warnings)
    return Outcome(FilesView(release, arguments.excluded, arguments.whole_digests, arguments.why))


COMMAND = Command(
    description="""Runs the local part of publishing: collects the sources, converts what has to be converted, renders
    the card, hashes every file and audits the policy. Then lists the sealed release. Nothing is sent and nothing is
    written.""",
    examples=(
        Example("hublish files", "what goes up: path, size, sha256, made from what"),
        Example("hublish files --why --excluded", "which line of hub.yaml lets each file in, or keeps it out?"),
        Example("hublish files --quiet", "the paths alone, one a line, for scripts"),
    ),
    configure=_configure,
    run=_run,
)
