"""A release of every kind of file, and a client with a home of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import HfApi, close_session, constants

import hublish
from hublish.api.session import Session
from hublish.hub.client.hub import Hub
from hublish.hub.server import EmbeddedHub
from tests.faults.proxy import Proxy
from tests.hublish.api.released_project import FIRST, SECOND, ReleasedProject
from tests.hublish.api.second_release import Releases
from tests.hublish.api.signed_project import SignedProject
from tests.hublish.api.unsigned_project import Unsigned

MANIFEST = """\
schema_version: 1
repo:
  repo_id: acme/digits
  tag: "v{{ version }}"
  commit_message: "Release {{ version }}"
variables: {version: 1.2.0}
artifacts:
  - source: runs/model.npz
    serializer: safetensors
  - source: runs/*.json
  - source: data
    path_in_repo: data
patterns:
  ignore_patterns: ["*.tmp"]
  delete_patterns: ["old/*"]
load:
  allow_patterns: ["*.safetensors", "config.json"]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Caches and tokens of the client in a folder of this test's own, whatever was imported before."""
    home = tmp_path / "hf"
    for name, folder in (("HF_HOME", ""), ("HF_HUB_CACHE", "hub"), ("HF_XET_CACHE", "xet")):
        monkeypatch.setattr(constants, name, str(home / folder))
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield home
    close_session()


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return {"w": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.zeros(3, np.float16)}


@pytest.fixture
def folder(tmp_path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """A model repo with a manifest, ready to publish to the embedded Hub beside it."""
    folder = tmp_path / "repo"
    (folder / "runs").mkdir(parents=True)
    (folder / "data").mkdir()
    members: dict[str, Any] = dict(arrays)
    np.savez(folder / "runs" / "model.npz", **members)
    (folder / "runs" / "config.json").write_text('{"hidden": 3}')
    (folder / "data" / "big.bin").write_bytes(np.random.default_rng(0).bytes(1_100_000))
    (folder / "data" / "note.tmp").write_text("not for others")
    (folder / "hub.yaml").write_text(MANIFEST)
    return folder


@pytest.fixture
def manifest(folder: Path) -> Path:
    return folder / "hub.yaml"


@pytest.fixture
def hub(folder: Path) -> Iterator[Hub]:
    """The embedded Hub beside the manifest, running for the whole test; calls of the API join it on its folder."""
    with Session(endpoint="embedded", folder=folder) as session:
        yield session.hub


@pytest.fixture
def api(hub: Hub) -> HfApi:
    return hub.api


@pytest.fixture
def lock(manifest: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock of a published release, with HF_ENDPOINT's place taken by the running Hub."""
    hublish.publish(manifest, endpoint="embedded")
    monkeypatch.chdir(manifest.parent)
    return manifest.parent / "hub.lock"


@pytest.fixture
def releases(own_hub: EmbeddedHub, tmp_path: Path, own_home: Path) -> Releases:
    """Return a published model with the next release in its folder."""
    folder = tmp_path / tmp_path.name
    folder.mkdir()
    return Releases(own_hub, folder)


@pytest.fixture
def project(own_hub: EmbeddedHub, proxy: Proxy, tmp_path: Path) -> ReleasedProject:
    return ReleasedProject(tmp_path / tmp_path.name, own_hub, proxy.endpoint)


@pytest.fixture
def outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build on a machine of a person."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def signed(own_hub: EmbeddedHub, proxy: Proxy, tmp_path: Path, outside_of_ci: None) -> SignedProject:
    """A project with a key, on a machine of a person."""
    return SignedProject(tmp_path / tmp_path.name, own_hub, proxy.endpoint)


@pytest.fixture
def released(project: ReleasedProject) -> ReleasedProject:
    """Two releases; the second one adds, changes and deletes files."""
    project.publish("v1.0.0", FIRST)
    project.publish("v1.1.0", SECOND)
    return project


@pytest.fixture
def forgotten(released: ReleasedProject) -> ReleasedProject:
    """The same releases, of which no lock is left."""
    shutil.rmtree(released.folder / ".git")
    (released.folder / "hub.lock").unlink()
    return released


@pytest.fixture
def unsigned_project(own_hub: EmbeddedHub, proxy: Proxy, tmp_path: Path, outside_of_ci: None) -> Unsigned:
    """Return a project whose releases are not signed, built outside of CI."""
    return Unsigned(tmp_path / tmp_path.name, own_hub, proxy.endpoint)


@pytest.fixture
def unsigned(unsigned_project: Unsigned) -> Unsigned:
    """Return it with a release."""
    unsigned_project.publish("v1.0.0", FIRST)
    return unsigned_project
