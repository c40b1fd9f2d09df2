"""Descriptions of repositories: of a single one, and of those in a list with its filters, sorts and pages."""

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from hublish.hub.server.access import identify, known_repos, require_account
from hublish.hub.server.accounts import Account, avatar_of
from hublish.hub.server.git.repository import now
from hublish.hub.server.http import Request, Response, expanded, json_response, page_of
from hublish.hub.server.people import Likes
from hublish.hub.server.refusals import HubError, bad_request, invalid_option
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repo_properties import (
    EXPANDABLE,
    EXPANDABLE_IN_LISTS,
    FULL,
    INFO,
    LISTED,
    Described,
    used_storage,
)
from hublish.hub.server.repositories import DEFAULT_BRANCH, Settings, timestamp
from hublish.hub.server.snapshots import open_snapshot, requested_snapshot
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.hub_names import REPO_TYPES


def repo_info(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R` and `GET /api/P/R/revision/V`, with `blobs`, `securityStatus` and `expand`."""
    kind = request.params["kind"].removesuffix("s")
    # First of all, as on the Hub: the same 400 for a repository that does not exist.
    wanted = expanded(request, EXPANDABLE[kind])
    with requested_snapshot(hub, request) as snapshot:
        described = Described(snapshot, hub.repositories.settings(snapshot.repo), request.flag("blobs"))
        info = described.select(("_id", "id", *wanted) if wanted else INFO[kind])
        if request.flag("securityStatus"):
            info["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
        return json_response(info)


# Repositories in one page of a list.
PAGE = 1000

# Spaces in the result of a search, and models of a leaderboard.
MAX_RESULTS = 100

# Bytes after which a page ends early: cards and file lists can be long.
PAGE_BYTES = 4 << 20

# Properties by which a list can be sorted.
SORTS = ("createdAt", "downloads", "lastModified", "likes", "trendingScore", "id")

# Further orders, which no property shows. No rows are counted here.
_ORDERS: dict[str, Callable[[Described], int]] = {
    "likes30d": lambda described: Likes(described.snapshot.git.path).since(now() - 30 * 24 * 3600),
    "mainSize": used_storage,
    "num_parameters": lambda described: _parameters(described) or 0,
    "datasetsServerInfo.numRows": lambda _: 0,
}
_ORDER_OF = {"num_parameters": "model", "datasetsServerInfo.numRows": "dataset"}

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_BOUND = re.compile(r"(min|max):(\d{1,15}(?:\.\d{1,9})?)([KMBT]?)", re.IGNORECASE)

# Programs that run models: tags of which a model needs one, and its possible tasks.
_RUN_GGUF = (
    "llama.cpp ollama lmstudio jan koboldcpp backyard sanctum jellybox msty localai recursechat node-llama-cpp ramalama"
    " lemonade pi unsloth anythingllm"
)
_RUN_DIFFUSERS = "diffusionbee draw-things drawthings invoke joyfusion"
_TEXT = ("text-generation", "image-text-to-text")
_APPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(_RUN_GGUF.split(), (("gguf",), ())),
    **dict.fromkeys(_RUN_DIFFUSERS.split(), (("diffusers",), ())),
    **dict.fromkeys(("vllm", "docker-model-runner"), (("transformers", "gguf"), _TEXT)),
    **dict.fromkeys(("sglang", "tgi"), (("transformers",), _TEXT)),
    **dict.fromkeys(("mlx-lm", "mlx"), (("mlx",), _TEXT)),
}

# Everything that a list takes besides filters.
_OPTIONS = {"sort", "direction", "limit", "cursor", "full", "config", "cardData", "expand", "expand[]", "linked"}


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A repository that may belong to a list, with its place in the order."""

    repo: RepoId
    settings: Settings
    key: str | int


def list_repos(hub: Hub, request: Request) -> Response:
    """`GET /api/P?author=..&search=..&filter=..&sort=..&limit=..`."""
    caller = identify(hub, request)
    kind = request.params["kind"].removesuffix("s")
    wanted = expanded(request, EXPANDABLE_IN_LISTS[kind])
    filters = list(_filters(request, kind))
    orders = (order for order in _ORDERS if _ORDER_OF.get(order, kind) == kind)
    sort = _option(request, "sort", (*SORTS, *orders), "lastModified")
    descending = _option(request, "direction", ("-1", "1"), "-1") == "-1"
    # Before the page is known, little is kept of each repository, and little is read without filters for its files.
    found = list(_candidates(hub, request, caller, kind, filters, sort))
    found.sort(key=attrgetter("key"), reverse=descending)
    # The order that the caller chose is shown as well.
    sorted_by = [] if sort in _ORDERS or not request.first("sort") else [sort]
    names = ("_id", "id", *sorted_by, *wanted) if wanted else _shown(request, kind)
    shown: list[dict[str, Any]] = []
    size = 0
    page, headers = page_of(request, found, PAGE)
    for count, candidate in enumerate(page, 1):
        shown += _described(hub, candidate, names)
        size += len(json.dumps(shown[-1:]))
        if size > PAGE_BYTES:
            _, headers = page_of(request, found, count)
            break
    return json_response(shown, headers=headers)


def list_own_repos(hub: Hub, request: Request) -> Response:
    """`GET /api/settings/repositories`, and the same of an organization: all types, the largest first."""
    account = require_account(hub, request)
    namespace = request.params.get("organization", account.user)
    if not account.belongs_to(namespace):
        raise HubError(404, None, f"You are not a member of an organization {namespace}")
    found = [shown for kind in REPO_TYPES for shown in _stored(hub, account, kind, namespace)]
    total = sum(shown["storage"] for shown in found)
    found.sort(key=lambda shown: (-shown["storage"], shown["type"], shown["id"]))
    page, headers = page_of(request, found, PAGE)
    shares = [{**shown, "storagePercent": 100 * shown["storage"] / total if total else 0} for shown in page]
    return json_response(shares, headers=headers)


def _stored(hub: Hub, account: Account, kind: str, namespace: str) -> Iterator[dict[str, Any]]:
    for described in visible_repos(hub, account, kind, lambda repo: repo.namespace == namespace):
        yield {
            "id": described.snapshot.repo.full_name,
            "type": kind,
            "updatedAt": timestamp(described.snapshot.commit.time),
            "visibility": described.settings.visibility,
            "storage": used_storage(described),
        }


def _option(request: Request, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = request.first(name) or default
    if value not in allowed:
        raise invalid_option(allowed, name)
    return value


_LINKS = ("models", "datasets")
_ONLY_OF = {"config": "model", "linked": "space"}


def _shown(request: Request, kind: str) -> tuple[str, ...]:
    names = LISTED[kind] + (FULL[kind] if request.flag("full") else ())
    for flag, more in (("cardData", ("cardData",)), ("config", ("config",)), ("linked", _LINKS)):
        names += more if request.flag(flag) and (flag == "cardData" or kind == _ONLY_OF[flag]) else ()
    # What Spaces are filtered by is shown.
    return names + tuple(link for link in _LINKS if kind == "space" and request.first(link))


def _candidates(
    hub: Hub, request: Request, caller: Account | None, kind: str, filters: list["_Filter"], sort: str
) -> Iterator[_Candidate]:
    author, words = request.first("author").lower(), " ".join(request.query.get("search", ())).lower().split()

    def is_named(repo: RepoId) -> bool:
        return author in ("", repo.namespace.lower()) and all(word in repo.full_name.lower() for word in words)

    for described in visible_repos(hub, caller, kind, is_named):
        if all(passes(described) for passes in filters):
            key = _ORDERS[sort](described) if sort in _ORDERS else described.select((sort,))[sort]
            yield _Candidate(described.snapshot.repo, described.settings, key)


def visible_repos(
    hub: Hub, caller: Account | None, kind: str, is_wanted: Callable[[RepoId], bool] = lambda _: True
) -> Iterator[Described]:
    """Yield the wanted repositories that the caller may know about, each opened until the next one."""
    for repo, settings in known_repos(hub, caller, filter(is_wanted, hub.repositories.list(kind))):
        # HubError: deleted meanwhile.
        with suppress(HubError), open_snapshot(hub, repo, DEFAULT_BRANCH) as snapshot:
            yield Described(snapshot, settings)


# The types of tags by which the Hub's pages filter. Those with a prefix say their type: `license:mit`.
_TAG_TYPES = {
    "model": ("pipeline_tag", "library", "dataset", "language", "license", "region", "other"),
    "dataset": (
        *("task_categories", "task_ids", "size_categories", "modality", "format", "library", "language", "license"),
        *("multilinguality", "language_creators", "annotations_creators", "benchmark", "region", "other"),
    ),
}


def list_tags(kind: str, hub: Hub, request: Request) -> Response:
    """`GET /api/models-tags-by-type` and the same of datasets: the tags that repositories have."""
    found: dict[str, dict[str, Any]] = {name: {} for name in _TAG_TYPES[kind]}
    for described in visible_repos(hub, identify(hub, request), kind):
        metadata = described.metadata
        types = dict.fromkeys(metadata.strings("language") if kind == "model" else (), "language")
        types |= {tag: "library" for tag in (metadata.library_name,) if tag}
        types |= {tag: "pipeline_tag" for tag in (metadata.pipeline_tag,) if tag}
        for tag in described.tags:
            prefix, _, rest = tag.partition(":")
            name, label = (prefix, rest) if rest and prefix in found else (types.get(tag, "other"), tag)
            found[name][tag] = {"type": name, "label": label, "id": tag}
    return json_response({name: [tags[tag] for tag in sorted(tags)] for name, tags in found.items()})


def search_spaces(hub: Hub, request: Request) -> Response:
    """`GET /api/spaces/semantic-search?q=..&filter=..&sdk=..&includeNonRunning=..`: by words, the best match first."""
    caller = identify(hub, request)
    words = request.first("q").lower().split()
    sdks, all_stages = request.query.get("sdk", ()), request.flag("includeNonRunning")
    has_tags = _by_tags(list(request.query.get("filter", ())))
    found = []
    for described in visible_repos(hub, caller, "space"):
        if not has_tags(described) or (sdks and described.sdk not in sdks):
            continue
        shown = _search_result(described)
        text = " ".join([shown["id"], shown["title"], shown["ai_short_description"], *described.tags]).lower()
        score = sum(word in text for word in words) / max(1, len(words))
        if score and (all_stages or shown["runtime"]["stage"] == "RUNNING"):
            found.append({**shown, "semanticRelevancyScore": score})
    found.sort(key=lambda shown: -shown["semanticRelevancyScore"])
    return json_response(found[:MAX_RESULTS])


def _search_result(described: Described) -> dict[str, Any]:
    shown = described.select(("id", "author", "sdk", "likes", "private", "tags", "runtime", "trendingScore"))
    texts = {key: next(iter(described.metadata.strings(key)), "") for key in ("title", "emoji", "short_description")}
    shown |= {"title": texts["title"] or described.snapshot.repo.name, "emoji": texts["emoji"] or None}
    return {**shown, "ai_short_description": texts["short_description"]}


def _described(hub: Hub, candidate: _Candidate, names: tuple[str, ...]) -> list[dict[str, Any]]:
    try:
        with open_snapshot(hub, candidate.repo, DEFAULT_BRANCH) as snapshot:
            return [Described(snapshot, candidate.settings).select(names)]
    except HubError:  # deleted meanwhile
        return []


def leaderboard(hub: Hub, request: Request) -> Response:
    """`GET /api/datasets/R/leaderboard?base_model=..`: the models with results for a dataset, the best one first."""
    with requested_snapshot(hub, request) as snapshot:
        dataset = snapshot.repo
        if dataset.kind != "dataset" or snapshot.find_file("eval.yaml") is None:
            raise HubError(404, None, "This dataset does not have a leaderboard")
    # By default, without models that are made of others.
    all_models = request.first("base_model").lower() == "false"
    found = []
    for described in visible_repos(hub, identify(hub, request), "model"):
        if all_models or not described.metadata.strings("base_model"):
            found += _best(described, dataset)
    found.sort(key=lambda entry: (-entry["value"], entry["modelId"]))
    return json_response([{"rank": rank, **entry} for rank, entry in enumerate(found[:MAX_RESULTS], 1)])


def _best(described: Described, dataset: RepoId) -> list[dict[str, Any]]:
    results = [result for result in described.metadata.results if "data" in result]
    own = [result for result in results if result["data"]["dataset"]["id"] == dataset.full_name]
    if not own:
        return []
    best = max(own, key=lambda result: float(result["data"]["value"]))
    repo = described.snapshot.repo
    is_user = described.snapshot.hub.accounts.named(repo.namespace) is not None
    author = {"type": "user" if is_user else "org", "name": repo.namespace, "fullname": repo.namespace}
    more = {key: best["data"][key] for key in ("source", "notes") if key in best["data"]}
    # Nothing here can check the signature of a result.
    shown = {"modelId": repo.full_name, "value": best["data"]["value"], "filename": best["filename"], "verified": False}
    return [{**shown, "author": {**author, "avatarUrl": avatar_of(repo.namespace)}, **more}]


_Filter = Callable[[Described], bool]


def _filters(request: Request, kind: str) -> Iterator[_Filter]:
    """Yield the filters of a request, the cheap ones first; raise 400 for one that this Hub cannot apply."""
    known = {"author", "search", "filter", "gated", *_OPTIONS, *_FILTERS[kind]}
    # Never ignored: the caller would take all repositories for those that it asked for.
    if unknown := sorted(request.query.keys() - known):
        raise bad_request(f"Unknown filters: {', '.join(unknown)[:200]}")
    for name, filter_by in (("gated", _by_gated), ("filter", _by_tags), *_FILTERS[kind].items()):
        if values := [value for value in request.query.get(name, ()) if value]:
            yield filter_by(values)
    if request.flag("linked"):
        yield lambda described: any(described.metadata.strings(key) for key in ("models", "datasets"))


def _by_gated(values: list[str]) -> _Filter:
    allowed = {"true": ("auto", "manual"), "false": (False,), "auto": ("auto",), "manual": ("manual",)}
    gated = allowed.get(values[0].lower())
    if gated is None:
        raise bad_request('"gated" must be true or false')
    return lambda described: described.settings.gated in gated


def _by_tags(values: list[str]) -> _Filter:
    wanted = {tag for value in values for tag in value.split(",") if tag}
    return lambda described: wanted <= set(described.tags)


def _tagged(prefix: str) -> Callable[[list[str]], _Filter]:
    # A value may have the prefix already, as in `trained_dataset=dataset:imdb`.
    return lambda values: _by_tags([f"{prefix}:{value.removeprefix(f'{prefix}:')}" for value in values])


def _by_task(values: list[str]) -> _Filter:
    return lambda described: described.metadata.pipeline_tag in values


def _by_apps(values: list[str]) -> _Filter:
    names = [name.lower() for value in values for name in value.split(",")]
    if unknown := [name for name in names if name not in _APPS]:
        raise bad_request(f"Unknown apps: {', '.join(unknown)[:200]}")
    needed = [_APPS[name] for name in names]

    def passes(described: Described) -> bool:
        tags, task = set(described.tags), described.metadata.pipeline_tag
        return all(not tags.isdisjoint(any_of) and (not tasks or task in tasks) for any_of, tasks in needed)

    return passes


def _by_parameters(values: list[str]) -> _Filter:
    least, most = 0.0, math.inf
    for part in ",".join(values).split(","):
        if not (match := _BOUND.fullmatch(part.strip())):
            raise bad_request('"num_parameters" must be a range such as min:6B,max:128B')
        bound = float(match[2]) * _UNITS[match[3].upper()]
        least, most = (bound, most) if match[1].lower() == "min" else (least, bound)

    def passes(described: Described) -> bool:
        total = _parameters(described)
        return total is not None and least <= total <= most

    return passes


def _parameters(described: Described) -> int | None:
    counted = described.metadata.safetensors or described.metadata.gguf
    return int(counted["total"]) if counted else None


def _nothing(_: list[str]) -> _Filter:
    # No model is served here.
    return lambda _: False


def _used(key: str) -> Callable[[list[str]], _Filter]:
    return lambda values: lambda described: set(values) <= set(described.metadata.strings(key))


_FILTERS: dict[str, dict[str, Callable[[list[str]], _Filter]]] = {
    "model": {
        "pipeline_tag": _by_task,
        "task": _by_task,
        "library": _by_tags,
        "language": _by_tags,
        "tags": _by_tags,
        "other": _by_tags,
        "license": _tagged("license"),
        "dataset": _tagged("dataset"),
        "trained_dataset": _tagged("dataset"),
        "base_model": _tagged("base_model"),
        "apps": _by_apps,
        "num_parameters": _by_parameters,
        "inference": _nothing,
        "inference_provider": _nothing,
    },
    "dataset": {
        **{key: _tagged(key) for key in ("language", "license", "task_categories", "task_ids", "size_categories")},
        **{key: _tagged(key) for key in ("multilinguality", "language_creators", "benchmark", "format", "modality")},
        "library": _tagged("library"),
        "tags": _by_tags,
        "other": _by_tags,
    },
    "space": {"sdk": _by_tags, "models": _used("models"), "datasets": _used("datasets"), "tags": _by_tags},
    "kernel": {"license": _tagged("license"), "tags": _by_tags},
}
