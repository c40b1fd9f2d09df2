"""`hublish deprecate`: point readers of a repo to another one, in its card."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import (
    add_hub,
    add_repo,
    check_repo,
    hub_options,
    repeated_options,
    repo_options,
    require_consent,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report

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
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--new-version", metavar="REPO", help="the repo to use instead, of the same type")
    kind.add_argument("--undo", action="store_true", help="take the deprecation back")
    parser.add_argument("--message", default="", metavar="TEXT", help="text for the banner, shown as it is written")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask for confirmation")
    add_repo(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    check_repo(arguments)
    require_consent(arguments, report, agreed=arguments.yes)

    import hublish
    from hublish.cli.views.deprecate import DeprecationView, question

    repeated = repeated_options(arguments)

    def confirm(found: hublish.Deprecation) -> bool:
        report.warn(found.warnings)
        return arguments.yes or report.confirm(DeprecationView(found, repeated, ask=True), question(found))

    found = hublish.deprecate(
        new_version=arguments.new_version,
        message=arguments.message,
        undo=arguments.undo,
        confirm=confirm,
        **repo_options(arguments, report),
        **hub_options(arguments, report),
    )
    if found.nothing_to_do:
        report.warn(found.warnings)
    return Outcome(DeprecationView(found, repeated))
