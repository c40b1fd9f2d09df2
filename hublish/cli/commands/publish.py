"""`hublish publish`: make one commit, verify it, tag it, lock it."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from hublish.base.errors import UsageError
from hublish.cli.arguments import (
    add_cache,
    add_card,
    add_hub,
    add_lock,
    add_manifest,
    hub_options,
    lock_path,
    repeated_options,
    require_consent,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.folder_arguments import add_folder, released, take_folder
from hublish.cli.report import Report

if TYPE_CHECKING:
    from hublish.cli.views.publish import ReceiptView

DESCRIPTION = """Uploads the release in one commit on top of the head that it was planned against, verifies the files
at that commit, creates the tag, and writes the lock beside the manifest. More than 1,000 files are sent in parts to a
draft pull request, verified there, and merged in one step (`repo.files_per_commit`). On a terminal it shows the plan
and asks first: for a yes, or for the name of the repo when it becomes public, or when more than 10 files are deleted,
or more than 3 that are a tenth of the remote files. Elsewhere it needs -y or a reviewed plan. If the Hub already holds
the release, there is nothing to do. After an interruption, run it again: it never makes a second commit
of the same release. A folder needs no hub.yaml: with --repo-id, the manifest is drafted as by `hublish init` and, on
request, kept as hub.yaml once the release is verified; the lock is written beside it in any case."""
EXAMPLES = (
    Example("hublish publish model --repo-id acme/digits-mlp", "the files of a folder, without a hub.yaml"),
    Example("hublish publish", "show the plan, ask, publish"),
    Example("hublish publish plan.json", "publish the reviewed plan; refused when anything has changed since"),
    Example("hublish publish -y --json", "in CI: no question, the receipt as JSON"),
)


def configure(parser: ArgumentParser) -> None:
    add_folder(parser, plan="a reviewed plan: publish exactly this or nothing")
    parser.add_argument("--keep", action="store_true", help="write the drafted manifest to hub.yaml in FOLDER")
    add_manifest(parser)
    add_lock(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask for confirmation")
    add_card(parser)
    add_cache(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    take_folder(arguments, plans=True)
    if arguments.keep and arguments.folder is None:
        raise UsageError("--keep without a folder", hint="a manifest that is not drafted is a file already")
    agreed = bool(arguments.plan or arguments.yes)
    # A folder may lack --repo-id, which is reported first; standard input is not read for a refusal.
    project = released(arguments, report) if arguments.folder else None
    repeated = repeated_options(arguments)
    plan = f"hublish plan --out plan.json{repeated.manifest}{repeated.hub}"
    require_consent(arguments, report, agreed=agreed, hint=f"pass -y, or a reviewed plan: {plan}")

    import hublish
    from hublish.cli.views.confirmation import confirming
    from hublish.cli.views.publish import ReceiptView

    receipt = hublish.publish(
        project or released(arguments, report),
        plan=arguments.plan,
        confirm=confirming(report, agreed=agreed),
        lock=arguments.lock,
        card=arguments.card,
        **hub_options(arguments, report),
    )
    view = ReceiptView(receipt, lock_path(arguments), repeated)
    return _kept(view, arguments, report) if receipt.plan.release.project.drafted else Outcome(view)


def _kept(view: "ReceiptView", arguments: Namespace, report: Report) -> Outcome:
    """Keep the drafted manifest of a release, if the option or the answer to a question says so."""
    from dataclasses import replace

    from hublish.api.read_folder import keep_draft

    project = view.receipt.plan.release.project
    if arguments.keep:
        keep_draft(project)
        return Outcome(replace(view, manifest=arguments.file))
    if arguments.yes or not report.can_ask:
        return Outcome(view)
    # The result first: whatever becomes of the question, the release is published.
    report.show(replace(view, asks=True))
    if report.ask(f"Keep the drafted manifest as {arguments.file}, for the next release?"):
        keep_draft(project)
        report.note(f"Wrote {arguments.file}. The next release: hublish publish {arguments.folder}")
    return Outcome(None)
