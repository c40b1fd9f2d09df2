"""`hublish init`: a first hub.yaml, drafted from what there is."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from hublish.base.errors import UsageError
from hublish.cli.command import Command, Example, Outcome
from hublish.cli.options import REPO_TYPES, Target, add_remote, again, named_by, remote
from hublish.cli.report.terminal import Terminal
from hublish.schemas.documents.file_names import MANIFEST_FILE

STDOUT = "-"


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", default=".", metavar="DIR", help="the folder that holds the release (default: this one)"
    )
    parser.add_argument("--repo-id", metavar="REPO", help="where it goes (default: git's remote, else a guess)")
    parser.add_argument(
        "--repo-type", "--type", choices=REPO_TYPES, default=None, help="what it is (default: what its files say)"
    )
    parser.add_argument(
        "--from",
        dest="reference",
        metavar="REPO[@REV]",
        help="draft from a repo on the Hub instead, to publish its files from DIR once they are pulled there",
    )
    parser.add_argument(
        "--out",
        default=MANIFEST_FILE,
        metavar="FILE",
        help="the file in DIR that is written; `-` prints the draft and writes nothing (default: hub.yaml)",
    )
    parser.add_argument("--force", action="store_true", help="replace a manifest that stands there")
    add_remote(parser)


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    origin = _origin(arguments)

    import hublish
    from hublish.cli.views.init import DraftView
    from hublish.cli.views.phrases import kind_option

    kind: Any = origin.repo_type if arguments.reference else arguments.repo_type
    draft = hublish.init(
        Path(arguments.folder),
        repo_id=arguments.repo_id,
        repo_type=kind,
        from_repo=origin.repo_id,
        revision=origin.revision,
        out=None if arguments.out == STDOUT else arguments.out,
        force=arguments.force,
        **remote(arguments),
        progress=terminal.progress(),
    )
    # What is to be filled in is told by the draft itself.
    open_ = {line.partition(":")[0] for line in draft.open}
    terminal.warn(problem for problem in draft.warnings if problem.path not in open_)
    option = kind_option(arguments.repo_type or "model")
    return Outcome(DraftView(draft, arguments.folder, arguments.reference, option, again(arguments).remote))


def _origin(arguments: Namespace) -> Target:
    if arguments.reference is not None:
        return named_by(arguments.reference, arguments.repo_type)
    for option, given in (("--endpoint or --local", arguments.endpoint), ("--token", arguments.token)):
        if given is not None:
            msg = f"{option} goes with --from: a folder is looked at without asking anybody"
            raise UsageError(msg, hint="leave it out, or name a repo with --from")
    return Target(None, "model", None)


COMMAND = Command(
    description="""Looks at a folder - weights, tokenizer, configurations, data, an app, a README, a licence, git's
    remote - and writes the hub.yaml its author would write: every file that goes up named, every choice with its
    reason, and what only you know marked to be filled in. It passes `hublish check` at once. Nothing is sent, no weight
    is read, and a manifest that stands there is never overwritten without --force.""",
    examples=(
        Example("hublish init", "draft hub.yaml for this folder"),
        Example("hublish init --repo-id acme/digits-mlp --out -", "print it instead of writing it"),
        Example("hublish init model --from acme/digits-mlp@v1.2.0", "for files pulled from a repo to model/"),
        Example("hublish init --json", "what was recognised, what stays out, and the text, for programs"),
    ),
    configure=_configure,
    run=_run,
)
