"""`hublish plan`: what publishing would do."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.options import add_manifest, add_remote, again, manifest, remote
from hublish.cli.terminal import Terminal

CHANGES = 2


def _configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the plan, for review and for `publish FILE`")
    parser.add_argument("--all", action="store_true", help="list kept, left and excluded files one by one too")
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit with 0 for no change, 1 for an error, 2 for changes"
    )
    add_remote(parser)


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    from hublish import api
    from hublish.cli.views.plan import PlanView
    from hublish.pipeline import durable
    from hublish.pipeline.records import canonical_json, plan_document

    plan = api.plan(manifest(arguments, terminal), **remote(arguments), progress=terminal.progress())
    terminal.warn(plan.release.warnings)
    if arguments.out:
        durable.write(arguments.out, canonical_json(plan_document(plan)).encode())
    view = PlanView(plan, arguments.all, str(arguments.out or ""), again(arguments))
    changed = arguments.detailed_exitcode and not plan.nothing_to_do
    return Outcome(view, CHANGES if changed else 0)


COMMAND = Command(
    description="""Seals the release as `files` does, reads the Hub's head, and compares: one line a file with what
    would happen to it and why, the settings that would change, and how many bytes would travel. It only reads. A plan
    written with --out is a promise: `publish` refuses it once a byte, the manifest or the Hub's head has moved.""",
    examples=(
        Example("hublish plan", "what would change?"),
        Example("hublish plan --out plan.json", "for a review; then hublish publish plan.json"),
        Example("hublish plan --detailed-exitcode --quiet", "in CI: 2 means that a release is due"),
        Example("hublish plan --local --all", "against the embedded Hub, every file listed"),
    ),
    configure=_configure,
    run=_run,
)
