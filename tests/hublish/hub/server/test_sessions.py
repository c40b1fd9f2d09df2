import os
from pathlib import Path

from hublish.hub.server.sessions import MULTIPART_AGE, session


def leave_behind(root: Path) -> tuple[Path, Path]:
    file, folder = root / "incoming" / "tmp1", root / "incoming" / "tmp2.git" / "objects"
    folder.mkdir(parents=True)
    file.write_text("half")
    return file, folder


def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    file, folder = leave_behind(tmp_path)
    scratch = tmp_path / "repos" / "models" / "a" / "b.git" / "hub" / "scratch"
    scratch.mkdir(parents=True)
    (scratch / "tmp").write_text("half")
    with session(tmp_path):
        assert not file.exists()
        assert not folder.exists()
        assert list(scratch.iterdir()) == []


def test_what_another_server_works_on_is_left_alone(tmp_path: Path) -> None:
    with session(tmp_path):
        file, folder = leave_behind(tmp_path)
        with session(tmp_path):
            assert file.exists()
            assert folder.exists()


def test_uploads_in_parts_are_kept_for_a_while(tmp_path: Path) -> None:
    (tmp_path / "multipart").mkdir()
    young, old = tmp_path / "multipart" / "young", tmp_path / "multipart" / "old"
    for path in (young, old):
        path.touch()
    os.utime(old, (0, young.stat().st_mtime - MULTIPART_AGE - 60))
    with session(tmp_path):
        assert young.exists()
        assert not old.exists()
