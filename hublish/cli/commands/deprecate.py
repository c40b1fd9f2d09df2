"""`hublish deprecate`: point readers of a repo to another one, in its card."""

from argparse import ArgumentParser, Namespace

from hublish.base.errors import UsageError
from hublish.cli.arguments import (
    add_hub,
    add_lock,
    add_manifest,
    add_repo_type,
    hub_options,
    manifest,
    repeated_options,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report
from hublish.schemas.documents.file_names import MANIFEST_FILE

DESCRIPTION = """Names the repo to use instead: as `new_version` in the metadata of the card, which the Hub shows for
models, and in a banner above its text. Everything else in README.md keeps its bytes. It shows the diff and asks, makes
one commit on top of the head that it read, and verifies it. Tags and other files stay as they are, and the lock beside
the manifest follows the commit if it records the one below. The next release keeps the banner. --undo removes both."""
EXAMPLES = (
    Example("hublish deprecate --new-version acme/digits-mlp-2", "the repo of hub.yaml"),
    Example(
        'hublish deprecate acme/digits --new-version acme/digits-2 --message "It reads letters as well."',
        "any repo, with a reason",
    ),
    Example("hublish deprecate --undo", "remove the banner and `new_version`"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "repo_id", nargs="?", metavar="REPO", help="a repo, as `hublish pull` takes it (default: that of the manifest)"
    )
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--new-version", metavar="REPO", help="the repo to use instead, of the same type")
    kind.add_argument("--undo", action="store_true", help="take the deprecation back")
    parser.add_argument("--message", default="", metavar="TEXT", help="text for the banner, shown as it is written")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask for confirmation")
    add_repo_type(parser, "the type of REPO (default: model, or its prefix: datasets/acme/digits)")
    add_manifest(parser)
    add_lock(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    if arguments.repo_id is not None and (arguments.file != MANIFEST_FILE or arguments.settings):
        raise UsageError("REPO needs no manifest", hint="leave REPO out, or leave -f and --set out")
    if arguments.repo_id is None and arguments.repo_type is not None:
        raise UsageError("--repo-type belongs to REPO", hint="the manifest names the type of its own repo")
    # A manifest on standard input leaves no stream for the answer.
    if not (arguments.yes or (report.can_ask and arguments.file != "-")):
        raise UsageError("not interactive: cannot ask for confirmation", hint="pass -y")

    import hublish
    from hublish.cli.views.deprecate import DeprecationView, question

    repeated = repeated_options(arguments)

    def confirm(found: hublish.Deprecation) -> bool:
        report.warn(found.warnings)
        return arguments.yes or report.confirm(DeprecationView(found, repeated, ask=True), question(found))

    of = {"manifest": manifest(arguments, report)} if arguments.repo_id is None else {"repo_type": arguments.repo_type}
    found = hublish.deprecate(
        arguments.repo_id,
        new_version=arguments.new_version,
        message=arguments.message,
        undo=arguments.undo,
        lock=arguments.lock,
        confirm=confirm,
        **of,
        **hub_options(arguments, report),
    )
    if found.nothing_to_do:
        report.warn(found.warnings)
    return Outcome(DeprecationView(found, repeated))
