"""The properties of a repository in API responses, each computed when it is asked for.

Which of them are sent depends on the type of repository and on the call, as on the Hub: a list shows fewer than the
info of one repository, and `expand` selects some by name.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hublish.hub.server.git.git_trees import Entry
from hublish.hub.server.inferred_metadata import metadata_of
from hublish.hub.server.people import Likes
from hublish.hub.server.repositories import Settings, timestamp
from hublish.hub.server.snapshots import Snapshot
from hublish.hub.server.spaces import read_space
from hublish.hub.server.stores import Metadata


def _names(text: str, *more: str) -> tuple[str, ...]:
    return (*text.split(), *more)


# Nothing is counted or served here.
_ZERO = _names("downloads downloadsAllTime trendingScore childrenModelCount")

_COMMON = _names(
    "author cardData createdAt disabled gated gitalyUid lastModified likes private resourceGroup sha siblings tags"
    " trendingScore usedStorage xetEnabled"
)
_OF_MODELS = _names(
    "baseModels childrenModelCount config downloads downloadsAllTime evalResults gguf inference"
    " inferenceProviderMapping library_name mask_token model-index pipeline_tag safetensors spaces transformersInfo"
    " widgetData"
)
_OF_DATASETS = _names("citation description downloads downloadsAllTime mainSize paperswithcode_id")
_OF_SPACES = _names("datasets models region runtime sdk subdomain")


def _sorted(*names: str) -> tuple[str, ...]:
    return tuple(sorted(names, key=str.lower))


# The names that `expand` takes: in the info of one repository, and without three of them in a list.
EXPANDABLE: Mapping[str, tuple[str, ...]] = {
    "model": _sorted(*_COMMON, *_OF_MODELS),
    "dataset": _sorted(*_COMMON, *_OF_DATASETS),
    "space": _sorted(*(name for name in _COMMON if name != "gated"), *_OF_SPACES),
    "kernel": _sorted(*_COMMON, "downloads"),
}
_IN_NO_LIST = ("baseModels", "childrenModelCount", "usedStorage")
EXPANDABLE_IN_LISTS: Mapping[str, tuple[str, ...]] = {
    **EXPANDABLE,
    "model": tuple(name for name in EXPANDABLE["model"] if name not in _IN_NO_LIST),
}

# The properties in the info of one repository without `expand`.
_INFO = _names(
    "_id id author sha lastModified createdAt private visibility gated disabled likes tags cardData siblings"
    " usedStorage"
)
INFO: Mapping[str, tuple[str, ...]] = {
    "model": _names(
        "modelId downloads library_name pipeline_tag mask_token model-index config transformersInfo safetensors gguf"
        " widgetData spaces",
        *_INFO,
    ),
    "dataset": _names("downloads description citation paperswithcode_id", *_INFO),
    "space": _names("sdk runtime host subdomain models datasets", *_INFO),
    "kernel": _names("downloads", *_INFO),
}

# The properties of each repository in a list: always, and with `full`.
_LISTED = _names("_id id createdAt likes private tags trendingScore")
LISTED: Mapping[str, tuple[str, ...]] = {
    "model": _names("modelId downloads library_name pipeline_tag", *_LISTED),
    "dataset": _names("author sha lastModified disabled gated downloads description", *_LISTED),
    "space": _names("sdk", *_LISTED),
    "kernel": _names("author sha lastModified gated downloads", *_LISTED),
}
FULL: Mapping[str, tuple[str, ...]] = {
    "model": _names("author sha lastModified siblings gated disabled"),
    "dataset": _names("siblings cardData citation paperswithcode_id"),
    "space": _names("author sha lastModified siblings cardData runtime subdomain"),
    "kernel": _names("siblings cardData"),
}


@dataclass(frozen=True)
class Described:
    """One repository at one commit."""

    snapshot: Snapshot
    settings: Settings
    blobs: bool = False  # show the size and the id of each file

    @cached_property
    def metadata(self) -> Metadata:
        """The metadata inferred from the files."""
        return metadata_of(self.snapshot)

    @cached_property
    def files(self) -> list[tuple[str, Entry]]:
        """All files with their paths."""
        return [(path, entry) for path, entry in self.snapshot.walk() if not entry.is_folder]

    @property
    def identity(self) -> str:
        """An id in the form of the Hub's: 24 hexadecimal digits, the same for all commits."""
        key = f"{self.snapshot.repo.key} {self.settings.created_at}"
        return hashlib.sha256(key.encode()).hexdigest()[:24]

    @property
    def sdk(self) -> str | None:
        """The SDK of a Space: that of its card, or else the one it was created with."""
        return next(iter(self.metadata.strings("sdk")), self.settings.sdk)

    @property
    def tags(self) -> list[str]:
        """All tags."""
        first = [self.sdk] if self.snapshot.repo.kind == "space" and self.sdk else []
        return list(dict.fromkeys([*first, *self.metadata.tags, f"region:{self.settings.region}"]))

    def select(self, names: Iterable[str]) -> dict[str, Any]:
        """Return those of the named properties that the repository has."""
        found = ((name, _PROPERTIES[name](self)) for name in dict.fromkeys(names))
        return {name: value for name, value in found if value is not None}

    def sibling(self, path: str, entry: Entry) -> dict[str, Any]:
        """Return a file in the form of `siblings`."""
        if not self.blobs:
            return {"rfilename": path}
        facts = self.snapshot.facts(entry)
        sibling: dict[str, Any] = {"rfilename": path, "blobId": entry.sha, "size": facts.size}
        if pointer := facts.pointer:
            sibling["lfs"] = {"sha256": pointer.sha256, "size": pointer.size, "pointerSize": facts.pointer_size}
        return sibling


