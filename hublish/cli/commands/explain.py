"""`hublish explain`: why is this file in, or out?"""

from argparse import ArgumentParser, Namespace

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.failures import FAILED
from hublish.cli.options import add_manifest, add_remote, manifest, remote
from hublish.cli.report.terminal import Terminal

NOT_IN = 2


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a file or a folder of the working tree, or a path in the repo"
    )
    add_manifest(parser)
    parser.add_argument(
        "--remote",
        action="store_true",
        help="ask the Hub too: for its .gitignore, and for files that stand there alone; without this, --local or "
        "--endpoint no network is used",
    )
    parser.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="exit with 0 when every PATH is in, 1 for an error, 2 when one is out or refused",
    )
    add_remote(parser)


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    import hublish
    from hublish.base.values import explanation
    from hublish.cli.views.explain import ExplanationView

    explained = hublish.explain(
        manifest(arguments, terminal),
        *arguments.paths,
        remote=arguments.remote or arguments.endpoint is not None,
        **remote(arguments),
        progress=terminal.progress(),
    )
    outcomes = {answer.outcome for answer in explained.explanations}
    code = NOT_IN if arguments.detailed_exitcode and outcomes != {explanation.Outcome.IN} else 0
    return Outcome(ExplanationView(explained), FAILED if explanation.Outcome.ABSENT in outcomes else code)


COMMAND = Command(
    description="""Asks every rule about a file, in the order of publishing, and shows what each says with its line in
    hub.yaml: the source that collects it, names that are never released, allow and ignore patterns, the policy, a
    .gitignore. Then what it becomes, and whether `hublish load` needs it. A path that is not there ends with exit
    code 1; in, out and refused are all answers, with exit code 0. Nothing is converted and nothing is written.""",
    examples=(
        Example("hublish explain runs/best/model.pt", "does it go up, and as what?"),
        Example("hublish explain model.safetensors README.md", "paths in the repo: what makes them?"),
        Example("hublish explain runs", "every file of a folder, one line each"),
        Example("hublish explain train.log --detailed-exitcode -q", "in a script: 0 in, 2 out or refused"),
    ),
    configure=_configure,
    run=_run,
)
