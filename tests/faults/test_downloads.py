"""Wrong bytes of a download are detected, removed and named; the cache is repaired, and works offline."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants, snapshot_download
from huggingface_hub.utils import _http, set_client_factory
from huggingface_hub.utils._http import default_client_factory

from hublish.api.read_project import read_lock_file
from hublish.base.errors import HublishError, IntegrityError, LoadError, NotFoundError, OfflineError, RemoteError
from tests.faults.projects import LARGE, REGULAR, Release
from tests.faults.proxy import Answer, Behavior, Proxy, corrupted, edited, instead, lost_before, truncated

# The request for the bytes of a file.
BYTES = "^GET .*/resolve/.*%s"


@pytest.fixture
def published(published_by: Callable[[str], Release], proxy: Proxy, by: str) -> Release:
    release = published_by(by)
    proxy.clear()
    return release


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def is_right(release: Release, **options: Any) -> bool:
    local = release.pull(**options)
    return local.checked and all(
        file.path.read_bytes() == (release.folder / file.promised.path_in_repo).read_bytes()
        for file in local.files
        if file.promised.path_in_repo != ".gitattributes"
    )


@pytest.mark.parametrize("name", [LARGE, REGULAR, "hub.yaml"])
@pytest.mark.parametrize("place", ["cache", "folder"])
def test_wrong_bytes_of_the_right_length_are_detected_removed_and_named(
    published_by_lfs: Release, own_home: Path, tmp_path: Path, name: str, place: str
) -> None:
    release = published_by_lfs
    options: dict[str, Any] = {"local_dir": tmp_path / "here"} if place == "folder" else {}
    release.proxy.on(BYTES % name, edited(corrupted))
    with pytest.raises(IntegrityError, match=name) as failure:
        release.pull(**options)
    assert "removed" in str(failure.value)
    wrong = corrupted(Answer(200, body=(release.folder / name).read_bytes())).body
    assert all(path.read_bytes() != wrong for path in files(tmp_path))
    release.proxy.clear()
    assert is_right(release, **options)


@pytest.mark.parametrize("name", [LARGE, REGULAR, "hub.yaml"])
def test_an_interrupted_download_leaves_no_file_at_its_final_place(
    published_by_lfs: Release, sleeps: list[float], own_home: Path, name: str
) -> None:
    release = published_by_lfs
    release.proxy.on(BYTES % name, edited(truncated))
    with pytest.raises(RemoteError):
        release.pull()
    assert not [path for path in files(own_home) if "snapshots" in path.parts and path.name == name]
    release.proxy.clear()
    assert is_right(release)


@pytest.mark.parametrize("fault", [corrupted, truncated])
def test_a_faulty_xet_download_is_right_or_refused(
    release: Release, own_home: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Answer], Answer]
) -> None:
    # Only once: hf_xet retries by itself, for minutes.
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    release.publish()
    release.proxy.clear()
    release.proxy.on("^GET .*(xorb|/resolve/.*weights)", edited(fault), times=1)
    with suppress(IntegrityError, RemoteError):
        assert is_right(release)
    assert release.proxy.count("xorb") > 0
    assert is_right(release)


@pytest.mark.parametrize("name", [LARGE, REGULAR, "hub.yaml"])
def test_a_corrupted_cache_is_detected_and_repaired(published: Release, own_home: Path, name: str) -> None:
    blob = next(file.path for file in published.pull().files if file.promised.path_in_repo == name).resolve()
    blob.chmod(0o644)
    blob.write_bytes(corrupted(Answer(200, body=blob.read_bytes())).body)
    with pytest.raises(IntegrityError, match=name) as failure:
        published.pull()
    assert str(blob) in str(failure.value)
    assert not blob.exists()
    assert is_right(published)


ESCAPES = [
    "../out.bin",
    "a/../../out.bin",
    "/etc/out.bin",
    "//out.bin",
    "C:\\out.bin",
    "C:out.bin",
    "\\\\server\\share\\out.bin",
    "a\\..\\out.bin",
    "a//out.bin",
    "a/./out.bin",
    "out\0.bin",
    "out\n.bin",
    ".git/config",
    "a/.GIT/hooks",
    "WEIGHTS.BIN",
    "weights.bin/inside",
]


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("local", [False, True])
def test_unsafe_paths_are_refused_before_any_file_is_requested(
    published_by_lfs: Release, tmp_path: Path, name: str, local: bool
) -> None:
    release = published_by_lfs

    def add(answer: Answer) -> Answer:
        entries = json.loads(answer.body)
        extra = {**next(entry for entry in entries if entry["path"] == LARGE), "path": name}
        return replace(answer, body=json.dumps([*entries, extra]).encode())

    release.proxy.on("/tree/", edited(add))
    folder = tmp_path / "a" / "b"
    with pytest.raises(LoadError, match="nothing was downloaded"):
        release.pull(**{"local_dir": folder} if local else {})
    # Only hub.yaml was read, which selects the files.
    assert release.proxy.count("/resolve/") == release.proxy.count("/resolve/.*/hub.yaml")
    assert not [path for path in tmp_path.rglob("out*") if path.name != "out"]


def test_an_unsafe_path_in_a_lock_is_refused(release: Release, by_lfs: None) -> None:
    release.publish()
    text = release.lock.read_text().replace(f'"path_in_repo": "{LARGE}"', '"path_in_repo": "../out.bin"')
    release.lock.write_text(text)
    with pytest.raises(HublishError, match="segment"):
        release.pull(lock=release.lock)


def test_a_manifest_larger_than_the_limit_is_not_downloaded(published_by_lfs: Release) -> None:
    release = published_by_lfs

    def enlarge(answer: Answer) -> Answer:
        entries = json.loads(answer.body)
        for entry in entries:
            entry["size"] = 10**12 if entry["path"] == "hub.yaml" else entry["size"]
        return replace(answer, body=json.dumps(entries).encode())

    release.proxy.on("/tree/", edited(enlarge))
    with pytest.raises(LoadError, match="was not downloaded"):
        release.pull()
    assert release.proxy.count("/resolve/") == 0


@pytest.mark.parametrize("request_", ["/revision/", "/tree/", "^HEAD ", "^GET .*/resolve/"])
@pytest.mark.parametrize(
    "fault", [instead(503), instead(429, Retry_After="2"), lost_before], ids=["503", "429", "reset"]
)
def test_a_request_to_a_briefly_busy_hub_is_retried(
    published_by_lfs: Release, sleeps: list[float], request_: str, fault: Behavior
) -> None:
    release = published_by_lfs
    release.proxy.on(request_, fault, times=2)
    assert is_right(release)


@contextmanager
def network_down(release: Release, how: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    with monkeypatch.context() as patch:
        if how == "HF_HUB_OFFLINE":
            patch.setattr(constants, "HF_HUB_OFFLINE", True)
        if how == "reset":
            release.proxy.on("", lost_before)
        if how == "no route":
            yield {"endpoint": "http://127.0.0.1:9"}
        else:
            yield {"local_files_only": True} if how == "local_files_only" else {}
    release.proxy.clear()


OFFLINE = ["HF_HUB_OFFLINE", "reset", "no route", "local_files_only"]


@pytest.mark.parametrize("how", OFFLINE)
def test_a_second_run_needs_no_network(
    published: Release, sleeps: list[float], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    published.pull()
    with network_down(published, how, monkeypatch) as options:
        published.proxy.calls.clear()
        assert is_right(published, **options)
        assert is_right(published, lock=published.lock, **options)
        if how in ("HF_HUB_OFFLINE", "local_files_only"):
            assert published.proxy.calls == []


@pytest.mark.parametrize("how", OFFLINE)
def test_a_first_run_without_a_network_is_an_error(
    published: Release, sleeps: list[float], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with network_down(published, how, monkeypatch) as options:
        for chosen in ({}, {"lock": published.lock}):
            with pytest.raises(OfflineError):
                published.pull(**chosen, **options)


def test_a_file_missing_from_the_cache_is_named_without_a_network(published_by_lfs: Release) -> None:
    release = published_by_lfs
    release.pull(allow_patterns=REGULAR)
    with pytest.raises(OfflineError, match=LARGE):
        release.pull(local_files_only=True, allow_patterns=LARGE)


def test_a_pull_follows_a_moved_branch_unless_a_lock_pins_the_commit(release: Release, by_lfs: None) -> None:
    first = release.publish().commit
    lock = read_lock_file(release.lock)
    release.pull()
    (release.folder / REGULAR).write_text('{"layers": 4}\n')
    second = release.publish().commit
    assert release.pull().plan.release.commit == second
    assert release.pull(lock=lock).plan.release.commit == first
    old = next(file for file in release.pull(lock=lock).files if file.promised.path_in_repo == REGULAR)
    assert old.path.read_text() == '{"layers": 3}\n'


def test_a_pull_gets_one_commit_even_when_the_branch_moves(release: Release, by_lfs: None) -> None:
    first = release.publish().commit
    release.proxy.clear()

    def move(answer: Answer) -> Answer:
        release.commit_as_other(REGULAR, "{}\n")
        return answer

    release.proxy.on("^HEAD ", edited(move), times=1)
    local = release.pull()
    assert local.plan.release.commit == first
    assert all(f"/resolve/{first}/" in call.path for call in release.proxy.calls if "/resolve/" in call.path)
    assert next(f for f in local.files if f.promised.path_in_repo == REGULAR).path.read_text() == '{"layers": 3}\n'


@pytest.mark.parametrize("field", ["sha256", "size"])
def test_a_lock_with_other_digests_is_an_error(published_by_lfs: Release, field: str) -> None:
    release = published_by_lfs
    lock = read_lock_file(release.lock)
    wrong: dict[str, Any] = {"sha256": "0" * 64} if field == "sha256" else {"size": 7}
    files_ = tuple(file.model_copy(update=wrong) if file.path_in_repo == REGULAR else file for file in lock.files)
    with pytest.raises(IntegrityError, match=REGULAR):
        release.pull(lock=lock.model_copy(update={"files": files_}))


def test_a_lock_of_a_missing_commit_is_an_error(published_by_lfs: Release) -> None:
    release = published_by_lfs
    lock = read_lock_file(release.lock).model_copy(update={"commit": "0" * 40})
    with pytest.raises(NotFoundError):
        release.pull(lock=lock)


def test_a_folder_that_cannot_be_written_is_named(published_by_lfs: Release, tmp_path: Path) -> None:
    release = published_by_lfs
    (tmp_path / "file").write_text("in the way")
    for options in ({"cache_dir": tmp_path / "file"}, {"local_dir": tmp_path / "file"}):
        with pytest.raises(HublishError) as failure:
            release.pull(**options)
        assert str(tmp_path / "file") in str(failure.value)


def test_a_listing_that_cannot_be_cached_is_not_an_error(published_by_lfs: Release, own_home: Path) -> None:
    release = published_by_lfs
    repo = own_home / "hub" / ("models--" + release.repo_id.replace("/", "--"))
    repo.mkdir(parents=True)
    (repo / "hublish").write_text("in the way")
    assert is_right(release)


def test_a_corrupted_cached_listing_is_discarded(published_by_lfs: Release, own_home: Path) -> None:
    release = published_by_lfs
    release.pull()
    for path in own_home.rglob("hublish/*.json"):
        path.write_text('{"commit": "x"')
    with pytest.raises(OfflineError, match="never downloaded"):
        release.pull(local_files_only=True)
    assert is_right(release)


def test_an_html_page_instead_of_a_file_is_detected(published_by_lfs: Release, sleeps: list[float]) -> None:
    release = published_by_lfs
    release.proxy.on(BYTES % REGULAR, instead(200, b"<html>log in</html>", Content_Type="text/html"))
    with pytest.raises((IntegrityError, RemoteError)):
        release.pull()
    release.proxy.clear()
    assert is_right(release)


def test_downloads_leave_no_thread_running(published_by_lfs: Release) -> None:
    release = published_by_lfs
    before = {thread for thread in threading.enumerate() if "Monitor" in type(thread).__name__}
    release.pull()
    assert {thread for thread in threading.enumerate() if "Monitor" in type(thread).__name__} == before


def test_forcing_a_download_replaces_cached_files(published_by_lfs: Release) -> None:
    release = published_by_lfs
    release.pull()
    release.proxy.clear()
    assert is_right(release, force_download=True)
    assert release.proxy.count("^GET .*/resolve/|^GET /lfs") >= 3


def test_the_metadata_of_a_file_that_is_not_in_lfs_comes_from_the_listing(
    published_by_lfs: Release, own_home: Path, tmp_path: Path
) -> None:
    release = published_by_lfs
    local = release.pull()
    heads = [call.path.rpartition("/")[2] for call in release.proxy.calls if call.method == "HEAD"]
    assert LARGE in heads
    assert REGULAR not in heads
    # The cache is as the client alone leaves it.
    plain = Path(snapshot_download(release.repo_id, endpoint=release.proxy.endpoint, cache_dir=tmp_path / "plain"))
    ours = {path.relative_to(local.folder): path.resolve().name for path in files(local.folder)}
    theirs = {path.relative_to(plain): path.resolve().name for path in files(plain)}
    assert ours.items() <= theirs.items()


def test_the_metadata_is_requested_by_a_client_that_follows_no_redirects(
    published_by_lfs: Release, own_home: Path
) -> None:
    release = published_by_lfs
    found = _http._GLOBAL_CLIENT_FACTORY

    def without_redirects() -> Any:
        client = default_client_factory()
        client.follow_redirects = False
        return client

    set_client_factory(without_redirects)
    try:
        assert is_right(release)
    finally:
        set_client_factory(found)
    assert release.proxy.count(f"^HEAD .*{REGULAR}") == 1


@pytest.mark.parametrize("name", [LARGE, REGULAR])
def test_an_encoded_body_is_decoded(published_by_lfs: Release, own_home: Path, name: str) -> None:
    release = published_by_lfs

    def encode(answer: Answer) -> Answer:
        return replace(answer, headers=(*answer.headers, ("Content-Encoding", "gzip")), body=gzip.compress(answer.body))

    release.proxy.on(BYTES % name, edited(encode))
    assert is_right(release)
