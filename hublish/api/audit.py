"""Audit a release, or any folder, by the policy alone: without the Hub, and without rendering a card.

The functions are `audit_release` and `audit_folder`, since `hublish.audit` is the package that they use.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.api.trust_policy import find_trust_policy
from hublish.audit.audit_files import AuditedFiles, audit_files
from hublish.audit.fingerprint import Fingerprint, Interest
from hublish.audit.policy import commit_problems
from hublish.audit.read_files import FileReader, Unread
from hublish.base.errors import HublishError, SerializationError, SourceChangedError, UsageError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Collection, Kind, Project, Staged, StagedFile
from hublish.base.values.audited import Audited, AuditFinding, in_order
from hublish.formats.catalogue import COPY
from hublish.pipeline.collect.collect import survey
from hublish.pipeline.collect.folder_files import FolderFiles, folder_files, single_file
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.yaml.reader import Places

if TYPE_CHECKING:
    from hublish.attestation.trusted_signers import TrustedSigners


def audit_release(
    manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT, digest_cache: bool = True
) -> Audited:
    """Audit the files of a release by the policy of its manifest: its sources, converted as they would be uploaded.

    All findings are returned, and none is raised: sources that are refused, files that cannot be converted or read,
    names, sizes, pickles and secrets. The card is not rendered; `check` and `files` audit it.

    Args:
        manifest: the manifest.
        progress: receives stages and bytes.
        digest_cache: see `HubOptions`.

    Raises:
        ManifestInvalidError: the manifest cannot be read.
    """
    project = read_project(manifest)
    with Session(project, progress=progress, digest_cache=digest_cache) as session:
        progress.begin("collecting the files")
        found = survey(project)
        problems = [*found.problems, *_of_the_commit(project)]
        usable = tuple(one for one in found.candidates if one.kind is Kind.FILE)
        staged, failures = _converted(session, Collection(project, usable))
        audited = _audited(session, staged.files, project.manifest.policy)
        located = session.located([*problems, *failures])
        findings = [AuditFinding(problem) for problem in located]
        findings += _findings(audited, staged.files, Path(project.name).parent)
        places = Places.of(project.text, project.name)
        return _result(project.name, staged.files, (_placed(one, places) for one in findings))


def audit_folder(
    path: str | Path = ".",
    *,
    policy: Policy = Policy(),  # noqa: B008 - frozen
    trust_policy: str | Path | None = None,
    progress: Progress = SILENT,
    digest_cache: bool = True,
) -> Audited:
    """Audit every file of a folder, or one file, by a policy; also a folder that `pull` has downloaded.

    Where a rule of trust.yaml applies to its repo, the signature is verified as well. The repo is that of a snapshot in
    the cache, else the one that the signature names. Files may be missing, as only some may have been downloaded. A
    folder that no rule can be applied to is an error with `trust_policy`, and a warning where one was found.

    A hub.yaml in the folder is a file like any other: its policy and its waivers do not count, because others may
    have written it. Links are not followed, except those of snapshots in huggingface_hub's cache to its blobs.

    Args:
        path: the folder or the file.
        policy: the policy. Default: that of a manifest that does not change it.
        trust_policy: as for `hublish.pull`.
        progress: receives stages and bytes.
        digest_cache: see `HubOptions`.

    Raises:
        UsageError: the path does not exist, or is a file and a trust policy is given.
        TrustPolicyError: trust.yaml is invalid.
    """
    path, trusted = Path(path), find_trust_policy(trust_policy)
    if not os.path.lexists(path):
        raise UsageError(f"{path} does not exist", hint="name a folder or a file")
    if trust_policy is not None and not path.is_dir():
        raise UsageError("a trust policy is for the folder of a release", hint="leave it out to audit one file")
    with Session(progress=progress, folder=path, digest_cache=digest_cache) as session:
        progress.begin("listing the files")
        is_folder = path.is_dir()
        listed: FolderFiles = folder_files(path) if is_folder else single_file(path)
        base = path if is_folder else path.parent
        audited = _audited(session, listed.files, policy)
        findings = [AuditFinding(problem, problem.path, _shown(base, problem.path)) for problem in listed.problems]
        findings += _findings(audited, listed.files, base)
        if is_folder and trusted is not None:
            findings += _untrusted(path, trusted, session, asked=trust_policy is not None)
        has_manifest = is_folder and any(file.path_in_repo == MANIFEST_FILE for file in listed.files)
        unread = _shown(base, MANIFEST_FILE) if has_manifest else ""
        return replace(_result(str(path), listed.files, findings), unread_manifest=unread)


def _untrusted(folder: Path, trusted: "TrustedSigners", session: Session, *, asked: bool) -> Iterator[AuditFinding]:
    """Yield what the rule for the repo of a folder requires, and its signature and claims do not show.

    Args:
        folder: the folder.
        trusted: the trust policy.
        session: hashes the files.
        asked: whether the caller named the policy: a folder that no rule could be applied to is then refused.
    """
    from hublish.api.attested_folder import AttestedFolder
    from hublish.api.downloaded_folder import is_downloaded, repo_of_snapshot

    found = AttestedFolder.read(folder, session)
    snapshot = repo_of_snapshot(folder)
    repo = snapshot or found.claimed_repo
    applied = None if repo is None else trusted.rule_for(repo)
    if repo is not None and applied is not None:
        for problem in found.examined(repo, applied, is_partial=True).problems:
            there = problem.path in found.digests
            yield AuditFinding(problem, problem.path if there else "", _shown(folder, problem.path))
    # Whoever changes the files of a folder can remove its signature, or let it name a repo without a rule.
    elif snapshot is None and (asked or is_downloaded(folder)):
        yield AuditFinding(_without_rule(repo, trusted.source, asked=asked), "", _shown(folder, ""))


def _without_rule(repo: str | None, source: str, *, asked: bool) -> Problem:
    about = "no signature says which repo it is of" if repo is None else f"its signature names {repo}, without a rule"
    message = f"nothing was verified by {source}: {about}"
    hint = "pull it again with that trust policy, or run `hublish verify --attestations FOLDER --lock hub.lock`"
    return Problem("trust.no_rule", message, hint, severity="error" if asked else "warning")


def _audited(session: Session, files: Sequence[StagedFile], policy: Policy) -> AuditedFiles:
    """Return the result of auditing files by a policy, read with the resources of a session."""
    session.progress.begin("auditing the files")
    reader = FileReader(session.progress, session.executor, session.fingerprints)

    def read(readable: list[StagedFile]) -> list[Fingerprint | Unread]:
        return reader.fingerprints(readable, Interest.of(policy))

    return audit_files(files, policy, read)


def _findings(audited: AuditedFiles, files: Iterable[StagedFile], base: Path) -> Iterator[AuditFinding]:
    """Yield the findings with the files on disk.

    Args:
        audited: the result of the audit.
        files: the files that were audited.
        base: the folder that their sources are relative to, as a person named it.
    """
    known = {file.path_in_repo: file for file in files}

    def source(path: str) -> str:
        return _source(known[path], base) if path in known else ""

    for one in audited.unread:
        code = "source.changed" if one.changed else "source.unreadable"
        hint = "wait until it is complete, then run again" if one.changed else "make it readable"
        problem = Problem(code, one.reason, hint, one.path_in_repo)
        yield AuditFinding(problem, one.path_in_repo, source(one.path_in_repo))
    for problem in audited.problems:
        path = problem.path if problem.path in known else ""
        yield AuditFinding(_shown_at(problem, base), path, source(path))
    for each in audited.waived:
        yield AuditFinding(_shown_at(each.problem, base), each.path_in_repo, source(each.path_in_repo), each.reason)


def _source(file: StagedFile, base: Path) -> str:
    # A file that hublish writes, or converts, has no source with these bytes.
    made = file.origin.artifact is None or file.origin.serializer != COPY
    return "" if made and file.path_in_repo != MANIFEST_FILE else _shown(base, file.origin.source)


def _shown_at(problem: Problem, base: Path) -> Problem:
    """Return a problem whose place is shown relative to the current folder."""
    place = problem.location
    return problem if place is None else replace(problem, location=replace(place, source=_shown(base, place.source)))


def _shown(base: Path, relative: str) -> str:
    """Return the path of a file as the path of its folder was given."""
    # The folder itself is `.`.
    return (base / relative).as_posix() if relative else base.as_posix()


def _result(subject: str, files: Sequence[StagedFile], findings: Iterable[AuditFinding]) -> Audited:
    """Return the result with all findings in their order."""
    return Audited(subject, len(files), sum(file.content.size for file in files), in_order(findings))


def _of_the_commit(project: Project) -> Iterator[Problem]:
    """Yield the problems of the commit message, and of the state of the files in git."""
    yield from commit_problems(project.manifest)
    if project.named_after_git:
        from hublish.api.git.tagged_release import dirty_problems  # most manifests do not mention git

        yield from dirty_problems(project)


def _converted(session: Session, collection: Collection) -> tuple[Staged, Sequence[Problem]]:
    """Return the files in their final format, and the problems of those that cannot be converted."""
    from hublish.pipeline.serialize.serialize import Serialize

    stage = Serialize(session.workspace, session.progress, session.conversions)
    if stage.works_on(collection):
        session.progress.begin(stage.title)
    try:
        return stage.run(collection), ()
    except (SerializationError, SourceChangedError) as error:
        artifacts = collection.project.manifest.artifacts
        rest = tuple(
            one for one in collection.candidates if one.artifact is None or artifacts[one.artifact].serializer == COPY
        )
        return _unconverted(Collection(collection.project, rest)), error.problems or [_as_problem(error)]


def _unconverted(collection: Collection) -> Staged:
    from hublish.pipeline.screen.screen import Outline

    return Outline().run(collection)


def _as_problem(error: HublishError) -> Problem:
    return Problem(error.code, error.message, error.hint)


def _placed(finding: AuditFinding, places: Places) -> AuditFinding:
    """Return a finding about a waiver with the place of the waiver."""
    problem = finding.problem
    if problem.code != "policy.unused_waiver":
        return finding
    return finding._replace(problem=replace(problem, location=places.find(problem.path)))
