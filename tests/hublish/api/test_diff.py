"""Releases on the Hub, and the working tree, compared by content."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import HfApi
from safetensors.numpy import save

import hublish
from hublish.api.diff import ReleaseDiff, changed_contents
from hublish.api.plan import planned
from hublish.api.read_project import read_project
from hublish.api.session import Session
from hublish.base.errors import AuthenticationError, NotFoundError, OfflineError, RemoteError, UsageError
from hublish.base.values import Action
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.hub.client.remote_content import OnHub
from hublish.pipeline.lock.records import plan_document
from tests.hublish.api.conftest import MANIFEST

REPO = "acme/digits"
BIG = 6_000_000


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Hub that has two releases, v1.2.0 and v1.3.0, and a working tree that differs from both."""
    folder = tmp_path_factory.mktemp("diff") / "repo"
    (folder / "runs").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "hub.yaml").write_text(MANIFEST)
    (folder / "data" / "old.bin").write_bytes(b"\0moved")
    (folder / "data" / "big.bin").write_bytes(np.random.default_rng(0).bytes(100_000))
    change(folder, "1.2.0", "1.2.0", hidden=3, note="one\ntwo\n", dtype=np.float32)
    hublish.publish(folder / "hub.yaml", endpoint="embedded", digest_cache=False)
    change(folder, "1.2.0", "1.3.0", hidden=4, note="one\nthree\n", dtype=np.float16)
    hublish.publish(folder / "hub.yaml", endpoint="embedded", digest_cache=False)
    change(folder, "1.3.0", "1.4.0", hidden=5, note="one\nthree\n\x1b[31mfour\n", dtype=np.float16)
    (folder / "data" / "old.bin").rename(folder / "data" / "new.bin")
    return folder


@pytest.fixture(scope="module")
def running(published: Path) -> Iterator[Hub]:
    with Session(endpoint="embedded", folder=published) as session:
        yield session.hub


@pytest.fixture
def hub(running: Hub) -> Hub:
    """One Hub for all tests that only read, or use repos of their own."""
    return running


@pytest.fixture
def released(published: Path, running: Hub) -> Path:
    """The manifest of both releases, whose Hub is running; tests only read."""
    return published / "hub.yaml"


@pytest.fixture
def copied(published: Path, running: Hub, tmp_path: Path) -> Path:
    """The manifest of a copy, which a test may change."""
    return Path(shutil.copytree(published, tmp_path / "repo")) / "hub.yaml"


def change(folder: Path, before: str, after: str, *, hidden: int, note: str, dtype: Any) -> None:
    (folder / "hub.yaml").write_text((folder / "hub.yaml").read_text().replace(before, after))
    (folder / "runs" / "config.json").write_text(json.dumps({"hidden": hidden}))
    (folder / "data" / "note.txt").write_text(note)
    np.savez(folder / "runs" / "model.npz", w=np.arange(12, dtype=dtype).reshape(3, 4), b=np.zeros(3, np.float16))


def summaries(found: ReleaseDiff) -> dict[str, str]:
    return {file.path_in_repo: file.summary for file in found.files}


BETWEEN = {
    "config.json": "1 key changed",
    "data/note.txt": "+1 -1 lines",
    "hub.yaml": "+1 -1 lines",
    "model.safetensors": "1 of 2 tensors changed: F32 -> F16",
}


def test_two_releases_are_compared_by_content(released: Path) -> None:
    found = hublish.diff("v1.2.0", "v1.3.0", manifest=released, endpoint="embedded")
    assert {path: text for path, text in summaries(found).items() if path in BETWEEN} == BETWEEN
    assert (found.before.revision, found.after.revision, found.changed) == ("v1.2.0", "v1.3.0", True)
    assert "data/big.bin" not in summaries(found)
    assert found.unchanged >= 2


def test_a_release_is_compared_with_the_working_tree(released: Path) -> None:
    found = hublish.diff("v1.3.0", manifest=released, endpoint="embedded")
    paths = summaries(found)
    assert paths["data/note.txt"] == "+1 -0 lines"
    assert paths["data/new.bin"] == "renamed from data/old.bin, 6 B"
    assert paths["data/old.bin"] == "renamed to data/new.bin, 6 B"
    assert "model.safetensors" not in paths
    # The Hub writes it, and the release does not contain it.
    assert ".gitattributes" not in paths
    assert (found.after.revision, found.after.commit) == (None, None)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("{commit}", "main"),
        (f"{REPO}@v1.2.0", "v1.3.0"),
        (f"{REPO}@v1.2.0", f"{REPO}@main"),
        ("v1.2.0", f"{REPO}@v1.3.0"),
        (f"models/{REPO}@v1.2.0", "refs/heads/main"),
        ("{endpoint}/" + REPO + "/tree/v1.2.0", "v1.3.0"),
    ],
)
def test_a_release_is_named_in_any_way(a: str, b: str, released: Path, hub: Hub, api: HfApi) -> None:
    commit = api.model_info(REPO, revision="v1.2.0").sha
    named = a.format(commit=commit, endpoint=hub.endpoint)
    found = hublish.diff(named, b, manifest=released, endpoint=hub.endpoint, token=hub.token)
    assert {path: text for path, text in summaries(found).items() if path in BETWEEN} == BETWEEN
    assert found.before.commit == commit


