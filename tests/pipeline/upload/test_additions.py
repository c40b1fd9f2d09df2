"""Files are sent as hashed bytes, or as the path of a file that is unchanged since it was sealed."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from hublish.base.content import Content, Identity, InMemory, OnDisk
from hublish.base.errors import SourceChangedError
from hublish.base.values import (
    Action,
    Change,
    FormerRelease,
    Head,
    Origin,
    Plan,
    Project,
    Release,
    ReleaseFile,
    RemoteFile,
)
from hublish.hub.client.sending import Stored
from hublish.pipeline.upload.additions import additions, check_sent, require_unchanged
from hublish.schemas.documents.manifest_yaml import read_manifest
from tests.pipeline.staging import wait_for_a_tick

MANIFEST = b"schema_version: 1\nrepo: {repo_id: acme/model}\nartifacts: [{source: weights.bin}]\n"
LARGE = b"w" * 100_000


def sealed(path: str, data: bytes, content: Content) -> ReleaseFile:
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return ReleaseFile(path, len(data), hashlib.sha256(data).hexdigest(), blob, content, Origin(0, path, "copy"))


def on_disk(path: Path, data: bytes) -> OnDisk:
    path.write_bytes(data)
    return OnDisk(path, Identity.of(path.stat()))


def held(path: Path, data: bytes) -> ReleaseFile:
    """Seal a file whose bytes stay in memory."""
    return sealed(path.name, data, on_disk(path, data))._replace(data=data)


def plan(*changes: Change) -> Plan:
    project = Project(read_manifest(MANIFEST), MANIFEST, Path.cwd())
    files = tuple(change.file for change in changes if change.file)
    head = Head(repo_exists=True, commit="0" * 40)
    return Plan(Release(project, files), project.target, head, changes)


@pytest.mark.parametrize(
    ("mode", "size", "by_path"),
    [("lfs", 100_000, True), ("lfs", 1_000, False), ("regular", 100_000, False), (None, 100_000, True)],
)
def test_only_large_files_in_lfs_are_sent_by_path(tmp_path: Path, mode: str | None, size: int, by_path: bool) -> None:
    data = b"x" * size
    file = sealed("weights.bin", data, on_disk(tmp_path / "weights.bin", data))
    (addition,) = additions(plan(Change(Action.ADD, "weights.bin", file, upload_mode=mode)))  # type: ignore[arg-type]
    assert addition.data == (tmp_path / "weights.bin" if by_path else data)
    assert addition.in_lfs is (mode != "regular")


def test_bytes_in_memory_are_sent_as_they_are() -> None:
    file = sealed("model.bin", LARGE, InMemory(LARGE))
    (addition,) = additions(plan(Change(Action.ADD, "model.bin", file, upload_mode="lfs")))
    assert addition.data == LARGE


def test_only_added_and_changed_files_are_sent(tmp_path: Path) -> None:
    file = sealed("a.txt", b"a", InMemory(b"a"))
    kept = Change(Action.KEEP, "a.txt", file)
    deleted = Change(Action.DELETE, "b.txt")
    assert additions(plan(kept, deleted)) == ()


def test_every_changed_file_is_named_at_once(tmp_path: Path) -> None:
    changes = []
    for name, mode in (("a.bin", "lfs"), ("b.json", "regular"), ("c.json", "regular"), ("fine.json", "regular")):
        file = sealed(name, LARGE, on_disk(tmp_path / name, LARGE))
        changes.append(Change(Action.ADD, name, file, upload_mode=mode))  # type: ignore[arg-type]
    (tmp_path / "a.bin").write_bytes(LARGE[::-1])
    (tmp_path / "b.json").write_bytes(b"v" * len(LARGE))
    (tmp_path / "c.json").unlink()
    with pytest.raises(SourceChangedError) as failure:
        additions(plan(*changes))
    assert [problem.message.split("'")[1] for problem in failure.value.problems] == ["a.bin", "b.json", "c.json"]


@pytest.mark.parametrize("digests", [{}, {"a.bin": "0" * 64}])
def test_other_bytes_than_planned_stop_the_commit(tmp_path: Path, digests: dict[str, str]) -> None:
    file = sealed("a.bin", LARGE, on_disk(tmp_path / "a.bin", LARGE))
    with pytest.raises(SourceChangedError, match=r"a\.bin"):
        check_sent(plan(Change(Action.ADD, "a.bin", file, upload_mode="lfs")), digests)


def test_the_right_bytes_of_a_touched_file_stop_the_commit_too(tmp_path: Path) -> None:
    file = sealed("a.bin", LARGE, on_disk(tmp_path / "a.bin", LARGE))
    planned = plan(Change(Action.ADD, "a.bin", file, upload_mode="lfs"))
    check_sent(planned, {"a.bin": file.sha256})
    require_unchanged(planned)
    (tmp_path / "a.bin").write_bytes(LARGE)
    with pytest.raises(SourceChangedError):
        check_sent(planned, {"a.bin": file.sha256})


def test_bytes_that_were_kept_are_sent_without_reading_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = held(tmp_path / "a.json", LARGE)
    monkeypatch.setattr(OnDisk, "read_at", lambda *_: pytest.fail("the file is read"))
    (addition,) = additions(plan(Change(Action.ADD, "a.json", file, upload_mode="regular")))
    assert addition.data is LARGE


def test_a_file_that_changed_is_refused_although_its_bytes_were_kept(tmp_path: Path) -> None:
    changes = [
        Change(Action.ADD, name, held(tmp_path / name, LARGE), upload_mode="regular")
        for name in ("a.json", "b.json", "touched.json")
    ]
    wait_for_a_tick(tmp_path / "a.json")
    (tmp_path / "a.json").write_bytes(b"v" * len(LARGE))
    (tmp_path / "b.json").unlink()
    (tmp_path / "touched.json").touch()
    with pytest.raises(SourceChangedError) as failure:
        additions(plan(*changes))
    assert [problem.message.split("'")[1] for problem in failure.value.problems] == ["a.json", "b.json"]


def test_a_file_that_the_hub_stores_is_named_by_its_former_commit(tmp_path: Path) -> None:
    data = b"x" * 100_000
    stored, regular = (sealed(path, data, InMemory(data)) for path in ("weights.bin", "config.json"))
    made = plan(Change(Action.CHANGE, "weights.bin", stored), Change(Action.CHANGE, "config.json", regular))
    files = {
        "weights.bin": RemoteFile("weights.bin", len(data), "0" * 40, stored.sha256),
        "config.json": RemoteFile("config.json", len(data), regular.blob_id),
    }
    made = replace(made, release=replace(made.release, former=FormerRelease("v1", "1" * 40, files)))
    assert [each.data for each in additions(made)] == [Stored("1" * 40), data]
    assert made.bytes_to_send == len(data)
