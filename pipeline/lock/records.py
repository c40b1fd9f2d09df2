"""Convert plans, receipts and releases to the documents that record them."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import chain
from pathlib import PurePath
from typing import Any, Literal

from hublish.base.values import Action, Candidate, Change, Plan, Receipt, Release, ReleaseFile, Setting
from hublish.base.values.attested import Attestation
from hublish.base.values.commit_parts import count_commits
from hublish.base.values.remote_tree import FormerRelease
from hublish.schemas.diagnose.problems import Location
from hublish.schemas.documents.field_types import Document
from hublish.schemas.documents.file_names import GITATTRIBUTES
from hublish.schemas.documents.json_documents import without_credentials
from hublish.schemas.documents.json_stream import JsonWriter, Rows, encoded, masked
from hublish.schemas.documents.lock import Lock, LockedFile, LockedSignature, LockedWaiver, lock_text
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.plan import (
    ExcludedFile,
    Place,
    PlanDocument,
    PlannedAttestation,
    PlannedFile,
    PlannedFinding,
    PlannedMove,
    PlannedSetting,
    RestoredRelease,
)
from hublish.schemas.documents.receipt import ReceiptDocument
from hublish.schemas.yaml.reader import Places

_REPLACED = (Action.CHANGE, Action.DELETE)
_STAYING = (Action.KEEP, Action.LEAVE)
# Half of the text of a document with many files.
_DIGESTS = ("sha256", "blob_id")


def plan_document(plan: Plan) -> PlanDocument:
    """Return the contents of plan.json."""
    lists = {"files": tuple(_planned_files(plan)), "excluded": tuple(_excluded_files(plan))}
    return without_credentials(_without_lists(plan).model_copy(update=lists))


def changed_document(plan: Plan, *, places: bool = False) -> PlanDocument:
    """Return the contents of plan.json without the files that stay as they are, and without excluded ones.

    Showing a plan needs no more: of 100,000 files, most stay as they are.

    Args:
        plan: the plan.
        places: find the place of each rule, for which the manifest is parsed again.
    """
    place_of = _places_in(plan) if places else _nowhere
    changed = (each for each in plan.changes if each.action not in _STAYING or each.was_released)
    files = tuple(_planned_file(change, place_of, plan.edited) for change in changed)
    return _without_lists(plan).model_copy(update={"files": files})


def plan_pieces(plan: Plan) -> Iterator[bytes]:
    """Yield the text of plan.json, whose lists are made while they are written.

    Plans are compared by reviewers and by tools: the same plan is the same bytes.
    """
    from hublish.schemas.secrets.masking import redact

    # Keys stay, as in `without_credentials`.
    document = masked(plan_fields(plan), redact, str)
    return encoded(chain(JsonWriter(sort_keys=True).pieces(document), ["\n"]))


def plan_fields(plan: Plan) -> dict[str, Any]:
    """Return the contents of plan.json as plain data, its lists as `Rows`; credentials in it are not masked."""
    return _without_lists(plan).model_dump(mode="json") | {
        "files": Rows(partial(_dumped, partial(_planned_files, plan)), _DIGESTS),
        "excluded": Rows(partial(_dumped, partial(_excluded_files, plan))),
    }


def _without_lists(plan: Plan) -> PlanDocument:
    project, target, head = plan.release.project, plan.target, plan.head
    return PlanDocument(
        repo_id=target.repo_id,
        repo_type=target.repo_type,
        endpoint=target.endpoint,
        revision=target.revision,
        create_pr=target.create_pr,
        repo_exists=head.repo_exists,
        parent_commit=head.commit,
        manifest_sha256=hashlib.sha256(project.text).hexdigest(),
        variables=dict(project.settings),
        surroundings=dict(project.environment),
        resolved_sha256=_resolved_digest(project.manifest),
        card=plan.card,
        commit_message=target.commit_message,
        tag=plan.tag,
        moves=tuple(_planned_moves(plan)),
        pull_request=plan.open_pull_request,
        commits=count_commits(plan),
        bytes_to_send=plan.bytes_to_send,
        settings=tuple(map(_planned_setting, plan.settings)),
        files=(),
        excluded=(),
        findings=tuple(_findings(plan.release)),
        nothing_to_do=plan.nothing_to_do,
        visibility=target.visibility or head.visibility or "public",
        gated=_spelled(head.gated if target.gated is None else target.gated),
        default_commit=head.default_commit,
        remote_files=len(head.files),
        remote_bytes=sum(file.size for file in head.files.values()),
        last_release=plan.last,
        policy=project.manifest.policy,
        released_policy=plan.released_policy,
        refusals=tuple(problem.message for problem in plan.refusals),
        restores=_restored(plan.release.former),
        attestation=_planned_attestation(plan.release),
    )


def _restored(former: FormerRelease | None) -> RestoredRelease | None:
    if former is None:
        return None
    return RestoredRelease(name=former.name, commit=former.commit, locked=former.lock is not None)


def _planned_attestation(release: Release) -> PlannedAttestation | None:
    attestation, sign = release.attestation, release.project.manifest.sign
    if attestation is None:
        return None
    facts = {name: getattr(attestation, name) for name in ("builder", "source_uri", "source_commit", "dirty")}
    if (signer := attestation.signer) is not None:
        return PlannedAttestation(method=signer.method, signer=signer.name, **facts)
    # Only a job of the declared identity can sign.
    return PlannedAttestation(method=sign.method, signer=sign.identity, **facts) if sign else None


def locked_signature(attestation: Attestation | None) -> LockedSignature | None:
    """Return the record of a signature; None without one."""
    signer = attestation.signer if attestation else None
    if attestation is None or signer is None:
        return None
    return LockedSignature(
        method=signer.method,
        signer=signer.name,
        public_key=signer.public_key or None,
        provider=signer.provider,
        log_index=signer.log_index,
        builder=attestation.builder,
    )


def _spelled(gated: str | Literal[False] | None) -> str:
    return gated or "false"


def receipt_fields(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt for scripts as plain data, the lists of its plan as `Rows`; credentials are not masked."""
    document = ReceiptDocument(
        commit=receipt.commit,
        created=receipt.created,
        url=receipt.url,
        pull_request=receipt.pull_request,
        tag=receipt.tag,
        moving_tags=receipt.moving_tags,
        moving_branches=receipt.moving_branches,
        verified=receipt.verified,
        plan=_without_lists(receipt.plan),
        plan_sha256=receipt.plan.sha256,
    )
    return document.model_dump(mode="json") | {"plan": plan_fields(receipt.plan)}


