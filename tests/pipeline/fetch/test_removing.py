"""A broken file is gone from wherever it is held."""

from pathlib import Path

from hublish.pipeline.fetch.removing import remove


def test_a_link_goes_with_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "blob")
    assert remove(tmp_path / "link") == f"removed {tmp_path / 'blob'}"
    assert list(tmp_path.iterdir()) == []


def test_what_is_gone_already_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "blob")
    remove(tmp_path / "link")
    remove(tmp_path / "link")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert f"remove {tmp_path / 'folder'} yourself" in remove(tmp_path / "folder")
