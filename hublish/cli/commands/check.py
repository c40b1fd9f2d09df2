"""`hublish check`: everything that can be known without a network."""

from argparse import ArgumentParser, Namespace

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.options import add_manifest, again, manifest
from hublish.cli.terminal import Terminal
from hublish.pipeline.errors import HublishError


class WarningsForbiddenError(HublishError):
    """Warnings, where `--strict` allows none."""

    code = "check.warnings"


def _configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    parser.add_argument("--strict", action="store_true", help="fail on warnings too")


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    from hublish import api
    from hublish.cli.views.check import CheckView

    warnings = api.check(manifest(arguments, terminal), progress=terminal.progress())
    if warnings and arguments.strict:
        msg = f"{len(warnings)} warning(s), and --strict allows none"
        raise WarningsForbiddenError(msg, problems=warnings)
    terminal.warn(warnings)
    name = "standard input" if arguments.file == "-" else arguments.file
    return Outcome(CheckView(name, warnings, again(arguments)))


COMMAND = Command(
    description="""Reads hub.yaml, looks for every source and pattern, tries the serializers' options and the card, and
    reports all problems at once, each with line and column. Nothing is sent and nothing is written, so it fits in a
    pre-commit hook.""",
    examples=(
        Example("hublish check", "before every commit"),
        Example("hublish check --strict --json", "in CI: fail on warnings, answer in JSON"),
        Example("hublish check -f - < generated.yaml", "a manifest that another program wrote"),
    ),
    configure=_configure,
    run=_run,
)
