"""`hublish verify`: compare the Hub with the lock."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.cli.arguments import add_hub, add_lock, add_manifest_file, hub_options, repeated_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import FAILED
from hublish.cli.report import Report
from hublish.schemas.documents.file_names import MANIFEST_FILE

DESCRIPTION = """Lists the files at the locked revision and compares their digests with the lock: missing, extra and
different files. The facts that the card states are derived again from the files on the Hub, and each one that no longer
holds is named: small files and headers are read, and no weights. Any difference ends with exit code 1, and so does a
lock of another repo, type or Hub than the manifest's."""
EXAMPLES = (
    Example("hublish verify", "does the Hub still hold the release in hub.lock, and is its card right?"),
    Example("hublish verify --lock releases/v1.lock", "another lock"),
    Example("hublish verify --quiet", "the paths that differ, one a line"),
)


def configure(parser: ArgumentParser) -> None:
    add_manifest_file(parser)
    add_lock(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    import hublish
    from hublish.cli.views.verify import VerificationView

    # Of the manifest, `verify` needs the folder and the endpoint. Standard input is not read for them.
    path = Path(MANIFEST_FILE if arguments.file == "-" else arguments.file)
    found = hublish.verify(path, lock=arguments.lock, **hub_options(arguments, report))
    return Outcome(VerificationView(found, repeated_options(arguments)), 0 if found.ok else FAILED)
