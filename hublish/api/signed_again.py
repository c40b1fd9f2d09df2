"""Sign a release on the Hub again, when one of its files changes in a commit of its own."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial, reduce

from hublish.api.git.builder import build_source
from hublish.api.session import Session
from hublish.attestation.bill_of_materials import with_other_file
from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.model_signature import read_signature_statement
from hublish.attestation.statements import MOST_CLAIMS_BYTES
from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.errors import SigningError
from hublish.base.values import Action, Change, Head, Origin, Plan, ReleaseFile, RemoteFile, Target, Verdict
from hublish.base.values.attested import Attestation, BuildFacts, Dependency
from hublish.base.workers import run_each
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.hub.client.remote_content import OnHub, ReadBudget
from hublish.pipeline.attest.own_signer import OwnSigner, made_file
from hublish.pipeline.compare.compare import completed
from hublish.pipeline.lock.plan_digest import plan_digest, with_digest
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, GITATTRIBUTES, SIGNATURE_FILE, UNSIGNED_FILES
from hublish.schemas.documents.hub_names import repo_path
from hublish.schemas.documents.lock import Lock

_KEPT = Verdict(included=True, rule="signed before")
_MOST_DIFFERENCES = 20


def required_signer(session: Session, head: Head, *, manifest: bool) -> OwnSigner | None:
    """Return the signer that has to sign the changed release; None for a release that is not signed.

    Args:
        session: the session.
        head: the head of the branch.
        manifest: whether the session has the manifest of the repo, which declares the signer.

    Raises:
        SigningError: this machine cannot sign.
    """
    if SIGNATURE_FILE not in head.files:
        return None
    own = session.signer if manifest else None
    if own is None:
        msg = "the release is signed, its card included, and no `sign` says how to sign the changed card"
        raise SigningError(msg, hint="run this in the folder of the hub.yaml that signs it; nothing was changed")
    if own.missing is not None:
        raise own.missing
    return own


def signed_again(session: Session, plan: Plan, own: OwnSigner, lock: Lock | None) -> Plan:
    """Return a plan whose commit also renews the signature and the claims.

    Every other file must be the one that the same signer has signed: whoever signs again would vouch for the changes
    of others.

    Args:
        session: the session.
        plan: the plan of a commit that changes some files of a signed release.
        own: the signer.
        lock: the lock of the release, which spares the download of files that it records; None without one.

    Raises:
        SigningError: the release has files that the same signer has not signed.
        RemoteError: the Hub cannot be read.
    """
    signed = _signed_digests(session.hub, plan.target, plan.head, own)
    _refuse_unsigned(session.hub, plan, signed, lock, session.executor)
    kept = _kept_files(session.hub, plan, signed)
    bom = _other_bom(plan, kept)
    # Either the file as it is, or the one that describes the others as they are now.
    kept = tuple(file for file in kept if bom is None or file.path_in_repo != BOM_FILE)
    files = tuple(sorted((*plan.release.files, *kept), key=lambda file: file.path_in_repo))
    facts = _facts(session, plan)
    attestation = Attestation(own.signed_by, facts.builder, pending=(CLAIMS_FILE, SIGNATURE_FILE))
    release = replace(plan.release, files=files, attestation=attestation)
    staying = {file.path_in_repo: file for file in kept}
    changes = tuple(_change(change, staying) for change in _with_pending(plan))
    found = replace(plan, release=release, changes=changes, existing_commit=None)
    found = found if bom is None else completed(found, (bom,), session.hub)
    return with_digest(found, plan_digest(found))


def signing_again(session: Session, plan: Plan, own: OwnSigner) -> OwnSigner:
    """Return the signer with the facts about such a commit: its source is the commit below it."""
    facts = _facts(session, plan)
    return replace(own, facts=lambda _: facts)


def _facts(session: Session, plan: Plan) -> BuildFacts:
    target = plan.target
    builder = build_source(replace(plan.release, project=session.project), os.environ)
    below = Dependency(target.repo_id, target.repo_type, target.endpoint, plan.head.commit)
    return BuildFacts(builder.builder, builder.invocation, dependencies=(below,))


def _signed_digests(hub: Hub, target: Target, head: Head, own: OwnSigner) -> Mapping[str, str]:
    remote = head.files[SIGNATURE_FILE]
    assert own.verifier is not None
    try:
        if remote.size > MOST_CLAIMS_BYTES:
            raise InvalidSignatureError(f"it has {remote.size} bytes")
        data = transfer.read(hub, target, SIGNATURE_FILE, head.commit or "", size=remote.size)
        signed = read_signature_statement(own.verifier.verify(data).statement)
    except InvalidSignatureError as error:
        msg = f"the signature on the Hub is not one of the signer that hub.yaml declares: {error}"
        raise SigningError(msg, hint="publish the release with this signer first; nothing was changed") from None
    if signed.repo.casefold() != repo_path(target.repo_id, target.repo_type).casefold():
        raise SigningError(f"the signature on the Hub is that of {signed.repo}; nothing was changed")
    return signed.files


def _refuse_unsigned(hub: Hub, plan: Plan, signed: Mapping[str, str], lock: Lock | None, executor: Executor) -> None:
    files = plan.head.files
    differ = [path for path in sorted(signed) if path not in files]
    differ += [path for path in sorted(files) if path not in signed and path not in UNSIGNED_FILES]
    locked = {(file.path_in_repo, file.blob_id): file.sha256 for file in lock.files} if lock else {}
    unknown = []
    for path, sha256 in signed.items():
        remote = files.get(path)
        known = remote and (remote.sha256 or locked.get((path, remote.blob_id)))
        if remote is not None and known is None:
            unknown.append(remote)
        elif known != sha256 and remote is not None:
            differ.append(path)
    budget = ReadBudget()
    read = partial(_sha256, hub, plan, budget)
    digests = zip(unknown, run_each(executor, read, unknown), strict=True)
    differ += [file.path_in_repo for file, digest in digests if digest != signed[file.path_in_repo]]
    if differ:
        problems = [Problem("sign.unsigned_file", f"'{path}' is not as it was signed") for path in sorted(set(differ))]
        msg = f"{plan.target.repo_id} was changed since it was signed; nothing was changed"
        hint = "publish the release, which signs it as a whole; then run this again"
        raise SigningError(msg, hint=hint, problems=problems[:_MOST_DIFFERENCES])


def _sha256(hub: Hub, plan: Plan, budget: ReadBudget, file: RemoteFile) -> str:
    content = OnHub(hub, plan.target, plan.head.commit or "", file, budget)
    return hashlib.sha256(content.read()).hexdigest()


def _is_deleted(plan: Plan, path: str) -> bool:
    return any(change.path_in_repo == path for change in plan.of(Action.DELETE))


def _kept_files(hub: Hub, plan: Plan, signed: Mapping[str, str]) -> tuple[ReleaseFile, ...]:
    """Return the signed files that the plan does not change."""
    changed = {file.path_in_repo for file in plan.release.files}
    return tuple(
        _kept(hub, plan, plan.head.files[path], sha256)
        for path, sha256 in signed.items()
        if path not in changed and not _is_deleted(plan, path)
    )


def _other_bom(plan: Plan, kept: Sequence[ReleaseFile]) -> ReleaseFile | None:
    """Return the bill of materials with the changed files; None without one, or for that of another tool."""
    boms = [file for file in kept if file.path_in_repo == BOM_FILE]
    changed: dict[str, ReleaseFile | None] = {file.path_in_repo: file for file in plan.release.files}
    changed |= {change.path_in_repo: None for change in plan.of(Action.DELETE)}
    found = each_sealed(boms, sealed_bytes)
    if not found:
        return None
    try:
        # Of every change, one after the other.
        described = reduce(lambda data, path: with_other_file(data, path, changed[path]), changed, found[0])
    except ValueError:
        return None
    return made_file(BOM_FILE, described)


def _kept(hub: Hub, plan: Plan, remote: RemoteFile, sha256: str) -> ReleaseFile:
    content = OnHub(hub, plan.target, plan.head.commit or "", remote, ReadBudget())
    origin = Origin(None, remote.path_in_repo, "copy", verdict=_KEPT)
    return ReleaseFile(remote.path_in_repo, remote.size, sha256, remote.blob_id, content, origin)


def _with_pending(plan: Plan) -> tuple[Change, ...]:
    """Return the changes of a plan, with those of the files that are made when it is published."""
    pending = {
        path: Change(
            Action.CHANGE if path in plan.head.files else Action.ADD,
            path,
            None,
            plan.head.files.get(path),
            reason="sign: made at publish",
            rule="sign",
            made_at_publish=True,
        )
        for path in (CLAIMS_FILE, SIGNATURE_FILE)
    }
    others = (change for change in plan.changes if change.path_in_repo not in pending)
    return tuple(sorted((*others, *pending.values()), key=lambda change: change.path_in_repo))


def _change(change: Change, staying: Mapping[str, ReleaseFile]) -> Change:
    file = staying.get(change.path_in_repo)
    if file is None or change.path_in_repo == GITATTRIBUTES:
        return change
    return Change(Action.KEEP, change.path_in_repo, file, change.remote, reason=file.origin.verdict.rule)
