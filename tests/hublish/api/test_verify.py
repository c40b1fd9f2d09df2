"""The remote revision compared with the lock."""

from pathlib import Path

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.base.errors import DocumentInvalidError


@pytest.fixture
def published(manifest: Path, api: HfApi) -> Path:
    hublish.publish(manifest, endpoint="embedded")
    return manifest


def test_a_release_as_it_was_locked_is_ok(published: Path) -> None:
    found = hublish.verify(published)
    assert found.ok
    assert len(found.lock.files) == 4


def test_every_kind_of_difference_is_named(published: Path, api: HfApi) -> None:
    api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="acme/digits")
    api.upload_file(path_or_fileobj=b"x" * 11_000_000, path_in_repo="data/big.bin", repo_id="acme/digits")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="evil.py", repo_id="acme/digits")
    api.delete_file("model.safetensors", repo_id="acme/digits")
    found = hublish.verify(published)
    assert not found.ok
    assert (found.missing, found.extra, found.different) == (
        ("model.safetensors",),
        ("evil.py",),
        ("config.json", "data/big.bin"),
    )


def test_files_from_before_the_release_are_not_extra(manifest: Path, api: HfApi) -> None:
    api.create_repo("acme/digits")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="older.txt", repo_id="acme/digits")
    hublish.publish(manifest, endpoint="embedded")
    assert hublish.verify(manifest).ok


def test_a_squashed_history_still_holds_the_release(published: Path, api: HfApi) -> None:
    api.super_squash_history("acme/digits")
    assert hublish.verify(published).ok


def test_without_a_lock_there_is_nothing_to_verify(manifest: Path) -> None:
    with pytest.raises(DocumentInvalidError, match=r"hub\.lock cannot be read"):
        hublish.verify(manifest)
