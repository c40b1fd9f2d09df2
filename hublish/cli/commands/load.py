"""`hublish load`: describe the tensors of a release."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import add_reference, pull_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report

DESCRIPTION = """Pulls the release, opens its weights according to its load plan, and describes every tensor: name,
dtype, shape, size, and the file that contains it. Files are memory-mapped, not read, and pickles are never executed.
In Python the same is `hublish.load("acme/digits-mlp")`."""
EXAMPLES = (
    Example("hublish load acme/digits-mlp@v1.2.0 --describe", "which tensors are in there?"),
    Example("hublish load acme/digits-mlp --json", "the same for a program"),
    Example("hublish load acme/digits-mlp --local", "from the embedded Hub in this folder"),
)


def configure(parser: ArgumentParser) -> None:
    add_reference(parser)
    parser.add_argument("--describe", action="store_true", help="describe every tensor, which load does by default")


def run(arguments: Namespace, report: Report) -> Outcome:
    # A wrong reference is reported before the slow import.
    options = pull_options(arguments, report)

    import hublish
    from hublish.cli.views.load import LoadView

    loaded = hublish.load(**options)
    report.warn(loaded.release.warnings)
    return Outcome(LoadView(loaded))
