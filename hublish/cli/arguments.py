"""Arguments that several commands share, declared once, and the keywords of the API that they become."""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hublish.base.errors import UsageError
from hublish.cli.report import FORMATS, Report
from hublish.cli.views.phrases import RepeatedOptions
from hublish.schemas.documents.card_decision import CARD_DECISIONS
from hublish.schemas.documents.file_names import MANIFEST_FILE, lock_name, manifest_file

if TYPE_CHECKING:
    from hublish.api.options import HubOptions
    from hublish.base.values import Project

# Bytes to read from standard input: more than a manifest may have, and few enough to keep in memory.
STDIN_LIMIT = 1 << 20

TRUST_POLICY = "accept releases by its signers and rules only (default: HUBLISH_TRUST, else trust.yaml here, if any)"

# The options of a download by keyword of `hublish.pull` and `hublish.load`: flags, and arguments of `add_argument`.
_DOWNLOAD: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "lock": (
        ("--lock",),
        {"metavar": "FILE", "type": Path, "help": "a lock: download its commit and digests"},
    ),
    "allow_patterns": (
        ("--include",),
        {"metavar": "PATTERN", "action": "append", "help": "only matching files; repeatable (default: the load plan)"},
    ),
    "ignore_patterns": (
        ("--exclude",),
        {"metavar": "PATTERN", "action": "append", "help": "no matching files; repeatable"},
    ),
    "local_dir": (
        ("--local-dir",),
        {"metavar": "DIR", "type": Path, "help": "write the files to DIR under their own names"},
    ),
    "cache_dir": (("--cache-dir",), {"metavar": "DIR", "type": Path, "help": "a cache other than huggingface_hub's"}),
    "trust_policy": (
        ("--trust-policy",),
        {"metavar": "FILE", "type": Path, "help": TRUST_POLICY},
    ),
    "force_download": (
        ("--force-download",),
        {"action": "store_true", "help": "download files that exist already, and overwrite those in --local-dir"},
    ),
    "local_files_only": (
        ("--local-files-only", "--offline"),
        {"action": "store_true", "help": "use the cache only, send no request"},
    ),
}


def require_consent(arguments: argparse.Namespace, report: Report, *, agreed: bool, hint: str = "pass -y") -> None:
    """Refuse a command that changes something and cannot ask first.

    Args:
        arguments: their `file` may be standard input, which then has no answer.
        report: knows whether a person can be asked.
        agreed: -y, or a reviewed plan.
        hint: how to agree in advance.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    if not (agreed or (report.can_ask and arguments.file != "-")):
        raise UsageError("not interactive: cannot ask for confirmation", hint=hint)


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
        help="the value of a variable, instead of the one under `variables`; repeatable",
    )


def add_manifest_file(parser: argparse.ArgumentParser) -> None:
    """Add `-f/--file` alone, for commands that need only the manifest's folder."""
    parser.add_argument(
        "-f",
        "--file",
        type=_manifest_file,
        default=MANIFEST_FILE,
        metavar="FILE",
        help="the manifest, or its folder; `-` reads standard input, with sources relative to this folder "
        "(default: hub.yaml)",
    )


def add_lock(parser: argparse.ArgumentParser) -> None:
    """Add `--lock`, for commands that read or write the lock of a release."""
    parser.add_argument(
        "--lock",
        metavar="FILE",
        type=Path,
        help="the lock (default: the one of the manifest, beside it: hub.lock, or priv.lock for priv.yaml)",
    )


def add_trust_policy(parser: argparse.ArgumentParser) -> None:
    """Add `--trust-policy`, for other commands that verify signatures."""
    parser.add_argument("--trust-policy", metavar="FILE", type=Path, help=TRUST_POLICY)


def add_exitcode(parser: argparse.ArgumentParser) -> None:
    """Add `--detailed-exitcode`, for commands that report changes."""
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit with 0 for no change, 1 for an error, 2 for changes"
    )


def add_output(parser: argparse.ArgumentParser, command: str) -> None:
    """Add `--format` with the formats of a command, `--json` and `-q/--quiet`."""
    group = parser.add_argument_group("output")
    formats = {name: each for name, each in FORMATS.items() if not each.commands or command in each.commands}
    group.add_argument(
        "--format",
        choices=tuple(formats),
        default=next(iter(formats)),
        help="; ".join(f"{name}: {each.summary}" for name, each in formats.items()),
    )
    group.add_argument("--json", dest="format", action="store_const", const="json", help="same as --format json")
    group.add_argument(
        "-q", "--quiet", dest="format", action="store_const", const="quiet", help="same as --format quiet"
    )


