from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np
import pytest

from hublish.base.errors import MissingDependencyError, SerializationError
from hublish.formats.interface import Written
from hublish.formats.safetensors import Safetensors

Dump = Callable[..., tuple[Written, ...]]
KERNEL = "layers/dense/vars/0"


def converted(dump: Dump, source: Path, **options: Any) -> dict[str, Any]:
    (file,) = dump(source, source.name, **options)
    assert file.path_in_repo == "model.safetensors"
    return dict(Safetensors().load({file.path_in_repo: file.path}))


def save(path: Path, arrays: dict[str, Any], **settings: Any) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            dataset = file.create_dataset(name, data=array, **(settings if np.ndim(array) else {}))
            if np.asarray(array).dtype == ml_dtypes.bfloat16:
                dataset.attrs["dtype"] = "bfloat16"  # as Keras does
    return path


@pytest.mark.parametrize(
    "settings", [{}, {"chunks": True}, {"compression": "gzip", "shuffle": True}, {"compression": "lzf"}]
)
def test_weights_of_keras_keep_every_bit(dump: Dump, tmp_path: Path, settings: dict[str, Any]) -> None:
    arrays: dict[str, Any] = {
        KERNEL: np.arange(200_000, dtype="f4").reshape(1000, 200),
        "layers/dense/vars/1": np.arange(4).astype(ml_dtypes.bfloat16),
        "optimizer/vars/0": np.int64(7),
        "seed": np.arange(4, dtype=">i4"),
        "mask": np.array([True, False]),
        "complex": np.arange(3).astype("c8"),
    }
    found = converted(dump, save(tmp_path / "model.weights.h5", arrays, **settings))
    assert sorted(found) == sorted(arrays)
    for name, array in arrays.items():
        assert np.array_equal(found[name], array), name
    assert found["layers/dense/vars/1"].dtype == ml_dtypes.bfloat16


def test_the_options_apply(dump: Dump, tmp_path: Path) -> None:
    path = save(tmp_path / "model.h5", {KERNEL: np.ones((2, 3)), "optimizer/vars/0": np.ones(2)})
    found = converted(dump, path, include=["layers/*"], rename={KERNEL: "kernel"}, dtype="float32")
    assert {name: (array.shape, str(array.dtype)) for name, array in found.items()} == {"kernel": ((2, 3), "float32")}


def external(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (4,), "u1", external=[("/etc/hostname", 0, 4)])


def virtual(path: Path) -> None:
    layout = h5py.VirtualLayout((4,), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "a", (4,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("a", layout)


def linked(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a"] = h5py.ExternalLink("other.h5", "a")


def sparse(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (2**40,), "u1", chunks=(1024,), compression="gzip")


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (external, "dataset 'a': its data is in another file"),
        (virtual, "dataset 'a': its data is in another file"),
        (linked, "the source has no arrays"),
        (sparse, "expands to 1099511627776 bytes, from 0"),
        (lambda path: save(path, {"a": np.array(["text"], object)}), "cannot hold elements of type object"),
        (lambda path: save(path, {"a": np.ones(2, "c16")}), "cannot hold elements of type complex128"),
        (lambda path: save(path, {"a": h5py.Empty("f4")}), "it has no shape"),
        (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100)), "not an HDF5 file, or damaged"),
        (lambda path: path.write_text("text"), "not an HDF5 file, or damaged"),
        (lambda path: path.mkdir(), "not a regular file"),
    ],
)
def test_a_dataset_that_safetensors_cannot_hold_is_refused(
    dump: Dump, tmp_path: Path, write: Callable[[Path], object], problem: str
) -> None:
    write(tmp_path / "model.h5")
    with pytest.raises(SerializationError, match=problem):
        dump(tmp_path / "model.h5", "model.h5")


def test_without_h5py_the_hint_is_the_pip_command(dump: Dump, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "model.h5", {"a": np.ones(1)})
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(MissingDependencyError, match="serializer safetensors needs h5py") as caught:
        dump(path)
    assert caught.value.hint == "pip install h5py"
