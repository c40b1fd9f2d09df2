"""The arguments of commands that also release a folder without hub.yaml: `publish FOLDER --repo-id REPO`."""

import argparse
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.base.errors import UsageError
from hublish.cli.arguments import add_repo_type, hub_options, manifest
from hublish.cli.report import Report
from hublish.schemas.documents.file_names import MANIFEST_FILE

if TYPE_CHECKING:
    from hublish.base.values import Project

_REPO_ID = re.compile(r"(?:datasets/|spaces/)?[\w-][\w.-]*/[\w-][\w.-]*")
# Each by its keyword in `hublish.read_folder`.
_OPTIONS = ("repo_id", "repo_type", "private", "tag")


def add_folder(parser: argparse.ArgumentParser, *, plan: str = "") -> None:
    """Add FOLDER and the options of its repo, before those of the manifest.

    Args:
        parser: the parser of the command.
        plan: what the command does with a plan.json before FOLDER; empty for a command that takes none.
    """
    released = "a folder or a file to release; without a hub.yaml there, --repo-id names the repo"
    parser.add_argument(
        "given",
        nargs="*",
        type=_not_manifest,
        metavar="plan.json|FOLDER" if plan else "FOLDER",
        help=f"{plan}; or {released}" if plan else released,
    )
    parser.set_defaults(plan=None, folder=None, draft="")
    group = parser.add_argument_group("a folder without hub.yaml, for which `hublish init` would draft one")
    group.add_argument("--repo-id", metavar="REPO", help="the repo, such as acme/digits-mlp")
    add_repo_type(group, "its type (default: inferred from the files)")
    add_repo_settings(group)


def add_repo_settings(group: "argparse._ActionsContainer") -> None:
    """Add `--private` and `--tag`, for commands that draft a manifest."""
    group.add_argument("--private", action="store_const", const=True, help="a private repo (default: public, if new)")
    group.add_argument("--tag", metavar="TAG", help="the tag of the release, created once it is verified")


def take_folder(arguments: argparse.Namespace, *, plans: bool = False) -> None:
    """Set `plan`, and `folder`, `file` and `draft`, by the arguments without an option.

    `draft` has the words that draft the same manifest again, with a space before; it is empty where hub.yaml exists.

    Raises:
        UsageError: an argument is neither a plan nor a folder, or does not fit the options.
    """
    given, chosen = [*arguments.given], _chosen(arguments)
    for name in given:
        _refuse_repo(name, given)
    # Together with options, a single file is released; the plan of a folder comes before it.
    if plans and given and not Path(given[0]).is_dir() and (len(given) > 1 or not chosen):
        arguments.plan = Path(given.pop(0))
    if len(given) > 1:
        msg = f"{len(given)} folders: {shlex.join(given)}"
        raise UsageError(msg, hint="release each alone, or write a manifest that names files of several")
    if given:
        _take(arguments, Path(given[0]), chosen)
    elif chosen:
        options = " and ".join(map(_option, chosen))
        msg = f"{options} without a folder: a manifest and a plan name the repo themselves"
        raise UsageError(msg, hint="name the folder to release first: `.` for this one")


def released(arguments: argparse.Namespace, report: Report) -> "Path | Project":
    """Return the manifest, or the project of `folder`.

    Raises:
        UsageError: the folder has no hub.yaml and there is no --repo-id; the hint has a likely one.
    """
    if arguments.folder is None:
        return manifest(arguments, report)
    from hublish.api.read_folder import read_folder, suggested_repo_id

    chosen = {name: getattr(arguments, name) for name in _OPTIONS}
    if arguments.draft and arguments.repo_id is None:
        hub = hub_options(arguments, report) if "endpoint" in arguments else {}
        likely = suggested_repo_id(arguments.folder, **hub)
        msg = f"{arguments.folder} has no {MANIFEST_FILE}, and no repo is given"
        raise UsageError(msg, hint=f"add --repo-id {likely}; `hublish init` drafts a {MANIFEST_FILE} instead")
    return read_folder(arguments.folder, **chosen, variables=dict(arguments.settings))


def _chosen(arguments: argparse.Namespace) -> list[str]:
    return [name for name in _OPTIONS if getattr(arguments, name) is not None]


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _take(arguments: argparse.Namespace, path: Path, chosen: list[str]) -> None:
    if arguments.file != MANIFEST_FILE:
        msg = f"both {path} and -f {arguments.file} name the release"
        raise UsageError(msg, hint="leave one of them out")
    if not os.path.lexists(path):
        raise UsageError(f"{path} does not exist", hint="name the folder that holds the files of the release")
    if path.suffix == ".json" and path.is_file():
        msg = f"{path} is a file of JSON, which is released only with the files that it describes"
        raise UsageError(msg, hint="name their folder; a plan is published without --repo-id, as it names the repo")
    file = (path if path.is_dir() else path.parent) / MANIFEST_FILE
    arguments.folder, arguments.file = path, str(file)
    if not os.path.lexists(file):
        words = [str(path)]
        for name in chosen:
            value = getattr(arguments, name)
            words += [_option(name)] if value is True else [_option(name), value]
        arguments.draft = f" {shlex.join(words)}"


def _refuse_repo(name: str, given: list[str]) -> None:
    if _REPO_ID.fullmatch(name) and not os.path.lexists(name) and not name.endswith(".json"):
        folder = next((shlex.quote(other) for other in given if other != name), "FOLDER")
        hint = f"the repo is an option: write {folder} --repo-id {name}"
        raise UsageError(f"{name} is neither a file nor a folder", hint=hint)


def _not_manifest(text: str) -> str:
    # `publish hub.yaml` looks natural.
    if text.endswith((".yaml", ".yml")):
        raise argparse.ArgumentTypeError(f"{text} is a manifest; write -f {text}")
    return text
