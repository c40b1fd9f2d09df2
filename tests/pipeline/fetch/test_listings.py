"""What a commit promises is remembered, and forgotten when it cannot be read."""

from pathlib import Path

import pytest

from hublish.base.values import Digest, PromisedFile
from hublish.pipeline.fetch import listings
from hublish.schemas.documents.manifest import Load

COMMIT = "a" * 40
LISTING = listings.Listing(
    commit=COMMIT,
    files=(PromisedFile("weights/a.bin", 3, Digest("sha256", "b" * 64)),),
    load=Load(allow_patterns=("*.bin",)),
)


@pytest.mark.parametrize("revision", ["main", "refs/pr/1", "feature/ü", "v1.0", COMMIT])
def test_a_listing_is_found_by_its_revision_and_its_commit(tmp_path: Path, revision: str) -> None:
    listings.save(tmp_path / "new", revision, LISTING)
    assert listings.find(tmp_path / "new", revision) == LISTING
    assert listings.find(tmp_path / "new", COMMIT) == LISTING
    assert all(path.parent == tmp_path / "new" for path in tmp_path.rglob("*.json"))


def test_a_branch_that_moved_is_remembered_where_it_stands_now(tmp_path: Path) -> None:
    listings.save(tmp_path, "main", LISTING)
    moved = LISTING.model_copy(update={"commit": "c" * 40})
    listings.save(tmp_path, "main", moved)
    assert listings.find(tmp_path, "main") == moved
    assert listings.find(tmp_path, COMMIT) == LISTING


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '"../../x"', '{"commit": 3}', "\0"])
def test_what_cannot_be_read_was_never_remembered(tmp_path: Path, text: str) -> None:
    listings.save(tmp_path, "main", LISTING)
    for path in tmp_path.iterdir():
        path.write_text(text)
    assert listings.find(tmp_path, "main") is None
    assert listings.find(tmp_path, COMMIT) is None


def test_nothing_is_remembered_of_what_was_never_seen(tmp_path: Path) -> None:
    assert listings.find(tmp_path / "nowhere", "main") is None
