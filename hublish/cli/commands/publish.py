"""`hublish publish`: make one commit, verify it, tag it, lock it."""

from argparse import ArgumentParser, Namespace

from hublish.base.errors import UsageError
from hublish.cli.arguments import (
    add_cache,
    add_card,
    add_hub,
    add_lock,
    add_manifest,
    hub_options,
    lock_path,
    manifest,
    plan_file,
    repeated_options,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report

DESCRIPTION = """Uploads the release in one commit on top of the head that it was planned against, verifies the files
at that commit, creates the tag, and writes the lock beside the manifest. More than 1,000 files are sent in parts to a
draft pull request, verified there, and merged in one step (`repo.files_per_commit`). On a terminal it shows the plan
and asks first: for a yes, or for the name of the repo when it becomes public, or when more than 10 files are deleted,
or more than 3 that are a tenth of the remote files. Elsewhere it needs -y or a reviewed plan. If the Hub already holds
the release, there is nothing to do. After an interruption, run it again: it never makes a second commit
of the same release."""
EXAMPLES = (
    Example("hublish publish", "show the plan, ask, publish"),
    Example("hublish publish plan.json", "publish the reviewed plan; refused when anything has changed since"),
    Example("hublish publish -y --json", "in CI: no question, the receipt as JSON"),
    Example("hublish publish -y --local", "to the embedded Hub, as a trial"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "plan", nargs="?", type=plan_file, metavar="plan.json", help="a reviewed plan: publish exactly this or nothing"
    )
    add_manifest(parser)
    add_lock(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask for confirmation")
    add_card(parser)
    add_cache(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    agreed = bool(arguments.plan or arguments.yes)
    # A manifest on standard input leaves no stream for the answer.
    if not (agreed or (report.can_ask and arguments.file != "-")):
        msg = "not interactive: cannot ask for confirmation"
        repeated = repeated_options(arguments)
        plan = f"hublish plan --out plan.json{repeated.manifest}{repeated.hub}"
        raise UsageError(msg, hint=f"pass -y, or a reviewed plan: {plan}")

    import hublish
    from hublish.cli.views.confirmation import confirmation
    from hublish.cli.views.plan import PlanView
    from hublish.cli.views.publish import ReceiptView

    def confirm(plan: hublish.Plan) -> bool:
        report.warn((*plan.release.warnings, *plan.warnings))
        # A reviewed plan was confirmed by its review, and -y confirms in advance.
        if agreed or plan.nothing_to_do:
            return True
        view = PlanView(plan, ask=True)
        question, name = confirmation(view.shown)
        return report.confirm(view, question, name=name)

    receipt = hublish.publish(
        manifest(arguments, report),
        plan=arguments.plan,
        confirm=confirm,
        lock=arguments.lock,
        card=arguments.card,
        **hub_options(arguments, report),
    )
    return Outcome(ReceiptView(receipt, lock_path(arguments), repeated_options(arguments)))
