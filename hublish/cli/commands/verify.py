"""`hublish verify`: is what stands on the Hub what was published?"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.failures import FAILED
from hublish.cli.options import add_manifest_file, add_remote, again, remote
from hublish.cli.report.terminal import Terminal
from hublish.schemas.documents.file_names import MANIFEST_FILE


def _configure(parser: ArgumentParser) -> None:
    add_manifest_file(parser)
    parser.add_argument("--lock", metavar="FILE", type=Path, help="the lock (default: hub.lock beside the manifest)")
    add_remote(parser)


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    import hublish
    from hublish.cli.views.verify import VerificationView

    path = Path(MANIFEST_FILE if arguments.file == "-" else arguments.file)
    found = hublish.verify(path, lock=arguments.lock, **remote(arguments), progress=terminal.progress())
    return Outcome(VerificationView(found, again(arguments)), 0 if found.ok else FAILED)


COMMAND = Command(
    description="""Lists the files at the locked revision and compares their digests with hub.lock: what is missing,
    what is extra, what is different. It downloads no file. Any difference ends with exit code 1.""",
    examples=(
        Example("hublish verify", "does the Hub still hold what hub.lock says?"),
        Example("hublish verify --lock releases/v1.lock", "another lock"),
        Example("hublish verify --quiet", "the paths that differ, one a line"),
    ),
    configure=_configure,
    run=_run,
)
