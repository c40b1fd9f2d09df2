"""`hublish doctor`: what stands in the way."""

from argparse import Namespace

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.failures import FAILED
from hublish.cli.options import add_remote, remote
from hublish.cli.report.terminal import Terminal


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:  # noqa: ARG001 - every command's shape
    import hublish
    from hublish.cli.views.doctor import FindingsView

    view = FindingsView(hublish.doctor(**remote(arguments)))
    return Outcome(view, 0 if view.healthy else FAILED)


COMMAND = Command(
    description="""Looks at the things that most often stand in the way: whether a token is there and accepted, whether
    the endpoint answers, xet, room on the disk, and the versions of what hublish stands on. It changes nothing and
    never prints the token.""",
    examples=(
        Example("hublish doctor", "before the first publish, or when one fails"),
        Example("hublish doctor --endpoint http://127.0.0.1:8000 --json", "another Hub, as JSON for a bug report"),
    ),
    configure=add_remote,
    run=_run,
)
