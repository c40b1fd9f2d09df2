"""An object is pushed to the Hub and loaded back, with and without a manifest. No framework is needed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import HfApi, ModelCard, ModelCardData

import hublish
from hublish.base.errors import (
    LoadError,
    ManifestInvalidError,
    RemoteError,
    SerializationError,
    SourceError,
    UsageError,
)
from hublish.hub.client.hub import Hub
from tests.faults.proxy import Proxy

ARRAYS = {"w": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.zeros(3, np.float16)}


@dataclass
class Settings:
    hidden: int = 3


class Scaler:
    """A model of numpy arrays, with the two methods that torch made usual."""

    def __init__(self, hidden: int = 0) -> None:
        self.hidden = hidden
        self.arrays: Mapping[str, Any] = ARRAYS

    def state_dict(self) -> Mapping[str, Any]:
        return self.arrays

    def load_state_dict(self, arrays: Mapping[str, Any]) -> None:
        self.arrays = {name: array.copy() for name, array in arrays.items()}


@pytest.fixture
def there(hub: Hub) -> dict[str, Any]:
    """How to reach the Hub of the test."""
    return {"endpoint": hub.endpoint, "token": hub.token}


def released(receipt: hublish.Receipt) -> list[str]:
    return [file.path_in_repo for file in receipt.plan.release.files]


def read(api: HfApi, repo_id: str, path: str) -> bytes:
    return Path(api.hf_hub_download(repo_id, path)).read_bytes()


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return {n: (a.dtype, a.shape, a.tobytes()) for n, a in one.items()} == {
        n: (a.dtype, a.shape, a.tobytes()) for n, a in other.items()
    }


def test_arrays_go_and_come_back_bit_for_bit(there: dict[str, Any]) -> None:
    receipt = hublish.push_to_hub(ARRAYS, "acme/arrays", **there)
    assert receipt.verified
    assert released(receipt) == ["README.md", "hub.yaml", "model.safetensors"]
    assert same(hublish.from_hub("acme/arrays", **there), ARRAYS)


def test_an_object_with_a_state_dict_goes_and_comes_back_with_its_configuration(there: dict[str, Any]) -> None:
    receipt = hublish.push_to_hub(Scaler(), "acme/scaler", config={"hidden": 3}, **there)
    assert released(receipt) == ["README.md", "config.json", "hub.yaml", "model.safetensors"]
    for into in (Scaler, Scaler(3)):
        loaded = hublish.from_hub("acme/scaler", into, **there)
        assert isinstance(loaded, Scaler)
        assert loaded.hidden == 3
        assert same(loaded.arrays, ARRAYS)
    assert hublish.load("acme/scaler", into=Scaler, **there).hidden == 3


def test_a_new_repo_is_created_in_a_region_and_an_unknown_group_creates_nothing(
    there: dict[str, Any], api: HfApi
) -> None:
    hublish.push_to_hub(ARRAYS, "acme/placed", region="eu", **there)
    assert "region:eu" in (api.model_info("acme/placed").tags or [])
    with pytest.raises(RemoteError, match=r"in the resource group 0{24}: not found\. Resource group not found"):
        hublish.push_to_hub(ARRAYS, "acme/grouped", resource_group_id="0" * 24, **there)
    assert not api.repo_exists("acme/grouped")
    with pytest.raises(ManifestInvalidError, match=r"(?s)repo\.region.*repo\.resource_group_id"):
        hublish.push_to_hub(ARRAYS, "acme/grouped", region="moon", resource_group_id="Research", **there)  # type: ignore[arg-type]


def test_publishing_an_unchanged_object_again_makes_no_commit(there: dict[str, Any]) -> None:
    first = hublish.push_to_hub(ARRAYS, "acme/twice", **there)
    again = hublish.push_to_hub(ARRAYS, "acme/twice", **there)
    assert (again.created, again.commit) == (False, first.commit)


@pytest.mark.parametrize("config", [{"hidden": 3}, Settings()])
def test_a_configuration_is_written_as_the_client_writes_it(config: Any, there: dict[str, Any], api: HfApi) -> None:
    hublish.push_to_hub(ARRAYS, "acme/config", config=config, **there)
    assert read(api, "acme/config", "config.json") == json.dumps({"hidden": 3}, indent=2).encode()


@pytest.mark.parametrize("data", [{"license": "mit"}, ModelCardData(license="mit")])
def test_the_card_is_ours_with_the_callers_data(data: Any, there: dict[str, Any], api: HfApi) -> None:
    hublish.push_to_hub(
        ARRAYS, "acme/card", card_data=data, card_variables={"summary": "Small."}, library_name="acme", **there
    )
    card = ModelCard(read(api, "acme/card", "README.md").decode())
    assert card.data.to_dict() == {"license": "mit", "library_name": "acme", "tags": ["hublish"]}  # type: ignore[no-untyped-call]  # the client has no types there
    assert "Small." in card.text
    assert "hublish pull acme/card" in card.text


def test_the_commit_is_as_the_caller_wants_it(there: dict[str, Any], api: HfApi) -> None:
    hublish.push_to_hub(
        ARRAYS, "acme/how", private=True, commit_message="First", commit_description="Why.", branch="dev", **there
    )
    newest = api.list_repo_commits("acme/how", revision="dev")[0]
    # The last line records the card, for merges with edits on the Hub.
    assert (newest.title, *newest.message.split("\n\nHublish-Card: ")[:1]) == ("First", "Why.")
    assert api.repo_info("acme/how").private
    assert not api.file_exists("acme/how", "model.safetensors")
    receipt = hublish.push_to_hub(ARRAYS, "acme/how", create_pr=True, **there)
    assert receipt.pull_request == 1
    assert same(hublish.from_hub("acme/how", revision="refs/pr/1", **there), ARRAYS)


def test_patterns_choose_the_files_to_upload_and_to_delete(there: dict[str, Any], api: HfApi) -> None:
    hublish.push_to_hub(ARRAYS, "acme/patterns", **there)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="old/x.txt", repo_id="acme/patterns")
    receipt = hublish.push_to_hub(
        ARRAYS,
        "acme/patterns",
        config={},
        allow_patterns=["*.safetensors", "*.json"],
        ignore_patterns="*.json",
        delete_patterns="old/*",
        **there,
    )
    assert "config.json" not in released(receipt)
    assert not api.file_exists("acme/patterns", "old/x.txt")
    with pytest.raises(SourceError, match=r"pattern '\*\.bin' matched nothing"):
        hublish.push_to_hub(ARRAYS, "acme/patterns", allow_patterns="*.bin", **there)


def test_serializer_options_and_places_may_be_named(there: dict[str, Any]) -> None:
    receipt = hublish.push_to_hub(
        ARRAYS,
        "acme/shards",
        serializer="safetensors",
        artifact="weights/model.safetensors",
        options={"max_shard_size": "40B"},
        **there,
    )
    assert "weights/model.safetensors.index.json" in released(receipt)
    assert same(hublish.from_hub("acme/shards", **there), ARRAYS)


def test_a_manifest_file_supplies_the_rest(manifest: Path, there: dict[str, Any], api: HfApi) -> None:
    receipt = hublish.push_to_hub({"w": ARRAYS["w"]}, manifest=manifest, **there)
    assert receipt.tag == "v1.2.0"
    assert read(api, "acme/digits", "hub.yaml") == manifest.read_bytes()
    assert json.loads((manifest.parent / "hub.lock").read_text())["commit"] == receipt.commit
    assert list(hublish.from_hub(lock=manifest.parent / "hub.lock", **there)) == ["w"]


def test_a_manifest_takes_variables_and_is_published_as_written(
    manifest: Path, there: dict[str, Any], api: HfApi
) -> None:
    given = {"version": "1.3.0"}
    receipt = hublish.push_to_hub({"w": ARRAYS["w"]}, manifest=manifest, manifest_variables=given, **there)
    assert receipt.tag == json.loads((manifest.parent / "hub.lock").read_text())["tag"] == "v1.3.0"
    assert read(api, "acme/digits", "hub.yaml") == manifest.read_bytes()
    with pytest.raises(UsageError, match="without a manifest that mentions them"):
        hublish.push_to_hub(ARRAYS, "acme/digits", manifest_variables=given, **there)
    built = hublish.read_project(manifest).manifest
    with pytest.raises(UsageError, match="takes no variables"):
        hublish.push_to_hub(ARRAYS, manifest=built, manifest_variables=given, **there)


def test_arguments_override_the_manifest(manifest: Path, there: dict[str, Any], api: HfApi) -> None:
    receipt = hublish.push_to_hub(
        ARRAYS,
        "acme/other",
        manifest=manifest,
        artifact="runs/model.npz",
        options={"metadata": {"run": "7"}},
        card_data={"license": "mit"},
        ignore_patterns="data/*",
        **there,
    )
    assert released(receipt) == ["README.md", "config.json", "hub.yaml", "model.safetensors"]
    published = hublish.read_project("hub.yaml", text=read(api, "acme/other", "hub.yaml"), folder=manifest.parent)
    assert published.manifest == receipt.plan.release.project.manifest
    assert (published.manifest.repo.repo_id, published.manifest.repo.tag) == ("acme/other", "v1.2.0")


def test_a_manifest_may_be_built_in_python(there: dict[str, Any], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    manifest = hublish.Manifest.model_validate(
        {"repo": {"repo_id": "acme/python"}, "artifacts": [{"source": "w.safetensors", "serializer": "safetensors"}]}
    )
    assert released(hublish.push_to_hub(ARRAYS, manifest=manifest, **there)) == ["hub.yaml", "w.safetensors"]
    assert list(tmp_path.glob("hub.*")) == []  # a lock is written beside a manifest that is a file


TWO = "repo: {repo_id: a/b}\nartifacts: [{source: a.npz, serializer: safetensors}, {source: b.npz, serializer: numpy}]"


@pytest.mark.parametrize(
    ("value", "options", "error", "message"),
    [
        (object(), {}, SerializationError, "no serializer is known for a builtins.object"),
        ({}, {}, SerializationError, "no serializer is known for a builtins.dict"),
        (ARRAYS, {"repo_id": "a/b/c"}, ManifestInvalidError, "repo.repo_id"),
        (ARRAYS, {"repo_id": None}, ManifestInvalidError, "repo.repo_id"),
        (ARRAYS, {"create_pr": True, "revision": "dev"}, ManifestInvalidError, "create_pr requires revision: main"),
        (ARRAYS, {"revision": "a", "branch": "b"}, UsageError, "name two branches: a and b"),
        (ARRAYS, {"config": {"x": object()}}, UsageError, "the configuration is not plain data"),
        (ARRAYS, {"manifest": "two.yaml"}, UsageError, "not clear which artifact"),
        (ARRAYS, {"manifest": "two.yaml", "artifact": "c.npz"}, UsageError, "no artifact 'c.npz'"),
    ],
)
def test_invalid_arguments_are_refused_before_anything_is_sent(
    value: Any, options: dict[str, Any], error: type[Exception], message: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.yaml").write_text(TWO)
    with pytest.raises(error, match=message):
        hublish.push_to_hub(value, **{"repo_id": "acme/x", "endpoint": "http://127.0.0.1:9", "token": False, **options})


def test_a_pickle_is_uploaded_only_when_the_policy_allows_it(there: dict[str, Any]) -> None:
    import pickle

    manifest = hublish.Manifest.model_validate(
        {"repo": {"repo_id": "acme/pickle"}, "artifacts": [{"source": "model.pkl"}]}
    )
    data = pickle.dumps({"a": [1, 2, 3]})
    asked: dict[str, Any] = {"manifest": manifest, "artifact": "model.pkl", "serializer": "copy", **there}
    with pytest.raises(hublish.HublishError, match="breaks its policy"):
        hublish.push_to_hub(data, **asked)
    assert hublish.push_to_hub(data, policy=hublish.Policy(pickle="allow"), **asked).verified


def test_a_second_load_needs_no_network_and_a_cache_may_be_chosen(there: dict[str, Any], tmp_path: Path) -> None:
    hublish.push_to_hub(ARRAYS, "acme/cached", **there)
    hublish.from_hub("acme/cached", cache_dir=tmp_path / "mine", **there)
    dead: dict[str, Any] = {"endpoint": "http://127.0.0.1:9", "local_files_only": True}
    assert same(hublish.from_hub("acme/cached", cache_dir=tmp_path / "mine", **dead), ARRAYS)
    with pytest.raises(hublish.HublishError, match="never downloaded"):
        hublish.from_hub("acme/cached", **dead)


def test_code_of_a_release_runs_only_with_trust(folder: Path, there: dict[str, Any]) -> None:
    (folder / "net.py").write_text("class Net:\n    def __init__(self, arrays):\n        self.names = sorted(arrays)\n")
    (folder / "hub.yaml").write_text(
        "repo: {repo_id: acme/code}\n"
        "artifacts: [{source: runs/model.npz, serializer: safetensors}, {source: net.py}]\n"
        "load: {allow_patterns: ['*.safetensors'], target: 'net:Net'}\n"
    )
    receipt = hublish.publish(folder / "hub.yaml", **there)
    assert isinstance(hublish.load("acme/code", **there), hublish.Loaded)
    trust = hublish.Trust(code=True)
    with pytest.raises(LoadError, match="may hold other code tomorrow"):
        hublish.load("acme/code", trust=trust, **there)
    for pinned in ({"revision": receipt.commit}, {"lock": folder / "hub.lock"}):
        for verb in (hublish.load, hublish.from_hub):
            assert verb("acme/code", trust=trust, **pinned, **there).names == ["b", "w"]


@pytest.mark.filterwarnings("default")
def test_deprecated_arguments_get_the_warning_of_the_client(there: dict[str, Any]) -> None:
    hublish.push_to_hub(ARRAYS, "acme/old", **there)
    with (
        pytest.warns(UserWarning, match="The `proxies` argument is ignored in `from_hub`"),
        pytest.warns(UserWarning, match="`resume_download` argument is deprecated and ignored in `from_hub`"),
    ):
        hublish.from_hub("acme/old", resume_download=True, proxies={"https": "x"}, **there)


def test_the_library_that_calls_is_named_first_in_every_request(hub: Hub) -> None:
    proxy = Proxy(hub.endpoint)
    with proxy.running():
        who: dict[str, Any] = {
            "library_name": "acme",
            "library_version": "1.2",
            "endpoint": proxy.endpoint,
            "token": hub.token,
        }
        hublish.push_to_hub(ARRAYS, "acme/agent", **who)
        hublish.from_hub("acme/agent", **who)
        agents = {value for call in proxy.calls for name, value in call.headers.items() if name.lower() == "user-agent"}
    assert agents
    for agent in agents:
        assert agent.startswith("acme/1.2; ")
        assert f"hublish/{hublish.__version__}" in agent
