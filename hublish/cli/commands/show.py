"""`hublish show`: show a saved plan again."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report

DESCRIPTION = """Shows a plan file as `hublish plan` showed it: target, settings, surprises, and files with their rules.
It needs neither the files of the release nor a network, and compares nothing: whether the plan still applies is
decided when it is published."""
EXAMPLES = (
    Example("hublish show plan.json", "review a plan that another machine made"),
    Example("hublish show plan.json --format markdown", "for a comment, or appended to $GITHUB_STEP_SUMMARY"),
    Example("hublish show plan.json --all", "every file, one a line"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("plan", type=Path, metavar="plan.json", help="a plan that `hublish plan --out` wrote")
    parser.add_argument("--all", action="store_true", help="list unchanged, left and excluded files one by one too")
    parser.add_argument("--why", action="store_true", help="show the line of hub.yaml that decides for each file")


def run(arguments: Namespace, report: Report) -> Outcome:
    del report
    import hublish
    from hublish.cli.views.plan import PlanView

    document = hublish.show(arguments.plan)
    return Outcome(PlanView(document, arguments.all, str(arguments.plan), why=arguments.why))
