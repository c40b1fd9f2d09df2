"""The code of built-in templates is kept, and read only when nobody else can have written it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest

from hublish.pipeline.render_card import compiled_templates
from hublish.pipeline.render_card.compiled_templates import keep_compiled, read_compiled

TEXTS = {"model": "a {{ x }}", "parts.md.j2": "b"}
CODES = {name: compile(f"{len(text)}", name, "eval") for name, text in TEXTS.items()}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file with kept code."""
    monkeypatch.setattr(compiled_templates, "built_in_path", lambda name: tmp_path / f"{name}.md.j2")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    keep_compiled("model", TEXTS, CODES)
    (file,) = (tmp_path / "__pycache__").iterdir()
    return file


def test_kept_code_is_read(kept: Path) -> None:
    assert read_compiled("model", TEXTS) == CODES
    assert kept.stat().st_mode & 0o022 == 0


def _linked(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def _of_another_user(file: Path) -> None:
    if os.getuid():
        pytest.skip("only root can give files away")
    os.chown(file, 4321, -1)


@pytest.mark.parametrize(
    "change",
    {
        "others can write it": lambda file: file.chmod(0o666),
        "its group can write it": lambda file: file.chmod(0o664),
        "another user owns it": _of_another_user,
        "it is a link": _linked,
        "it is a folder": lambda file: (file.unlink(), file.mkdir()),
        "it is cut off": lambda file: file.write_bytes(file.read_bytes()[:-1]),
        "it is empty": lambda file: file.write_bytes(b""),
        "a byte of its code is another one": lambda file: file.write_bytes(file.read_bytes()[:-1] + b"\xff"),
        "it is missing": lambda file: file.unlink(),
    }.items(),
    ids=lambda case: case[0],
)
def test_code_is_compiled_again_if(kept: Path, change: tuple[str, Callable[[Path], object]]) -> None:
    change[1](kept)
    assert read_compiled("model", TEXTS) is None


def test_code_of_another_text_is_not_used(kept: Path) -> None:
    assert kept.exists()
    assert read_compiled("model", {**TEXTS, "parts.md.j2": "c"}) is None
    assert read_compiled("model", {"model": TEXTS["model"]}) is None


def test_code_of_another_version_of_the_template_engine_is_not_used(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jinja2, "__version__", "3.0")
    assert kept.exists()
    assert read_compiled("model", TEXTS) is None


@pytest.mark.usefixtures("kept")
def test_newer_code_replaces_what_was_kept() -> None:
    keep_compiled("model", TEXTS, dict.fromkeys(CODES, CODES["model"]))
    assert read_compiled("model", TEXTS) == dict.fromkeys(CODES, CODES["model"])


def test_nothing_is_kept_where_python_writes_no_bytecode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_templates, "built_in_path", lambda name: tmp_path / f"{name}.md.j2")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    keep_compiled("model", TEXTS, CODES)
    assert not [*tmp_path.iterdir()]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_templates, "built_in_path", lambda name: tmp_path / "missing" / f"{name}.md.j2")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    keep_compiled("model", TEXTS, CODES)
    assert read_compiled("model", TEXTS) is None
