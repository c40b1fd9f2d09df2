"""Missing and broken frameworks: the error names the package and the command that installs it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import MissingDependencyError
from hublish.base.progress import SILENT
from hublish.formats import frameworks, registry
from hublish.formats.catalogue import REQUIREMENTS, Requirement
from hublish.formats.format_options import validate_options
from hublish.formats.frameworks import imported, is_a, is_installed, maps_any_to
from hublish.formats.interface import Rebuilding, Trust


def absent(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Make modules appear as not installed."""
    for name in [name for name in sys.modules if name.split(".")[0] in modules]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Hiding(modules), *sys.meta_path])


class _Hiding:
    """Reports some modules as not found."""

    def __init__(self, hidden: tuple[str, ...]) -> None:
        self._hidden = hidden

    def find_spec(self, name: str, *_: Any) -> None:
        if name.split(".", maxsplit=1)[0] in self._hidden:
            msg = f"No module named {name!r}"
            raise ModuleNotFoundError(msg, name=name)


@pytest.fixture
def required(monkeypatch: pytest.MonkeyPatch) -> Callable[[Requirement], None]:
    """Add a package to those that formats require."""

    def add(requirement: Requirement) -> None:
        monkeypatch.setattr(frameworks, "REQUIREMENTS", {**REQUIREMENTS, requirement.package: requirement})

    return add


def test_an_installed_package_is_imported() -> None:
    assert imported("h5py._hl.files", serializer="any").File
    assert is_installed("h5py")


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    required: Callable[[Requirement], None],
) -> None:
    required(Requirement("no_such_framework", "'no-such-framework>=2'"))
    with pytest.raises(MissingDependencyError, match="serializer acme needs no_such_framework, which is not") as caught:
        imported("no_such_framework.io", serializer="acme")
    assert caught.value.hint == "pip install 'no-such-framework>=2'"
    assert not is_installed("no_such_framework")


@pytest.mark.parametrize(
    ("body", "reason"),
    [("import no_such_backend", "No module named 'no_such_backend'"), ("1/0", "division by zero")],
)
def test_a_package_that_fails_to_import_is_not_reported_as_missing(
    body: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, required: Callable[[Requirement], None]
) -> None:
    (tmp_path / "broken_framework_for_tests.py").write_text(body)
    monkeypatch.syspath_prepend(str(tmp_path))
    required(Requirement("broken_framework_for_tests", "acme", "check the backend"))
    with pytest.raises(MissingDependencyError, match=f"installed but cannot be imported: {reason}") as caught:
        imported("broken_framework_for_tests", serializer="acme")
    assert caught.value.hint == "check the backend"


def test_names_of_types_are_full_and_inherited() -> None:
    assert is_a(True, "builtins.int")
    assert not is_a(True, "int")
    assert maps_any_to({"a": 1}, "builtins.str", "builtins.int")
    assert maps_any_to({"a": 1, "b": "x"}, "builtins.int")
    assert not maps_any_to({"b": "x"}, "builtins.int")
    assert not maps_any_to({}, "builtins.int")
    assert not maps_any_to([1], "builtins.int")


@pytest.mark.parametrize(
    ("serializer", "source", "line"),
    [
        ("torch", {"w": 1}, "pip install torch"),
        ("keras", object(), "pip install 'keras>=3.12'"),
        ("sklearn", object(), "pip install 'skops>=0.13' scikit-learn"),
        ("fastai", object(), "pip install fastai"),
        ("onnx", object(), 'pip install "hublish[onnx]"'),
    ],
)
def test_every_format_names_its_framework_when_dumping(
    serializer: str, source: Any, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent(monkeypatch, "torch", "keras", "sklearn", "skops", "fastai", "onnx")
    found = registry.get(serializer)
    with pytest.raises(MissingDependencyError) as caught:
        found.dump(source, f"model{found.suffix}", tmp_path, validate_options(found, {}), SILENT)
    assert caught.value.hint.startswith(line)


@pytest.mark.parametrize(
    ("serializer", "file", "line"),
    [
        ("torch", "model.safetensors", "pip install torch"),
        ("jax", "model.safetensors", "pip install jax"),
        ("flax", "model.safetensors", "pip install jax"),
        ("fastai", "export.pkl", "pip install fastai"),
        ("sklearn", "model.joblib", "pip install joblib scikit-learn"),
    ],
)
def test_every_format_names_its_framework_when_rebuilding(
    serializer: str, file: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent(monkeypatch, "torch", "jax", "jaxlib", "fastai", "joblib")
    found = registry.get(serializer)
    assert isinstance(found, Rebuilding)
    with pytest.raises(MissingDependencyError) as caught:
        found.rebuild({file: tmp_path / file}, Trust(pickle=True))
    assert caught.value.hint == line
