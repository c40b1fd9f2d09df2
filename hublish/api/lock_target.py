"""The lock of a manifest, and the refusal of a lock that records a release for another target."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hublish.api.read_project import AnyManifest, read_lock_file, read_project
from hublish.api.session import Session
from hublish.base.errors import DocumentInvalidError, LockTargetError, ManifestInvalidError
from hublish.base.values import Project, Target
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.file_names import manifest_file
from hublish.schemas.documents.hub_names import REPO_TYPES
from hublish.schemas.documents.lock import Lock
from hublish.schemas.yaml.reader import read_yaml

_PORTS = {"http": 80, "https": 443}
_VARIABLE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True)
class DeclaredTarget:
    """The repo and the Hub that a manifest names, as far as they are known without its variables; empty for unknown."""

    endpoint: str = ""
    repo_id: str = ""
    """May contain variables that only the publisher can set: they match any text."""
    repo_type: str = ""

    @classmethod
    def of(cls, manifest: AnyManifest, *, decides: bool = True) -> "DeclaredTarget":
        """Return the target of a manifest.

        A verb that compares with a lock needs no more of it. A file that does not exist declares nothing, and unless it
        declares an endpoint it need not be valid: its variables may be set only where the release is published.

        Args:
            manifest: the manifest.
            decides: whether its endpoint is used; otherwise it need not be readable either.

        Raises:
            ManifestInvalidError: the file is not YAML, or it declares an endpoint and is invalid.
        """
        if not isinstance(manifest, str | Path):
            return cls.resolved(read_project(manifest))
        path = manifest_file(Path(manifest))
        if not path.exists():
            return cls()
        try:
            written = read_yaml(path.read_bytes(), str(path)).data.get("repo")
        except (OSError, InvalidDocumentError):
            # An endpoint may be declared in a file that cannot be parsed. Guessing could send the token elsewhere.
            return cls.resolved(read_project(manifest)) if decides else cls()  # raises the error with its place
        repo: dict[str, Any] = written if isinstance(written, dict) else {}
        try:
            # Most manifests declare no endpoint, and the repo literally: their variables need not be resolved here.
            if repo.get("endpoint") or _VARIABLE.search(f"{repo.get('repo_id')} {repo.get('repo_type')}"):
                return cls.resolved(read_project(manifest))
        except ManifestInvalidError:
            if decides and repo.get("endpoint"):
                raise
        return cls._written(repo)

    @classmethod
    def resolved(cls, project: Project) -> "DeclaredTarget":
        """Return the target of a valid manifest."""
        return cls(project.target.endpoint, project.target.repo_id, project.target.repo_type)

    @classmethod
    def _written(cls, repo: Mapping[str, Any]) -> "DeclaredTarget":
        repo_id, repo_type = repo.get("repo_id"), repo.get("repo_type", REPO_TYPES[0])
        return cls(
            repo_id=repo_id if isinstance(repo_id, str) else "",
            repo_type=str(repo_type) if repo_type in REPO_TYPES else "",
        )


def lock_of(project: Project) -> Lock | None:
    """Return the lock of a project; None before the first release.

    Raises:
        DocumentInvalidError: it cannot be read, or the caller names one that is missing.
    """
    # Only the default lock may be missing.
    if project.lock is None and not project.lock_path.exists():
        return None
    return read_lock_file(project.lock_path)


def last_release(project: Project, target: Target) -> Lock | None:
    """Return the lock of the last release to a target; None without one."""
    lock = last_lock(project)
    return lock if lock and records_release_to(target, lock) else None


def last_lock(project: Project) -> Lock | None:
    """Return the lock of the last release, whatever its target; None without one."""
    try:
        # A pipe in its place would wait for a writer.
        return lock_of(project) if project.lock_path.is_file() else None
    except (DocumentInvalidError, OSError):  # it is written anew, and nothing depends on it
        return None


def records_release_to(target: Target, lock: Lock) -> bool:
    """Return whether a lock records a release to a target."""
    # The full name is known here: that of the account was added.
    declared = DeclaredTarget(target.endpoint, target.repo_id, target.repo_type)
    return not any(_differences(lock, declared, target.endpoint))


def refuse_other_target(
    lock: Lock, session: Session, declared: DeclaredTarget, name: str = "", *, offline: bool = False
) -> None:
    """Raise when a lock records a release for another repo, type or Hub than the manifest's.

    Args:
        lock: the lock.
        session: the session, whose Hub is the one to compare with.
        declared: the repo that the manifest names.
        name: the lock's file in the message.
        offline: send no request to learn the namespace of a name without one.

    Raises:
        LockTargetError: before any other request: the lock must not decide which repo is asked about.
    """
    differences = list(_differences(lock, declared, session.endpoint))
    if not differences and _lacks_namespace(declared, lock) and not offline and session.hub.has_token:
        full = f"{session.account.name}/{declared.repo_id}"
        differences = list(_differences(lock, DeclaredTarget("", full, declared.repo_type), session.endpoint))
    if differences:
        msg = f"{name or 'the lock'} records a release of another target: {'; '.join(differences)}"
        # The Hub in the lock is not suggested: a lock of somewhere else must not choose who receives the token.
        hint = (
            "name its manifest with -f and its Hub with --endpoint, or another lock with --lock; `hublish publish` "
            "writes the lock of this target, and sends nothing that is there already"
        )
        raise LockTargetError(msg, hint=hint)


def _lacks_namespace(declared: DeclaredTarget, lock: Lock) -> bool:
    literal = declared.repo_id and not _VARIABLE.search(declared.repo_id)
    return bool(literal) and "/" not in declared.repo_id and "/" in lock.repo_id


def _differences(lock: Lock, declared: DeclaredTarget, endpoint: str) -> Iterator[str]:
    if declared.repo_id and not _is_same_repo(lock.repo_id, declared.repo_id):
        yield f"repo_id {lock.repo_id}, not {declared.repo_id}"
    if declared.repo_type not in ("", lock.repo_type):
        yield f"repo_type {lock.repo_type}, not {declared.repo_type}"
    if _origin(lock.endpoint) != _origin(endpoint):
        yield f"endpoint {lock.endpoint}, not {endpoint}"


def _is_same_repo(locked: str, declared: str) -> bool:
    # A name without a namespace belongs to the account of the token.
    whole = locked if "/" in declared else locked.rpartition("/")[2]
    # The Hub ignores the case of names, and its responses have the spelling with which the repo was created.
    form = ".*".join(map(re.escape, _VARIABLE.split(declared)))
    return any(re.fullmatch(form, name, re.IGNORECASE) for name in (locked, whole))


def _origin(endpoint: str) -> tuple[str, str | None, int | None, str]:
    try:
        url = urlsplit(endpoint)
        port = url.port or _PORTS.get(url.scheme)
    except ValueError:  # a lock may have been edited
        return endpoint, None, None, ""
    return url.scheme, url.hostname, port, url.path.rstrip("/")