def used_storage(described: Described) -> int:
    """Return the bytes of all files."""
    snapshot = described.snapshot
    return snapshot.hub.facts.size_of(snapshot.git, snapshot.commit.tree)


def _card(key: str) -> Callable[[Described], Any]:
    return lambda described: (described.metadata.card or {}).get(key)


def _subdomain(described: Described) -> str:
    repo = described.snapshot.repo
    return f"{repo.namespace}-{repo.name}".lower().replace(".", "-").replace("_", "-")


def _mask_token(described: Described) -> Any:
    return ((described.metadata.config or {}).get("tokenizer_config") or {}).get("mask_token")


def _base_models(described: Described) -> dict[str, Any] | None:
    relations = [tag.split(":", 2)[1] for tag in described.metadata.tags if tag.startswith("base_model:")][1:2]
    models = [{"id": model} for model in described.metadata.strings("base_model")]
    return {"relation": relations[0], "models": models} if models and relations else None


def _resource_group(described: Described) -> dict[str, Any] | None:
    # A group belongs to its organization: a repository that was moved to another one is in none.
    owner = described.snapshot.hub.accounts.organization(described.snapshot.repo.namespace)
    group = described.settings.resource_group
    name = owner.resource_groups.get(group) if owner and group else None
    return None if name is None else {"id": group, "name": name}


def _runtime(described: Described) -> dict[str, Any]:
    space = read_space(described.snapshot.git.path)
    committed = described.snapshot.commit.time
    return space.runtime(described.sdk, has_app=described.metadata.has_app, committed=committed)


_PROPERTIES: dict[str, Callable[[Described], Any]] = {
    **dict.fromkeys(_ZERO, lambda _: 0),
    # Properties that no repository here has.
    **dict.fromkeys(("inference", "citation"), lambda _: None),
    "resourceGroup": _resource_group,
    "_id": lambda described: described.identity,
    "likes": lambda described: len(Likes(described.snapshot.git.path).list()),
    "id": lambda described: described.snapshot.repo.full_name,
    "modelId": lambda described: described.snapshot.repo.full_name,
    "author": lambda described: described.snapshot.repo.namespace,
    "sha": lambda described: described.snapshot.commit.sha,
    "lastModified": lambda described: timestamp(described.snapshot.commit.time),
    "createdAt": lambda described: described.settings.created_at,
    "private": lambda described: described.settings.private,
    "visibility": lambda described: described.settings.visibility,
    "gated": lambda described: described.settings.gated,
    "disabled": lambda _: False,
    "gitalyUid": lambda described: described.snapshot.commit.sha,
    "xetEnabled": lambda _: True,
    "tags": lambda described: described.tags,
    "siblings": lambda described: [described.sibling(*file) for file in described.files],
    "usedStorage": used_storage,
    "mainSize": used_storage,
    "cardData": lambda described: described.metadata.card,
    "library_name": lambda described: described.metadata.library_name,
    "pipeline_tag": lambda described: described.metadata.pipeline_tag,
    "config": lambda described: described.metadata.config,
    "transformersInfo": lambda described: described.metadata.transformers_info,
    "safetensors": lambda described: described.metadata.safetensors,
    "gguf": lambda described: described.metadata.gguf,
    "mask_token": _mask_token,
    "model-index": _card("model-index"),
    "widgetData": _card("widget"),
    "baseModels": _base_models,
    "evalResults": lambda described: list(described.metadata.results) or None,
    "inferenceProviderMapping": lambda _: [],
    "spaces": lambda _: [],
    "description": _card("description"),
    "paperswithcode_id": _card("paperswithcode_id"),
    "sdk": lambda described: described.sdk,
    "models": lambda described: described.metadata.strings("models"),
    "datasets": lambda described: described.metadata.strings("datasets"),
    "region": lambda described: described.settings.region,
    "runtime": _runtime,
    "subdomain": _subdomain,
    "host": lambda described: f"https://{_subdomain(described)}.hf.space",
}
