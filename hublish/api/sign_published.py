"""What `sign` and `attest` share: sign the files of a release on the Hub, and propose the signature."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from hublish.api.attesting import trees_of
from hublish.api.following_lock import FollowingLock, LockState, changed_since, has_files_of
from hublish.api.options import HubOptions, SignatureOptions
from hublish.api.preflight import preflight
from hublish.api.published_claims import PublishedClaims
from hublish.api.read_project import read_project
from hublish.api.recorded_releases import RecordedReleases
from hublish.api.session import Session
from hublish.api.signing import own_signer
from hublish.api.verify import recorded_plan
from hublish.attestation.bill_of_materials import PREDICATE_TYPE as BOM
from hublish.attestation.provenance import RECORDED, recorded_provenance
from hublish.audit.read_files import FileReader
from hublish.base.errors import DeclinedError, NotFoundError, SigningError, UsageError
from hublish.base.values import Head, Plan, Project, Receipt, Release, Target
from hublish.base.values.attested import BuildFacts
from hublish.base.values.remote_tree import FormerRelease
from hublish.hub.client.hub import Hub
from hublish.pipeline.attest.own_signer import OwnSigner
from hublish.pipeline.attest.published import AttestPublished
from hublish.pipeline.attest.reuse import CLAIMS
from hublish.pipeline.attest.signing import Signing
from hublish.pipeline.lock.plan_digest import plan_digest, with_digest
from hublish.pipeline.publish import publishing, signing_published
from hublish.pipeline.reseal.reseal import Reseal
from hublish.pipeline.upload.prepare import refuse_impossible
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, InvalidValueError, Problem, counted
from hublish.schemas.documents.file_names import (
    ATTESTATION_FILES,
    LOCK_FILE,
    MANIFEST_FILE,
    SIGNATURE_FILE,
)
from hublish.schemas.documents.hub_names import RepoType, repo_path
from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.repo_addresses import read_address
from hublish.schemas.documents.signing import Sign

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_MAIN: Final = "main"
# The bytes are on the Hub already: a signature is not the moment to refuse the format of a repo.
_POLICY: Final = {"pickle": "warn"}


@dataclass(frozen=True)
class SignedRelease:
    """A signature that is proposed for a release on the Hub, or that it has."""

    receipt: Receipt
    """The pull request with its commit; for a release that is signed already, the commit of main."""
    lock: Path
    """The lock of the release."""
    lock_state: LockState | None = None
    """Whether the lock has recorded the signature on main already, was updated to it, or records other files than main
    has. None before the pull request is merged, and without a lock."""


@dataclass(frozen=True)
class _Published:
    """A release on the Hub, and who signs it."""

    project: Project
    """The manifest; for a repo by its name, one in memory."""
    target: Target
    head: Head
    own: OwnSigner
    records: RecordedReleases

    @property
    def lock(self) -> Lock | None:
        """The lock that records exactly these files; None without one."""
        return next((lock for lock in self.records.locks if has_files_of(lock, self.head)), None)


def signed_on_hub(repo_id: str | None, options: SignatureOptions, *, with_claims: bool) -> SignedRelease:
    """Sign a release on the Hub in a pull request; see `sign` and `attest`."""
    repo_type, confirm = options.get("repo_type"), options.get("confirm")
    hub: dict[str, Any] = {name: value for name, value in options.items() if name in HubOptions.__annotations__}
    with Session(_project(repo_id, options), **hub) as session:
        found = _published(session, repo_id, repo_type)
        plan = _planned(session, found, with_claims=with_claims)
        refuse_impossible(plan)
        plan = with_digest(plan, plan_digest(plan))
        if confirm is not None and not confirm(plan):
            raise DeclinedError("not signed: the plan was not confirmed")
        provenance = partial(_provenance, session, found) if with_claims else None
        own = replace(found.own, provenance=provenance)
        # The stage of the lock writes that of a whole release: this one is removed with the session.
        receipt = publishing(session.hub, session.workspace / LOCK_FILE, own).run(plan, session.progress)
        path = session.project.lock_path
        state = FollowingLock(path, found.target).follow_signature(found.head, receipt)
        return SignedRelease(receipt, path, state)


def _project(repo_id: str | None, options: SignatureOptions) -> Project:
    """Return the manifest with the signer; one in memory for a repo that is named."""
    repo_type, lock, signer = options.get("repo_type"), options.get("lock"), options.get("signer")
    if repo_id is None:
        project = read_project(options.get("manifest", MANIFEST_FILE), lock=lock)
        return project if signer is None else _with_signer(project, signer)
    try:
        address = read_address(repo_id)
    except InvalidValueError as error:
        raise UsageError(f"REPO is not valid: {error}", hint=error.hint or "for example acme/digits-mlp") from None
    fields: dict[str, Any] = {
        "repo": {"repo_id": address.repo_id, "repo_type": repo_type or address.repo_type or "model"},
        "artifacts": [{"source": "*"}],
        "policy": _POLICY,
    }
    project = read_project(Manifest.model_validate(fields), lock=lock or LOCK_FILE)
    return project if signer is None else _with_signer(project, signer)


def _with_signer(project: Project, signer: Sign | Mapping[str, Any]) -> Project:
    return replace(project, manifest=project.manifest.model_copy(update={"sign": _sign(signer)}))


def _sign(signer: Sign | Mapping[str, Any]) -> Sign:
    if isinstance(signer, Sign):
        return signer
    try:
        return Sign.model_validate(dict(signer))
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        reasons = "; ".join(one["msg"].removeprefix("Value error, ") for one in found)
        msg = f"the signer is not complete: {reasons}"
        raise UsageError(msg, hint="the options are those of `sign` in hub.yaml") from None


def _published(session: Session, repo_id: str | None, repo_type: RepoType | None) -> _Published:
    """Read the repo, and refuse what cannot be signed, before a file is read.

    Raises:
        UsageError: the revision is not the head of main, on which a pull request is.
        NotFoundError: the repo has no such revision.
        SigningError: this machine has no signer, or main has other files than the release in the lock.
    """
    address = None if repo_id is None else session.addressed(repo_id, repo_type)
    session.complete_repo_id()
    declared = session.target
    target = Target(declared.repo_id, declared.repo_type, endpoint=session.endpoint, create_pr=True)
    own = own_signer(session.project)
    if own is None:
        hint = "add `sign` to hub.yaml, or name a key: --private-key key.pem"
        raise SigningError("no signer is declared", hint=hint)
    if own.missing is not None:
        raise own.missing
    session.progress.begin("reading the repo on the Hub")
    head = session.hub.head(target)
    if head.commit is None:
        raise NotFoundError(f"{target.repo_id} does not exist, has no files, or the token may not see it")
    revision = (address.revision or _MAIN) if address else declared.revision
    _require_head(head, target, revision)
    preflight(session, head, None, converts=False, target=target)
    found = _Published(session.project, target, head, own, RecordedReleases.of(session.project.lock_path, target))
    # Who names the commit has read it, and no later one is signed in its place.
    if revision != head.commit:
        _require_recorded(session.hub, found)
    return found


def _require_head(head: Head, target: Target, revision: str) -> None:
    if revision in (_MAIN, head.commit):
        return
    commit = head.tags.get(revision)
    if commit == head.commit:
        return
    if commit is None and not _COMMIT.fullmatch(revision):
        msg = f"{revision} is not main, a tag or a commit of {target.repo_id}: a pull request is to main"
        raise UsageError(msg, hint=f"name {target.repo_id} without a revision to sign main")
    msg = f"{revision} is not what main of {target.repo_id} has now: a pull request is on top of main"
    raise UsageError(msg, hint=f"leave the revision out to sign main; or `hublish rollback {revision}` first")


def _require_recorded(hub: Hub, found: _Published) -> None:
    """Refuse files that came to main after the release in the lock: a signature would vouch for those of others.

    Raises:
        SigningError: naming each of them.
    """
    if not found.records.locks or found.lock is not None:
        return
    head, last = found.head, found.records.locks[0]
    if changed := changed_since(hub, last, head):
        lock, repo = found.project.lock_path.name, found.target.repo_id
        problems = [Problem("sign.unrecorded_file", f"'{path}' is not as {lock} records it") for path in changed]
        msg = f"{counted(changed, 'file')} of {repo} changed since the release in {lock}; nothing was signed"
        hint = f"get the lock of the release; or read the changes, and sign {repo}@{head.commit}"
        raise SigningError(msg, hint=hint, problems=problems[:MAX_PROBLEMS])


def _planned(session: Session, found: _Published, *, with_claims: bool) -> Plan:
    head, target = found.head, found.target
    assert head.commit is not None
    made = set(ATTESTATION_FILES) if with_claims else {SIGNATURE_FILE}
    # Every other file, in the release or not, is signed: readers refuse one that is not.
    files = {path: file for path, file in head.files.items() if path not in made}
    verb = "Attest" if with_claims else "Sign"
    named = replace(target, commit_message=f"{verb} {repo_path(target.repo_id, target.repo_type)}")
    claims = None if with_claims else PublishedClaims.of(session.hub, target, head)
    signing = Signing(
        found.own,
        named,
        partial(_facts, found),
        partial(trees_of, session, named, head),
        any_builder=True,
        claims=CLAIMS if found.lock else (BOM,),
    )
    reader = FileReader(session.progress, session.executor, session.fingerprints)
    reseal = Reseal(
        found.project,
        session.hub,
        named,
        head,
        found.records.files,
        reader,
        session.executor,
        session.progress,
        reads_large=False,
    )
    attest = AttestPublished(signing, with_claims, claims.builder if claims else None)
    plan = signing_published(reseal, attest).run(FormerRelease(head.commit, head.commit, files), session.progress)
    warnings = claims.checked(found.own, plan.release) if claims else ()
    if with_claims:
        return replace(plan, warnings=(*plan.warnings, *_unbuilt(found)))
    return replace(plan, warnings=(*plan.warnings, *warnings))


def _facts(found: _Published, release: Release) -> BuildFacts:
    del release
    return BuildFacts(RECORDED if found.lock else "")


def _provenance(session: Session, found: _Published, plan: Plan) -> Mapping[str, Any] | None:
    """Return the claims that the lock of the release supports; none without a lock."""
    del plan
    if found.lock is None:
        return None
    return recorded_provenance(found.lock, recorded_plan(session.hub, found.lock))


def _unbuilt(found: _Published) -> Iterator[Problem]:
    if found.lock is None:
        message = f"no lock records the files of {found.target.repo_id}: the claims do not say how they were built"
        hint = f"name the lock of the release with --lock, or run this beside its {LOCK_FILE}"
        if not found.records.is_complete:
            hint = f"git does not have the whole history of the lock here: `git fetch --unshallow` may help; {hint}"
        yield Problem("sign.no_provenance", message, hint, severity="warning")
