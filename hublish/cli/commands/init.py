"""`hublish init`: draft a first hub.yaml."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.base.errors import UsageError
from hublish.cli.arguments import add_hub, add_repo_type, hub_options, repeated_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.folder_arguments import add_repo_settings
from hublish.cli.report import Report
from hublish.schemas.documents.file_names import MANIFEST_FILE

DESCRIPTION = """Inspects a folder - weights, tokenizer, configurations, data, an app, a README, a license, git's
remote, evaluation results, logs, figures - and writes the hub.yaml its author would write: every file to upload named,
every choice with its reason, and everything that only you know marked to be filled in. The draft passes `hublish
check`. Sends nothing, reads no weights, and never overwrites an existing manifest without --force."""
EXAMPLES = (
    Example("hublish init", "draft hub.yaml for this folder"),
    Example("hublish init --repo-id acme/digits-mlp --out -", "print it instead of writing it"),
    Example("hublish init model --from acme/digits-mlp@v1.2.0", "for files pulled from a repo to model/"),
    Example("hublish init --json", "the recognized files, the excluded files and the text, for programs"),
)

_STDOUT = "-"


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", default=".", metavar="DIR", help="the folder with the files to release (default: this one)"
    )
    parser.add_argument(
        "--repo-id", metavar="REPO", help="the repo to publish to (default: git's remote, else a guess)"
    )
    add_repo_type(parser, "its type (default: inferred from the files)")
    add_repo_settings(parser)
    parser.add_argument(
        "--from",
        dest="reference",
        metavar="REPO[@REV]",
        help="draft from a repo on the Hub instead, for files that you then pull to DIR",
    )
    parser.add_argument(
        "--out",
        default=MANIFEST_FILE,
        metavar="FILE",
        help="the file to write in DIR; `-` prints the draft and writes nothing (default: hub.yaml)",
    )
    parser.add_argument("--force", action="store_true", help="overwrite an existing manifest")
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    _require_from(arguments)

    import hublish
    from hublish.cli.views.init import DraftView
    from hublish.cli.views.phrases import type_option

    # With --from, --repo-type describes the repo to read; without it, the repo to publish to.
    draft = hublish.init(
        Path(arguments.folder),
        repo_id=arguments.repo_id,
        repo_type=arguments.repo_type,
        private=arguments.private,
        tag=arguments.tag,
        from_repo=arguments.reference,
        out=None if arguments.out == _STDOUT else arguments.out,
        force=arguments.force,
        **hub_options(arguments, report),
    )
    # The draft lists its own open fields.
    open_ = {line.partition(":")[0] for line in draft.open}
    report.warn(problem for problem in draft.warnings if problem.path not in open_)
    option = type_option(arguments.repo_type or "model")
    return Outcome(DraftView(draft, arguments.folder, arguments.reference, option, repeated_options(arguments).hub))


def _require_from(arguments: Namespace) -> None:
    if arguments.reference is not None:
        return
    for option, given in (("--endpoint or --local", arguments.endpoint), ("--token", arguments.token)):
        if given is not None:
            msg = f"{option} needs --from: drafting from a folder sends no request"
            raise UsageError(msg, hint="leave it out, or name a repo with --from")
