"""`hublish build`: write the release into a folder."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.cli.arguments import add_cache, add_manifest, manifest, repeated_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report

DESCRIPTION = """Writes the sealed release into a folder: every file exactly as it would be uploaded, card and
manifest included. The same input gives the same bytes. A folder that is not empty is refused."""
EXAMPLES = (
    Example("hublish build", "write the release to build/"),
    Example("hublish build --out /tmp/release", "to another folder"),
    Example("hublish build --out /tmp/release --json", "with every digest, for another program"),
)


def configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    add_cache(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("build"), help="a new or empty folder (default: build)"
    )


def run(arguments: Namespace, report: Report) -> Outcome:
    import hublish
    from hublish.cli.views.build import BuildView

    release = hublish.build(
        manifest(arguments, report),
        arguments.out,
        progress=report.progress(),
        digest_cache=arguments.digest_cache,
    )
    report.warn(release.warnings)
    return Outcome(BuildView(release, arguments.out, repeated_options(arguments)))
