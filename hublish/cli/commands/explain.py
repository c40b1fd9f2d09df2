"""`hublish explain`: show why a file is included or excluded, or explain a code."""

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
not exist, and 0 for included, excluded and refused files. Converts nothing and writes nothing. The code of an
error, a problem or a surprise, such as policy.pickle, is explained instead: its cause, the danger, the fix, and whether
it can be waived. A file of the same name comes first; --code names the code, and ./policy.pickle the file."""
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
        help="a file or folder of the working tree, a path in the repo, or a code",
    )
    parser.add_argument(
        "--code",
        dest="codes",
        action="append",
        default=[],
        metavar="CODE",
        help="a code, also when a file has its name; repeatable",
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
        raise UsageError("no PATH is given", hint="such as `hublish explain README.md`, or a code: policy.pickle")
    import hublish
    from hublish.base.values import explanation
    from hublish.cli.views.explain import ExplanationView
    from hublish.codes.explained import EXPLAINED

    codes = [path for path in arguments.paths if path in EXPLAINED and not _is_file(path, arguments)]
    paths = [path for path in arguments.paths if path not in codes]
    # Before any path: a code needs no manifest, and may be that of a mistake in it.
    entries = tuple(hublish.explain_code(code) for code in [*codes, *arguments.codes])
    explained = _explained(paths, arguments, report) if paths else explanation.Explained(())
    # A path that exists nowhere is likely a typo, so it fails even without --detailed-exitcode.
    outcomes = {answer.outcome for answer in explained.explanations}
    code = CHANGES if arguments.detailed_exitcode and outcomes - {explanation.Outcome.IN} else 0
    view = ExplanationView(_with_near_codes(explained), entries)
    return Outcome(view, FAILED if explanation.Outcome.ABSENT in outcomes else code)


def _explained(paths: list[str], arguments: Namespace, report: Report) -> "Explained":
    import hublish
    from hublish.base.errors import ManifestInvalidError
    from hublish.codes.explained import reads_as_code

    options = hub_options(arguments, report)
    remote = arguments.remote or arguments.endpoint is not None
    try:
        return hublish.explain(manifest(arguments, report), *paths, remote=remote, **options)
    except ManifestInvalidError:
        # A misspelled code is reported as such, also beside a manifest with mistakes.
        for word in paths:
            if reads_as_code(word) and not _is_file(word, arguments):
                hublish.explain_code(word)
        raise


def _is_file(word: str, arguments: Namespace) -> bool:
    """Return whether a word names a file here, or beside the manifest."""
    beside = Path() if arguments.file == "-" else Path(arguments.file).parent
    return os.path.lexists(word) or os.path.lexists(beside / word)


def _with_near_codes(explained: "Explained") -> "Explained":
    """Return the answers with similar codes for words that look like one, and are neither a path nor a code."""
    from hublish.codes.explained import near_codes, reads_as_code

    def near(asked: str) -> tuple[str, ...]:
        return near_codes(asked) if reads_as_code(asked) else ()

    answers = (
        replace(each, near=(*near(each.asked), *each.near)) if each.outcome == "absent" else each
        for each in explained.explanations
    )
    return replace(explained, explanations=tuple(answers))
