"""`hublish pull`: download a release, every byte checked."""

import shlex
from argparse import Namespace

from hublish.cli.arguments import add_reference, pull_options, repeated_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report

DESCRIPTION = """Resolves the revision to a commit, downloads the files in the release's load plan, and compares every
byte with its digest - the Hub's, or the one in a lock - before anything can use it. A file that is or contains a
pickle is refused and removed, unless --allow-pickle permits it. Files are stored in huggingface_hub's cache, so a
second pull downloads nothing, or in --local-dir."""
EXAMPLES = (
    Example("hublish pull acme/digits-mlp@v1.2.0", "a tagged release, into the cache"),
    Example("hublish pull acme/digits-mlp --lock hub.lock --local-dir model", "the locked bytes or nothing, to model/"),
    Example("hublish pull datasets/acme/digits --include '*.parquet'", "some files of a dataset"),
    Example("hublish pull acme/digits-mlp@v1.2.0 --offline --quiet", "print the folder in the cache, offline"),
)
configure = add_reference


def run(arguments: Namespace, report: Report) -> Outcome:
    # A wrong reference is reported before the slow import.
    options = pull_options(arguments, report)

    import hublish
    from hublish.api.pull import can_load
    from hublish.cli.views.pull import PullView

    local = hublish.pull(**options)
    report.warn(local.warnings)
    return Outcome(PullView(local, _load_command(arguments) if can_load(local) else ""))


def _load_command(arguments: Namespace) -> str:
    """Return the command line that loads the pulled release."""
    # Patterns are left out: `load` selects the files that it needs.
    argv = ["hublish", "load"]
    argv += [arguments.reference] if arguments.reference else []
    argv += ["--repo-type", arguments.repo_type] if arguments.repo_type else []
    argv += ["--lock", str(arguments.lock)] if arguments.lock else []
    argv += ["--allow-pickle"] if arguments.allow_pickle else []
    return shlex.join(argv) + repeated_options(arguments).hub
