"""Draft a hub.yaml for a folder, or for a repo on a Hub; the draft passes `check` before it is written."""

import os
import tempfile
from collections.abc import Mapping
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
from hublish.pipeline.draft.release_parts import Detected, LeftOut
from hublish.pipeline.draft.repo_name import git_remote, repo_name
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE
from hublish.schemas.documents.hub_names import RepoType, check_ref, check_repo_id
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.secrets.masking import holds_token


@dataclass(frozen=True)
class Draft:
    """A drafted manifest."""

    text: str
    """The manifest with its comments, as it is written."""
    manifest: Manifest
    recognised: tuple[Detected, ...]
    """The detected facts, each with its evidence."""
    left_out: tuple[LeftOut, ...]
    """Files that are not part of the release, each with the reason."""
    open: tuple[str, ...]
    """Fields that only a person can fill in."""
    warnings: tuple[Problem, ...] = ()
    """The warnings of `check`."""
    path: Path | None = None
    """The file that was written; None when none was."""
    commit: str | None = None
    """The commit of the repo from which it was drafted."""
    complete: bool = True
    """Whether every file that the draft names is in the folder."""


@dataclass(frozen=True, slots=True)
class ChosenRepo:
    """The caller's choices about the repo; None leaves one to the draft.

    Raises:
        UsageError: the repo_id or the tag is not a valid name.
    """

    repo_id: str | None = None
    repo_type: RepoType | None = None
    private: bool | None = None
    tag: str | None = None

    def __post_init__(self) -> None:
        for name, check_name, example in (
            (self.repo_id, check_repo_id, "acme/digits-mlp"),
            (self.tag, check_ref, "v1.0.0"),
        ):
            try:
                _ = name is None or check_name(name)
            except ValueError as error:
                hint = getattr(error, "hint", "") or f"for example {example}"
                raise UsageError(f"{name}: {error}", hint=hint) from None

    @property
    def fields(self) -> Mapping[str, str]:
        """The choices under their names in the manifest's `repo`."""
        visibility = None if self.private is None else "private" if self.private else "public"
        chosen = {"repo_id": self.repo_id, "repo_type": self.repo_type, "visibility": visibility, "tag": self.tag}
        return {key: value for key, value in chosen.items() if value is not None}


