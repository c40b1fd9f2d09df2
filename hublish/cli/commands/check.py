"""`hublish check`: validate everything that needs no network."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace

from hublish.base.errors import WarningsForbiddenError
from hublish.cli.arguments import add_manifest, manifest, repeated_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report
from hublish.cli.terminal.text import plural

DESCRIPTION = """Reads hub.yaml, finds every source and pattern, tries the serializers' options and the card, and
reports all problems at once, each with line and column. Sends nothing and writes nothing, so it fits in a pre-commit
hook. `{{ name }}` in the texts of hub.yaml is the value under `variables`, or the one given by --set; git.commit,
git.short_commit, git.tag, git.branch, git.dirty, source_date, and env.NAME for the names listed under `env` need no
declaration."""
EXAMPLES = (
    Example("hublish check", "before every commit"),
    Example(
        "hublish check --strict --format github", "in CI: fail on warnings, shown beside the lines of a pull request"
    ),
    Example("hublish check --set version=1.3.0 --resolved", "print the manifest with everything filled in"),
    Example("hublish check -f - < generated.yaml", "a manifest that another program wrote"),
)


def configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    parser.add_argument("--strict", action="store_true", help="fail on warnings too")
    parser.add_argument(
        "--resolved",
        action="store_true",
        help="print the manifest with every default and every variable filled in: as YAML that is itself a manifest, "
        "or with --json as data",
    )


def run(arguments: Namespace, report: Report) -> Outcome:
    from hublish.pipeline.render_card.renderer import prestarted

    # The child process that renders the card starts up during our own slow imports.
    with prestarted(arguments.file):
        import hublish
        from hublish.cli.views.check import CheckView

        project = hublish.read_project(manifest(arguments, report))
        warnings = hublish.check(project, progress=report.progress())
    # The error lists the warnings, so they are not written twice.
    if warnings and arguments.strict:
        raise WarningsForbiddenError(f"{plural(len(warnings), 'warning')}, and --strict allows none", problems=warnings)
    report.warn(warnings)
    name = "standard input" if arguments.file == "-" else arguments.file
    view = CheckView(name, warnings, repeated_options(arguments), repo=project.manifest.repo)
    if not arguments.resolved:
        return Outcome(view)
    from hublish.schemas.documents.manifest_yaml import dump_resolved

    document = replace(view, resolved=project.manifest.model_dump(mode="json")).document()
    report.show_file(dump_resolved(project.manifest).decode(), document)
    return Outcome(None)
