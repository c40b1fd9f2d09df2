"""Options that several commands share, declared once, and what they come to."""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hublish.base.errors import UsageError
from hublish.cli.again import Again
from hublish.cli.report.terminal import Format, Terminal
from hublish.schemas.documents.file_names import MANIFEST_FILE

if TYPE_CHECKING:
    from hublish.base.values import Project

REPO_TYPES = ("model", "dataset", "space", "kernel")
STDIN_LIMIT = 1 << 20
"""Bytes read from standard input: more than any manifest may have, little enough to hold."""


def add_manifest(parser: argparse.ArgumentParser) -> None:
    """Add `-f/--file` and `--set`, for commands that read the manifest."""
    add_manifest_file(parser)
    parser.add_argument(
        "--set",
        dest="settings",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the value of a variable, in place of the one under `variables`; again for more",
    )


def add_manifest_file(parser: argparse.ArgumentParser) -> None:
    """Add `-f/--file` alone, for commands that need no more than the manifest's folder."""
    parser.add_argument(
        "-f",
        "--file",
        default=MANIFEST_FILE,
        metavar="FILE",
        help="the manifest; `-` reads it from standard input, with sources relative to this folder (default: hub.yaml)",
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add `--format`, `--json` and `-q/--quiet`."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "--format",
        choices=[str(format_) for format_ in Format],
        default=Format.HUMAN,
        help="human: for people (default); json: one document on standard output; quiet: bare values; github: errors "
        "and warnings as annotations of a GitHub workflow",
    )
    group.add_argument("--json", dest="format", action="store_const", const=Format.JSON, help="same as --format json")
    group.add_argument(
        "-q", "--quiet", dest="format", action="store_const", const=Format.QUIET, help="same as --format quiet"
    )


def add_remote(parser: argparse.ArgumentParser) -> None:
    """Add `--local`, `--endpoint` and `--token`."""
    group = parser.add_argument_group("the Hub")
    where = group.add_mutually_exclusive_group()
    where.add_argument(
        "--local",
        dest="endpoint",
        action="store_const",
        const="embedded",
        help="the embedded Hub at .hublish/hub, started for this command; needs no token and no network",
    )
    where.add_argument(
        "--endpoint", metavar="URL", help="another Hub (default: the manifest's endpoint, HF_ENDPOINT, the public Hub)"
    )
    group.add_argument(
        "--token",
        metavar="TOKEN",
        help="an access token; HF_TOKEN or `hf auth login` keep it out of the shell's history (default: either)",
    )


def add_reference(parser: argparse.ArgumentParser) -> None:
    """Add `REPO[@REV]` and what narrows, pins and places a download."""
    parser.add_argument(
        "reference",
        nargs="?",
        metavar="REPO[@REV]",
        help="a repo, and a branch, tag, commit or refs/pr/N in it: acme/digits-mlp@v1.2.0 (default revision: main, or "
        "what --lock names)",
    )
    parser.add_argument(
        "--repo-type",
        "--type",
        choices=REPO_TYPES,
        default=None,
        help="the kind of repo (default: model, or what REPO begins with: datasets/acme/digits)",
    )
    parser.add_argument("--lock", metavar="FILE", type=Path, help="a hub.lock: its commit and its digests must be met")
    which = parser.add_argument_group("which files, and where to")
    which.add_argument(
        "--include",
        metavar="PATTERN",
        action="append",
        help="only files that match; again for more (default: load plan)",
    )
    which.add_argument("--exclude", metavar="PATTERN", action="append", help="no files that match; again for more")
    which.add_argument("--local-dir", metavar="DIR", type=Path, help="put the files there under their own names")
    which.add_argument("--cache-dir", metavar="DIR", type=Path, help="another cache than huggingface_hub's own")
    which.add_argument("--force-download", action="store_true", help="fetch again what is there already")
    which.add_argument(
        "--local-files-only", "--offline", action="store_true", help="use the cache alone and ask no server"
    )


