"""Lists as the real client requests them: each filter applies, and none is ignored."""

import json
import struct
from collections.abc import Callable
from typing import Any, get_args

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants
from huggingface_hub.errors import BadRequestError
from huggingface_hub.hf_api import ExpandDatasetProperty_T, ExpandModelProperty_T, ExpandSpaceProperty_T

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.routes import repo_info

Call = Callable[..., Any]
GGUF = b"GGUF\x03\0\0\0" + bytes(16)


def card(**metadata: Any) -> bytes:
    return f"---\n{json.dumps(metadata)}\n---\n# Read arxiv.org/abs/1706.03762\n".encode()


def weights(**counts: int) -> bytes:
    header, end = {}, 0
    for name, count in counts.items():
        header[name] = {"dtype": name.upper(), "shape": [count], "data_offsets": [end, end := end + count]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text


def build(api: HfApi, name: str, kind: str, files: dict[str, bytes], **settings: Any) -> None:
    api.create_repo(name, repo_type=kind, space_sdk="static" if kind == "space" else None)
    adds = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit(name, adds, commit_message="First", repo_type=kind)
    if settings:
        api.update_repo_settings(name, repo_type=kind, **settings)


@pytest.fixture(scope="module")
def shelves(hub: EmbeddedHub) -> str:
    """Fill an organization with repositories that differ in every property that lists filter by."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        fill(HfApi(endpoint=hub.endpoint, token=hub.token))
    return "lists"


def fill(api: HfApi) -> None:
    bert = json.dumps({"architectures": ["BertForMaskedLM"], "model_type": "bert"}).encode()
    build(api, "lists/tiny", "model", {"config.json": bert, "model.safetensors": weights(f32=10)})
    large = card(
        pipeline_tag="text-classification", language=["en", "fr"], license="mit", datasets=["imdb"], tags=["Zoo"]
    )
    build(api, "lists/large", "model", {"README.md": large, "model.safetensors": weights(bf16=2_000_000)}, gated="auto")
    build(api, "lists/quantized", "model", {"q.gguf": GGUF}, gated="manual")
    build(api, "lists/hidden", "model", {"q.gguf": GGUF}, private=True)
    data = card(language=["en", "fr"], task_categories=["text-classification"], size_categories="n<1K", tags=["zoo"])
    build(api, "lists/english", "dataset", {"README.md": data, "train.csv": b"a\n1\n"})
    build(api, "lists/french", "dataset", {"README.md": card(language="fr"), "train.parquet": b"PAR1"}, gated="auto")
    demo = card(sdk="static", models=["lists/tiny"], datasets=["lists/english"], title="Demo")
    build(api, "lists/demo", "space", {"README.md": demo})
    build(api, "lists/alone", "space", {"index.html": b"<p>"})


def names(found: Any) -> list[str]:
    return sorted(info.id.partition("/")[2] for info in found)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["hidden", "large", "quantized", "tiny"]),
        ({"pipeline_tag": "fill-mask"}, ["tiny"]),
        ({"pipeline_tag": "text-classification"}, ["large"]),
        ({"pipeline_tag": "nonsense"}, []),
        ({"gated": True}, ["large", "quantized"]),
        ({"gated": False}, ["hidden", "tiny"]),
        ({"num_parameters": "min:1M,max:6B"}, ["large"]),
        ({"num_parameters": "max:0.01K"}, ["hidden", "quantized", "tiny"]),
        ({"num_parameters": "min:2m"}, ["large"]),
        ({"num_parameters": "min:2.000001M"}, []),
        ({"apps": "llama.cpp"}, ["hidden", "quantized"]),
        ({"apps": ["ollama", "vllm"]}, []),
        ({"apps": "vllm"}, []),
        ({"inference": "warm"}, []),
        ({"inference_provider": "all"}, []),
        ({"trained_dataset": "imdb"}, ["large"]),
        ({"trained_dataset": ["dataset:imdb", "other"]}, []),
        ({"filter": "bert"}, ["tiny"]),
        ({"filter": ("bert", "safetensors", "transformers", "fill-mask")}, ["tiny"]),
        ({"filter": "fr"}, ["large"]),
        ({"filter": "license:mit"}, ["large"]),
        ({"filter": "arxiv:1706.03762"}, ["large"]),
        ({"filter": "zoo"}, []),
        ({"search": "lists/l"}, ["large"]),
        ({"search": "LARGE"}, ["large"]),
        ({"search": "list tin"}, ["tiny"]),
        ({"search": "tiny", "pipeline_tag": "text-classification"}, []),
        ({"author": "LISTS", "search": "tiny"}, ["tiny"]),
        ({"author": "list"}, []),
    ],
)
def test_models_are_filtered(api: HfApi, shelves: str, filters: dict[str, Any], expected: list[str]) -> None:
    assert names(api.list_models(**{"author": shelves, **filters})) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["english", "french"]),
        ({"dataset_name": "engl"}, ["english"]),
        ({"dataset_name": "engl", "search": "zzz"}, []),
        ({"dataset_name": "engl", "search": "lists"}, ["english"]),
        ({"language": "fr"}, ["english", "french"]),
        ({"language": ["en", "fr"]}, ["english"]),
        ({"task_categories": "text-classification"}, ["english"]),
        ({"size_categories": "n<1K"}, ["english"]),
        ({"size_categories": "1M<n<10M"}, []),
        ({"benchmark": "official"}, []),
        ({"filter": "zoo"}, ["english"]),
        ({"filter": "format:parquet"}, ["french"]),
        ({"gated": True}, ["french"]),
    ],
)
def test_datasets_are_filtered(api: HfApi, shelves: str, filters: dict[str, Any], expected: list[str]) -> None:
    assert names(api.list_datasets(author=shelves, **filters)) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"filter": "static"}, ["alone", "demo"]),
        ({"filter": "gradio"}, []),
        ({"models": "lists/tiny"}, ["demo"]),
        ({"models": ["lists/tiny", "lists/large"]}, []),
        ({"datasets": "lists/english"}, ["demo"]),
        ({"linked": True}, ["demo"]),
        ({"search": "alo"}, ["alone"]),
    ],
)
def test_spaces_are_filtered(api: HfApi, shelves: str, filters: dict[str, Any], expected: list[str]) -> None:
    found = list(api.list_spaces(author=shelves, **filters))
    assert names(found) == expected
    shown = not filters.keys().isdisjoint({"linked", "models"})
    assert all((space.models is not None) == shown for space in found)


def test_spaces_are_searched_by_words(api: HfApi, hub: EmbeddedHub, shelves: str) -> None:
    found = list(api.search_spaces("demo lists"))
    assert found[0].id == "lists/demo"
    assert (found[0].title, found[0].sdk, found[0].semantic_relevancy_score) == ("Demo", "static", 1.0)
    assert {"lists/alone"} == {result.id for result in api.search_spaces("alone", sdk=["static", "gradio"])}
    assert list(api.search_spaces("alone", sdk="docker")) == []
    assert list(api.search_spaces("demo", filter="gradio")) == []
    build(api, "lists/secluded", "space", {"index.html": b"<p>"}, private=True)
    eve = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve-of-lists"))
    assert [[space.id for space in one.search_spaces("secluded")] for one in (api, eve)] == [["lists/secluded"], []]
    build(api, "lists/text", "model", {"m.gguf": GGUF, "README.md": card(pipeline_tag="text-generation")})
    assert names(api.list_models(author=shelves, apps=["vllm", "ollama"])) == ["text"]
    api.delete_repo("lists/text")
    api.delete_repo("lists/secluded", repo_type="space")


@pytest.mark.parametrize(
    "query",
    [
        *(
            "unheard_of=1",
            "gated=maybe",
            "num_parameters=6B",
            "num_parameters=min:",
            "num_parameters=min:1e9",
            "apps=word",
        ),
        *("sort=size", "direction=2", "expand=foo", "expand[]=author&expand[]=foo", "expand=usedStorage", "sdk=static"),
    ],
)
def test_a_filter_or_option_that_cannot_be_applied_is_refused(call: Call, shelves: str, query: str) -> None:
    assert call("GET", f"/api/models?author={shelves}&{query}").status == 400


@pytest.mark.parametrize("sort", ["created_at", "downloads", "last_modified", "likes", "trending_score"])
def test_every_sort_of_the_client_is_accepted(api: HfApi, shelves: str, sort: Any) -> None:
    (first, *_) = api.list_models(author=shelves, sort=sort, full=True)
    assert getattr(first, sort) is not None


@pytest.mark.parametrize(
    ("kind", "sort", "names"),
    [
        ("models", "num_parameters", ["large", "tiny"]),
        ("models", "mainSize", ["large", "tiny"]),
        ("models", "id", ["tiny", "quantized", "large"]),
        ("datasets", "datasetsServerInfo.numRows", ["english", "french"]),
        ("datasets", "mainSize", ["english", "french"]),
        ("datasets", "likes30d", ["english", "french"]),
    ],
)
def test_the_orders_of_other_clients_are_accepted(
    anonymous: Call, shelves: str, kind: str, sort: str, names: list[str]
) -> None:
    query = f"author={shelves}&sort={sort}&expand=private"
    found = anonymous("GET", f"/api/{kind}?{query}").json()
    assert [repo["id"].partition("/")[2] for repo in found][: len(names)] == names
    reverse = anonymous("GET", f"/api/{kind}?{query}&direction=1").json()
    assert {repo["id"] for repo in reverse} == {repo["id"] for repo in found}


@pytest.mark.parametrize(
    "path", ["datasets?sort=num_parameters", "spaces?sort=num_parameters", "models?sort=datasetsServerInfo.numRows"]
)
def test_an_order_of_another_type_is_refused(anonymous: Call, path: str) -> None:
    assert anonymous("GET", f"/api/{path}").status == 400


def test_the_order_can_be_reversed_and_is_kept_over_pages(call: Call, shelves: str) -> None:
    path = f"/api/models?author={shelves}&sort=id"
    for direction, expected in (("1", ["hidden", "large", "quantized", "tiny"]), ("-1", ["tiny", "quantized"])):
        found = call("GET", f"{path}&direction={direction}&limit={len(expected)}").json()
        assert [item["id"].partition("/")[2] for item in found] == expected


def test_a_page_of_long_cards_ends_early(api: HfApi, call: Call, shelves: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repo_info, "PAGE_BYTES", 200)
    answer = call("GET", f"/api/models?author={shelves}&full=1&cardData=1")
    assert 0 < len(answer.json()) < 4
    assert 'rel="next"' in answer.headers["link"]
    assert len(list(api.list_models(author=shelves, full=True, cardData=True))) == 4


def test_lists_show_only_what_was_asked_for(api: HfApi, shelves: str) -> None:
    by: dict[str, Any] = {"author": shelves, "search": "large"}
    (plain,) = api.list_models(**by)
    assert (plain.sha, plain.siblings, plain.card_data, plain.config, plain.gated) == (None,) * 5
    assert (plain.pipeline_tag, plain.private, plain.downloads) == ("text-classification", False, 0)
    (full,) = api.list_models(full=True, **by)
    assert full.sha
    assert full.siblings
    assert full.card_data is None
    (with_card,) = api.list_models(cardData=True, **by)
    assert with_card.card_data is not None
    (with_config,) = api.list_models(author=shelves, search="tiny", fetch_config=True)
    assert with_config.config == {"architectures": ["BertForMaskedLM"], "model_type": "bert"}
    (selected,) = api.list_models(expand=["author", "downloadsAllTime", "safetensors"], **by)
    assert (selected.author, selected.downloads_all_time, selected.downloads) == (shelves, 0, None)
    assert selected.safetensors is not None
    assert (selected.safetensors.parameters, selected.safetensors.total) == ({"BF16": 2_000_000}, 2_000_000)
    (data,) = api.list_datasets(author=shelves, search="french", full=True)
    assert data.card_data is not None


def test_a_private_repository_is_listed_for_members_alone(api: HfApi, hub: EmbeddedHub, shelves: str) -> None:
    by: dict[str, Any] = {"author": shelves, "search": "hidden"}
    assert names(api.list_models(**by)) == ["hidden"]
    eve = hub.add_user("eve-of-lists")
    member = hub.add_user("member-of-lists", orgs=(shelves,), role="read")
    for token, expected in ((eve, []), (False, []), (member, ["hidden"])):
        assert names(HfApi(endpoint=hub.endpoint, token=token).list_models(**by)) == expected


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("model", ExpandModelProperty_T), ("dataset", ExpandDatasetProperty_T), ("space", ExpandSpaceProperty_T)],
)
def test_expand_takes_every_property_of_the_client_and_no_other(
    api: HfApi, shelves: str, kind: str, properties: Any
) -> None:
    name = {"model": "lists/tiny", "dataset": "lists/french", "space": "lists/demo"}[kind]
    every: Any = list(get_args(properties))
    assert api.repo_info(name, repo_type=kind, expand=every).id == name
    unknown: Any = ["does_not_exist"]
    messages = set()
    for one in ("lists/missing", name):
        with pytest.raises(BadRequestError, match=r"at expand\[0\]") as caught:
            api.repo_info(one, repo_type=kind, expand=unknown)
        messages.add(caught.value.response.json()["error"])
    [message] = messages
    named = message.split("expected one of ")[1].split("\n")[0]
    assert set(json.loads(f"[{named.replace('|', ',')}]")) - {"gitalyUid", "xetEnabled"} == set(get_args(properties))


class TestOwnRepositories:
    def test_all_types_are_listed_with_their_storage(self, hub: EmbeddedHub) -> None:
        user = "user-with-repos"
        api = HfApi(endpoint=hub.endpoint, token=hub.add_user(user, orgs=("org-with-repos",)))
        for kind in ("model", "dataset", "space"):
            build(api, f"{user}/one", kind, {"a.bin": b"a" * 9000})
        build(api, "org-with-repos/one", "model", {"a": b"a"}, private=True)
        found = list(api.list_user_repos())
        assert sorted((repo.type, repo.id) for repo in found) == [
            (kind, f"{user}/one") for kind in ("dataset", "model", "space")
        ]
        assert all(repo.storage > 9000 and repo.storage_percent > 30 for repo in found)
        [private] = api.list_user_repos(namespace="org-with-repos")
        assert (private.id, private.visibility) == ("org-with-repos/one", "private")

    def test_a_namespace_of_others_looks_like_a_missing_one(self, hub: EmbeddedHub, connect: Any, shelves: str) -> None:
        eve = connect(hub.endpoint, hub.add_user("eve-of-lists"))
        answers = [eve("GET", f"/api/organizations/{name}/settings/repositories") for name in (shelves, "shelve")]
        assert [answer.status for answer in answers] == [404, 404]
        assert answers[0].body.replace(b"lists", b"shelve") == answers[1].body
        assert connect(hub.endpoint)("GET", "/api/settings/repositories").status == 401


@pytest.mark.parametrize("kind", ["models", "datasets", "spaces"])
def test_only_the_order_that_was_asked_for_is_shown_beside_expand(anonymous: Call, shelves: str, kind: str) -> None:
    query = f"/api/{kind}?author={shelves}&expand=author"
    assert {key for repo in anonymous("GET", query).json() for key in repo} == {"_id", "id", "author"}
    ordered = anonymous("GET", f"{query}&sort=lastModified").json()
    assert {key for repo in ordered for key in repo} == {"_id", "id", "author", "lastModified"}


def test_a_list_of_spaces_shows_what_it_is_filtered_by(api: HfApi, shelves: str) -> None:
    (space,) = api.list_spaces(author=shelves, models="lists/tiny")
    assert (space.models, space.datasets) == (["lists/tiny"], None)
    (space,) = api.list_spaces(author=shelves, datasets="lists/english")
    assert (space.models, space.datasets) == (None, ["lists/english"])


@pytest.mark.parametrize(
    ("kind", "name", "tags"),
    [
        ("model", "pipeline_tag", {"fill-mask", "text-classification"}),
        ("model", "library", {"transformers", "gguf"}),
        ("model", "region", {"region:us"}),
        ("model", "license", {"license:mit"}),
        ("model", "language", {"en", "fr"}),
        ("model", "dataset", {"dataset:imdb"}),
        ("model", "other", {"Zoo"}),
        ("dataset", "language", {"language:en", "language:fr"}),
        ("dataset", "task_categories", {"task_categories:text-classification"}),
        ("dataset", "size_categories", {"size_categories:n<1K"}),
        ("dataset", "other", {"zoo"}),
    ],
)
def test_tags_are_listed_by_their_types(api: HfApi, shelves: str, kind: str, name: str, tags: set[str]) -> None:
    listed = api.get_model_tags() if kind == "model" else api.get_dataset_tags()
    found = {tag["id"]: tag for tag in listed[name]}
    assert tags <= found.keys()
    for tag in tags:
        assert found[tag] == {"id": tag, "label": tag.removeprefix(f"{name}:"), "type": name}


def test_tags_of_private_repositories_are_not_listed(
    api: HfApi, anonymous: Call, connect: Any, hub: EmbeddedHub
) -> None:
    build(api, "lists/secretive", "model", {"README.md": card(tags=["codename-heron"])}, private=True)
    for call in (anonymous, connect(hub.endpoint, hub.add_user("eve"))):
        assert b"codename-heron" not in call("GET", "/api/models-tags-by-type").body
    assert b"codename-heron" in connect(hub.endpoint, hub.token)("GET", "/api/models-tags-by-type").body
    api.delete_repo("lists/secretive")
