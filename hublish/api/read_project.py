"""Read a project from disk: its manifest, its lock, and a plan that was reviewed."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hublish.api.git.environment import MachineValues
from hublish.base.errors import DocumentInvalidError, ManifestInvalidError, UsageError, concealing
from hublish.base.values import Project
from hublish.schemas.diagnose.problems import InvalidDocumentError, counted, errors_in
from hublish.schemas.documents.file_names import LOCK_FILE, MANIFEST_FILE, manifest_file
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import dump_manifest, resolve_manifest
from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.secrets.token_rules import WHERE_CREDENTIALS_GO
from hublish.schemas.variables.lookup import Setting, setting_problem

if TYPE_CHECKING:
    from hublish.schemas.documents.lock import Lock
    from hublish.schemas.documents.plan import PlanDocument

AnyManifest = str | Path | Manifest | Project
"""A path to hub.yaml or to its folder, a manifest built in Python, or a project."""
T = TypeVar("T")


@concealing()
def read_project(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    text: bytes | None = None,
    folder: str | Path | None = None,
    objects: Mapping[str, Any] | None = None,
    variables: Mapping[str, Setting] | None = None,
    lock: str | Path | None = None,
) -> Project:
    """Read and validate a manifest, with its variables replaced.

    Values of git, the environment and the date come from this machine: from git in the manifest's folder, from
    `os.environ`, and from SOURCE_DATE_EPOCH. Only the values that the manifest mentions are determined.

    Args:
        manifest: a path, also that of its folder; a `Manifest` built in Python; or a project. A project is returned as
            it is, unless variables are given: then its text is read again.
        text: the bytes of a manifest that is not a file (standard input).
        folder: sources are relative to it. Default: the manifest's folder, else the current one.
        objects: in-memory values (dicts of arrays) that replace the source of an artifact, by its path_in_repo.
        variables: values that replace those under `variables`, or add to them: `{"version": "1.2.0"}`.
        lock: the path of its lock. Default: beside the manifest, `priv.lock` for `priv.yaml`.

    Raises:
        ManifestInvalidError: with every problem, each with its line and column.
        UsageError: a variable may not be set, or the manifest has no text that could mention one.
    """
    # First of all: the value of a variable may be a secret, and later errors quote values.
    settings = dict(variables or {})
    _refuse_settings(settings, manifest)
    lock = None if lock is None else Path(lock).absolute()
    if isinstance(manifest, Project):
        project = _read_again(manifest, settings) if settings else manifest
        return replace(project, lock=lock) if lock else project
    if isinstance(manifest, Manifest):
        data, home = dump_manifest(manifest), Path(folder or ".").absolute()
        if holds_token(data.decode("utf-8")):
            raise ManifestInvalidError("secret in manifest", hint=WHERE_CREDENTIALS_GO)
        return Project(manifest, data, home, objects=dict(objects or {}), lock=lock)
    path = Path(manifest) if text is not None else manifest_file(Path(manifest))
    data = _bytes_of(path) if text is None else text
    home = Path(folder or path.parent).absolute()
    machine = MachineValues(home, os.environ)
    try:
        read = resolve_manifest(data, str(path), settings=settings, environment=machine)
    except InvalidDocumentError as error:
        msg = f"{path} has {counted(errors_in(error.problems))}"
        raise ManifestInvalidError(msg, problems=error.problems) from None
    # A manifest that is not a file has no name that its lock could share.
    lock = lock or (None if text is None else home / LOCK_FILE)
    return Project(
        read.manifest,
        data,
        home,
        str(path),
        dict(objects or {}),
        settings,
        read.environment,
        read.named_after,
        lock,
        machine,
    )


def read_plan_file(path: Path) -> "tuple[PlanDocument, str]":
    """Read a plan.json once, which may be a pipe, and return the plan and the sha256 of the file.

    Raises:
        DocumentInvalidError: the file cannot be read, or is not a plan.
    """
    from hublish.schemas.documents.plan import read_plan

    def read(text: bytes, source: str) -> "tuple[PlanDocument, str]":
        return read_plan(text, source), hashlib.sha256(text).hexdigest()

    return _read_document(path, read, "`hublish plan --out plan.json` writes one")


def read_lock_file(path: Path) -> "Lock":
    """Read a lock.

    Raises:
        DocumentInvalidError: the file cannot be read, or is not a lock.
    """
    # Imported here, like the plan above: `check` reads neither.
    from hublish.schemas.documents.lock import read_lock

    return _read_document(path, read_lock, "`hublish publish` writes one; name it with --lock")


@concealing()
def _read_document(path: Path, reader: Callable[[bytes, str], T], hint: str) -> T:
    from hublish.schemas.documents.json_documents import MAX_BYTES  # imported here, like the readers

    try:
        with path.open("rb") as stream:
            # A byte more than a document may have, so that a device without an end is refused as a large file is.
            return reader(stream.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise DocumentInvalidError(f"{path} cannot be read: {error.strerror}", hint=hint) from None
    except InvalidDocumentError as error:
        msg = f"{path} is not a document hublish can read"
        raise DocumentInvalidError(msg, hint=hint, problems=error.problems) from None


def _read_again(project: Project, settings: Mapping[str, Setting]) -> Project:
    # The text, not the file: it may have come from standard input, or have changed since.
    read = read_project(
        Path(project.name),
        text=project.text,
        folder=project.folder,
        objects=project.objects,
        variables={**project.settings, **settings},
    )
    return replace(read, lock=project.lock)


def _refuse_settings(settings: Mapping[str, Setting], manifest: AnyManifest) -> None:
    for name, value in settings.items():
        refused = setting_problem(name, value)
        if refused is None and holds_token(str(value)):
            refused = f"the value of '{name}' is a secret", WHERE_CREDENTIALS_GO
        if refused:
            raise UsageError(refused[0], hint=refused[1])
    if settings and isinstance(manifest, Manifest):
        msg = "a manifest that is built in Python takes no variables"
        raise UsageError(msg, hint="put their values into its fields")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        msg = f"{path} does not exist"
        hint = (
            "go to the folder that holds it, name it with -f, or let `hublish init` draft one; `hublish publish FOLDER "
            "--repo-id REPO` needs none"
        )
        raise ManifestInvalidError(msg, hint=hint) from None
    except OSError as error:
        raise ManifestInvalidError(f"{path} cannot be read: {error.strerror}") from None
