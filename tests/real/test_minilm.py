"""all-MiniLM-L6-v2, published by hublish and read by other programs that read model repos."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

import hublish
from tests.real.published import WEIGHTS, Published, sha256

SENTENCES = ["The quick brown fox jumps over the lazy dog.", "Ein Satz mit Umlauten: äöü", "", "日本語 🤗"]
TOKENIZE = """
import json, sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_pretrained(sys.argv[1])
print(json.dumps([tokenizer.encode(text).ids for text in json.loads(sys.argv[2])]))
"""


def test_the_model_is_published_with_its_digests_and_tagged(whole: Published) -> None:
    locked = {file.path_in_repo: file.sha256 for file in whole.lock.files}
    assert locked == {"hub.yaml": sha256(whole.manifest)} | {name: sha256(path) for name, path in whole.files.items()}
    assert whole.lock.tag == "v1"


def test_hf_download_gets_every_byte_and_hf_cache_verify_agrees(whole: Published) -> None:
    snapshot = whole.snapshot()
    for name, path in whole.files.items():
        assert (snapshot / name).read_bytes() == path.read_bytes(), name
    strict = ("--fail-on-missing-files", "--fail-on-extra-files", "--format", "json")
    answer = json.loads(whole.run("hf", "cache", "verify", whole.repo_id, "--revision", "v1", *strict))
    assert answer["checked"] == len(whole.files) + len(("hub.yaml", ".gitattributes"))


@pytest.mark.parametrize("way", ["http", "bare"])
def test_git_clone_gets_small_files_and_pointers_to_large_ones(whole: Published, tmp_path: Path, way: str) -> None:
    bare = whole.hub.root / "repos" / "models" / f"{whole.repo_id}.git"
    source = f"{whole.hub.endpoint}/{whole.repo_id}" if way == "http" else str(bare)
    clone = tmp_path / "clone"
    whole.run("git", "clone", "-q", source, str(clone))
    weights = whole.files[WEIGHTS]
    assert (clone / WEIGHTS).read_text() == (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(weights)}\nsize {weights.stat().st_size}\n"
    )
    for name in whole.files.keys() - {WEIGHTS}:
        assert (clone / name).read_bytes() == whole.files[name].read_bytes(), name
    described = whole.run("git", "-C", str(clone), "rev-parse", "HEAD", "v1^{commit}").split()
    assert described == [whole.lock.commit] * 2


def test_safetensors_reads_the_same_tensors(whole: Published) -> None:
    assert_same_tensors(load_file(whole.snapshot() / WEIGHTS), load_file(whole.files[WEIGHTS]))


def test_safetensors_reads_the_same_tensors_from_shards(sharded: Published) -> None:
    snapshot = sharded.snapshot()
    weight_map = json.loads((snapshot / f"{WEIGHTS}.index.json").read_text())["weight_map"]
    shards = sorted(set(weight_map.values()))
    assert len(shards) > 3
    found: dict[str, Any] = {}
    for shard in shards:
        part = load_file(snapshot / shard)
        assert part.keys() == {name for name, place in weight_map.items() if place == shard}
        found |= part
    assert_same_tensors(found, load_file(sharded.files[WEIGHTS]))


def test_hublish_pulls_and_loads_the_model(whole: Published, tmp_path: Path) -> None:
    pull_and_load(whole, tmp_path)


def test_hublish_pulls_and_loads_shards(sharded: Published, tmp_path: Path) -> None:
    pull_and_load(sharded, tmp_path)


def pull_and_load(published: Published, cache_dir: Path) -> None:
    where: dict[str, Any] = {"endpoint": published.hub.endpoint, "token": False, "cache_dir": cache_dir}
    assert hublish.pull(published.repo_id, revision="v1", **where).checked
    loaded = hublish.load(published.repo_id, revision="v1", local_files_only=True, **where)
    assert_same_tensors(loaded.arrays, load_file(published.files[WEIGHTS]))


def test_another_library_needs_only_the_endpoint(whole: Published) -> None:
    wanted = json.dumps(SENTENCES)
    found = whole.run("python", "-c", TOKENIZE, whole.repo_id, wanted)
    local = Tokenizer.from_file(str(whole.files["tokenizer.json"]))
    assert json.loads(found) == [local.encode(text).ids for text in SENTENCES]


def test_publishing_twice_from_the_command_line_does_nothing(sharded: Published) -> None:
    again = ("hublish", "publish", "-f", str(sharded.manifest), "-y", "--json")
    receipt = json.loads(sharded.run(*again, token=True))
    assert (receipt["created"], receipt["commit"]) == (False, sharded.lock.commit)


def assert_same_tensors(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape), name
        assert np.asarray(found[name]).tobytes() == array.tobytes(), name
