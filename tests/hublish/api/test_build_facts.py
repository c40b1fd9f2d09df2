"""Base models and datasets in the provenance, at their commits on the Hub of the release."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

import hublish
from hublish.api.build_facts import build_facts
from hublish.base.values.attested import BuildFacts, Dependency
from hublish.hub.client.hub import Hub
from hublish.hub.server import EmbeddedHub
from tests.faults.proxy import Proxy

LOADED_FROM = "ab" * 20


def facts(folder: Path, endpoint: str, token: str, metadata: Mapping[str, Any], **config: str) -> BuildFacts:
    (folder / "config.json").write_text(json.dumps(config))
    card = {"metadata": {"license": "mit", **metadata}}
    manifest = {"repo": {"repo_id": "acme/new"}, "artifacts": [{"source": "config.json"}], "card": card}
    (folder / "hub.yaml").write_text(json.dumps(manifest))
    release = hublish.build(folder, folder / f"out-{len(list(folder.iterdir()))}")
    target = release.project.target
    with ThreadPoolExecutor(4) as executor:
        return build_facts(release, target, Hub(endpoint, token), executor)


def test_each_dependency_is_at_its_commit(tmp_path: Path, own_hub: EmbeddedHub) -> None:
    api = HfApi(endpoint=own_hub.endpoint, token=own_hub.token)
    commits = {}
    for kind, name in (("model", "facts/base"), ("dataset", "facts/rows")):
        api.create_repo(name, repo_type=kind, private=True, exist_ok=True)
        commits[name] = api.repo_info(name, repo_type=kind).sha
    found = facts(
        tmp_path,
        own_hub.endpoint,
        own_hub.token,
        {"base_model": "facts/base", "datasets": ["facts/rows", "facts/rows"]},
    )
    assert [(one.repo_id, one.repo_type, one.commit) for one in found.dependencies] == [
        ("facts/base", "model", commits["facts/base"]),
        ("facts/rows", "dataset", commits["facts/rows"]),
    ]


def test_the_commit_that_a_configuration_names_is_the_one_that_was_used(tmp_path: Path, own_hub: EmbeddedHub) -> None:
    HfApi(endpoint=own_hub.endpoint, token=own_hub.token).create_repo("facts/base", exist_ok=True)
    config = {"_name_or_path": "facts/base", "_commit_hash": LOADED_FROM}
    for metadata in ({"base_model": "facts/base"}, {}):
        assert facts(tmp_path, own_hub.endpoint, own_hub.token, metadata, **config).dependencies == (
            Dependency("facts/base", "model", "", LOADED_FROM),
        )


def test_a_dependency_that_is_not_there_has_no_commit_and_a_warning(tmp_path: Path, own_hub: EmbeddedHub) -> None:
    names = [f"facts/rows-{number}" for number in range(9)]
    found = facts(tmp_path, own_hub.endpoint, own_hub.token, {"datasets": names})
    assert [one.repo_id for one in found.dependencies] == names
    assert {one.commit for one in found.dependencies} == {None}
    (warning,) = (one for one in found.warnings if one.code == "sign.dependency")
    assert "datasets/facts/rows-4 and 4 more" in warning.message


def test_one_request_for_each_of_at_most_a_hundred(tmp_path: Path, own_hub: EmbeddedHub, proxy: Proxy) -> None:
    proxy.clear()
    names = [f"facts/rows-{number}" for number in range(150)]
    found = facts(tmp_path, proxy.endpoint, own_hub.token, {"datasets": names})
    assert proxy.count(r"^GET \S*/api/datasets/facts/rows-\d+/revision/main") == len(proxy.calls) == 100
    assert len(found.dependencies) == 150