class Target(NamedTuple):
    """What `REPO[@REV]` names."""

    repo_id: str | None
    repo_type: str
    revision: str | None


def target(arguments: argparse.Namespace) -> Target:
    """Return what `REPO[@REV]` and `--repo-type` name together; no repo when a lock names it.

    A repo may begin with its kind, as in URLs and in huggingface_hub's command line: `datasets/acme/digits`.

    Raises:
        UsageError: when there is no repo, an empty revision, or two kinds that differ.
    """
    if arguments.reference is None and arguments.lock is None:
        msg = "neither REPO[@REV] nor --lock was given"
        raise UsageError(msg, hint="for example acme/digits-mlp@v1.2.0, or --lock hub.lock")
    if arguments.reference is None:
        return Target(None, arguments.repo_type or "model", None)
    return named_by(arguments.reference, arguments.repo_type)


def named_by(reference: str, repo_type: str | None) -> Target:
    """Return what `REPO[@REV]` names, with a kind that was named apart.

    Raises:
        UsageError: when there is no repo, an empty revision, or two kinds that differ.
    """
    repo_id, at, revision = reference.partition("@")
    if not repo_id or (at and not revision):
        msg = f"{reference!r} is not REPO or REPO@REV"
        raise UsageError(msg, hint="for example acme/digits-mlp or acme/digits-mlp@v1.2.0")
    kind, _, rest = repo_id.partition("/")
    named = kind.removesuffix("s") if "/" in rest and kind.removesuffix("s") in REPO_TYPES else None
    if named and repo_type not in (None, named):
        msg = f"{repo_id} is a {named}, --repo-type says {repo_type}"
        raise UsageError(msg, hint="leave one of them out")
    return Target(rest if named else repo_id, named or repo_type or "model", revision or None)


def remote(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the keywords `endpoint` and `token` of the API."""
    return {"endpoint": arguments.endpoint, "token": arguments.token}


def manifest(arguments: argparse.Namespace, terminal: Terminal) -> "Path | Project":
    """Return the manifest's path, or the project when it comes from standard input or takes variables from `--set`."""
    variables = dict(arguments.settings)
    if arguments.file != "-" and not variables:
        return Path(arguments.file)
    import hublish

    if arguments.file != "-":
        return hublish.read_project(Path(arguments.file), variables=variables)
    text = terminal.stdin.buffer.read(STDIN_LIMIT)
    return hublish.read_project(Path("<stdin>"), text=text, folder=Path.cwd(), variables=variables)


def beside(arguments: argparse.Namespace, name: str) -> Path:
    """Return the path of a file that lies beside the manifest."""
    return Path(name) if arguments.file == "-" else Path(arguments.file).parent / name


def again(arguments: argparse.Namespace) -> Again:
    """Return the options that the next command needs again; never the token."""
    file = getattr(arguments, "file", MANIFEST_FILE)
    named = "" if file == MANIFEST_FILE else f" -f {shlex.quote(file)}"
    settings = "".join(f" --set {shlex.quote(f'{name}={value}')}" for name, value in getattr(arguments, "settings", ()))
    endpoint = getattr(arguments, "endpoint", None)
    remote = " --local" if endpoint == "embedded" else f" --endpoint {shlex.quote(endpoint)}" if endpoint else ""
    return Again(named, remote, settings)


def _setting(text: str) -> tuple[str, str]:
    """Return the name and the value of `NAME=VALUE`; a value that is refused is not repeated."""
    name, equals, value = text.partition("=")
    if not equals:
        msg = "expected NAME=VALUE, such as version=1.2.0"
        raise argparse.ArgumentTypeError(msg)
    from hublish.schemas.variables.names import setting_problem

    if refused := setting_problem(name, value):
        raise argparse.ArgumentTypeError("; ".join(refused))
    return name, value
