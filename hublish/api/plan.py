"""Compare the release with the remote."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, Unpack

from hublish.api.attesting import attesting
from hublish.api.lock_target import last_lock, records_release_to
from hublish.api.options import HubOptions, takes
from hublish.api.published_card import published_card
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.values import Head, Plan
from hublish.pipeline.compare.advice import with_advice
from hublish.pipeline.compare.remote_edits import with_last_release
from hublish.pipeline.compare.unsigned_files import with_own_signature
from hublish.pipeline.publish import planning
from hublish.pipeline.render_card.merge_card import trailer
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE


@takes(HubOptions)
def plan(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    lock: str | Path | None = None,
    card: CardDecision = MERGE,
    **options: Unpack[HubOptions],
) -> Plan:
    """Compare the release with the remote; nothing is written anywhere.

    A plan with `refusals` shows the changes, but cannot be published: its tag is at another release.

    Args:
        manifest: the manifest.
        lock: the path of the lock, which names the files of the last release. Default: the one beside the manifest,
            `priv.lock` for `priv.yaml`.
        card: `merge` keeps the edits that people made to the card on the Hub, `theirs` keeps that whole card, and
            `ours` replaces it.
        **options: see `HubOptions`.

    Raises:
        PolicyError: the release breaks the policy, or differs from the git tag that it is named after.
        CardError: the Hub rejects the metadata of README.md, or the card conflicts with the one on the Hub.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    with Session(read_project(manifest, lock=lock), **options) as session:
        return with_advice(planned(session, card=card), session.hub)


KEPT: Final = 64 << 20
"""Bytes of small files that stay in memory between their audit and their upload."""


# Also the beginning of `publish`, of a rehearsal, and of publishing an object.
def planned(
    session: Session,
    *,
    kept: int = 0,
    card: CardDecision = MERGE,
    generated: bool = False,
    before: Callable[[Head], None] | None = None,
) -> Plan:
    """Compare the release of a session's project with its target.

    Args:
        session: the session.
        kept: bytes of small files that stay in memory.
        card: what becomes of the card on the Hub.
        generated: whether README.md was generated although the manifest declares no card.
        before: is called with the head, before a file is read; an error ends the planning.
    """
    dirty: tuple[Problem, ...] = ()
    if session.project.named_after_git:
        from hublish.api.git.tagged_release import refuse_dirty

        dirty = refuse_dirty(session.project)
    session.complete_repo_id()
    # The head first, then the files: a file that changes meanwhile is compared with an older head, never with a newer.
    head = session.hub.head(session.target)
    if before is not None:
        before(head)
    lock = last_lock(session.project)
    last = lock if lock and records_release_to(session.target, lock) else None
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
        published=published_card(session, head, last, card, generated=generated),
        attest=attesting(session, head, last),
    )
    with session.with_warnings():
        compared = compare.run(session.project, session.progress)
    release = replace(compared.release, warnings=(*compared.release.warnings, *dirty))
    found = with_own_signature(replace(compared, release=session.placed(release), card=card))
    return with_card_record(with_last_release(found, lock, last))


def with_card_record(plan: Plan) -> Plan:
    """Return the plan with the record of its card in the message of the commit."""
    readme = next((file for file in plan.release.files if file.path_in_repo == CARD_FILE), None)
    if readme is None or readme.origin.card is None or not plan.commits:
        return plan
    line = trailer(readme.origin.card, readme.sha256)
    description = "\n\n".join(text for text in (plan.target.commit_description, line) if text)
    return replace(plan, target=replace(plan.target, commit_description=description))