def lock_pieces(receipt: Receipt) -> Iterator[bytes]:
    """Yield the text of the lock of a verified release, whose files are made while they are written."""
    from hublish.schemas.secrets.masking import redact

    rows = Rows(partial(_dumped, partial(locked_files, receipt.plan.release)), _DIGESTS)
    return encoded(lock_text(without_credentials(_without_files(receipt)), masked(rows, redact, str)))


def _without_files(receipt: Receipt) -> Lock:
    release, target = receipt.plan.release, receipt.plan.target
    former, project = release.former, release.project
    place = {
        **{name: getattr(target, name) for name in ("repo_id", "repo_type", "endpoint", "visibility", "gated")},
        **{name: getattr(receipt, name) for name in ("revision", "commit", "tag", "moving_tags", "moving_branches")},
        # The branch may be at the release itself.
        "restores": former.name if former and former.commit != receipt.commit else None,
        "tag_commit": None,
        "files": (),
    }
    if former is not None and former.lock is not None:
        return former.lock.model_copy(update=place)
    return Lock(
        **place,
        manifest_sha256=hashlib.sha256(project.text).hexdigest(),
        load=project.manifest.load,
        card=next((file.origin.card for file in release.files if file.origin.card), None),
        facts=next((file.origin.facts for file in release.files if file.origin.facts), None),
        waived=tuple(_waivers(release)),
        signature=locked_signature(release.attestation),
    )


def locked_files(release: Release) -> Iterable[LockedFile]:
    """Return the files of a release; those of one that is restored as they were locked."""
    former = release.former
    if former is not None and former.lock is not None:
        return sorted(former.lock.files, key=lambda file: file.path_in_repo)
    files = sorted(release.files, key=lambda file: file.path_in_repo)
    # Of a whole tree, the file that the Hub writes itself is no part of the release.
    return (locked_file(file) for file in files if former is None or file.path_in_repo != GITATTRIBUTES)


def _dumped(documents: Callable[[], Iterable[Document]]) -> Iterator[dict[str, Any]]:
    return (document.model_dump(mode="json") for document in documents())


def _planned_files(plan: Plan) -> Iterator[PlannedFile]:
    place_of = _places_in(plan)
    return (_planned_file(change, place_of, plan.edited) for change in plan.changes)


