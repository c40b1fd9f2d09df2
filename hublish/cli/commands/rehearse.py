"""`hublish rehearse`: the whole way, on a Hub that is thrown away."""

from argparse import Namespace

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.failures import FAILED
from hublish.cli.options import add_manifest, again, manifest
from hublish.cli.report.terminal import Terminal


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    import hublish
    from hublish.cli.views.rehearse import RehearsalView

    rehearsal = hublish.rehearse(manifest(arguments, terminal), progress=terminal.progress())
    terminal.warn(rehearsal.receipt.plan.release.warnings)
    return Outcome(RehearsalView(rehearsal, again(arguments)), 0 if rehearsal.same else FAILED)


COMMAND = Command(
    description="""Publishes the release to an embedded Hub on loopback, pulls it back with an empty cache, compares
    every file bit by bit with what was sealed, and opens every array. Then the Hub is thrown away. It needs neither
    token nor network.""",
    examples=(
        Example("hublish rehearse", "would the release work?"),
        Example("hublish rehearse -f release/hub.yaml --json", "in CI, as JSON"),
    ),
    configure=add_manifest,
    run=_run,
)
