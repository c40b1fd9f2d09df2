"""The repos of huggingface.co that huggingface_hub's own tests name, as far as the tests tell what is in them."""

import base64
import json
import struct
import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.utils import get_session, hf_raise_for_status

from hublish.hub.server import EmbeddedHub

REPOS: Final = Path(__file__).with_name("production_repos.toml")
Files = Mapping[str, bytes | None]
# More than a hundred of each type: the tests read long lists.
_MANY: Final = {"model": 80, "dataset": 90, "space": 80}
_CONFIG: Final = b"{" + b" " * 849 + b"}"  # the tests know its size
_GGUF: Final = b"GGUF" + struct.pack("<IQQ", 3, 0, 0)  # without tensors


class Production:
    """Fills a Hub that runs, and returns the constants that depend on it."""

    def __init__(self, hub: EmbeddedHub) -> None:
        self._hub = hub
        self._api = HfApi(endpoint=hub.endpoint, token=hub.token)

    def fill(self) -> dict[str, str]:
        """Add all people and repos."""
        self._add_people()
        many = [{"id": f"many/{kind}-{{}}", "type": kind, "sdk": "static", "copies": n} for kind, n in _MANY.items()]
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._create, many))
            # Afterwards: lists begin with the latest ones.
            list(pool.map(self._create, tomllib.loads(REPOS.read_text())["repo"]))
        self._add_branches_and_requests()
        self._add_shards()
        self._add_likes()
        return {
            "DUMMY_MODEL_ID_REVISION_ONE_SPECIFIC_COMMIT": self._add_dummy(),
            "DUMMY_DATASET_ID_REVISION_ONE_SPECIFIC_COMMIT": self._commit(
                "gaia-benchmark/GAIA", "dataset", {"test.txt": b"test"}, revision="test-branch"
            ),
        }

    def _add_people(self) -> None:
        self._hub.add_organization("huggingface", full_name="Hugging Face")
        for name in ("julien-c", "clem"):
            self._hub.add_user(name, orgs=("huggingface",))
        # The owner of the Space that tests make.
        self._hub.add_user("user", token="hf_fake_token")

    def _create(self, repo: dict[str, Any]) -> None:
        """Create all copies of a repo of the file, each with its files."""
        files = [
            {"path": path, "content": base64.b64encode(_content(path, text)).decode(), "encoding": "base64"}
            for path, text in repo.get("files", {}).items()
        ]
        for number in range(1, repo.get("copies", 1) + 1):
            namespace, name = repo["id"].format(number).split("/")
            body = {
                "organization": namespace,
                "name": name,
                "type": repo["type"],
                "sdk": repo.get("sdk"),
                "files": files,
            }
            self._post("/api/repos/create", body)

    def _post(self, path: str, body: dict[str, Any], token: str | None = None) -> None:
        headers = {"authorization": f"Bearer {token or self._hub.token}"}
        hf_raise_for_status(get_session().post(self._hub.endpoint + path, json=body, headers=headers))

    def _commit(
        self,
        repo_id: str,
        kind: str,
        files: Mapping[str, bytes | None],
        *,
        revision: str | None = None,
        pr: bool = False,
    ) -> str:
        """Add files, and delete those without content; in a new branch or pull request, or on main."""
        if revision:
            self._api.create_branch(repo_id, branch=revision, repo_type=kind)
        operations = [
            CommitOperationDelete(path) if content is None else CommitOperationAdd(path, content)
            for path, content in files.items()
        ]
        commit = self._api.create_commit(
            repo_id, operations, commit_message="Files of a test", repo_type=kind, revision=revision, create_pr=pr
        )
        return commit.oid

    def _add_dummy(self) -> str:
        # One commit before the head has a file by LFS; the request has a configuration of its own.
        names = ("README.md", "config.json", "flax_model.msgpack", "merges.txt", "pytorch_model.bin", "tf_model.h5")
        files: dict[str, bytes | None] = {name: b"content of " + name.encode() for name in (*names, "vocab.json")}
        files |= {"README.md": b"---\nlicense: mit\n---\n"}
        files |= {"config.json": _CONFIG, "pytorch_model.bin": b"0" * 65_074}
        one = self._commit("julien-c/dummy-unknown", "model", files)
        self._commit("julien-c/dummy-unknown", "model", {"README.md": b"---\nlicense: apache-2.0\n---\n"})
        self._commit("julien-c/dummy-unknown", "model", {"config.json": _CONFIG + b"\n"}, pr=True)
        self._api.move_repo("hf-internal-testing/dummy-will-be-renamed", "hf-internal-testing/dummy-renamed")
        return one

    def _add_branches_and_requests(self) -> None:
        layout = "hf-internal-testing/hfh-cache-layout"
        self._commit(layout, "model", {"file_2.txt": b"File 2\n"}, revision="file-2")
        self._commit(layout, "model", {"file_3.txt": b"File 3\n"}, revision="file-3")
        self._commit("kernels-community/relu", "kernel", {"build.toml": b"[general]\n"}, revision="v1")
        for title in ("One", "Two"):
            self._api.create_pull_request("openchat/openchat_3.5", title=title)
        self._api.create_pull_request("hf-internal-testing/hfh_ci_scan_repo_a", title="One")
        for number in range(51):
            board = "open-llm-leaderboard/open_llm_leaderboard"
            self._api.create_discussion(board, title=f"Question {number}", repo_type="space")
        model = "teknium/OpenHermes-2.5-Mistral-7B"
        for title in ("One", "Two", "Three"):
            self._api.add_collection_item(self._api.create_collection(title).slug, model, "model")

    def _add_shards(self) -> None:
        zephyr = "HuggingFaceH4/zephyr-7b-beta"
        shards = {f"model-{number:05}-of-00008.safetensors": _shard(number) for number in range(1, 9)}
        tensors = {_tensor(number): name for number, name in enumerate(shards, 1)}
        index = {"metadata": {"total_size": 8192 * len(shards)}, "weight_map": tensors}
        self._commit(zephyr, "model", {**shards, "model.safetensors.index.json": json.dumps(index).encode()})
        self._commit(zephyr, "model", {"pytorch_model-00001-of-00008.bin": b"not safetensors"})
        single = {"model.safetensors": _shard(1)}
        self._commit("huggingface-hub-ci/test_safetensors_metadata", "model", single, pr=True)
        self._commit("lhoestq/custom_squad", "dataset", {"train.parquet": b"rows"})
        self._commit("celinah/dummy-xet-testing", "model", {"dummy.safetensors": _shard(1)})

    def _add_likes(self) -> None:
        token = self._hub.add_user("julien-c", orgs=("huggingface",))
        for path in (
            "models/Qwen/Qwen3-0.6B",
            "datasets/HuggingFaceFW/fineweb",
            "spaces/mteb/leaderboard",
            "kernels/kernels-community/relu",
        ):
            self._post(f"/api/{path}/like", {}, token)
        self._post("/api/organizations/huggingface/follow", {}, token)


def _content(path: str, text: str) -> bytes:
    return _GGUF if path.endswith(".gguf") else text.encode()


def _tensor(number: int) -> str:
    # The tests read this one, out of the third file.
    return "model.layers.10.input_layernorm.weight" if number == 3 else f"model.layers.{number}.weight"


def _shard(number: int) -> bytes:
    tensor = {"dtype": "BF16", "shape": [4096], "data_offsets": [0, 8192]}
    header = json.dumps({"__metadata__": {"format": "pt"}, _tensor(number): tensor}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8192)
