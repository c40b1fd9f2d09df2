"""`hublish explain`: show why a file is included or excluded, or explain a rule by its code."""

import os
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.base.errors import UsageError
from hublish.cli.arguments import add_hub, add_manifest, hub_options, manifest
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import CHANGES, FAILED
from hublish.cli.report import Report

if TYPE_CHECKING:
    from hublish.base.values.explanation import Explained

DESCRIPTION = """Evaluates every rule for a file, in the order of publishing, and shows each result with its line in
hub.yaml: the source that collects it, names that are never released, allow and ignore patterns, the policy, a
.gitignore. Then shows what the file becomes, and whether `hublish load` needs it. The exit code is 1 when a PATH does
not exist, and 0 for included, excluded and refused files. Converts nothing and writes nothing. The code of a finding,
such as policy.pickle, is explained instead: its cause, the danger, the fix, and whether it can be waived. A file of the
same name comes first; --rule names the rule, and ./policy.pickle the file."""
EXAMPLES = (
    Example("hublish explain runs/best/model.pt", "is it uploaded, and as what?"),
    Example("hublish explain runs model.safetensors", "every file of a folder, and a path in the repo"),
    Example("hublish explain policy.pickle", "what does this error mean?"),
    Example("hublish explain train.log --detailed-exitcode -q", "in a script: 0 included, 2 excluded or refused"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a file or folder of the working tree, a path in the repo, or the code of a rule",
    )
    parser.add_argument(
        "--rule",
        dest="codes",
        action="append",
        default=[],
        metavar="CODE",
        help="a rule, also when a file has its name; repeatable",
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
    if not arguments.paths and not arguments.codes:
        raise UsageError("no PATH is given", hint="such as `hublish explain README.md`, or a rule: policy.pickle")
    import hublish
    from hublish.base.values import explanation
    from hublish.base.values.explanation import Explained
    from hublish.cli.views.explain import ExplanationView

    codes = [path for path in arguments.paths if _names_rule(path, arguments)]
    rules = tuple(hublish.explain_rule(code) for code in [*codes, *arguments.codes])
    paths = [path for path in arguments.paths if path not in codes]
    explained = Explained(())
    # A rule needs no manifest.
    if paths:
        explained = hublish.explain(
            manifest(arguments, report),
            *paths,
            remote=arguments.remote or arguments.endpoint is not None,
            **hub_options(arguments, report),
        )
    # A path that exists nowhere is likely a typo, so it fails even without --detailed-exitcode.
    outcomes = {answer.outcome for answer in explained.explanations}
    code = CHANGES if arguments.detailed_exitcode and outcomes - {explanation.Outcome.IN} else 0
    view = ExplanationView(_with_near_codes(explained), rules)
    return Outcome(view, FAILED if explanation.Outcome.ABSENT in outcomes else code)


def _names_rule(word: str, arguments: Namespace) -> bool:
    """Return whether a word is the code of a rule, and not the name of a file."""
    from hublish.audit.rules import reads_as_code, rule_of

    beside = Path() if arguments.file == "-" else Path(arguments.file).parent
    if not reads_as_code(word) or os.path.lexists(word) or os.path.lexists(beside / word):
        return False
    # Without a manifest, no path of a release can be meant.
    return rule_of(word) is not None or not (arguments.file == "-" or Path(arguments.file).exists())


def _with_near_codes(explained: "Explained") -> "Explained":
    """Return the answers with similar codes for words that look like one, and are neither a path nor a code."""
    from hublish.audit.rules import near_codes, reads_as_code

    def near(asked: str) -> tuple[str, ...]:
        return near_codes(asked) if reads_as_code(asked) else ()

    answers = (
        replace(each, near=(*near(each.asked), *each.near)) if each.outcome == "absent" else each
        for each in explained.explanations
    )
    return replace(explained, explanations=tuple(answers))
