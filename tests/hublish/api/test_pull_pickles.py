"""No pickle comes in unless the caller permits it; the publisher's policy does not count."""

import pickle
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import HfApi, hf_hub_download

import hublish
from hublish.base.errors import PolicyError
from hublish.hub.server import EmbeddedHub
from tests.hublish.api.test_endpoints import set_default_endpoint

PERMITTED = hublish.Trust(pickle=True)


class Marker:
    """An object whose unpickling calls a function."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle ran",))


def zipped(name: str, content: bytes) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(name, content)
    return written.getvalue()


def objects() -> bytes:
    written = BytesIO()
    np.save(written, np.array([Marker()], dtype=object), allow_pickle=True)
    return written.getvalue()


# The files of one repo; all but the first two are or contain pickles.
CLEAN = {"config.json": b"{}", "model.safetensors": b"\x02\0\0\0\0\0\0\0{}"}
PICKLES = {
    "model.pkl": pickle.dumps(Marker()),
    "notes.txt": pickle.dumps(Marker(), protocol=0),
    "pytorch_model.bin": zipped("m/data.pkl", pickle.dumps(Marker())),
    "arrays.npy": objects(),
    "deep/arrays.npz": zipped("a.npy", objects()),
}


@pytest.fixture(scope="module")
def there(own_hub: EmbeddedHub) -> dict[str, Any]:
    api = HfApi(endpoint=own_hub.endpoint, token=own_hub.token)
    api.create_repo("acme/pickles", exist_ok=True)
    # Pushed by the client itself, with a manifest that permits pickles: a policy of its publisher.
    declared = b"repo: {repo_id: acme/pickles}\nartifacts: [{source: '*'}]\npolicy: {pickle: allow}\n"
    for path, content in {**CLEAN, **PICKLES, "hub.yaml": declared}.items():
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id="acme/pickles")
    return {"endpoint": own_hub.endpoint, "token": own_hub.token}


def named(problems: Any) -> set[str]:
    return {problem.message.split("'")[1] for problem in problems}


def files_in(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] not in (".cache", "hub.yaml", ".gitattributes")}


def test_every_pickle_is_named_and_none_stays(there: dict[str, Any], tmp_path: Path, own_home: Path) -> None:
    with pytest.raises(PolicyError, match="5 files of acme/pickles") as failure:
        hublish.pull("acme/pickles", local_dir=tmp_path / "out", **there)
    assert named(failure.value.problems) == set(PICKLES)
    assert "--allow-pickle" in failure.value.hint
    assert files_in(tmp_path / "out") == set(CLEAN)


def test_none_stays_in_the_cache(there: dict[str, Any], own_home: Path) -> None:
    with pytest.raises(PolicyError):
        hublish.pull("acme/pickles", **there)
    contents = [path.read_bytes() for path in own_home.rglob("*") if path.is_file()]
    assert not any(content in contents for content in PICKLES.values())
    assert not {path.name for path in own_home.rglob("snapshots/*/*")} & set(PICKLES)


def test_permitted_pickles_are_reported(there: dict[str, Any], tmp_path: Path, own_home: Path) -> None:
    local = hublish.pull("acme/pickles", local_dir=tmp_path / "out", trust=PERMITTED, **there)
    assert named(local.warnings) == set(PICKLES)
    assert {problem.severity for problem in local.warnings} == {"warning"}
    assert files_in(tmp_path / "out") == {*CLEAN, *PICKLES}


def test_files_that_are_not_selected_are_neither_downloaded_nor_refused(
    there: dict[str, Any], tmp_path: Path, own_home: Path
) -> None:
    chosen: dict[str, Any] = {"allow_patterns": ["*.json", "*.safetensors"], "local_dir": tmp_path / "out"}
    assert hublish.pull("acme/pickles", **chosen, **there).warnings == ()
    assert files_in(tmp_path / "out") == set(CLEAN)


@pytest.mark.parametrize("offline", [False, True])
def test_a_pickle_that_was_in_the_cache_is_refused_and_stays(
    offline: bool, there: dict[str, Any], own_home: Path
) -> None:
    hublish.pull("acme/pickles", allow_patterns="*.pkl", trust=PERMITTED, **there)
    path = hf_hub_download("acme/pickles", "model.pkl", **there)
    with pytest.raises(PolicyError, match="it was there before this pull") as failure:
        hublish.pull("acme/pickles", allow_patterns="*.pkl", local_files_only=offline, **there)
    assert named(failure.value.problems) == {"model.pkl"}
    assert Path(path).read_bytes() == PICKLES["model.pkl"]


def test_a_lock_does_not_permit_pickles(there: dict[str, Any], tmp_path: Path, own_home: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(PICKLES["model.pkl"])
    manifest = tmp_path / "hub.yaml"
    manifest.write_text("repo: {repo_id: acme/locked}\nartifacts: [{source: model.pkl}]\npolicy: {pickle: allow}\n")
    hublish.publish(manifest, **there)
    lock = tmp_path / "hub.lock"
    with pytest.raises(PolicyError):
        hublish.pull(lock=lock, local_dir=tmp_path / "out", **there)
    assert files_in(tmp_path / "out") == set()
    assert named(hublish.pull(lock=lock, local_dir=tmp_path / "out", trust=PERMITTED, **there).warnings) == {
        "model.pkl"
    }


def test_a_rehearsal_follows_the_policy_of_its_own_manifest(tmp_path: Path, own_home: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(PICKLES["model.pkl"])
    manifest = tmp_path / "hub.yaml"
    manifest.write_text("repo: {repo_id: acme/own}\nartifacts: [{source: model.pkl}]\npolicy: {pickle: warn}\n")
    assert hublish.rehearse(manifest).same


def test_a_manifest_that_is_a_pickle_is_refused(own_hub: EmbeddedHub, own_home: Path) -> None:
    api = HfApi(endpoint=own_hub.endpoint, token=own_hub.token)
    api.create_repo("acme/pickled-manifest")
    for path in ("hub.yaml", "a.json"):
        api.upload_file(path_or_fileobj=PICKLES["notes.txt"], path_in_repo=path, repo_id="acme/pickled-manifest")
    with pytest.raises(PolicyError, match=r"hub\.yaml of acme/pickled-manifest is a pickle"):
        hublish.pull("acme/pickled-manifest", endpoint=own_hub.endpoint, token=own_hub.token)
    assert not any(own_home.rglob("snapshots/*/*"))


class Model(hublish.HubMixin):
    """A class of a library."""


LOADERS: dict[str, Callable[..., Any]] = {
    "load": lambda **options: hublish.load("acme/weights", **options),
    "load into": lambda **options: hublish.load("acme/weights", into=dict, **options),
    "from_hub": lambda **options: hublish.from_hub("acme/weights", into=dict, **options),
    "from_pretrained": lambda **options: Model.from_pretrained("acme/weights", **options),
}


@pytest.fixture
def weights(own_hub: EmbeddedHub, there: dict[str, Any]) -> dict[str, Any]:
    api = HfApi(endpoint=own_hub.endpoint, token=own_hub.token)
    api.create_repo("acme/weights", exist_ok=True)
    api.upload_file(path_or_fileobj=objects(), path_in_repo="model.npy", repo_id="acme/weights")
    return there


@pytest.mark.parametrize("verb", LOADERS)
def test_loading_refuses_pickles(verb: str, weights: dict[str, Any], own_home: Path, monkeypatch: Any) -> None:
    # The mixin takes the endpoint from the environment.
    options = weights if verb != "from_pretrained" else {"token": weights["token"]}
    if verb == "from_pretrained":
        set_default_endpoint(weights["endpoint"], monkeypatch)
    with pytest.raises(PolicyError, match="may run code when loaded"):
        LOADERS[verb](**options)
    assert not any(path.is_file() for path in own_home.rglob("snapshots/*/*"))
