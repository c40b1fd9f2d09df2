"""`hublish check`: everything that can be known without a network."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING

from hublish.base.errors import HublishError
from hublish.cli.command import Command, Example, Outcome
from hublish.cli.options import add_manifest, again, manifest
from hublish.cli.report.terminal import Format, Terminal
from hublish.cli.terminal.text import plural
from hublish.pipeline.render_card.rendering import prestarted

if TYPE_CHECKING:
    from hublish.cli.views.check import CheckView
    from hublish.schemas.documents.manifest import Manifest


class WarningsForbiddenError(HublishError):
    """Warnings, where `--strict` allows none."""

    code = "check.warnings"


def _configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    parser.add_argument("--strict", action="store_true", help="fail on warnings too")
    parser.add_argument(
        "--resolved",
        action="store_true",
        help="print the manifest as it counts: every default shown, every variable replaced; as YAML that reads back "
        "as itself, or with --json as data",
    )


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    with prestarted(arguments.file):
        import hublish
        from hublish.cli.views.check import CheckView

        project = hublish.read_project(manifest(arguments, terminal))
        warnings = hublish.check(project, progress=terminal.progress())
    if warnings and arguments.strict:
        msg = f"{plural(len(warnings), 'warning')}, and --strict allows none"
        raise WarningsForbiddenError(msg, problems=warnings)
    terminal.warn(warnings)
    name = "standard input" if arguments.file == "-" else arguments.file
    view = CheckView(name, warnings, again(arguments))
    return _resolved(view, project.manifest, terminal) if arguments.resolved else Outcome(view)


def _resolved(view: "CheckView", manifest: "Manifest", terminal: Terminal) -> Outcome:
    if terminal.format is Format.JSON:
        return Outcome(replace(view, resolved=manifest.model_dump(mode="json")))
    from hublish.schemas.documents.writing import dump_resolved

    terminal.show_text(dump_resolved(manifest).decode())
    return Outcome(None)


COMMAND = Command(
    description="""Reads hub.yaml, looks for every source and pattern, tries the serializers' options and the card, and
    reports all problems at once, each with line and column. Nothing is sent and nothing is written, so it fits in a
    pre-commit hook. `{{ name }}` in the texts of hub.yaml is the value under `variables`, or what --set gives; besides
    those there are git.commit, git.short_commit, git.tag, git.branch, git.dirty, source_date, and env.NAME for the
    names listed under `env`.""",
    examples=(
        Example("hublish check", "before every commit"),
        Example(
            "hublish check --strict --format github", "in CI: fail on warnings, beside the lines of a pull request"
        ),
        Example("hublish check --set version=1.3.0 --resolved", "what does it come to?"),
        Example("hublish check -f - < generated.yaml", "a manifest that another program wrote"),
    ),
    configure=_configure,
    run=_run,
)
