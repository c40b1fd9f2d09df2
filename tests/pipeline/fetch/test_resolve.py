"""Commits are recorded in the cache; a record that cannot be read counts as missing."""

from pathlib import Path

import pytest

from hublish.base.values import Digest, PromisedFile
from hublish.pipeline.fetch.resolve import Listing, find_listing, save_listing
from hublish.schemas.documents.manifest import Load

COMMIT = "a" * 40
LISTING = Listing(
    commit=COMMIT,
    files=(PromisedFile("weights/a.bin", 3, Digest("sha256", "b" * 64)),),
    load=Load(allow_patterns=("*.bin",)),
)


@pytest.mark.parametrize("revision", ["main", "refs/pr/1", "feature/ü", "v1.0", COMMIT])
def test_a_listing_is_found_by_its_revision_and_its_commit(tmp_path: Path, revision: str) -> None:
    save_listing(tmp_path / "new", revision, LISTING)
    assert find_listing(tmp_path / "new", revision) == LISTING
    assert find_listing(tmp_path / "new", COMMIT) == LISTING
    assert all(path.parent == tmp_path / "new" for path in tmp_path.rglob("*.json"))


def test_the_record_of_a_branch_moves_with_it(tmp_path: Path) -> None:
    save_listing(tmp_path, "main", LISTING)
    moved = LISTING.model_copy(update={"commit": "c" * 40})
    save_listing(tmp_path, "main", moved)
    assert find_listing(tmp_path, "main") == moved
    assert find_listing(tmp_path, COMMIT) == LISTING


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '"../../x"', '{"commit": 3}', "\0"])
def test_a_damaged_record_counts_as_missing(tmp_path: Path, text: str) -> None:
    save_listing(tmp_path, "main", LISTING)
    for path in tmp_path.iterdir():
        path.write_text(text)
    assert find_listing(tmp_path, "main") is None
    assert find_listing(tmp_path, COMMIT) is None


def test_an_unknown_revision_has_no_record(tmp_path: Path) -> None:
    assert find_listing(tmp_path / "nowhere", "main") is None
