"""`hublish explain`: show why a file is included or excluded."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import add_hub, add_manifest, hub_options, manifest
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import CHANGES, FAILED
from hublish.cli.report import Report

DESCRIPTION = """Evaluates every rule for a file, in the order of publishing, and shows each result with its line in
hub.yaml: the source that collects it, names that are never released, allow and ignore patterns, the policy, a
.gitignore. Then shows what the file becomes, and whether `hublish load` needs it. The exit code is 1 when a PATH does
not exist, and 0 for included, excluded and refused files. Converts nothing and writes nothing."""
EXAMPLES = (
    Example("hublish explain runs/best/model.pt", "is it uploaded, and as what?"),
    Example("hublish explain model.safetensors README.md", "paths in the repo: where do they come from?"),
    Example("hublish explain runs", "every file of a folder, one line each"),
    Example("hublish explain train.log --detailed-exitcode -q", "in a script: 0 included, 2 excluded or refused"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a file or folder of the working tree, or a path in the repo"
    )
    add_manifest(parser)
    parser.add_argument(
        "--remote",
        action="store_true",
        help="read the Hub too: its .gitignore, and files that exist only there; without this, --local or --endpoint, "
        "no network is used",
    )
    parser.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="exit with 0 when every PATH is included, 1 for an error, 2 when one is excluded or refused",
    )
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    import hublish
    from hublish.base.values import explanation
    from hublish.cli.views.explain import ExplanationView

    explained = hublish.explain(
        manifest(arguments, report),
        *arguments.paths,
        remote=arguments.remote or arguments.endpoint is not None,
        **hub_options(arguments, report),
    )
    # A path that exists nowhere is likely a typo, so it fails even without --detailed-exitcode.
    outcomes = {answer.outcome for answer in explained.explanations}
    code = CHANGES if arguments.detailed_exitcode and outcomes != {explanation.Outcome.IN} else 0
    return Outcome(ExplanationView(explained), FAILED if explanation.Outcome.ABSENT in outcomes else code)
