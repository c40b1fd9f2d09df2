"""The page of a repository: its card, its facts, and how to get it."""

from collections.abc import Iterator
from typing import Any, Final

from hublish.formats.front_matter import body_start
from hublish.hub.server.access import identify
from hublish.hub.server.http import Request, Response
from hublish.hub.server.pages.repo_lists import shown_tags
from hublish.hub.server.pages.repo_visit import MOST_MARKDOWN, Visit, visiting
from hublish.hub.server.pages.web_page import for_people
from hublish.hub.server.repo_properties import Described, used_storage
from hublish.hub.server.spaces import Space, read_space
from hublish.hub.server.stores import Hub
from hublish.pages.card_page import chips
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.sizes import format_size

# Bytes of a card, most of which are the metadata of a long one.
MOST_CARD: Final = 4 << 20


@for_people
def show(hub: Hub, request: Request) -> Response:
    """`GET /R`."""
    with visiting(hub, request) as visit:
        described = Described(visit.snapshot, visit.settings)
        entry = visit.snapshot.find_file(CARD_FILE)
        data = visit.snapshot.read(CARD_FILE, MOST_CARD) if visit.may_read else None
        card = data.decode("utf-8", "replace") if data is not None else ""
        text = card[body_start(card) :]
        return visit.render(
            "repo",
            "card",
            has_card=entry is not None,
            card=visit.markdown(text) if data is not None and len(text) <= MOST_MARKDOWN else None,
            chips=list(chips(described.metadata.card or {}, "")) if visit.may_read else [],
            tags=shown_tags(described),
            facts=list(_facts(visit, described)),
            clone=f"git clone {request.base_url}{visit.root}",
            load=_download_command(visit),
        )


def _download_command(visit: Visit) -> str:
    repo = visit.snapshot.repo
    kind = "" if repo.kind == "model" else f" --repo-type {repo.kind}"
    return f"HF_ENDPOINT={visit.request.base_url} hf download {repo.full_name}{kind}"


def _facts(visit: Visit, described: Described) -> Iterator[tuple[str, Any]]:
    yield "Size", format_size(used_storage(described))
    yield "Created", visit.settings.created_at[:10]
    if (weights := described.metadata.safetensors or described.metadata.gguf) and visit.may_read:
        yield "Parameters", f"{weights['total']:,}"
    if visit.settings.gated:
        yield "Access", "on request" if visit.settings.gated == "manual" else "on request, granted at once"
    if visit.snapshot.repo.kind == "space":
        yield from _of_space(visit, described)


def _of_space(visit: Visit, described: Described) -> Iterator[tuple[str, Any]]:
    space = read_space(visit.snapshot.git.path)
    state = described.select(("runtime",))["runtime"]
    yield "SDK", described.sdk or "none"
    yield "State", f"{state['stage'].replace('_', ' ').lower()} (Spaces do not run here)"
    yield "Hardware", space.hardware or "cpu-basic"
    if space.sleep_time is not None:
        yield "Sleeps after", "never" if space.sleep_time < 0 else f"{space.sleep_time} s"
    if space.storage:
        yield "Storage", space.storage
    if space.dev_mode:
        yield "Dev mode", "on"
    for volume in space.volumes:
        yield "Volume", f"{volume['type']} {volume['source']} at {volume['mountPath']}"
    yield from _environment(visit, space)


def _environment(visit: Visit, space: Space) -> Iterator[tuple[str, Any]]:
    # As in the API, which shows variables and the names of secrets to those who may change them.
    account = identify(visit.hub, visit.request)
    if account is None or not account.writes or not account.owns(visit.snapshot.repo):
        return
    if space.variables:
        yield "Variables", ", ".join(f"{key}={entry['value']}"[:80] for key, entry in space.variables.items())
    if space.secrets:
        yield "Secrets", ", ".join(space.secrets)
