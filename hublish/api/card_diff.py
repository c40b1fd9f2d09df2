"""Compare the card on the Hub with the one that publishing would send."""

from difflib import unified_diff
from pathlib import Path
from typing import Unpack

from hublish.api.lock_target import last_release
from hublish.api.options import HubOptions, takes
from hublish.api.published_card import published_card
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.errors import UsageError
from hublish.cards.merging.merge import ON_THE_HUB
from hublish.pipeline.build import rendering
from hublish.pipeline.render_card.merge_card import MergeCard
from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE

AFTER_PUBLISHING = f"{CARD_FILE} after publishing"
_MARK = "\\ No newline at end of file\n"


@takes(HubOptions)
def card_diff(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    lock: str | Path | None = None,
    card: CardDecision = MERGE,
    **options: Unpack[HubOptions],
) -> str:
    """Return a unified diff from the README on the Hub to the one that publishing would send now; empty if it stays.

    Args:
        manifest: the manifest.
        lock: the path of the lock, which records the card of the last release. Default: the one beside the manifest.
        card: what becomes of the card on the Hub, as in `plan`.
        **options: see `HubOptions`.

    Raises:
        UsageError: the manifest declares no card, and no artifact is a README.md.
        CardError: the card cannot be rendered, or conflicts with the one on the Hub.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    with Session(read_project(manifest, lock=lock), **options) as session:
        session.complete_repo_id()
        session.progress.begin("reading the repo on the Hub")
        head = session.hub.head(session.target)
        published = published_card(session, head, last_release(session.project, session.target), card)
        stages = rendering(
            session.workspace,
            session.progress,
            session.executor,
            session.fingerprints,
            session.conversions,
            MergeCard(published),
        )
        files = stages.run(session.project, session.progress).files
        found = next((file for file in files if file.path_in_repo == CARD_FILE), None)
        if found is None:
            msg = f"{session.project.name} declares no card"
            raise UsageError(msg, hint="add `card:` with a template and metadata")
        with found.content.open() as stream:
            after = stream.read()
        return _diff(published.read() if published.remote else b"", after)


def _diff(before: bytes, after: bytes) -> str:
    # Line feeds alone: other line breaks are part of the text, and a change of them is a change.
    old, new = (data.decode("utf-8", "replace").split("\n") for data in (before, after))
    lines = unified_diff(_lines(old), _lines(new), ON_THE_HUB, AFTER_PUBLISHING)
    return "".join(line if line.endswith("\n") else f"{line}\n{_MARK}" for line in lines)


def _lines(parts: list[str]) -> list[str]:
    return [*(f"{part}\n" for part in parts[:-1]), *(part for part in parts[-1:] if part)]
