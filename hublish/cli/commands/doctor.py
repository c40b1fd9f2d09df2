"""`hublish doctor`: check the environment."""

from argparse import Namespace

from hublish.cli.arguments import add_hub, hub_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import FAILED
from hublish.cli.report import Report

DESCRIPTION = """Checks the usual causes of failure: whether a token exists and is accepted, whether the endpoint
responds, xet, free disk space, and the versions of hublish's dependencies. Changes nothing and never prints the
token."""
EXAMPLES = (
    Example("hublish doctor", "before the first publish, or after one failed"),
    Example("hublish doctor --endpoint http://127.0.0.1:8000 --json", "another Hub, as JSON for a bug report"),
)
configure = add_hub


def run(arguments: Namespace, report: Report) -> Outcome:
    # A failed check is part of the result, not an error: the other findings are still of use.
    import hublish
    from hublish.cli.views.doctor import FindingsView

    view = FindingsView(hublish.doctor(**hub_options(arguments, report)))
    return Outcome(view, 0 if view.healthy else FAILED)
