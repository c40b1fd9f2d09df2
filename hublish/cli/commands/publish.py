"""`hublish publish`: one commit, verified, tagged, locked."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.base.errors import UsageError
from hublish.cli.command import Command, Example, Outcome
from hublish.cli.options import add_manifest, add_remote, again, beside, manifest, remote
from hublish.cli.report.terminal import Terminal
from hublish.schemas.documents.file_names import LOCK_FILE

if TYPE_CHECKING:
    from hublish.base.values import Plan


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "plan",
        nargs="?",
        type=_plan_file,
        metavar="plan.json",
        help="a reviewed plan: exactly this is published, or nothing",
    )
    add_manifest(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask; publish what the manifest says now")
    add_remote(parser)


def _plan_file(text: str) -> Path:
    if text.endswith((".yaml", ".yml")):
        msg = f"{text} is a manifest, not a plan; write -f {text}"
        raise ArgumentTypeError(msg)
    return Path(text)


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    agreed = bool(arguments.plan or arguments.yes)
    if not (agreed or (terminal.interactive and arguments.file != "-")):
        msg = "nobody can be asked whether to publish"
        options = again(arguments).manifest + again(arguments).remote
        raise UsageError(msg, hint=f"pass -y, or a plan that was reviewed: hublish plan --out plan.json{options}")

    import hublish
    from hublish.cli.views.publish import ReceiptView

    receipt = hublish.publish(
        manifest(arguments, terminal),
        plan=arguments.plan,
        confirm=None if agreed else partial(_confirm, terminal),
        **remote(arguments),
        progress=terminal.progress(),
    )
    if agreed:
        terminal.warn(receipt.plan.release.warnings)
    return Outcome(ReceiptView(receipt, beside(arguments, LOCK_FILE), again(arguments)))


def _confirm(terminal: Terminal, plan: "Plan") -> bool:
    """Show the plan and ask, unless there is nothing to agree to."""
    from hublish.cli.views.plan import PlanView

    terminal.warn(plan.release.warnings)
    if plan.nothing_to_do:
        return True
    terminal.show_aside(PlanView(plan, ask=True))
    return terminal.confirm("Publish this?")


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
