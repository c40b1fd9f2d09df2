"""Serialize: files are converted or referenced in place, and all failures are reported at once."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from hublish.base.content import InMemory, OnDisk
from hublish.base.errors import SerializationError, SourceChangedError
from hublish.base.values import Project, Staged
from hublish.pipeline.collect.collect import Collect
from hublish.pipeline.serialize.serialize import Serialize
from hublish.schemas.documents.manifest import Manifest
from tests.pipeline.staging import wait_for_a_tick


def staged(folder: Path, *artifacts: Mapping[str, object], objects: dict[str, object] | None = None) -> Staged:
    manifest = Manifest.model_validate({"repo": {"repo_id": "acme/x"}, "artifacts": artifacts})
    workspace = folder.parent / "workspace"
    workspace.mkdir(exist_ok=True)
    return Serialize(workspace).run(Collect().run(Project(manifest, b"text", folder, objects=objects or {})))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    np.savez(folder / "model.npz", a=np.arange(1000, dtype=np.int64), b=np.ones((2, 2), np.float32))
    return folder


def test_unconverted_files_are_referenced_in_place(folder: Path) -> None:
    result = staged(folder, {"source": "config.json"})
    config, manifest = result.files
    assert isinstance(config.content, OnDisk)
    assert config.content.path == folder / "config.json"
    assert manifest.content == InMemory(b"text")
    assert list((folder.parent / "workspace").iterdir()) == []


def test_the_origin_of_a_converted_file_records_the_conversion(folder: Path) -> None:
    result = staged(folder, {"source": "model.npz", "serializer": "safetensors", "options": {"max_shard_size": "1GB"}})
    _, weights = result.files
    assert isinstance(weights.content, OnDisk)
    assert sorted(safetensors.numpy.load_file(weights.content.path)) == ["a", "b"]
    assert (weights.origin.source, weights.origin.serializer) == ("model.npz", "safetensors")
    assert weights.origin.parameters["max_shard_size"] == "1GB"
    assert weights.origin.parameters["version"] == 2
    assert weights.origin.verdict.rule == "artifacts[0].source: model.npz"


def test_all_shards_have_the_same_origin(folder: Path) -> None:
    options = {"max_shard_size": "100B"}
    result = staged(folder, {"source": "model.npz", "serializer": "safetensors", "options": options})
    assert [file.path_in_repo for file in result.files if file.origin.artifact == 0] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ]


def test_arrays_in_memory_are_written(folder: Path) -> None:
    artifact = {"source": "w", "path_in_repo": "w.safetensors", "serializer": "safetensors"}
    result = staged(folder, artifact, objects={"w.safetensors": {"x": np.zeros(3)}})
    content = result.files[-1].content
    assert isinstance(content, OnDisk)
    assert safetensors.numpy.load_file(content.path)["x"].shape == (3,)


@pytest.mark.parametrize("serializer", ["copy", "safetensors"])
def test_a_file_that_changed_since_it_was_collected_is_named(folder: Path, serializer: str) -> None:
    artifact = {"source": "model.npz", "serializer": serializer}
    manifest = Manifest.model_validate({"repo": {"repo_id": "acme/x"}, "artifacts": [artifact]})
    collection = Collect().run(Project(manifest, b"", folder))
    wait_for_a_tick(folder)
    np.savez(folder / "model.npz", c=np.zeros(3))
    with pytest.raises(SourceChangedError, match=r"'model\.npz' changed since it was collected"):
        Serialize(folder.parent / "workspace").run(collection)


def test_every_file_that_cannot_be_converted_is_named(folder: Path) -> None:
    for name in ("one.npz", "two.npz"):
        (folder / name).write_bytes(b"no zip")
    with pytest.raises(SerializationError) as caught:
        staged(folder, {"source": "*.npz", "serializer": "safetensors"})
    assert [problem.message.split(":")[0] for problem in caught.value.problems] == ["'one.npz'", "'two.npz'"]
    assert {problem.path for problem in caught.value.problems} == {"artifacts[0]"}


def test_shards_that_a_glob_matches_beside_their_index_are_uploaded_once(folder: Path, tmp_path: Path) -> None:
    options = {"max_shard_size": "100B"}
    made = staged(folder, {"source": "model.npz", "serializer": "safetensors", "options": options})
    sharded = tmp_path / "sharded"
    sharded.mkdir()
    for file in made.files[1:]:
        assert isinstance(file.content, OnDisk)
        (sharded / file.path_in_repo).write_bytes(file.content.path.read_bytes())
    again = staged(sharded, {"source": "model*", "serializer": "safetensors", "options": options})
    assert [file.path_in_repo for file in again.files] == [file.path_in_repo for file in made.files]
