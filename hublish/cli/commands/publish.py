"""`hublish publish`: one commit, verified, tagged, locked."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.options import add_manifest, add_remote, again, beside, manifest, remote
from hublish.cli.terminal import Terminal
from hublish.pipeline.errors import HublishError, UsageError

if TYPE_CHECKING:
    from hublish.pipeline.values import Plan, Project


class DeclinedError(HublishError):
    """The person who was asked said no."""

    code = "publish.declined"


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "plan", nargs="?", type=Path, metavar="plan.json", help="a reviewed plan: exactly this is published, or nothing"
    )
    add_manifest(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask; publish what the manifest says now")
    add_remote(parser)


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    from hublish import api
    from hublish.cli.views.receipt import ReceiptView

    _refuse_to_guess(arguments, terminal)
    source = manifest(arguments, terminal)
    plan = arguments.plan or (None if arguments.yes else _confirmed(source, arguments, terminal))
    receipt = api.publish(source, plan=plan, **remote(arguments), progress=terminal.progress())
    if not isinstance(plan, Path | None):
        terminal.warn(receipt.plan.release.warnings)
    return Outcome(ReceiptView(receipt, beside(arguments, "hub.lock"), again(arguments)))


def _refuse_to_guess(arguments: Namespace, terminal: Terminal) -> None:
    if arguments.plan or arguments.yes or (terminal.interactive and arguments.file != "-"):
        return
    msg = "nobody can be asked whether to publish"
    raise UsageError(msg, hint="pass -y, or a plan that was reviewed: hublish plan --out plan.json")


def _confirmed(source: "Path | Project", arguments: Namespace, terminal: Terminal) -> "Plan":
    """Show the plan and return it when it is agreed to.

    Raises:
        DeclinedError: when it is not.
    """
    from hublish import api
    from hublish.cli.views.plan import PlanView

    plan = api.plan(source, **remote(arguments), progress=terminal.progress())
    terminal.warn(plan.release.warnings)
    if plan.nothing_to_do:
        return plan
    terminal.show_aside(PlanView(plan, ask=True))
    if not terminal.confirm("Publish this?"):
        msg = "not published: the plan was not agreed to"
        raise DeclinedError(msg)
    return plan


COMMAND = Command(
    description="""Sends the release in one commit on top of the head it was planned against, reads back what stands
    there, creates the tag, and writes hub.lock beside the manifest. On a terminal it shows the plan and asks first;
    elsewhere it wants -y or a reviewed plan. When the release is on the Hub already there is nothing to do. Interrupted
    or unsure? Run it again: it never makes a second commit of the same release.""",
    examples=(
        Example("hublish publish", "show the plan, ask, publish"),
        Example("hublish publish plan.json", "publish what was reviewed; refused when anything moved since"),
        Example("hublish publish -y --json", "in CI: no question, the receipt as JSON"),
        Example("hublish publish -y --local", "to the embedded Hub, to try it"),
    ),
    configure=_configure,
    run=_run,
)