def add_card(parser: argparse.ArgumentParser) -> None:
    """Add `--card`, for commands that compare the card with the one on the Hub."""
    parser.add_argument(
        "--card",
        choices=CARD_DECISIONS,
        help="the card on the Hub: `merge` people's edits into ours, replace it by `ours`, or keep `theirs` whole "
        "(default: merge, and a conflict stops the release)",
    )


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Add `--no-cache`, for commands that read the files of a release."""
    parser.add_argument(
        "--no-cache",
        dest="digest_cache",
        action="store_false",
        help="read and convert every file, also those that did not change since an earlier run",
    )


def add_tensors(parser: argparse.ArgumentParser) -> None:
    """Add `--tensors`, for commands that compare contents."""
    parser.add_argument(
        "--tensors",
        action="store_true",
        help="download the weights that changed, and show the largest difference of each tensor",
    )


def add_hub(parser: argparse.ArgumentParser) -> None:
    """Add `--local`, `--endpoint` and `--token`."""
    group = parser.add_argument_group("the Hub")
    where = group.add_mutually_exclusive_group()
    where.add_argument(
        "--local",
        dest="endpoint",
        action="store_const",
        # The API's name for the embedded Hub, also accepted as `repo.endpoint` in a manifest.
        const="embedded",
        help="the embedded Hub in .hublish/hub, started for this command; needs no token and no network",
    )
    where.add_argument(
        "--endpoint",
        metavar="URL",
        help="another Hub (default: the manifest's endpoint, else HF_ENDPOINT, else the public Hub)",
    )
    group.add_argument(
        "--token", metavar="TOKEN", help="an access token (default: HF_TOKEN, else the token saved by `hf auth login`)"
    )


def add_reference(parser: argparse.ArgumentParser) -> None:
    """Add `REPO[@REV]`, the options of a download and those of the Hub."""
    parser.add_argument(
        "reference",
        nargs="?",
        metavar="REPO[@REV]",
        help="a repo, and a branch, tag, commit or refs/pr/N: acme/digits-mlp@v1.2.0, or a URL of the Hub in use "
        "(default revision: main, or the commit in --lock)",
    )
    add_repo_type(parser, "the type of the repo (default: model, or the prefix of REPO: datasets/acme/digits)")
    group = parser.add_argument_group("files")
    for keyword, (flags, declared) in _DOWNLOAD.items():
        group.add_argument(*flags, dest=keyword, **declared)
    group.add_argument(
        "--allow-pickle",
        action="store_true",
        help="download files that are or contain pickles too, with a warning for each: loading them runs code",
    )
    add_cache(parser)
    add_hub(parser)


def add_repo_type(parser: "argparse._ActionsContainer", description: str) -> None:
    """Add `--repo-type`, also known as `--type`."""
    # Three commands need it; the module compiles the rules for all names on the Hub.
    from hublish.schemas.documents.hub_names import REPO_TYPES

    parser.add_argument("--repo-type", "--type", choices=REPO_TYPES, default=None, help=description)


def add_repo(parser: argparse.ArgumentParser) -> None:
    """Add REPO with its type, and the manifest that names the repo without it."""
    text = "a repo, as `hublish pull` takes it (default: that of the manifest)"
    parser.add_argument("repo_id", nargs="?", metavar="REPO", help=text)
    add_repo_type(parser, "the type of REPO (default: model, or its prefix: datasets/acme/digits)")
    add_manifest(parser)
    add_lock(parser)


def check_repo(arguments: argparse.Namespace) -> None:
    """Check that the arguments name the repo in one way.

    Raises:
        UsageError: REPO is given with a manifest, or its type without REPO.
    """
    if arguments.repo_id is not None and (arguments.file != MANIFEST_FILE or arguments.settings):
        raise UsageError("REPO needs no manifest", hint="leave REPO out, or leave -f and --set out")
    if arguments.repo_id is None and arguments.repo_type is not None:
        raise UsageError("--repo-type belongs to REPO", hint="the manifest names the type of its own repo")


def repo_options(arguments: argparse.Namespace, report: Report) -> dict[str, Any]:
    """Return the keywords of a verb that name the repo, or the manifest that does, and the lock."""
    if arguments.repo_id is not None:
        named = {"repo_id": arguments.repo_id, "repo_type": arguments.repo_type}
    else:
        named = {"manifest": manifest(arguments, report)}
    return {**named, "lock": arguments.lock}


def pull_options(arguments: argparse.Namespace, report: Report) -> dict[str, Any]:
    """Return the repo_id and the options of `hublish.pull` and `hublish.load`.

    Raises:
        UsageError: when the reference is missing.
    """
    if arguments.reference is None and arguments.lock is None:
        msg = "neither REPO[@REV] nor --lock is given"
        raise UsageError(msg, hint="for example acme/digits-mlp@v1.2.0, or --lock hub.lock")
    from hublish.formats.interface import Trust

    options = {keyword: getattr(arguments, keyword) for keyword in _DOWNLOAD}
    options["trust"] = Trust(pickle=arguments.allow_pickle)
    # The API splits the reference, as the Hub in use decides whether it takes a URL.
    named = {"repo_id": arguments.reference, "repo_type": arguments.repo_type, "revision": None}
    return {**named, **options, **hub_options(arguments, report)}


def hub_options(arguments: argparse.Namespace, report: Report) -> "HubOptions":
    """Return the options of every verb that uses the Hub."""
    options: HubOptions = {"endpoint": arguments.endpoint, "token": arguments.token, "progress": report.progress()}
    # Some commands read no files.
    return {**options, "digest_cache": arguments.digest_cache} if "digest_cache" in arguments else options


def manifest(arguments: argparse.Namespace, report: Report) -> "Path | Project":
    """Return the manifest's path, or the project when it comes from standard input or takes variables from `--set`."""
    variables = dict(arguments.settings)
    # The API reads a file itself; text and settings have to be given to it.
    if arguments.file != "-" and not variables:
        return Path(arguments.file)
    import hublish

    if arguments.file != "-":
        return hublish.read_project(Path(arguments.file), variables=variables)
    text = report.terminal.stdin.buffer.read(STDIN_LIMIT)
    return hublish.read_project(Path("<stdin>"), text=text, folder=Path.cwd(), variables=variables)


