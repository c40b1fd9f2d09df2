"""`hublish status`: report drift from the lock."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import (
    add_cache,
    add_exitcode,
    add_hub,
    add_lock,
    add_manifest,
    hub_options,
    manifest,
    repeated_options,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import CHANGES, FAILED
from hublish.cli.report import Report

DESCRIPTION = """Seals the release as `files` does and compares it with the lock: which files were added, changed or
removed, and whether the version was raised. Then compares the Hub: whether the branch or the tag moved, which files
differ from the lock, which settings differ from the manifest. It only reads. If the Hub cannot be reached, the local
half is still reported, and the exit code is 1; --offline skips the Hub."""
EXAMPLES = (
    Example("hublish status", "is there anything to publish, and has anyone else published?"),
    Example("hublish status --offline", "has the working tree drifted? No network"),
    Example("hublish status --detailed-exitcode -q", "in CI: 2 means drift, one a line"),
)


def configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    add_lock(parser)
    parser.add_argument("--offline", action="store_true", help="compare the working tree only, send no request")
    add_cache(parser)
    add_exitcode(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    from hublish.pipeline.render_card.renderer import prestarted

    # The child process that renders the card starts up during our own slow imports.
    with prestarted(arguments.file):
        import hublish
        from hublish.cli.views.status import StatusView

        found = hublish.status(
            manifest(arguments, report),
            lock=arguments.lock,
            offline=arguments.offline,
            **hub_options(arguments, report),
        )
    report.warn(found.release.warnings)
    # The local half is worth showing when the Hub fails; the exit code still reports the failure.
    if found.error is not None:
        report.incomplete(found.error)
    # A failure outweighs a change: half of the comparison is missing.
    changed = arguments.detailed_exitcode and found.changed
    return Outcome(StatusView(found, repeated_options(arguments)), FAILED if found.error else CHANGES if changed else 0)
