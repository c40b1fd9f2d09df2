"""`hublish releases`: list the tags of a repo, and whether each is verified."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import add_hub, add_repo, check_repo, hub_options, repo_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import FAILED
from hublish.cli.report import Report

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
    add_repo(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    check_repo(arguments)

    import hublish
    from hublish.cli.views.releases import ReleasesView

    found = hublish.releases(**repo_options(arguments, report), **hub_options(arguments, report))
    return Outcome(ReleasesView(found), 0 if found.ok else FAILED)
