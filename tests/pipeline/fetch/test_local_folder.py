"""A pull into a folder overwrites only files that an earlier pull wrote, and names those that it left."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, snapshot_download

import hublish
from hublish.base.errors import OfflineError, OverwriteError
from hublish.hub.server import EmbeddedHub

REPO = "acme/folders"
FIRST = {"config.json": b'{"v": 1}', "data/test.txt": b"1\n", "data/train.txt": b"1\n", "same.txt": b"same\n"}
SECOND = {"config.json": b'{"v": 2}', "data/train.txt": b"2\n", "same.txt": b"same\n"}
Pull = Callable[..., hublish.LocalRelease]


@pytest.fixture(scope="module")
def served(own_hub: EmbeddedHub) -> EmbeddedHub:
    """Serve two releases in one repo, and another repo."""
    api = HfApi(own_hub.endpoint, own_hub.token)
    for repo in (REPO, "acme/another"):
        api.create_repo(repo)
    first = [CommitOperationAdd(path, data) for path, data in FIRST.items()]
    api.create_commit(REPO, first, commit_message="First")
    api.create_tag(REPO, tag="v1")
    changed = [CommitOperationAdd(path, SECOND[path]) for path in ("config.json", "data/train.txt")]
    api.create_commit(REPO, [*changed, CommitOperationDelete("data/test.txt")], commit_message="Second")
    api.upload_file(path_or_fileobj=b"{}", path_in_repo="other.json", repo_id="acme/another")
    return own_hub


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "here"


@pytest.fixture
def pull(served: EmbeddedHub, own_home: Path, folder: Path) -> Pull:
    def run(reference: str = REPO, **options: Any) -> hublish.LocalRelease:
        given = {"local_dir": folder, "ignore_patterns": ".gitattributes", **options}
        return hublish.pull(reference, endpoint=served.endpoint, token=served.token, **given)

    return run


def content(folder: Path) -> dict[str, bytes]:
    """Return the files in a folder by path, without the client's records."""
    paths = [path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(paths)}


def state(folder: Path) -> dict[Path, tuple[int, ...]]:
    """Return what a write would change, of every path."""
    found = {path: path.lstat() for path in folder.rglob("*")}
    return {path: (one.st_ino, one.st_mode, one.st_size, one.st_mtime_ns) for path, one in found.items()}


def own(folder: Path) -> None:
    (folder / "config.json").write_bytes(b'{"mine": true}')


def edited(folder: Path) -> None:
    path = folder / "config.json"
    status = path.stat()
    path.write_bytes(FIRST["config.json"][:-1] + b"]")  # of the same length
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # as rsync and some editors leave it


def link(folder: Path) -> None:
    (folder / "config.json").unlink(missing_ok=True)
    (folder.parent / "mine.json").write_bytes(b"{}")
    (folder / "config.json").symlink_to(folder.parent / "mine.json")


def dangling(folder: Path) -> None:
    (folder / "config.json").unlink(missing_ok=True)
    (folder / "config.json").symlink_to(folder.parent / "missing.json")


def a_folder(folder: Path) -> None:
    (folder / "config.json").unlink(missing_ok=True)
    (folder / "config.json").mkdir()


def fifo(folder: Path) -> None:
    (folder / "config.json").unlink(missing_ok=True)
    os.mkfifo(folder / "config.json")


@pytest.mark.parametrize("pulled", [False, True])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (own, "'config.json' was"),
        (link, "'config.json' is a link there"),
        (dangling, "'config.json' is a link there"),
        (a_folder, "'config.json' is a folder there"),
        (fifo, "'config.json' is not a regular file there"),
    ],
)
def test_what_no_pull_wrote_is_refused_before_a_byte_is_written(
    make: Callable[[Path], None], message: str, pulled: bool, pull: Pull, folder: Path
) -> None:
    folder.mkdir()
    if pulled:
        pull(f"{REPO}@v1")
    make(folder)
    before = state(folder)
    with pytest.raises(OverwriteError) as caught:
        pull()
    assert message in str(caught.value)
    assert state(folder) == before


def test_a_file_that_was_edited_after_its_pull_is_the_users_own(pull: Pull, folder: Path) -> None:
    pull(f"{REPO}@v1")
    edited(folder)
    mine = (folder / "config.json").read_bytes()
    for revision in ("v1", "main"):
        with pytest.raises(OverwriteError, match=r"'config\.json' was changed after it was pulled"):
            pull(revision=revision)
        assert (folder / "config.json").read_bytes() == mine