def _excluded_files(plan: Plan) -> Iterator[ExcludedFile]:
    place_of = _places_in(plan)
    return (_excluded_file(item, place_of) for item in plan.release.excluded)


def _places_in(plan: Plan) -> Callable[[str], Place | None]:
    """Return a function that finds the place of a rule by its path; many files share one rule."""
    # The file's name without its folder: a plan does not depend on where the command was run.
    project = plan.release.project
    places = Places.of(project.text, PurePath(project.name).name)
    return cache(lambda rule: _place(places.find(rule)))


def _nowhere(rule: str) -> None:
    del rule


def _resolved_digest(manifest: Manifest) -> str:
    # With the variables replaced: a changed variable changes the digest. Without defaults: a field that a new version
    # adds does not.
    fields = manifest.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _planned_setting(setting: Setting) -> PlannedSetting:
    # The document holds strings, `False` among them: plans that were reviewed earlier stay comparable.
    before = None if setting.before is None else str(setting.before)
    return PlannedSetting(name=setting.name, before=before, after=str(setting.after))


def _planned_moves(plan: Plan) -> Iterator[PlannedMove]:
    # Of several tags at one commit, the first one; those that move themselves name no release.
    names = {
        commit: tag
        for tag, commit in sorted(plan.head.tags.items(), reverse=True)
        if tag not in plan.target.moving_tags
    }
    for ref in plan.moves:
        yield PlannedMove(kind=ref.kind, name=ref.name, before=ref.at, release=names.get(ref.at or ""))


def _findings(release: Release) -> Iterator[PlannedFinding]:
    """Yield the findings of the audit, except those about the disk of this machine."""
    found = [
        (problem, problem.path, None)
        for problem in release.warnings
        if problem.code.startswith("policy.") and problem.code != "policy.hard_link"
    ]
    waived = [(one.problem, one.path_in_repo, one.reason) for one in release.waived]
    for problem, path, reason in sorted([*found, *waived], key=lambda one: (one[1], one[0].code, one[0].message)):
        yield PlannedFinding(
            code=problem.code, severity=problem.severity, message=problem.message, path_in_repo=path, waived=reason
        )


def _waivers(release: Release) -> Iterator[LockedWaiver]:
    counts = Counter((one.path_in_repo, one.problem.code, one.reason) for one in release.waived)
    for (path, rule, reason), count in sorted(counts.items()):
        yield LockedWaiver(rule=rule, path_in_repo=path, reason=reason, findings=count)


def _planned_file(
    change: Change, place_of: Callable[[str], Place | None], edited: frozenset[str] = frozenset()
) -> PlannedFile:
    # The place of a .gitignore's rule is known; that of a field in hub.yaml is found by its path.
    file, remote = change.file, change.remote
    source, serializer = (file.origin.source, file.origin.serializer) if file else ("", "")
    if change.made_at_publish:
        source = serializer = change.rule
    # Not validated: these are our own values, and a release may have 100,000 files.
    return PlannedFile.model_construct(
        action=change.action.value,
        path_in_repo=change.path_in_repo,
        size=change.size,
        sha256=file.sha256 if file else None,
        source=source,
        serializer=serializer,
        upload_mode=change.upload_mode,
        reason=change.reason,
        rule=change.rule,
        location=_place(change.location) or place_of(change.rule),
        before_size=remote.size if remote and change.action in _REPLACED and not change.made_at_publish else None,
        edited=change.path_in_repo in edited,
        made_at_publish=change.made_at_publish,
    )


def _excluded_file(candidate: Candidate, place_of: Callable[[str], Place | None]) -> ExcludedFile:
    verdict = candidate.verdict
    return ExcludedFile(
        path_in_repo=candidate.path_in_repo,
        source=candidate.source,
        reason=verdict.rule,
        rule=verdict.path,
        location=place_of(verdict.path),
    )


def _place(location: Location | None) -> Place | None:
    return None if location is None else Place(source=location.source, line=location.line, column=location.column)


def locked_file(file: ReleaseFile) -> LockedFile:
    """Return the record of a file of a release."""
    return LockedFile(
        path_in_repo=file.path_in_repo,
        size=file.size,
        sha256=file.sha256,
        blob_id=file.blob_id,
        source=file.origin.source,
        serializer=file.origin.serializer,
        parameters=dict(file.origin.parameters),
    )
