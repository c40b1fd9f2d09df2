"""Missing and broken frameworks: what is needed, and the line that installs it."""

import sys
from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import MissingDependencyError
from hublish.base.progress import SILENT
from hublish.formats import registry
from hublish.formats.dependencies import imported
from hublish.formats.interface import Rebuilding, Trust
from hublish.formats.options import validate_options


def absent(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Make modules as good as not installed."""
    for name in [name for name in sys.modules if name.split(".")[0] in modules]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Hiding(modules), *sys.meta_path])


class _Hiding:
    """Finds nothing, and says so, for some modules."""

    def __init__(self, hidden: tuple[str, ...]) -> None:
        self._hidden = hidden

    def find_spec(self, name: str, *_: Any) -> None:
        if name.split(".", maxsplit=1)[0] in self._hidden:
            msg = f"No module named {name!r}"
            raise ModuleNotFoundError(msg, name=name)


def test_an_installed_module_is_imported() -> None:
    assert imported("json.decoder", serializer="any", install="any").JSONDecoder


def test_a_missing_one_is_named_with_the_line_that_installs_it() -> None:
    with pytest.raises(MissingDependencyError, match="serializer acme needs no_such_framework, which is not") as caught:
        imported("no_such_framework.io", serializer="acme", install="'no-such-framework>=2'")
    assert caught.value.hint == "pip install 'no-such-framework>=2'"


@pytest.mark.parametrize(
    ("body", "said"),
    [("import no_such_backend", "No module named 'no_such_backend'"), ("1/0", "division by zero")],
)
def test_a_broken_one_is_told_from_a_missing_one(
    body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_framework_for_tests.py").write_text(body)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingDependencyError, match=f"installed but cannot be imported: {said}") as caught:
        imported("broken_framework_for_tests", serializer="acme", install="acme", advice="look at the backend")
    assert caught.value.hint == "look at the backend"


@pytest.mark.parametrize(
    ("serializer", "source", "line"),
    [
        ("torch", {"w": 1}, "pip install torch"),
        ("keras", object(), "pip install 'keras>=3.12'"),
        ("sklearn", object(), "pip install 'skops>=0.13' scikit-learn"),
        ("fastai", object(), "pip install fastai"),
        ("onnx", object(), "pip install onnx"),
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