def test_repos_with_their_names_need_no_manifest(released: Path, hub: Hub) -> None:
    options: dict[str, Any] = {"endpoint": hub.endpoint, "token": hub.token}
    found = hublish.diff(f"{REPO}@v1.2.0", "v1.3.0", manifest=released.with_name("missing.yaml"), **options)
    assert found.changed


def test_equal_releases_have_no_difference(released: Path) -> None:
    found = hublish.diff("v1.3.0", "main", manifest=released, endpoint="embedded")
    assert (found.changed, found.files) == (False, ())
    assert found.unchanged > 4


def test_values_of_tensors_are_downloaded_on_request_only(released: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    downloaded: list[str] = []
    original = transfer.download

    def counted(hub: Hub, repo_id: str, path: str, **options: Any) -> Path:
        downloaded.append(path)
        return original(hub, repo_id, path, **options)

    monkeypatch.setattr(transfer, "download", counted)
    hublish.diff("v1.2.0", "v1.3.0", manifest=released, endpoint="embedded")
    assert downloaded == []
    found = hublish.diff("v1.2.0", "v1.3.0", manifest=released, endpoint="embedded", tensors=True)
    assert downloaded == ["model.safetensors"] * 2
    assert summaries(found)["model.safetensors"] == "1 of 2 tensors changed: F32 -> F16; the same values"
    assert found.has_values


def test_of_large_weights_only_the_header_is_read(hub: Hub, api: HfApi, monkeypatch: pytest.MonkeyPatch) -> None:
    api.create_repo("acme/large", exist_ok=True)
    for revision, dtype in (("v1", np.float32), ("v2", np.float16)):
        weights = {"large": np.zeros(BIG, np.float32), "small": np.zeros(4, dtype)}
        api.upload_file(path_or_fileobj=save(weights), path_in_repo="model.safetensors", repo_id="acme/large")
        api.create_tag("acme/large", tag=revision)
    received: list[int] = []
    original = OnHub._requested

    def counted(self: OnHub, start: int, end: int) -> bytes:
        data = original(self, start, end)
        received.append(len(data))
        return data

    monkeypatch.setattr(OnHub, "_requested", counted)
    options: dict[str, Any] = {"endpoint": hub.endpoint, "token": hub.token}
    found = hublish.diff("acme/large@v1", "v2", **options)
    assert summaries(found) == {"model.safetensors": "1 of 2 tensors changed: F32 -> F16"}
    # One small request for each side, of files of 24 MB.
    assert len(received) == 2
    assert sum(received) <= 2 << 16
    assert 100 * sum(received) < 4 * BIG


@pytest.mark.parametrize("repo_type", ["dataset", "space"])
def test_repos_of_other_types_are_compared(repo_type: str, hub: Hub, api: HfApi) -> None:
    api.create_repo("acme/other", repo_type=repo_type, space_sdk="static" if repo_type == "space" else None)
    for revision, text in (("v1", "a,b\n1,2\n"), ("v2", "a,b,c\n1,2,3\n")):
        api.upload_file(path_or_fileobj=text.encode(), path_in_repo="t.csv", repo_id="acme/other", repo_type=repo_type)
        api.create_tag("acme/other", tag=revision, repo_type=repo_type)
    options: dict[str, Any] = {"endpoint": hub.endpoint, "token": hub.token}
    found = hublish.diff(f"{repo_type}s/acme/other@v1", "v2", **options)
    assert summaries(found)["t.csv"].startswith("2 -> 3 columns")


def test_an_empty_repo_differs_by_every_file(released: Path, hub: Hub, api: HfApi) -> None:
    api.create_repo("acme/empty")
    options: dict[str, Any] = {"endpoint": hub.endpoint, "token": hub.token}
    found = hublish.diff("acme/empty@main", f"{REPO}@v1.2.0", **options)
    assert all(text.startswith("added: ") for path, text in summaries(found).items() if path != ".gitattributes")
    assert not hublish.diff("acme/empty@main", "main", **options).changed


# ---------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("a", "b", "kind", "words", "hint"),
    [
        ("v1.2", None, NotFoundError, "acme/digits has no revision 'v1.2'", "did you mean 'v1.2.0'?"),
        ("v1.2.0", "v1.30", NotFoundError, "no revision 'v1.30'", "did you mean 'v1.3.0'?"),
        ("nothing-like-it", None, NotFoundError, "no revision", "it has v1.2.0, v1.3.0, main"),
        ("0" * 40, None, NotFoundError, "no revision", "it has"),
        ("acme/other", None, NotFoundError, "no revision 'acme/other'", "write REPO@REVISION for another repo"),
        ("acme/nothing@main", "main", NotFoundError, "acme/nothing", "private repo"),
        ("acme/digits@", "main", UsageError, "expected REPO", "acme/digits-mlp@v1.2.0"),
        ("https://huggingface.co/acme/digits", "main", UsageError, "the Hub in use is", "acme/digits"),
        ("https://a:b@huggingface.co/acme/digits", "main", UsageError, "not accepted", ""),
        ("", None, UsageError, "the revision is empty", "v1.2.0"),
        ("v1.2.0", " ", UsageError, "the revision is empty", "v1.2.0"),
        ("@", "main", UsageError, "expected REPO", ""),
    ],
)
def test_a_release_that_cannot_be_named_is_an_error_with_a_hint(
    a: str, b: str | None, kind: type[RemoteError], words: str, hint: str, released: Path, hub: Hub
) -> None:
    with pytest.raises(kind) as caught:
        hublish.diff(a, b, manifest=released, endpoint=hub.endpoint, token=hub.token)
    assert words in str(caught.value)
    assert hint in str(caught.value.hint)