def lock_path(arguments: argparse.Namespace) -> Path:
    """Return the lock of the manifest, as a path that is shown."""
    if arguments.lock is not None:
        return Path(arguments.lock)
    # Standard input has no name that the lock could share.
    file = Path(MANIFEST_FILE if arguments.file == "-" else arguments.file)
    return file.with_name(lock_name(file.name))


def repeated_options(arguments: argparse.Namespace) -> RepeatedOptions:
    """Return the options that the next command needs again. The token is never one of them."""
    # Not every command has all of these options.
    file = getattr(arguments, "file", MANIFEST_FILE)
    named = "" if file == MANIFEST_FILE else f" -f {shlex.quote(file)}"
    draft = getattr(arguments, "draft", "")
    if draft and named:
        # The folder: its hub.yaml may never be written.
        named = f" -f {shlex.quote(str(Path(file).parent))}"
    if (lock := getattr(arguments, "lock", None)) is not None:
        named += (locked := f" --lock {shlex.quote(str(lock))}")
        draft += locked if draft else ""
    settings = "".join(f" --set {shlex.quote(f'{name}={value}')}" for name, value in getattr(arguments, "settings", ()))
    endpoint = getattr(arguments, "endpoint", None)
    hub = " --local" if endpoint == "embedded" else f" --endpoint {shlex.quote(endpoint)}" if endpoint else ""
    card = f" --card {decision}" if (decision := getattr(arguments, "card", None)) else ""
    return RepeatedOptions(named, hub, settings, card, draft)


def _manifest_file(text: str) -> str:
    # As it was typed, for messages.
    return str(manifest_file(path)) if (path := Path(text)).is_dir() else text


def _setting(text: str) -> tuple[str, str]:
    """Return the name and the value of `NAME=VALUE`. Errors do not repeat the value: it may be a secret."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("expected NAME=VALUE, such as version=1.2.0")
    # Imported here because most command lines have no --set.
    from hublish.schemas.variables.lookup import setting_problem

    if refused := setting_problem(name, value):
        raise argparse.ArgumentTypeError("; ".join(refused))
    return name, value
