"""Serializers by name and by value; built-in ones and those of other distributions."""

import re
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hublish.formats import registry
from hublish.formats.catalogue import FORMATS
from hublish.formats.copy import Copy
from hublish.formats.safetensors import Safetensors

PLUGIN = """
from hublish.schemas.documents.field_types import Document

class Acme:
    name = "acme"
    suffix = ".keras"
    version = 3
    options = Document
    def dump(self, source, path_in_repo, workspace, options, progress): return ()
    def load(self, files): return {}

class Nameless(Acme):
    name = ""

class Misnamed(Acme):
    name = "other"

class Versionless(Acme):
    version = None

class Suffixless(Acme):
    suffix = None

class Optionless(Acme):
    options = dict

class Mute(Acme):
    dump = load = None

instance = Acme()
"""


class Distribution:
    """A distribution that is installed in a folder on the path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def offer(self, entries: str, name: str = "acme-formats") -> None:
        information = self._folder / f"{name.replace('-', '_')}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{entries}\n")


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distribution:
    (tmp_path / "acme_formats_for_tests.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    return Distribution(tmp_path)


@pytest.mark.parametrize(("name", "kind"), [("copy", Copy), ("safetensors", Safetensors)])
def test_a_built_in_serializer_is_found_by_its_name(name: str, kind: type) -> None:
    assert isinstance(registry.get(name), kind)


def test_every_built_in_serializer_is_listed() -> None:
    assert set(registry.names()) >= set(FORMATS)


@pytest.mark.parametrize("name", [*FORMATS])
def test_every_built_in_serializer_loads_without_its_framework(name: str) -> None:
    assert registry.get(name).name == name


@pytest.mark.parametrize("name", [*FORMATS])
def test_a_built_in_serializer_has_the_attributes_of_its_row(name: str) -> None:
    declared, serializer = registry.declared(name), registry.get(name)
    assert (declared.name, declared.suffix, declared.options) == (name, serializer.suffix, serializer.options)


def test_describing_a_format_does_not_import_numpy() -> None:
    names = [*FORMATS]
    script = (
        "import sys\nfrom hublish.formats import registry\n"
        f"for name in {names!r}: registry.declared(name)\nprint('numpy' in sys.modules, 'ml_dtypes' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_attributes_of_a_plugin_describe_its_format(distribution: Distribution) -> None:
    distribution.offer("acme = acme_formats_for_tests:Acme")
    assert registry.declared("acme").suffix == ".keras"


@pytest.mark.parametrize("target", ["Acme", "instance"])
def test_a_plugin_is_a_class_or_an_instance(distribution: Distribution, target: str) -> None:
    distribution.offer(f"acme = acme_formats_for_tests:{target}")
    assert registry.get("acme").version == 3
    assert "acme" in registry.names()


def test_a_broken_plugin_does_not_hide_built_in_serializers(distribution: Distribution) -> None:
    distribution.offer("acme = no_such_module:Acme")
    assert registry.get("safetensors").name == "safetensors"
    assert "acme" in registry.names()


def test_a_very_long_name_is_not_repeated_in_the_error() -> None:
    with pytest.raises(registry.UnknownSerializerError) as caught:
        registry.get("x" * 100_000)
    assert len(str(caught.value)) < 1_000


def test_the_error_for_an_unknown_name_suggests_the_nearest_one() -> None:
    with pytest.raises(registry.UnknownSerializerError, match="unknown serializer 'safetensor'") as caught:
        registry.get("safetensor")
    assert caught.value.hint.startswith("did you mean 'safetensors'? known serializers: copy, ")


@pytest.mark.parametrize("name", ["scipy", "tensorrt", "torchvision", "keras3", "jaxlib", "pickle"])
def test_another_library_is_not_a_misspelled_serializer(name: str) -> None:
    with pytest.raises(registry.UnknownSerializerError) as caught:
        registry.get(name)
    assert caught.value.hint.startswith("known serializers: ")


def test_two_plugins_of_one_name_are_both_reported(distribution: Distribution) -> None:
    distribution.offer("acme = acme_formats_for_tests:Acme", name="first-formats")
    distribution.offer("acme = acme_formats_for_tests:Misnamed", name="second-formats")
    with pytest.raises(registry.InvalidSerializerError, match=r"two serializers are named 'acme'.*") as caught:
        registry.get("acme")
    assert "first-formats" in caught.value.message
    assert "second-formats" in caught.value.message


def test_a_built_in_name_cannot_be_taken(distribution: Distribution) -> None:
    distribution.offer("copy = acme_formats_for_tests:Acme")
    assert isinstance(registry.get("copy"), Copy)
    with pytest.raises(
        registry.InvalidSerializerError, match=r"'copy': .*\(from hublish\) and .*\(from acme-formats\)"
    ):
        registry.names()


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("acme = acme_formats_for_tests:Nameless", "it has no name"),
        ("acme = acme_formats_for_tests:Misnamed", "its own name is 'other'"),
        ("acme = acme_formats_for_tests:Versionless", "its version is not a whole number"),
        ("acme = acme_formats_for_tests:Suffixless", "its suffix is not a string"),
        ("acme = acme_formats_for_tests:Optionless", "its options are not a Document"),
        ("acme = acme_formats_for_tests:Mute", "it has no dump and no load"),
        ("acme = no_such_module:Acme", "cannot be imported: ModuleNotFoundError"),
        ("acme = acme_formats_for_tests:Absent", "cannot be imported: AttributeError"),
    ],
)
def test_an_invalid_plugin_is_rejected(distribution: Distribution, entry: str, problem: str) -> None:
    distribution.offer(entry)
    with pytest.raises(registry.InvalidSerializerError, match=problem) as caught:
        registry.get("acme")
    assert "acme-formats" in caught.value.message


def test_a_plugin_without_a_name_is_rejected(distribution: Distribution) -> None:
    distribution.offer(" = acme_formats_for_tests:Acme")
    with pytest.raises(registry.InvalidSerializerError, match="registers a serializer without a name"):
        registry.names()


def made(name: str, *bases: type) -> Any:
    """Return an instance of a class with the full name of a framework's class."""
    module, _, kind = name.rpartition(".")
    return type(kind, bases or (object,), {"__module__": module})()