def test_a_revision_without_a_manifest_says_how_to_name_the_repo(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'v1' is a revision of the repo in .*hub\.yaml") as caught:
        hublish.diff("v1", "v2", manifest=tmp_path / "hub.yaml")
    assert "acme/digits-mlp@v1" in str(caught.value.hint)


def test_a_private_repo_needs_a_token(hub: Hub, api: HfApi) -> None:
    api.create_repo("acme/hidden", private=True)
    with pytest.raises((NotFoundError, AuthenticationError)) as caught:
        hublish.diff("acme/hidden@main", "main", endpoint=hub.endpoint, token=False)
    assert "token" in str(caught.value.hint)


def test_of_a_gated_repo_the_files_cannot_be_read_without_access(hub: Hub, api: HfApi) -> None:
    api.create_repo("acme/gated")
    for text in ("a\n", "b\n"):
        api.upload_file(path_or_fileobj=text.encode(), path_in_repo="a b?#%.txt", repo_id="acme/gated")
        api.create_tag("acme/gated", tag=f"v-{text.strip()}")
    api.update_repo_settings("acme/gated", gated="manual")
    with pytest.raises(AuthenticationError, match=r"reading a b\?#%\.txt of acme/gated") as caught:
        hublish.diff("acme/gated@v-a", "v-b", endpoint=hub.endpoint, token=False)
    assert "request access" in str(caught.value.hint)
    found = hublish.diff("acme/gated@v-a", "v-b", endpoint=hub.endpoint, token=hub.token)
    assert summaries(found) == {"a b?#%.txt": "+1 -1 lines"}


def test_without_a_network_nothing_is_compared(released: Path) -> None:
    with pytest.raises(OfflineError):
        hublish.diff("v1.2.0", "v1.3.0", manifest=released, endpoint="http://127.0.0.1:9", token=False)


# ---------------------------------------------------------------------------------------------------------- plans


def test_a_plan_has_a_difference_for_each_file_that_it_sends_or_deletes(copied: Path) -> None:
    with Session(read_project(copied), endpoint="embedded") as session:
        session.hub.api.upload_file(path_or_fileobj=b"gone\n", path_in_repo="old/gone.txt", repo_id=REPO)
        plan = planned(session)
        found = changed_contents(session, plan)
    changes = plan.of(Action.ADD, Action.CHANGE, Action.DELETE)
    assert [each.path_in_repo for each in found] == [each.path_in_repo for each in changes]
    by_path = {each.path_in_repo: each for each in found}
    assert by_path["old/gone.txt"].summary == "deleted: 1 line, 5 B"
    assert by_path["config.json"].entries[0].after == "5"
    assert by_path["data/new.bin"].summary.startswith("added: ")


def test_a_first_release_is_all_added(copied: Path) -> None:
    shutil.rmtree(copied.parent / ".hublish")
    plan, found = hublish.plan_with_diffs(copied, endpoint="embedded")
    assert len(found) == len(plan.release.files)
    assert all(each.before_size is None and each.summary.startswith("added: ") for each in found)


def test_converted_weights_are_compared_although_they_exist_only_for_the_plan(copied: Path) -> None:
    np.savez(copied.parent / "runs" / "model.npz", w=np.ones((3, 4), np.float16), b=np.zeros(5, np.float16))
    _, found = hublish.plan_with_diffs(copied, endpoint="embedded", tensors=True)
    (weights,) = (each for each in found if each.path_in_repo == "model.safetensors")
    assert weights.summary == "1 of 2 tensors changed: 1 of another shape; other values in 1 of 2 tensors"
    assert {each.name: each.after for each in weights.entries} == {
        "w": "F16 [3, 4], largest difference 10",
        "b": "F16 [5]",
    }


def test_a_plan_is_the_same_with_and_without_differences(released: Path) -> None:
    plan, _ = hublish.plan_with_diffs(released, endpoint="embedded")
    assert plan_document(plan) == plan_document(hublish.plan(released, endpoint="embedded"))
