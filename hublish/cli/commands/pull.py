"""`hublish pull`: a release on this machine, every byte checked."""

import shlex
from argparse import Namespace

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.downloads import configure, download_keywords
from hublish.cli.options import again
from hublish.cli.report.terminal import Terminal


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    keywords = download_keywords(arguments)

    import hublish
    from hublish.cli.views.pull import PullView

    local = hublish.pull(**keywords, progress=terminal.progress())
    return Outcome(PullView(local, _load_line(arguments)))


def _load_line(arguments: Namespace) -> str:
    """Return the command line that loads what was pulled."""
    words = ["hublish", "load"]
    words += [arguments.reference] if arguments.reference else []
    words += ["--repo-type", arguments.repo_type] if arguments.repo_type else []
    words += ["--lock", str(arguments.lock)] if arguments.lock else []
    return shlex.join(words) + again(arguments).remote


COMMAND = Command(
    description="""Finds the commit that the revision names, downloads the files that the release's own load plan asks
    for, and compares every byte with its digest before anything may use it: with the Hub's, or with those a hub.lock
    promised. Files land in huggingface_hub's cache, so a second pull fetches nothing, or in --local-dir.""",
    examples=(
        Example("hublish pull acme/digits-mlp@v1.2.0", "a tagged release, into the cache"),
        Example(
            "hublish pull acme/digits-mlp --lock hub.lock --local-dir model", "the locked bytes or nothing, to model/"
        ),
        Example("hublish pull datasets/acme/digits --include '*.parquet'", "some files of a dataset"),
        Example(
            "hublish pull acme/digits-mlp@v1.2.0 --offline --quiet", "print the folder in the cache, ask no server"
        ),
    ),
    configure=configure,
    run=_run,
)
