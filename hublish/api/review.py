"""Show a plan as one page to approve a release by."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Unpack

from hublish._version import __version__
from hublish.api.options import HubOptions, takes
from hublish.api.plan import planned
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.reviewed_plan import AnyPlan, as_reviewed, read_reviewed
from hublish.api.session import Session
from hublish.base.content import Content, ContentChangedError
from hublish.base.errors import HublishError
from hublish.base.values import Plan, Release
from hublish.base.values.surprise import Surprise
from hublish.pipeline.compare.advice import with_advice
from hublish.pipeline.compare.stale import refuse_stale
from hublish.pipeline.compare.surprises import surprises
from hublish.pipeline.lock.plan_digest import plan_digest
from hublish.pipeline.lock.records import plan_document
from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.hub_names import EMBEDDED
from hublish.schemas.documents.plan import PlanDocument

# Bytes: the page has no room for a larger picture.
_MOST_PICTURE: Final = 64 << 10


@dataclass(frozen=True)
class Review:
    """A plan as a page."""

    html: str
    """The page: one file that needs no network and runs no script."""
    verdict: str
    """The first line of the page."""
    plan_sha256: str
    """The digest of the plan, which the published release records."""
    surprises: tuple[Surprise, ...]
    """Everything that a reviewer must not overlook, the high risks first."""
    document: PlanDocument
    """The plan."""
    release: Release
    """The release that the plan describes."""


@takes(HubOptions)
def review(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    plan: AnyPlan | None = None,
    lock: str | Path | None = None,
    card: CardDecision | None = None,
    **options: Unpack[HubOptions],
) -> Review:
    """Show a plan as one page to approve a release by; nothing is written anywhere.

    The page has the changes inside of files: those on the Hub are read in parts, and weights are not downloaded.

    Args:
        manifest: the manifest.
        plan: the plan to show, as `plan` returned it or as a plan.json. Default: a new one.
        lock: the path of the lock, which names the files of the last release. Default: the one beside the manifest.
        card: the decision on the card on the Hub, as in `plan`. Default: as in the given plan, else `merge`.
        **options: see `HubOptions`.

    Raises:
        PlanStaleError: a byte, the manifest, a variable or the remote changed since the plan was made.
        PolicyError: the release breaks the policy.
        CardError: the Hub rejects the metadata of README.md, or the card conflicts with the one on the Hub.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    # Imported here: templates and a parser for Markdown, which no other verb needs.
    from hublish.api.diff import changed_contents
    from hublish.api.rollback import planned_rollback
    from hublish.hub.client.installed_client import default_endpoint
    from hublish.pages.review_page import Evidence, review_page, verdict

    given = read_reviewed(plan)
    reviewed = given.document if given else None
    with Session(read_project(as_reviewed(manifest, reviewed), lock=lock), **options) as session:
        if reviewed is not None and reviewed.restores is not None:
            fresh = planned_rollback(session, reviewed.restores.name, reviewed.tag, reviewed.commit_message)
        else:
            fresh = planned(session, card=card or (reviewed.card if reviewed else MERGE))
        document = plan_document(fresh)
        if reviewed is not None:
            refuse_stale(reviewed, document)
            document = reviewed
        digest = given.sha256 if given else plan_digest(fresh)
        fresh = with_advice(fresh, session.hub)
        diffs = changed_contents(session, fresh)
        found = surprises(document, diffs)
        evidence = Evidence(
            document,
            digest,
            found,
            diffs,
            (*fresh.release.warnings, *fresh.warnings),
            # The embedded Hub has an address only while it runs.
            default_endpoint() if session.endpoint == EMBEDDED else session.endpoint,
            dict(_provenance(session, document)),
            _reader(lambda path: _on_the_hub(session, fresh, path)),
            _reader(_of_release(fresh.release)),
        )
        return Review(review_page(evidence), verdict(document, found), digest, found, document, fresh.release)


def _provenance(session: Session, plan: PlanDocument) -> Iterator[tuple[str, str]]:
    """Yield facts about the origin of the release that are not in the plan's other parts."""
    from hublish.api.git.environment import MachineValues
    from hublish.schemas.variables.lookup import NoValueError

    git = MachineValues(session.project.folder, os.environ)
    with suppress(NoValueError):
        yield "Git commit", git.value("git.commit")
        dirty = git.value("git.dirty") == "true"
        yield "Working tree", "differs from the commit" if dirty else "as in the commit"
    yield "Parent on the Hub", plan.parent_commit or "none"
    yield "Manifest (sha256)", plan.manifest_sha256
    if plan.resolved_sha256:
        yield "Manifest with its variables (sha256)", plan.resolved_sha256
    yield "Card", plan.card
    yield "hublish", __version__


def _reader(find: Callable[[str], Content | None]) -> Callable[[str], bytes | None]:
    """Return a function that reads a small file for its picture, or gives None."""

    def read(path: str) -> bytes | None:
        content = find(path)
        # A picture that cannot be read is left out, as one that is missing.
        with suppress(OSError, ContentChangedError, HublishError):
            return content.read() if content is not None and content.size <= _MOST_PICTURE else None
        return None

    return read


def _of_release(release: Release) -> Callable[[str], Content | None]:
    contents = {file.path_in_repo: file.content for file in release.files}
    return contents.get


def _on_the_hub(session: Session, plan: Plan, path: str) -> Content | None:
    from hublish.hub.client.remote_content import OnHub, ReadBudget

    remote, commit = plan.head.files.get(path), plan.head.commit
    if remote is None or commit is None:
        return None
    return OnHub(session.hub, plan.target, commit, remote, ReadBudget())
