from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import RepositoryNotFoundError

CARD = b"""---
license: mit
language: no
library_name: numpy
pipeline_tag: image-classification
tags: [digits]
base_model: acme/base
released: 2024-05-01
---
# Digits
"""


@pytest.fixture
def described(api: HfApi, repo: str) -> str:
    operations = [CommitOperationAdd("README.md", CARD), CommitOperationAdd("w.safetensors", b"w" * 100)]
    api.create_commit(repo, operations, commit_message="card")
    return repo


def test_the_info_contains_the_card_the_tags_and_the_files(api: HfApi, described: str) -> None:
    info = api.model_info(described)
    assert info.card_data is not None
    assert info.card_data["license"] == "mit"
    assert info.card_data["language"] == "no"
    assert info.card_data["released"] == "2024-05-01"
    assert {"digits", "license:mit", "numpy", "base_model:acme/base", "no"} <= set(info.tags or [])
    assert (info.pipeline_tag, info.library_name, info.author) == ("image-classification", "numpy", "acme")
    assert [file.rfilename for file in info.siblings or []] == [".gitattributes", "README.md", "w.safetensors"]
    assert info.last_modified is not None


def test_files_show_sizes_on_request(api: HfApi, described: str) -> None:
    siblings = {file.rfilename: file for file in api.model_info(described, files_metadata=True).siblings or []}
    assert siblings["README.md"].size == len(CARD)
    assert siblings["README.md"].lfs is None
    assert siblings["w.safetensors"].lfs is not None
    assert siblings["w.safetensors"].lfs.size == 100


def test_expand_selects_the_properties(api: HfApi, described: str) -> None:
    info = api.model_info(described, expand=["sha", "private"])
    assert info.sha is not None
    assert info.private is False
    assert info.siblings is None


def test_a_missing_repository_is_not_found(api: HfApi, call: Callable[..., Any]) -> None:
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("acme/none")
    for path in ("/api/models/acme/..%2F..", "/api/models/%2e%2e/x", "/api/models/acme/x%00"):
        answer = call("GET", path)
        assert (answer.status, answer.headers["x-error-code"]) == (404, "RepoNotFound")


class TestListing:
    @pytest.fixture(scope="class")
    @staticmethod
    def shelf() -> str:
        return "shelf"

    @pytest.fixture
    def models(self, api: HfApi, shelf: str) -> list[str]:
        return [api.create_repo(f"{shelf}/m-{n}", exist_ok=True).repo_id for n in range(4)]

    def test_by_author_search_and_limit(self, api: HfApi, models: list[str], shelf: str) -> None:
        assert sorted(info.id for info in api.list_models(author=shelf)) == models
        assert [info.id for info in api.list_models(author=shelf, search="M-2")] == [f"{shelf}/m-2"]
        assert len(list(api.list_models(author=shelf, limit=3))) == 3
        assert list(api.list_models(author="missing")) == []
        assert list(api.list_datasets(author=shelf)) == []

    def test_by_tag_and_with_cards(self, api: HfApi, models: list[str], shelf: str) -> None:
        api.upload_file(repo_id=models[0], path_in_repo="README.md", path_or_fileobj=CARD)
        (found,) = api.list_models(author=shelf, filter="digits", cardData=True)
        assert found.id == models[0]
        assert found.card_data is not None

    def test_pages_are_chained(self, call: Callable[..., Any], models: list[str], shelf: str) -> None:
        path: str | None = f"/api/models?author={shelf}&limit=3&sort=id&direction=1"
        seen = []
        while path:
            answer = call("GET", path)
            seen += [item["id"] for item in answer.json()]
            path = answer.headers.get("link", "").partition(">")[0].lstrip("<") or None
        assert seen == models

    @pytest.mark.parametrize("kind", ["datasets", "spaces", "kernels"])
    def test_every_type_has_its_list(self, call: Callable[..., Any], kind: str) -> None:
        body = {"name": "listed", "organization": f"org-{kind}", "type": kind[:-1], "sdk": "static"}
        assert call("POST", "/api/repos/create", body).status == 200
        assert [item["id"] for item in call("GET", f"/api/{kind}?author=org-{kind}").json()] == [f"org-{kind}/listed"]


def test_the_hardware_of_a_space_is_an_object(api: HfApi, call: Callable[..., Any]) -> None:
    """huggingface_hub before 2.0 fails on anything else."""
    api.create_repo("acme/hardware", repo_type="space", space_sdk="static")
    for path in ("acme/hardware", "acme/hardware/revision/main"):
        runtime = call("GET", f"/api/spaces/{path}").json()["runtime"]
        assert runtime["hardware"] == {"current": None, "requested": None}
    runtime = call("GET", "/api/spaces?author=acme&search=hardware&full=1").json()[0]["runtime"]
    assert runtime["hardware"] == {"current": None, "requested": None}
    assert api.space_info("acme/hardware").runtime is not None
