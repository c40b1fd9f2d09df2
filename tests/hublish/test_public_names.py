"""`import hublish`: everything is there, and nothing is loaded before it is used."""

import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

import hublish


@pytest.mark.parametrize("name", hublish.__all__)
def test_every_name_is_what_it_says_and_never_a_module_of_that_name(name: str) -> None:
    import_module("hublish.api.check")
    assert not isinstance(getattr(hublish, name), ModuleType)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'pusblish'"):
        hublish.pusblish  # type: ignore[attr-defined]  # noqa: B018


def test_importing_it_loads_nothing_else() -> None:
    script = "import sys, hublish; print(*sorted(name for name in sys.modules if name.partition('.')[0] in sys.argv))"
    heavy = ["numpy", "pydantic", "huggingface_hub", "yaml", "uvicorn", "jinja2", "dulwich"]
    ran = subprocess.run([sys.executable, "-c", script, *heavy], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
