"""`hublish releases`: list the tags of a repo, and whether each is verified."""

from argparse import ArgumentParser, Namespace

from hublish.base.errors import UsageError
from hublish.cli.arguments import add_hub, add_lock, add_manifest, add_repo_type, hub_options, manifest
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import FAILED
from hublish.cli.report import Report
from hublish.schemas.documents.file_names import MANIFEST_FILE

DESCRIPTION = """Lists every tag of the repo with its commit, date and title, the newest first, and compares each with
the lock that records it: the current lock, or a former version of it in the git history here. `verified` means that
every locked file is at the tag, `different` that one is not, `moved` that the tag is at another commit, `gone` that the
Hub has no such tag any more, and `no lock` that none here records it. A tag that is different or moved ends with exit
code 1. It only reads listings."""
EXAMPLES = (
    Example("hublish releases", "which releases are there, and is each as it was locked?"),
    Example("hublish releases datasets/acme/digits", "of any repo"),
    Example("hublish releases --json", "with every path that differs, for scripts"),
    Example("hublish releases --quiet", "the tags alone, one a line"),
)


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "repo_id", nargs="?", metavar="REPO", help="a repo, as `hublish pull` takes it (default: that of the manifest)"
    )
    add_repo_type(parser, "the type of REPO (default: model, or its prefix: datasets/acme/digits)")
    add_manifest(parser)
    add_lock(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    if arguments.repo_id is not None and (arguments.file != MANIFEST_FILE or arguments.settings):
        raise UsageError("REPO is listed without a manifest", hint="leave REPO out, or leave -f and --set out")
    if arguments.repo_id is None and arguments.repo_type is not None:
        raise UsageError("--repo-type belongs to REPO", hint="the manifest names the type of its own repo")

    import hublish
    from hublish.cli.views.releases import ReleasesView

    options = {"lock": arguments.lock, **hub_options(arguments, report)}
    if arguments.repo_id is not None:
        found = hublish.releases(arguments.repo_id, repo_type=arguments.repo_type, **options)
    else:
        found = hublish.releases(manifest=manifest(arguments, report), **options)
    return Outcome(ReleasesView(found), 0 if found.ok else FAILED)