MODULE = "torch.nn.modules.module.Module"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"w": np.zeros(2), "b": np.float32(1)}, "safetensors"),
        (OrderedDict(w=np.zeros(2)), "safetensors"),
        (made(MODULE), "torch"),
        (made("mine.Net", type(made(MODULE))), "torch"),
        ({"w": made("torch.nn.parameter.Parameter", type(made("torch.Tensor")))}, "torch"),
        (made("keras.src.models.model.Model"), "keras"),
        (made("keras.src.models.model.Model", type(made(MODULE))), "keras"),  # as with the torch backend
        (made("sklearn.svm.SVC", type(made("sklearn.base.BaseEstimator"))), "sklearn"),
        (made("fastai.learner.Learner"), "fastai"),
        ({}, None),
        ({"w": [1.0]}, None),
        ({"w": np.zeros(2), "x": "y"}, "safetensors"),  # which then rejects x by name
        ({"w": np.zeros(2), "t": made("torch.Tensor")}, "torch"),
        ({"layers": {"w": np.zeros(2)}}, None),
        (object(), None),
        (None, None),
    ],
)
def test_a_value_is_recognized_by_its_type(value: Any, name: str | None) -> None:
    assert registry.recognize(value) == name


@pytest.mark.parametrize(
    ("value", "problem", "hint"),
    [
        ({"layers": {"w": np.zeros(2)}}, "'layers' is a nested dictionary", "value['layers']"),
        ({"a": {"b": [{"w": np.zeros(2)}]}, "epoch": 3}, "'a' is a nested dictionary", "value['a']"),
        ({"a": [np.zeros(2)], "b": {"w": np.zeros(2)}}, "'a', 'b' is a nested list", "flat mapping"),
        ({"w": SimpleNamespace(shape=(1,), dtype="f4"), "lr": 0.1}, "'lr' is a float, not an array", "as JSON"),
        ({"lr": 0.1}, r"no serializer is known for a builtins\.dict", "state_dict()"),
        (object(), r"no serializer is known for a builtins\.object", "state_dict()"),
    ],
)
def test_the_reason_why_a_value_is_not_recognized_names_its_entries(value: Any, problem: str, hint: str) -> None:
    assert registry.recognize(value) is None
    error = registry.unrecognized(value)
    assert re.search(problem, error.message)
    assert hint in error.hint


def test_the_search_for_arrays_in_a_value_within_itself_ends() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = [endless]
    assert "no serializer is known" in registry.unrecognized(endless).message


def test_recognizing_imports_no_framework() -> None:
    registry.recognize(made(MODULE))
    assert not {"torch", "keras", "sklearn", "fastai", "jax"} & set(sys.modules)
