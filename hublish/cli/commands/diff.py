"""`hublish diff`: show what changed between two releases, or a release and this tree."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import add_cache, add_exitcode, add_hub, add_manifest, add_tensors, hub_options, manifest
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import CHANGES
from hublish.cli.report import Report

DESCRIPTION = """Compares two releases by content: lines of texts, keys of JSON, tensors by name, type and shape, the
columns and rows of tables, members of archives. The shards of a checkpoint are compared as one, and a renamed file is
recognized by its bytes. From the Hub, it reads small files and the headers of large ones, never weights, unless
--tensors asks for the largest difference of each tensor. Credentials in texts are masked. It only reads."""
EXAMPLES = (
    Example("hublish diff v1.0.0 v1.1.0", "what changed between two releases of this repo?"),
    Example("hublish diff v1.1.0", "what changed in this tree since?"),
    Example("hublish diff acme/digits-mlp@v1.0.0 v1.1.0 --tensors", "any repo, with the values of weights"),
    Example("hublish diff acme/small@main acme/large@main --json", "two repos, as data"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "before", metavar="A", help="the earlier release: a tag, branch or commit of the manifest's repo, or REPO@REV"
    )
    parser.add_argument(
        "after", metavar="B", nargs="?", help="the later one, of the repo of A, or REPO@REV (default: this tree)"
    )
    add_tensors(parser)
    add_manifest(parser)
    add_cache(parser)
    add_exitcode(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    import hublish
    from hublish.cli.views.diff import DiffView

    found = hublish.diff(
        arguments.before,
        arguments.after,
        manifest=manifest(arguments, report),
        tensors=arguments.tensors,
        **hub_options(arguments, report),
    )
    return Outcome(DiffView(found), CHANGES if arguments.detailed_exitcode and found.changed else 0)
