"""`hublish rollback`: make one commit whose tree is that of an earlier release."""

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import Any

from hublish.base.errors import RemoteConflictError, UsageError
from hublish.cli.arguments import (
    add_cache,
    add_hub,
    add_lock,
    add_manifest,
    hub_options,
    lock_path,
    manifest,
    repeated_options,
    require_consent,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import FAILED
from hublish.cli.report import Report

DESCRIPTION = """Makes one commit on the branch whose files are exactly those of an earlier release: changed and deleted
files come back, and files that were added since are deleted. Large files are on the Hub already, and are not sent. The
lock of that release, also a former version of it in git, decides: the files at the tag must equal it, and visibility
and gated become what it records. Without one, the plan warns, and every file is downloaded and audited. The plan is
shown and confirmed as by `publish`; the commit is verified and locked. History keeps the files that are replaced: a
leaked secret must be revoked. Running it again makes no second commit."""
EXAMPLES = (
    Example("hublish rollback v1.0.0", "show what would change, ask, roll back"),
    Example("hublish rollback v1.0.0 --out plan.json", "only write the plan; then hublish rollback v1.0.0 plan.json"),
    Example("hublish rollback v1.0.0 --tag v1.0.1 -y", "without a question, and with a new tag"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("revision", metavar="TAG", help="the tag of the release, or the whole id of a commit")
    parser.add_argument(
        "plan", nargs="?", type=Path, metavar="plan.json", help="a reviewed plan: do exactly this or nothing"
    )
    add_manifest(parser)
    add_lock(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the plan for a review, and change nothing")
    parser.add_argument("--tag", metavar="NEWTAG", help="a new tag for the commit (default: none)")
    parser.add_argument("-m", "--commit-message", metavar="TEXT", help="the commit message (default: Roll back to TAG)")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask for confirmation")
    add_cache(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    if arguments.out:
        return _planned(arguments, report)
    agreed = bool(arguments.plan or arguments.yes)
    require_consent(arguments, report, agreed=agreed, hint="pass -y, or a reviewed plan: see --out")

    import hublish
    from hublish.cli.views.confirmation import confirming
    from hublish.cli.views.publish import ReceiptView

    receipt = hublish.rollback(
        plan=arguments.plan, confirm=confirming(report, agreed=agreed), **_choices(arguments, report)
    )
    return Outcome(ReceiptView(receipt, lock_path(arguments), repeated_options(arguments)))


def _planned(arguments: Namespace, report: Report) -> Outcome:
    """Write the plan for a review."""
    if arguments.plan or arguments.yes:
        raise UsageError("--out only writes a plan", hint="leave -y and plan.json out")
    import hublish
    from hublish.cli.outside_release import write_outside
    from hublish.cli.views.plan import PlanView
    from hublish.pipeline.lock.records import plan_pieces

    plan = hublish.plan_rollback(**_choices(arguments, report))
    report.warn((*plan.release.warnings, *plan.warnings))
    write_outside(plan.release, arguments.out, partial(plan_pieces, plan))
    if plan.refusals:
        report.incomplete(RemoteConflictError("this rollback cannot be made", problems=plan.refusals))
    view = PlanView(plan, written_to=str(arguments.out), repeated=repeated_options(arguments))
    return Outcome(view, FAILED if plan.refusals else 0)


def _choices(arguments: Namespace, report: Report) -> dict[str, Any]:
    """Return the keywords of the two verbs."""
    given = {name: getattr(arguments, name) for name in ("revision", "tag", "commit_message", "lock")}
    return {**given, "manifest": manifest(arguments, report), **hub_options(arguments, report)}
