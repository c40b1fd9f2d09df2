"""What `pull` and `load` have in common: the same options, handed to the API under its own names."""

from argparse import ArgumentParser, Namespace
from typing import Any

from hublish.cli.options import add_reference, add_remote, remote, target


def configure(parser: ArgumentParser) -> None:
    """Declare the reference, the options of a download and those of the Hub."""
    add_reference(parser)
    add_remote(parser)


def download_keywords(arguments: Namespace) -> dict[str, Any]:
    """Return the keywords of `api.pull` and `api.load`.

    Raises:
        UsageError: when the reference is none.
    """
    wanted = target(arguments)
    return {
        "repo_id": wanted.repo_id,
        "repo_type": wanted.repo_type,
        "revision": wanted.revision,
        "lock": arguments.lock,
        "cache_dir": arguments.cache_dir,
        "local_dir": arguments.local_dir,
        "allow_patterns": arguments.include,
        "ignore_patterns": arguments.exclude,
        "force_download": arguments.force_download,
        "local_files_only": arguments.local_files_only,
        **remote(arguments),
    }
