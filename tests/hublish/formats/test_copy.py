from pathlib import Path

import pytest

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats.copy import Copy
from hublish.formats.format_options import CopyOptions
from hublish.formats.interface import Written


def test_a_file_is_passed_on_and_not_copied(tmp_path: Path) -> None:
    source, workspace = tmp_path / "config.json", tmp_path / "workspace"
    source.write_text("{}")
    workspace.mkdir()
    assert Copy().dump(source, "a/config.json", workspace, CopyOptions(), SILENT) == (Written("a/config.json", source),)
    assert list(workspace.iterdir()) == []


def test_bytes_in_memory_are_written_to_a_file(tmp_path: Path) -> None:
    (written,) = Copy().dump(b"{}", "a/config.json", tmp_path / "workspace", CopyOptions(), SILENT)
    assert (written.path_in_repo, written.path.read_bytes()) == ("a/config.json", b"{}")


def test_any_other_value_in_memory_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match=r"model.safetensors comes from a dict in memory"):
        Copy().dump({}, "model.safetensors", tmp_path, CopyOptions(), SILENT)


def test_arrays_cannot_be_read_from_bytes_of_an_unknown_format() -> None:
    with pytest.raises(LoadError, match=r"serializer copy cannot read arrays from a.bin, b.bin"):
        Copy().load({"b.bin": Path("b.bin"), "a.bin": Path("a.bin")})
