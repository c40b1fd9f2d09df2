"""The working tree and the Hub compared with the lock, each half by itself."""

from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.api.read_project import read_lock_file
from hublish.api.status import RemoteDrift, Status
from hublish.base.errors import DocumentInvalidError, OfflineError
from hublish.base.values import Setting
from hublish.base.values.publication import LocalDrift
from hublish.hub.client.hub import Hub

REPO = "acme/digits"


@pytest.fixture
def published(manifest: Path, hub: Hub) -> Path:
    hublish.publish(manifest, endpoint="embedded")
    return manifest


def local(status: Status) -> LocalDrift:
    assert status.local is not None
    return status.local


def remote(status: Status) -> RemoteDrift:
    assert status.remote is not None
    return status.remote


def test_a_release_that_was_just_published_has_not_drifted(published: Path) -> None:
    status = hublish.status(published)
    assert (status.changed, local(status).any, remote(status).any) == (False, False, False)


def test_before_the_first_release_there_is_no_lock_and_a_change(manifest: Path) -> None:
    status = hublish.status(manifest, endpoint="http://127.0.0.1:9")
    assert (status.lock, status.local, status.remote, status.error) == (None, None, None, None)
    assert status.changed
    assert len(status.release.files) == 4


def test_a_lock_that_is_named_must_be_there(manifest: Path) -> None:
    with pytest.raises(DocumentInvalidError):
        hublish.status(manifest, lock=manifest.parent / "other.lock")


def test_added_changed_and_removed_files_are_distinguished(published: Path) -> None:
    folder = published.parent
    (folder / "runs" / "config.json").write_text('{"hidden": 4}')
    (folder / "runs" / "new.json").write_text("{}")
    (folder / "data" / "big.bin").unlink()
    (folder / "data" / "small.bin").write_bytes(b"x")
    status = hublish.status(published)
    found = local(status)
    assert (found.added, found.removed) == (("data/small.bin", "new.json"), ("data/big.bin",))
    assert [(file.path_in_repo, file.why) for file in found.changed] == [("config.json", "other bytes")]
    assert found.keeps_the_tag
    assert not remote(status).any


def test_an_option_that_makes_other_bytes_is_named(published: Path) -> None:
    text = published.read_text().replace(
        "serializer: safetensors\n", "serializer: safetensors\n    options: {dtype: float16}\n", 1
    )
    published.write_text(text)
    changed = {file.path_in_repo: file.why for file in local(hublish.status(published)).changed}
    assert changed == {"hub.yaml": "other bytes", "model.safetensors": "dtype None -> float16"}


def test_a_raised_version_that_is_not_published_is_reported(published: Path) -> None:
    published.write_text(published.read_text().replace("1.2.0", "1.3.0"))
    found = local(hublish.status(published))
    assert found.settings == (Setting("tag", "v1.2.0", "v1.3.0"),)
    assert not found.keeps_the_tag


def test_later_commits_are_counted_and_their_files_reported(published: Path, api: HfApi) -> None:
    api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id=REPO)
    api.upload_file(path_or_fileobj=b"x", path_in_repo="evil.py", repo_id=REPO)
    api.delete_file("model.safetensors", repo_id=REPO)
    found = remote(hublish.status(published))
    assert (found.moved, found.commits_since, found.tag_moved) == (True, 3, False)
    verification = found.verification
    assert (verification.missing, verification.different, verification.extra) == (
        ("model.safetensors",),
        ("config.json",),
        ("evil.py",),
    )


def test_a_commit_that_changes_no_file_of_the_release_still_moves_the_head(published: Path, api: HfApi) -> None:
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=REPO)
    api.delete_file("x", repo_id=REPO)
    found = remote(hublish.status(published))
    assert (found.moved, found.commits_since, found.verification.ok) == (True, 2, True)


def _tag_elsewhere(api: HfApi) -> None:
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=REPO)
    api.delete_tag(REPO, tag="v1.2.0")
    api.create_tag(REPO, tag="v1.2.0")


@pytest.mark.parametrize(
    ("disturb", "stands"),
    [(lambda api: api.delete_tag(REPO, tag="v1.2.0"), False), (_tag_elsewhere, True)],
    ids=["gone", "moved"],
)
def test_a_tag_that_is_gone_or_moved_is_reported(
    published: Path, api: HfApi, disturb: Callable[[HfApi], None], stands: bool
) -> None:
    disturb(api)
    found = remote(hublish.status(published))
    assert found.tag_moved
    assert (found.tag_at == found.head) is stands


def test_a_squashed_history_still_has_the_files(published: Path, api: HfApi) -> None:
    api.super_squash_history(REPO)
    found = remote(hublish.status(published))
    assert (found.moved, found.commits_since, found.verification.ok) == (True, None, True)


def test_settings_that_differ_from_the_manifest_are_reported(published: Path, api: HfApi) -> None:
    published.write_text(
        published.read_text().replace(f"repo_id: {REPO}\n", f"repo_id: {REPO}\n  visibility: public\n")
    )
    api.update_repo_settings(REPO, visibility="private")
    assert remote(hublish.status(published)).settings == (Setting("visibility", "private", "public"),)


def test_a_repo_that_is_gone_holds_nothing_of_the_release(published: Path, api: HfApi) -> None:
    api.delete_repo(REPO)
    found = remote(hublish.status(published))
    assert (found.repo_exists, found.head, found.any) == (False, None, True)
    assert len(found.verification.missing) == 4


def test_a_branch_that_is_gone_is_reported(manifest: Path, api: HfApi) -> None:
    manifest.write_text(manifest.read_text().replace("repo:\n", "repo:\n  revision: next\n"))
    hublish.publish(manifest, endpoint="embedded")
    api.delete_branch(REPO, branch="next")
    found = remote(hublish.status(manifest))
    assert (found.repo_exists, found.head, found.any) == (True, None, True)


def test_the_local_half_is_reported_when_the_hub_cannot_be_reached(published: Path) -> None:
    lock = read_lock_file(published.parent / "hub.lock").model_copy(update={"endpoint": "http://127.0.0.1:9"})
    status = hublish.status(published, lock=lock, endpoint=lock.endpoint)
    assert status.remote is None
    assert isinstance(status.error, OfflineError)
    assert (local(status).any, status.changed) == (False, False)


def test_offline_asks_no_hub(published: Path) -> None:
    lock = read_lock_file(published.parent / "hub.lock").model_copy(update={"endpoint": "http://127.0.0.1:9"})
    status = hublish.status(published, lock=lock, offline=True, endpoint=lock.endpoint)
    assert (status.remote, status.error) == (None, None)
    assert not status.changed


def test_status_changes_nothing(published: Path, api: HfApi) -> None:
    (published.parent / "runs" / "new.json").write_text("{}")
    before = (published.parent / "hub.lock").read_bytes(), api.repo_info(REPO).sha
    hublish.status(published)
    assert ((published.parent / "hub.lock").read_bytes(), api.repo_info(REPO).sha) == before
