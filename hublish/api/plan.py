"""Compare the release with the remote."""

from dataclasses import replace
from pathlib import Path
from typing import Final, Unpack

from hublish.api.lock_target import last_release
from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.values import Plan
from hublish.pipeline.compare.advice import with_advice
from hublish.pipeline.publish import planning
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import MANIFEST_FILE


@takes(HubOptions)
def plan(
    manifest: AnyManifest = MANIFEST_FILE, *, lock: str | Path | None = None, **options: Unpack[HubOptions]
) -> Plan:
    """Compare the release with the remote; nothing is written anywhere.

    A plan with `refusals` shows the changes, but cannot be published: its tag is at another release.

    Args:
        manifest: the manifest.
        lock: the path of the lock, which names the files of the last release. Default: the one beside the manifest,
            `priv.lock` for `priv.yaml`.
        **options: see `HubOptions`.

    Raises:
        PolicyError: the release breaks the policy, or differs from the git tag that it is named after.
        CardError: the Hub rejects the metadata of README.md.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    with Session(read_project(manifest, lock=lock), **options) as session:
        return with_advice(planned(session), session.hub)


KEPT: Final = 64 << 20
"""Bytes of small files that stay in memory between their audit and their upload."""


# Also the beginning of `publish`, of a rehearsal, and of publishing an object.
def planned(session: Session, *, kept: int = 0) -> Plan:
    """Compare the release of a session's project with its target; `kept` bytes of small files stay in memory."""
    dirty: tuple[Problem, ...] = ()
    if session.project.named_after_git:
        from hublish.api.git.tagged_release import refuse_dirty

        dirty = refuse_dirty(session.project)
    session.complete_repo_id()
    # The head first, then the files: a file that changes meanwhile is compared with an older head, never with a newer.
    head = session.hub.head(session.target)
    last = last_release(session.project, session.target)
    compare = planning(
        session.workspace,
        session.hub,
        session.target,
        head,
        session.progress,
        executor=session.executor,
        released=frozenset(file.path_in_repo for file in last.files) if last else frozenset(),
        fingerprints=session.fingerprints,
        conversions=session.conversions,
        kept=kept,
    )
    with session.with_warnings():
        compared = compare.run(session.project, session.progress)
    release = replace(compared.release, warnings=(*compared.release.warnings, *dirty))
    return replace(compared, release=session.placed(release))
