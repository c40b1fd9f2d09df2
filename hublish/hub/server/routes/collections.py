"""Collections, as `create_collection`, `list_collections`, `add_collection_item` and their neighbors call them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from hublish.hub.server.access import (
    identify,
    require_account,
    require_namespace,
    require_readable,
    token_of,
)
from hublish.hub.server.collection_store import (
    ITEM_TYPES,
    MAX_DESCRIPTION,
    MAX_ITEMS,
    MAX_NOTE,
    MAX_TITLE,
    THEMES,
    Collection,
    Item,
    new_id,
)
from hublish.hub.server.collection_views import Viewer
from hublish.hub.server.http import Request, Response, json_response, page_of
from hublish.hub.server.refusals import (
    HubError,
    bad_request,
    conflict,
    invalid_option,
    invalid_token,
    repo_not_found,
)
from hublish.hub.server.repo_ids import RepoId, is_valid_name
from hublish.hub.server.stores import Hub

# Collections in one page of a list, as on the Hub.
PAGE = 100

SORTS = ("lastModified", "trending", "upvotes")

# arXiv's ids since 2007; the version of a paper is not part of it.
_PAPER = re.compile(r"(\d\d(?:0[1-9]|1[0-2])\.\d{4,5})(?:v\d{1,3})?", re.ASCII)


def list_collections(hub: Hub, request: Request) -> Response:
    """`GET /api/collections?owner=..&item=..&q=..&sort=..&limit=..`, the latest first."""
    viewer = Viewer(hub, request, identify(hub, request))
    known = {"owner", "item", "q", "sort", "limit", "cursor"}
    # Never ignored: the caller would take all collections for those that it asked for.
    if unknown := sorted(request.query.keys() - known):
        raise bad_request(f"Unknown filters: {', '.join(unknown)[:200]}")
    if request.first("sort", "trending") not in SORTS:
        raise invalid_option(SORTS, "sort")
    # Nothing is liked or visited here: every order is that of the last changes.
    found = sorted(_matching(viewer), key=lambda collection: (collection.last_updated, collection.id), reverse=True)
    page, headers = page_of(request, found, PAGE)
    return json_response([viewer.show_in_list(collection) for collection in page], headers=headers)


def _matching(viewer: Viewer) -> Iterator[Collection]:
    owners = {owner.lower() for owner in viewer.request.query.get("owner", ())}
    items = {_current_name(viewer.hub, item) for item in viewer.request.query.get("item", ())}
    words = viewer.request.first("q").lower()
    for collection in viewer.hub.collections.list():
        if not viewer.may_see(collection) or (owners and collection.namespace.lower() not in owners):
            continue
        if words and words not in f"{collection.title}\n{collection.description or ''}".lower():
            continue
        if not items or any(_names(viewer, item) & items for item in collection.items):
            yield collection


def _current_name(hub: Hub, item: str) -> str:
    """Return `models/namespace/name` with the repository's own name, for one in another case or a former one."""
    plural, _, name = item.partition("/")
    try:
        found = hub.repositories.find(RepoId.parse_any(plural.removesuffix("s"), name))
    except ValueError:
        return item
    return f"{plural}/{found.full_name}" if found else item


def _names(viewer: Viewer, item: Item) -> set[str]:
    # A hidden item must not be found by its name.
    target = viewer.find(item)
    if target is None:
        return set()
    name = target.full_name if isinstance(target, RepoId) else getattr(target, "slug", item.name)
    return {f"{item.type}s/{name}"}


