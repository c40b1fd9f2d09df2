"""`hublish rehearse`: publish, pull and load on a throwaway Hub."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import add_manifest, repeated_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import FAILED
from hublish.cli.folder_arguments import add_folder, released, take_folder
from hublish.cli.report import Report

DESCRIPTION = """Publishes the release to an embedded Hub on loopback, pulls it into an empty cache, compares every
file bit by bit with the sealed one, and reads every array. Then deletes that Hub. Needs neither token nor network."""
EXAMPLES = (
    Example("hublish rehearse", "would the release work?"),
    Example("hublish rehearse model --repo-id acme/digits-mlp", "the files of a folder, without a hub.yaml"),
    Example("hublish rehearse -f release/hub.yaml --json", "in CI, as JSON"),
)


def configure(parser: ArgumentParser) -> None:
    add_folder(parser)
    add_manifest(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    take_folder(arguments)

    import hublish
    from hublish.cli.views.rehearse import RehearsalView

    rehearsal = hublish.rehearse(released(arguments, report), progress=report.progress())
    report.warn(rehearsal.receipt.plan.release.warnings)
    # Publishing there succeeded: a difference afterwards is the result of the command.
    return Outcome(RehearsalView(rehearsal, repeated_options(arguments)), 0 if rehearsal.same else FAILED)
