"""The table of formats: rows agree with each other, and every list of suffixes comes from it."""

import ast
import subprocess
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from hublish.formats.catalogue import (
    ARRAY_SUFFIXES,
    CHECKPOINT_SUFFIXES,
    FILE_TYPES,
    FORMATS,
    LOADED_BY,
    MODEL_SUFFIXES,
    PICKLE_SUFFIXES,
    REQUIREMENTS,
    WEIGHT_SUFFIXES,
    BuiltIn,
    suffixes_of,
)
from hublish.formats.tensors.tensor_source import READ_SUFFIXES

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", [*FORMATS])
def test_a_row_names_the_class_of_its_serializer(name: str) -> None:
    found = EntryPoint(name, FORMATS[name].serializer, "").load()
    assert issubclass(found, BuiltIn)
    assert found.name == name


def test_every_suffix_has_one_row() -> None:
    assert len(set(WEIGHT_SUFFIXES)) == len(WEIGHT_SUFFIXES) == len(FILE_TYPES)
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in WEIGHT_SUFFIXES)


def test_a_suffix_comes_before_its_own_ending() -> None:
    for index, suffix in enumerate(WEIGHT_SUFFIXES):
        assert not any(suffix.endswith(shorter) for shorter in WEIGHT_SUFFIXES[:index])


def test_the_preferred_format_of_a_suffix_loads_it() -> None:
    assert list(LOADED_BY.items()) == [
        (".safetensors", "safetensors"),
        (".gguf", "gguf"),
        (".keras", "keras"),
        (".skops", "sklearn"),
        (".onnx", "onnx"),
        (".npz", "numpy"),
        (".npy", "numpy"),
    ]


def test_no_pickle_is_loaded_by_its_suffix() -> None:
    assert {".pkl", ".pt", ".joblib"} <= set(PICKLE_SUFFIXES)
    assert not set(PICKLE_SUFFIXES) & set(LOADED_BY)


def test_serializer_safetensors_reads_what_the_table_promises() -> None:
    assert all(suffix.endswith(READ_SUFFIXES) for suffix in ARRAY_SUFFIXES)
    assert CHECKPOINT_SUFFIXES == (".pth", ".pt", ".ckpt", ".bin", ".jit")


def test_a_sample_or_a_vocabulary_is_not_evidence_of_a_model() -> None:
    assert {".npy", ".model"} <= set(WEIGHT_SUFFIXES) - set(MODEL_SUFFIXES)


def test_a_library_has_the_suffixes_of_its_files() -> None:
    assert set(suffixes_of("keras")) == {".keras", ".weights.h5"}
    assert set(suffixes_of("sklearn")) == {".skops", ".joblib", ".pkl", ".pickle"}


def test_every_requirement_has_a_command() -> None:
    assert set(REQUIREMENTS) >= {"torch", "keras", "skops", "joblib", "fastai", "onnx", "jax", "h5py"}
    assert all(requirement.command.startswith("pip install ") for requirement in REQUIREMENTS.values())


def test_an_extra_that_a_command_installs_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert REQUIREMENTS["onnx"].command == 'pip install "hublish[onnx]"'
    assert [name.partition(">")[0] for name in extras["onnx"]] == ["onnx"]


def test_no_other_module_lists_suffixes_of_weights() -> None:
    names = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    code = [ROOT / name for name in names.split() if name.startswith(("hublish/", "pipeline/", "schemas/"))]
    lists = {path.relative_to(ROOT).as_posix() for path in code if path.is_file() and _lists_suffixes(path)}
    # The other table maps a suffix to a function; the test above compares it with the catalogue.
    assert lists <= {"hublish/formats/catalogue.py", "hublish/formats/tensors/tensor_source.py"}


def _lists_suffixes(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        items = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
        if len([item for item in items if isinstance(item, ast.Constant) and item.value in WEIGHT_SUFFIXES]) > 2:
            return True
    return False
