"""Download a release and check every byte."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from hublish.api.options import DEFAULTS, PullOptions, takes
from hublish.api.read_project import read_lock_file
from hublish.api.session import Session
from hublish.api.trust_policy import find_trust_policy
from hublish.base.errors import UsageError
from hublish.base.values import Digest, LocalRelease, PromisedFile, Reference
from hublish.hub.client.installed_client import OURSELVES, Caller
from hublish.pipeline.fetch.fetch import Destination
from hublish.pipeline.fetch.local_folder import exclusive
from hublish.pipeline.fetch.select import Select, has_arrays
from hublish.pipeline.load import pulling
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.lock import Lock


@takes(PullOptions)
def pull(repo_id: str | None = None, **options: Unpack[PullOptions]) -> LocalRelease:
    """Download the files that the load plan needs, and check every byte.

    Args:
        repo_id: `namespace/name`, its page on the Hub or a URL to clone it; not needed when a lock is given. It may
            include type and revision: `datasets/acme/digits@v1`.
        **options: see `PullOptions`.

    Raises:
        NotFoundError: no such repo or revision.
        OfflineError: the network is off, and the cache lacks a file.
        IntegrityError: a file has other bytes than promised; it was removed.
        TrustError: a rule of trust.yaml applies to the repo, and the signature or the claims do not satisfy it.
        TrustPolicyError: trust.yaml is invalid.
        PolicyError: a file is or contains a pickle, and `trust` does not permit it; it was removed.
        LoadError: the load plan selects nothing, or a name is not safe.
        OverwriteError: `local_dir` has other files in the place of the release's, and no earlier pull wrote them.
    """
    return pulled(repo_id, options)


def pulled(
    repo_id: str | None,
    options: PullOptions,
    *,
    caller: Caller = OURSELVES,
    to_load: bool = False,
    with_target: bool = False,
    as_data: bool = False,
) -> LocalRelease:
    """Download the files of a release and check every byte.

    With `to_load` and without patterns, only the files that loading reads; with `with_target`, the module of the load
    plan's target too. With `as_data`, only hublish's own readers read them: `pytorch_model.bin` is then not refused.
    """
    given: PullOptions = {**DEFAULTS, **options}
    # A lock is read before anything is opened: it may name the embedded Hub.
    lock = given.get("lock")
    lock = read_lock_file(Path(lock)) if isinstance(lock, str | Path) else lock
    select = Select(
        _patterns(given.get("allow_patterns")), _patterns(given.get("ignore_patterns")), to_load, with_target
    )
    destination = Destination(
        _path(given.get("cache_dir")), _path(given.get("local_dir")), given["force_download"], given["local_files_only"]
    )
    progress = given["progress"]
    policy = find_trust_policy(given.get("trust_policy"))
    with Session(
        endpoint=given.get("endpoint"),
        token=given.get("token"),
        progress=progress,
        lock=lock,
        caller=caller,
        digest_cache=given["digest_cache"],
    ) as session:
        # Not from `given`: a default would contradict the type or revision in a URL.
        reference = _reference(session, repo_id, options, lock)
        may_unpickle = given["trust"].pickle
        pipeline = pulling(
            session.hub,
            destination,
            select,
            progress,
            session.executor,
            allow_pickle=may_unpickle,
            as_data=as_data,
            cache=session.fingerprints,
            policy=policy,
        )
        with exclusive(destination.folder):
            local = pipeline.run(reference, progress)
    release = local.plan.release
    doubts = () if release.examination is None else release.examination.warnings
    deprecated = deprecation(release.reference.repo_id, release.new_version)
    return replace(local, warnings=(*local.warnings, *doubts, *deprecated))


def can_load(local: LocalRelease) -> bool:
    """Return whether `hublish load` opens arrays of a pulled release."""
    return has_arrays(local.plan.release)


def deprecation(repo_id: str, new_version: str | None) -> tuple[Problem, ...]:
    """Return a warning about a repo that names another one to use instead; nothing without one."""
    if new_version is None:
        return ()
    message = f"{repo_id} is deprecated in favor of {new_version}"
    return (Problem("release.deprecated", message, f"use {new_version}", severity="warning"),)


def issue_warnings(local: LocalRelease) -> None:
    """Issue the warnings as those of Python, where the caller receives no `LocalRelease` that lists them."""
    for problem in local.warnings:
        warnings.warn(f"{problem.message}; {problem.hint}", stacklevel=4)


def _reference(session: Session, repo_id: str | None, options: PullOptions, lock: Lock | None) -> Reference:
    if repo_id is None and lock is None:
        raise UsageError("neither a repo_id nor a lock was given")
    revision, repo_type = options.get("revision"), options.get("repo_type")
    if repo_id is not None:
        repo = session.addressed(repo_id, repo_type, revision)
        repo_id, repo_type, revision = repo.repo_id, repo.repo_type, repo.revision
    if lock is None:
        return Reference(repo_id or "", repo_type or "model", revision or "main")
    if repo_id not in (None, lock.repo_id):
        raise UsageError(f"the lock is of {lock.repo_id}, not of {repo_id}")
    if repo_type not in (None, lock.repo_type):
        raise UsageError(f"the lock is of a {lock.repo_type}, not of a {repo_type}", hint="leave the type out")
    if revision not in (None, lock.commit, None if lock.tag_commit else lock.tag):
        raise UsageError(f"the lock is of commit {lock.commit}, not of {revision}", hint="leave the revision out")
    # The commit, not the branch or tag that was locked: those may have moved since.
    files = tuple(PromisedFile(file.path_in_repo, file.size, Digest("sha256", file.sha256)) for file in lock.files)
    return Reference(lock.repo_id, lock.repo_type, lock.commit, files, lock.load, lock.signature)


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)


def _patterns(patterns: Sequence[str] | str | None) -> tuple[str, ...] | None:
    if patterns is None:
        return None
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)
