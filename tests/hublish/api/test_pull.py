"""Pull, from the embedded Hub and from the cache."""

from pathlib import Path

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.base.errors import IntegrityError, LoadError, NotFoundError, OfflineError, UsageError
from hublish.hub.client.hub import Hub


def names(local: hublish.LocalRelease) -> list[str]:
    return [file.promised.path_in_repo for file in local.files]


@pytest.mark.usefixtures("lock")
def test_pull_downloads_the_files_that_the_load_plan_needs(hub: Hub) -> None:
    local = hublish.pull("acme/digits", endpoint=hub.endpoint)
    assert names(local) == ["config.json", "model.safetensors"]
    assert local.checked
    assert (local.folder / "config.json").read_text() == '{"hidden": 3}'


@pytest.mark.usefixtures("lock")
@pytest.mark.parametrize("revision", ["main", "v1.2.0", None])
def test_a_revision_may_be_a_branch_a_tag_or_a_commit(revision: str | None, hub: Hub, api: HfApi) -> None:
    wanted = revision or str(api.repo_info("acme/digits").sha)
    assert hublish.pull("acme/digits", revision=wanted, endpoint=hub.endpoint).checked


@pytest.mark.usefixtures("lock")
def test_patterns_of_the_caller_replace_those_of_the_load_plan(hub: Hub) -> None:
    local = hublish.pull("acme/digits", allow_patterns="data/*", endpoint=hub.endpoint)
    assert names(local) == ["data/big.bin"]


@pytest.mark.usefixtures("lock")
def test_a_local_dir_receives_the_files_themselves(hub: Hub, tmp_path: Path) -> None:
    local = hublish.pull("acme/digits", local_dir=tmp_path / "here", endpoint=hub.endpoint)
    assert local.folder == tmp_path / "here"
    assert not (tmp_path / "here" / "model.safetensors").is_symlink()


@pytest.mark.usefixtures("lock")
def test_another_manifest_in_a_local_dir_is_kept(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text("mine: true\n")
    hublish.pull("acme/digits", local_dir=tmp_path, ignore_patterns="hub.yaml", endpoint=hub.endpoint)
    assert (tmp_path / "hub.yaml").read_text() == "mine: true\n"


@pytest.mark.usefixtures("lock")
def test_a_cache_dir_receives_the_files(hub: Hub, tmp_path: Path) -> None:
    local = hublish.pull("acme/digits", cache_dir=tmp_path / "mine", endpoint=hub.endpoint)
    assert local.folder.is_relative_to(tmp_path / "mine")


def test_a_release_that_was_never_downloaded_is_an_error_offline() -> None:
    with pytest.raises(OfflineError, match="was never downloaded"):
        hublish.pull("acme/digits", local_files_only=True)


def test_a_lock_pins_the_commit_although_main_moved(lock: Path, api: HfApi, hub: Hub) -> None:
    api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="acme/digits")
    local = hublish.pull(lock=lock)
    assert (local.folder / "config.json").read_text() == '{"hidden": 3}'
    assert (hublish.pull("acme/digits", endpoint=hub.endpoint).folder / "config.json").read_text() == "{}"


def test_a_lock_that_promises_other_bytes_is_not_kept(lock: Path) -> None:
    lock.write_text(lock.read_text().replace(hublish.files("hub.yaml").files[0].sha256, "0" * 64))
    with pytest.raises(IntegrityError) as caught:
        hublish.pull(lock=lock)
    assert [problem.message for problem in caught.value.problems] == [
        "'config.json' does not have the expected sha256 digest"
    ]


def test_a_lock_is_of_one_repo_and_one_commit(lock: Path) -> None:
    with pytest.raises(UsageError, match="the lock is of acme/digits"):
        hublish.pull("acme/other", lock=lock)
    with pytest.raises(UsageError, match="the lock is of commit"):
        hublish.pull(lock=lock, revision="main")
    with pytest.raises(UsageError, match="neither"):
        hublish.pull()


