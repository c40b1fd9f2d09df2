"""`hublish plan`: show the changes that publishing would make."""

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path

from hublish.base.errors import RemoteConflictError
from hublish.cli.arguments import (
    add_cache,
    add_card,
    add_exitcode,
    add_hub,
    add_lock,
    add_manifest,
    add_tensors,
    hub_options,
    repeated_options,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import CHANGES
from hublish.cli.folder_arguments import add_folder, released, take_folder
from hublish.cli.report import Report, View
from hublish.schemas.documents.card_decision import MERGE

DESCRIPTION = """Seals the release as `files` does, reads the Hub's head, and compares them: one line a file with its
change and the reason, the settings that would change, and the number of bytes to send. It only reads. `publish`
refuses a plan written with --out when a byte, the manifest, the value of a variable or the Hub's head has changed
since."""
EXAMPLES = (
    Example("hublish plan --diff", "what would change, also inside of the files?"),
    Example("hublish plan --out plan.json", "for a review; then hublish publish plan.json"),
    Example("hublish plan --detailed-exitcode --quiet", "in CI: 2 means that a release is due"),
    Example("hublish plan --local --all --why", "with the embedded Hub, every file with the line that decides"),
)


def configure(parser: ArgumentParser) -> None:
    add_folder(parser)
    add_manifest(parser)
    add_lock(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the plan, for review and for `publish FILE`")
    parser.add_argument("--all", action="store_true", help="list unchanged, left and excluded files one by one too")
    parser.add_argument(
        "--diff",
        action="store_true",
        help="show the changes inside of files too, against the Hub; the file of --out is the same with and without it",
    )
    add_tensors(parser)
    parser.add_argument("--why", action="store_true", help="show the line of hub.yaml that decides for each file")
    add_card(parser)
    add_cache(parser)
    add_exitcode(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    take_folder(arguments)
    from hublish.pipeline.render_card.renderer import prestarted

    # The child process that renders the card starts up during our own slow imports.
    with prestarted(arguments.file):
        import hublish
        from hublish.cli.views.plan import PlanView

        options = hub_options(arguments, report)
        decision = arguments.card or MERGE
        project, diffs = released(arguments, report), None
        if arguments.diff or arguments.tensors:
            plan, diffs = hublish.plan_with_diffs(
                project, lock=arguments.lock, card=decision, tensors=arguments.tensors, **options
            )
        else:
            plan = hublish.plan(project, lock=arguments.lock, card=decision, **options)
    report.warn((*plan.release.warnings, *plan.warnings))
    # Before the plan is shown: a plan file that cannot be written is an error.
    if arguments.out:
        from hublish.cli.outside_release import write_outside
        from hublish.pipeline.lock.records import plan_pieces

        write_outside(plan.release, arguments.out, partial(plan_pieces, plan))
    if plan.refusals:
        report.incomplete(RemoteConflictError("this release cannot be published", problems=plan.refusals))
    shown = PlanView(
        plan, arguments.all, str(arguments.out or ""), repeated_options(arguments), arguments.why, diffs=diffs or ()
    )
    view: View = shown
    changed = arguments.detailed_exitcode and not plan.nothing_to_do
    if diffs is not None:
        from hublish.cli.views.diff import PlanDiffView

        view = PlanDiffView(shown, diffs)
    return Outcome(view, 1 if plan.refusals else CHANGES if changed else 0)
