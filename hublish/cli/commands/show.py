"""`hublish show`: show a saved plan again, or the release that a lock records."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report
from hublish.schemas.documents.file_names import LOCK_SUFFIX

DESCRIPTION = """Shows a plan file as `hublish plan` showed it: target, settings, surprises, and files with their rules.
It needs neither the files of the release nor a network, and compares nothing: whether the plan still applies is
decided when it is published. A lock is shown with its commit, its signer and the builder."""
EXAMPLES = (
    Example("hublish show plan.json", "review a plan that another machine made"),
    Example("hublish show plan.json --format markdown", "for a comment, or appended to $GITHUB_STEP_SUMMARY"),
    Example("hublish show plan.json --all", "every file, one a line"),
    Example("hublish show hub.lock", "which commit is locked, who signed it, and where was it built?"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "plan", type=Path, metavar="plan.json", help="a plan that `hublish plan --out` wrote, or a lock"
    )
    parser.add_argument("--all", action="store_true", help="list unchanged, left and excluded files one by one too")
    parser.add_argument("--why", action="store_true", help="show the line of hub.yaml that decides for each file")


def run(arguments: Namespace, report: Report) -> Outcome:
    del report
    if arguments.plan.suffix == LOCK_SUFFIX:
        from hublish.api.read_project import read_lock_file
        from hublish.cli.views.lock import LockView

        return Outcome(LockView(read_lock_file(arguments.plan), arguments.all))
    import hublish
    from hublish.cli.views.plan import PlanView

    document = hublish.show(arguments.plan)
    return Outcome(PlanView(document, arguments.all, str(arguments.plan), why=arguments.why))
