"""Render the card, print the template it is made from, and find its empty sections."""

from pathlib import Path
from typing import Final, Unpack

from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.audit.file_audit import audit_secrets
from hublish.audit.waivers import Waivers
from hublish.base.errors import PolicyError, UsageError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Project, Staged
from hublish.cards.facts.fact import Fact
from hublish.cards.sections import MissingSection
from hublish.cards.sections import missing_sections as empty_sections
from hublish.pipeline.build import Merging, converting, rendering
from hublish.schemas.diagnose.problems import counted, errors_in
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE
from hublish.schemas.documents.hub_names import EMBEDDED

_NO_LINE_END: Final = "\\ No newline at end of file\n"


def card(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> str:
    """Return the README as it would be published.

    Args:
        manifest: the manifest.
        progress: receives stages and bytes.

    Raises:
        UsageError: the manifest declares no card, and no artifact is a README.md.
        PolicyError: the card contains a secret.
    """
    with Session(read_project(manifest), progress=progress) as session:
        return _text(session.project, _rendered(session))


def card_page(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> str:
    """Return the README as one HTML file, as the Hub would show it; it loads nothing and runs no script.

    Args:
        manifest: the manifest.
        progress: receives stages and bytes.

    Raises:
        UsageError: the manifest declares no card, and no artifact is a README.md.
        PolicyError: the card contains a secret.
    """
    # Imported here: the other functions need none of it.
    from hublish.hub.client.installed_client import default_endpoint
    from hublish.pages import card_page as html

    with Session(read_project(manifest), progress=progress) as session:
        target, staged = session.project.target, _rendered(session)
        contents = {file.path_in_repo: file.content for file in staged.files}

        def read(path: str) -> bytes | None:
            content = contents.get(path)
            return content.read() if content is not None and content.size <= html.MOST_PICTURE else None

        # The embedded Hub has an address only while it runs.
        endpoint = default_endpoint() if session.endpoint == EMBEDDED else session.endpoint
        shown = html.Shown(target.repo_id, target.repo_type, target.tag or target.revision, endpoint)
        return html.card_page(_text(session.project, staged), shown, read)


def card_template(name: str) -> str:
    """Return the text of a built-in template of cards.

    Args:
        name: `model`, `dataset`, `space`, `kernel`, `eu-ai-act`, or `parts`, the macros that they share.

    Raises:
        UsageError: there is no such template.
    """
    from hublish.pipeline.render_card.built_in_templates import BUILT_IN, SHARED, built_in_text

    known = (*BUILT_IN, SHARED)
    if name not in known:
        near = nearest(name, known)
        msg = f"there is no built-in template '{name}'"
        raise UsageError(msg, hint=f"did you mean '{near}'?" if near else f"choose one of {', '.join(known)}")
    return built_in_text(name)


def missing_sections(
    manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT
) -> tuple[MissingSection, ...]:
    """Return the recommended sections of a card that have no content, each with the ways to fill it.

    Args:
        manifest: the manifest.
        progress: receives stages and bytes.

    Raises:
        UsageError: the manifest declares no card.
    """
    # Imported here: the other functions need none of it.
    from hublish.pipeline.render_card.render_card import render_card

    with Session(read_project(manifest), progress=progress) as session:
        project = session.project
        declared = project.manifest.card
        if declared is None:
            raise _no_card(project.name)
        staged = converting(session.workspace, progress, session.conversions).run(project, progress)
        files = [file for file in staged.files if file.path_in_repo != CARD_FILE]
        rendered = render_card(project, declared, files)
        # A template of the author's own fills sections of any kind; the type of the repo decides which it should have.
        kind = declared.template if rendered.template.built_in else project.target.repo_type
        return tuple(empty_sections(kind, rendered.context))


def card_facts(manifest: AnyManifest = MANIFEST_FILE, *, progress: Progress = SILENT) -> tuple[Fact, ...]:
    """Return every fact that is computed from the release, with its source; a template prints `facts.` and its name.

    Args:
        manifest: the manifest; its card may have errors.
        progress: receives stages and bytes.
    """
    # Imported here: the other functions need none of it.
    from hublish.pipeline.render_card import render_card
    from hublish.pipeline.seal.seal import Seal

    with Session(read_project(manifest), progress=progress) as session:
        staged = converting(session.workspace, progress, session.conversions).run(session.project, progress)
        files = [file for file in staged.files if file.path_in_repo != CARD_FILE]
        digests = Seal(progress, session.executor, session.fingerprints).digests
        return render_card.card_facts(session.project, files, digests)


def _rendered(session: Session, merging: Merging | None = None) -> Staged:
    """Return the files of the release with the card, and with the pictures that it shows.

    Args:
        session: the session.
        merging: adds the edits of the card on the Hub.
    """
    stages = rendering(
        session.workspace, session.progress, session.executor, session.fingerprints, session.conversions, merging
    )
    return stages.run(session.project, session.progress)


def _text(project: Project, staged: Staged) -> str:
    # An artifact may supply the README as well; the stage has refused two of them.
    readme = staged.readme
    if readme is None:
        raise _no_card(project.name)
    # Refused here as it is when the release is sealed: a card is printed, and redirected into files.
    policy = project.manifest.policy
    found = audit_secrets(CARD_FILE, readme.origin.source, readme.content, policy)
    if secrets := errors_in(Waivers(policy).left_of_content(CARD_FILE, found)):
        raise PolicyError(f"the card breaks the policy: {counted(secrets)}", problems=secrets)
    return readme.content.read().decode()


def _no_card(name: str) -> UsageError:
    return UsageError(f"{name} declares no card", hint="add `card:` with a template and metadata")


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
    # Imported here: the other functions read no Hub.
    from hublish.api.lock_target import last_release
    from hublish.api.published_card import published_card
    from hublish.pipeline.render_card.merge_card import MergeCard

    with Session(read_project(manifest, lock=lock), **options) as session:
        session.complete_repo_id()
        session.progress.begin("reading the repo on the Hub")
        head = session.hub.head(session.target)
        published = published_card(session, head, last_release(session.project, session.target), card)
        readme = _rendered(session, MergeCard(published)).readme
        if readme is None:
            raise _no_card(session.project.name)
        return readme_diff(published.read() if published.remote else b"", readme.content.read())


def readme_diff(before: bytes, after: bytes) -> str:
    """Return a unified diff of two cards; empty if they are equal."""
    from difflib import unified_diff

    from hublish.cards.merging.merge import ON_THE_HUB

    # Line feeds alone: other line breaks are part of the text, and a change of them is a change.
    old, new = (data.decode("utf-8", "replace").split("\n") for data in (before, after))
    lines = unified_diff(_lines(old), _lines(new), ON_THE_HUB, f"{CARD_FILE} after publishing")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_LINE_END}" for line in lines)


def _lines(parts: list[str]) -> list[str]:
    return [*(f"{part}\n" for part in parts[:-1]), *(part for part in parts[-1:] if part)]