@pytest.mark.usefixtures("lock")
def test_a_missing_repo_revision_or_file_is_an_error(hub: Hub) -> None:
    with pytest.raises(NotFoundError):
        hublish.pull("acme/none", endpoint=hub.endpoint)
    with pytest.raises(NotFoundError):
        hublish.pull("acme/digits", revision="v9", endpoint=hub.endpoint)
    with pytest.raises(LoadError, match="nothing at acme/digits matches"):
        hublish.pull("acme/digits", allow_patterns=["*.onnx"], endpoint=hub.endpoint)


def test_a_repo_without_a_manifest_is_pulled_whole(hub: Hub, api: HfApi) -> None:
    api.create_repo("acme/plain")
    api.upload_file(path_or_fileobj=b"hello", path_in_repo="a/b.txt", repo_id="acme/plain")
    assert names(hublish.pull("acme/plain", endpoint=hub.endpoint)) == [".gitattributes", "a/b.txt"]


def test_an_invalid_load_section_in_a_repo_is_an_error(hub: Hub, api: HfApi) -> None:
    api.create_repo("acme/broken")
    api.upload_file(path_or_fileobj=b"load: 7", path_in_repo="hub.yaml", repo_id="acme/broken")
    with pytest.raises(LoadError, match=r"the hub\.yaml in acme/broken"):
        hublish.pull("acme/broken", endpoint=hub.endpoint)


def test_only_the_load_section_of_a_published_manifest_must_be_valid(hub: Hub, api: HfApi) -> None:
    api.create_repo("acme/odd")
    text = b"repo: {tag: '{{ git.tag }}'}\nfuture: 7\nload: {allow_patterns: ['*.txt']}\n"
    for path, data in {"hub.yaml": text, "a.txt": b"a", "b.bin": b"b"}.items():
        api.upload_file(path_or_fileobj=data, path_in_repo=path, repo_id="acme/odd")
    assert names(hublish.pull("acme/odd", endpoint=hub.endpoint)) == ["a.txt"]


@pytest.mark.usefixtures("lock")
def test_a_repo_is_named_by_any_address_on_the_hub_in_use(hub: Hub, api: HfApi) -> None:
    commit = str(api.repo_info("acme/digits").sha)
    for address in (
        *("acme/digits@v1.2.0", "acme/digits/tree/v1.2.0", "hf://acme/digits@v1.2.0", f"acme/digits/commit/{commit}"),
        *(f"{hub.endpoint}/acme/digits", f"{hub.endpoint}/acme/digits/tree/main", f"{hub.endpoint}/acme/digits.git"),
    ):
        assert hublish.pull(address, endpoint=hub.endpoint).plan.release.commit == commit
    arrays = hublish.from_hub(f"{hub.endpoint}/acme/digits/tree/v1.2.0", endpoint=hub.endpoint)
    assert sorted(arrays) == sorted(hublish.load("acme/digits@v1.2.0", endpoint=hub.endpoint).arrays)


def test_an_address_of_a_lock_names_its_repo(lock: Path, hub: Hub) -> None:
    assert hublish.pull(f"{hub.endpoint}/acme/digits", lock=lock, endpoint=hub.endpoint).checked
    with pytest.raises(UsageError, match="the lock is of acme/digits, not of acme/other"):
        hublish.pull(f"{hub.endpoint}/acme/other", lock=lock, endpoint=hub.endpoint)
    with pytest.raises(UsageError, match="the lock is of a model"):
        hublish.pull("datasets/acme/digits", lock=lock, endpoint=hub.endpoint)


@pytest.mark.usefixtures("lock")
def test_a_draft_is_made_from_an_address(hub: Hub, tmp_path: Path) -> None:
    made = hublish.init(tmp_path, from_repo=f"{hub.endpoint}/acme/digits/tree/v1.2.0", out=None, endpoint=hub.endpoint)
    assert "repo_id: acme/digits" in made.text


def test_an_address_with_a_password_is_refused_without_it() -> None:
    for address in ("https://me:geheim@huggingface.co/acme/a", "me:geheim@hf.co:acme/a", "https://geheim@hf.co/acme/a"):
        with pytest.raises(UsageError) as caught:
            hublish.pull(address)
        assert "geheim" not in str(caught.value)