def create(hub: Hub, request: Request) -> Response:
    """`POST /api/collections`."""
    account = require_account(hub, request)
    body = request.json_object()
    namespace = _text(body, "namespace", 96) or account.user
    if not is_valid_name(namespace):
        raise bad_request("Invalid namespace")
    require_namespace(account, namespace)
    own = [name for name in (account.user, *account.orgs) if name.lower() == namespace.lower()]
    if not (title := (_text(body, "title", MAX_TITLE) or "").strip()):
        raise bad_request('"title" is required')
    _refuse_resource_group(body)
    collection = Collection(new_id(), own[0] if own else namespace, title, "")
    collection = replace(collection, **_metadata({**body, "title": title}))
    with hub.collections.changing():
        others = list(hub.collections.of(namespace))
        if same := [other for other in others if other.title == title]:
            # With exists_ok, the client reads the slug from the 409.
            raise conflict("You already have a collection with this title", slug=same[0].slug)
        last = max((other.position for other in others), default=-1)
        collection = hub.collections.save(replace(collection, position=last + 1))
    return json_response(Viewer(hub, request, account).show(collection))


def get(hub: Hub, request: Request) -> Response:
    """`GET /api/collections/{owner}/{slug}`."""
    viewer = Viewer.of(hub, request)
    return json_response(viewer.show(_found(viewer)))


def update(hub: Hub, request: Request) -> Response:
    """`PATCH /api/collections/{owner}/{slug}`: title, description, visibility, theme and position."""
    body = request.json_object()
    changes = _metadata(body)
    position = _position(body)
    with hub.collections.changing():
        viewer, collection = to_write(hub, request)
        collection = replace(collection, **changes)
        if position is not None:
            collection = hub.collections.move_to(collection, position)
        collection = hub.collections.save(collection)
    return json_response({"success": True, "data": viewer.show(collection)})


def delete(hub: Hub, request: Request) -> Response:
    """`DELETE /api/collections/{owner}/{slug}`."""
    with hub.collections.changing():
        hub.collections.delete(to_write(hub, request)[1])
    return json_response({"success": True})


def set_resource_group(hub: Hub, request: Request) -> Response:
    """`POST /api/collections/{owner}/{slug}/resource-group`: here, no organization has any."""
    _, collection = to_write(hub, request)
    if hub.accounts.named(collection.namespace):
        raise bad_request("Only collections of organizations can be in a resource group")
    _refuse_resource_group(request.json_object())
    return json_response({"success": True})


def add_item(hub: Hub, request: Request) -> Response:
    """`POST /api/collections/{owner}/{slug}/items`; responds with the whole collection."""
    body = request.json_object()
    note = _text(body, "note", MAX_NOTE)
    with hub.collections.changing():
        viewer, collection = to_write(hub, request)
        item = replace(_new_item(viewer, collection, body.get("item")), note=note or None)
        if any(known.target == item.target for known in collection.items):
            raise conflict("This item is already in the collection")
        if len(collection.items) >= MAX_ITEMS:
            raise bad_request(f"A collection has at most {MAX_ITEMS} items")
        collection = hub.collections.save(collection.with_items((*collection.items, item)))
    return json_response(viewer.show(collection))


def update_item(hub: Hub, request: Request) -> Response:
    """`PATCH /api/collections/{owner}/{slug}/items/{item}`: note and position."""
    body = request.json_object()
    note, position = _text(body, "note", MAX_NOTE), _position(body)
    with hub.collections.changing():
        viewer, collection = to_write(hub, request)
        item = _item_of(viewer, viewer.visible(collection))
        changed = replace(item, note=note or None) if "note" in body else item
        items = [changed if known is item else known for known in collection.items]
        if position is not None:
            items = _moved(viewer, items, changed, position)
        collection = hub.collections.save(collection.with_items(tuple(items)))
    shown = next(shown for shown in viewer.show(collection)["items"] if shown["_id"] == item.id)
    return json_response({"success": True, "data": shown})


def delete_item(hub: Hub, request: Request) -> Response:
    """`DELETE /api/collections/{owner}/{slug}/items/{item}`."""
    with hub.collections.changing():
        viewer, collection = to_write(hub, request)
        # Hidden ones too: whether its repository became private or was deleted makes no difference.
        item = _item_of(viewer, collection.items)
        hub.collections.save(collection.with_items(tuple(known for known in collection.items if known is not item)))
    return json_response({"success": True})


