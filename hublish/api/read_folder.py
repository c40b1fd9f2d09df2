"""Read the project of a folder: its hub.yaml, or without one the draft of `hublish init`, in memory."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from hublish.api.init import ChosenRepo, draft_of
from hublish.api.options import HubOptions
from hublish.api.read_project import read_project
from hublish.api.session import Session
from hublish.base import durable
from hublish.base.errors import DraftError, HublishError, SourceError, UsageError
from hublish.base.values import Project
from hublish.pipeline.draft.listing import list_file, list_folder
from hublish.pipeline.draft.repo_name import git_remote, legal_name
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.hub_names import EMBEDDED, RepoType
from hublish.schemas.variables.lookup import Setting


def read_folder(
    folder: str | Path,
    repo_id: str | None = None,
    *,
    repo_type: RepoType | None = None,
    private: bool | None = None,
    tag: str | None = None,
    variables: Mapping[str, Setting] | None = None,
) -> Project:
    """Return the project that releases a folder, or one file.

    A hub.yaml in the folder decides, and the arguments must agree with it. Without one, the manifest is drafted as by
    `hublish.init`, and is in memory only: `keep_draft` writes it.

    Args:
        folder: the folder to release. A file is released alone.
        repo_id: the repo.
        repo_type: the type of the repo. Default: inferred from the files.
        private: whether the repo is private. Default: a new repo is public, and an existing one stays as it is.
        tag: the tag of the release. Default: none.
        variables: see `read_project`.

    Raises:
        UsageError: there is neither a hub.yaml nor a repo_id, or an argument differs from hub.yaml.
        DraftError: there is nothing to release.
        ManifestInvalidError: hub.yaml is invalid.
    """
    folder, chosen = Path(folder), ChosenRepo(repo_id, repo_type, private, tag)
    alone = not folder.is_dir()
    path = (folder.parent if alone else folder) / MANIFEST_FILE
    # lexists: a dangling link is a manifest that cannot be read, and not a reason to draft another one.
    if not os.path.lexists(path):
        return _drafted(folder, path, chosen, variables)
    if alone:
        msg = f"{path} declares a release already, and {folder.name} would be released without it"
        raise UsageError(msg, hint=f"name {folder.name} in it as a source, or move the file to a folder of its own")
    project = read_project(path, variables=variables)
    if differences := tuple(_differences(project, chosen)):
        msg = f"{path} declares another release: {'; '.join(differences)}"
        raise UsageError(msg, hint=f"change {path}, or leave the options out; it decides about this folder")
    return project


def keep_draft(project: Project) -> Path:
    """Write a drafted manifest to hub.yaml, byte for byte as it was published, and return its path.

    Raises:
        DraftError: another hub.yaml was created meanwhile, which is not changed, or it cannot be written.
    """
    path = project.folder / MANIFEST_FILE
    try:
        if os.path.lexists(path) and not (path.is_file() and path.read_bytes() == project.text):
            raise DraftError(f"{path} exists and was not changed", hint="compare it with hub.yaml on the Hub")
        durable.write(path, project.text)
    except OSError as error:
        msg = f"the release is published, but {path} cannot be written: {error.strerror}"
        raise DraftError(msg, hint="make the folder writable and publish again: nothing is sent twice") from error
    return path


def suggested_repo_id(folder: Path, **options: Unpack[HubOptions]) -> str:
    """Return the repo_id that a folder probably gets: from its clone of a repo, or the account of the token.

    Without a token, or a Hub that answers, the namespace is a placeholder.
    """
    remote = git_remote(folder)
    if remote and remote.repo_type:
        return f"{legal_name(remote.owner)}/{legal_name(remote.name)}"
    namespace = "NAMESPACE"
    # A suggestion is not worth an error of its own.
    try:
        with Session(**options) as session:
            if session.endpoint != EMBEDDED and session.hub.has_token:
                namespace = session.account.name
    except HublishError:
        pass
    path = folder.resolve()
    return f"{namespace}/{legal_name(path.name if path.is_dir() else path.stem)}"


def _drafted(folder: Path, path: Path, chosen: ChosenRepo, variables: Mapping[str, Setting] | None) -> Project:
    if chosen.repo_id is None:
        msg = f"{folder} has no {MANIFEST_FILE}, and no repo is given"
        raise UsageError(msg, hint="add --repo-id, such as --repo-id acme/digits-mlp")
    try:
        listing = list_folder(folder) if folder.is_dir() else list_file(folder)
    except OSError as error:
        raise SourceError(f"{folder} cannot be read: {error.strerror}") from None
    made = draft_of(listing, chosen)
    project = read_project(path, text=made.text, folder=path.parent, variables=variables)
    # Like the lock of a file: only one that the caller names has to exist.
    return replace(project, lock=None, drafted=True)


def _differences(project: Project, chosen: ChosenRepo) -> Iterator[str]:
    repo = project.manifest.repo
    for key, value in chosen.fields.items():
        declared = getattr(repo, key)
        if declared != value:
            yield f"{key} is {declared or 'not set'}, not {value}"