@takes(HubOptions)
def init(
    folder: str | Path = ".",
    *,
    repo_id: str | None = None,
    repo_type: RepoType | None = None,
    private: bool | None = None,
    tag: str | None = None,
    from_repo: str | None = None,
    revision: str | None = None,
    out: str | Path | None = MANIFEST_FILE,
    force: bool = False,
    **options: Unpack[HubOptions],
) -> Draft:
    """Draft a commented hub.yaml for the files of a folder; the draft passes `check` before it is written.

    Only names and small files are read: no weights, no pickles, and no files behind links.

    Args:
        folder: the folder to release.
        repo_id: the repo. Default: inferred from the folder's git remote, or from its name.
        repo_type: the type of the repo. Default: inferred from the files; with `from_repo`, the type of that repo
            (default: model).
        private: whether the repo is private. Default: a new repo is public, and an existing one stays as it is.
        tag: the tag of the release. Default: none.
        from_repo: a repo on a Hub to draft from instead of the folder, named as for `hublish.pull`. The draft publishes
            the repo's files from `folder`, where they have been, or will be, pulled to.
        revision: the revision of `from_repo`. Default: main.
        out: the file to write, in `folder`; None writes nothing.
        force: replace an existing manifest.
        **options: see `HubOptions`; the Hub is that of `from_repo`.

    Raises:
        DraftError: there is nothing to release, or the manifest exists already.
        UsageError: `folder` is not a folder, or `out` is not in it.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    folder = Path(folder)
    path = None if out is None else _target(folder, Path(out), force=force)
    chosen = ChosenRepo(repo_id, repo_type, private, tag)
    if from_repo is None:
        made = _checked(draft_of(list_folder(folder), chosen), folder, folder, options.get("progress", SILENT))
    else:
        with Session(**options) as session:
            repo = session.addressed(from_repo, repo_type, revision)
            kind = repo.repo_type or "model"
            listing, commit = list_repo(session.hub, repo.repo_id, kind, repo.revision or "main")
            chosen = replace(chosen, repo_id=repo_id or repo.repo_id, repo_type=kind)
            made = _of_repo(folder, listing, chosen, commit, session.progress)
            made = replace(made, commit=commit, warnings=(*made.warnings, *_deprecation(repo.repo_id, listing)))
    if path is None:
        return made
    folder.mkdir(parents=True, exist_ok=True)  # with --from, the files may not have been pulled yet
    durable.write(path, made.text.encode("utf-8"))
    return replace(made, path=path)


def draft_of(listing: Listing, chosen: ChosenRepo) -> Drafted:
    """Draft the manifest of files on this machine, without the checks that `init` makes.

    Raises:
        DraftError: there is nothing to release, or the draft would contain a secret.
    """
    remote = git_remote(listing.folder) if listing.folder else None
    kind = None if chosen.repo_type is None else Field("repo_type", chosen.repo_type, "as requested")
    # A new repo on the Hub is a model unless its creator chose a type, so that a model's address is weak evidence.
    if kind is None and remote is not None and remote.repo_type not in (None, "model"):
        kind = Field("repo_type", remote.repo_type, f"from the git remote {remote.shown}")
    name = repo_name(chosen.repo_id, remote, listing.name)
    return _without_secret(draft(listing, name, kind, "the files in this folder", chosen.fields), listing.name)


def _of_repo(folder: Path, listing: Listing, chosen: ChosenRepo, commit: str, progress: Progress) -> Draft:
    kind = Field("repo_type", chosen.repo_type, "the type of the repo")
    origin = f"{chosen.repo_id} at {commit}"
    made = draft(listing, Field("repo_id", chosen.repo_id), kind, origin, chosen.fields)
    made = _without_secret(made, str(chosen.repo_id))
    out = {one.path for one in made.left_out}
    wanted = [path for path in listing.sizes if path not in out]
    if all((folder / path).is_file() for path in wanted):
        return _checked(made, folder, folder, progress)
    # The files are not here yet, and `check` needs only their names and sizes, and the content of the card.
    with tempfile.TemporaryDirectory(prefix="hublish-") as placeholders:
        for path in wanted:
            beginning = listing.head(path, SMALL) if path == CARD_FILE else b""
            _write_placeholder(Path(placeholders, path), beginning, listing.sizes[path])
        return replace(_checked(made, Path(placeholders), str(chosen.repo_id), progress), complete=False)


def _deprecation(repo_id: str, listing: Listing) -> tuple[Problem, ...]:
    if CARD_FILE not in listing.sizes:
        return ()
    # Imported here: a folder is no repo that could be deprecated.
    from hublish.api.pull import deprecation
    from hublish.cards.deprecation import new_version_of

    return deprecation(repo_id, new_version_of(listing.head(CARD_FILE, SMALL).decode("utf-8", "replace")))


def _write_placeholder(path: Path, beginning: bytes, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as written:
        written.write(beginning)
        written.truncate(size)  # a sparse file: it takes no space on the disk


def _without_secret(made: Drafted, shown: str) -> Drafted:
    # A name, a setting or the metadata of a README may be a token, and the draft quotes them.
    if holds_token(made.text.decode("utf-8")):
        msg = f"{shown} cannot be released as it is: a name or a description in it contains a secret"
        raise DraftError(msg, hint="remove it, and revoke it where it was issued")
    return made


def _checked(made: Drafted, folder: Path, shown: str | Path, progress: Progress) -> Draft:
    # The draft's own text, so that problems show their line in it.
    project = Project(made.manifest, made.text, folder.absolute(), MANIFEST_FILE)
    try:
        warnings = check(project, progress=progress)
    except HublishError as error:
        msg = f"{shown} cannot be released as it is: {error.message}"
        raise DraftError(msg, hint=error.hint, problems=error.problems) from None
    # The draft marks these itself, as fields to fill in.
    open_ = {line.partition(":")[0] for line in made.open}
    warnings = tuple(one for one in warnings if one.code != "release.placeholder" or one.path not in open_)
    return Draft(made.text.decode("utf-8"), made.manifest, made.detected, made.left_out, made.open, warnings)


def _target(folder: Path, out: Path, *, force: bool) -> Path:
    path = folder / out
    if path.parent.resolve() != folder.resolve():
        msg = f"{out} is not in {folder}, and sources are relative to the manifest's folder"
        raise UsageError(msg, hint="name a file in the folder, or `-` to print the draft")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name a file")
    # lexists: a dangling link is in the way too, and writing would replace it.
    if os.path.lexists(path) and not force:
        msg = f"{path} exists and was not changed"
        raise DraftError(msg, hint="`--force` replaces it; `--out -` prints the draft, to compare")
    return path