def _found(viewer: Viewer) -> Collection:
    """Return the collection in the request's path; raise 404 when the caller may not know about it."""
    params = viewer.request.params
    found = viewer.hub.collections.find(params["owner"], params["slug"])
    # First of all: a private collection must look the same as a missing one, even to an unknown token.
    if found is None or not viewer.may_see(found):
        raise HubError(404, None, "Collection not found")
    if viewer.account is None and token_of(viewer.request):
        raise invalid_token()
    return found


def to_write(hub: Hub, request: Request) -> tuple[Viewer, Collection]:
    """Return the caller and the collection in the request's path, which the caller may change."""
    viewer = Viewer.of(hub, request)
    collection = _found(viewer)
    require_namespace(require_account(hub, request), collection.namespace)
    return viewer, collection


def _new_item(viewer: Viewer, collection: Collection, wanted: object) -> Item:
    given = wanted if isinstance(wanted, dict) else {}
    kind, name = given.get("type"), given.get("id")
    if kind not in ITEM_TYPES:
        raise invalid_option(ITEM_TYPES, "item.type")
    if not isinstance(name, str):
        raise bad_request('"item.id" must be a string')
    if kind == "paper":
        if not (paper := _PAPER.fullmatch(name)):
            raise HubError(404, None, "Paper not found")
        return Item(new_id(), kind, paper[1])
    if kind == "collection":
        return _nested(viewer, collection, name)
    try:
        repo = RepoId.parse_any(kind, name)
    except ValueError:
        raise repo_not_found() from None
    if (found := viewer.hub.repositories.find(repo)) is None:
        raise repo_not_found()
    require_readable(viewer.hub, viewer.account, found)
    return Item(new_id(), kind, found.full_name, viewer.hub.repositories.identity(found))


def _nested(viewer: Viewer, collection: Collection, slug: str) -> Item:
    found = viewer.hub.collections.find(*slug.partition("/")[::2])
    if found is None or not viewer.may_see(found):
        raise HubError(404, None, "Collection not found")
    if found.id == collection.id:
        raise bad_request("A collection cannot contain itself")
    return Item(new_id(), "collection", found.slug, found.id)


def _item_of(viewer: Viewer, items: Iterable[Item]) -> Item:
    for item in items:
        if item.id == viewer.request.params["item"]:
            return item
    raise HubError(404, None, "Collection item not found")


def _moved(viewer: Viewer, items: list[Item], item: Item, position: int) -> list[Item]:
    """Return the items with one of them moved to a position among those that the caller sees."""
    others = [other for other in items if other is not item]
    seen = [other for other in others if viewer.find(other) is not None]
    at = others.index(seen[position]) if position < len(seen) else len(others)
    return [*others[:at], item, *others[at:]]


def _metadata(body: dict[str, Any]) -> dict[str, Any]:
    """Return the properties in a body under the names of `Collection`."""
    changes: dict[str, Any] = {}
    if (title := _text(body, "title", MAX_TITLE)) is not None:
        changes["title"] = title.strip()
        if not changes["title"]:
            raise bad_request('"title" must not be empty')
    if "description" in body:
        changes["description"] = _text(body, "description", MAX_DESCRIPTION) or None
    if (private := body.get("private")) is not None:
        if not isinstance(private, bool):
            raise bad_request('"private" must be true or false')
        changes["private"] = private
    if (theme := body.get("theme")) is not None:
        if theme not in THEMES:
            raise invalid_option(THEMES, "theme")
        changes["theme"] = theme
    return changes


def _text(body: dict[str, Any], name: str, most: int) -> str | None:
    value = body.get(name)
    if value is not None and not (isinstance(value, str) and len(value) <= most):
        raise bad_request(f'"{name}" must be a text of at most {most} characters')
    return value


def _position(body: dict[str, Any]) -> int | None:
    value = body.get("position")
    # In Python, True is a number as well.
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise bad_request('"position" must be a number from 0')
    return value


def _refuse_resource_group(body: dict[str, Any]) -> None:
    if body.get("resourceGroupId") is not None:
        raise HubError(404, None, "Resource group not found")
