"""`hublish doctor`: check the environment."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import add_hub, add_repo_type, hub_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import FAILED
from hublish.cli.report import Report

DESCRIPTION = """Checks the usual causes of failure: whether a token exists and is accepted, whether the endpoint
responds, xet, free disk space, and the versions of hublish's dependencies; with --repo-id, also whether the token may
publish to that repo. Changes nothing and never prints the token."""
EXAMPLES = (
    Example("hublish doctor", "before the first publish, or after one failed"),
    Example("hublish doctor --repo-id acme/digits-mlp", "may this token publish there?"),
    Example("hublish doctor --endpoint http://127.0.0.1:8000 --json", "another Hub, as JSON for a bug report"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("--repo-id", metavar="REPO", help="a repo to publish to, which need not exist")
    add_repo_type(parser, "its type (default: model)")
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    # A failed check is part of the result, not an error: the other findings are still of use.
    import hublish
    from hublish.cli.views.doctor import FindingsView

    options = hub_options(arguments, report)
    view = FindingsView(hublish.doctor(arguments.repo_id, repo_type=arguments.repo_type, **options))
    return Outcome(view, 0 if view.healthy else FAILED)
