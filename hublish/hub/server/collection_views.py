"""Collections and their items as one caller sees them: what the caller may not read is not there."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hublish.hub.server.access import require_readable, token_of
from hublish.hub.server.accounts import Account, avatar_of
from hublish.hub.server.collection_store import MAX_ITEMS, Collection, Item
from hublish.hub.server.http import Request
from hublish.hub.server.refusals import HubError
from hublish.hub.server.repo_ids import BUCKET, RepoId
from hublish.hub.server.repo_properties import Described
from hublish.hub.server.repositories import DEFAULT_BRANCH
from hublish.hub.server.snapshots import open_snapshot
from hublish.hub.server.stores import Hub

# A repository, another collection, the id of a paper; None for an item that is gone or hidden.
Target = RepoId | Collection | str | None

# Items of each collection in a list, as on the Hub.
FIRST_ITEMS = 4

# The properties of a repository in an item.
_SHOWN = {
    "model": ("id", "author", "downloads", "likes", "lastModified", "private", "gated", "pipeline_tag"),
    "dataset": ("id", "author", "downloads", "likes", "lastModified", "private", "gated"),
    "space": ("id", "author", "createdAt", "likes", "lastModified", "private", "sdk", "runtime", "tags"),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller of a request: collections and their items as this caller sees them."""

    hub: Hub
    request: Request
    account: Account | None
    # The target of each item, looked up once in a request: nested collections may share items.
    _targets: dict[tuple[str, str], Target] = field(default_factory=dict)

    @classmethod
    def of(cls, hub: Hub, request: Request) -> "Viewer":
        """Return the caller; one with an unknown token sees what everybody sees."""
        token = token_of(request)
        return cls(hub, request, hub.accounts.of(token) if token else None)

    def owns(self, collection: Collection) -> bool:
        """Return whether the collection belongs to the caller."""
        return self.account is not None and self.account.belongs_to(collection.namespace)

    def may_see(self, collection: Collection) -> bool:
        """Return whether the caller may know about a collection."""
        return not collection.private or self.owns(collection)

    def find(self, item: Item) -> Target:
        """Return the target of an item; None when it is gone or the caller may not know about it."""
        if item.target not in self._targets:
            self._targets[item.target] = self._find(item)
        return self._targets[item.target]

    def _find(self, item: Item) -> Target:
        if item.type == "paper":
            return item.name
        if item.type == "collection":
            found = self.hub.collections.find(*item.name.split("/"))
            return found if found and self.may_see(found) else None
        repo = self.hub.repositories.with_identity(RepoId.parse_any(item.type, item.name), item.identity)
        with suppress(HubError):
            if repo:
                require_readable(self.hub, self.account, repo)
                return repo
        return None

    def visible(self, collection: Collection) -> list[Item]:
        """Return the items that the caller may know about."""
        return [item for item in collection.items if self.find(item) is not None]

    def show(self, collection: Collection) -> dict[str, Any]:
        """Return a collection in the Hub's form."""
        return {**self.show_in_list(collection, MAX_ITEMS), "position": collection.position}

    def show_in_list(self, collection: Collection, most: int = FIRST_ITEMS) -> dict[str, Any]:
        """Return a collection, with its first items, in the form of a list: the client numbers those itself."""
        described = (self._describe(item, self.find(item)) for item in self.visible(collection)[:most])
        # Numbered without the hidden ones, so that nothing shows how many there are.
        items = [{**shown, "position": number} for number, shown in enumerate(filter(None, described))]
        return {**self._summary(collection), "gating": False, "items": items}

    def _summary(self, collection: Collection) -> dict[str, Any]:
        known = self.hub.accounts.named(collection.namespace)
        name = collection.namespace
        kind: dict[str, Any] = {"type": "user", "isPro": False} if known else {"type": "org"}
        staff = dict.fromkeys(("isHf", "isHfAdmin", "isMod"), False)
        owner = {"_id": name, "name": name, "fullname": name, "avatarUrl": avatar_of(name), **kind, **staff}
        return {
            "slug": collection.slug,
            "title": collection.title,
            **({"description": collection.description} if collection.description else {}),
            "lastUpdated": collection.last_updated,
            "owner": owner,
            "theme": collection.theme,
            "private": collection.private,
            "upvotes": 0,
            "isUpvotedByUser": False,
            "shareUrl": f"{self.request.base_url}/collections/{collection.slug}",
        }

    def _describe(self, item: Item, target: Target) -> dict[str, Any] | None:
        shown: dict[str, Any] = {"_id": item.id, "type": item.type}
        if item.note:
            # Escaped by the viewer's page, as every text: there is no markup in notes here.
            shown["note"] = {"html": "", "text": item.note}
        if isinstance(target, Collection):
            summary = self._summary(target)
            return {**summary, **shown, "id": target.id, "numberItems": len(self.visible(target))}
        if isinstance(target, RepoId):
            try:
                return {**self._repository(target), **shown, "repoType": target.kind}
            except HubError:  # deleted meanwhile
                return None
        year, month = item.name[:2], item.name[2:4]
        date = f"20{year}-{month}-01T00:00:00.000Z"
        return {**shown, "id": item.name, "title": f"arXiv:{item.name}", "upvotes": 0, "publishedAt": date}

    def _repository(self, repo: RepoId) -> dict[str, Any]:
        if repo.kind == BUCKET:
            settings = self.hub.repositories.settings(repo)
            return {"id": repo.full_name, "author": repo.namespace, "private": settings.private}
        with open_snapshot(self.hub, repo, DEFAULT_BRANCH) as snapshot:
            described = Described(snapshot, self.hub.repositories.settings(repo))
            shown = described.select(_SHOWN[repo.kind])
            if repo.kind == "space":
                texts = {key: described.metadata.strings(key) for key in ("title", "emoji", "colorFrom", "colorTo")}
                shown |= {key: text[0] for key, text in texts.items() if text}
            return {**shown, "isLikedByUser": False}
