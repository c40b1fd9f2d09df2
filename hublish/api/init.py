"""init: a hub.yaml for what lies in a folder, or in a repo on a Hub; it passes `check` before it is written."""

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

from hublish.api.check import check
from hublish.api.options import HubOptions, takes
from hublish.api.session import Session
from hublish.base import durable
from hublish.base.errors import DraftError, HublishError, UsageError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Project
from hublish.pipeline.draft.commented_yaml import Field
from hublish.pipeline.draft.draft import Drafted, draft
from hublish.pipeline.draft.listing import SMALL, Listing, list_folder, list_repo
from hublish.pipeline.draft.parts import Detected, LeftOut
from hublish.pipeline.draft.repo_name import git_remote, repo_name
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE
from hublish.schemas.documents.hub_names import RepoType, check_repo_id
from hublish.schemas.documents.manifest import Manifest


@dataclass(frozen=True)
class Draft:
    """A manifest that was drafted."""

    text: str
    """As it is written, comments and all."""
    manifest: Manifest
    recognised: tuple[Detected, ...]
    """What was found, and what it was told by."""
    left_out: tuple[LeftOut, ...]
    """What stays out, and why."""
    open: tuple[str, ...]
    """What only a person can fill in, each with its place in the manifest."""
    warnings: tuple[Problem, ...] = ()
    """What `check` has to say."""
    path: Path | None = None
    """Where it was written; None when it was not."""
    commit: str | None = None
    """Of the repo that it was drafted from."""
    complete: bool = True
    """Whether every file it speaks of lies in the folder."""


@takes(HubOptions)
def init(
    folder: str | Path = ".",
    *,
    repo_id: str | None = None,
    repo_type: RepoType | None = None,
    from_repo: str | None = None,
    revision: str | None = None,
    out: str | Path | None = MANIFEST_FILE,
    force: bool = False,
    **options: Unpack[HubOptions],
) -> Draft:
    """Draft a commented hub.yaml for what lies in a folder; it passes `check` before it is written.

    Names and small files are read; no weight is, nothing is unpickled, no link is followed.

    Args:
        folder: what is released.
        repo_id: where it goes; default: what the folder's git remote or its name says.
        repo_type: what it is; default: what its files say; with `from_repo`, the kind of that repo (default: model).
        from_repo: the id of a repo on a Hub, instead of the folder: the draft publishes the files it holds from the
            folder they were, or will be, pulled into.
        revision: of `from_repo`; default: main.
        out: where it is written, in `folder`; None writes nothing.
        force: replace what stands there.
        **options: see `HubOptions`; the Hub is that of `from_repo`.

    Raises:
        DraftError: there is nothing to release, or a manifest stands there already.
        UsageError: the folder is none, or `out` lies elsewhere.
        RemoteError: the Hub refuses or cannot be reached.
    """
    folder = Path(folder)
    path = None if out is None else _target(folder, Path(out), force=force)
    _check_asked(repo_id)
    if from_repo is None:
        made = _of_folder(folder, repo_id, repo_type, options.get("progress", SILENT))
    else:
        with Session(**options) as session:
            kind = repo_type or "model"
            listing, commit = list_repo(session.hub, from_repo, kind, revision or "main")
            made = _of_repo(folder, listing, repo_id or from_repo, kind, commit, session.progress)
            made = replace(made, commit=commit)
    if path is None:
        return made
    folder.mkdir(parents=True, exist_ok=True)
    durable.write(path, made.text.encode("utf-8"))
    return replace(made, path=path)


def _of_folder(folder: Path, repo_id: str | None, repo_type: RepoType | None, progress: Progress) -> Draft:
    listing = list_folder(folder)
    remote = git_remote(folder)
    kind = None if repo_type is None else Field("repo_type", repo_type, "as requested")
    # A new repo on the Hub is a model unless its creator chose a type, so that a model's address is weak evidence.
    if kind is None and remote is not None and remote.repo_type not in (None, "model"):
        kind = Field("repo_type", remote.repo_type, f"from the git remote {remote.shown}")
    made = draft(listing, repo_name(repo_id, remote, listing.name), kind, "the files in this folder")
    return _checked(made, folder, folder, progress)


def _of_repo(
    folder: Path, listing: Listing, repo_id: str, repo_type: RepoType, commit: str, progress: Progress
) -> Draft:
    kind = Field("repo_type", repo_type, "the type of the repo")
    made = draft(listing, Field("repo_id", repo_id), kind, f"{repo_id} at {commit}")
    out = {one.path for one in made.left_out}
    wanted = [path for path in listing.sizes if path not in out]
    if all((folder / path).is_file() for path in wanted):
        return _checked(made, folder, folder, progress)
    # What will be pulled stands in for itself: names, sizes without bytes, and the card.
    with tempfile.TemporaryDirectory(prefix="hublish-") as stand_in:
        for path in wanted:
            _stand_in(
                Path(stand_in, path), listing.head(path, SMALL) if path == CARD_FILE else b"", listing.sizes[path]
            )
        return replace(_checked(made, Path(stand_in), repo_id, progress), complete=False)


def _stand_in(file: Path, beginning: bytes, size: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as written:
        written.write(beginning)
        written.truncate(size)  # no block of the disk is taken


def _checked(made: Drafted, folder: Path, shown: str | Path, progress: Progress) -> Draft:
    project = Project(made.manifest, made.text, folder.absolute(), MANIFEST_FILE)
    try:
        warnings = check(project, progress=progress)
    except HublishError as error:
        msg = f"{shown} cannot be released as it is: {error.message}"
        raise DraftError(msg, hint=error.hint, problems=error.problems) from None
    return Draft(made.text.decode("utf-8"), made.manifest, made.detected, made.left_out, made.open, warnings)


def _target(folder: Path, out: Path, *, force: bool) -> Path:
    path = folder / out
    if path.parent.resolve() != folder.resolve():
        msg = f"{out} does not lie in {folder}, and sources are relative to the manifest's folder"
        raise UsageError(msg, hint="name a file in the folder, or `-` to print the draft")
    if path.is_dir():
        msg = f"{path} is a folder"
        raise UsageError(msg, hint="name a file")
    if os.path.lexists(path) and not force:
        msg = f"{path} exists, and was left as it is"
        raise DraftError(msg, hint="`--force` replaces it; `--out -` prints the draft, to compare")
    return path


def _check_asked(repo_id: str | None) -> None:
    try:
        _ = repo_id is None or check_repo_id(repo_id)
    except ValueError as error:
        raise UsageError(f"{repo_id}: {error}", hint="for example acme/digits-mlp") from None
