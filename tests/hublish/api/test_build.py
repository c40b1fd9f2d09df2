"""The release as a folder."""

import hashlib
from pathlib import Path

import pytest

import hublish
from hublish.base import content
from hublish.base.errors import SourceChangedError, UsageError

RELEASED = ["config.json", "data/big.bin", "hub.yaml", "model.safetensors"]


def test_build_writes_the_release_as_a_folder(manifest: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    release = hublish.build(manifest, out)
    built = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    assert sorted(built) == RELEASED
    for file in release.files:
        assert hashlib.sha256(built[file.path_in_repo].read_bytes()).hexdigest() == file.sha256


def test_build_leaves_no_folder_when_a_file_changes_after_it_was_sealed(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = content.copy

    def change_and_copy(source: content.Content, target: Path) -> None:
        if source.local_path is not None:
            source.local_path.write_bytes(b"other bytes")
        original(source, target)

    monkeypatch.setattr(content, "copy", change_and_copy)
    with pytest.raises(SourceChangedError, match=r"config\.json"):
        hublish.build(manifest, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_build_refuses_a_folder_that_holds_anything(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageError, match="is not empty"):
        hublish.build(manifest, tmp_path)
