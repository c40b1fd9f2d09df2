import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hublish.base.errors import SerializationError
from hublish.base.progress import SILENT
from hublish.formats.format_options import SafetensorsOptions
from hublish.formats.input_files import InvalidFileError
from hublish.formats.safetensors import Safetensors
from hublish.formats.tensors.tensor_source import open_source


def names(source: Any, scratch: Path) -> list[str]:
    with open_source(source, scratch) as found:
        return [tensor.name for tensor in found.tensors]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({1: np.ones(1)}, "the name of an array is 1, not a string"),
        ({"": np.ones(1)}, "a tensor has an empty name"),
        ({"../x": np.ones(1)}, r"has a '\.\.' segment"),
        ({"__metadata__": np.ones(1)}, "which the format reserves"),
        ({"a": [1, 2]}, "'a' is a list, not a numpy array"),
        ({"a": {"b": np.ones(1)}}, "'a' is a dict: a nested dictionary, not a numpy array"),
        ({"a": None}, "'a' is a NoneType, not a numpy array"),
        ({"a": np.ma.masked_array([1], [True])}, "'a' is a MaskedArray, not a numpy array"),
        ({"a": np.array([object()])}, "numpy type object, which safetensors cannot hold"),
        ({"a": np.array(["text"])}, "numpy type <U4"),
        ({"a": np.ones(1, "c16")}, "numpy type complex128"),
        ({"a": np.zeros(1, [("x", "f4")])}, "which safetensors cannot hold"),
        (Path("model.onnx"), "serializer safetensors does not read this format"),
        (Path("model.npz.bak"), "serializer safetensors does not read this format"),
        (Path("absent.npz"), "absent.npz: it cannot be read: No such file"),
        (Path("absent.pt"), "absent.pt: it cannot be read: No such file"),
        (Path("absent.safetensors"), "absent.safetensors: it cannot be read"),
        (Path("absent.safetensors.index.json"), "it cannot be read"),
    ],
)
def test_a_source_that_safetensors_cannot_hold_is_refused(tmp_path: Path, source: Any, problem: str) -> None:
    with pytest.raises(SerializationError, match=problem):
        Safetensors().dump(source, "model.safetensors", tmp_path, SafetensorsOptions(), SILENT)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (0.1, "options: {exclude: [x]}"),
        ({"lr": 0.1}, "options: {exclude: [x]}"),
        ([1, 2], "options: {exclude: [x]}"),
        (Path("a"), "options: {exclude: [x]}"),
        ({"w": np.ones(1)}, "such as the value of 'x' alone"),
        ({"deep": [{"w": np.ones(1)}]}, "such as the value of 'x' alone"),
        ([np.ones(1)], "pass a flat mapping"),
        (np.array(["text"]), "cast it to a numeric type"),
    ],
)
def test_only_a_value_without_arrays_is_to_be_excluded(tmp_path: Path, value: Any, hint: str) -> None:
    with pytest.raises(SerializationError) as caught:
        Safetensors().dump({"w": np.ones(1), "x": value}, "m.safetensors", tmp_path, SafetensorsOptions(), SILENT)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", 0.1),
        ("deep", {"w": np.ones(1)}),
        ("text", np.array(["text"])),
        ("c", np.ones(1, "c16")),
        ("../x", np.ones(1)),
    ],
)
def test_an_excluded_entry_does_not_matter(tmp_path: Path, name: str, value: Any) -> None:
    options = SafetensorsOptions(exclude=(name,))
    (file,) = Safetensors().dump({"w": np.ones(1), name: value}, "m.safetensors", tmp_path, options, SILENT)
    assert list(Safetensors().load({"m.safetensors": file.path})) == ["w"]


def test_a_name_that_is_not_allowed_can_be_changed(tmp_path: Path) -> None:
    options = SafetensorsOptions(rename={"../x": "x"})
    (file,) = Safetensors().dump({"../x": np.ones(1)}, "m.safetensors", tmp_path, options, SILENT)
    assert list(Safetensors().load({"m.safetensors": file.path})) == ["x"]


def test_a_mapping_keeps_its_order_and_takes_scalars_and_subclasses(tmp_path: Path) -> None:
    matrix = np.ones((2, 2)).view(np.matrix)
    assert names({"b": matrix, "a": np.float32(1)}, tmp_path) == ["b", "a"]


def test_duplicate_names_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", a=np.ones(1))
    with zipfile.ZipFile(tmp_path / "one.npz") as one, zipfile.ZipFile(tmp_path / "m.npz", "w") as two:
        two.writestr("a.npy", one.read("a.npy"))
        with pytest.warns(UserWarning, match="Duplicate name"):
            two.writestr("a.npy", one.read("a.npy"))
    with pytest.raises(InvalidFileError, match=r"m\.npz: two members are named 'a\.npy'"):
        names(tmp_path / "m.npz", tmp_path)
