"""The verbs that make a release on this machine."""

import hashlib
import subprocess
from pathlib import Path

import pytest

import hublish
from hublish.base import content
from hublish.base.errors import SourceChangedError, UsageError

RELEASED = ["config.json", "data/big.bin", "hub.yaml", "model.safetensors"]


def test_files_lists_exactly_what_would_be_uploaded_and_why_the_rest_is_not(manifest: Path) -> None:
    release = hublish.files(manifest)
    assert [file.path_in_repo for file in release.files] == RELEASED
    assert [(item.path_in_repo, item.verdict.rule) for item in release.excluded] == [
        ("data/note.tmp", "patterns.ignore_patterns[0]: *.tmp")
    ]
    config = release.files[0]
    assert config.sha256 == hashlib.sha256(b'{"hidden": 3}').hexdigest()
    assert (
        config.blob_id
        == subprocess.run(["git", "hash-object", "--stdin"], input=b'{"hidden": 3}', capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )


def test_files_are_the_same_from_run_to_run(manifest: Path) -> None:
    first, second = ([(file.path_in_repo, file.sha256) for file in hublish.files(manifest).files] for _ in range(2))
    assert first == second


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


def test_a_card_is_rendered_or_there_is_none(manifest: Path) -> None:
    with pytest.raises(UsageError, match="declares no card"):
        hublish.card(manifest)
    manifest.write_text(manifest.read_text() + "card: {metadata: {license: mit}}\n")
    text = hublish.card(manifest)
    assert text.startswith("---\n")
    assert "license: mit" in text
