"""`hublish load`: what is in a release."""

from argparse import ArgumentParser, Namespace

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.downloads import configure, download_keywords
from hublish.cli.report.terminal import Terminal


def _configure(parser: ArgumentParser) -> None:
    configure(parser)
    parser.add_argument(
        "--describe", action="store_true", help="say in words what load does anyway: describe every tensor"
    )


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    keywords = download_keywords(arguments)

    import hublish
    from hublish.cli.views.pull import LoadView

    return Outcome(LoadView(hublish.load(**keywords, progress=terminal.progress())))


COMMAND = Command(
    description="""Pulls the release, opens its weights the way its load plan says, and describes every tensor: name,
    dtype, shape, size, and the file that holds it. The files are mapped, not read into memory, and no pickle is ever
    executed. In Python the same is `hublish.load("acme/digits-mlp")`.""",
    examples=(
        Example("hublish load acme/digits-mlp@v1.2.0 --describe", "which tensors are in there?"),
        Example("hublish load acme/digits-mlp --json", "the same for a program"),
        Example("hublish load acme/digits-mlp --local", "from the embedded Hub in this folder"),
    ),
    configure=_configure,
    run=_run,
)