def test_all_files_in_the_way_are_named_at_once(pull: Pull, folder: Path) -> None:
    folder.mkdir()
    own(folder)
    (folder / "data").write_bytes(b"a file in the place of a folder")
    with pytest.raises(OverwriteError) as caught:
        pull()
    assert [problem.message for problem in caught.value.problems] == [
        "'config.json' was not written by a pull",
        "'data/train.txt' needs a folder in the place of the file 'data'",
    ]
    assert "force" not in caught.value.hint


def test_force_download_overwrites_files_and_links_but_no_folder(pull: Pull, folder: Path) -> None:
    folder.mkdir()
    own(folder)
    with pytest.raises(OverwriteError, match="--force-download"):
        pull()
    pull(force_download=True)
    assert content(folder) == SECOND
    for make in (link, dangling):
        make(folder)
        pull(force_download=True)
        assert content(folder) == SECOND
    assert (folder.parent / "mine.json").read_bytes() == b"{}"
    a_folder(folder)
    with pytest.raises(OverwriteError):
        pull(force_download=True)


def test_a_file_with_the_bytes_of_the_release_stays_and_stays_the_users_own(pull: Pull, folder: Path) -> None:
    folder.mkdir()
    (folder / "config.json").write_bytes(FIRST["config.json"])
    before = (folder / "config.json").stat()
    assert pull(f"{REPO}@v1").checked
    after = (folder / "config.json").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    with pytest.raises(OverwriteError, match="was not written by a pull"):
        pull()


@pytest.mark.parametrize("by_client", [False, True])
def test_a_pull_replaces_an_older_release_and_names_what_it_left(
    by_client: bool, pull: Pull, folder: Path, served: EmbeddedHub
) -> None:
    if by_client:
        kept: dict[str, Any] = {"endpoint": served.endpoint, "token": served.token, "ignore_patterns": ".gitattributes"}
        snapshot_download(REPO, revision="v1", local_dir=folder, **kept)
    else:
        pull(f"{REPO}@v1")
    local = pull()
    assert local.plan.leftovers == ("data/test.txt",)
    assert content(folder) == {**FIRST, **SECOND}
    assert pull(f"{REPO}@v1").plan.leftovers == ()


def test_patterns_do_not_make_other_files_of_the_release_leftovers(pull: Pull) -> None:
    pull(f"{REPO}@v1")
    assert pull(f"{REPO}@v1", allow_patterns="config.json").plan.leftovers == ()
    # `data/train.txt` of the older release is not that of the newer one.
    assert pull(allow_patterns="config.json").plan.leftovers == ("data/test.txt", "data/train.txt")


def test_files_of_another_repo_are_left_over(pull: Pull, folder: Path) -> None:
    pull()
    assert pull("acme/another").plan.leftovers == tuple(SECOND)
    assert content(folder) == {**SECOND, "other.json": b"{}"}


@pytest.mark.parametrize("size", [0, 3])
def test_a_pull_that_was_killed_while_it_copied_from_the_cache_is_repeated(size: int, pull: Pull, folder: Path) -> None:
    pull(local_dir=None)
    folder.mkdir()
    (folder / "config.json").write_bytes(SECOND["config.json"][:size])
    pull()
    assert content(folder) == SECOND


def test_a_pull_that_was_killed_between_a_file_and_its_record_is_repeated(pull: Pull, folder: Path) -> None:
    pull(f"{REPO}@v1")
    (folder / "config.json").write_bytes(SECOND["config.json"])
    (folder / "data" / "train.txt").unlink()
    pull()
    assert {path: content(folder)[path] for path in SECOND} == SECOND


def test_pulls_of_two_releases_at_once_leave_one_of_them(pull: Pull, folder: Path) -> None:
    failures: list[Exception] = []

    def run(revision: str) -> None:
        try:
            assert pull(revision=revision).checked
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(revision,)) for revision in ("v1", "main") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    found = content(folder)
    assert found == FIRST or {**found, **SECOND} == found


def test_an_outdated_folder_offline_is_an_error_that_removes_nothing(pull: Pull, folder: Path) -> None:
    pull(f"{REPO}@v1")
    assert pull(f"{REPO}@v1", local_files_only=True).checked
    pull(local_dir=None)
    with pytest.raises(OfflineError, match=r"lacks 2 files of acme/folders: config\.json"):
        pull(local_files_only=True)
    assert content(folder) == FIRST
