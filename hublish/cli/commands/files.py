"""`hublish files`: list the files to upload."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import add_cache, add_manifest
from hublish.cli.commands import Example, Outcome
from hublish.cli.folder_arguments import add_folder, released, take_folder
from hublish.cli.report import Report

DESCRIPTION = """Runs the local part of publishing: collects the sources, converts them, renders the card, hashes
every file and audits the policy. Then lists the sealed release. Sends nothing and writes nothing."""
EXAMPLES = (
    Example("hublish files", "the files to upload: path, size, sha256, origin"),
    Example("hublish files --why --excluded", "which line of hub.yaml includes or excludes each file?"),
    Example("hublish files --quiet", "the paths alone, one a line, for scripts"),
)


def configure(parser: ArgumentParser) -> None:
    add_folder(parser)
    add_manifest(parser)
    parser.add_argument("--excluded", action="store_true", help="list excluded files too, each with its rule")
    parser.add_argument("--why", action="store_true", help="show the rule that includes each file, with its line")
    add_cache(parser)
    parser.add_argument("--whole-digests", action="store_true", help="show all 64 digits of every sha256")


def run(arguments: Namespace, report: Report) -> Outcome:
    take_folder(arguments)
    from hublish.pipeline.render_card.renderer import prestarted

    # The child process that renders the card starts up during our own slow imports.
    with prestarted(arguments.file):
        import hublish
        from hublish.cli.views.files import FilesView

        release = hublish.files(
            released(arguments, report), progress=report.progress(), digest_cache=arguments.digest_cache
        )
    report.warn(release.warnings)
    return Outcome(FilesView(release, arguments.excluded, arguments.whole_digests, arguments.why))
